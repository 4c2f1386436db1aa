// What takes risk away: cancel, close, and the two actions of Stop. They go by HTTP and work while prices are stale.

import { computed, signal } from "@preact/signals";
import { Refused } from "../api/client.ts";
import { cancelOrder, closePosition } from "../api/routes.ts";
import type { OrderType, Position } from "../api/types.ts";
import { uuid } from "../lib/uuid.ts";
import { t } from "../strings.ts";
import { alertNow, say } from "./announce.ts";
import { attemptOrder } from "./attempts.ts";
import { whenLeaving } from "./session.ts";
import { orders, takeOrder } from "./store.ts";

/** What each cancel that is under way has to say. */
export const cancelling = signal<ReadonlyMap<string, string>>(new Map());

function note(id: string, text: string | null): void {
  const all = new Map(cancelling.peek());
  if (text === null) all.delete(id);
  else all.set(id, text);
  cancelling.value = all;
}

export async function cancel(id: string): Promise<void> {
  if (cancelling.peek().get(id) === t.orders.cancelling) return;
  note(id, t.orders.cancelling);
  try {
    const { status, body } = await cancelOrder(id);
    takeOrder(body);
    if (status === 202) note(id, t.orders.cancelUnknown);
    else if (body.state !== "cancelled") note(id, null);
    else {
      note(id, null);
      say(t.orders.cancelled);
    }
  } catch (error) {
    const why = error instanceof Refused ? t.orders.cancelFailed(error.message || error.code) : t.orders.cancelUnknown;
    note(id, why);
    alertNow(why);
  }
}

/** Closes a share of a position; the attempt's id tells what became of it. */
export function close(position: Position, fraction: string, type: OrderType, price: string | null, name: string): { id: string; sent: Promise<void> } {
  const id = uuid();
  const request = { id, fraction, order_type: type, ...(price ? { price } : {}) };
  return { id, sent: attemptOrder(id, null, name, () => closePosition(position.id, request)) };
}

const SETTLE_MS = 10_000;

/** Until the stream has told the end of each of these orders, but not for ever. */
export function settled(ids: string[]): Promise<void> {
  return new Promise((resolve) => {
    const over = computed(() => ids.every((id) => ["filled", "cancelled", "rejected"].includes(orders.value.get(id)?.state ?? "")));
    const timer = setTimeout(() => end(), SETTLE_MS);
    const stop = over.subscribe((done) => done && queueMicrotask(() => end()));
    const end = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
  });
}

whenLeaving(() => {
  cancelling.value = new Map();
});
