// How numbers are shown: grouped in threes, a true minus sign, decimals fixed by the market. For eyes only; what goes
// to the server is `decimal.text`.

import { type Dec, fixed, places, read, sign, text } from "./decimal.ts";

export const NONE = "–";
const MINUS = "−";

function grouped(plain: string): string {
  const [whole = "", part] = plain.replace("-", "").split(".");
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return (plain.startsWith("-") ? MINUS : "") + groups + (part ? `.${part}` : "");
}

function asDec(value: Dec | string | null | undefined): Dec | null {
  return typeof value === "string" || value == null ? read(value) : value;
}

/** A price or size with the decimals of its step; without a step, as it is. */
export function number(value: Dec | string | null | undefined, step?: string | null): string {
  const known = asDec(value);
  if (!known) return NONE;
  const unit = read(step);
  return grouped(unit ? fixed(known, places(unit)) : text(known));
}

/** An amount of money in two decimals. */
export function money(value: Dec | string | null | undefined): string {
  const known = asDec(value);
  return known ? grouped(fixed(known, 2)) : NONE;
}

/** An amount that says which way it went: +12.00, −3.50, 0.00. */
export function signed(value: Dec | string | null | undefined, decimals = 2): string {
  const known = asDec(value);
  if (!known) return NONE;
  const shown = fixed(known, decimals);
  return (sign(known) > 0 && /[1-9]/.test(shown) ? "+" : "") + grouped(shown.replace(/^-(?=[0.]*$)/, ""));
}

/** "BTC" of "BTCUSDT" when the quote is one that we know. */
export function baseOf(symbol: string): string {
  return /^(.+?)(USDT|USDC|PERP|USD)$/.exec(symbol)?.[1] ?? symbol;
}

export function quoteOf(symbol: string): string {
  return symbol.endsWith("PERP") ? "USDC" : (/(USDT|USDC|USD)$/.exec(symbol)?.[1] ?? "USDT");
}
