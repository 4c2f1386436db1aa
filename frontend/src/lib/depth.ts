// What stands in a book, added up from the best price away. Pure.

import type { Level } from "../api/types.ts";
import { add, div, max, mul, read, sign, text, ZERO, dec } from "./decimal.ts";

export interface Rung {
  price: string;
  size: string;
  /** From the best price to this one. */
  total: string;
  /** Of the larger side's total, in whole percent: a width. */
  share: string;
}

function summed(levels: readonly Level[]) {
  let total = ZERO;
  return levels.map(([price, size]) => {
    total = add(total, read(size) ?? ZERO);
    return { price, size, total };
  });
}

/** The best `count` levels of both sides, best first. */
export function ladder(bids: readonly Level[], asks: readonly Level[], count: number): { bids: Rung[]; asks: Rung[] } {
  const sides = [summed(bids.slice(0, count)), summed(asks.slice(0, count))] as const;
  const most = max(sides[0].at(-1)?.total ?? ZERO, sides[1].at(-1)?.total ?? ZERO);
  const made = (side: ReturnType<typeof summed>) =>
    side.map((row) => ({ ...row, total: text(row.total), share: sign(most) > 0 ? text(div(mul(row.total, dec("100")), most, 0)) : "0" }));
  return { bids: made(sides[0]), asks: made(sides[1]) };
}
