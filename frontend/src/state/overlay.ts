import { signal } from "@preact/signals";
import { whenLeaving } from "./session.ts";
import type { Desk } from "./ticket.ts";

export type Overlay =
  | { kind: "markets" }
  | { kind: "ticket"; desk: Desk }
  | { kind: "close"; position: string }
  | { kind: "stop" }
  | { kind: "chart" }
  /** An open order, with what a drag on the chart proposed. */
  | { kind: "amend"; order: string; change?: Partial<Record<"price" | "trigger_price", string>> }
  | { kind: "order"; order: string }
  /** A position's take-profit and stop-loss, likewise. */
  | { kind: "stops"; position: string; change?: Partial<Record<"take_profit" | "stop_loss", string>> }
  | { kind: "reverse"; position: string }
  | { kind: "position"; position: string }
  | { kind: "leverage"; desk: Desk }
  | { kind: "phone" }
  | { kind: "notify" }
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
