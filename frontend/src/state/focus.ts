// Where the reader is: the address, the market in front, the account in front.

import { computed, signal } from "@preact/signals";
import { accounts, openPositions } from "./store.ts";

export type Tab = "trade" | "positions" | "orders" | "more";
export const TABS: readonly Tab[] = ["trade", "positions", "orders", "more"];
const FIRST_MARKET = "BTCUSDT";

export const tab = signal<Tab>("trade");
export const market = signal(FIRST_MARKET);
const chosen = signal<string | null>(null);

/** The account that the ticket and the header speak of. */
export const account = computed(
  () => accounts.value.find((row) => row.id === chosen.value) ?? accounts.value[0] ?? null,
);

export function chooseAccount(id: string): void {
  chosen.value = id;
}

/** The symbols that this page wants prices of. */
let lastWatched: string[] = [];
export const watched = computed(() => {
  const next = [...new Set([market.value, ...openPositions.value.map((row) => row.symbol)])].sort();
  if (next.join() !== lastWatched.join()) lastWatched = next;
  return lastWatched;
});

export function go(where: Tab): void {
  location.hash = `#/${where}`;
}

export function showMarket(symbol: string): void {
  location.hash = `#/trade/${symbol}`;
}

/** Reads the address; gives the rest of it that is no tab, such as "stop". */
export function readAddress(): string | null {
  const [, first = "", second = ""] = location.hash.split("/");
  const known = TABS.find((name) => name === first);
  if (known) tab.value = known;
  if (known === "trade" && /^[A-Z0-9-]{2,40}$/.test(second)) market.value = second;
  return known ? null : first || null;
}
