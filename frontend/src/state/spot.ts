// A spot ticket: what it would trade, what it spends, and what it would leave of both coins. Pure.

import type { Instrument, NewOrder, PreviewRequest, Ticker } from "../api/types.ts";
import { add, cmp, type Dec, dec, div, max, min, mul, onStep, places, fixed, read, sign, snap, sub, text, ZERO } from "../lib/decimal.ts";
import { entered, entry } from "../lib/entry.ts";
import { type Draft, type Figures, figures, kindOf, stepped } from "./draft.ts";
import { sizeStep } from "./guards.ts";

/** What an account has of a coin; null where nobody told. */
export interface Purse {
  balance: Dec | null;
  available: Dec | null;
}

export interface SpotContext {
  instrument: Instrument;
  ticker: Ticker | null;
  base: Purse;
  quote: Purse;
}

/** `qty` is in the base coin and what is hoped for where the order goes by value; `amount` is what is sent as its size. */
export interface SpotFigures extends Figures {
  inQuote: boolean;
  amount: Dec | null;
  /** In the coin that this side spends. */
  spends: Dec | null;
  /** That coin's purse does not hold it: now, or, of an order that waits and binds nothing yet, at the moment. */
  short: "now" | "later" | null;
}

const ONE = dec("1");
const HUNDRED = dec("100");
const DIVISION_PLACES = 18;
/** A market order by size may meet worse prices than the best: so much of what is available Max leaves where no limit is set. */
const SLIP = dec("1");

/** Bybit takes a market order's size in either coin; all others are in the base coin, and an amount that is typed is turned into it. */
export function inQuote(draft: Draft): boolean {
  return draft.unit === "quote" && kindOf(draft) === "Market";
}

export function spent(draft: Draft, at: SpotContext): Purse {
  return draft.side === "Buy" ? at.quote : at.base;
}

/** Nothing is borrowed and nothing reduced, and spot's triggers watch the last price. */
function plain(draft: Draft): Draft {
  return { ...draft, reduceOnly: false, takeProfit: "", stopLoss: "", triggerBy: "LastPrice" };
}

function alone({ instrument, ticker }: SpotContext) {
  return { instrument, ticker, position: null, available: null, leverage: null, sized: null };
}

/** A size that is an amount of the quote coin, with rules of its own. */
function readAmount(draft: Draft, { instrument }: SpotContext, out: SpotFigures): void {
  const typed = entry(draft.size);
  out.problems = out.problems.filter((problem) => problem.on !== "size");
  out.qty = out.value = null;
  if (typed.kind !== "ok") {
    out.problems.push({ on: "size", code: typed.kind === "bad" ? "form" : "empty" });
    return;
  }
  const unit = read(sizeStep(instrument, true)) ?? ZERO;
  const step = read(instrument.qty_step) ?? ZERO;
  out.amount = out.value = snap(typed.value, unit);
  if (!onStep(typed.value, unit)) out.roundedSize = out.amount;
  if (out.price && sign(out.price) > 0) out.qty = snap(div(out.amount, out.price, DIVISION_PLACES), step);
  const [least, most] = [read(instrument.min_notional) ?? unit, read(instrument.max_market_qty)];
  if (cmp(out.amount, least) < 0) out.problems.push({ on: "size", code: "below-notional", limit: least });
  else if (most && sign(most) > 0 && out.qty && cmp(out.qty, most) > 0) out.problems.push({ on: "size", code: "above-max", limit: most });
}

function spending(draft: Draft, { value, qty, amount, price }: SpotFigures): Dec | null {
  if (draft.side === "Buy") return value;
  return amount && price && sign(price) > 0 && inQuote(draft) ? div(amount, price, DIVISION_PLACES, "up") : qty;
}

export function spotFigures(draft: Draft, at: SpotContext): SpotFigures {
  const out: SpotFigures = { ...figures(plain(draft), alone(at)), inQuote: inQuote(draft), amount: null, spends: null, short: null, after: null };
  if (out.inQuote) readAmount(draft, at, out);
  else out.amount = out.qty;
  out.spends = spending(draft, out);
  const { available } = spent(draft, at);
  // A waiting order binds its coins only when it fires.
  if (available && out.spends && cmp(out.spends, available) > 0) out.short = draft.type === "Trigger" ? "later" : "now";
  return out;
}

/** How much of the price Max keeps back, in percent: a market order by size pays what it meets. */
function reserve(draft: Draft): Dec {
  if (kindOf(draft) === "Limit") return ZERO;
  return (draft.type === "Market" ? entered(draft.slippage) : null) ?? SLIP;
}

/** The size field after 25, 50, 75 or 100 % of what this side may spend, always rounded down. Fees need no part of it: spot's are
 * taken from what is received. */
export function spotShare(percent: string, draft: Draft, at: SpotContext): string | null {
  const { available } = spent(draft, at);
  const { price } = spotFigures({ ...draft, size: "" }, at);
  if (!available) return null;
  const part = div(mul(available, dec(percent)), HUNDRED, DIVISION_PLACES);
  const { instrument } = at;
  const step = read(instrument.qty_step) ?? ZERO;
  const most = read(kindOf(draft) === "Market" ? (instrument.max_market_qty ?? instrument.max_qty) : instrument.max_qty);
  const buys = draft.side === "Buy";
  const slip = div(reserve(draft), HUNDRED, DIVISION_PLACES);
  if (inQuote(draft)) {
    if (!buys && !price) return null;
    const worth = buys || !price ? part : mul(mul(part, price), max(sub(ONE, slip), ZERO));
    const bound = most && price && sign(most) > 0 ? min(worth, mul(most, price)) : worth;
    return text(snap(bound, read(sizeStep(instrument, true)) ?? step));
  }
  if (!price || sign(price) === 0) return buys || draft.unit === "quote" ? null : fixed(snap(part, step), places(step), "down");
  const exact = buys ? div(part, mul(price, add(ONE, slip)), DIVISION_PLACES) : part;
  const qty = snap(most && sign(most) > 0 ? min(exact, most) : exact, step);
  return draft.unit === "quote" ? text(mul(qty, price)) : fixed(qty, places(step), "down");
}

/** The field after one press of + or −: one step, or of an amount that is typed one whole coin of it. */
export function spotStepped(field: "price" | "trigger" | "size", draft: Draft, at: SpotContext, up: boolean, times: string): string {
  if (field !== "size" || draft.unit !== "quote") return stepped(field, plain(draft), alone(at), up, times);
  const typed = entered(draft.size) ?? ZERO;
  return text(max(up ? add(typed, dec(times)) : sub(typed, dec(times)), ZERO));
}

/** What a complete fill would leave, with the fee taken from the coin that comes in; null where a part of it is not known. */
export function left(draft: Draft, at: SpotContext, { qty, value }: SpotFigures, rate: Dec | null): { base: Dec | null; quote: Dec | null; fee: Dec | null } {
  const buys = draft.side === "Buy";
  const gets = buys ? qty : value;
  const fee = rate && gets && mul(gets, rate);
  const [base, quote] = [at.base.balance, at.quote.balance];
  if (!qty || !value) return { base: null, quote: null, fee: null };
  if (buys) return { base: base && fee && sub(add(base, qty), fee), quote: quote && sub(quote, value), fee };
  return { base: base && sub(base, qty), quote: quote && fee && sub(add(quote, value), fee), fee };
}

export interface SpotPlace {
  account: string;
  symbol: string;
}

function terms(place: SpotPlace, draft: Draft, known: SpotFigures): Omit<NewOrder, "id"> | null {
  const limit = kindOf(draft) === "Limit";
  const slippage = entered(draft.slippage);
  if (!known.amount || (limit && !known.price) || (draft.type === "Trigger" && !known.trigger)) return null;
  return {
    account: place.account, category: "spot", symbol: place.symbol,
    side: draft.side, order_type: kindOf(draft), qty: text(known.amount),
    price: limit && known.price ? text(known.price) : null,
    time_in_force: limit ? (draft.postOnly ? "PostOnly" : draft.tif) : "IOC",
    reduce_only: false, position_idx: 0,
    ...(limit ? {} : { market_unit: known.inQuote ? ("quoteCoin" as const) : ("baseCoin" as const) }),
    ...(draft.type === "Trigger" && known.trigger ? { trigger_price: text(known.trigger), order_filter: "StopOrder" as const } : {}),
    ...(draft.type === "Market" && slippage ? { slippage_tolerance_type: "Percent" as const, slippage_tolerance: text(slippage) } : {}),
  };
}

export function toSpotOrder(id: string, place: SpotPlace, draft: Draft, known: SpotFigures): NewOrder | null {
  if (known.problems.length || known.short === "now") return null;
  const made = terms(place, draft, known);
  return made && { id, ...made };
}

/** What may be asked of the server before anything is sent; null while there is nothing to look at. */
export function toSpotPreview(place: SpotPlace, draft: Draft, known: SpotFigures): PreviewRequest | null {
  return known.problems.some((problem) => problem.code !== "far-off") ? null : terms(place, draft, known);
}
