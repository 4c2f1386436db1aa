// An order being changed, and what can be said about it without asking anybody: the ticket's rules for a price, and those for
// the size that the server has too. Pure.

import type { AmendRequest } from "../api/routes.ts";
import type { Instrument, Order, Ticker } from "../api/types.ts";
import { cmp, dec, type Dec, div, mul, onStep, read, sign, snap, sub, text, ZERO } from "../lib/decimal.ts";
import { entry } from "../lib/entry.ts";
import { waits } from "./derive.ts";
import type { Problem, TriggerBy, Warning } from "./draft.ts";
import { bounds, crosses, limitPrice, meets, sizeStep, triggerPrice, watched, worth } from "./guards.ts";

export type Name = "price" | "trigger_price" | "qty";
export type Typed = Record<Name, string>;

export interface Reading {
  /** On its step; null for what cannot be sent. */
  value: Dec | null;
  rounded: Dec | null;
  problem: Problem | null;
}

export interface Amendment {
  /** In the order in which they are asked for. */
  fields: { name: Name; reading: Reading }[];
  wanted: AmendRequest;
  warnings: Warning[];
  /** Which way the watched price has to go, as it is typed now; null for an order that does not wait. */
  direction: 1 | 2 | null;
  /** The whole order at its price, or at its trigger; null while either cannot be read. */
  value: Dec | null;
  /** Where its price lies from the market's, as a ratio with its sign. */
  away: Dec | null;
}

const RATIO_PLACES = 6;

export function watches(order: Order): TriggerBy {
  return (order.trigger_by as TriggerBy | null | undefined) ?? "LastPrice";
}

function namesOf(order: Order): Name[] {
  return [...(order.order_type === "Limit" ? (["price"] as const) : []), ...(waits(order) && order.trigger_price ? (["trigger_price"] as const) : []), "qty"];
}

function changed(order: Order, name: Name, value: Dec | null): boolean {
  return value !== null && cmp(value, read(order[name]) ?? ZERO) !== 0;
}

/** Bybit keeps the direction that the order was placed with, and refuses a trigger on the other side of the price. */
function readTrigger(order: Order, typed: string, ticker: Ticker | null, tick: Dec): Reading & { direction: 1 | 2 | null } {
  const { price, rounded, problem, direction } = triggerPrice(typed, watches(order), ticker, tick);
  // Getting out is never held up for want of a price: Bybit refuses a trigger on the wrong side.
  if (order.reduce_only && problem?.code === "no-price") return { value: price, rounded, problem: null, direction };
  if (price && !changed(order, "trigger_price", price)) return { value: price, rounded, problem: null, direction };
  const turned = direction && order.trigger_direction && order.trigger_direction !== direction;
  const wrong: Problem = { on: "trigger", code: order.trigger_direction === 1 ? "waits-rise" : "waits-fall" };
  return { value: price, rounded, problem: turned ? wrong : problem, direction };
}

function readQty(order: Order, typed: string, filled: Dec, instrument: Instrument | null): Reading {
  const known = entry(typed);
  if (known.kind !== "ok") return { value: null, rounded: null, problem: { on: "size", code: known.kind === "bad" ? "form" : "empty" } };
  // What is bought by value has its size in the coin that is paid, with a step of its own; the market's bounds are for the other.
  const spends = order.market_unit === "quoteCoin";
  const step = read(instrument && sizeStep(instrument, spends)) ?? ZERO;
  const value = snap(known.value, step);
  const rounded = onStep(known.value, step) ? null : value;
  const asked = changed(order, "qty", value);
  const least: Problem | null = !spends && sign(filled) > 0 && cmp(value, filled) <= 0 ? { on: "size", code: "below-filled", limit: filled } : null;
  const limits = asked && instrument && !spends ? bounds(value, instrument, order.order_type) : null;
  const problem = least ?? limits ?? (spends && sign(value) === 0 ? { on: "size" as const, code: "empty" as const } : null);
  return { value, rounded, problem };
}

/** `filled` is what of it has traded by now. */
export function amendment(order: Order, typed: Typed, filled: Dec, ticker: Ticker | null, instrument: Instrument | null): Amendment {
  const tick = read(instrument?.tick_size) ?? ZERO;
  const waiting = waits(order);
  const limit = limitPrice(typed.price, order.side, waiting ? null : ticker, tick);
  const moved = changed(order, "price", limit.price);
  // How far it would lie from the market cannot be told: new risk is not taken blindly.
  if (moved && !waiting && !order.reduce_only && !limit.problem && limit.off === null) limit.problem = { on: "price", code: "no-price" };
  const trigger = readTrigger(order, typed.trigger_price, ticker, tick);
  const qty = readQty(order, typed.qty, filled, instrument);
  const price = order.order_type === "Limit" ? limit.price : null;
  const spends = order.market_unit === "quoteCoin";
  if (!qty.problem && qty.value && instrument && !order.reduce_only) qty.problem = spends ? worth(qty.value, dec("1"), instrument) : worth(qty.value, price, instrument);
  // What stands in the book already is judged by nobody: only where it is to go.
  const readings = { price: { value: limit.price, rounded: limit.rounded, problem: limit.price && !moved ? null : limit.problem }, trigger_price: trigger, qty };
  const fields = namesOf(order).map((name) => ({ name, reading: readings[name] }));
  const wanted: AmendRequest = {};
  for (const { name, reading } of fields) if (reading.value && changed(order, name, reading.value)) wanted[name] = text(reading.value);
  const warnings: Warning[] = [];
  if (order.order_type === "Limit" && moved && limit.warns) warnings.push("off-market");
  if (order.time_in_force === "PostOnly" && moved && crosses(limit)) warnings.push("post-only-crosses");
  const own = waiting ? trigger.value : limit.price;
  const market = waiting ? watched(watches(order), ticker) : meets(order.side, ticker);
  const worked = price ?? own;
  return {
    fields, wanted, warnings,
    direction: waiting ? trigger.direction : null,
    value: spends ? qty.value : worked && qty.value ? mul(worked, qty.value) : null,
    away: own && market && sign(market) > 0 ? div(sub(own, market), market, RATIO_PLACES, "half") : null,
  };
}
