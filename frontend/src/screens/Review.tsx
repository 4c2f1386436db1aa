import { useEffect, useRef } from "preact/hooks";
import type { NewOrder, Position } from "../api/types.ts";
import { placeOrder } from "../api/routes.ts";
import { abs, cmp, dec, div, read, sub } from "../lib/decimal.ts";
import { money, number } from "../lib/format.ts";
import { type MarketId, marketOf, titleOf } from "../lib/market.ts";
import { age } from "../lib/time.ts";
import { seen, serverClock } from "../net/live.ts";
import { alertNow, say } from "../state/announce.ts";
import { type Attempt, attemptOrder, attempts } from "../state/attempts.ts";
import { byValue, coins, held, sizeText, tick } from "../state/derive.ts";
import { figures } from "../state/draft.ts";
import { blockText, blocksOrder, kind, now } from "../state/health.ts";
import { buzz } from "../state/haptic.ts";
import { layout } from "../state/layout.ts";
import { OVER, outcomeOf } from "../state/outcome.ts";
import { hide, overlay } from "../state/overlay.ts";
import { lookAt, useLook } from "../state/preview.ts";
import { accounts, ticker } from "../state/store.ts";
import { draftOfOrder, toPreview } from "../state/terms.ts";
import { change, clearDraft, closeReview, context, draftOf, placeOf, type Review, refuse, review } from "../state/ticket.ts";
import { glyph, t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";
import { Fact, Note, Place } from "../ui/bits.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { lazy } from "../ui/lazy.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { StepUp } from "../ui/StepUp.ts";
import { because, DoneButton, OutcomeView, tell } from "./Outcome.tsx";
import { type Cause, refusalText, rejection } from "./refusals.ts";
import { Summary } from "./Summary.tsx";
import { Warnings } from "./Ticket.tsx";

const SpotFigures = lazy(() => import("./spot/index.ts").then((part) => part.SpotFigures));

const DRIFT = dec("0.001");
const SAME_WITHIN_MS = 3_000;

/** A market order whose price moved by more than 0.1 % since it was shown is not the order that was read. */
function drifted(asked: Review): boolean {
  if (asked.order.order_type !== "Market" || asked.order.trigger_price || !asked.price) return false;
  const quote = ticker(marketOf(asked.desk)).value;
  const price = read(asked.order.side === "Buy" ? quote?.ask : quote?.bid);
  if (!price || asked.price.n === 0n) return false;
  return cmp(div(abs(sub(price, asked.price)), asked.price, 8), DRIFT) > 0;
}

/** An order of the same side whose end nobody knows: this one may be a second. One of an earlier page may be any. */
function stillUnknown(asked: Review): string | undefined {
  const { account, side } = asked.order;
  return [...attempts.value.values()].find((attempt) => {
    if (attempt.phase !== "unknown") return false;
    const of = attempt.order ?? attempt.row;
    return of ? of.account === account && marketOf(of) === marketOf(asked.order) && of.side === side : attempt.name === null;
  })?.id;
}

/** An equal order sent within the last seconds: a second one may be a slip. */
function repeated(asked: Review): boolean {
  const { id: _, ...mine } = asked.order;
  const same = JSON.stringify(mine);
  return [...attempts.value.values()].some((attempt) => {
    const sent = attempt.phase !== "refused" && attempt.phase !== "not-placed";
    if (!sent || !attempt.order || now.value - attempt.at > SAME_WITHIN_MS) return false;
    const { id: __, ...other } = attempt.order;
    return JSON.stringify(other) === same;
  });
}

function changedPosition(detail: unknown, market: MarketId): string {
  const position = (detail ?? {}) as Partial<Position>;
  return held(position.side ?? "", position.size ?? null, market);
}

/** After the server's answer: a stale picture is asked anew, a no goes back to the ticket with everything still in it. */
function follow(asked: Review): void {
  const attempt = attempts.peek().get(asked.order.id);
  if (!attempt) return;
  const outcome = outcomeOf(attempt);
  if (outcome === "accepted" || outcome === "working" || outcome === "filled") {
    buzz("accepted");
    clearDraft(asked.desk);
  }
  if (attempt.refusal?.code === "seen_changed" || attempt.refusal?.code === "seen_expired") {
    const changed = attempt.refusal.code === "seen_changed";
    const text = changed ? tt.seenChanged(changedPosition(attempt.refusal.detail["position"], marketOf(asked.desk))) : tt.seenExpired;
    asked.again(text);
    alertNow(text);
  }
}

function blockOf(asked: Review) {
  return blocksOrder(asked.desk.account, asked.order);
}

async function place(asked: Review): Promise<void> {
  // The last look, whatever the button said a moment ago.
  if (blockOf(asked) || attempts.peek().has(asked.order.id)) return;
  await attemptOrder(asked.order.id, asked.order, orderName(asked.order), () => placeOrder(asked.order, seen.peek()));
  follow(asked);
}

function orderName(order: NewOrder): string {
  const { side, order_type } = order;
  return `${glyph[side]} ${t.side(side)} ${wanted(order)} ${ofMarket(order)}, ${order_type === "Limit" ? t.limit : t.market}`;
}

/** "0.010 BTC"; "BTC for 650 USDT" of an order by value. */
function wanted(order: NewOrder): string {
  return byValue(order) ? `${coins(marketOf(order))[0]} ${tt.worth(sizeText(order))}` : sizeText(order);
}

function ofMarket(order: NewOrder): string {
  return byValue(order) ? tt.onMarket(titleOf(marketOf(order))) : tt.ofMarket(titleOf(marketOf(order)));
}

function Sentence({ asked }: { asked: Review }) {
  const { order } = asked;
  const limit = order.order_type === "Limit";
  const market = marketOf(order);
  return (
    <p class="sentence">
      <span class="side" data-tone={order.side === "Buy" ? "up" : "down"}>
        <span aria-hidden="true">{glyph[order.side]} </span>
        {t.side(order.side)}
      </span>{" "}
      <b class="number">{wanted(order)}</b> {ofMarket(order)}, {limit ? t.limit : t.market}
      {limit && (
        <>
          {" "}
          at <b class="number">{number(order.price, tick(market))}</b>, {tt.tifName[order.time_in_force].toLowerCase()}
        </>
      )}
      {order.trigger_price && (
        <>
          , {tt.whenPrice(tt.by[order.trigger_by ?? "LastPrice"], rises(order))} <b class="number">{number(order.trigger_price, tick(market))}</b>
        </>
      )}
      {order.reduce_only && `, ${t.orders.reduceOnly}`}.
    </p>
  );
}

/** Which way the price has to go; of spot's triggers nothing is sent of that, for it follows from the last price. */
function rises(order: NewOrder): boolean {
  const [trigger, last] = [read(order.trigger_price), read(ticker(marketOf(order)).peek()?.last)];
  return order.trigger_direction ? order.trigger_direction === 1 : !trigger || !last || cmp(trigger, last) > 0;
}

/** What an order of a perpetual would do. */
function PerpetualFigures({ asked }: { asked: Review }) {
  const at = context(asked.desk);
  // Of the order that goes out, at the price now: the ticket's own exits and size would go on following the market.
  const draft = draftOfOrder(asked.order);
  const known = at && figures(draft, at);
  const request = known && toPreview(placeOf(asked.desk), draft, known);
  useLook(request, blockOf(asked) === null);
  const look = lookAt(request);
  if (!at || !known) return null;
  return (
    <>
      <Summary known={known} at={at} reduceOnly={asked.order.reduce_only} limit={asked.order.order_type === "Limit"} look={look} />
      <Warnings ticket={{ known, look }} />
    </>
  );
}

function Asking({ asked }: { asked: Review }) {
  const { order } = asked;
  const market = marketOf(asked.desk);
  const quote = ticker(market).value;
  const price = order.side === "Buy" ? quote?.ask : quote?.bid;
  now.value;
  const doubt = stillUnknown(asked);
  return (
    <>
      {asked.desk.category === "spot" ? <SpotFigures desk={asked.desk} /> : <PerpetualFigures asked={asked} />}
      <dl class="facts facts-one">
        {order.take_profit && <Fact name={tt.takeProfit(tt.by[order.tp_trigger_by ?? "LastPrice"])}>{number(order.take_profit, tick(market))}</Fact>}
        {order.stop_loss && <Fact name={tt.stopLoss(tt.by[order.sl_trigger_by ?? "LastPrice"])}>{number(order.stop_loss, tick(market))}</Fact>}
        {order.slippage_tolerance && <Fact name={tt.slippage}>{order.slippage_tolerance}</Fact>}
        <Fact name={tt.priceNow}>
          {number(price, tick(market))}
          {quote && <small> {age(serverClock.age(quote.at))}</small>}
        </Fact>
      </dl>
      {asked.notice && (
        <Note icon="warn" tone="warn">
          {asked.notice}
        </Note>
      )}
      {(doubt || repeated(asked)) && (
        <Note icon="warn" tone="warn">
          {doubt ? tt.stillUnknown(doubt.slice(0, 8)) : tt.again}
        </Note>
      )}
    </>
  );
}

function finish(): void {
  closeReview();
  if (layout.peek() === "phone" && overlay.peek()?.kind === "ticket") hide();
}

/** With the two figures, where both are known. */
function shortMargin(asked: Review, cause: Cause): Cause {
  if (cause.code !== "110007") return cause;
  const at = context(asked.desk);
  const needed = at && figures(draftOf(asked.desk), at).margin;
  if (!needed || !at.available || cmp(needed, at.available) <= 0) return cause;
  return { ...cause, title: tt.marginShort(money(needed), money(at.available)) };
}

function refill({ desk, order }: Review): void {
  change(desk, draftOfOrder(order));
}

function useOutcome(asked: Review, attempt: Attempt | undefined) {
  const outcome = attempt && outcomeOf(attempt);
  const last = useRef<string>(undefined);
  useEffect(() => {
    if (!attempt || !outcome || last.current === outcome) return;
    last.current = outcome;
    if (outcome === "rejected" || outcome === "refused") {
      if (attempt.refusal?.code.startsWith("seen_") && attempt.refusal.code !== "seen_invalid") return;
      if (attempt.refusal?.code === "step_up") return alertNow(attempt.refusal.message);
      // The ticket was emptied when the order became unknown; what was refused is there to be mended.
      if (draftOf(asked.desk).size === "") refill(asked);
      const cause = outcome === "refused" ? refusalText(attempt.refusal) : shortMargin(asked, rejection(attempt.row));
      buzz("rejected");
      refuse(asked.desk, cause.title, cause.code);
      alertNow(`${tt.rejected}. ${because(cause)}`);
      closeReview();
    } else if (OVER.has(outcome) || outcome === "unknown") {
      const { title, lead } = tell(attempt);
      say(`${title}. ${lead}`);
    }
  }, [outcome]);
}

export function ReviewSheet({ asked }: { asked: Review }) {
  const attempt = attempts.value.get(asked.order.id);
  const account = accounts.value.find((row) => row.id === asked.desk.account);
  useOutcome(asked, attempt);
  const moved = !attempt && drifted(asked);
  useEffect(() => {
    if (!moved) return;
    const quote = ticker(marketOf(asked.desk)).peek();
    const price = read(asked.order.side === "Buy" ? quote?.ask : quote?.bid);
    const notice = `${tt.moved} ${tt.wasPrice(number(asked.price, tick(marketOf(asked.desk))))}`;
    // Made anew from the ticket: what follows from the price is another now. It was never sent, so its id still stands for it.
    if (!asked.again(notice, asked.order.id)) review.value = { ...asked, price, notice };
  }, [moved]);

  const elsewhere = account?.environment !== asked.desk.environment;
  const block = blockOf(asked);
  const reason = elsewhere ? tt.elsewhere : block === "not-live" ? t.notLive(kind.value) || t.paused : block && blockText(block, asked.desk.account);
  const size = byValue(asked.order) ? tt.worth(sizeText(asked.order)) : sizeText(asked.order);
  const live = account?.environment === "live";
  // Nothing was sent: the proof is asked for here, and then the reader is asked anew.
  const unproven = attempt?.refusal?.code === "step_up" ? attempt.refusal : null;
  const back = (
    <button type="button" class="button action" data-tone="plain" onClick={closeReview}>
      {t.back}
    </button>
  );
  const foot = unproven ? (
    back
  ) : attempt ? (
    <DoneButton attempt={attempt} onDone={finish} />
  ) : (
    <div class="sheet-pair">
      {back}
      <Confirm
        hold={live}
        label={live ? tt.holdTo(asked.order.side) : tt.tapTo(asked.order.side, size)}
        tone={asked.order.side === "Buy" ? "up" : "down"}
        disabled={reason !== null}
        about={asked.order.id + (asked.notice ?? "") + (asked.price ? number(asked.price) : "")}
        onConfirm={() => void place(asked)}
      />
    </div>
  );
  return (
    <Sheet
      title={attempt && !unproven ? tt.sentTitle : tt.reviewTitle}
      aside={<Place account={account} />}
      foot={foot}
      onClose={attempt && !unproven ? finish : closeReview}
    >
      <div class="review">
        <Sentence asked={asked} />
        {unproven ? (
          <StepUp refused={unproven} done={() => void (asked.again(tt.proven) || closeReview())} />
        ) : attempt ? (
          <OutcomeView attempt={attempt} />
        ) : (
          <Asking asked={asked} />
        )}
        {!attempt && reason && (
          <Note icon="warn" tone="warn">
            {reason}
          </Note>
        )}
      </div>
    </Sheet>
  );
}
