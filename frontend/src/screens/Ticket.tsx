import { useRef, useState } from "preact/hooks";
import { cmp, type Dec, read, sign } from "../lib/decimal.ts";
import { baseOf, money, number, quoteOf } from "../lib/format.ts";
import { type Context, type Draft, type Figures, figures, type Problem, share, stepped } from "../state/draft.ts";
import { blocksOpening, blocksReducing, kind } from "../state/health.ts";
import { change, context, type Desk, draftOf, openReview, refusal, refusalOf } from "../state/ticket.ts";
import { glyph, t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";
import { Fact, Note } from "../ui/bits.tsx";
import { NumberField } from "../ui/NumberField.tsx";
import { Segment } from "../ui/Segment.tsx";
import { Options, PriceChips, ShareChips } from "./TicketParts.tsx";

type Field = "price" | "size";

/** What stands under a field: what is wrong with it, else how it was rounded. An untouched empty field is not wrong yet. */
function remark(field: Field, draft: Draft, known: Figures, at: Context, left: boolean): { problem: string | null; note: string | null } {
  const found = known.problems.find((problem) => problem.on === field);
  const { tick_size, qty_step, symbol } = at.instrument;
  const step = field === "price" ? tick_size : qty_step;
  if (found && (found.code === "form" || (found.code !== "empty" && (left || found.code === "far-off")))) {
    return { problem: sentence(found, draft, step, symbol), note: null };
  }
  const rounded = field === "price" ? known.roundedPrice : known.roundedSize;
  return { problem: null, note: rounded ? tt.rounded(number(rounded, step), number(step)) : null };
}

function sentence(problem: Problem, draft: Draft, step: string, symbol: string): string {
  const limit = "limit" in problem ? number(problem.limit, problem.code === "below-notional" ? null : step) : "";
  if (problem.code === "far-off" && draft.side === "Sell") return tt.problemLow(limit);
  return tt.problem(problem, problem.code === "below-notional" ? `${limit} ${quoteOf(symbol)}` : limit, baseOf(symbol));
}

function signedSize(size: Dec | null, step: string): string {
  if (!size) return number(null);
  if (size.n === 0n) return t.flat;
  const side = size.n > 0n ? "Buy" : "Sell";
  return `${glyph[side]} ${t.held(side)} ${number(size.n < 0n ? { n: -size.n, s: size.s } : size, step)}`;
}

export function Summary({ known, at, reduceOnly }: { known: Figures; at: Context; reduceOnly: boolean }) {
  const leverage = known.leverage;
  return (
    <dl class="facts facts-one summary">
      <Fact name={tt.value}>{known.value ? `${money(known.value)} ${quoteOf(at.instrument.symbol)}` : number(null)}</Fact>
      {!reduceOnly && (
        <Fact name={leverage ? tt.marginAt(number(leverage)) : tt.margin}>{leverage ? money(known.margin) : t.notAvailable}</Fact>
      )}
      <Fact name={tt.available}>{money(at.available)}</Fact>
      <Fact name={tt.after}>{signedSize(known.after, at.instrument.qty_step)}</Fact>
    </dl>
  );
}

function Warnings({ known }: { known: Figures }) {
  return (
    <>
      {known.warnings.map((name) => (
        <Note key={name} icon="warn" tone="warn">
          {tt.warning[name]}
        </Note>
      ))}
    </>
  );
}

/** Why the button is off, in words. */
function reasonOf(desk: Desk, draft: Draft): string | null {
  const block = draft.reduceOnly ? blocksReducing(desk.account) : blocksOpening(desk.account);
  if (!block) return null;
  if (block !== "not-live") return t.block[block];
  return kind.value === "stale" ? t.paused : t.notLive(kind.value) || t.paused;
}

function otherUnit(draft: Draft, known: Figures, at: Context): string | null {
  const { symbol, qty_step } = at.instrument;
  if (!known.qty || known.problems.some((problem) => problem.on === "size" && problem.code === "form")) return null;
  if (draft.unit === "quote") return tt.equals(`${number(known.qty, qty_step)} ${baseOf(symbol)}`);
  return known.value ? tt.equals(`${money(known.value)} ${quoteOf(symbol)}`) : null;
}

export function useTicket(desk: Desk) {
  const at = context(desk);
  const draft = draftOf(desk);
  return { at, draft, known: at && figures(draft, at) };
}

/** The largest size that the free margin bears, where that is less than what is asked for. */
function smaller(draft: Draft, at: Context): string | null {
  const most = read(share("100", draft, at));
  const least = read(at.instrument.min_qty);
  if (!most || !least || (draft.unit === "base" && cmp(most, least) < 0) || sign(most) <= 0) return null;
  const asked = read(draft.size.replace(",", "."));
  return asked && cmp(most, asked) < 0 ? share("100", draft, at) : null;
}

export function TicketForm({ desk }: { desk: Desk }) {
  const { at, draft, known } = useTicket(desk);
  const [left, setLeft] = useState<Record<Field, boolean>>({ price: false, size: false });
  const said = useRef<HTMLDivElement>(null);
  if (!at || !known) return <p class="line">{t.markets.loading}</p>;
  const { symbol, tick_size, qty_step } = at.instrument;
  const [base, quote] = [baseOf(symbol), quoteOf(symbol)];
  const edit = (part: Partial<Draft>) => {
    if (refusal.peek()) refusal.value = null;
    change(desk, part);
  };
  const leave = (field: Field) => {
    setLeft({ ...left, [field]: true });
  };
  const step = (field: Field) => (up: boolean, times: string) => edit({ [field]: stepped(field, draftOf(desk), at, up, times) });
  const price = remark("price", draft, known, at, left.price);
  const size = remark("size", draft, known, at, left.size);
  const answer = refusalOf(desk);
  const reason = reasonOf(desk, draft);
  const fitting = answer?.code === "110007" ? smaller(draft, at) : null;
  return (
    <div class="ticket-form" ref={said}>
      {answer && (
        <div class="refusal">
          <Note icon="warn" tone="bad">
            {answer.title} {answer.code && <span class="code">{tt.code(answer.code)}</span>}
          </Note>
          {fitting && (
            <button type="button" class="button" onClick={() => edit({ size: fitting })}>
              {tt.useSize(`${number(fitting, draft.unit === "base" ? qty_step : null)} ${draft.unit === "base" ? base : quote}`)}
            </button>
          )}
        </div>
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
          { value: "Buy", tone: "up", label: `${glyph.Buy} ${t.buyLong}` },
          { value: "Sell", tone: "down", label: `${glyph.Sell} ${t.sellShort}` },
        ]}
      />
      <Segment
        name={tt.type}
        value={draft.type}
        onChange={(type) => edit({ type })}
        options={[
          { value: "Limit", label: t.limit },
          { value: "Market", label: t.market },
        ]}
      />
      {draft.type === "Limit" ? (
        <>
          <NumberField
            id="ticket-price"
            name={t.price}
            label={tt.priceLabel(quote, number(tick_size))}
            value={draft.price}
            {...price}
            onInput={(value) => edit({ price: value })}
            onBlur={() => leave("price")}
            onStep={step("price")}
            onEnter={() => openReview(desk)}
          />
          <PriceChips at={at} onPick={(value) => edit({ price: value })} />
        </>
      ) : (
        <p class="ticket-market">{tt.marketPrice(number(known.price, tick_size))}</p>
      )}
      <NumberField
        id="ticket-size"
        name={t.size}
        label={draft.unit === "base" ? tt.sizeLabel(base, number(qty_step)) : tt.sizeQuote(quote)}
        aside={otherUnit(draft, known, at)}
        value={draft.size}
        {...size}
        last
        onInput={(value) => edit({ size: value })}
        onBlur={() => leave("size")}
        onStep={step("size")}
        onEnter={() => openReview(desk)}
      />
      <div class="ticket-row">
        <Segment
          name={tt.unit}
          value={draft.unit}
          onChange={(unit) => edit({ unit, size: "" })}
          options={[
            { value: "base", label: base },
            { value: "quote", label: quote },
          ]}
        />
        <ShareChips onPick={(percent) => edit({ size: share(percent, draftOf(desk), at) ?? "" })} disabled={!draft.reduceOnly && !at.available} />
      </div>
      <p class="ticket-hint">{draft.reduceOnly ? tt.shareOfPosition : tt.shareOf(known.leverage ? number(known.leverage) : null)}</p>
      <Options draft={draft} onChange={edit} />
      <Summary known={known} at={at} reduceOnly={draft.reduceOnly} />
      <Warnings known={known} />
    </div>
  );
}

export function ReviewButton({ desk, long }: { desk: Desk; long?: boolean }) {
  const { at, draft, known } = useTicket(desk);
  const ready = known && known.problems.length === 0 && reasonOf(desk, draft) === null;
  const step = at?.instrument.qty_step ?? null;
  const price = draft.type === "Limit" ? tt.atPrice(number(known?.price, at?.instrument.tick_size)) : tt.atMarket;
  const label =
    long && known?.qty && read(draft.size.replace(",", ".")) && known.problems.length === 0
      ? tt.reviewLong(draft.side, `${number(known.qty, step)} ${baseOf(desk.symbol)}`, price)
      : tt.review(draft.side);
  return (
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
  );
}
