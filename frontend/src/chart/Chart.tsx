import { effect } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { readCandles } from "../api/routes.ts";
import type { Candle } from "../api/types.ts";
import { cmp, div, mul, places, read, sub, dec } from "../lib/decimal.ts";
import { number, signed } from "../lib/format.ts";
import { type MarketId, marketOf, titleOf } from "../lib/market.ts";
import { synced } from "../net/live.ts";
import { tick } from "../state/derive.ts";
import { account } from "../state/focus.ts";
import { candle } from "../state/feed.ts";
import { fresh } from "../state/health.ts";
import { averages, interval as chosenInterval, palette, theme, volume } from "../state/prefs.ts";
import { show } from "../state/overlay.ts";
import { openOrders, openPositions } from "../state/store.ts";
import { tc } from "../strings-chart.ts";
import { Empty } from "../ui/bits.tsx";
import { follows, joined } from "./data.ts";
import { Handles, labelOf } from "./Handles.tsx";
import { type Line, linesOf } from "./lines.ts";
import { inkOf, type Drawn, type Painter, paint } from "./paint.ts";

// One file to fetch for both: whoever opens a trip has mostly seen the chart.
export { Snippet } from "./Snippet.tsx";

const COLOURS = { entry: "accent", liq: "warn", take_profit: "up", stop_loss: "down", order: "text", trigger: "text" } as const satisfies Record<Line["kind"], Drawn["colour"]>;

function summaryOf(market: MarketId, interval: string, list: readonly Candle[]): string {
  const [first, last] = [list[0], list.at(-1)];
  const step = tick(market);
  if (!first || !last) return tc.loadingChart(titleOf(market));
  const most = (name: "high" | "low", way: 1 | -1) => list.reduce((best, row) => (cmp(read(row[name]) ?? dec("0"), read(best) ?? dec("0")) === way ? row[name] : best), first[name]);
  const [from, to] = [read(first.open), read(last.close)];
  const change = from && to && from.n !== 0n ? `${signed(mul(div(sub(to, from), from, 6), dec("100")))} %` : "";
  return tc.summary(titleOf(market), tc.intervalName[interval] ?? interval, number(last.close, step), change, number(most("high", 1), step), number(most("low", -1), step), list.length);
}

function dropped(line: Line, price: string): void {
  const { drag } = line;
  if (drag?.kind === "order") show({ kind: "amend", order: drag.id, change: { [drag.field]: price } });
  else if (drag) show({ kind: "stops", position: drag.position, change: { [drag.leg]: price } });
}

/** Everything the chart draws, so long as it shows one market at one interval. */
export function Chart({ market, interval }: { market: MarketId; interval: string }) {
  const box = useRef<HTMLDivElement>(null);
  const probe = useRef<HTMLSpanElement>(null);
  const list = useRef<Candle[]>([]);
  const [painter, setPainter] = useState<Painter | null>(null);
  const [state, setState] = useState<"loading" | "there" | "empty" | "failed">("loading");
  const [summary, setSummary] = useState(tc.loadingChart(titleOf(market)));
  const [moved, setMoved] = useState<{ key: string; price: string } | null>(null);
  const [inked, setInked] = useState(0);
  const listeners = useMemo(() => new Set<() => void>(), []);
  const older = useRef<() => void>(() => undefined);
  const step = tick(market) ?? "0.01";
  const front = account.value?.id;

  useEffect(() => {
    const { current } = box;
    if (!current) return undefined;
    let [here, made] = [true, null as Painter | null];
    void paint(current, () => here, () => listeners.forEach((place) => requestAnimationFrame(place)), () => older.current()).then((painted) => {
      made = painted;
      if (here) setPainter(made);
      else made?.remove();
    });
    return () => {
      here = false;
      made?.remove();
    };
  }, []);

  useEffect(() => {
    const { current } = probe;
    if (!painter || !current) return undefined;
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const colour = () => {
      painter.colours(inkOf(current));
      setInked((count) => count + 1);
      if (list.current.length) painter.all(list.current, false);
    };
    const stop = effect(() => {
      theme.value;
      palette.value;
      colour();
    });
    scheme.addEventListener("change", colour);
    return () => {
      stop();
      scheme.removeEventListener("change", colour);
    };
  }, [painter]);

  useEffect(() => {
    painter?.shows({ volume: volume.value === "on", averages: averages.value === "on" });
  }, [painter, volume.value, averages.value]);

  useEffect(() => {
    painter?.step(step, places(read(step) ?? dec("0.01")), /[DWM]/.test(interval));
  }, [painter, interval, step]);

  useEffect(() => {
    if (!painter) return undefined;
    let here = true;
    let reading = false;
    let complete = false;
    const load = async (end?: string) => {
      if (reading) return;
      reading = true;
      try {
        const news = await readCandles(market, interval, front, end);
        if (!here) return;
        complete = end !== undefined && !news.some((row) => row.start < (list.current[0]?.start ?? ""));
        const first = list.current.length === 0;
        list.current = joined(list.current, news);
        painter.all(list.current, first);
        setState(list.current.length ? "there" : "empty");
        setSummary(summaryOf(market, interval, list.current));
      } catch (error) {
        if (!(error instanceof Refused || error instanceof Silence)) throw error;
        if (here && !list.current.length) setState("failed");
      } finally {
        reading = false;
      }
    };
    older.current = () => {
      const first = list.current[0];
      if (first && !complete) void load(new Date(Date.parse(first.start) - 1).toISOString());
    };
    list.current = [];
    setState("loading");
    // Again after each new socket: what happened between two of them was told to nobody. An account that has just come to the
    // front reads by itself.
    const again = effect(() => {
      if (synced.value && account.value?.id === front) void load();
    });
    const listen = effect(() => {
      const news = candle.value;
      if (!news || marketOf(news) !== market || news.interval !== interval || !list.current.length) return;
      const last = list.current.at(-1);
      if (last && news.start < last.start) return;
      if (!follows(last, news, list.current)) return void load();
      list.current = joined(list.current.slice(-2), [news]).length > 2 ? [...list.current, news] : [...list.current.slice(0, -1), news];
      painter.one(list.current);
    });
    const telling = setInterval(() => setSummary(summaryOf(market, interval, list.current)), 10_000);
    return () => {
      here = false;
      again();
      listen();
      clearInterval(telling);
    };
  }, [painter, market, interval, front]);

  const lines = linesOf(market, openPositions.value, openOrders.value);
  const drawn = JSON.stringify([lines, moved, step]);
  useEffect(() => {
    painter?.draw(
      lines.map((line) => ({
        key: line.key,
        price: moved?.key === line.key ? moved.price : line.price,
        title: line.drag ? "" : labelOf(line),
        colour: COLOURS[line.kind],
        dashed: line.kind !== "entry",
      })),
    );
  }, [painter, drawn, inked]);

  return (
    <div class="chart" data-state={state} data-old={fresh.value ? undefined : ""}>
      <span ref={probe} class="ink" aria-hidden="true" />
      <div ref={box} class="chart-box" role="img" aria-label={summary} />
      {averages.value === "on" && (
        <p class="chart-legend" aria-hidden="true">
          <span data-ink="accent">MA 20</span> <span data-ink="warn">MA 50</span>
        </p>
      )}
      {painter && (
        <Handles
          lines={lines.filter((line) => line.drag)}
          painter={painter}
          tick={step}
          drawn={{ subscribe: (place) => (listeners.add(place), () => listeners.delete(place)) }}
          onMove={(line, price) => setMoved(price === null ? null : { key: line.key, price })}
          onDrop={dropped}
        />
      )}
      {state === "empty" && (
        <Empty action={tc.fallback} onAction={() => (chosenInterval.value = "5")}>
          {tc.none(tc.intervalName[interval] ?? interval)}
        </Empty>
      )}
      {state === "failed" && <Empty>{tc.failed}</Empty>}
    </div>
  );
}
