// A take-profit or a stop-loss as it is typed, and whether it can be one.

import type { Position } from "../../api/types.ts";
import { cmp, type Dec, read, sign, snap, ZERO } from "../../lib/decimal.ts";
import { entry } from "../../lib/entry.ts";
import { markOf } from "../../state/derive.ts";
import type { TriggerBy } from "../../state/draft.ts";
import { watched } from "../../state/guards.ts";
import { ticker } from "../../state/store.ts";
import { ta } from "../../strings-actions.ts";
import { tt } from "../../strings-ticket.ts";

export type Leg = "take_profit" | "stop_loss";
export const LEGS: readonly Leg[] = ["take_profit", "stop_loss"];

export interface Typed {
  text: string;
  by: TriggerBy;
}

export function isSet(value: string | null): value is string {
  return sign(read(value) ?? ZERO) > 0;
}

/** What is typed for a leg: a price on the tick, nothing, or what cannot be, beside the price that it watches. */
export function reading(leg: Leg, { text: typed, by }: Typed, position: Position, unit: Dec): { price: Dec | null; problem: string | null } {
  const known = entry(typed);
  if (known.kind === "empty") return { price: null, problem: null };
  if (known.kind === "bad") return { price: null, problem: tt.problem({ on: "price", code: "form" }, "", "") };
  const price = snap(known.value, unit, "half");
  const now = watched(by, ticker(position.symbol).value) ?? (by === "MarkPrice" ? read(markOf(position)) : null);
  const above = (leg === "take_profit") === (position.side === "Buy");
  if (sign(price) <= 0) return { price: null, problem: tt.problem({ on: "price", code: "zero" }, "", "") };
  if (now && cmp(price, now) !== (above ? 1 : -1)) return { price, problem: ta.wrongSide(above, tt.by[by]) };
  const liq = read(position.liq_price);
  const late = leg === "stop_loss" && liq && sign(liq) > 0 && cmp(price, liq) !== (position.side === "Buy" ? 1 : -1);
  return { price, problem: late ? ta.beyondLiq : null };
}

/** A leg's name as people read it. */
export const nameOf = (leg: Leg) => (leg === "take_profit" ? ta.takeProfit : ta.stopLoss);
