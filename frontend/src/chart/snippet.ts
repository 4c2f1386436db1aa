// Which candles show a trip, and where in them it began and ended. Pure.

import type { Candle } from "../api/types.ts";

const MINUTE_MS = 60_000;
/** Bybit's intervals, in minutes; a month counts thirty days. */
const INTERVALS = [
  ["1", 1], ["3", 3], ["5", 5], ["15", 15], ["30", 30], ["60", 60], ["120", 120], ["240", 240], ["360", 360], ["720", 720], ["D", 1440], ["W", 10_080], ["M", 43_200],
] as const;
/** At most so many candles of the trip itself, and so many on either side. */
const MOST = 80;
const BESIDE = 15;

export interface Window {
  interval: string;
  start: string;
  end: string;
}

/** The finest candles that show all of it. */
export function windowOf(from: number, to: number): Window {
  const fits = INTERVALS.find(([, minutes]) => to - from <= MOST * minutes * MINUTE_MS) ?? (["M", 43_200] as const);
  const margin = BESIDE * fits[1] * MINUTE_MS;
  return { interval: fits[0], start: new Date(from - margin).toISOString(), end: new Date(to + margin).toISOString() };
}

/** The candle that a moment lies in: the last one that began by then. */
export function candleAt(list: readonly Candle[], at: number): Candle | undefined {
  return list.findLast((row) => Date.parse(row.start) <= at) ?? list[0];
}

/** The candles from one moment to another, those two lie in included. */
export function between(list: readonly Candle[], from: number, to: number): Candle[] {
  const first = candleAt(list, from);
  return list.filter((row) => first && row.start >= first.start && Date.parse(row.start) <= to);
}
