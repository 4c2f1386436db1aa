// The server's and Bybit's noes, in words: the cause first, the code after it.

import type { Refused } from "../api/client.ts";
import type { Order } from "../api/types.ts";
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

export function rejection(order: Order | null | undefined): Cause {
  const code = order?.reject_code ?? "";
  const message = order?.reject_message ?? "";
  const known: Record<string, string> = tt.bybit;
  // Verdicts of Tradepost's own are whole sentences and need no code.
  const own = /^[a-z_]+$/.test(code);
  const title = known[code] ?? (!message ? tt.bybitOther : own ? message : tt.bybitSaid(message));
  return { title, code: own ? "" : code };
}
