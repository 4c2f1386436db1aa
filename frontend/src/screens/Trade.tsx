import { useRef } from "preact/hooks";
import type { Side } from "../api/types.ts";
import { number } from "../lib/format.ts";
import { categoryOf, isSpot, marketOf, titleOf } from "../lib/market.ts";
import { coins, holds, tick } from "../state/derive.ts";
import { known } from "../net/live.ts";
import { account, market } from "../state/focus.ts";
import { blocksOrder } from "../state/health.ts";
import { layout } from "../state/layout.ts";
import { overlay } from "../state/overlay.ts";
import { openOrders, openPositions, ticker } from "../state/store.ts";
import { desk, openTicket } from "../state/ticket.ts";
import { glyph, t } from "../strings.ts";
import { Dated, Waiting } from "../ui/bits.tsx";
import { ChartArea } from "./ChartArea.tsx";
import { OrderList } from "./Orders.tsx";
import { Holding, Panel } from "./Panel.tsx";
import { PositionCard } from "./PositionCard.tsx";
import { Best, PriceStrip } from "./Quotes.tsx";

function Open({ side }: { side: Side }) {
  const quote = ticker(market.value).value;
  const price = side === "Buy" ? quote?.ask : quote?.bid;
  const blocked = blocksOrder(account.value?.id, { reduce_only: false, category: categoryOf(market.value), side }) !== null;
  return (
    <button
      type="button"
      class="button action"
      data-tone={side === "Buy" ? "up" : "down"}
      aria-haspopup="dialog"
      disabled={blocked || !desk.value}
      onClick={() => desk.value && openTicket(desk.value, side)}
    >
      <span>
        <span aria-hidden="true">{glyph[side]} </span>
        {isSpot(market.value) ? t.side(side) : side === "Buy" ? t.buyLong : t.sellShort}
      </span>
      <small class="number">{number(price, tick(market.value))}</small>
    </button>
  );
}

function Bar() {
  return (
    <Dated class="bar">
      <Open side="Buy" />
      <Open side="Sell" />
    </Dated>
  );
}

function Here() {
  if (!known.value) return <Waiting />;
  const position = openPositions.value.filter((row) => row.symbol === market.value);
  const orders = openOrders.value.filter((row) => marketOf(row) === market.value);
  return (
    <>
      {isSpot(market.value) ? (
        <Holding market={market.value} />
      ) : position.length ? (
        position.map((row) => <PositionCard key={row.id} position={row} brief />)
      ) : (
        <p class="line">{t.position.none}</p>
      )}
      {orders.length > 0 && (
        <>
          <h2 class="caption">{t.orders.here}</h2>
          <OrderList of={(row) => marketOf(row) === market.value} />
        </>
      )}
    </>
  );
}

/** Whether the chart may have all the room: nothing of this market lies under it. It gives way at once; it takes the room back only
 * when a sheet closes or the market changes, so that nothing moves by itself. */
function useRoomy(): boolean {
  const kept = useRef({ at: "", roomy: true });
  const here = market.value;
  const sheet = overlay.value !== null;
  const taken = [...openPositions.value, ...openOrders.value].some((row) => marketOf(row) === here) || (isSpot(here) && holds(coins(here)[0]));
  const at = `${here} ${sheet} ${known.value}`;
  const { roomy } = kept.current;
  kept.current = { at, roomy: sheet ? roomy : !taken && (roomy || at !== kept.current.at) };
  return kept.current.roomy;
}

export function Trade() {
  const roomy = useRoomy();
  const wide = layout.value !== "phone";
  return (
    <section class="screen screen-trade" data-roomy={roomy ? "" : undefined} data-waits={known.value ? undefined : ""} aria-labelledby="screen-title">
      <h1 id="screen-title" class="hidden">
        {t.tabs.trade} {titleOf(market.value)}
      </h1>
      <div class="quotes">
        <PriceStrip />
        {wide && <Best />}
      </div>
      <ChartArea />
      {wide ? (
        <Panel />
      ) : (
        <>
          <Best />
          <Here />
          <Bar />
        </>
      )}
    </section>
  );
}
