// Reads spot tickets as JSON on its input and writes what the page reckons of each: the other side of tests/browser/test_oracle.py.

import { readFileSync } from "node:fs";
import type { Instrument } from "../../src/api/types.ts";
import { dec, type Dec, mul, read, text } from "../../src/lib/decimal.ts";
import { emptyDraft } from "../../src/state/draft.ts";
import { left, type SpotContext, spotFigures, spotShare } from "../../src/state/spot.ts";

interface Asked {
  market: { symbol: string; tick: string; step: string; quoteStep: string; most: string; last: string; bid: string };
  side: "Buy" | "Sell";
  type: "Limit" | "Market";
  unit: "base" | "quote";
  have: { base: string; quote: string };
  rate: string;
  typed: { price: string; size: string };
}

const plain = (amount: Dec | null) => amount && text(amount);

const asked = JSON.parse(readFileSync(0, "utf8")) as Asked[];
const said = asked.map(({ market, side, type, unit, have, rate, typed }) => {
  const { symbol, tick, step, quoteStep, most, last, bid } = market;
  const instrument = {
    category: "spot", symbol, tick_size: tick, qty_step: step, quote_step: quoteStep, min_qty: step,
    max_market_qty: most, max_qty: text(mul(dec(most), dec("2"))), min_notional: null, max_leverage: null,
  } as Instrument;
  const purse = (amount: string) => ({ balance: dec(amount), available: dec(amount) });
  const at: SpotContext = { instrument, ticker: { symbol, last, mark: null, bid, ask: last, at: "" }, base: purse(have.base), quote: purse(have.quote) };
  const draft = { ...emptyDraft(side, typed.price), type, unit, size: typed.size };
  const known = spotFigures(draft, at);
  const after = left(draft, at, known, dec(rate));
  const { price, qty, value, amount, spends } = known;
  return {
    price: plain(price), qty: plain(qty), value: plain(value), amount: plain(amount), spends: plain(spends),
    fee: plain(after.fee), baseLeft: plain(after.base), quoteLeft: plain(after.quote), short: known.short ?? "",
    shares: ["25", "50", "75", "100"].map((percent) => plain(read(spotShare(percent, draft, at)))),
  };
});
process.stdout.write(JSON.stringify(said));
