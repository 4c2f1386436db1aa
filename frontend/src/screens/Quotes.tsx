import { useComputed } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Side, Ticker } from "../api/types.ts";
import { cmp, dec, mul, read, sub, text } from "../lib/decimal.ts";
import { NONE, number, signed } from "../lib/format.ts";
import { isSpot, type MarketId, marketOf } from "../lib/market.ts";
import { countdown } from "../lib/time.ts";
import { serverClock } from "../net/live.ts";
import { step, tick } from "../state/derive.ts";
import { market } from "../state/focus.ts";
import { fresh, now } from "../state/health.ts";
import { desk, openTicket } from "../state/ticket.ts";
import { ticker } from "../state/store.ts";
import { t } from "../strings.ts";
import { tc } from "../strings-chart.ts";
import { Change, Dated } from "../ui/bits.tsx";

const ROOM = dec("0.001");

/** Which way the last price went, kept until it goes the other way. */
function useDirection(symbol: MarketId, last: string | null | undefined): "up" | "down" | undefined {
  const kept = useRef<{ symbol: MarketId; last: string | null | undefined; way: "up" | "down" | undefined }>({ symbol, last, way: undefined });
  if (kept.current.symbol !== symbol) kept.current = { symbol, last, way: undefined };
  const [from, to] = [read(kept.current.last), read(last)];
  if (from && to && cmp(from, to) !== 0) kept.current.way = cmp(to, from) > 0 ? "up" : "down";
  kept.current.last = last;
  return kept.current.way;
}

export function LastPrice({ market, large }: { market: MarketId; large?: boolean }) {
  const last = ticker(market).value?.last;
  const way = useDirection(market, last);
  const shown = fresh.value ? way : undefined;
  return (
    <span class={large ? "last last-large" : "last"} data-tone={shown}>
      <span class="number">{number(last, tick(market))}</span>
      <span class="last-way" aria-hidden="true">
        {shown === "up" ? "▲" : shown === "down" ? "▼" : ""}
      </span>
    </span>
  );
}

function spread(quote: Ticker | null): string | null {
  const [bid, ask] = [read(quote?.bid), read(quote?.ask)];
  return quote && bid && ask ? number(sub(ask, bid), tick(marketOf(quote))) : null;
}

/** Of what may tick ten times a second, a look twice a second; sooner only when there was nothing. */
function useSlow(front: MarketId): Ticker | null {
  const there = useComputed(() => ticker(market.value).value !== null);
  there.value;
  now.value;
  return ticker(front).peek();
}

/** Beside a price there is room for three decimals of a size: spot's steps are finer. */
function sizeStep(): string | null {
  const unit = step(market.value);
  return cmp(read(unit) ?? ROOM, ROOM) < 0 ? text(ROOM) : unit;
}

function Quote({ side, price, size }: { side: Side; price: string | null | undefined; size: string | null | undefined }) {
  const name = side === "Buy" ? t.bid : t.ask;
  const put = () => desk.value && price && openTicket(desk.value, side, price);
  return (
    <button type="button" class="quote" data-side={side} data-tone={side === "Buy" ? "up" : "down"} disabled={!price} onClick={put}>
      <span class="quote-name">
        {name}
        <small class="number">{size && number(size, sizeStep())}</small>
      </span>
      <span class="number">{number(price, tick(market.value))}</span>
    </button>
  );
}

function Funding({ quote }: { quote: Ticker | null }) {
  const rate = read(quote?.funding_rate);
  const at = quote?.next_funding_at;
  return (
    <>
      <Row name={tc.funding}>{rate ? `${signed(mul(rate, dec("100")), 4)}%` : NONE}</Row>
      <Row name={tc.fundingIn}>{at ? countdown(Date.parse(at) - serverClock.now()) : NONE}</Row>
    </>
  );
}

function Row({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="number">{children}</dd>
    </div>
  );
}

/** The price in front, and what belongs to it: of a perpetual its mark price and funding, of a spot pair the day's range. */
export function PriceStrip() {
  const front = market.value;
  const quote = useSlow(front);
  const price = (value: string | null | undefined) => number(value, tick(front));
  const change = (
    <Row name={tc.change}>
      <Change rate={quote?.change_24h} />
    </Row>
  );
  return (
    <Dated class="hero">
      <LastPrice market={front} large />
      <dl class="hero-facts" data-range={isSpot(front) ? "" : undefined}>
        {isSpot(front) ? (
          <>
            {change}
            <Row name={tc.high}>{price(quote?.high_24h)}</Row>
            <Row name={tc.low}>{price(quote?.low_24h)}</Row>
          </>
        ) : (
          <>
            <Row name={t.mark}>{price(quote?.mark)}</Row>
            {change}
            <Funding quote={quote} />
          </>
        )}
      </dl>
    </Dated>
  );
}

/** Best bid and ask: a tap puts the price into the ticket. */
export function Best() {
  const quote = ticker(market.value).value;
  return (
    <Dated class="quote-pair">
      <Quote side="Buy" price={quote?.bid} size={quote?.bid_size} />
      <span class="quote-spread">
        {t.spread}
        <b class="number">{spread(quote) ?? NONE}</b>
      </span>
      <Quote side="Sell" price={quote?.ask} size={quote?.ask_size} />
    </Dated>
  );
}
