// Reads tickets as JSON on its input and writes what the page reckons of each: the other side of tests/browser/test_oracle.py.

import { readFileSync } from "node:fs";
import type { Instrument } from "../../src/api/types.ts";
import { dec, type Dec, text } from "../../src/lib/decimal.ts";
import { type Context, emptyDraft, figures } from "../../src/state/draft.ts";

interface Asked {
  market: { symbol: string; tick: string; step: string; last: string };
  side: "Buy" | "Sell";
  leverage: string;
  typed: { price: string; size: string; take: string; stop: string };
}

const asked = JSON.parse(readFileSync(0, "utf8")) as Asked[];
const said = asked.map(({ market, side, leverage, typed }) => {
  const { symbol, tick, step, last } = market;
  const instrument = { symbol, tick_size: tick, qty_step: step, min_qty: step, max_qty: "1000000000", max_market_qty: "1000000000", min_notional: "5", max_leverage: "100" } as Instrument;
  const context: Context = { instrument, ticker: { symbol, last, mark: last, bid: last, ask: last, at: "" }, position: null, available: dec("1000000"), leverage: dec(leverage), sized: null };
  const known = figures({ ...emptyDraft(side, typed.price), size: typed.size, takeProfit: typed.take, stopLoss: typed.stop }, context);
  const { price, qty, value, margin, takeProfit, stopLoss, profit, loss, after } = known;
  const shown = Object.entries({ price, qty, value, margin, takeProfit, stopLoss, profit, loss, after });
  return Object.fromEntries(shown.map(([name, amount]: [string, Dec | null]) => [name, amount && text(amount)]));
});
process.stdout.write(JSON.stringify(said));
