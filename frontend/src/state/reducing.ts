// What takes risk away: cancel, close, and the two actions of Stop. They go by HTTP and work while prices are stale.

import { computed, effect, signal } from "@preact/signals";
import { Refused } from "../api/client.ts";
import { cancelOrder, closePosition } from "../api/routes.ts";
import type { OrderType, Position } from "../api/types.ts";
import { uuid } from "../lib/uuid.ts";
import { t } from "../strings.ts";
import { alertNow, say } from "./announce.ts";
import { attemptOrder } from "./attempts.ts";
import { recorded } from "./record.ts";
import { whenLeaving } from "./session.ts";
import { isOpen, orders, takeOrder } from "./store.ts";

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
  unfollow(id);
  note(id, t.orders.cancelling);
  try {
    const { status, body } = await cancelOrder(id);
    takeOrder(body);
    if (status === 202) follow(id);
    else {
      note(id, null);
      if (body.state === "cancelled") say(t.orders.cancelled);
      if (body.state === "filled") say(t.orders.cancelLate);
    }
  } catch (error) {
    if (!(error instanceof Refused)) return follow(id);
    const why = t.orders.cancelFailed(error.message || error.code);
    note(id, why);
    alertNow(why);
  }
}

const ASK_AFTER_MS = 4_000;
const ASK_AT_MOST_MS = 32_000;
/** Cancels without proof, with the time of the next question. */
const timers = new Map<string, ReturnType<typeof setTimeout>>();

function unfollow(id: string): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
}

/** A cancel without proof: the stream tells its end, or else the server's record is asked. Nothing here cancels anew. */
function follow(id: string): void {
  note(id, t.orders.cancelUnknown);
  alertNow(t.orders.cancelUnknown);
  askIn(id, ASK_AFTER_MS);
}

function askIn(id: string, wait: number): void {
  const timer = setTimeout(async () => {
    const row = await recorded(id);
    // Cancelled anew meanwhile, or over.
    if (timers.get(id) !== timer) return;
    if (!row || row.state !== "working") return askIn(id, wait < ASK_AT_MOST_MS ? wait * 2 : wait);
    unfollow(id);
    note(id, t.orders.cancelOpen);
    alertNow(t.orders.cancelOpen);
  }, wait);
  timers.set(id, timer);
}

/** What is over has nothing more to say. */
effect(() => {
  const rows = orders.value;
  for (const [id, said] of cancelling.value) {
    const row = rows.get(id);
    if (!row || isOpen(row) || said === t.orders.cancelling) continue;
    unfollow(id);
    note(id, null);
    say(row.state === "filled" ? t.orders.cancelLate : t.orders.cancelled);
  }
});

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
  for (const id of [...timers.keys()]) unfollow(id);
  cancelling.value = new Map();
});
