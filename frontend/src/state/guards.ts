// What the market says of one price or one size, wherever it is typed: the ticket, Amend, Close. Pure.

import type { Instrument, OrderType, Side, Ticker } from "../api/types.ts";
import { add, cmp, type Dec, dec, div, mul, onStep, read, sign, snap, sub, ZERO } from "../lib/decimal.ts";
import { entry } from "../lib/entry.ts";
import type { Problem, TriggerBy } from "./draft.ts";

const WARN_AT = dec("0.01");
const BLOCK_AT = dec("0.05");
const ONE = dec("1");
const DIVISION_PLACES = 18;

export interface Priced {
  /** What was typed, on the tick; null for what cannot be a price. */
  price: Dec | null;
  /** Set when what was typed lies between two ticks. */
  rounded: Dec | null;
  problem: Problem | null;
  /** How far it lies on the bad side of the market, as a ratio; below zero on the good side, null without a market. */
  off: Dec | null;
  warns: boolean;
}

/** The price that this side would meet now. */
export function meets(side: Side, ticker: Ticker | null): Dec | null {
  if (!ticker) return null;
  return read(side === "Buy" ? ticker.ask : ticker.bid) ?? read(ticker.last);
}

/** The price that a trigger watches. */
export function watched(by: TriggerBy, ticker: Ticker | null): Dec | null {
  return read({ MarkPrice: ticker?.mark, LastPrice: ticker?.last, IndexPrice: ticker?.index ?? ticker?.mark }[by]);
}

function typedPrice(on: "price" | "trigger", typed: string, tick: Dec): Priced {
  const known = entry(typed);
  const none = { price: null, rounded: null, off: null, warns: false };
  if (known.kind !== "ok") return { ...none, problem: { on, code: known.kind === "bad" ? "form" : "empty" } };
  const price = snap(known.value, tick, "half");
  if (sign(price) === 0) return { ...none, problem: { on, code: "zero" } };
  return { ...none, price, rounded: onStep(known.value, tick) ? null : price, problem: null };
}

/** A limit price as it was typed: more than 1 % beyond the market on the bad side is warned of, more than 5 % is a problem. Without
 * a ticker (an order that waits meets no market yet) only its form is looked at. */
export function limitPrice(typed: string, side: Side, ticker: Ticker | null, tick: Dec): Priced {
  const known = typedPrice("price", typed, tick);
  const market = meets(side, ticker);
  if (!known.price || !market || sign(market) === 0) return known;
  const off = div(side === "Buy" ? sub(known.price, market) : sub(market, known.price), market, DIVISION_PLACES);
  if (cmp(off, BLOCK_AT) <= 0) return { ...known, off, warns: cmp(off, WARN_AT) > 0 };
  const reach = side === "Buy" ? add(ONE, BLOCK_AT) : sub(ONE, BLOCK_AT);
  return { ...known, off, problem: { on: "price", code: "far-off", limit: snap(mul(market, reach), tick, side === "Buy" ? "down" : "up") } };
}

/** Whether it would trade at once. */
export function crosses({ off }: Priced): boolean {
  return off !== null && sign(off) >= 0;
}

/** A trigger price as it was typed; `direction` is 1 when the watched price has to rise to it, 2 when it has to fall. */
export function triggerPrice(typed: string, by: TriggerBy, ticker: Ticker | null, tick: Dec): Priced & { direction: 1 | 2 | null } {
  const known = typedPrice("trigger", typed, tick);
  const now = watched(by, ticker);
  if (!known.price) return { ...known, direction: null };
  if (!now) return { ...known, direction: null, problem: { on: "trigger", code: "no-price" } };
  const way = cmp(known.price, now);
  if (way === 0) return { ...known, direction: null, problem: { on: "trigger", code: "is-now" } };
  return { ...known, direction: way > 0 ? 1 : 2 };
}

/** The step of a size in the quote coin, or in the market's own; where Bybit tells none of the former it is the latter's. */
export function sizeStep(instrument: Instrument, inQuote: boolean): string {
  return (inQuote ? instrument.quote_step : null) ?? instrument.qty_step;
}

/** A size outside of what the market takes. */
export function bounds(qty: Dec, { min_qty, max_qty, max_market_qty }: Instrument, type: OrderType): Problem | null {
  const least = read(min_qty);
  const most = read(type === "Market" ? (max_market_qty ?? max_qty) : max_qty);
  if (least && cmp(qty, least) < 0) return { on: "size", code: "below-min", limit: least };
  if (most && sign(most) > 0 && cmp(qty, most) > 0) return { on: "size", code: "above-max", limit: most };
  return null;
}

/** A size that is worth too little at its price. An order that only reduces has no least worth. */
export function worth(qty: Dec, price: Dec | null, { min_notional }: Instrument): Problem | null {
  const least = read(min_notional) ?? ZERO;
  return price && cmp(mul(qty, price), least) < 0 ? { on: "size", code: "below-notional", limit: least } : null;
}
