// Prices, painted at most once a frame: of many ticks between two frames only the newest is worth showing.

import type { Ticker } from "../api/types.ts";
import { ticker } from "../state/store.ts";

const waiting = new Map<string, Ticker>();
let scheduled = false;

function paint(): void {
  scheduled = false;
  for (const [symbol, tick] of waiting) ticker(symbol).value = tick;
  waiting.clear();
}

/** Takes a tick unless a newer one is known. */
export function takeTick(tick: Ticker): void {
  const known = waiting.get(tick.symbol) ?? ticker(tick.symbol).peek();
  if (known && known.at > tick.at) return;
  waiting.set(tick.symbol, tick);
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(paint);
}

export function forgetTicks(): void {
  waiting.clear();
}
