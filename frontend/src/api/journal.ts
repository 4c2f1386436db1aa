// The journal's part of the API.

import { categoryOf, type MarketId, symbolOf } from "../lib/market.ts";
import { call } from "./client.ts";
import type { components } from "./schema.d.ts";
import type { Candle, Page, Side } from "./types.ts";

type Schemas = components["schemas"];

/** What a day, or a market, brought in one coin. */
export interface DayFigure {
  /** The day, or the market's symbol. */
  key: string;
  /** The market's; null of a day. */
  category: string | null;
  coin: string;
  realised: string;
  fees: string;
  funding: string;
  net: string;
  volume: string;
  fills: number;
  trips: number;
  wins: number;
}
export type Note = Schemas["NoteOut"];
export type Trip = Omit<Schemas["TripOut"], "side"> & { side: Side };
export type TripDetail = Omit<Schemas["TripDetail"], "side"> & { side: Side };
export type DayDetail = Omit<Schemas["DayDetail"], "figures"> & { figures: DayFigure[] };
export type Curve = Schemas["Curve"];
export type Progress = Schemas["ProgressOut"];
export type Holding = Schemas["HoldingOut"];

const of = (account: string) => `account=${encodeURIComponent(account)}`;
const more = (cursor: string | null) => (cursor ? `&cursor=${encodeURIComponent(cursor)}` : "");

export async function readFigures(account: string, by: "day" | "symbol", cursor: string | null = null): Promise<Page<DayFigure> & { time_zone: string }> {
  return (await call<Page<DayFigure> & { time_zone: string }>("GET", `/journal/figures?${of(account)}&by=${by}&limit=60${more(cursor)}`)).body;
}

export async function readDay(account: string, day: string): Promise<DayDetail> {
  return (await call<DayDetail>("GET", `/journal/days/${day}?${of(account)}&limit=100`)).body;
}

export async function readTrips(account: string, filter: { state: string; market: MarketId | null; tag: string }, cursor: string | null): Promise<Page<Trip>> {
  const { state, market, tag } = filter;
  const rest = (market ? `&category=${categoryOf(market)}&symbol=${encodeURIComponent(symbolOf(market))}` : "") + (tag ? `&tag=${encodeURIComponent(tag)}` : "");
  return (await call<Page<Trip>>("GET", `/journal/trips?${of(account)}&state=${state}${rest}${more(cursor)}`)).body;
}

export async function readTrip(id: number): Promise<TripDetail> {
  return (await call<TripDetail>("GET", `/journal/trips/${id}`)).body;
}

/** The candles of a trip's market from one moment to another, oldest first. */
export async function readCandlesBetween(trip: Trip, { interval, start, end }: { interval: string; start: string; end: string }): Promise<Candle[]> {
  const times = `start=${encodeURIComponent(start)}&end=${encodeURIComponent(end)}`;
  const path = `/markets/${encodeURIComponent(trip.symbol)}/candles?category=${trip.category}&interval=${interval}&${times}&limit=200&${of(trip.account)}`;
  return (await call<{ items: Candle[] }>("GET", path)).body.items;
}

export async function readCurve(account: string, start: string): Promise<Curve> {
  return (await call<Curve>("GET", `/journal/curve?${of(account)}&start=${start}`)).body;
}

export async function readProgress(): Promise<Progress[]> {
  return (await call<{ items: Progress[] }>("GET", "/journal/progress")).body.items;
}

export async function readHoldings(account: string): Promise<Holding[]> {
  return (await call<{ items: Holding[] }>("GET", `/holdings?${of(account)}`)).body.items;
}

export async function writeNote(note: { account: string; kind: "trip" | "day" | "order"; key: string; text: string; tags: string[] }): Promise<Note> {
  return (await call<Note>("PUT", "/journal/notes", note)).body;
}

export async function setTimeZone(account: string, time_zone: string): Promise<void> {
  await call("PUT", "/journal/time-zone", { account, time_zone }, 60_000);
}

export function exportLink(path: string, account: string): string {
  return `/api/v1${path}${path.includes("?") ? "&" : "?"}${of(account)}&format=csv`;
}
