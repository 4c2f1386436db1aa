// What became of an attempt, in one word. "Filled" is said only by the stream, or by the server's record when asked.

import type { Order } from "../api/types.ts";
import { add, cmp, max, mul, read, sub, text, ZERO } from "../lib/decimal.ts";
import { marketOf } from "../lib/market.ts";
import type { Attempt } from "./attempts.ts";
import { byValue, step } from "./derive.ts";
import { fills, orders } from "./store.ts";

export type Outcome = "sending" | "unknown" | "accepted" | "working" | "partly" | "filled" | "cancelled" | "rejected" | "refused" | "not-placed";

/** Executions heard once each, and the order's own count: the larger is the truth so far. */
export function filledSoFar(order: Order | undefined, id: string): string {
  let heard = ZERO;
  for (const fill of fills.value.get(id)?.values() ?? []) heard = add(heard, read(fill.qty) ?? ZERO);
  return text(max(heard, read(order?.filled_qty) ?? ZERO));
}

/** Bybit cancels what is left of an order by value even where that buys no further step: then all of it was carried out. It may say so;
 * where it does not, the market's step tells. */
export function spent(order: Order): boolean {
  const [qty, filled, price, unit] = [order.qty, order.filled_qty, order.avg_price, step(marketOf(order))].map(read);
  if (!byValue(order) || !qty || !filled || !price) return false;
  if (/ValueZero/.test(order.reject_reason)) return true;
  if (!unit) return false;
  return cmp(sub(qty, mul(filled, price)), mul(unit, price)) < 0;
}

export function outcomeOf(attempt: Attempt): Outcome {
  const heard = orders.value.get(attempt.id);
  const known = attempt.phase === "settled" ? attempt.row : null;
  // An answer may overtake the stream: what is heard of the time before it changes nothing.
  const told = known && (!heard || heard.version < known.version) ? known : heard;
  if (told?.state === "filled") return "filled";
  if (told?.state === "cancelled") return spent(told) ? "filled" : "cancelled";
  if (told?.state === "rejected") return "rejected";
  if (told?.state === "working") return filledSoFar(told, attempt.id) === "0" ? "working" : "partly";
  if (attempt.phase === "settled") return "accepted";
  return attempt.phase;
}

export const OVER: ReadonlySet<Outcome> = new Set(["filled", "cancelled", "rejected", "refused", "not-placed", "working"]);
