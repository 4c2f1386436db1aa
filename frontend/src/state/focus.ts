// Where the reader is: the address, the market in front, the account in front.

import { computed, signal } from "@preact/signals";
import { layout } from "./layout.ts";
import { accounts, openPositions } from "./store.ts";

export type Tab = "trade" | "positions" | "orders" | "journal" | "more";
export const TABS: readonly Tab[] = ["trade", "positions", "orders", "journal", "more"];
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

/** What the Trade screen shows of its market. A desk has room for the book beside the chart. */
export const VIEWS = ["chart", "book", "trades"] as const;
export type View = (typeof VIEWS)[number];
export const view = signal<View>("chart");
/** The candles that are on the screen, as the server names their interval; null while none are. */
export const candles = signal<string | null>(null);

/** The `watch` message: whose prices this page wants, and what more of the market in front it has on the screen. */
let last = { type: "watch", symbols: [FIRST_MARKET], focus: FIRST_MARKET };
export const watched = computed(() => {
  const front = market.value;
  const symbols = [...new Set([front, ...openPositions.value.map((row) => row.symbol)])].sort();
  const here = tab.value === "trade";
  const next = {
    type: "watch",
    symbols,
    focus: front,
    ...(here && (view.value === "book" || layout.value === "desk") ? { book: front } : {}),
    ...(here && view.value === "trades" ? { trades: front } : {}),
    ...(here && candles.value ? { candles: { symbol: front, interval: candles.value } } : {}),
  };
  if (JSON.stringify(next) !== JSON.stringify(last)) last = next;
  return last;
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
