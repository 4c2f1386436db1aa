// What only a desk has room for says: the table of fills, the way to the server.

export const tf = {
  ms: (took: number) => `${took} ms`,
  time: "Time",
  as: "As",
  value: "Value",
  fee: "Fee",
  maker: "Maker",
  taker: "Taker",
  /** Executions that nobody traded, by Bybit's execType. */
  kind: {
    Funding: "Funding",
    BustTrade: "Liquidation",
    AdlTrade: "ADL",
    SessionSettlePnL: "Settlement",
    Delivery: "Delivery",
  } as Record<string, string | undefined>,
  order: "Order",
  orderOf: (symbol: string, when: string) => `Order of the fill of ${symbol} at ${when}`,
  none: "No fills yet. They appear here as they happen.",
  failed: "The fills could not be read. They are safe in the server's record; it is tried again.",
  holes: "Some fills may be missing here: the server's record could not be read. It is tried again.",
} as const;
