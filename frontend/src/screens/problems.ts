// What is wrong with a price or a size, and how it was rounded, in words.

import type { Side } from "../api/types.ts";
import type { Dec } from "../lib/decimal.ts";
import { number } from "../lib/format.ts";
import type { Problem } from "../state/draft.ts";
import { tt } from "../strings-ticket.ts";

/** `step` is that of the field: the tick of a price, the step of a size; the coins are what is bought and what it is paid in. */
export function problemText(problem: Problem, side: Side, step: string | null, [base, quote]: readonly [string, string]): string {
  const limit = "limit" in problem ? number(problem.limit, problem.code === "below-notional" ? null : step) : "";
  if (problem.code === "far-off" && side === "Sell") return tt.problemLow(limit);
  return tt.problem(problem, problem.code === "below-notional" ? `${limit} ${quote}` : limit, base);
}

export function roundedText(rounded: Dec | null, step: string | null): string | null {
  return rounded && tt.rounded(number(rounded, step), number(step));
}
