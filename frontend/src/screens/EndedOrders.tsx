import type { ComponentChildren } from "preact";
import { readEnded } from "../api/routes.ts";
import type { Order } from "../api/types.ts";
import { number } from "../lib/format.ts";
import { marketOf, titleOf } from "../lib/market.ts";
import { moment } from "../lib/time.ts";
import { known } from "../net/live.ts";
import { tick } from "../state/derive.ts";
import { showMarket } from "../state/focus.ts";
import { layout } from "../state/layout.ts";
import { show } from "../state/overlay.ts";
import { ofOwn, useRecent } from "../state/recent.ts";
import { accounts, isOpen, orders } from "../state/store.ts";
import { t } from "../strings.ts";
import { ta } from "../strings-actions.ts";
import { te } from "../strings-ended.ts";
import { Dated, Empty, Note, SideMark, Waiting } from "../ui/bits.tsx";
import { describe, Progress } from "./Orders.tsx";
import { because } from "./Outcome.tsx";
import { accountLabel } from "./PositionCard.tsx";
import { cancellation, rejection, standing } from "./refusals.ts";

const SHOWN = 50;
const newest = () => readEnded(SHOWN);

/** When it was over; of two that ended in one moment always the same stands first. */
const endOf = (order: Order) => order.ended_at ?? order.updated_at;
const later = (a: Order, b: Order) => (endOf(a) === endOf(b) ? (a.id < b.id ? 1 : -1) : endOf(a) < endOf(b) ? 1 : -1);

/** The newest orders that are over by the server's record, and those that ended since; each once, what ended last first. */
function useEnded(): { list: Order[] | null; failed: boolean } {
  const { record, failed } = useRecent(newest);
  if (record === null) return { list: null, failed };
  const all = new Map(record.map((row) => [row.id, row]));
  for (const row of orders.value.values()) if (!isOpen(row) && row.version >= (all.get(row.id)?.version ?? 0)) all.set(row.id, row);
  return { list: ofOwn(all.values()).sort(later).slice(0, SHOWN), failed };
}

/** How it ended, and why if that was not asked for. */
function End({ order }: { order: Order }) {
  const why = order.state === "rejected" ? because(rejection(order)) : cancellation(order);
  return (
    <span class="order-end" data-tone={order.state === "rejected" ? "bad" : undefined}>
      <b>{standing(order)}</b> {why}
    </span>
  );
}

function Title({ order, children }: { order: Order; children: ComponentChildren }) {
  return (
    <button type="button" class={layout.value === "desk" ? "link" : "order-title"} aria-haspopup="dialog" onClick={() => show({ kind: "order", order: order.id })}>
      {children}
    </button>
  );
}

function Card({ order }: { order: Order }) {
  return (
    <li class="card order" data-ended={order.id}>
      <div class="order-text">
        <Title order={order}>
          <b>{titleOf(marketOf(order))}</b> <SideMark side={order.side} /> <span class="number order-what">{describe(order)}</span>
        </Title>
        <End order={order} />
        <Progress order={order} />
        <p class="order-marks">
          {order.avg_price && <span class="number">{te.at(number(order.avg_price, tick(marketOf(order))))}</span>}
          {order.reduce_only && <span>{t.orders.reduceOnly}</span>}
          <span>{accountLabel(order.account)}</span>
          <span class="number">{moment(endOf(order))}</span>
        </p>
      </div>
    </li>
  );
}

function Row({ order }: { order: Order }) {
  const market = marketOf(order);
  return (
    <tr data-ended={order.id}>
      <td class="number">{moment(endOf(order))}</td>
      <th scope="row">
        <button type="button" class="link" onClick={() => showMarket(market)}>
          {titleOf(market)}
        </button>
      </th>
      <td>
        <SideMark side={order.side} />
      </td>
      <td class="number">
        <Title order={order}>{describe(order)}</Title>
      </td>
      <td class="number">
        <Progress order={order} />
      </td>
      <td class="number">{number(order.avg_price, tick(market))}</td>
      <td class="cell-marks">
        <End order={order} />
      </td>
      {accounts.value.length > 1 && <td>{accountLabel(order.account)}</td>}
    </tr>
  );
}

function Table({ list }: { list: Order[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col" class="number">{te.ended}</th>
          <th scope="col">{t.position.market}</th>
          <th scope="col">{t.position.side}</th>
          <th scope="col" class="number">{t.orders.type}</th>
          <th scope="col" class="number">{t.orders.state.filled}</th>
          <th scope="col" class="number">{ta.average}</th>
          <th scope="col">{t.orders.stands}</th>
          {accounts.value.length > 1 && <th scope="col">{t.position.account}</th>}
        </tr>
      </thead>
      <tbody>
        {list.map((order) => (
          <Row key={order.id} order={order} />
        ))}
      </tbody>
    </table>
  );
}

/** What became of the newest orders: those that were filled, cancelled, rejected, or never reached Bybit. */
export function EndedOrders() {
  const { list, failed } = useEnded();
  if (known.value && !list && failed) return <Empty>{te.failed}</Empty>;
  if (!known.value || !list) return <Waiting />;
  if (!list.length) return <Empty>{failed ? te.failed : te.none}</Empty>;
  const desk = layout.value === "desk";
  return (
    <Dated class={desk ? "table-box table-ended" : undefined}>
      {failed && (
        <Note icon="warn" tone="warn">
          {te.holes}
        </Note>
      )}
      {desk ? (
        <Table list={list} />
      ) : (
        <ul class="cards">
          {list.map((order) => (
            <Card key={order.id} order={order} />
          ))}
        </ul>
      )}
      {list.length === SHOWN && <p class="caption">{te.most(SHOWN)}</p>}
    </Dated>
  );
}
