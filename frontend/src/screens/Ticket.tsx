import { useEffect, useState } from "preact/hooks";
import type { Preview } from "../api/types.ts";
import { cmp, read, sign } from "../lib/decimal.ts";
import { entered } from "../lib/entry.ts";
import { baseOf, money, number, quoteOf } from "../lib/format.ts";
import { byRisk, type Context, type Draft, type Field, type Figures, figures, kindOf, share, stepped } from "../state/draft.ts";
import { openReview } from "../state/asking.ts";
import { blockText, blocksOrder, kind } from "../state/health.ts";
import { show } from "../state/overlay.ts";
import { learn, useLeverage } from "../state/leverage.ts";
import { lookAt, useLook } from "../state/preview.ts";
import { waits } from "../state/derive.ts";
import { openOrders, wallets } from "../state/store.ts";
import { toPreview } from "../state/terms.ts";
import { change, context, type Desk, draftOf, placeOf, refusal, refusalOf, review, sized, sizeKey } from "../state/ticket.ts";
import { glyph, t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";
import { Note } from "../ui/bits.tsx";
import { NumberField } from "../ui/NumberField.tsx";
import { Pick } from "../ui/Pick.tsx";
import { Segment } from "../ui/Segment.tsx";
import { protects } from "./Orders.tsx";
import { problemText, roundedText } from "./problems.ts";
import { Summary } from "./Summary.tsx";
import { Exits, pastLiquidation } from "./TicketExits.tsx";
import { BY_OPTIONS, More } from "./TicketMore.tsx";
import { Options, PriceChips, ShareChips } from "./TicketParts.tsx";

type Stepped = "price" | "trigger" | "size";

/** What stands under a field: what is wrong with it, else how it was rounded. An untouched empty field is not wrong yet. */
function remark(field: Stepped, draft: Draft, known: Figures, at: Context, left: boolean): { problem: string | null; note: string | null } {
  const found = known.problems.find((problem) => problem.on === field);
  const { tick_size, qty_step, symbol } = at.instrument;
  const step = field === "size" ? qty_step : tick_size;
  const soon = found?.code === "form" || found?.code === "far-off" || found?.code === "needs-stop";
  if (found && (soon || (left && found.code !== "empty" && found.code !== "reckoning"))) return { problem: problemText(found, draft.side, step, [baseOf(symbol), quoteOf(symbol)]), note: null };
  if (field === "trigger") return { problem: null, note: known.direction && tt.triggers(tt.by[draft.triggerBy], known.direction, number(known.trigger, tick_size)) };
  const rounded = field === "price" ? known.roundedPrice : known.roundedSize;
  return { problem: null, note: roundedText(rounded, step) };
}

/** Why the button is off, in words. */
export function reasonOf(desk: Desk, draft: Draft): string | null {
  const block = blocksOrder(desk.account, { reduce_only: draft.reduceOnly, category: desk.category, side: draft.side });
  if (!block) return null;
  if (block !== "not-live") return blockText(block, desk.account);
  return kind.value === "stale" ? t.paused : t.notLive(kind.value) || t.paused;
}

function otherUnit(draft: Draft, known: Figures, at: Context): string | null {
  const { symbol, qty_step } = at.instrument;
  if (!known.qty || known.problems.some((problem) => problem.on === "size" && problem.code === "form")) return null;
  if (draft.unit !== "base") return tt.equals(`${number(known.qty, qty_step)} ${baseOf(symbol)}`);
  return known.value ? tt.equals(`${money(known.value)} ${quoteOf(symbol)}`) : null;
}

export function useTicket(desk: Desk) {
  const at = context(desk);
  const draft = draftOf(desk);
  const known = at && figures(draft, at);
  const request = known && toPreview(placeOf(desk), draft, known);
  const of = JSON.stringify([desk, draft]);
  return { at, draft, known, request, of, look: lookAt(request, of) };
}

/** A size by risk follows from the price: it is reckoned anew more often. */
const RISK_AGAIN_MS = 1_500;

/** Asks for what only the server knows: what this order would do, its size where that is given by risk, and from its margin the
 * leverage of a market without a position. */
function useAnswers(desk: Desk, ticket: ReturnType<typeof useTicket>): void {
  const { at, draft, request, of, look } = ticket;
  const may = blocksOrder(desk.account, { reduce_only: draft.reduceOnly, category: desk.category, side: draft.side }) === null;
  // Review looks at the order itself.
  useLook(request, may && review.value === null, of, byRisk(draft) ? RISK_AGAIN_MS : undefined);
  useLeverage(desk, draft.side, at, may);
  useEffect(() => {
    if (!look) return;
    if (byRisk(draft)) sized.value = { of: sizeKey(desk, draft), qty: look.qty };
    learn(desk, draft.side, draft.reduceOnly, look);
  }, [look]);
}

/** The largest size that the free margin bears, where that is less than what is asked for. */
function smaller(draft: Draft, at: Context): string | null {
  const most = read(share("100", draft, at));
  const least = read(at.instrument.min_qty);
  if (!most || !least || (draft.unit === "base" && cmp(most, least) < 0) || sign(most) <= 0) return null;
  const asked = entered(draft.size);
  return asked && cmp(most, asked) < 0 ? share("100", draft, at) : null;
}

/** What would refuse it, in the order of weight; the first of them is why the button is off. */
function refusals(ticket: ReturnType<typeof useTicket>): string[] {
  const { known, draft, look } = ticket;
  if (!known) return [];
  const liq = read(look?.liq_after.value ?? null);
  return [...(pastLiquidation(known, draft, liq) ? [tt.stopPastLiquidation] : []), ...(look?.rules.map((rule) => rule.message) ?? [])];
}

function Refusal({ desk, draft, at, onSize }: { desk: Desk; draft: Draft; at: Context; onSize: (size: string) => void }) {
  const answer = refusalOf(desk);
  const fitting = answer?.code === "110007" && !byRisk(draft) ? smaller(draft, at) : null;
  if (!answer) return null;
  const base = draft.unit === "base";
  return (
    <div class="refusal">
      <Note icon="warn" tone="bad">
        {answer.title} {answer.code && <span class="code">{tt.code(answer.code)}</span>}
      </Note>
      {fitting && (
        <button type="button" class="button" onClick={() => onSize(fitting)}>
          {tt.useSize(`${number(fitting, base ? at.instrument.qty_step : null)} ${base ? baseOf(desk.symbol) : quoteOf(desk.symbol)}`)}
        </button>
      )}
    </div>
  );
}

function LeverageChip({ desk, leverage }: { desk: Desk; leverage: Figures["leverage"] }) {
  const mode = wallets.value.get(desk.account)?.margin_mode;
  const name = tt.marginModes[mode ?? ""] ?? tt.margin;
  return (
    <button type="button" class="button lever" aria-haspopup="dialog" onClick={() => show({ kind: "leverage", desk })}>
      <span class="hidden">{tt.leverage} </span>
      <small>{name}</small>{" "}
      <b>{leverage ? `${number(leverage)}×` : "–×"}</b>
    </button>
  );
}

/** How the size is given, and beside it what goes with that: shares of what is available, or what the risk is counted in. */
function Units({ desk, draft, at, onChange }: { desk: Desk; draft: Draft; at: Context; onChange: (part: Partial<Draft>) => void }) {
  const [base, quote] = [baseOf(desk.symbol), quoteOf(desk.symbol)];
  return (
    <div class="ticket-row">
      <Segment
        name={tt.unit}
        value={draft.unit === "percent" ? "money" : draft.unit}
        onChange={(unit) => onChange({ unit, size: "", ...(unit === "money" ? { reduceOnly: false } : {}) })}
        options={[
          { value: "base", label: base },
          { value: "quote", label: quote },
          { value: "money", label: tt.risk },
        ]}
      />
      {byRisk(draft) ? (
        <Segment
          name={tt.riskIn}
          value={draft.unit}
          onChange={(unit) => onChange({ unit, size: "" })}
          options={[
            { value: "money", label: quote },
            { value: "percent", label: tt.riskPercent },
          ]}
        />
      ) : (
        <ShareChips onPick={(percent) => onChange({ size: share(percent, draftOf(desk), at) ?? "" })} disabled={!draft.reduceOnly && !at.available} />
      )}
    </div>
  );
}

/** Bybit takes ten of a market: https://bybit-exchange.github.io/docs/v5/order/create-order */
function TriggersUsed({ desk }: { desk: Desk }) {
  const used = openOrders.value.filter((row) => row.account === desk.account && row.symbol === desk.symbol && row.category === "linear" && waits(row) && !protects(row)).length;
  return used ? <p class="ticket-hint">{tt.triggersUsed(used)}</p> : null;
}

export function TicketForm({ desk }: { desk: Desk }) {
  const ticket = useTicket(desk);
  const { at, draft, known, look } = ticket;
  const [left, setLeft] = useState<Partial<Record<Field, boolean>>>({});
  useAnswers(desk, ticket);
  if (!at || !known) return <p class="line">{t.markets.loading}</p>;
  const { symbol, tick_size, qty_step } = at.instrument;
  const [base, quote] = [baseOf(symbol), quoteOf(symbol)];
  const edit = (part: Partial<Draft>) => {
    if (refusal.peek()) refusal.value = null;
    change(desk, part);
  };
  const field = (name: Stepped) => ({
    ...remark(name, draft, known, at, left[name] ?? false),
    onInput: (value: string) => edit({ [name]: value }),
    onBlur: () => setLeft({ ...left, [name]: true }),
    onStep: (up: boolean, times: string) => edit({ [name]: stepped(name, draftOf(desk), at, up, times) }),
    onEnter: () => openReview(desk),
  });
  const reason = reasonOf(desk, draft);
  const limit = kindOf(draft) === "Limit";
  const label = { base: tt.sizeLabel(base, number(qty_step)), quote: tt.sizeQuote(quote), money: tt.riskLabel(quote), percent: tt.riskLabel("%") }[draft.unit];
  return (
    <div class="ticket-form">
      <Refusal desk={desk} draft={draft} at={at} onSize={(size) => edit({ size })} />
      {reason && (
        <Note icon="warn" tone="warn">
          {reason}
        </Note>
      )}
      <Segment
        name={tt.side}
        value={draft.side}
        onChange={(side) => edit({ side })}
        options={[
          { value: "Buy", tone: "up", label: `${glyph.Buy} ${t.buyLong}` },
          { value: "Sell", tone: "down", label: `${glyph.Sell} ${t.sellShort}` },
        ]}
      />
      <div class="ticket-kind">
        <Segment
          name={tt.type}
          value={draft.type}
          onChange={(type) => edit({ type })}
          options={[
            { value: "Limit", label: t.limit },
            { value: "Market", label: t.market },
            { value: "Trigger", label: tt.trigger },
          ]}
        />
        <LeverageChip desk={desk} leverage={known.leverage} />
      </div>
      {draft.type === "Trigger" && (
        <>
          <NumberField id="ticket-trigger" name={tt.triggerPrice} label={tt.triggerLabel(quote)} value={draft.trigger} {...field("trigger")} />
          <TriggersUsed desk={desk} />
          <div class="trigger-row">
            <Pick name={tt.triggerBy} value={draft.triggerBy} options={BY_OPTIONS} onChange={(triggerBy) => edit({ triggerBy })} />
            <Segment
              name={tt.then}
              value={draft.then}
              onChange={(then) => edit({ then })}
              options={[
                { value: "Market", label: tt.thenMarket },
                { value: "Limit", label: tt.thenLimit },
              ]}
            />
          </div>
        </>
      )}
      {limit && (
        <>
          <NumberField id="ticket-price" name={t.price} label={tt.priceLabel(quote, number(tick_size))} value={draft.price} {...field("price")} />
          <PriceChips at={at} onPick={(value) => edit({ price: value })} />
        </>
      )}
      {draft.type === "Market" && <p class="ticket-market">{tt.marketPrice(number(known.price, tick_size))}</p>}
      <NumberField id="ticket-size" name={t.size} label={label} aside={otherUnit(draft, known, at)} value={draft.size} last {...field("size")} />
      <Units desk={desk} draft={draft} at={at} onChange={edit} />
      <p class="ticket-hint">{byRisk(draft) ? tt.riskHint : draft.reduceOnly ? tt.shareOfPosition : tt.shareOf(known.leverage ? number(known.leverage) : null)}</p>
      <Exits draft={draft} known={known} at={at} onChange={edit} />
      <Options draft={draft} limit={limit} onChange={edit} />
      <Summary known={known} at={at} reduceOnly={draft.reduceOnly} limit={limit} look={look} />
      <Warnings ticket={ticket} />
      <More desk={desk} draft={draft} slippageProblem={known.problems.some((problem) => problem.on === "slippage") ? tt.slippageWrong : null} onChange={edit} />
    </div>
  );
}

/** What the server calls a price far off, of which the page mostly warns by itself. */
const OURS: ReadonlySet<string> = new Set(["price_far", "price_too_far"]);

/** Ours at once, the server's when it has looked; what both say is said once. */
export function Warnings({ ticket, more = [] }: { ticket: { known: Pick<Figures, "warnings" | "problems"> | null; look: Preview | null | undefined }; more?: string[] }) {
  const { known, look } = ticket;
  const said = known?.warnings.includes("off-market") || known?.problems.some(({ code }) => code === "far-off");
  const theirs = look?.warnings.filter((row) => !(said && OURS.has(row.code))) ?? [];
  return (
    <>
      {[...more, ...(known?.warnings.map((name) => tt.warning[name]) ?? []), ...theirs.map((row) => row.message)].map((text) => (
        <Note key={text} icon="warn" tone="warn">
          {text}
        </Note>
      ))}
    </>
  );
}

/** Stands where the thumb is, with what would refuse the order above it. */
export function ReviewButton({ desk, long }: { desk: Desk; long?: boolean }) {
  const ticket = useTicket(desk);
  const { at, draft, known } = ticket;
  const ready = known && known.problems.length === 0 && reasonOf(desk, draft) === null && refusals(ticket).length === 0;
  const step = at?.instrument.qty_step ?? null;
  const price = kindOf(draft) === "Limit" ? tt.atPrice(number(known?.price, at?.instrument.tick_size)) : tt.atMarket;
  const label =
    long && known?.qty && entered(draft.size) && known.problems.length === 0
      ? tt.reviewLong(draft.side, `${number(known.qty, step)} ${baseOf(desk.symbol)}`, price)
      : draft.size ? tt.review(draft.side) : tt.reviewEmpty(draft.side);
  return (
    <div class="review-foot">
      {refusals(ticket).map((text) => (
        <p key={text} class="field-note" data-bad="">
          {text}
        </p>
      ))}
      <button
        type="button"
        class="button action"
        data-tone={draft.side === "Buy" ? "up" : "down"}
        aria-haspopup="dialog"
        disabled={!ready}
        onClick={() => openReview(desk)}
      >
        {label}
      </button>
    </div>
  );
}
