import { signal } from "@preact/signals";
import { Refused, Silence } from "../api/client.ts";
import { readInstruments } from "../api/routes.ts";
import { type Category, isSpot, marketOf } from "../lib/market.ts";
import { account, market } from "./focus.ts";
import { instruments, openOrders } from "./store.ts";

const AGAIN_MS = 2_000;

export const loading = { linear: signal<"no" | "yes" | "failed">("no"), spot: signal<"no" | "yes" | "failed">("no") };
const there = new Set<Category>();

/** Reads all markets of a kind once; their steps decide how every number is shown and typed. */
export async function loadMarkets(category: Category): Promise<void> {
  const state = loading[category];
  if (there.has(category) || state.peek() === "yes") return;
  state.value = "yes";
  try {
    const list = await readInstruments(category);
    instruments.value = new Map([...instruments.peek(), ...list.map((row) => [marketOf(row), row] as const)]);
    state.value = "no";
    if (list.length) there.add(category);
    // A house or an account that is new may not have read its markets yet.
    else if (account.peek()) setTimeout(() => void loadMarkets(category), AGAIN_MS);
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Silence)) throw error;
    state.value = "failed";
  }
}

/** The markets that are still missing: spot's only where something of spot is on the screen. */
export function needMarkets(): void {
  void loadMarkets("linear");
  if (isSpot(market.value) || openOrders.value.some((row) => row.category === "spot")) void loadMarkets("spot");
}
