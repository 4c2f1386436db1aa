// Prices, painted at most once a frame: of many ticks between two frames only the newest is worth showing.

import type { Ticker } from "../api/types.ts";
import { type MarketId, marketOf } from "../lib/market.ts";
import { isWatched, ticker } from "../state/store.ts";

const waiting = new Map<MarketId, Ticker>();
let scheduled = false;

function paint(): void {
  scheduled = false;
  for (const [market, tick] of waiting) if (isWatched(market)) ticker(market).value = tick;
  waiting.clear();
}

/** Takes a tick unless a newer one is known. */
export function takeTick(tick: Ticker): void {
  const market = marketOf(tick);
  if (!isWatched(market)) return;
  const known = waiting.get(market) ?? ticker(market).peek();
  if (known && known.at > tick.at) return;
  waiting.set(market, tick);
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(paint);
}

export function forgetTicks(): void {
  waiting.clear();
}
