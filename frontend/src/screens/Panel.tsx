import { signal } from "@preact/signals";
import { isSpot } from "../lib/market.ts";
import { known } from "../net/live.ts";
import { market } from "../state/focus.ts";
import { layout } from "../state/layout.ts";
import { openOrders, openPositions } from "../state/store.ts";
import { t } from "../strings.ts";
import { ta } from "../strings-actions.ts";
import { Waiting } from "../ui/bits.tsx";
import { lazy } from "../ui/lazy.tsx";
import { Segment } from "../ui/Segment.tsx";
import { EndedOrders, OrderList } from "./Orders.tsx";
import { PositionList } from "./Positions.tsx";

export const Holding = lazy(() => import("./spot/index.ts").then((part) => part.Holding), <Waiting />);
const FillTable = lazy(() => import("./FillTable.tsx").then((part) => part.FillTable));

const PANELS = ["positions", "orders", "fills", "ended"] as const;
const panel = signal<(typeof PANELS)[number]>("positions");

/** The lists under the chart of a wide page. */
export function Panel() {
  const counts = { positions: openPositions.value.length, orders: openOrders.value.length, fills: 0, ended: 0 };
  const names = { ...t.tabs, fills: t.fills, ended: ta.segments.ended };
  // A table of what is over wants a desk's width; a page that became narrower falls back to what it has room for.
  const here = layout.value === "desk" ? PANELS : PANELS.slice(0, 2);
  const front = here.includes(panel.value) ? panel.value : "positions";
  return (
    <section class="panel">
      {known.value && isSpot(market.value) && <Holding market={market.value} />}
      <Segment
        name={t.lists}
        value={front}
        onChange={(next) => (panel.value = next)}
        options={here.map((value) => ({ value, label: counts[value] ? `${names[value]} ${counts[value]}` : names[value] }))}
      />
      {front === "positions" ? <PositionList /> : front === "orders" ? <OrderList /> : front === "fills" ? <FillTable /> : <EndedOrders />}
    </section>
  );
}
