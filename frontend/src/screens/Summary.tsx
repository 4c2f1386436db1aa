import type { Figure, Preview } from "../api/types.ts";
import { type Dec, neg, read, sign, ZERO } from "../lib/decimal.ts";
import { money, number, quoteOf, signed } from "../lib/format.ts";
import type { Context, Figures } from "../state/draft.ts";
import { glyph, t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";
import { Fact, percent } from "../ui/bits.tsx";

/** What the server's look says; `undefined` while there is none yet. */
type Look = Preview | null | undefined;

/** A figure with a mark before what is reckoned and not told by Bybit. */
function told(figure: Figure | undefined, look: Look, show: (value: string) => string): string {
  if (look === undefined) return number(null);
  if (!figure?.value) return t.notAvailable;
  return (figure.source === "computed" ? tt.about : "") + show(figure.value);
}

function signedSize(size: Dec | null, step: string): string {
  if (!size) return number(null);
  if (size.n === 0n) return t.flat;
  const side = size.n > 0n ? "Buy" : "Sell";
  return `${glyph[side]} ${t.held(side)} ${number(size.n < 0n ? { n: -size.n, s: size.s } : size, step)}`;
}

export function feeText(look: Look, limit: boolean): string {
  const [maker, taker] = [told(look?.fee_maker, look, money), told(look?.fee_taker, look, money)];
  return limit && look?.fee_maker.value ? tt.fromTo(maker, taker) : taker;
}

/** Before → after, where there is anything before. */
function change(before: Figure | undefined, after: Figure | undefined, look: Look, show: (value: string) => string): string {
  const next = told(after, look, show);
  return before?.value && sign(read(before.value) ?? { n: 0n, s: 0 }) > 0 ? `${told(before, look, show)} → ${next}` : next;
}

interface Props {
  known: Figures;
  at: Context;
  reduceOnly: boolean;
  limit: boolean;
  look: Look;
}

/** What the order would do. Never a live region: it changes with every tick. */
export function Summary({ known, at, reduceOnly, limit, look }: Props) {
  const { leverage } = known;
  const { symbol, tick_size, qty_step } = at.instrument;
  const price = (value: string) => number(value, tick_size);
  const margin = look?.margin.value ? told(look.margin, look, money) : leverage ? money(known.margin) : t.notAvailable;
  const stop = known.stopLoss ? told(look?.loss_at_stop, look, (value) => signed(neg(read(value) ?? ZERO))) : null;
  const take = known.takeProfit ? told(look?.profit_at_take, look, (value) => signed(value)) : null;
  return (
    <dl class="facts facts-one summary">
      <Fact name={tt.value}>{known.value ? `${money(known.value)} ${quoteOf(symbol)}` : number(null)}</Fact>
      {!reduceOnly && <Fact name={leverage ? tt.marginAt(number(leverage)) : tt.margin}>{margin}</Fact>}
      <Fact name={tt.available}>{money(at.available)}</Fact>
      <Fact name={tt.fee}>{feeText(look, limit)}</Fact>
      {look?.mm_after.value && <Fact name={tt.maintenance}>{change(look.mm_before, look.mm_after, look, (value) => percent(value) ?? number(null)).replaceAll("+", "")}</Fact>}
      {!reduceOnly && <Fact name={t.position.liq}>{change(look?.liq_before, look?.liq_after, look, price)}</Fact>}
      {take && <Fact name={tt.profitAtTake}>{look?.profit_at_take.value ? take : signed(known.profit)}</Fact>}
      {stop && <Fact name={tt.lossAtStop}>{look?.loss_at_stop.value ? stop : signed(known.loss)}</Fact>}
      <Fact name={tt.after}>{signedSize(known.after, qty_step)}</Fact>
    </dl>
  );
}
