// The server's and Bybit's noes, in words: the cause first, the code after it.

import type { Refused } from "../api/client.ts";
import type { Order } from "../api/types.ts";
import { spent } from "../state/outcome.ts";
import { t } from "../strings.ts";
import { bybitCancelled, causes } from "../strings-causes.ts";
import { tt } from "../strings-ticket.ts";

export interface Cause {
  title: string;
  code: string;
}

export function refusalText(error: Refused | null): Cause {
  if (!error) return { title: tt.refused.other, code: "" };
  const known: Record<string, string> = tt.refused;
  const rule = error.detail["rule"];
  // "refused" says nothing that the sentence does not.
  const code = typeof rule === "string" ? rule : error.code === "refused" ? "" : error.code;
  if (error.status === 429) return { title: tt.refused.busy, code };
  // What Tradepost refuses by a rule it explains itself; the rest has words of ours.
  return { title: known[error.code] ?? (error.message || tt.refused.other), code };
}

/** Verdicts of Tradepost's own that say that Bybit never had the order. */
const NEVER: ReadonlySet<string> = new Set(["never_sent", "never_arrived", "clock"]);

/** How an order stands, or what became of it. One that never reached Bybit was not rejected by it. */
export function standing(order: Order): string {
  if (order.state === "cancelled" && spent(order)) return t.orders.state.filled;
  return order.state === "rejected" && NEVER.has(order.reject_code ?? "") ? tt.notPlaced : t.orders.state[order.state];
}

/** What says no more than that it was asked for, or nothing. */
const PLAIN = /^(|UNKNOWN|CancelByUser|EC_(NoError|PerCancelRequest|OrigClOrdID.*))$/;

/** Why an order was cancelled, if nobody asked for it; else nothing. */
export function cancellation(order: Order): string {
  const codes = order.state === "cancelled" && !spent(order) ? [order.reject_reason, order.cancel_type].filter((code) => !PLAIN.test(code)) : [];
  const known = causes.find(([cause]) => codes.some((code) => cause.test(code)));
  const other = codes.at(-1);
  return known ? known[1] : other ? bybitCancelled(other) : "";
}

export function rejection(order: Order | null | undefined): Cause {
  const code = order?.reject_code ?? "";
  const message = order?.reject_message ?? "";
  const known: Record<string, string> = tt.bybit;
  // Verdicts of Tradepost's own are whole sentences and need no code.
  const own = /^[a-z_]+$/.test(code);
  const title = known[code] ?? (!message ? tt.bybitOther : own ? message : tt.bybitSaid(message));
  return { title, code: own ? "" : code };
}
