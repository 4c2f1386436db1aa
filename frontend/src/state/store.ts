// What we know of the accounts. Memory only: nothing here is ever written to the device.

import { computed, type Signal, signal } from "@preact/signals";
import type { Account, Fill, Instrument, Order, Position, Status, Ticker, Wallet } from "../api/types.ts";
import { read, sign } from "../lib/decimal.ts";
import type { MarketId } from "../lib/market.ts";
import type { Change, Heartbeat, Snapshot } from "../net/protocol.ts";

export const accounts = signal<Account[]>([]);
export const orders = signal<ReadonlyMap<string, Order>>(new Map());
export const positions = signal<ReadonlyMap<string, Position>>(new Map());
export const wallets = signal<ReadonlyMap<string, Wallet>>(new Map());
export const statuses = signal<ReadonlyMap<string, Status>>(new Map());
export const instruments = signal<ReadonlyMap<MarketId, Instrument>>(new Map());
/** Fills heard on the stream, by order and then by execution: a repeated one counts once. */
export const fills = signal<ReadonlyMap<string, ReadonlyMap<string, Fill>>>(new Map());

const CLOSED_KEPT = 100;
const OPEN_STATES = new Set(["new", "sending", "unknown", "acked", "working"]);

export function isOpen(order: Order): boolean {
  return OPEN_STATES.has(order.state);
}

export const openOrders = computed(() =>
  [...orders.value.values()].filter(isOpen).sort((a, b) => (a.created_at < b.created_at ? 1 : -1)),
);

export const openPositions = computed(() =>
  [...positions.value.values()]
    .filter((position) => sign(read(position.size) ?? { n: 0n, s: 0 }) !== 0)
    .sort((a, b) => (a.symbol === b.symbol ? (a.id < b.id ? -1 : 1) : a.symbol < b.symbol ? -1 : 1)),
);

interface Versioned {
  version: number;
}

function newer<Row extends Versioned>(known: Row | undefined, row: Row): Row {
  return known && known.version >= row.version ? known : row;
}

function withRow<Row extends Versioned>(list: Signal<ReadonlyMap<string, Row>>, key: string, row: Row): void {
  const known = list.peek().get(key);
  if (newer(known, row) === known) return;
  list.value = new Map(list.peek()).set(key, row);
}

function replaced<Row extends Versioned>(list: ReadonlyMap<string, Row>, rows: [string, Row][]): Map<string, Row> {
  return new Map(rows.map(([key, row]) => [key, newer(list.get(key), row)]));
}

export function takeOrder(order: Order): void {
  withRow(orders, order.id, order);
  const closed = [...orders.peek().values()].filter((row) => !isOpen(row));
  if (closed.length <= CLOSED_KEPT) return;
  const kept = new Map(orders.peek());
  for (const row of closed.slice(0, closed.length - CLOSED_KEPT)) kept.delete(row.id);
  orders.value = kept;
}

function takeFill(fill: Fill): void {
  // Funding and the like belong to no order: they stand together under no name.
  const of = fill.order ?? "";
  const known = fills.peek().get(of);
  if (known?.has(fill.exec_id)) return;
  const all = new Map(fills.peek()).set(of, new Map(known).set(fill.exec_id, fill));
  for (const order of [...all.keys()].slice(0, -CLOSED_KEPT)) all.delete(order);
  fills.value = all;
}

export function takeChange(change: Change): void {
  if (change.type === "order") takeOrder(change.order);
  else if (change.type === "fill") takeFill(change.fill);
  else if (change.type === "position") withRow(positions, change.position.id, change.position);
  else withRow(wallets, change.account, change.wallet);
}

export function takeStatus(rows: Status[]): void {
  const all = new Map(statuses.peek());
  for (const row of rows) all.set(row.account, row);
  statuses.value = all;
  // With the state of the stream comes whether the key may trade.
  const told = new Map(rows.filter((row) => row.read_only !== undefined).map((row) => [row.account, row]));
  if (told.size) accounts.value = accounts.peek().map((row) => ({ ...row, ...trading(told.get(row.id)) }));
}

/** Every heartbeat says which accounts are paused. */
export function takePauses(up: Heartbeat["up"]): void {
  const now = (row: Account) => up[row.id]?.paused ?? null;
  if (accounts.peek().every((row) => (row.paused?.at ?? null) === (now(row)?.at ?? null))) return;
  accounts.value = accounts.peek().map((row) => ({ ...row, paused: now(row) }));
}

function trading(row: Status | undefined): Partial<Account> {
  return row ? { read_only: row.read_only ?? false, read_only_reason: row.read_only_reason ?? null } : {};
}

export function takeSnapshot(snapshot: Snapshot): void {
  accounts.value = snapshot.accounts;
  const closed = [...orders.peek()].filter(([, row]) => !isOpen(row));
  const open = replaced(orders.peek(), snapshot.orders.map((row) => [row.id, row]));
  orders.value = new Map([...closed, ...open]);
  positions.value = replaced(positions.peek(), snapshot.positions.map((row) => [row.id, row]));
  wallets.value = replaced(wallets.peek(), snapshot.wallet.map((row) => [row.account, row]));
  statuses.value = new Map((snapshot.status ?? []).map((row) => [row.account, row]));
}

export function clearStore(): void {
  accounts.value = [];
  orders.value = new Map();
  positions.value = new Map();
  wallets.value = new Map();
  statuses.value = new Map();
  fills.value = new Map();
}

const tickers = new Map<MarketId, Signal<Ticker | null>>();

export function ticker(market: MarketId): Signal<Ticker | null> {
  let known = tickers.get(market);
  if (!known) tickers.set(market, (known = signal(null)));
  return known;
}

let kept: ReadonlySet<MarketId> | null = null;

/** Whether a price of it is wanted. One that comes late of a market that was left would stand there as if it were new. */
export function isWatched(market: MarketId): boolean {
  return kept?.has(market) ?? true;
}

/** What nobody watches any more grows old: a price of it is no longer known. */
export function keepTickers(watched: ReadonlySet<MarketId>): void {
  kept = watched;
  for (const [market, known] of tickers) if (!watched.has(market)) known.value = null;
}

export function clearTickers(): void {
  for (const known of tickers.values()) known.value = null;
}
