import { useComputed } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Side, Ticker } from "../api/types.ts";
import { cmp, dec, mul, read, sub } from "../lib/decimal.ts";
import { NONE, number, signed } from "../lib/format.ts";
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

/** Which way the last price went, kept until it goes the other way. */
function useDirection(symbol: string, last: string | null | undefined): "up" | "down" | undefined {
  const kept = useRef<{ symbol: string; last: string | null | undefined; way: "up" | "down" | undefined }>({ symbol, last, way: undefined });
  if (kept.current.symbol !== symbol) kept.current = { symbol, last, way: undefined };
  const [from, to] = [read(kept.current.last), read(last)];
  if (from && to && cmp(from, to) !== 0) kept.current.way = cmp(to, from) > 0 ? "up" : "down";
  kept.current.last = last;
  return kept.current.way;
}

export function LastPrice({ symbol, large }: { symbol: string; large?: boolean }) {
  const last = ticker(symbol).value?.last;
  const way = useDirection(symbol, last);
  const shown = fresh.value ? way : undefined;
  return (
    <span class={large ? "last last-large" : "last"} data-tone={shown}>
      <span class="number">{number(last, tick(symbol))}</span>
      <span class="last-way" aria-hidden="true">
        {shown === "up" ? "▲" : shown === "down" ? "▼" : ""}
      </span>
    </span>
  );
}

function spread(quote: Ticker | null): string | null {
  const [bid, ask] = [read(quote?.bid), read(quote?.ask)];
  return bid && ask ? number(sub(ask, bid), tick(quote?.symbol ?? "")) : null;
}

/** Of what may tick ten times a second, a look twice a second; sooner only when there was nothing. */
function useSlow(symbol: string): Ticker | null {
  const there = useComputed(() => ticker(market.value).value !== null);
  there.value;
  now.value;
  return ticker(symbol).peek();
}

function Quote({ side, price, size }: { side: Side; price: string | null | undefined; size: string | null | undefined }) {
  const name = side === "Buy" ? t.bid : t.ask;
  const put = () => desk.value && price && openTicket(desk.value, side, price);
  return (
    <button type="button" class="quote" data-side={side} data-tone={side === "Buy" ? "up" : "down"} disabled={!price} onClick={put}>
      <span class="quote-name">
        {name}
        <small class="number">{size && number(size, step(market.value))}</small>
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
      <div>
        <dt>{tc.funding}</dt>
        <dd class="number">{rate ? `${signed(mul(rate, dec("100")), 4)}%` : NONE}</dd>
      </div>
      <div>
        <dt>{tc.fundingIn}</dt>
        <dd class="number">{at ? countdown(Date.parse(at) - serverClock.now()) : NONE}</dd>
      </div>
    </>
  );
}

/** The price in front, and what belongs to it. */
export function PriceStrip() {
  const symbol = market.value;
  const quote = useSlow(symbol);
  return (
    <Dated class="hero">
      <LastPrice symbol={symbol} large />
      <dl class="hero-facts">
        <div>
          <dt>{t.mark}</dt>
          <dd class="number">{number(quote?.mark, tick(symbol))}</dd>
        </div>
        <div>
          <dt>{tc.change}</dt>
          <dd>
            <Change rate={quote?.change_24h} />
          </dd>
        </div>
        <Funding quote={quote} />
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
