import type { Preview } from "../../api/types.ts";
import { type Dec, fixed, round } from "../../lib/decimal.ts";
import { money, number } from "../../lib/format.ts";
import { marketOf } from "../../lib/market.ts";
import { coins } from "../../state/derive.ts";
import type { Draft } from "../../state/draft.ts";
import { left, type SpotContext, type SpotFigures, spent } from "../../state/spot.ts";
import { rateOf, spotTicket } from "../../state/spot-ticket.ts";
import type { Desk } from "../../state/ticket.ts";
import { t } from "../../strings.ts";
import { tsp } from "../../strings-spot.ts";
import { tt } from "../../strings-ticket.ts";
import { Fact } from "../../ui/bits.tsx";
import { Warnings } from "../Ticket.tsx";

const STABLE = /^USD/;
const PLACES = 8;

/** An amount of a coin: dollars in cents, all others in as many decimals as they have, at most eight; never more than there is. */
export function figureOf(value: Dec | null, coin: string): string {
  return value && STABLE.test(coin) ? number(fixed(value, 2, "down"), "0.01") : number(value && round(value, PLACES, "down"));
}

export function amountOf(value: Dec | null, coin: string): string {
  return value ? `${figureOf(value, coin)} ${coin}` : number(null);
}

interface Props {
  draft: Draft;
  at: SpotContext;
  known: SpotFigures;
  look: Preview | null | undefined;
}

/** What the order would do to both coins. Never a live region: it changes with every tick. */
export function SpotSummary({ draft, at, known, look }: Props) {
  const [base, quote] = coins(marketOf(at.instrument));
  const rate = rateOf(look);
  const after = left(draft, at, known, rate);
  const buys = draft.side === "Buy";
  const paid = buys ? base : quote;
  const fee = look === undefined ? number(null) : after.fee ? `${tt.about}${amountOf(round(after.fee, PLACES, "up"), paid)}` : t.notAvailable;
  const row = (coin: string, before: Dec | null, next: Dec | null) => (
    <Fact name={tsp.balanceOf(coin)}>{tsp.change(figureOf(before, coin), next ? tt.about + figureOf(next, coin) : number(null))}</Fact>
  );
  const firm = draft.type === "Limit" || (draft.type === "Trigger" && draft.then === "Limit");
  return (
    <dl class="facts facts-one summary">
      {known.inQuote && <Fact name={buys ? tsp.buys : tsp.sells}>{known.qty ? `${tt.about}${number(known.qty, at.instrument.qty_step)} ${base}` : number(null)}</Fact>}
      <Fact name={buys ? tsp.cost : tsp.proceeds}>{known.value ? `${firm || known.inQuote ? "" : tt.about}${money(known.value)} ${quote}` : number(null)}</Fact>
      <Fact name={tt.fee}>{fee}</Fact>
      {row(base, at.base.balance, after.base)}
      {row(quote, at.quote.balance, after.quote)}
    </dl>
  );
}

/** The part of Review that is spot's own. */
export function SpotFigures({ desk }: { desk: Desk }) {
  const { at, draft, known, look } = spotTicket(desk);
  if (!at || !known) return null;
  return (
    <>
      <SpotSummary draft={draft} at={at} known={known} look={look} />
      <SpotWarnings known={known} at={at} draft={draft} look={look} />
    </>
  );
}

export function SpotWarnings({ draft, at, known, look }: Props) {
  return <Warnings ticket={{ known, look }} more={known.short === "later" ? [tsp.shortLater(shortOf(draft, at))] : []} />;
}

export function shortOf(draft: Draft, at: SpotContext): string {
  const [base, quote] = coins(marketOf(at.instrument));
  return amountOf(spent(draft, at).available, draft.side === "Buy" ? quote : base);
}
