import { useEffect } from "preact/hooks";
import { known } from "../net/live.ts";
import { candles, market, VIEWS, view } from "../state/focus.ts";
import { readPrice } from "../state/keyboard.ts";
import { layout } from "../state/layout.ts";
import { show } from "../state/overlay.ts";
import { interval, tall } from "../state/prefs.ts";
import { tc } from "../strings-chart.ts";
import { Icon } from "../ui/icons.tsx";
import { lazy } from "../ui/lazy.tsx";
import { Segment } from "../ui/Segment.tsx";

const waiting = <div class="chart" aria-busy="true" />;
export const Chart = lazy(() => import("../chart/Chart.tsx").then((part) => part.Chart), waiting);
export const Book = lazy(() => import("./Book.tsx").then((part) => part.Book), waiting);
const Tape = lazy(() => import("./Book.tsx").then((part) => part.Tape), waiting);

const FRONT = ["1", "5", "15", "60", "240", "D"] as const;

/** The intervals that are one tap away, with the chosen one among them. */
function Intervals() {
  const chosen = interval.value;
  const own = FRONT.find((name) => name === chosen) ? FRONT : [chosen, ...FRONT.slice(1)];
  return (
    <div class="chart-head">
      <Segment name={tc.interval} value={chosen} onChange={(next) => (interval.value = next)} options={own.map((value) => ({ value, label: tc.intervals[value] ?? value }))} />
      <button type="button" class="button icon-button" aria-label={tc.options} aria-haspopup="dialog" onClick={() => show({ kind: "chart" })}>
        <Icon name="more" />
      </button>
    </div>
  );
}

function Views() {
  const desk = layout.value === "desk";
  const offered = desk ? VIEWS.filter((name) => name !== "book") : VIEWS;
  const higher = tall.value === "on";
  return (
    <div class="chart-foot">
      <Segment name={tc.view} value={desk && view.value === "book" ? "chart" : view.value} onChange={(next) => (view.value = next)} options={offered.map((value) => ({ value, label: tc.views[value] }))} />
      <button type="button" class="button icon-button" aria-label={tc.readPrice} onClick={readPrice}>
        <Icon name="speak" />
      </button>
      {layout.value === "phone" && view.value === "chart" && (
        <button type="button" class="button icon-button" aria-label={higher ? tc.shorter : tc.taller} onClick={() => (tall.value = higher ? "off" : "on")}>
          <Icon name={higher ? "up" : "down"} />
        </button>
      )}
    </div>
  );
}

/** Waits for the first full picture: on a slow line the chart's files would come before what people hold. */
function Pane() {
  if (!known.value) return waiting;
  const desk = layout.value === "desk";
  if (view.value === "trades") return <Tape market={market.value} />;
  if (view.value === "book" && !desk) return <Book market={market.value} />;
  return <Chart market={market.value} interval={interval.value} />;
}

/** Chart, book or trades of the market in front; on a desk the book stands beside it. */
export function ChartArea() {
  const charted = view.value === "chart" || (layout.value === "desk" && view.value === "book");
  const wanted = charted ? interval.value : null;
  useEffect(() => {
    candles.value = wanted;
    return () => (candles.value = null);
  }, [wanted]);
  return (
    <>
      <div class="charted" data-tall={tall.value === "on" ? "" : undefined}>
        {charted && <Intervals />}
        <Pane />
        <Views />
      </div>
      {layout.value === "desk" && (
        <section class="beside" aria-label={tc.book}>
          {known.value ? <Book market={market.value} /> : waiting}
        </section>
      )}
    </>
  );
}

