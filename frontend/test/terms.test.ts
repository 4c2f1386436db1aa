import assert from "node:assert/strict";
import { test } from "node:test";
import type { Instrument, Position } from "../src/api/types.ts";
import { ladder } from "../src/lib/depth.ts";
import { dec, text } from "../src/lib/decimal.ts";
import { type Context, type Draft, emptyDraft, figures } from "../src/state/draft.ts";
import { limitPrice } from "../src/state/guards.ts";
import { sideIndex } from "../src/state/place.ts";
import { toOrder, toPreview } from "../src/state/terms.ts";
import { marketOf } from "../src/lib/market.ts";
import { linesOf } from "../src/chart/lines.ts";
import { movingAverage } from "../src/chart/averages.ts";

const instrument = { symbol: "BTCUSDT", tick_size: "0.1", qty_step: "0.001", min_qty: "0.001", max_qty: "100", max_market_qty: "50", min_notional: "5", max_leverage: "100" } as Instrument;
const ticker = { symbol: "BTCUSDT", last: "64250", mark: "64249.8", bid: "64249.9", ask: "64250", at: "" };
const at: Context = { instrument, ticker, position: null, available: dec("1000"), leverage: dec("10"), sized: null };
const place = { account: "1", symbol: "BTCUSDT", hedge: false };
const draft = (part: Partial<Draft>): Draft => ({ ...emptyDraft("Buy", "64000"), size: "0.01", ...part });

// side, typed, entry, take, stop: what both bring before fees, by hand from (exit - entry) * size.
const EXITS: [Draft["side"], Partial<Draft>, string | null, string | null][] = [
  ["Buy", { takeProfit: "66000", stopLoss: "63000" }, "20", "-10"],
  ["Sell", { takeProfit: "62000", stopLoss: "65000" }, "20", "-10"],
  ["Buy", { takeProfit: "10", stopLoss: "1", exitsIn: "percent" }, "64", "-6.4"],
  ["Sell", { takeProfit: "10", stopLoss: "1", exitsIn: "percent" }, "64", "-6.4"],
  ["Buy", { stopLoss: "63999.96" }, null, null],
];

test("what take profit and stop loss bring is exact, and is rounded to the tick first", () => {
  for (const [side, part, profit, loss] of EXITS) {
    const known = figures(draft({ side, ...part }), at);
    if (profit) assert.equal(known.profit && text(known.profit), profit);
    if (loss) assert.equal(known.loss && text(known.loss), loss);
  }
  const snapped = figures(draft({ stopLoss: "63999.93" }), at);
  assert.equal(snapped.stopLoss && text(snapped.stopLoss), "63999.9");
});

test("an exit on the wrong side of the entry is a problem, on either side of the market", () => {
  for (const [side, part] of [["Buy", { stopLoss: "64001" }], ["Buy", { takeProfit: "63000" }], ["Sell", { stopLoss: "63999" }], ["Sell", { takeProfit: "64000" }]] as const)
    assert.ok(figures(draft({ side, ...part }), at).problems.some((problem) => problem.code === "wrong-side"));
});

test("the limit that is told to a price too far off is itself let through, on either side", () => {
  for (const [side, typed, last] of [["Buy", "90000", "67462.5"], ["Sell", "10000", "61037.5"]] as const) {
    const { problem } = limitPrice(typed, side, ticker, dec("0.1"));
    assert.ok(problem && "limit" in problem);
    assert.equal(text(problem.limit), last);
    assert.equal(limitPrice(last, side, ticker, dec("0.1")).problem, null);
    assert.equal(limitPrice(last, side, ticker, dec("0.1")).warns, true);
  }
});

test("a trigger's direction follows from the watched price now", () => {
  const order = (part: Partial<Draft>) => {
    const filled = draft({ type: "Trigger", ...part });
    return toOrder("id", place, filled, figures(filled, at));
  };
  assert.equal(order({ trigger: "65000" })?.trigger_direction, 1);
  assert.equal(order({ trigger: "63000" })?.trigger_direction, 2);
  assert.equal(order({ trigger: "64249.8" }), null);
  const limit = order({ trigger: "65000", then: "Limit", price: "65010", triggerBy: "LastPrice" });
  assert.deepEqual([limit?.order_type, limit?.price, limit?.trigger_price, limit?.trigger_by], ["Limit", "65010", "65000", "LastPrice"]);
});

test("only combinations that Bybit has are sent", () => {
  const sent = (part: Partial<Draft>) => {
    const filled = draft(part);
    return toOrder("id", place, filled, figures(filled, at));
  };
  assert.equal(sent({ type: "Market" })?.slippage_tolerance, "0.5");
  assert.equal(sent({ type: "Market", slippage: "" })?.slippage_tolerance, undefined);
  assert.equal(sent({ type: "Market", stopLoss: "63000" })?.slippage_tolerance, undefined);
  assert.equal(sent({ type: "Market", slippage: "0.001" }), null);
  assert.equal(sent({ stopLoss: "63000" })?.sl_trigger_by, "MarkPrice");
  assert.equal(sent({ stopLoss: "63000" })?.tpsl_mode, "Full");
  assert.equal(sent({})?.tpsl_mode, undefined);
});

test("a size by risk needs a stop, waits for the server, and is then that size", () => {
  const risk = draft({ unit: "money", size: "25", stopLoss: "63000" });
  assert.ok(figures({ ...risk, stopLoss: "" }, at).problems.some((problem) => problem.code === "needs-stop"));
  const waiting = figures(risk, at);
  assert.equal(toOrder("id", place, risk, waiting), null);
  assert.deepEqual(toPreview(place, risk, waiting)?.size, { by: "risk", amount: "25" });
  const told = figures(risk, { ...at, sized: dec("0.023") });
  assert.equal(toOrder("id", place, risk, told)?.qty, "0.023");
});

test("in hedge mode an order belongs to the side that it opens or closes", () => {
  assert.deepEqual([sideIndex(false, "Buy", false), sideIndex(true, "Buy", false), sideIndex(true, "Sell", false), sideIndex(true, "Buy", true), sideIndex(true, "Sell", true)], [0, 1, 2, 2, 1]);
});

test("a book is added up from the best price, and the wider side fills the width", () => {
  const { bids, asks } = ladder([["10", "1"], ["9", "2"]], [["11", "0.5"], ["12", "1"]], 2);
  assert.deepEqual(bids.map((row) => [row.total, row.share]), [["1", "33"], ["3", "100"]]);
  assert.deepEqual(asks.map((row) => row.total), ["0.5", "1.5"]);
});

test("a chart draws what is set, and lets be moved what can be", () => {
  const held = { id: "p", symbol: "BTCUSDT", side: "Buy", entry_price: "1", liq_price: null, take_profit: "0", stop_loss: "0.5" } as Position;
  assert.deepEqual(linesOf(marketOf({ symbol: "BTCUSDT" }), [held, { ...held, symbol: marketOf({ symbol: "ETHUSDT" }) }], []).map((line) => [line.kind, line.drag !== null]), [["entry", false], ["stop_loss", true]]);
});

test("a moving average begins where there is enough", () => {
  assert.deepEqual(movingAverage([1, 2, 3, 4], 2), [undefined, 1.5, 2.5, 3.5]);
});
