// What the chart, the book, the tape and the list of markets say.

import type { Line } from "./chart/lines.ts";

export const tc = {
  interval: "Candles",
  intervals: {
    "1": "1m", "3": "3m", "5": "5m", "15": "15m", "30": "30m", "60": "1h", "120": "2h", "240": "4h", "360": "6h", "720": "12h", D: "1D", W: "1W", M: "1M",
  } as Record<string, string>,
  intervalName: {
    "1": "1 minute", "3": "3 minutes", "5": "5 minutes", "15": "15 minutes", "30": "30 minutes", "60": "1 hour", "120": "2 hours", "240": "4 hours", "360": "6 hours",
    "720": "12 hours", D: "1 day", W: "1 week", M: "1 month",
  } as Record<string, string>,
  view: "Chart, book or trades",
  views: { chart: "Chart", book: "Book", trades: "Trades" },
  readPrice: "Read the price aloud",
  taller: "Taller chart",
  shorter: "Shorter chart",
  options: "Chart settings",
  allIntervals: "All candles",
  show: "Show",
  averages: "Moving averages (20, 50)",
  volume: "Volume",
  none: (interval: string) => `No candles for ${interval}.`,
  failed: "The candles could not be loaded.",
  fallback: "Show 5 minutes",
  table: "Candles as a table",
  tableColumns: { start: "Start", open: "Open", high: "High", low: "Low", close: "Close" },
  summary: (symbol: string, interval: string, last: string, change: string, high: string, low: string, count: number) =>
    `Chart of ${symbol}, candles of ${interval}. Last ${last}, ${change} over ${count} candles, high ${high}, low ${low}.`,
  loadingChart: (symbol: string) => `Chart of ${symbol}, loading.`,
  line: { entry: "Entry", liq: "Liq.", take_profit: "TP", stop_loss: "SL", order: "Order", trigger: "Trigger" } satisfies Record<Line["kind"], string>,
  moveLine: (name: string) => `Move ${name}`,

  book: "Order book",
  bids: "Bids",
  asks: "Asks",
  price: "Price",
  sizeIn: (coin: string) => `Size (${coin})`,
  total: "Total",
  noBook: "Waiting for the order book…",
  noTrades: "Waiting for trades…",
  trades: "Latest trades",
  time: "Time",

  change: "24h",
  high: "High",
  low: "Low",
  funding: "Fund.",
  fundingIn: "in",
  favourites: "Favourites",
  which: "Which markets",
  favouriteOn: (symbol: string) => `Make ${symbol} a favourite`,
  favouriteOff: (symbol: string) => `${symbol} is no favourite any more`,
  noFavourites: "No favourites yet. Tap the star of a market.",
  favouriteFailed: "The favourite could not be saved. Try again.",
  noPrices: "Prices could not be loaded; the names are complete.",
} as const;
