// What the live socket says.

import type { Account, Book, Candle, Fill, Order, Position, Status, Ticker, Trade, Wallet } from "../api/types.ts";

export interface Hello {
  type: "hello";
  build: string | null;
  min_build: string | null;
  epoch: string | number;
  at: string;
}

export interface Snapshot {
  type: "snapshot";
  seq: Record<string, number>;
  accounts: Account[];
  orders: Order[];
  positions: Position[];
  wallet: Wallet[];
  status: Status[];
}

export interface Heartbeat {
  type: "heartbeat";
  seq: Record<string, number>;
  at: string;
  up: Record<string, { public_age_ms: number | null; private_age_ms: number | null; paused?: Account["paused"] }>;
  seen: string;
}

interface Numbered {
  account: string;
  seq: number;
}

export type Change = Numbered &
  (
    | { type: "order"; order: Order }
    | { type: "fill"; fill: Fill }
    | { type: "position"; position: Position; seen?: string }
    | { type: "wallet"; wallet: Wallet }
  );

export type Tick = Ticker & { type: "ticker" };
export type BookNews = Book & { type: "book" };
export interface TradeNews {
  type: "trades";
  category?: string;
  symbol: string;
  items: Trade[];
  at: string;
}
export type CandleNews = Candle & { type: "candle"; category?: string; symbol: string; interval: string };
export type StatusNews = { type: "status" } & (Status | { status: Status[] | Status });
export type Message = Hello | Snapshot | Heartbeat | Change | Tick | BookNews | TradeNews | CandleNews | StatusNews;

const CHANGES = new Set(["order", "fill", "position", "wallet"]);

export function isChange(message: Message): message is Change {
  return CHANGES.has(message.type);
}

export function parseMessage(text: string): Message | null {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === "object" && message !== null && "type" in message ? (message as Message) : null;
  } catch {
    return null;
  }
}

export function isWhole(snapshot: Snapshot): boolean {
  const lists = [snapshot.accounts, snapshot.orders, snapshot.positions, snapshot.wallet];
  return lists.every(Array.isArray) && typeof snapshot.seq === "object" && snapshot.seq !== null;
}
