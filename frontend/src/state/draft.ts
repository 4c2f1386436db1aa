// A ticket being filled in, and what can be said about it without asking anybody. Pure.

import type { Instrument, OrderType, Position, Side, Ticker, TimeInForce } from "../api/types.ts";
import { add, cmp, type Dec, dec, div, fixed, max, min, mul, neg, onStep, places, read, sign, snap, sub, ZERO } from "../lib/decimal.ts";
import { entry } from "../lib/entry.ts";
import { bounds, crosses, limitPrice, meets, triggerPrice, worth } from "./guards.ts";

export type TriggerBy = "MarkPrice" | "LastPrice" | "IndexPrice";

export interface Draft {
  side: Side;
  /** `Trigger` waits for a price and is then what `then` says. */
  type: OrderType | "Trigger";
  price: string;
  size: string;
  /** `money` and `percent` are what may be lost at the stop: an amount, or a part of the equity. */
  unit: "base" | "quote" | "money" | "percent";
  postOnly: boolean;
  reduceOnly: boolean;
  tif: Exclude<TimeInForce, "PostOnly">;
  trigger: string;
  triggerBy: TriggerBy;
  then: OrderType;
  takeProfit: string;
  stopLoss: string;
  /** How both are typed: as prices, as percent away from the entry, or as what they bring or cost before fees. */
  exitsIn: "price" | "percent" | "money";
  takeBy: TriggerBy;
  stopBy: TriggerBy;
  tpsl: "Full" | "Partial";
  /** In percent; empty for none. */
  slippage: string;
}

export interface Context {
  instrument: Instrument;
  ticker: Ticker | null;
  position: Position | null;
  available: Dec | null;
  /** Of this market, whether a position is open or not; null where nobody told. */
  leverage: Dec | null;
  /** What the server made of a size that is given by risk; null until it has. */
  sized: Dec | null;
}

export type Field = "price" | "size" | "trigger" | "takeProfit" | "stopLoss" | "slippage";
export type Problem =
  | { on: Field; code: "form" | "empty" | "zero" | "no-price" | "nothing-to-reduce" | "wrong-side" | "is-now" | "needs-stop" | "reckoning" | "slippage" }
  | { on: Field; code: "waits-rise" | "waits-fall" }
  | { on: Field; code: "below-min" | "below-notional" | "below-filled" | "above-max" | "far-off"; limit: Dec };
export type Warning = "off-market" | "post-only-crosses" | "margin-short" | "reduces-less" | "no-slippage";

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
  trigger: Dec | null;
  /** 1 when the price has to rise to the trigger, 2 when it has to fall. */
  direction: 1 | 2 | null;
  takeProfit: Dec | null;
  stopLoss: Dec | null;
  /** What both would bring, before fees. */
  profit: Dec | null;
  loss: Dec | null;
}

const ONE = dec("1");
/** Kept back by Max for fees: a taker's 0.055 % twice, and a little. */
const FEE_RESERVE = dec("0.0012");
const DIVISION_PLACES = 18;
const HUNDRED = dec("100");

export function emptyDraft(side: Side, price: string): Draft {
  return {
    side, type: "Limit", price, size: "", unit: "base", postOnly: false, reduceOnly: false, tif: "GTC",
    trigger: "", triggerBy: "MarkPrice", then: "Market",
    takeProfit: "", stopLoss: "", exitsIn: "price", takeBy: "LastPrice", stopBy: "MarkPrice", tpsl: "Full", slippage: "0.5",
  };
}

/** What it is once it is sent, or once its trigger was met. */
export function kindOf(draft: Draft): OrderType {
  return draft.type === "Trigger" ? draft.then : draft.type;
}

export function hasInput(draft: Draft): boolean {
  return draft.size.trim() !== "";
}

function held(position: Position | null): Dec {
  const size = read(position?.size) ?? ZERO;
  return position?.side === "Sell" ? neg(size) : size;
}

function readPrice(draft: Draft, context: Context, out: Figures): void {
  if (kindOf(draft) === "Market") {
    out.price = draft.type === "Trigger" ? out.trigger : meets(draft.side, context.ticker);
    if (draft.type === "Trigger") return;
    if (!out.price) out.problems.push({ on: "price", code: "no-price" });
    return;
  }
  const tick = read(context.instrument.tick_size) ?? ZERO;
  const typed = limitPrice(draft.price, draft.side, draft.type === "Trigger" ? null : context.ticker, tick);
  out.price = typed.price;
  out.roundedPrice = typed.rounded;
  if (typed.problem) out.problems.push(typed.problem);
  if (typed.warns) out.warnings.push("off-market");
  if (draft.postOnly && crosses(typed)) out.warnings.push("post-only-crosses");
}

function readSize(draft: Draft, context: Context, out: Figures): void {
  const typed = entry(draft.size);
  if (typed.kind !== "ok") {
    out.problems.push({ on: "size", code: typed.kind === "bad" ? "form" : "empty" });
    return;
  }
  const step = read(context.instrument.qty_step) ?? ZERO;
  if (byRisk(draft)) {
    out.qty = context.sized;
    if (!out.stopLoss) out.problems.push({ on: "size", code: "needs-stop" });
    else if (!out.qty) out.problems.push({ on: "size", code: "reckoning" });
  } else if (draft.unit === "quote") {
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
  const problem = bounds(qty, context.instrument, kindOf(draft)) ?? (draft.reduceOnly ? null : worth(qty, price, context.instrument));
  if (problem) out.problems.push(problem);
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

export function byRisk(draft: Draft): boolean {
  return draft.unit === "money" || draft.unit === "percent";
}

function readTrigger(draft: Draft, context: Context, out: Figures): void {
  if (draft.type !== "Trigger") return;
  const tick = read(context.instrument.tick_size) ?? ZERO;
  const typed = triggerPrice(draft.trigger, draft.triggerBy, context.ticker, tick);
  out.trigger = typed.price;
  out.direction = typed.direction;
  if (typed.problem) out.problems.push(typed.problem);
}

/** A price away from the entry, towards profit or towards loss: by percent, or by an amount on the whole size. Null while it takes a
 * size that is not there. */
function away(draft: Draft, { price: from, qty }: Figures, typed: Dec, field: "takeProfit" | "stopLoss"): Dec | null {
  if (!from || (draft.exitsIn === "money" && (!qty || sign(qty) === 0))) return null;
  const part = draft.exitsIn === "money" && qty ? div(typed, qty, DIVISION_PLACES) : div(mul(from, typed), HUNDRED, DIVISION_PLACES);
  const up = (draft.side === "Buy") === (field === "takeProfit");
  return up ? add(from, part) : sub(from, part);
}

function readExit(field: "takeProfit" | "stopLoss", draft: Draft, context: Context, out: Figures): void {
  if (draft.reduceOnly || draft[field].trim() === "") return;
  const typed = entry(draft[field]);
  if (typed.kind !== "ok") {
    out.problems.push({ on: field, code: "form" });
    return;
  }
  const tick = read(context.instrument.tick_size) ?? ZERO;
  const exact = draft.exitsIn === "price" ? typed.value : away(draft, out, typed.value, field);
  if (!exact) return;
  const price = snap(exact, tick, "half");
  if (sign(price) <= 0) {
    out.problems.push({ on: field, code: "zero" });
    return;
  }
  out[field] = price;
  if (!out.price) return;
  const gains = (draft.side === "Buy") === cmp(price, out.price) > 0;
  if (gains !== (field === "takeProfit") || cmp(price, out.price) === 0) out.problems.push({ on: field, code: "wrong-side" });
}

/** What closing `qty` at `at` would bring, before fees. */
export function gain(side: Side, entryPrice: Dec, at: Dec, qty: Dec): Dec {
  const gained = mul(sub(at, entryPrice), qty);
  return side === "Buy" ? gained : neg(gained);
}

function readSlippage(draft: Draft, out: Figures): void {
  if (draft.type !== "Market" || draft.slippage.trim() === "") return;
  const typed = entry(draft.slippage);
  const fits = typed.kind === "ok" && cmp(typed.value, dec("0.01")) >= 0 && cmp(typed.value, dec("10")) <= 0 && onStep(typed.value, dec("0.01"));
  if (!fits) out.problems.push({ on: "slippage", code: "slippage" });
  else if (out.takeProfit || out.stopLoss) out.warnings.push("no-slippage");
}

export function figures(draft: Draft, context: Context): Figures {
  const { leverage } = context;
  const out: Figures = {
    price: null, qty: null, value: null, margin: null, leverage, after: null,
    problems: [], warnings: [], roundedPrice: null, roundedSize: null,
    trigger: null, direction: null, takeProfit: null, stopLoss: null, profit: null, loss: null,
  };
  readTrigger(draft, context, out);
  readPrice(draft, context, out);
  // A size by risk follows from the stop; an exit by amount from the size.
  const bySize = !byRisk(draft);
  if (bySize) readSize(draft, context, out);
  readExit("takeProfit", draft, context, out);
  readExit("stopLoss", draft, context, out);
  if (!bySize) readSize(draft, context, out);
  readSlippage(draft, out);
  checkSize(draft, context, out);
  consequences(draft, context, out);
  if (out.price && out.qty && out.takeProfit) out.profit = gain(draft.side, out.price, out.takeProfit, out.qty);
  if (out.price && out.qty && out.stopLoss) out.loss = gain(draft.side, out.price, out.stopLoss, out.qty);
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
  const limit = read(kindOf(draft) === "Market" ? context.instrument.max_market_qty : context.instrument.max_qty);
  const qty = snap(div(value, price, DIVISION_PLACES), step);
  return asTyped(limit && sign(limit) > 0 ? min(qty, snap(limit, step)) : qty, draft, price, step);
}

function asTyped(qty: Dec, draft: Draft, price: Dec | null, step: Dec): string {
  if (draft.unit === "quote" && price) return fixed(mul(qty, price), 2, "up");
  return fixed(qty, places(step), "down");
}

function startOf(field: "price" | "trigger" | "size", known: Figures, draft: Draft, context: Context): Dec {
  if (field === "size") return known.qty ?? ZERO;
  const typed = field === "price" ? known.price : known.trigger;
  return typed ?? meets(draft.side, context.ticker) ?? ZERO;
}

/** The field after one press of + or −; `times` is 10 with Shift. */
export function stepped(field: "price" | "trigger" | "size", draft: Draft, context: Context, up: boolean, times: string): string {
  const known = figures(draft, context);
  const unit = read(field === "size" ? context.instrument.qty_step : context.instrument.tick_size) ?? ONE;
  const move = mul(unit, dec(times));
  const next = max(add(snap(startOf(field, known, draft, context), unit), up ? move : neg(move)), field === "size" ? ZERO : unit);
  return field === "size" ? asTyped(next, draft, known.price, unit) : fixed(next, places(unit));
}
