// Numbers that follow from what we know. Pure but for reading the latest price.

import type { Order, Position } from "../api/types.ts";
import { add, type Dec, mul, neg, read, sign, sub, text, ZERO } from "../lib/decimal.ts";
import { baseOf, number, quoteOf } from "../lib/format.ts";
import { isSpot, type MarketId, marketOf, symbolOf } from "../lib/market.ts";
import { glyph, t } from "../strings.ts";
import { instruments, ticker, wallets } from "./store.ts";

export function markOf(position: Position): string | null {
  return ticker(position.symbol).value?.mark ?? position.mark_price;
}

/** Unrealised profit at the latest mark price; Bybit's own number until there is one. */
export function openProfit(position: Position): string | null {
  const mark = read(ticker(position.symbol).value?.mark);
  const entry = read(position.entry_price);
  const size = read(position.size);
  if (!mark || !entry || !size) return position.unrealised_pnl;
  const gained = mul(sub(mark, entry), size);
  return text(position.side === "Sell" ? neg(gained) : gained);
}

/** null when any part of it is unknown: a sum with a hole is no sum. */
export function sum(values: (string | null)[]): Dec | null {
  let total: Dec = ZERO;
  for (const value of values) {
    const known = read(value);
    if (!known) return null;
    total = add(total, known);
  }
  return total;
}

export function tick(market: MarketId): string | null {
  return instruments.value.get(market)?.tick_size ?? null;
}

export function step(market: MarketId): string | null {
  return instruments.value.get(market)?.qty_step ?? null;
}

/** What is bought and sold there, and what it is paid in. */
export function coins(market: MarketId): readonly [base: string, quote: string] {
  const known = instruments.value.get(market);
  return [known?.base_coin ?? baseOf(symbolOf(market)), known?.quote_coin ?? quoteOf(market)];
}

/** Whether any account has some of a coin. */
export function holds(coin: string): boolean {
  return [...wallets.value.values()].some((row) => row.coins.some((own) => own.coin === coin && sign(read(own.wallet_balance) ?? ZERO) > 0));
}

/** Whether an order waits for its trigger, and so stands in no book. */
export function waits(order: Order): boolean {
  return order.exchange_status === "Untriggered";
}

type Sized = Pick<Order, "category" | "symbol" | "qty"> & { market_unit?: string | null };

/** Whether an order's size is an amount of the coin that it is paid in. */
export function byValue(order: Sized): boolean {
  return order.market_unit === "quoteCoin";
}

/** A size as it is shown: of a perpetual in the decimals of its step; spot's steps are so fine that the zeros would hide it. */
function plainSize(order: Sized, size: string): string {
  const market = marketOf(order);
  return number(size, isSpot(market) ? null : step(market));
}

/** "0.010 BTC", or "650 USDT" where the size is what is spent. */
export function sizeText(order: Sized): string {
  return `${plainSize(order, order.qty)} ${coins(marketOf(order))[byValue(order) ? 1 : 0]}`;
}

/** What is done of an order, and all of it, as they are shown beside each other. */
export function progress(order: Sized, done: string): [done: string, all: string] {
  const filled = plainSize(order, done);
  return byValue(order) ? [`${filled} ${coins(marketOf(order))[0]}`, sizeText(order)] : [filled, plainSize(order, order.qty)];
}

/** "▲ Long 0.010" or "Flat". */
export function held(side: string, size: string | null, market: MarketId): string {
  if (side !== "Buy" && side !== "Sell") return t.flat;
  return `${glyph[side]}\u00a0${t.held(side)} ${number(size, step(market))}`;
}
