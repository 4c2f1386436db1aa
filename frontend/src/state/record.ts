// The server's record of an order, asked for where the stream is silent.

import { Refused, Silence } from "../api/client.ts";
import { readOrder } from "../api/routes.ts";
import type { Order } from "../api/types.ts";
import { orders, takeOrder } from "./store.ts";

/** The newer of the record and what the stream told; null where nobody could be asked. */
export async function recorded(id: string): Promise<Order | null> {
  try {
    takeOrder(await readOrder(id));
    return orders.peek().get(id) ?? null;
  } catch (error) {
    if (error instanceof Refused || error instanceof Silence) return null;
    throw error;
  }
}
