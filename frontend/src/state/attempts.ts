// Orders that this page sent, from the tap until it is known what became of them. A POST goes out once: no line here sends it
// again. What is not settled is remembered by id and time, so that a page that died finds out when it is opened again.

import { effect, signal } from "@preact/signals";
import { type Answer, provesNothingSent, Refused, Silence } from "../api/client.ts";
import { readOrder } from "../api/routes.ts";
import type { NewOrder, Order } from "../api/types.ts";
import { signedIn, whenLeaving } from "./session.ts";
import { isOpen, orders, takeOrder } from "./store.ts";

/** Past this a request that got no answer can no longer arrive. */
const DEAD_AFTER_MS = 60_000;
const SLOW_AFTER_MS = 5_000;
const ASK_EVERY_MS = 1_500;
const KEY = "unsettled";

export type Phase = "sending" | "accepted" | "unknown" | "settled" | "refused" | "not-placed";
export interface Attempt {
  id: string;
  at: number;
  order: NewOrder | null;
  /** What was asked for, in words; null for what an earlier page sent. */
  name: string | null;
  phase: Phase;
  /** The server's row, from its answer or from asking; the stream's own is in the store. */
  row: Order | null;
  refusal: Refused | null;
}

export const attempts = signal<ReadonlyMap<string, Attempt>>(new Map());
/** Nobody has shown yet that Bybit has it. */
export const UNPROVEN: ReadonlySet<string> = new Set(["new", "sending", "unknown"]);

interface Note {
  id: string;
  at: number;
}

function readNotes(): Note[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(list) ? list.filter((note): note is Note => typeof note?.id === "string" && typeof note.at === "number") : [];
  } catch {
    return [];
  }
}

function writeNotes(notes: Note[]): void {
  try {
    if (notes.length) localStorage.setItem(KEY, JSON.stringify(notes));
    else localStorage.removeItem(KEY);
  } catch {
    // A full or forbidden storage must not stop an order; only the reminder after a crash is lost.
  }
}

function put(id: string, change: Partial<Attempt>): void {
  const known = attempts.peek().get(id);
  if (known) attempts.value = new Map(attempts.peek()).set(id, { ...known, ...change });
}

function settle(id: string, change: Partial<Attempt>): void {
  writeNotes(readNotes().filter((note) => note.id !== id));
  put(id, change);
}

/** Sends one order by `post`, and follows it. */
export async function attemptOrder(id: string, order: NewOrder | null, name: string, post: () => Promise<Answer<Order>>): Promise<void> {
  const at = Date.now();
  writeNotes([...readNotes(), { id, at }]);
  attempts.value = new Map(attempts.peek()).set(id, { id, at, order, name, phase: "sending", row: null, refusal: null });
  const slow = setTimeout(() => put(id, { phase: "unknown" }), SLOW_AFTER_MS);
  try {
    const { status, body } = await post();
    if (status === 202 || UNPROVEN.has(body.state)) put(id, { phase: "unknown", row: body });
    else settle(id, { phase: body.state === "rejected" ? "settled" : "accepted", row: body });
  } catch (error) {
    if (error instanceof Refused && provesNothingSent(error)) settle(id, { phase: "refused", refusal: error });
    else if (error instanceof Refused || error instanceof Silence) put(id, { phase: "unknown" });
    else throw error;
  } finally {
    clearTimeout(slow);
  }
}

const nextAsk = new Map<string, number>();

/** Ever more seldom, but once more as soon as a missing order is proof. */
function isDue({ id, at }: Attempt): boolean {
  const time = Date.now();
  if (time < (nextAsk.get(id) ?? 0)) return false;
  const waited = time - at;
  const next = waited < DEAD_AFTER_MS ? time + waited / 4 : time + SLOW_AFTER_MS;
  const proof = at + DEAD_AFTER_MS;
  nextAsk.set(id, waited < DEAD_AFTER_MS && next > proof ? proof : next);
  return true;
}

/** Asks what became of an attempt. Only "no such order", once the request can no longer arrive, means that it was not placed. */
async function ask(attempt: Attempt): Promise<void> {
  try {
    const row = await readOrder(attempt.id);
    takeOrder(row);
    if (UNPROVEN.has(row.state)) put(attempt.id, { row });
    else settle(attempt.id, { phase: "settled", row });
  } catch (error) {
    const missing = error instanceof Refused && error.status === 404;
    if (missing && Date.now() - attempt.at > DEAD_AFTER_MS) settle(attempt.id, { phase: "not-placed" });
  }
}

let asking = false;
async function askAll(): Promise<void> {
  if (asking || signedIn.peek() !== "yes") return;
  asking = true;
  const open = [...attempts.peek().values()].filter((attempt) => attempt.phase === "unknown" && isDue(attempt));
  for (const attempt of open) await ask(attempt);
  asking = false;
}

/** Asks once about an order whose end the stream may have told while we were not listening. */
export async function askAccepted(): Promise<void> {
  for (const attempt of attempts.peek().values()) {
    const row = orders.peek().get(attempt.id);
    // Open when it was last heard of, and no longer among the open ones: it ended while nobody listened.
    const left = attempt.phase === "settled" && !row && attempt.row !== null && isOpen(attempt.row);
    if (left || (attempt.phase === "accepted" && (!row || UNPROVEN.has(row.state)))) await ask(attempt);
  }
}

/** Brings back what an earlier page left open; true when there was something. */
export function recall(): boolean {
  const missing = readNotes().filter((note) => !attempts.peek().has(note.id));
  if (!missing.length) return false;
  const all = new Map(attempts.peek());
  for (const { id, at } of missing) all.set(id, { id, at, order: null, name: null, phase: "unknown", row: null, refusal: null });
  attempts.value = all;
  return true;
}

export function forget(ids: Iterable<string>): void {
  const all = new Map(attempts.peek());
  for (const id of ids) all.delete(id);
  attempts.value = all;
}

/** News on the stream settles an attempt whose answer never came, and what is over stays over. */
effect(() => {
  const rows = orders.value;
  for (const attempt of attempts.value.values()) {
    const row = rows.get(attempt.id);
    const open = attempt.phase === "unknown" || attempt.phase === "sending" || (attempt.phase === "accepted" && row && !isOpen(row));
    if (open && row && !UNPROVEN.has(row.state)) settle(attempt.id, { phase: "settled", row });
  }
});

export function startAsking(): void {
  setInterval(() => void askAll(), ASK_EVERY_MS);
}

whenLeaving(() => {
  attempts.value = new Map();
});
