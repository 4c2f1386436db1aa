// What people may type into a price or size field. One decimal mark, point or comma, once; nothing is guessed.

import { type Dec, read } from "./decimal.ts";

export type Entry = { kind: "empty" } | { kind: "bad" } | { kind: "ok"; value: Dec };

/** Blanks around what was pasted, those included that have no width or do not break. */
const AROUND = /^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu;

export function entry(typed: string): Entry {
  const trimmed = typed.replace(AROUND, "");
  if (trimmed === "") return { kind: "empty" };
  if (!/^(\d{1,18}([.,]\d{0,18})?|[.,]\d{1,18})$/.test(trimmed)) return { kind: "bad" };
  const plain = trimmed.replace(",", ".").replace(/^\./, "0.").replace(/\.$/, "");
  const value = read(plain);
  return value ? { kind: "ok", value } : { kind: "bad" };
}

export function entered(typed: string): Dec | null {
  const known = entry(typed);
  return known.kind === "ok" ? known.value : null;
}
