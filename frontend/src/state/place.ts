// Where an order goes, and which side of a market it is of. Pure.

import type { Side } from "../api/types.ts";

export interface Place {
  account: string;
  symbol: string;
  hedge: boolean;
}

/** Which side of a market an order is of: in hedge mode both may be open, and a reducing order belongs to the other one. */
export function sideIndex(hedge: boolean, side: Side, reduces: boolean): 0 | 1 | 2 {
  if (!hedge) return 0;
  return (side === "Buy") === reduces ? 2 : 1;
}
