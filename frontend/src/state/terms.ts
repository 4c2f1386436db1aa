// A filled-in ticket as the server wants it: to be looked at, or to be sent. Pure.

import type { NewOrder, PreviewRequest } from "../api/types.ts";
import { text } from "../lib/decimal.ts";
import { entered } from "../lib/entry.ts";
import { byRisk, type Draft, emptyDraft, type Figures, kindOf } from "./draft.ts";
import { type Place, sideIndex } from "./place.ts";

function exits(draft: Draft, known: Figures) {
  const { takeProfit, stopLoss } = known;
  if (!takeProfit && !stopLoss) return {};
  return {
    tpsl_mode: draft.tpsl,
    ...(takeProfit ? { take_profit: text(takeProfit), tp_trigger_by: draft.takeBy } : {}),
    ...(stopLoss ? { stop_loss: text(stopLoss), sl_trigger_by: draft.stopBy } : {}),
  };
}

function slippage(draft: Draft, known: Figures) {
  const typed = entered(draft.slippage);
  if (draft.type !== "Market" || !typed || known.takeProfit || known.stopLoss) return {};
  return { slippage_tolerance_type: "Percent" as const, slippage_tolerance: text(typed) };
}

function terms(place: Place, draft: Draft, known: Figures): Omit<NewOrder, "id" | "qty"> | null {
  const limit = kindOf(draft) === "Limit";
  if ((limit && !known.price) || (draft.type === "Trigger" && !known.trigger)) return null;
  return {
    account: place.account, category: "linear", symbol: place.symbol,
    side: draft.side, order_type: kindOf(draft),
    price: limit && known.price ? text(known.price) : null,
    time_in_force: limit ? (draft.postOnly ? "PostOnly" : draft.tif) : "IOC",
    reduce_only: draft.reduceOnly,
    position_idx: sideIndex(place.hedge, draft.side, draft.reduceOnly),
    ...(draft.type === "Trigger" && known.trigger ? { trigger_price: text(known.trigger), trigger_by: draft.triggerBy, trigger_direction: known.direction } : {}),
    ...exits(draft, known),
    ...slippage(draft, known),
  };
}

/** The ticket that would make just this order: its size is what it is, and its exits are prices. */
export function draftOfOrder(order: NewOrder): Draft {
  const waits = Boolean(order.trigger_price);
  return {
    ...emptyDraft(order.side, order.price ?? ""),
    type: waits ? "Trigger" : order.order_type,
    then: order.order_type,
    size: order.qty,
    unit: order.market_unit === "quoteCoin" ? "quote" : "base",
    postOnly: order.time_in_force === "PostOnly",
    reduceOnly: order.reduce_only,
    tif: order.time_in_force === "PostOnly" || order.order_type === "Market" ? "GTC" : order.time_in_force,
    trigger: order.trigger_price ?? "",
    triggerBy: order.trigger_by ?? "MarkPrice",
    takeProfit: order.take_profit ?? "",
    stopLoss: order.stop_loss ?? "",
    takeBy: order.tp_trigger_by ?? "LastPrice",
    stopBy: order.sl_trigger_by ?? "MarkPrice",
    tpsl: order.tpsl_mode ?? "Full",
    slippage: order.order_type === "Market" && !waits ? (order.slippage_tolerance ?? "") : "0.5",
  };
}

export function toOrder(id: string, place: Place, draft: Draft, known: Figures): NewOrder | null {
  if (!known.qty || known.problems.length) return null;
  const made = terms(place, draft, known);
  return made && { id, qty: text(known.qty), ...made };
}

/** What may be asked of the server before anything is sent; null while there is nothing to look at. */
export function toPreview(place: Place, draft: Draft, known: Figures): PreviewRequest | null {
  const open = known.problems.filter((problem) => problem.code !== "reckoning" && problem.code !== "far-off");
  if (open.length) return null;
  const made = terms(place, draft, known);
  if (!made) return null;
  if (!byRisk(draft)) return known.qty && { ...made, qty: text(known.qty) };
  const amount = entered(draft.size);
  return amount && { ...made, size: { by: draft.unit === "money" ? "risk" : "risk_percent", amount: text(amount) } };
}
