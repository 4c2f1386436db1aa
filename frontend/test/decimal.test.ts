import assert from "node:assert/strict";
import { test } from "node:test";
import * as d from "../src/lib/decimal.ts";

/** A seeded generator, so that a failure can be run again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

function digits(next: () => number, length: number): string {
  return Array.from({ length }, () => String(Math.floor(next() * 10))).join("");
}

function anyDecimal(next: () => number): string {
  const whole = digits(next, 1 + Math.floor(next() * 12)).replace(/^0+(?=\d)/, "");
  const part = digits(next, Math.floor(next() * 12));
  return (next() < 0.4 ? "-" : "") + whole + (part ? `.${part}` : "");
}

/** The same value as a whole number of 10^-40: an oracle that shares no code with what it checks. */
function wide(text: string): bigint {
  const [whole = "", part = ""] = text.replace("-", "").split(".");
  const value = BigInt(whole + part.padEnd(40, "0"));
  return text.startsWith("-") ? -value : value;
}

const ROUNDS = 3_000;

test("reads plain decimals and nothing else", () => {
  for (const good of ["0", "1", "-1.5", "0.00000001", "123456789012345678.123456789012345678"])
    assert.ok(d.read(good), good);
  for (const bad of ["", "1e5", "1,5", "+1", ".5", "1.", "−1", "NaN", "0x1", " 1", "1 ", null, undefined])
    assert.equal(d.read(bad), null, String(bad));
});

test("writes without exponent, trailing zeros or a negative zero", () => {
  assert.equal(d.text(d.dec("0.0000001")), "0.0000001");
  assert.equal(d.text(d.dec("64250.10")), "64250.1");
  assert.equal(d.text(d.dec("100")), "100");
  assert.equal(d.text(d.dec("-0.00")), "0");
  assert.equal(d.fixed(d.dec("0.01"), 3), "0.010");
});

test("sums, differences, products and order agree with whole numbers", () => {
  const next = random(7);
  for (let round = 0; round < ROUNDS; round += 1) {
    const [a, b] = [anyDecimal(next), anyDecimal(next)];
    const [x, y] = [d.dec(a), d.dec(b)];
    assert.equal(wide(d.text(d.add(x, y))), wide(a) + wide(b), `${a} + ${b}`);
    assert.equal(wide(d.text(d.sub(x, y))), wide(a) - wide(b), `${a} - ${b}`);
    assert.equal(wide(d.text(d.mul(x, y))) * 10n ** 40n, wide(a) * wide(b), `${a} * ${b}`);
    assert.equal(d.cmp(x, y), wide(a) < wide(b) ? -1 : wide(a) > wide(b) ? 1 : 0, `${a} <> ${b}`);
  }
});

test("a quotient is the nearest below, above or around", () => {
  const next = random(11);
  for (let round = 0; round < ROUNDS; round += 1) {
    const [a, b] = [anyDecimal(next), anyDecimal(next)];
    const [x, y] = [d.dec(a), d.dec(b)];
    if (d.sign(y) === 0) continue;
    const unit = d.dec("0.00000001");
    const down = d.div(x, y, 8, "down");
    const up = d.div(x, y, 8, "up");
    const back = d.abs(d.mul(down, y));
    assert.ok(d.cmp(back, d.abs(x)) <= 0, `${a} / ${b} down`);
    assert.ok(d.cmp(d.abs(d.mul(up, y)), d.abs(x)) >= 0, `${a} / ${b} up`);
    assert.ok(d.cmp(d.abs(d.sub(up, down)), unit) <= 0, `${a} / ${b} apart`);
    const off = d.abs(d.sub(d.mul(d.div(x, y, 8, "half"), y), x));
    assert.ok(d.cmp(d.mul(off, d.dec("2")), d.abs(d.mul(unit, y))) <= 0, `${a} / ${b} half`);
  }
});

test("a snapped value is on the step, within one step, and never further from zero when rounding down", () => {
  const next = random(13);
  for (let round = 0; round < ROUNDS; round += 1) {
    const a = anyDecimal(next);
    const step = d.dec(["0.001", "0.1", "0.5", "1", "5", "100", "0.00000025"][Math.floor(next() * 7)] ?? "1");
    const x = d.dec(a);
    const snapped = d.snap(x, step);
    assert.ok(d.onStep(snapped, step), a);
    assert.ok(d.cmp(d.abs(snapped), d.abs(x)) <= 0, a);
    assert.ok(d.cmp(d.abs(d.sub(x, snapped)), step) < 0, a);
    assert.equal(d.text(d.snap(snapped, step)), d.text(snapped), a);
  }
});

test("text and reading are each other's reverse", () => {
  const next = random(17);
  for (let round = 0; round < ROUNDS; round += 1) {
    const a = anyDecimal(next);
    assert.equal(wide(d.text(d.dec(a))), wide(a), a);
    assert.equal(d.text(d.dec(d.text(d.dec(a)))), d.text(d.dec(a)), a);
  }
});

test("rounding has the three ways and treats signs alike", () => {
  assert.equal(d.fixed(d.dec("1.25"), 1), "1.3");
  assert.equal(d.fixed(d.dec("-1.25"), 1), "-1.3");
  assert.equal(d.fixed(d.dec("1.29"), 1, "down"), "1.2");
  assert.equal(d.fixed(d.dec("-1.29"), 1, "down"), "-1.2");
  assert.equal(d.fixed(d.dec("1.21"), 1, "up"), "1.3");
  assert.equal(d.fixed(d.dec("-1.21"), 1, "up"), "-1.3");
});
