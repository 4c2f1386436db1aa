// The tickets being filled in, one for each account and market, and the order under review.

import { computed, signal } from "@preact/signals";
import type { NewOrder, Side } from "../api/types.ts";
import { type Dec, fixed, places, read } from "../lib/decimal.ts";
import { type Category, categoryOf, marketOf, symbolOf } from "../lib/market.ts";
import { byRisk, type Context, type Draft, emptyDraft, hasInput } from "./draft.ts";
import { layout } from "./layout.ts";
import { type Place, sideIndex } from "./place.ts";
import { account, market } from "./focus.ts";
import { whenLeaving } from "./session.ts";
import { show } from "./overlay.ts";
import { pacedTicker } from "./paced.ts";
import { accounts, instruments, openPositions, wallets } from "./store.ts";

const KEPT_MS = 10 * 60_000;

interface Kept {
  draft: Draft;
  at: number;
}

const drafts = signal<ReadonlyMap<string, Kept>>(new Map());

/** What the ticket in front belongs to. */
export interface Desk {
  account: string;
  environment: string;
  category: Category;
  symbol: string;
}

export const desk = computed<Desk | null>(() =>
  account.value ? { account: account.value.id, environment: account.value.environment, category: categoryOf(market.value), symbol: symbolOf(market.value) } : null,
);

function key(of: Desk): string {
  return `${of.environment} ${of.account} ${marketOf(of)}`;
}

export function context(of: Desk): Context | null {
  const instrument = instruments.value.get(marketOf(of));
  if (!instrument) return null;
  const draft = draftOf(of);
  const index = sideIndex(placeOf(of).hedge, draft.side, draft.reduceOnly);
  const position = openPositions.value.find((row) => row.id === positionId(of, index)) ?? null;
  return {
    instrument, position,
    ticker: pacedTicker(marketOf(of)).value,
    available: read(wallets.value.get(of.account)?.available),
    leverage: read(position?.leverage ?? leverages.value.get(positionId(of, index))),
    sized: sized.value?.of === sizeKey(of, draft) ? read(sized.value.qty) : null,
  };
}

export function placeOf(of: Desk): Place {
  // Bybit keeps the mode by market: what is held there knows better than the account.
  const held = openPositions.value.find((row) => row.account === of.account && row.symbol === marketOf(of));
  const hedge = held ? held.position_idx !== 0 : accounts.value.find((row) => row.id === of.account)?.position_mode === "hedge";
  return { account: of.account, symbol: of.symbol, hedge };
}

export function positionId(of: Desk, index: 0 | 1 | 2): string {
  return `${of.account}:${of.category}:${of.symbol}:${index}`;
}

/** The leverage of markets without a position, as Bybit told it when it was asked for. */
export const leverages = signal<ReadonlyMap<string, string>>(new Map());
/** The server's answer to the last size that was given by risk. */
export const sized = signal<{ of: string; qty: string } | null>(null);

/** All that such a size depends on. */
export function sizeKey(of: Desk, draft: Draft): string {
  const { side, type, then, price, trigger, size, unit, stopLoss, exitsIn } = draft;
  return JSON.stringify([key(of), side, type, then, price, trigger, size, unit, stopLoss, exitsIn]);
}

export function draftOf(of: Desk): Draft {
  const kept = drafts.value.get(key(of));
  return kept && Date.now() - kept.at < KEPT_MS ? kept.draft : emptyDraft("Buy", "");
}

export function change(of: Desk, part: Partial<Draft>): void {
  const draft = { ...draftOf(of), ...part };
  if (part.type && part.type !== "Limit") draft.postOnly = false;
  if (part.reduceOnly) draft.takeProfit = draft.stopLoss = "";
  // By risk the size follows from the stop, which then cannot follow from the size.
  if (byRisk(draft) && draft.exitsIn === "money") Object.assign(draft, { exitsIn: "price", takeProfit: "", stopLoss: "" });
  if (part.reduceOnly && (draft.unit === "money" || draft.unit === "percent")) draft.unit = "base";
  drafts.value = new Map(drafts.peek()).set(key(of), { draft, at: Date.now() });
}

/** Opens the ticket on one side; a price is put in only where none was typed. */
export function prepare(of: Desk, side: Side, price?: string | null): void {
  const known = context(of);
  const own = side === "Buy" ? known?.ticker?.bid : known?.ticker?.ask;
  const suggested = read(price ?? own ?? known?.ticker?.last);
  const step = read(known?.instrument.tick_size);
  const draft = draftOf(of);
  // While nothing is being ordered the price follows the market and the side: an old one may lie across the book by now.
  const fill = price || draft.price === "" || !hasInput(draft);
  change(of, { side, ...(fill && suggested && step ? { price: fixed(suggested, places(step)) } : {}) });
}

/** An order's price does not outlive it: the market has moved, and the other side's lies elsewhere. */
export function clearDraft(of: Desk): void {
  change(of, { size: "", price: "", postOnly: false, reduceOnly: false, takeProfit: "", stopLoss: "", trigger: "" });
  prepare(of, draftOf(of).side);
}

/** On a phone the ticket comes up; beside a wide page it is there already and only takes the side. */
export function openTicket(of: Desk, side: Side, price?: string | null): void {
  prepare(of, side, price);
  if (layout.peek() === "phone") show({ kind: "ticket", desk: of });
  else document.getElementById("ticket-size")?.focus();
}

/** True while something typed would be lost by a reload. */
export const busy = computed(() => review.value !== null || [...drafts.value.values()].some((kept) => hasInput(kept.draft)));

export interface Review {
  desk: Desk;
  order: NewOrder;
  /** The market price when Review was opened or last confirmed; a market order that drifts from it is asked anew. */
  price: Dec | null;
  /** Why the reader is asked again. */
  notice: string | null;
  /** Asks once more, for an order with another id. */
  again: (notice: string | null, id?: string) => boolean;
}

export const review = signal<Review | null>(null);
/** What the server said to the last order of a desk, shown in its ticket until the next edit or review. */
export const refusal = signal<{ desk: string; title: string; code: string } | null>(null);

export function refuse(of: Desk, title: string, code: string): void {
  refusal.value = { desk: key(of), title, code };
}

export function refusalOf(of: Desk) {
  return refusal.value?.desk === key(of) ? refusal.value : null;
}

/** Brings an order before the reader. */
export function ask(asked: Review): void {
  refusal.value = null;
  review.value = asked;
}

export function closeReview(): void {
  review.value = null;
}

whenLeaving(() => {
  drafts.value = new Map();
  leverages.value = new Map();
  sized.value = null;
  review.value = null;
  refusal.value = null;
});
