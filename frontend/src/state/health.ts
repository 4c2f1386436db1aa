// How far what is on the screen can be trusted. Measured by heartbeats and the ages they report, never by ticks: a quiet market
// is not a broken one, and old news in a rush is not fresh.

import { computed, signal } from "@preact/signals";
import { asOf, broken, downSince, failures, heartbeat, minBuild, serverClock, short, synced } from "../net/live.ts";
import type { Side } from "../api/types.ts";
import { t } from "../strings.ts";
import { http, mayTrade, signedIn } from "./session.ts";
import { accounts, statuses } from "./store.ts";

const HEARTBEAT_MS = 2_500;
const PUBLIC_MS = 5_000;
const PRIVATE_MS = 12_000;
const OFFLINE_AFTER_FAILURES = 3;
const OFFLINE_AFTER_MS = 10_000;

export const BUILD = __BUILD__;
export const now = signal(Date.now());

export type Kind = "loading" | "live" | "stale" | "reconnecting" | "offline" | "error" | "signedout" | "update";
export type Cause = "heartbeat" | "public" | "private" | "gap" | "resyncing" | "down";
export interface Health {
  kind: Kind;
  cause: Cause | null;
  ageMs: number;
}

/** The freshness of one account's news, on a socket that is open. */
export function freshness(id: string): Health {
  const beat = heartbeat.value;
  now.value;
  if (!beat) return { kind: "stale", cause: "heartbeat", ageMs: 0 };
  const since = serverClock.age(beat.at);
  if (since >= HEARTBEAT_MS) return { kind: "stale", cause: "heartbeat", ageMs: since };
  if (short.value.has(id)) return { kind: "stale", cause: "gap", ageMs: 0 };
  const up = beat.up[id];
  if (up) {
    const heard = up.private_age_ms === null ? null : up.private_age_ms + since;
    if (heard === null || heard >= PRIVATE_MS) return { kind: "stale", cause: "private", ageMs: heard ?? 0 };
    // Nothing watched has no age; that is not stale.
    const priced = up.public_age_ms === null ? 0 : up.public_age_ms + since;
    if (priced >= PUBLIC_MS) return { kind: "stale", cause: "public", ageMs: priced };
  }
  const stream = statuses.value.get(id)?.stream ?? "live";
  if (stream !== "live") return { kind: "stale", cause: stream, ageMs: 0 };
  return { kind: "live", cause: null, ageMs: since };
}

function cut(): Kind {
  if (broken.value || http.value === "failing") return "error";
  const long = downSince.value !== null && now.value - downSince.value >= OFFLINE_AFTER_MS;
  if (http.value === "silent" && (failures.value >= OFFLINE_AFTER_FAILURES || long)) return "offline";
  // The first picture without its first heartbeat is not a connection that was lost.
  return asOf.value !== null || failures.value > 0 ? "reconnecting" : "loading";
}

function judge(): Health {
  if (signedIn.value === "no") return { kind: "signedout", cause: null, ageMs: 0 };
  if (minBuild.value && minBuild.value > BUILD) return { kind: "update", cause: null, ageMs: 0 };
  if (!synced.value) return { kind: cut(), cause: null, ageMs: asOf.value === null ? 0 : now.value - asOf.value };
  const all = accounts.value.map((row) => freshness(row.id));
  return all.find((row) => row.kind !== "live") ?? all[0] ?? { kind: "live", cause: null, ageMs: 0 };
}

/** The worst of all links, as the chip shows it. */
export const health = computed<Health>(judge);
export const kind = computed(() => health.value.kind);
export const fresh = computed(() => kind.value === "live");
/** Seconds, so that what shows an age is painted once a second. */
export const ageSeconds = computed(() => (health.value.ageMs - (health.value.ageMs % 1_000)) / 1_000);

export type Block = "not-live" | "read-only" | "paused" | "no-right" | "update" | "no-account";

/** Why an order that adds risk may not be sent now; null when it may. */
export function blocksOpening(id: string | undefined): Block | null {
  const row = accounts.value.find((known) => known.id === id);
  if (kind.value === "update") return "update";
  if (!row) return "no-account";
  if (row.read_only) return "read-only";
  if (!mayTrade()) return "no-right";
  if (!synced.value || freshness(row.id).kind !== "live") return "not-live";
  return row.paused ? "paused" : null;
}

/** Why this order may not be sent now. What only reduces goes on when new risk does not, and so does selling coins while paused. */
export function blocksOrder(id: string | undefined, order: { reduce_only: boolean; category: string; side: Side }): Block | null {
  if (order.reduce_only) return blocksReducing(id);
  const block = blocksOpening(id);
  return block === "paused" && order.category === "spot" && order.side === "Sell" ? null : block;
}

/** The block in words; a key that sends nothing with the server's own reason. */
export function blockText(block: Block, id: string | undefined): string {
  const row = accounts.value.find((known) => known.id === id);
  return (block === "read-only" && row?.read_only_reason) || t.block[block];
}

/** Why cancelling, closing and Stop may not be used now; they go by HTTP and only need the server to answer. */
export function blocksReducing(id: string | undefined): Block | null {
  const row = accounts.value.find((known) => known.id === id);
  if (kind.value === "update") return "update";
  if (!row) return "no-account";
  if (row.read_only) return "read-only";
  if (!mayTrade()) return "no-right";
  return ["offline", "loading", "error", "signedout"].includes(kind.value) ? "not-live" : null;
}
