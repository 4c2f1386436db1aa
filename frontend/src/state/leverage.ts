// The leverage of a market where nothing is held: no row of ours has it, the server's look at an order has.

import { useEffect } from "preact/hooks";
import type { Preview, Side } from "../api/types.ts";
import { div, read, sign, text } from "../lib/decimal.ts";
import type { Context } from "./draft.ts";
import { glance } from "./preview.ts";
import { whenLeaving } from "./session.ts";
import { sideIndex } from "./place.ts";
import { type Desk, leverages, placeOf, positionId } from "./ticket.ts";

/** Places that were asked about since signing in. */
const asked = new Set<string>();
whenLeaving(() => asked.clear());

function placeIn(desk: Desk, side: Side, reduces: boolean): string {
  return positionId(desk, sideIndex(placeOf(desk).hedge, side, reduces));
}

/** Takes from a look what its margin says of the leverage. */
export function learn(desk: Desk, side: Side, reduces: boolean, look: Preview): void {
  const [value, margin] = [read(look.value), read(look.margin.value)];
  if (value && margin && sign(margin) > 0) leverages.value = new Map(leverages.peek()).set(placeIn(desk, side, reduces), text(div(value, margin, 2, "half")));
}

/** Asks once, with the smallest size at market, where nobody has told the leverage before a size is typed. */
export function useLeverage(desk: Desk, side: Side, at: Context | null, may: boolean): void {
  const place = placeIn(desk, side, false);
  const qty = at?.instrument.min_qty;
  const wanted = may && at !== null && at.leverage === null;
  useEffect(() => {
    if (!wanted || !qty || asked.has(place) || document.visibilityState === "hidden") return;
    asked.add(place);
    const { account, symbol, hedge } = placeOf(desk);
    void glance({
      account, category: "linear", symbol, side, qty,
      order_type: "Market", time_in_force: "IOC", reduce_only: false, position_idx: sideIndex(hedge, side, false),
    }).then((look) => look && learn(desk, side, false, look));
  }, [wanted, place, qty]);
}
