// Numbers that follow from what we know. Pure but for reading the latest price.

import type { Position } from "../api/types.ts";
import { add, type Dec, mul, neg, read, sub, text, ZERO } from "../lib/decimal.ts";
import { number } from "../lib/format.ts";
import { glyph, t } from "../strings.ts";
import { instruments, ticker } from "./store.ts";

export function markOf(position: Position): string | null {
  return ticker(position.symbol).value?.mark ?? position.mark_price;
}

/** Unrealised profit at the latest mark price; Bybit's own number until there is one. */
export function openProfit(position: Position): string | null {
  const mark = read(ticker(position.symbol).value?.mark);
  const entry = read(position.entry_price);
  const size = read(position.size);
  if (!mark || !entry || !size) return position.unrealised_pnl;
  const gained = mul(sub(mark, entry), size);
  return text(position.side === "Sell" ? neg(gained) : gained);
}

/** null when any part of it is unknown: a sum with a hole is no sum. */
export function sum(values: (string | null)[]): Dec | null {
  let total: Dec = ZERO;
  for (const value of values) {
    const known = read(value);
    if (!known) return null;
    total = add(total, known);
  }
  return total;
}

export function tick(symbol: string): string | null {
  return instruments.value.get(symbol)?.tick_size ?? null;
}

export function step(symbol: string): string | null {
  return instruments.value.get(symbol)?.qty_step ?? null;
}

/** "▲ Long 0.010" or "Flat". */
export function held(side: string, size: string | null, symbol: string): string {
  if (side !== "Buy" && side !== "Sell") return t.flat;
  return `${glyph[side]}\u00a0${t.held(side)} ${number(size, step(symbol))}`;
}
