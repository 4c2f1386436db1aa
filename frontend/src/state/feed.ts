// The book, the tape and the candles of the market in front: the newest message of each, and nothing older than it. What comes late of
// the market that was in front before is not taken.

import { signal } from "@preact/signals";
import type { Book, Trade } from "../api/types.ts";
import { type MarketId, marketOf } from "../lib/market.ts";
import { market } from "./focus.ts";
import type { CandleNews, TradeNews } from "../net/protocol.ts";

const TAPE = 60;

export const book = signal<Book | null>(null);
export const tape = signal<{ market: MarketId | null; items: readonly Trade[] }>({ market: null, items: [] });
/** The candle that was heard last; the chart, which holds them all, takes it from here. */
export const candle = signal<CandleNews | null>(null);

export function takeBook(next: Book): void {
  const known = book.peek();
  const here = marketOf(next);
  if (here !== market.peek() || (known && marketOf(known) === here && known.at > next.at)) return;
  book.value = next;
}

/** Puts news before what is known, each trade once. */
export function takeTrades(news: TradeNews): void {
  const known = tape.peek();
  const here = marketOf(news);
  if (here !== market.peek()) return;
  const older = known.market === here ? known.items : [];
  const have = new Set(news.items.map((row) => row.exec_id));
  tape.value = { market: here, items: [...news.items, ...older.filter((row) => !have.has(row.exec_id))].slice(0, TAPE) };
}

export function takeCandle(news: CandleNews): void {
  candle.value = news;
}

/** Of what is no longer watched nothing is kept: it would be shown as if it were new. */
export function keepFeed(watched: readonly object[]): void {
  if (!watched.some((wish) => "book" in wish)) book.value = null;
  if (!watched.some((wish) => "trades" in wish)) tape.value = { market: null, items: [] };
}

export function clearFeed(): void {
  book.value = null;
  tape.value = { market: null, items: [] };
  candle.value = null;
}
