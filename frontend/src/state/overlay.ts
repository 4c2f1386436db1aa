import { signal } from "@preact/signals";
import { whenLeaving } from "./session.ts";
import type { Desk } from "./ticket.ts";

export type Overlay =
  | { kind: "markets" }
  | { kind: "ticket"; desk: Desk }
  | { kind: "close"; position: string }
  | { kind: "stop" }
  | { kind: "details" }
  | { kind: "unsettled" }
  | { kind: "keys" };

/** The sheet in front, under Review if that is open. */
export const overlay = signal<Overlay | null>(null);

export function show(what: Overlay): void {
  overlay.value = what;
}

export function hide(): void {
  overlay.value = null;
}

whenLeaving(hide);
