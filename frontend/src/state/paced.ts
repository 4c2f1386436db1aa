// A ticker for what is costly to reckon anew: at most four times a second, while the price itself goes on ten times a second.

import { type Signal, signal } from "@preact/signals";
import type { Ticker } from "../api/types.ts";
import type { MarketId } from "../lib/market.ts";
import { ticker } from "./store.ts";

const EVERY_MS = 250;
const known = new Map<MarketId, Signal<Ticker | null>>();

function follow(market: MarketId): Signal<Ticker | null> {
  const slow = signal<Ticker | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = -EVERY_MS;
  const take = () => {
    clearTimeout(timer);
    timer = undefined;
    last = performance.now();
    slow.value = ticker(market).peek();
  };
  ticker(market).subscribe((next) => {
    const wait = EVERY_MS - (performance.now() - last);
    // The first price, and the loss of it, wait for nothing.
    if (!next || !slow.peek() || wait <= 0) take();
    else timer ??= setTimeout(take, wait);
  });
  return slow;
}

export function pacedTicker(market: MarketId): Signal<Ticker | null> {
  const found = known.get(market) ?? follow(market);
  known.set(market, found);
  return found;
}
