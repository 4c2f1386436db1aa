import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "../src/lib/backoff.ts";
import { text } from "../src/lib/decimal.ts";
import { entered, entry } from "../src/lib/entry.ts";
import { baseOf, money, number, quoteOf, signed } from "../src/lib/format.ts";
import { age } from "../src/lib/time.ts";

test("one decimal mark, point or comma; everything else is refused", () => {
  for (const [typed, value] of [["1,5", "1.5"], ["1.5", "1.5"], ["64250", "64250"], [".5", "0.5"], ["7.", "7"], [" 2 ", "2"], ["\u00a064250.1\u202f", "64250.1"], ["\u200b\u2060 1,5\ufeff\n", "1.5"], ["\u200e7\u200f", "7"]] as const)
    assert.equal(text(entered(typed) ?? assert.fail(typed)), value);
  for (const bad of ["1,234.5", "1.2.3", "1e5", "−1", "-1", "+1", "1 000", "1\u00a0000", "1\u200b000", "abc", ".", ",", "1,2,3"])
    assert.equal(entry(bad).kind, "bad", bad);
  for (const blank of ["  ", "\u00a0", "\u200b"]) assert.equal(entry(blank).kind, "empty");
});

test("numbers are grouped, with a true minus and the decimals of the market", () => {
  assert.equal(number("64250.1", "0.10"), "64,250.1");
  assert.equal(number("1234567.5"), "1,234,567.5");
  assert.equal(number("0.01", "0.001"), "0.010");
  assert.equal(number(null, "0.1"), "–");
  assert.equal(money("-1234.5"), "−1,234.50");
});

test("a signed amount never claims a direction that its digits do not show", () => {
  assert.equal(signed("22.49"), "+22.49");
  assert.equal(signed("-8.19"), "−8.19");
  assert.equal(signed("0.001"), "0.00");
  assert.equal(signed("-0.001"), "0.00");
  assert.equal(signed(null), "–");
});

test("markets are split into base and quote", () => {
  assert.deepEqual([baseOf("BTCUSDT"), quoteOf("BTCUSDT")], ["BTC", "USDT"]);
  assert.deepEqual([baseOf("1000PEPEUSDT"), quoteOf("ETHUSDC")], ["1000PEPE", "USDC"]);
  assert.deepEqual([baseOf("BTCPERP"), quoteOf("BTCPERP")], ["BTC", "USDC"]);
});

test("waits double, stay within the cap, and grow patient after four failures", () => {
  assert.deepEqual([1, 2, 3].map((n) => backoff(n, () => 0.5)), [500, 1000, 2000]);
  assert.equal(backoff(4, () => 0), 5000);
  assert.equal(backoff(20, () => 0.5), 15_000);
});

test("ages are rough and never negative", () => {
  assert.deepEqual([-5, 8_400, 240_000, 3 * 3_600_000, 50 * 3_600_000].map(age), ["0 s", "8 s", "4 min", "3 h", "2 d"]);
});
