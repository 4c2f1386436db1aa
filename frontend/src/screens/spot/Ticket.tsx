import { useState } from "preact/hooks";
import { number } from "../../lib/format.ts";
import { marketOf } from "../../lib/market.ts";
import { coins } from "../../state/derive.ts";
import { type Draft, type Field, kindOf, type Problem } from "../../state/draft.ts";
import { sizeStep } from "../../state/guards.ts";
import { blocksOrder } from "../../state/health.ts";
import { useLook } from "../../state/preview.ts";
import { type SpotContext, type SpotFigures, spotShare, spotStepped, spent } from "../../state/spot.ts";
import { openSpotReview, spotTicket } from "../../state/spot-ticket.ts";
import { change, type Desk, draftOf, refusal, refusalOf } from "../../state/ticket.ts";
import { glyph, t } from "../../strings.ts";
import { tsp } from "../../strings-spot.ts";
import { tt } from "../../strings-ticket.ts";
import { Note } from "../../ui/bits.tsx";
import { NumberField } from "../../ui/NumberField.tsx";
import { Segment } from "../../ui/Segment.tsx";
import { problemText, roundedText } from "../problems.ts";
import { reasonOf } from "../Ticket.tsx";
import { More } from "../TicketMore.tsx";
import { Options, PriceChips, ShareChips } from "../TicketParts.tsx";
import { amountOf, shortOf, SpotSummary, SpotWarnings } from "./Summary.tsx";

type Stepped = "price" | "trigger" | "size";

interface At {
  draft: Draft;
  known: SpotFigures;
  at: SpotContext;
}

function sentence(problem: Problem, { draft, at }: At): string {
  const step = problem.on === "size" ? at.instrument.qty_step : at.instrument.tick_size;
  return problemText(problem, draft.side, step, coins(marketOf(at.instrument)));
}

/** What stands under a field: what is wrong with it, else how it was rounded. An untouched empty field is not wrong yet. */
function remark(field: Stepped, of: At, left: boolean): { problem: string | null; note: string | null } {
  const { draft, known, at } = of;
  const { tick_size } = at.instrument;
  const found = known.problems.find((problem) => problem.on === field);
  const soon = found?.code === "form" || found?.code === "far-off";
  if (found && (soon || (left && found.code !== "empty"))) return { problem: sentence(found, of), note: null };
  if (field === "size" && known.short === "now") return { problem: tsp.short(shortOf(draft, at)), note: null };
  if (field === "trigger") return { problem: null, note: known.direction && tt.triggers(tt.by.LastPrice, known.direction, number(known.trigger, tick_size)) };
  const rounded = field === "price" ? known.roundedPrice : known.roundedSize;
  const step = field === "price" ? tick_size : sizeStep(at.instrument, known.inQuote);
  return { problem: null, note: roundedText(rounded, step) };
}

/** The other coin beside what is typed. */
function otherUnit({ draft, known, at }: At): string | null {
  const [base, quote] = coins(marketOf(at.instrument));
  if (draft.unit === "quote") return known.qty && tt.equals(`${number(known.qty, at.instrument.qty_step)} ${base}`);
  return known.value && tt.equals(amountOf(known.value, quote));
}

function Size({ desk, of, left, onLeft }: { desk: Desk; of: At; left: boolean; onLeft: () => void }) {
  const { draft, at } = of;
  const [base, quote] = coins(marketOf(desk));
  const buys = draft.side === "Buy";
  const edit = (part: Partial<Draft>) => edited(desk, part);
  return (
    <>
      <NumberField
        id="ticket-size"
        name={t.size}
        label={draft.unit === "quote" ? tsp.amount(quote) : tt.sizeLabel(base, number(at.instrument.qty_step))}
        aside={otherUnit(of)}
        value={draft.size}
        last
        {...remark("size", of, left)}
        onInput={(size) => edit({ size })}
        onBlur={onLeft}
        onStep={(up, times) => edit({ size: spotStepped("size", draftOf(desk), at, up, times) })}
        onEnter={() => openSpotReview(desk)}
      />
      <div class="ticket-row">
        <Segment
          name={tt.unit}
          value={draft.unit === "quote" ? "quote" : "base"}
          onChange={(unit) => edit({ unit, size: "" })}
          options={[
            { value: "base", label: base },
            { value: "quote", label: quote },
          ]}
        />
        <ShareChips onPick={(percent) => edit({ size: spotShare(percent, draftOf(desk), at) ?? "" })} disabled={!spent(draft, at).available} />
      </div>
      <p class="ticket-hint">{tsp.shareOf(shortOf(draft, at), buys ? base : quote)}</p>
    </>
  );
}

function edited(desk: Desk, part: Partial<Draft>): void {
  if (refusal.peek()) refusal.value = null;
  change(desk, part);
}

export function SpotForm({ desk }: { desk: Desk }) {
  const { at, draft, known, request, key, look } = spotTicket(desk);
  const [left, setLeft] = useState<Partial<Record<Field, boolean>>>({});
  useLook(request, blocksOrder(desk.account, { reduce_only: false, category: "spot", side: draft.side }) === null, key);
  if (!at || !known) return <p class="line">{t.markets.loading}</p>;
  const of: At = { draft, known, at };
  const { tick_size } = at.instrument;
  const quote = coins(marketOf(desk))[1];
  const edit = (part: Partial<Draft>) => edited(desk, part);
  const leave = (name: Field) => () => setLeft({ ...left, [name]: true });
  const field = (name: "price" | "trigger") => ({
    ...remark(name, of, left[name] ?? false),
    onInput: (value: string) => edit({ [name]: value }),
    onBlur: leave(name),
    onStep: (up: boolean, times: string) => edit({ [name]: spotStepped(name, draftOf(desk), at, up, times) }),
    onEnter: () => openSpotReview(desk),
  });
  const [answer, reason] = [refusalOf(desk), reasonOf(desk, draft)];
  const limit = kindOf(draft) === "Limit";
  return (
    <div class="ticket-form">
      {answer && (
        <Note icon="warn" tone="bad">
          {answer.title} {answer.code && <span class="code">{tt.code(answer.code)}</span>}
        </Note>
      )}
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
          { value: "Buy", tone: "up", label: `${glyph.Buy} ${t.side("Buy")}` },
          { value: "Sell", tone: "down", label: `${glyph.Sell} ${t.side("Sell")}` },
        ]}
      />
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
      {draft.type === "Trigger" && (
        <>
          <NumberField id="ticket-trigger" name={tt.triggerPrice} label={tt.triggerLabel(quote)} value={draft.trigger} {...field("trigger")} />
          <Segment
            name={tt.then}
            value={draft.then}
            onChange={(then) => edit({ then })}
            options={[
              { value: "Market", label: tt.thenMarket },
              { value: "Limit", label: tt.thenLimit },
            ]}
          />
        </>
      )}
      {limit && (
        <>
          <NumberField id="ticket-price" name={t.price} label={tt.priceLabel(quote, number(tick_size))} value={draft.price} {...field("price")} />
          <PriceChips at={at} onPick={(price) => edit({ price })} />
        </>
      )}
      {draft.type === "Market" && <p class="ticket-market">{tsp.marketPrice(number(known.price, tick_size))}</p>}
      <Size desk={desk} of={of} left={left.size ?? false} onLeft={leave("size")} />
      {limit && <Options draft={draft} limit reduces={false} onChange={edit} />}
      <SpotSummary draft={draft} at={at} known={known} look={look} />
      <SpotWarnings draft={draft} at={at} known={known} look={look} />
      <More desk={desk} draft={draft} exits={false} slippageProblem={known.problems.some((problem) => problem.on === "slippage") ? tt.slippageWrong : null} onChange={edit} />
    </div>
  );
}

/** Stands where the thumb is, with what would refuse the order above it. */
export function SpotButton({ desk, long }: { desk: Desk; long?: boolean }) {
  const { at, draft, known, look } = spotTicket(desk);
  const rules = look?.rules ?? [];
  const ready = known && known.problems.length === 0 && known.short !== "now";
  const [base, quote] = coins(marketOf(desk));
  const size = known?.inQuote ? tt.worth(`${number(known.amount)} ${quote}`) : `${number(known?.qty)} ${base}`;
  const price = kindOf(draft) === "Limit" ? tt.atPrice(number(known?.price, at?.instrument.tick_size)) : tt.atMarket;
  const label = long && ready ? tt.reviewLong(draft.side, size, price) : draft.size ? tt.review(draft.side) : tt.reviewEmpty(draft.side);
  return (
    <div class="review-foot">
      {rules.map(({ message }) => (
        <p key={message} class="field-note" data-bad="">
          {message}
        </p>
      ))}
      <button
        type="button"
        class="button action"
        data-tone={draft.side === "Buy" ? "up" : "down"}
        aria-haspopup="dialog"
        disabled={!ready || rules.length > 0 || reasonOf(desk, draft) !== null}
        onClick={() => openSpotReview(desk)}
      >
        {label}
      </button>
    </div>
  );
}
