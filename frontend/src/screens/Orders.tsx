import { signal } from "@preact/signals";
import type { Order } from "../api/types.ts";
import { div, mul, read, sign, sub, text } from "../lib/decimal.ts";
import { number } from "../lib/format.ts";
import { marketOf, titleOf } from "../lib/market.ts";
import { age } from "../lib/time.ts";
import { known } from "../net/live.ts";
import { byValue, progress, tick, waits } from "../state/derive.ts";
import { showMarket } from "../state/focus.ts";
import { blocksReducing, fresh, now } from "../state/health.ts";
import { layout } from "../state/layout.ts";
import { cancel, cancelling } from "../state/reducing.ts";
import { show } from "../state/overlay.ts";
import { isOpen, openOrders, ticker } from "../state/store.ts";
import { t } from "../strings.ts";
import { ta } from "../strings-actions.ts";
import { Empty, EndAll, percent, SideMark, Waiting } from "../ui/bits.tsx";
import { Icon } from "../ui/icons.tsx";
import { lazy } from "../ui/lazy.tsx";
import { Segment } from "../ui/Segment.tsx";
import { useStill } from "../ui/still.ts";
import { accountLabel } from "./PositionCard.tsx";


/** The kind, the price, and the trigger it waits for, or waited for if it is over: a stop must never look like an order that stands in the book. */
export function describe(order: Order): string {
  const type = order.order_type === "Limit" ? `${t.limit} ${number(order.price, tick(marketOf(order)))}` : t.market;
  const kind = order.stop_order_type ? t.orders.kind[order.stop_order_type] : undefined;
  const trigger = order.trigger_price && (waits(order) || !isOpen(order)) ? t.orders.trigger(number(order.trigger_price, tick(marketOf(order)))) : undefined;
  return [kind, type, trigger].filter(Boolean).join(" ");
}

export function Progress({ order }: { order: Order }) {
  const [filled, all] = [read(order.filled_qty), read(order.qty)];
  const paid = read(order.avg_price);
  const done = filled && byValue(order) ? paid && mul(filled, paid) : filled;
  const part = done && all && sign(all) > 0 ? text(div(done, all, 4)) : "0";
  return (
    <span class="progress">
      <progress value={part} max={1} aria-hidden="true" />
      <span class="number">{t.orders.filled(...progress(order, order.filled_qty))}</span>
    </span>
  );
}

function marksOf(order: Order): string[] {
  const marks = [waits(order) ? t.orders.waiting : t.orders.state[order.state], accountLabel(order.account)];
  if (order.reduce_only) marks.push(t.orders.reduceOnly);
  if (order.source === "external") marks.push(protects(order) ? t.orders.byBybit : t.orders.external);
  if (order.time_in_force !== "GTC" && order.order_type === "Limit") marks.push(order.time_in_force);
  return marks;
}

function Age({ order }: { order: Order }) {
  return <span class="number">{age(now.value - Date.parse(order.created_at))}</span>;
}

/** How far the last price is from the order's own. */
function Distance({ order, short }: { order: Order; short?: boolean }) {
  now.value;
  const price = read(waits(order) ? order.trigger_price : order.price);
  const last = read(ticker(marketOf(order)).peek()?.last);
  if (!price || !last || sign(last) === 0) return null;
  const away = div(sub(price, last), last, 6);
  const shown = percent(text(away)) ?? "";
  return <span class="number">{short ? shown : ta.distance(shown)}</span>;
}

export const protects = (order: Order) => Boolean(order.stop_order_type && t.orders.kind[order.stop_order_type]);

function nameOf(order: Order): string {
  return `${t.side(order.side)} ${describe(order)} ${titleOf(marketOf(order))}`;
}

function AmendButton({ order }: { order: Order }) {
  if (protects(order)) return null;
  return (
    <button
      type="button"
      class="button icon-button"
      aria-haspopup="dialog"
      aria-label={ta.amendLabel(nameOf(order))}
      disabled={blocksReducing(order.account) !== null}
      onClick={() => show({ kind: "amend", order: order.id })}
    >
      <Icon name="edit" size={20} />
    </button>
  );
}

function CancelButton({ order }: { order: Order }) {
  const under = cancelling.value.get(order.id) === t.orders.cancelling;
  return (
    <button
      type="button"
      class="button"
      aria-label={t.orders.cancelLabel(nameOf(order))}
      // Not `disabled` while it is under way: that would take the focus from who works by keys.
      aria-disabled={under ? true : undefined}
      disabled={blocksReducing(order.account) !== null}
      onClick={() => void cancel(order.id)}
    >
      {/* Laid over the word that gives the button its width, so that no row grows under the finger. */}
      {under ? <span class="under-way" data-said={t.orders.cancelling}>{t.cancel}</span> : t.cancel}
    </button>
  );
}

export function OrderRow({ order }: { order: Order }) {
  const said = cancelling.value.get(order.id);
  return (
    <li class="card order" data-order={order.id} data-old={fresh.value ? undefined : ""}>
      <div class="order-text">
        <button type="button" class="order-title" aria-haspopup="dialog" onClick={() => show({ kind: "order", order: order.id })}>
          <b>{titleOf(marketOf(order))}</b> <SideMark side={order.side} /> <span class="number order-what">{describe(order)}</span>
        </button>
        <Progress order={order} />
        <p class="order-marks">
          {marksOf(order).map((mark) => (
            <span key={mark}>{mark}</span>
          ))}
          <Age order={order} />
          <Distance order={order} />
        </p>
        {said && said !== t.orders.cancelling && <p class="order-said">{said}</p>}
      </div>
      <div class="order-acts">
        <AmendButton order={order} />
        <CancelButton order={order} />
      </div>
    </li>
  );
}

function TableRow({ order }: { order: Order }) {
  const said = cancelling.value.get(order.id);
  return (
    <tr tabIndex={0} data-order={order.id} data-old={fresh.value ? undefined : ""}>
      <th scope="row">
        <button type="button" class="link" onClick={() => showMarket(marketOf(order))}>
          {titleOf(marketOf(order))}
        </button>
      </th>
      <td>
        <SideMark side={order.side} />
      </td>
      <td class="number">
        <button type="button" class="link" aria-haspopup="dialog" onClick={() => show({ kind: "order", order: order.id })}>
          {describe(order)}
        </button>
      </td>
      <td class="number">
        <Progress order={order} />
      </td>
      <td class="cell-marks">{said && said !== t.orders.cancelling ? said : marksOf(order).join(" · ")}</td>
      <td class="number">
        <Distance order={order} short />
      </td>
      <td class="number">
        <Age order={order} />
      </td>
      <td class="cell-action">
        <AmendButton order={order} />
        <CancelButton order={order} />
      </td>
    </tr>
  );
}

function OrderTable({ list, still }: { list: Order[]; still: ReturnType<typeof useStill> }) {
  return (
    <div class="table-box table-orders" ref={still.box} onFocusIn={still.onFocusIn}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.position.market}</th>
            <th scope="col">{t.position.side}</th>
            <th scope="col" class="number">{t.orders.type}</th>
            <th scope="col" class="number">{t.orders.state.filled}</th>
            <th scope="col">{t.orders.stands}</th>
            <th scope="col" class="number">{ta.fromMarket}</th>
            <th scope="col" class="number">{t.orders.age}</th>
            <th scope="col">
              <span class="hidden">{t.position.action}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map((order) => (
            <TableRow key={order.id} order={order} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function OrderList({ of, none = t.orders.empty }: { of?: (order: Order) => boolean; none?: string }) {
  const list = of ? openOrders.value.filter(of) : openOrders.value;
  const still = useStill(known.value ? list.map(({ id }) => id) : null);
  if (!known.value) return <Waiting />;
  if (!list.length) return <Empty>{none}</Empty>;
  if (layout.value === "desk") return <OrderTable list={list} still={still} />;
  return (
    <ul class="cards" ref={still.box} onFocusIn={still.onFocusIn}>
      {list.map((order) => (
        <OrderRow key={order.id} order={order} />
      ))}
    </ul>
  );
}

const KINDS = ["open", "trigger", "protective"] as const;
const SEGMENTS = [...KINDS, "ended"] as const;
type Kind = (typeof KINDS)[number];
const segment = signal<(typeof SEGMENTS)[number]>("open");
export const EndedOrders = lazy(() => import("./EndedOrders.tsx").then((part) => part.EndedOrders), <Waiting />);

function kindOf(order: Order): Kind {
  return protects(order) ? "protective" : waits(order) ? "trigger" : "open";
}

function Segments() {
  const counts = { open: 0, trigger: 0, protective: 0, ended: 0 };
  for (const order of openOrders.value) counts[kindOf(order)] += 1;
  return (
    <Segment
      name={ta.segment}
      value={segment.value}
      onChange={(next) => (segment.value = next)}
      options={SEGMENTS.map((value) => ({ value, label: counts[value] ? `${ta.segments[value]} ${counts[value]}` : ta.segments[value] }))}
    />
  );
}

export function Orders() {
  const shown = segment.value;
  return (
    <section class="screen" aria-labelledby="screen-title">
      <h1 id="screen-title" class="hidden">
        {t.tabs.orders}
      </h1>
      <Segments />
      <div class="roomy">
        {shown === "ended" ? <EndedOrders /> : <OrderList key={shown} of={(order) => kindOf(order) === shown} none={ta.none[shown]} />}
        {/* What guards a position is not among what Stop cancels. */}
        {(shown === "open" || shown === "trigger") && <EndAll of={openOrders.value.filter((order) => !protects(order))}>{ta.cancelAll}</EndAll>}
      </div>
    </section>
  );
}
