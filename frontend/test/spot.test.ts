import assert from "node:assert/strict";
import { test } from "node:test";
import type { Instrument, Order, Position, Ticker } from "../src/api/types.ts";
import { linesOf } from "../src/chart/lines.ts";
import { cmp, dec, div, mul, text } from "../src/lib/decimal.ts";
import { isSpot, marketOf, symbolOf, titleOf } from "../src/lib/market.ts";
import { amendment } from "../src/state/amend.ts";
import { type Draft, emptyDraft } from "../src/state/draft.ts";
import { type SpotContext, spotFigures, spotShare, spotStepped, toSpotOrder, toSpotPreview } from "../src/state/spot.ts";

const instrument = {
  category: "spot", symbol: "BTCUSDT", tick_size: "0.1", qty_step: "0.000001", quote_step: "0.0000001",
  min_qty: "0.000011", max_qty: "83", max_market_qty: "41.5", min_notional: "5", max_leverage: null,
} as Instrument;
const ticker: Ticker = { category: "spot", symbol: "BTCUSDT", last: "64250", mark: null, bid: "64249.9", ask: "64250", at: "" };
const purse = (amount: string) => ({ balance: dec(amount), available: dec(amount) });
const at: SpotContext = { instrument, ticker, base: purse("0.5"), quote: purse("1000") };
const place = { account: "1", symbol: "BTCUSDT" };
const draft = (part: Partial<Draft>): Draft => ({ ...emptyDraft("Buy", "64000"), size: "0.01", ...part });
const body = (part: Partial<Draft>) => toSpotOrder("id", place, draft(part), spotFigures(draft(part), at));
const codes = (part: Partial<Draft>) => spotFigures(draft(part), at).problems.map((problem) => problem.code);

const COMMON = { id: "id", account: "1", category: "spot", symbol: "BTCUSDT", reduce_only: false, position_idx: 0 };

test("one symbol is two markets, and each is told from the other by name", () => {
  const [perpetual, spot] = [marketOf({ symbol: "BTCUSDT" }), marketOf({ category: "spot", symbol: "BTCUSDT" })];
  assert.equal(perpetual, marketOf({ category: "linear", symbol: "BTCUSDT" }));
  assert.notEqual(perpetual, spot);
  assert.deepEqual([perpetual, spot].map(isSpot), [false, true]);
  assert.deepEqual([perpetual, spot].map(symbolOf), ["BTCUSDT", "BTCUSDT"]);
  assert.deepEqual([perpetual, spot].map(titleOf), ["BTCUSDT", "BTCUSDT · Spot"]);
});

test("a chart draws the orders of its own market only", () => {
  const order = { id: "a", category: "linear", symbol: "BTCUSDT", side: "Buy", price: "1", exchange_status: "New" } as Order;
  const both = [order, { ...order, id: "b", category: "spot", price: "2" }];
  const held = { id: "p", symbol: marketOf(order), side: "Buy", entry_price: "3" } as Position;
  assert.deepEqual(linesOf(marketOf(order), [held], both).map((line) => line.price), ["3", "1"]);
  assert.deepEqual(linesOf(marketOf({ category: "spot", symbol: "BTCUSDT" }), [held], both).map((line) => line.price), ["2"]);
});

test("a size is sent in the coin that it was typed in, where Bybit takes it so", () => {
  const market = { ...COMMON, side: "Buy", order_type: "Market", price: null, time_in_force: "IOC", slippage_tolerance_type: "Percent", slippage_tolerance: "0.5" };
  assert.deepEqual(body({ type: "Market", unit: "quote", size: "650,12345678" }), { ...market, qty: "650.1234567", market_unit: "quoteCoin" });
  assert.deepEqual(body({ type: "Market" }), { ...market, qty: "0.01", market_unit: "baseCoin" });
  assert.deepEqual(body({ type: "Market", side: "Sell", unit: "quote", size: "100", slippage: "" }), {
    ...COMMON, side: "Sell", order_type: "Market", price: null, time_in_force: "IOC", qty: "100", market_unit: "quoteCoin",
  });
  const limit = { ...COMMON, side: "Buy", order_type: "Limit", price: "64000", time_in_force: "GTC" };
  assert.deepEqual(body({ unit: "quote", size: "100" }), { ...limit, qty: "0.001562" });
  assert.deepEqual(body({ postOnly: true }), { ...limit, qty: "0.01", time_in_force: "PostOnly" });
});

test("a conditional order names its kind and nothing that spot has not", () => {
  const waits = { type: "Trigger", trigger: "66000", takeProfit: "70000", stopLoss: "60000", reduceOnly: true } as const;
  assert.deepEqual(body({ ...waits, unit: "quote", size: "100" }), {
    ...COMMON, side: "Buy", order_type: "Market", price: null, time_in_force: "IOC", qty: "100", market_unit: "quoteCoin",
    trigger_price: "66000", order_filter: "StopOrder",
  });
  assert.deepEqual(body({ ...waits, side: "Sell", then: "Limit", price: "65900", trigger: "65950" }), {
    ...COMMON, side: "Sell", order_type: "Limit", price: "65900", time_in_force: "GTC", qty: "0.01",
    trigger_price: "65950", order_filter: "StopOrder",
  });
});

test("what may not be sent says why, and more than there is is not sent", () => {
  assert.deepEqual(codes({ size: "0.000001" }), ["below-min"]);
  assert.deepEqual(codes({ size: "0.00002" }), ["below-notional"]);
  assert.deepEqual(codes({ type: "Market", unit: "quote", size: "4.99" }), ["below-notional"]);
  assert.deepEqual(codes({ type: "Market", unit: "quote", size: "5" }), []);
  assert.deepEqual(codes({ size: "84" }), ["above-max"]);
  assert.deepEqual(codes({ type: "Market", size: "42" }), ["above-max"]);
  assert.deepEqual(codes({ price: "67500" }), ["far-off"]);
  assert.deepEqual(codes({ type: "Market", unit: "quote", size: "x" }), ["form"]);
  const shorts: [Partial<Draft>, string | null][] = [
    [{ size: "0.015625" }, null], [{ size: "0.015626" }, "now"],
    [{ type: "Market", unit: "quote", size: "1000" }, null], [{ type: "Market", unit: "quote", size: "1000.01" }, "now"],
    [{ side: "Sell", price: "64500", size: "0.5" }, null], [{ side: "Sell", price: "64500", size: "0.500001" }, "now"],
    [{ type: "Trigger", trigger: "66000", size: "0.5" }, "later"],
  ];
  for (const [part, short] of shorts) {
    assert.equal(spotFigures(draft(part), at).short, short, JSON.stringify(part));
    assert.equal(body(part) === null, short === "now");
    assert.ok(toSpotPreview(place, draft(part), spotFigures(draft(part), at)));
  }
});

test("a share is never more than there is, whatever it is typed in", () => {
  for (const side of ["Buy", "Sell"] as const)
    for (const type of ["Limit", "Market", "Trigger"] as const)
      for (const unit of ["base", "quote"] as const)
        for (const percent of ["25", "50", "75", "100"]) {
          const part = { side, type, unit, trigger: "66000", price: side === "Buy" ? "64000" : "64500" };
          const size = spotShare(percent, draft(part), at);
          const known = spotFigures(draft({ ...part, size: size ?? "" }), at);
          const most = div(mul(dec(side === "Buy" ? "1000" : "0.5"), dec(percent)), dec("100"), 6);
          assert.ok(known.spends && cmp(known.spends, most) <= 0, `${side} ${type} ${unit} ${percent}: ${size}`);
          assert.equal(known.short, null);
          assert.deepEqual(known.problems, []);
        }
  const blind: SpotContext = { ...at, quote: { balance: null, available: null } };
  assert.equal(spotShare("100", draft({}), blind), null);
  assert.equal(spotShare("100", draft({ type: "Market" }), { ...at, ticker: null }), null);
  assert.equal(spotFigures(draft({ size: "50" }), blind).short, null);
});

test("a press of + or − moves a size by a step of its coin, and an amount by one whole", () => {
  assert.equal(spotStepped("size", draft({}), at, true, "10"), "0.010010");
  assert.equal(spotStepped("size", draft({ unit: "quote", size: "99.5" }), at, true, "1"), "100.5");
  assert.equal(spotStepped("size", draft({ unit: "quote", size: "0.5" }), at, false, "1"), "0");
  assert.equal(spotStepped("price", draft({}), at, false, "1"), "63999.9");
});

test("a limit order that is typed as an amount is worth no more than it", () => {
  const known = spotFigures(draft({ unit: "quote", size: "100" }), at);
  assert.equal(known.inQuote, false);
  assert.equal(known.value && text(known.value), "99.968");
});

test("an amount has the market's own step where Bybit tells no other", () => {
  const untold = { ...instrument, quote_step: null, qty_step: "0.01", min_notional: null } as Instrument;
  const spends = draft({ type: "Market", unit: "quote", size: "20.018" });
  const known = spotFigures(spends, { ...at, instrument: untold });
  assert.equal(known.amount && text(known.amount), "20.01");
  assert.equal(spotShare("100", { ...spends, size: "" }, { ...at, instrument: untold, quote: purse("7.777") }), "7.77");
  const order = { category: "spot", symbol: "BTCUSDT", side: "Buy", order_type: "Market", market_unit: "quoteCoin", qty: "10" } as Order;
  const { wanted, fields } = amendment(order, { price: "", trigger_price: "", qty: "20.018" }, dec("0"), ticker, untold);
  assert.deepEqual([wanted, fields[0]?.reading.rounded && text(fields[0].reading.rounded)], [{ qty: "20.01" }, "20.01"]);
});
