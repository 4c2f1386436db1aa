// What is wrong with a price or a size, and how it was rounded, in words.

import type { Instrument, Side } from "../api/types.ts";
import type { Dec } from "../lib/decimal.ts";
import { baseOf, number, quoteOf } from "../lib/format.ts";
import type { Problem } from "../state/draft.ts";
import { tt } from "../strings-ticket.ts";

/** `step` is that of the field: the tick of a price, the step of a size. */
export function problemText(problem: Problem, side: Side, step: string | null, symbol: Instrument["symbol"]): string {
  const limit = "limit" in problem ? number(problem.limit, problem.code === "below-notional" ? null : step) : "";
  if (problem.code === "far-off" && side === "Sell") return tt.problemLow(limit);
  return tt.problem(problem, problem.code === "below-notional" ? `${limit} ${quoteOf(symbol)}` : limit, baseOf(symbol));
}

export function roundedText(rounded: Dec | null, step: string | null): string | null {
  return rounded && tt.rounded(number(rounded, step), number(step));
}
