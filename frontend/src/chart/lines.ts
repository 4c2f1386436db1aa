// The prices that stand on a chart as lines: what is held, what guards it, and what waits in the book. Pure.

import type { Order, Position, Side } from "../api/types.ts";
import { read, sign } from "../lib/decimal.ts";
import { type MarketId, marketOf } from "../lib/market.ts";

export type Drag = { kind: "order"; id: string; field: "price" | "trigger_price" } | { kind: "stop"; position: string; leg: "take_profit" | "stop_loss" };

export interface Line {
  key: string;
  kind: "entry" | "liq" | "take_profit" | "stop_loss" | "order" | "trigger";
  price: string;
  side: Side | "";
  /** What letting go of it elsewhere asks for; null for what cannot be moved. */
  drag: Drag | null;
}

function set(value: string | null): value is string {
  return sign(read(value) ?? { n: 0n, s: 0 }) > 0;
}

function ofPosition(row: Position): Line[] {
  const found: Line[] = [];
  const add = (kind: Line["kind"], price: string | null, drag: Drag | null) => {
    if (set(price)) found.push({ key: `${row.id} ${kind}`, kind, price, side: row.side, drag });
  };
  add("entry", row.entry_price, null);
  add("liq", row.liq_price, null);
  for (const leg of ["take_profit", "stop_loss"] as const) add(leg, row[leg], { kind: "stop", position: row.id, leg });
  return found;
}

/** Stops that belong to the position as a whole are drawn with it. */
const OF_POSITION = new Set(["TakeProfit", "StopLoss"]);

function ofOrder(row: Order): Line[] {
  const waits = row.exchange_status === "Untriggered";
  if (waits && row.stop_order_type && OF_POSITION.has(row.stop_order_type)) return [];
  const field = waits ? "trigger_price" : "price";
  const price = row[field];
  if (!set(price)) return [];
  return [{ key: row.id, kind: waits ? "trigger" : "order", price, side: row.side, drag: { kind: "order", id: row.id, field } }];
}

export function linesOf(market: MarketId, positions: readonly Position[], orders: readonly Order[]): Line[] {
  return [
    ...positions.filter((row) => row.symbol === market).flatMap(ofPosition),
    ...orders.filter((row) => marketOf(row) === market).flatMap(ofOrder),
  ];
}
