import { useRef } from "preact/hooks";
import type { Side, Ticker } from "../api/types.ts";
import { cmp, read, sub } from "../lib/decimal.ts";
import { number } from "../lib/format.ts";
import { tick } from "../state/derive.ts";
import { market } from "../state/focus.ts";
import { fresh } from "../state/health.ts";
import { desk } from "../state/ticket.ts";
import { ticker } from "../state/store.ts";
import { t } from "../strings.ts";
import { Dated } from "../ui/bits.tsx";
import { openTicket } from "./TicketSheet.tsx";

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

function Quote({ side, price }: { side: Side; price: string | null | undefined }) {
  const name = side === "Buy" ? t.bid : t.ask;
  const put = () => desk.value && price && openTicket(desk.value, side, price);
  return (
    <button type="button" class="quote" data-tone={side === "Buy" ? "up" : "down"} disabled={!price} onClick={put}>
      <span class="quote-name">{name}</span>
      <span class="number">{number(price, tick(market.value))}</span>
    </button>
  );
}

export function Quotes() {
  const quote = ticker(market.value).value;
  return (
    <Dated class="quotes">
      <div class="hero">
        <LastPrice symbol={market.value} large />
        <dl class="hero-facts">
          <div>
            <dt>{t.mark}</dt>
            <dd class="number">{number(quote?.mark, tick(market.value))}</dd>
          </div>
          <div>
            <dt>{t.spread}</dt>
            <dd class="number">{spread(quote) ?? number(null)}</dd>
          </div>
        </dl>
      </div>
      <div class="quote-pair">
        <Quote side="Buy" price={quote?.bid} />
        <Quote side="Sell" price={quote?.ask} />
      </div>
    </Dated>
  );
}
