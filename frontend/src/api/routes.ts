import { type Answer, call } from "./client.ts";
import { type Category, categoryOf, type MarketId, symbolOf } from "../lib/market.ts";
import type { components } from "./schema.d.ts";
import type { Account, Candle, CancelAllItem, CloseRequest, Fill, Instrument, Market, NewOrder, Order, Page, Position, PositionDetail, Preview, PreviewRequest, Session } from "./types.ts";

type Schemas = components["schemas"];

/** Longer than the server's own five seconds with the exchange, and the six of a repeated id. */
const TRADE_TIMEOUT_MS = 20_000;

export async function readSession(timeoutMs = 6_000): Promise<Session> {
  return (await call<Session>("GET", "/session", undefined, timeoutMs)).body;
}

export async function signIn(proof: { link: string } | { username: string; password: string }): Promise<Session> {
  return (await call<Session>("POST", "/session", proof)).body;
}

export async function signOut(): Promise<void> {
  await call("DELETE", "/session");
}

export async function readInstruments(category: Category): Promise<Instrument[]> {
  const all: Instrument[] = [];
  let cursor = "";
  do {
    const page = await call<Page<Instrument>>("GET", `/instruments?category=${category}&limit=200${cursor}`);
    all.push(...page.body.items);
    cursor = page.body.next ? `&cursor=${encodeURIComponent(page.body.next)}` : "";
  } while (cursor);
  return all;
}

export function placeOrder(order: NewOrder, seen: string | null): Promise<Answer<Order>> {
  return call("POST", "/orders", { ...order, seen }, TRADE_TIMEOUT_MS);
}

export async function readOrder(id: string): Promise<Order> {
  return (await call<Order>("GET", `/orders/${encodeURIComponent(id)}`)).body;
}

/** Lets no new risk onto an account, whoever asks; or does again. */
export async function setPaused(account: string, on: boolean): Promise<Account> {
  return (await call<Account>("PUT", `/accounts/${encodeURIComponent(account)}/pause`, { on })).body;
}

/** The newest orders of all accounts that are over. */
export async function readEnded(limit: number): Promise<Order[]> {
  return (await call<Page<Order>>("GET", `/orders?state=closed&limit=${limit}`)).body.items;
}

/** The newest executions of all accounts. */
export async function readFills(limit: number): Promise<Fill[]> {
  return (await call<Page<Fill>>("GET", `/executions?limit=${limit}`)).body.items;
}

export function cancelOrder(id: string): Promise<Answer<Order>> {
  return call("DELETE", `/orders/${encodeURIComponent(id)}`, undefined, TRADE_TIMEOUT_MS);
}

export async function cancelAll(account: string): Promise<CancelAllItem[]> {
  return (await call<{ items: CancelAllItem[] }>("POST", "/orders/cancel-all", { account }, 60_000)).body.items;
}

export function closePosition(position: string, request: CloseRequest): Promise<Answer<Order>> {
  return call("POST", `/positions/${encodeURIComponent(position)}/close`, request, TRADE_TIMEOUT_MS);
}

/** All markets of a kind with their prices, by name; or the favourites among them. */
export async function readMarkets(category: Category, account: string | undefined, favourites = false): Promise<Market[]> {
  const all: Market[] = [];
  let cursor = "";
  do {
    const of = (account ? `&account=${encodeURIComponent(account)}` : "") + (favourites ? "&favourites=true" : "");
    const page = await call<Page<Market>>("GET", `/markets?category=${category}&limit=200${of}${cursor}`);
    all.push(...page.body.items);
    cursor = page.body.next ? `&cursor=${encodeURIComponent(page.body.next)}` : "";
  } while (cursor);
  return all;
}

export async function setFavourite(market: MarketId, on: boolean): Promise<void> {
  await call(on ? "PUT" : "DELETE", `/favourites/${categoryOf(market)}/${encodeURIComponent(symbolOf(market))}`);
}

/** Oldest first; with `end` (the server's form of a time), the ones before it. */
export async function readCandles(market: MarketId, interval: string, account: string | undefined, end?: string): Promise<Candle[]> {
  const of = (account ? `&account=${encodeURIComponent(account)}` : "") + (end ? `&end=${encodeURIComponent(end)}` : "");
  return (await call<{ items: Candle[] }>("GET", `/markets/${encodeURIComponent(symbolOf(market))}/candles?category=${categoryOf(market)}&interval=${interval}&limit=200${of}`)).body.items;
}

export async function previewOrder(asked: PreviewRequest): Promise<Preview> {
  return (await call<Preview>("POST", "/orders/preview", asked)).body;
}

/** A position, flat or not. */
export async function readPosition(id: string): Promise<PositionDetail> {
  return (await call<PositionDetail>("GET", `/positions/${encodeURIComponent(id)}`)).body;
}

/** 202: sent, and not known whether Bybit took it. */
export function setLeverage(position: string, leverage: string): Promise<Answer<{ leverage: string | null }>> {
  return call("PUT", `/positions/${encodeURIComponent(position)}/leverage`, { leverage }, TRADE_TIMEOUT_MS);
}

export function setMode(account: string, mode: "one_way" | "hedge"): Promise<Answer<{ position_mode: string }>> {
  return call("PUT", "/position-mode", { account, mode }, TRADE_TIMEOUT_MS);
}

/** The newest orders of one market, whatever became of them. */
export async function readRecent(account: string, market: MarketId): Promise<Order[]> {
  const of = `&category=${categoryOf(market)}&symbol=${encodeURIComponent(symbolOf(market))}`;
  const path = `/orders?state=all&limit=20&account=${encodeURIComponent(account)}${of}`;
  return (await call<Page<Order>>("GET", path)).body.items;
}

export type AmendRequest = Schemas["AmendIn"];
export type StopsRequest = Partial<Schemas["StopsIn"]>;
export type Protection = Schemas["ProtectionOut"];
export type OrderDetail = Order & Pick<Schemas["OrderDetail"], "fills" | "events" | "times" | "user">;

export function amendOrder(id: string, change: AmendRequest): Promise<Answer<Order>> {
  return call("PATCH", `/orders/${encodeURIComponent(id)}`, change, TRADE_TIMEOUT_MS);
}

export async function readDetail(id: string): Promise<OrderDetail> {
  return (await call<OrderDetail>("GET", `/orders/${encodeURIComponent(id)}`)).body;
}

export function setStops(position: string, stops: StopsRequest): Promise<Answer<Position>> {
  return call("PUT", `/positions/${encodeURIComponent(position)}/trading-stop`, stops, TRADE_TIMEOUT_MS);
}

export interface Reversed {
  close: Order;
  open: Order | null;
  error: { code: string; message: string; detail: Record<string, unknown> } | null;
}

export function reversePosition(position: string, ids: { id: string; open_id: string }, seen: string | null): Promise<Answer<Reversed>> {
  return call("POST", `/positions/${encodeURIComponent(position)}/reverse`, { ...ids, seen }, 30_000);
}

export interface Closed {
  position: string;
  status: number;
  order: Order | null;
  error: { code: string; message: string } | null;
}

/** The same `id` again sends nothing again. */
export async function closeEverything(id: string, account: string): Promise<Closed[]> {
  return (await call<{ items: Closed[] }>("POST", "/positions/close-all", { id, account }, 60_000)).body.items;
}

/** Cancels and closes everything of a paper account and gives it its first money back. The same `id` closes nothing twice. */
export function startOver(id: string, account: string): Promise<Answer<Schemas["StartOverOut"]>> {
  return call("POST", "/practice/start-over", { id, account }, 60_000);
}

export async function readProtection(account: string): Promise<Protection> {
  return (await call<Protection>("GET", `/protection?account=${encodeURIComponent(account)}`)).body;
}
