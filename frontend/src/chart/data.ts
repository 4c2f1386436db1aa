// Candles as the chart wants them. The one place where a price becomes a float, for pixels only.

import type { CandlestickData, HistogramData, LineData, UTCTimestamp } from "lightweight-charts";
import type { Candle } from "../api/types.ts";
import { movingAverage } from "./averages.ts";

export const AVERAGES = [20, 50] as const;

export function timeOf(candle: Candle): UTCTimestamp {
  return Math.floor(Date.parse(candle.start) / 1000) as UTCTimestamp;
}

export function bar(candle: Candle): CandlestickData<UTCTimestamp> {
  const { open, high, low, close } = candle;
  return { time: timeOf(candle), open: Number(open), high: Number(high), low: Number(low), close: Number(close) };
}

export function volume(candle: Candle, colours: { up: string; down: string }): HistogramData<UTCTimestamp> {
  const { close, open } = bar(candle);
  return { time: timeOf(candle), value: Number(candle.volume ?? 0), color: close >= open ? colours.up : colours.down };
}

export function average(list: readonly Candle[], length: number): LineData<UTCTimestamp>[] {
  const means = movingAverage(list.map((row) => Number(row.close)), length);
  return list.flatMap((row, at) => {
    const value = means[at];
    return value === undefined ? [] : [{ time: timeOf(row), value }];
  });
}

/** Two lists as one, oldest first, each candle once and as it was told last. */
export function joined(known: readonly Candle[], news: readonly Candle[]): Candle[] {
  const all = new Map([...known, ...news].map((row) => [row.start, row]));
  return [...all.values()].sort((a, b) => (a.start < b.start ? -1 : 1));
}

/** Whether a candle that was told follows on the last one known, so that none is missing between them. */
export function follows(known: Candle | undefined, next: Candle, list: readonly Candle[]): boolean {
  const before = list.at(-2);
  if (!known || !before) return false;
  const length = Date.parse(known.start) - Date.parse(before.start);
  return Date.parse(next.start) - Date.parse(known.start) <= length;
}
