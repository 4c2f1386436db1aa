// Where the reader is: the address, the market in front, the account in front.

import { computed, signal } from "@preact/signals";
import { type Category, categoryOf, type MarketId, marketOf, symbolOf } from "../lib/market.ts";
import { layout } from "./layout.ts";
import { accounts, openOrders, openPositions } from "./store.ts";

export type Tab = "trade" | "positions" | "orders" | "journal" | "more";
export const TABS: readonly Tab[] = ["trade", "positions", "orders", "journal", "more"];
/** As many as the server watches of a category for one page. */
const MOST = 50;
const FIRST_MARKET = marketOf({ symbol: "BTCUSDT" });

export const tab = signal<Tab>("trade");
export const market = signal<MarketId>(FIRST_MARKET);
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

/** The `watch` message of a category: whose prices this page wants of it, and what more of the market in front it has on the screen.
 * It says nothing of the other category, and names no symbol when nothing of its own is looked at any more. */
function watching(category: Category) {
  let last: { type: "watch"; symbols: string[] } | null = null;
  return computed(() => {
    const front = categoryOf(market.value) === category ? symbolOf(market.value) : null;
    const here = front !== null && tab.value === "trade";
    // Orders are shown, and changed, with how far the market is from them: wherever more than those of one market are listed.
    const listed = tab.value === "orders" || tab.value === "positions" || (tab.value === "trade" && layout.value !== "phone") ? openOrders.value : [];
    const held = [...openPositions.value, ...listed].filter((row) => row.category === category).map((row) => row.symbol);
    const next = {
      type: "watch" as const,
      ...(category === "spot" ? { category } : {}),
      symbols: [...new Set(front === null ? held : [front, ...held])].slice(0, MOST).sort(),
      focus: front,
      ...(here && (view.value === "book" || layout.value === "desk") ? { book: front } : {}),
      ...(here && view.value === "trades" ? { trades: front } : {}),
      ...(here && candles.value ? { candles: { symbol: front, interval: candles.value } } : {}),
    };
    if (JSON.stringify(next) !== JSON.stringify(last)) last = next;
    return last ?? next;
  });
}
export const watched = [watching("linear"), watching("spot")] as const;

export function go(where: Tab): void {
  location.hash = `#/${where}`;
}

export function showMarket(market: MarketId): void {
  location.hash = `#/trade/${market}`;
}

/** Reads the address; gives the rest of it that is no tab, such as "stop". */
export function readAddress(): string | null {
  const [, first = "", second = "", third = ""] = location.hash.split("/");
  const known = TABS.find((name) => name === first);
  if (known) tab.value = known;
  const [category, symbol] = second === "spot" ? [second, third] : ["linear", second];
  if (known === "trade" && /^[A-Z0-9-]{2,40}$/.test(symbol)) market.value = marketOf({ category, symbol });
  return known ? null : first || null;
}
