// What takes risk away: cancel, close, and the two actions of Stop. They go by HTTP and work while prices are stale.

import { computed, signal } from "@preact/signals";
import { Refused } from "../api/client.ts";
import { cancelOrder, closePosition } from "../api/routes.ts";
import type { OrderType, Position } from "../api/types.ts";
import { uuid } from "../lib/uuid.ts";
import { t } from "../strings.ts";
import { alertNow, say } from "./announce.ts";
import { attemptOrder, attempts } from "./attempts.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { whenLeaving } from "./session.ts";
import { takeOrder } from "./store.ts";

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

const FINAL: ReadonlySet<Outcome> = new Set(["filled", "cancelled", "rejected", "refused", "not-placed"]);
const SETTLE_MS = 10_000;

/** Until it is known of all what became of them, but not for ever. */
function settled(ids: string[]): Promise<void> {
  return new Promise((resolve) => {
    const over = computed(() =>
      ids.every((id) => {
        const attempt = attempts.value.get(id);
        return !attempt || FINAL.has(outcomeOf(attempt));
      }),
    );
    const timer = setTimeout(() => end(), SETTLE_MS);
    const stop = over.subscribe((done) => done && queueMicrotask(() => end()));
    const end = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
  });
}

/** One after the other, each with an id of its own; what became of each is told by its attempt. */
export async function closeAll(list: Position[], report: (position: Position, id: string) => void): Promise<void> {
  const ids: string[] = [];
  for (const position of list) {
    const { id, sent } = close(position, "1", "Market", null, `${t.close} ${position.symbol}`);
    ids.push(id);
    report(position, id);
    await sent;
  }
  await settled(ids);
}

whenLeaving(() => {
  cancelling.value = new Map();
});
