// A ticket being filled in, and what can be said about it without asking anybody. Pure.

import type { Instrument, NewOrder, OrderType, Position, Side, Ticker, TimeInForce } from "../api/types.ts";
import { add, cmp, type Dec, dec, div, fixed, max, min, mul, neg, onStep, places, read, sign, snap, sub, text, ZERO } from "../lib/decimal.ts";
import { entry } from "../lib/entry.ts";

export interface Draft {
  side: Side;
  type: OrderType;
  price: string;
  size: string;
  unit: "base" | "quote";
  postOnly: boolean;
  reduceOnly: boolean;
  tif: Exclude<TimeInForce, "PostOnly">;
}

export interface Context {
  instrument: Instrument;
  ticker: Ticker | null;
  position: Position | null;
  available: Dec | null;
}

export type Problem =
  | { on: "price" | "size"; code: "form" | "empty" | "zero" | "no-price" | "nothing-to-reduce" }
  | { on: "price" | "size"; code: "below-min" | "below-notional" | "above-max" | "far-off"; limit: Dec };
export type Warning = "off-market" | "post-only-crosses" | "margin-short" | "reduces-less";

export interface Figures {
  price: Dec | null;
  qty: Dec | null;
  value: Dec | null;
  margin: Dec | null;
  leverage: Dec | null;
  /** The position that a complete fill would leave, short ones negative. */
  after: Dec | null;
  problems: Problem[];
  warnings: Warning[];
  /** Set when what was typed lies between two steps. */
  roundedPrice: Dec | null;
  roundedSize: Dec | null;
}

const WARN_AT = dec("0.01");
const BLOCK_AT = dec("0.05");
const ONE = dec("1");
/** Kept back by Max for fees: a taker's 0.055 % twice, and a little. */
const FEE_RESERVE = dec("0.0012");
const DIVISION_PLACES = 18;

export function emptyDraft(side: Side, price: string): Draft {
  return { side, type: "Limit", price, size: "", unit: "base", postOnly: false, reduceOnly: false, tif: "GTC" };
}

export function hasInput(draft: Draft): boolean {
  return draft.size.trim() !== "";
}

/** The price that this side would meet now. */
export function meets(side: Side, ticker: Ticker | null): Dec | null {
  if (!ticker) return null;
  return read(side === "Buy" ? ticker.ask : ticker.bid) ?? read(ticker.last);
}

function held(position: Position | null): Dec {
  const size = read(position?.size) ?? ZERO;
  return position?.side === "Sell" ? neg(size) : size;
}

/** How far the price lies on the bad side of the market, as a ratio; below zero on the good side. */
function offMarket(draft: Draft, price: Dec, market: Dec): Dec {
  const away = draft.side === "Buy" ? sub(price, market) : sub(market, price);
  return div(away, market, DIVISION_PLACES);
}

function readPrice(draft: Draft, context: Context, out: Figures): void {
  if (draft.type === "Market") {
    out.price = meets(draft.side, context.ticker);
    if (!out.price) out.problems.push({ on: "price", code: "no-price" });
    return;
  }
  const typed = entry(draft.price);
  if (typed.kind !== "ok") {
    out.problems.push({ on: "price", code: typed.kind === "bad" ? "form" : "empty" });
    return;
  }
  const tick = read(context.instrument.tick_size) ?? ZERO;
  const price = snap(typed.value, tick, "half");
  if (sign(price) === 0) {
    out.problems.push({ on: "price", code: "zero" });
    return;
  }
  out.price = price;
  if (!onStep(typed.value, tick)) out.roundedPrice = price;
  const market = meets(draft.side, context.ticker);
  if (!market || sign(market) === 0) return;
  const off = offMarket(draft, price, market);
  const reach = draft.side === "Buy" ? add(ONE, BLOCK_AT) : sub(ONE, BLOCK_AT);
  if (cmp(off, BLOCK_AT) > 0) out.problems.push({ on: "price", code: "far-off", limit: snap(mul(market, reach), tick) });
  else if (cmp(off, WARN_AT) > 0) out.warnings.push("off-market");
  if (draft.postOnly && sign(off) >= 0) out.warnings.push("post-only-crosses");
}

function readSize(draft: Draft, context: Context, out: Figures): void {
  const typed = entry(draft.size);
  if (typed.kind !== "ok") {
    out.problems.push({ on: "size", code: typed.kind === "bad" ? "form" : "empty" });
    return;
  }
  const step = read(context.instrument.qty_step) ?? ZERO;
  if (draft.unit === "quote") {
    if (!out.price || sign(out.price) === 0) return;
    out.qty = snap(div(typed.value, out.price, DIVISION_PLACES), step);
  } else {
    out.qty = snap(typed.value, step);
    if (!onStep(typed.value, step)) out.roundedSize = out.qty;
  }
}

function checkSize(draft: Draft, context: Context, out: Figures): void {
  const { qty, price } = out;
  if (!qty) return;
  const { min_qty, max_qty, max_market_qty, min_notional } = context.instrument;
  const least = read(min_qty);
  const most = read(draft.type === "Market" ? (max_market_qty ?? max_qty) : max_qty);
  if (least && cmp(qty, least) < 0) out.problems.push({ on: "size", code: "below-min", limit: least });
  else if (most && sign(most) > 0 && cmp(qty, most) > 0) out.problems.push({ on: "size", code: "above-max", limit: most });
  else if (price) {
    const worth = read(min_notional);
    if (worth && !draft.reduceOnly && cmp(mul(qty, price), worth) < 0)
      out.problems.push({ on: "size", code: "below-notional", limit: worth });
  }
}

function consequences(draft: Draft, context: Context, out: Figures): void {
  const { qty, price } = out;
  const before = held(context.position);
  if (draft.reduceOnly) {
    const opposite = draft.side === "Buy" ? sign(before) < 0 : sign(before) > 0;
    if (!opposite) out.problems.push({ on: "size", code: "nothing-to-reduce" });
  }
  if (!qty) return;
  const size = read(context.position?.size) ?? ZERO;
  const filled = draft.reduceOnly ? min(qty, size) : qty;
  if (draft.reduceOnly && cmp(qty, size) > 0) out.warnings.push("reduces-less");
  out.after = add(before, draft.side === "Buy" ? filled : neg(filled));
  if (!price) return;
  out.value = mul(qty, price);
  if (out.leverage && sign(out.leverage) > 0 && !draft.reduceOnly) out.margin = div(out.value, out.leverage, 8, "up");
  const needed = out.margin;
  const closes = sign(before) !== 0 && (draft.side === "Buy") === sign(before) < 0;
  if (needed && context.available && !closes && cmp(needed, context.available) > 0) out.warnings.push("margin-short");
}

export function figures(draft: Draft, context: Context): Figures {
  const leverage = read(context.position?.leverage);
  const out: Figures = {
    price: null, qty: null, value: null, margin: null, leverage, after: null,
    problems: [], warnings: [], roundedPrice: null, roundedSize: null,
  };
  readPrice(draft, context, out);
  readSize(draft, context, out);
  checkSize(draft, context, out);
  consequences(draft, context, out);
  return out;
}

/** The size field after 25, 50, 75 or 100 %: of the position when reducing, else of what is available. */
export function share(percent: string, draft: Draft, context: Context): string | null {
  const part = div(dec(percent), dec("100"), 2);
  const step = read(context.instrument.qty_step) ?? ZERO;
  const { price, leverage } = figures({ ...draft, size: "" }, context);
  if (draft.reduceOnly) {
    const size = read(context.position?.size);
    return size ? asTyped(snap(mul(size, part), step), draft, price, step) : null;
  }
  if (!context.available || !price || sign(price) === 0) return null;
  const times = leverage && sign(leverage) > 0 ? leverage : ONE;
  // One unit of value binds 1 / leverage of margin and the reserve for fees.
  const bound = add(div(ONE, times, DIVISION_PLACES, "up"), FEE_RESERVE);
  const value = div(mul(max(context.available, ZERO), part), bound, 8);
  const limit = read(draft.type === "Market" ? context.instrument.max_market_qty : context.instrument.max_qty);
  const qty = snap(div(value, price, DIVISION_PLACES), step);
  return asTyped(limit && sign(limit) > 0 ? min(qty, snap(limit, step)) : qty, draft, price, step);
}

function asTyped(qty: Dec, draft: Draft, price: Dec | null, step: Dec): string {
  if (draft.unit === "quote" && price) return fixed(mul(qty, price), 2, "up");
  return fixed(qty, places(step), "down");
}

/** The field after one press of + or −; `times` is 10 with Shift. */
export function stepped(field: "price" | "size", draft: Draft, context: Context, up: boolean, times: string): string {
  const { price, qty } = figures(draft, context);
  const unit = read(field === "price" ? context.instrument.tick_size : context.instrument.qty_step) ?? ONE;
  const start = field === "price" ? (price ?? meets(draft.side, context.ticker) ?? ZERO) : (qty ?? ZERO);
  const move = mul(unit, dec(times));
  const next = max(add(snap(start, unit), up ? move : neg(move)), field === "price" ? unit : ZERO);
  return field === "price" ? fixed(next, places(unit)) : asTyped(next, draft, price, unit);
}

export function toOrder(id: string, account: string, symbol: string, draft: Draft, known: Figures): NewOrder | null {
  if (!known.qty || known.problems.length) return null;
  const limit = draft.type === "Limit";
  if (limit && !known.price) return null;
  return {
    id, account, category: "linear", symbol,
    side: draft.side, order_type: draft.type,
    qty: text(known.qty),
    price: limit && known.price ? text(known.price) : null,
    time_in_force: limit ? (draft.postOnly ? "PostOnly" : draft.tif) : "IOC",
    reduce_only: draft.reduceOnly,
    position_idx: 0,
  };
}
