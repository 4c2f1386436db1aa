import { useEffect, useRef, useState } from "preact/hooks";
import { readCandlesBetween, type Trip } from "../api/journal.ts";
import type { Candle } from "../api/types.ts";
import { cmp, dec, places, read } from "../lib/decimal.ts";
import { number } from "../lib/format.ts";
import { marketOf, titleOf } from "../lib/market.ts";
import { moment } from "../lib/time.ts";
import { tick } from "../state/derive.ts";
import { useLoaded } from "../state/loading.ts";
import { palette, theme } from "../state/prefs.ts";
import { tc } from "../strings-chart.ts";
import { tj } from "../strings-journal.ts";
import { Empty } from "../ui/bits.tsx";
import { timeOf } from "./data.ts";
import { type Drawn, inkOf, type Mark, type Painter, paint } from "./paint.ts";
import { between, candleAt, windowOf } from "./snippet.ts";

function summaryOf(trip: Trip, interval: string, within: readonly Candle[], step: string | null): string {
  const most = (name: "high" | "low", way: 1 | -1) =>
    within.reduce<string | null>((best, row) => (best === null || cmp(read(row[name]) ?? dec("0"), read(best) ?? dec("0")) === way ? row[name] : best), null);
  const price = (amount: string | null) => number(amount, step);
  return tj.tripSummary(
    titleOf(marketOf(trip)), tc.intervalName[interval] ?? interval,
    price(trip.avg_entry), moment(trip.opened_at),
    trip.closed_at && trip.avg_exit ? tj.tripLeft(price(trip.avg_exit), moment(trip.closed_at)) : tj.tripOpen,
    price(most("low", -1)), price(most("high", 1)),
  );
}

/** Changes with every change of the page's colours. */
function useInk(): string {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const [dark, setDark] = useState(scheme.matches);
  useEffect(() => {
    const change = () => setDark(scheme.matches);
    scheme.addEventListener("change", change);
    return () => scheme.removeEventListener("change", change);
  }, []);
  return `${theme.value} ${palette.value} ${dark}`;
}

/** The candles around a trip, with where it was entered and left. `stop` is the first one, where it is known. */
export function Snippet({ trip, stop }: { trip: Trip; stop: string | null }) {
  const box = useRef<HTMLDivElement>(null);
  const probe = useRef<HTMLSpanElement>(null);
  const [painter, setPainter] = useState<Painter | null>(null);
  const opened = Date.parse(trip.opened_at);
  const [closed] = useState(() => (trip.closed_at ? Date.parse(trip.closed_at) : Date.now()));
  const wanted = windowOf(opened, closed);
  const { state, value: list } = useLoaded(String(trip.id), () => readCandlesBetween(trip, wanted));
  const step = tick(marketOf(trip));
  const inked = useInk();
  const within = list ? between(list, opened, closed) : [];

  useEffect(() => {
    const { current } = box;
    if (!current || !list?.length) return undefined;
    let [here, made] = [true, null as Painter | null];
    void paint(current, () => here, () => undefined, () => undefined).then((painted) => {
      made = painted;
      if (here) setPainter(made);
      else made?.remove();
    });
    return () => {
      here = false;
      made?.remove();
    };
  }, [list]);

  useEffect(() => {
    const { current } = probe;
    const [first, last] = [list && candleAt(list, opened), list && candleAt(list, closed)];
    if (!painter || !current || !list || !first || !last) return;
    painter.colours(inkOf(current));
    painter.shows({ volume: false, averages: false });
    painter.step(step ?? "0.01", places(read(step) ?? dec("0.01")), /[DWM]/.test(wanted.interval));
    painter.all(list, false);
    const lines: Drawn[] = [];
    const marks: Mark[] = [];
    const add = (key: string, title: string, price: string | null, colour: Drawn["colour"], candle?: Candle) => {
      if (price === null) return;
      lines.push({ key, price, title, colour, dashed: true });
      if (candle) marks.push({ time: timeOf(candle), price, colour });
    };
    add("entry", tj.markEntry, trip.avg_entry, "accent", first);
    add("exit", tj.markExit, trip.avg_exit, "text", last);
    add("stop", tj.markStop, stop, "warn");
    painter.draw(lines);
    painter.marks(marks);
    painter.whole();
  }, [painter, stop, inked]);

  return (
    <div class="chart trip-chart" data-state={list ? (list.length ? "there" : "empty") : state}>
      <span ref={probe} class="ink" aria-hidden="true" />
      <div ref={box} class="chart-box" role="img" aria-label={list ? summaryOf(trip, wanted.interval, within, step) : tc.loadingChart(trip.symbol)} />
      {list?.length === 0 && <Empty>{tj.noCandles}</Empty>}
      {!list && state === "failed" && <Empty>{tc.failed}</Empty>}
    </div>
  );
}
