// Which market is meant. A perpetual is named by its symbol, a spot pair by `spot/` and its symbol: BTCUSDT and spot/BTCUSDT are two
// markets with prices, steps and orders of their own. What is kept by market is kept by this name, and by nothing else.

export type Category = "linear" | "spot";
/** The name of a market. Only `marketOf` makes one, so that a bare symbol is never taken for it. */
export type MarketId = string & { readonly category: unique symbol };

const SPOT = "spot/";

/** The market of anything that names a symbol; what says no category is of perpetuals. */
export function marketOf(row: { category?: string; symbol: string }): MarketId {
  return (row.category === "spot" ? SPOT + row.symbol : row.symbol) as MarketId;
}

export function isSpot(market: MarketId): boolean {
  return market.startsWith(SPOT);
}

export function categoryOf(market: MarketId): Category {
  return isSpot(market) ? "spot" : "linear";
}

export function symbolOf(market: MarketId): string {
  return market.replace(SPOT, "");
}

/** As people read it: "BTCUSDT", "BTCUSDT · Spot". */
export function titleOf(market: MarketId): string {
  return symbolOf(market) + (isSpot(market) ? " · Spot" : "");
}
