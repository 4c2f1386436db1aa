// The charting library, set up and fed: what is drawn, in which colours, and where a price lies. Knows nothing of trading.

import { type AutoscaleInfo, CandlestickSeries, ColorType, createChart, CrosshairMode, HistogramSeries, type IPriceLine, type ISeriesApi, LineSeries, LineStyle, type UTCTimestamp } from "lightweight-charts";
import type { Candle } from "../api/types.ts";
import { AVERAGES, average, bar, timeOf, volume } from "./data.ts";

export interface Ink {
  up: string;
  down: string;
  text: string;
  line: string;
  warn: string;
  accent: string;
}

export interface Drawn {
  key: string;
  price: string;
  title: string;
  colour: keyof Ink;
  dashed: boolean;
}

/** A moment and a price, in the middle of a circle. */
export interface Mark {
  time: UTCTimestamp;
  price: string;
  colour: keyof Ink;
}

const two = (value: number) => String(value).padStart(2, "0");

function clockText(time: number, daily: boolean): string {
  const when = new Date(time * 1000);
  const day = `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
  return daily ? day : `${day} ${two(when.getHours())}:${two(when.getMinutes())}`;
}

function markText(time: number, kind: number): string {
  const when = new Date(time * 1000);
  if (kind === 0) return String(when.getFullYear());
  if (kind <= 2) return `${when.getDate()}.${when.getMonth() + 1}.`;
  return `${two(when.getHours())}:${two(when.getMinutes())}`;
}

/** Colours as the page resolves them: the library takes no CSS variables. */
export function inkOf(probe: HTMLElement): Ink {
  const read = (name: string) => {
    probe.dataset["ink"] = name;
    return getComputedStyle(probe).color;
  };
  return { up: read("up"), down: read("down"), text: read("text"), line: read("line"), warn: read("warn"), accent: read("accent") };
}

function faint(colour: string): string {
  return colour.replace(/^rgb\((.*)\)$/, "rgba($1, 0.35)");
}

export type Painter = NonNullable<Awaited<ReturnType<typeof paint>>>;

/** Lets a tap be answered between two pieces of work. */
export const rest = () => new Promise<void>((next) => setTimeout(next));

/** In pieces, for a slow phone's sake. Null when `wanted` says that nobody waits for it any more. */
export async function paint(box: HTMLElement, wanted: () => boolean, onDrawn: () => void, onOldest: () => void) {
  const chart = createChart(box, {
    // Of no size until there is something to draw: an empty picture costs a phone as much as a full one.
    width: 0,
    height: 0,
    layout: { attributionLogo: false, background: { type: ColorType.Solid, color: "transparent" }, fontSize: 12 },
    rightPriceScale: { borderVisible: false, minimumWidth: 68 },
    timeScale: { borderVisible: false, timeVisible: true, rightOffset: 4, tickMarkFormatter: markText },
    handleScroll: { vertTouchDrag: false },
  });
  await rest();
  if (!wanted()) {
    chart.remove();
    return null;
  }
  const candles = chart.addSeries(CandlestickSeries, { borderVisible: false, priceLineStyle: LineStyle.Dotted });
  const bars = chart.addSeries(HistogramSeries, { priceScaleId: "volume", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false });
  chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
  chart.priceScale("right").applyOptions({ scaleMargins: { top: 0.08, bottom: 0.2 } });
  await rest();
  if (!wanted()) {
    chart.remove();
    return null;
  }
  const means = AVERAGES.map(() => chart.addSeries(LineSeries, { lineWidth: 1, lastValueVisible: false, priceLineVisible: false, crosshairMarkerVisible: false }));
  const lines = new Map<string, IPriceLine>();
  let circles: ISeriesApi<"Line">[] = [];
  let marked: number[] = [];
  // Lines a little outside are drawn into sight; far ones would flatten the candles.
  candles.applyOptions({
    autoscaleInfoProvider: (own: () => AutoscaleInfo | null) => {
      const found = own();
      const range = found?.priceRange;
      if (!found || !range) return found;
      const reach = range.maxValue - range.minValue;
      const near = marked.filter((price) => price > range.minValue - reach && price < range.maxValue + reach);
      return { ...found, priceRange: { minValue: Math.min(range.minValue, ...near), maxValue: Math.max(range.maxValue, ...near) } };
    },
  });
  let ink: Ink | null = null;
  let shown = { volume: true, averages: true };
  candles.attachPrimitive({ updateAllViews: onDrawn });
  chart.timeScale().subscribeVisibleLogicalRangeChange((range) => range && range.from < 10 && onOldest());

  const tinted = () => ({ up: faint(ink?.up ?? ""), down: faint(ink?.down ?? "") });
  return {
    colours(next: Ink) {
      ink = next;
      chart.applyOptions({
        layout: { textColor: next.text },
        grid: { vertLines: { color: faint(next.line) }, horzLines: { color: faint(next.line) } },
        crosshair: { vertLine: { color: next.text, labelBackgroundColor: next.line }, horzLine: { color: next.text, labelBackgroundColor: next.line } },
      });
      candles.applyOptions({ upColor: next.up, downColor: next.down, wickUpColor: next.up, wickDownColor: next.down });
      means[0]?.applyOptions({ color: next.accent });
      means[1]?.applyOptions({ color: next.warn });
    },
    shows(next: typeof shown) {
      shown = next;
      bars.applyOptions({ visible: next.volume });
      for (const mean of means) mean.applyOptions({ visible: next.averages });
    },
    step(tick: string, decimals: number, daily: boolean) {
      candles.applyOptions({ priceFormat: { type: "price", precision: decimals, minMove: Number(tick) } });
      chart.applyOptions({ localization: { timeFormatter: (time: UTCTimestamp) => clockText(time, daily) } });
    },
    all(list: readonly Candle[], back: boolean) {
      if (list.length) chart.applyOptions({ autoSize: true });
      candles.setData(list.map(bar));
      bars.setData(list.map((row) => volume(row, tinted())));
      means.forEach((mean, at) => mean.setData(average(list, AVERAGES[at] as number)));
      if (back) chart.timeScale().setVisibleLogicalRange({ from: list.length - 80, to: list.length + 4 });
    },
    one(list: readonly Candle[]) {
      const last = list.at(-1);
      if (!last) return;
      candles.update(bar(last));
      bars.update(volume(last, tinted()));
      means.forEach((mean, at) => {
        const length = AVERAGES[at] as number;
        const point = average(list.slice(-length), length).at(-1);
        if (point && point.time === timeOf(last)) mean.update(point);
      });
    },
    draw(wanted: readonly Drawn[]) {
      const keys = new Set(wanted.map((row) => row.key));
      marked = wanted.map((row) => Number(row.price));
      for (const [key, line] of lines) {
        if (keys.has(key)) continue;
        candles.removePriceLine(line);
        lines.delete(key);
      }
      for (const { key, price, title, colour, dashed } of wanted) {
        const options = { price: Number(price), title, color: ink?.[colour] ?? "", lineWidth: 1 as const, lineStyle: dashed ? LineStyle.Dashed : LineStyle.Solid, axisLabelVisible: true };
        const known = lines.get(key);
        if (known) known.applyOptions(options);
        else lines.set(key, candles.createPriceLine(options));
      }
    },
    marks(wanted: readonly Mark[]) {
      for (const circle of circles) chart.removeSeries(circle);
      circles = wanted.map(({ time, price, colour }) => {
        const circle = chart.addSeries(LineSeries, { color: ink?.[colour] ?? "", lineVisible: false, pointMarkersVisible: true, pointMarkersRadius: 6, lastValueVisible: false, priceLineVisible: false, crosshairMarkerVisible: false });
        circle.setData([{ time, value: Number(price) }]);
        return circle;
      });
    },
    /** All of it in sight, and nothing to be moved or pointed at: the page is scrolled over it. The past has no last price. */
    whole() {
      chart.applyOptions({ handleScroll: false, handleScale: false, crosshair: { mode: CrosshairMode.Hidden } });
      candles.applyOptions({ lastValueVisible: false, priceLineVisible: false });
      chart.timeScale().fitContent();
    },
    /** The height of a price, null where it lies outside. */
    height(price: string): number | null {
      const y = candles.priceToCoordinate(Number(price));
      return y === null || y < 0 || y > box.clientHeight - 26 ? null : y;
    },
    price(y: number, decimals: number): string | null {
      const price = candles.coordinateToPrice(y);
      return price === null || price <= 0 ? null : price.toFixed(decimals);
    },
    remove: () => chart.remove(),
  };
}
