// Money is text on the wire and a Dec in between: a whole number of 10^-s. Nothing here is ever a float.

export interface Dec {
  readonly n: bigint;
  readonly s: number;
}

export type Rounding = "down" | "up" | "half";

const FORM = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/;

export const ZERO: Dec = { n: 0n, s: 0 };

/** Reads `-12.50`; null for anything that is not a plain decimal, and for null. */
export function read(text: string | null | undefined): Dec | null {
  const match = text == null ? null : FORM.exec(text);
  if (!match) return null;
  const [, sign = "", whole = "", part = ""] = match;
  const n = BigInt(whole + part);
  return { n: sign ? -n : n, s: part.length };
}

/** Reads a decimal written in the source. */
export function dec(text: string): Dec {
  const value = read(text);
  if (!value) throw new RangeError(`not a decimal: ${text}`);
  return value;
}

function power(places: number): bigint {
  return 10n ** BigInt(places);
}

function scaled(a: Dec, s: number): bigint {
  return a.n * power(s - a.s);
}

function widest(a: Dec, b: Dec): number {
  return a.s > b.s ? a.s : b.s;
}

/** Divides whole numbers; `down` is towards zero, `up` away from it, `half` to the nearest and away on a tie. */
function divide(n: bigint, by: bigint, rounding: Rounding): bigint {
  const quotient = n / by;
  const rest = n % by;
  if (rest === 0n || rounding === "down") return quotient;
  const away = n < 0n === by < 0n ? 1n : -1n;
  if (rounding === "up") return quotient + away;
  const size = (value: bigint) => (value < 0n ? -value : value);
  return size(rest) * 2n >= size(by) ? quotient + away : quotient;
}

export function add(a: Dec, b: Dec): Dec {
  const s = widest(a, b);
  return { n: scaled(a, s) + scaled(b, s), s };
}

export function sub(a: Dec, b: Dec): Dec {
  return add(a, neg(b));
}

export function mul(a: Dec, b: Dec): Dec {
  return { n: a.n * b.n, s: a.s + b.s };
}

/** a / b with `places` decimals. Dividing by zero throws, as BigInt does. */
export function div(a: Dec, b: Dec, places: number, rounding: Rounding = "down"): Dec {
  return { n: divide(a.n * power(places + b.s), b.n * power(a.s), rounding), s: places };
}

export function neg(a: Dec): Dec {
  return { n: -a.n, s: a.s };
}

export function abs(a: Dec): Dec {
  return a.n < 0n ? neg(a) : a;
}

export function sign(a: Dec): -1 | 0 | 1 {
  return a.n < 0n ? -1 : a.n > 0n ? 1 : 0;
}

export function cmp(a: Dec, b: Dec): -1 | 0 | 1 {
  return sign(sub(a, b));
}

export function min(a: Dec, b: Dec): Dec {
  return cmp(a, b) <= 0 ? a : b;
}

export function max(a: Dec, b: Dec): Dec {
  return cmp(a, b) >= 0 ? a : b;
}

/** The value with exactly `places` decimals. */
export function round(a: Dec, places: number, rounding: Rounding = "half"): Dec {
  if (places >= a.s) return { n: scaled(a, places), s: places };
  return { n: divide(a.n, power(a.s - places), rounding), s: places };
}

/** The multiple of `step` at `a` or next to it. */
export function snap(a: Dec, step: Dec, rounding: Rounding = "down"): Dec {
  if (step.n <= 0n) return a;
  const s = widest(a, step);
  const unit = scaled(step, s);
  return { n: divide(scaled(a, s), unit, rounding) * unit, s };
}

export function onStep(a: Dec, step: Dec): boolean {
  return cmp(snap(a, step), a) === 0;
}

/** Decimals that a step needs: 0.10 and 0.1 need one, 5 and 10 none. */
export function places(step: Dec): number {
  let { n, s } = step;
  while (s > 0 && n % 10n === 0n) {
    n /= 10n;
    s -= 1;
  }
  return s;
}

function plain(a: Dec): string {
  const digits = (a.n < 0n ? -a.n : a.n).toString().padStart(a.s + 1, "0");
  const cut = digits.length - a.s;
  const text = a.s ? `${digits.slice(0, cut)}.${digits.slice(cut)}` : digits;
  return a.n < 0n ? `-${text}` : text;
}

/** As the wire wants it: no exponent, no trailing zeros, no minus before zero. */
export function text(a: Dec): string {
  return plain(round(a, places(a)));
}

/** With exactly so many decimals. */
export function fixed(a: Dec, decimals: number, rounding: Rounding = "half"): string {
  return plain(round(a, decimals, rounding));
}
