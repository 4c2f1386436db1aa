// The one socket of this page: opens it, keeps it, mends gaps, and starts over whenever the page comes back.

import { effect, signal } from "@preact/signals";
import { session } from "../api/client.ts";
import { backoff } from "../lib/backoff.ts";
import { marketOf } from "../lib/market.ts";
import { http, leave, probe, signedIn, whenLeaving } from "../state/session.ts";
import { clearStore, clearTickers, keepTickers, takeChange, takePauses, takeSnapshot, takeStatus } from "../state/store.ts";
import { watched } from "../state/focus.ts";
import { clearFeed, keepFeed, takeBook, takeCandle, takeTrades } from "../state/feed.ts";
import { ServerClock } from "./clock.ts";
import { type Change, type Heartbeat, isChange, isWhole, type Message, parseMessage, type Snapshot, type StatusNews } from "./protocol.ts";
import { Sequence } from "./sequence.ts";
import { forgetTicks, takeTick } from "./ticks.ts";

const CONNECT_TIMEOUT_MS = 6_000;
const MEND_AGAIN_MS = 2_000;
const QUIET_MS = 4_000;
const PROBE_MS = 3_000;
const SIGNED_OUT = 4401;

export const phase = signal<"idle" | "connecting" | "open" | "waiting" | "asleep">("idle");
/** A snapshot and a heartbeat came on this very socket: from here on it can be trusted as far as its ages go. */
export const synced = signal(false);
/** Counts the full pictures: between two of them something may have been missed. */
export const pictures = signal(0);
/** A snapshot was taken since the sign-in, so there is something to show, if dated. */
export const known = signal(false);
export const failures = signal(0);
export const downSince = signal<number | null>(null);
export const broken = signal(false);
export const heartbeat = signal<Heartbeat | null>(null);
/** When the last good heartbeat was made, by our clock: what "as of" means. */
export const asOf = signal<number | null>(null);
export const seen = signal<string | null>(null);
export const short = signal<ReadonlySet<string>>(new Set());
export const serverBuild = signal<string | null>(null);
export const minBuild = signal<string | null>(null);
export const serverClock = new ServerClock();

const sequence = new Sequence<Change>();
const mending = new Map<string, number>();
let socket: WebSocket | null = null;
let pictured = false;
let beaten = false;
let epoch: string | number | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

function send(message: object): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

/** Lets go of the socket without waiting for it: a dead one may never say that it closed. */
function drop(): void {
  clearTimeout(timer);
  const old = socket;
  socket = null;
  synced.value = pictured = beaten = false;
  mending.clear();
  if (!old) return;
  old.onmessage = old.onclose = null;
  // Closing one that is still connecting is an error in the browser's eyes; it is closed as soon as it opens.
  if (old.readyState === WebSocket.CONNECTING) old.onopen = () => old.close();
  else old.close();
}

export function sleep(): void {
  drop();
  phase.value = "asleep";
}

/** Starts over: a new socket after `settleMs`, whatever the old one claims to be. */
export function restart(settleMs = 0): void {
  drop();
  failures.value = 0;
  downSince.value ??= Date.now();
  phase.value = "connecting";
  timer = setTimeout(open, settleMs);
}

function open(): void {
  phase.value = "connecting";
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(`${scheme}//${location.host}/ws/live`, ["tradepost.v1"]);
  socket = opened;
  timer = setTimeout(lost, CONNECT_TIMEOUT_MS);
  opened.onmessage = (event) => receive(parseMessage(String(event.data)));
  opened.onclose = (event) => (event.code === SIGNED_OUT ? leave() : lost());
}

let feeling = false;
/** A socket may stay open long after the network is gone. Where heartbeats end, HTTP is asked too; if that is silent as well,
 * the socket is given up, and counts as down since the last heartbeat. */
export async function feelPulse(time: number): Promise<void> {
  const beatAt = asOf.peek();
  if (feeling || !synced.peek() || beatAt === null || time - beatAt < QUIET_MS) return;
  const asked = socket;
  feeling = true;
  await probe(PROBE_MS);
  feeling = false;
  if (http.peek() !== "silent" || !synced.peek() || socket !== asked || asOf.peek() !== beatAt) return;
  downSince.value = beatAt;
  lost();
}

function lost(): void {
  drop();
  failures.value += 1;
  downSince.value ??= Date.now();
  phase.value = "waiting";
  void probe();
  timer = setTimeout(open, backoff(failures.value));
}

function receive(message: Message | null): void {
  if (!message) return;
  if (isChange(message)) changed(message);
  else if (message.type === "ticker") takeTick(message);
  else if (message.type === "book") takeBook(message);
  else if (message.type === "trades") takeTrades(message);
  else if (message.type === "candle") takeCandle(message);
  else if (message.type === "heartbeat") beat(message);
  else if (message.type === "snapshot") snapshot(message);
  else if (message.type === "status") takeStatus(statusRows(message));
  else if (message.type === "hello") {
    phase.value = "open";
    serverClock.restart(message.at);
    serverBuild.value = message.build;
    minBuild.value = message.min_build;
    // After a restore the old numbers mean nothing: what we hold may never have happened.
    if (epoch !== null && epoch !== message.epoch) clearStore();
    epoch = message.epoch;
  }
}

function statusRows(message: StatusNews) {
  if ("account" in message) return [message];
  return Array.isArray(message.status) ? message.status : [message.status];
}

function snapshot(message: Snapshot): void {
  if (!isWhole(message)) {
    broken.value = true;
    return;
  }
  takeSnapshot(message);
  sequence.restart(message.seq);
  mending.clear();
  short.value = new Set();
  broken.value = false;
  pictured = true;
  pictures.value += 1;
  known.value = true;
  signedIn.value = "yes";
  // A new socket watches nothing yet: of a category that nothing is wanted of, nothing needs to be said.
  for (const wish of watched) if (wish.peek().symbols.length) send(wish.peek());
  if (!session.peek()) void probe();
  trust();
}

function trust(): void {
  if (!pictured || !beaten || synced.peek()) return;
  clearTimeout(timer);
  synced.value = true;
  failures.value = 0;
  downSince.value = null;
}

function changed(message: Change): void {
  if (!pictured) return;
  for (const change of sequence.take(message.account, message.seq, message)) {
    takeChange(change);
    if (change.type === "position" && change.seen) seen.value = change.seen;
  }
  mend();
}

function beat(message: Heartbeat): void {
  const last = heartbeat.peek();
  serverClock.heard(message.at);
  if (last && beaten && last.at > message.at) return;
  heartbeat.value = message;
  asOf.value = Date.now() - serverClock.age(message.at);
  seen.value = message.seen;
  beaten = true;
  if (!pictured) return;
  takePauses(message.up);
  trust();
  sequence.compare(message.seq);
  mend();
}

/** Asks for what is missing, and for everything when that did not help. */
function mend(): void {
  for (const account of mending.keys()) if (!sequence.short.has(account)) mending.delete(account);
  for (const account of sequence.short) {
    const asked = mending.get(account);
    if (asked !== undefined && Date.now() - asked < MEND_AGAIN_MS) continue;
    if (asked === undefined) send({ type: "since", account, seq: sequence.last(account) });
    else send({ type: "snapshot" });
    mending.set(account, Date.now());
  }
  if (sequence.short.size || short.peek().size) short.value = new Set(sequence.short);
}

for (const wish of watched) effect(() => send(wish.value));
effect(() => keepFeed(watched.map((wish) => wish.value)));
effect(() => keepTickers(new Set(watched.flatMap(({ value }) => value.symbols.map((symbol) => marketOf({ ...value, symbol }))))));

whenLeaving(() => {
  drop();
  forgetTicks();
  clearFeed();
  phase.value = "idle";
  known.value = false;
  heartbeat.value = seen.value = asOf.value = downSince.value = epoch = null;
  short.value = new Set();
  failures.value = 0;
});

/** An account whose stream went through a restore or a sign-in starts with no price either. */
export function startLive(): void {
  clearTickers();
  clearFeed();
  restart();
}
