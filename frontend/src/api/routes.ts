import { type Answer, call } from "./client.ts";
import type { Candle, CancelAllItem, CloseRequest, Instrument, Market, NewOrder, Order, Page, Session } from "./types.ts";

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

export async function readInstruments(): Promise<Instrument[]> {
  const all: Instrument[] = [];
  let cursor = "";
  do {
    const page = await call<Page<Instrument>>("GET", `/instruments?category=linear&limit=200${cursor}`);
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

export function cancelOrder(id: string): Promise<Answer<Order>> {
  return call("DELETE", `/orders/${encodeURIComponent(id)}`, undefined, TRADE_TIMEOUT_MS);
}

export async function cancelAll(account: string): Promise<CancelAllItem[]> {
  return (await call<{ items: CancelAllItem[] }>("POST", "/orders/cancel-all", { account }, 60_000)).body.items;
}

export function closePosition(position: string, request: CloseRequest): Promise<Answer<Order>> {
  return call("POST", `/positions/${encodeURIComponent(position)}/close`, request, TRADE_TIMEOUT_MS);
}

/** All markets with their prices, by name. */
export async function readMarkets(account: string | undefined): Promise<Market[]> {
  const all: Market[] = [];
  let cursor = "";
  do {
    const of = account ? `&account=${encodeURIComponent(account)}` : "";
    const page = await call<Page<Market>>("GET", `/markets?category=linear&limit=200${of}${cursor}`);
    all.push(...page.body.items);
    cursor = page.body.next ? `&cursor=${encodeURIComponent(page.body.next)}` : "";
  } while (cursor);
  return all;
}

export async function setFavourite(symbol: string, on: boolean): Promise<void> {
  await call(on ? "PUT" : "DELETE", `/favourites/linear/${encodeURIComponent(symbol)}`);
}

/** Oldest first; with `end` (the server's form of a time), the ones before it. */
export async function readCandles(symbol: string, interval: string, account: string | undefined, end?: string): Promise<Candle[]> {
  const of = (account ? `&account=${encodeURIComponent(account)}` : "") + (end ? `&end=${encodeURIComponent(end)}` : "");
  return (await call<{ items: Candle[] }>("GET", `/markets/${encodeURIComponent(symbol)}/candles?interval=${interval}&limit=300${of}`)).body.items;
}
