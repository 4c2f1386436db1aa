import { useEffect, useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { type OrderDetail, readDetail } from "../api/routes.ts";
import type { Order } from "../api/types.ts";
import { money, number } from "../lib/format.ts";
import { type MarketId, marketOf, titleOf } from "../lib/market.ts";
import { clock, moment, span } from "../lib/time.ts";
import { progress, sizeText, step, tick } from "../state/derive.ts";
import { blocksReducing } from "../state/health.ts";
import { hide, show } from "../state/overlay.ts";
import { cancel, cancelling } from "../state/reducing.ts";
import { accounts, isOpen, orders } from "../state/store.ts";
import { t } from "../strings.ts";
import { ta } from "../strings-actions.ts";
import { tt } from "../strings-ticket.ts";
import { Fact, Note, Place, SideMark } from "../ui/bits.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { describe, protects } from "./Orders.tsx";
import { because } from "./Outcome.tsx";
import { accountLabel } from "./PositionCard.tsx";
import { cancellation, rejection, standing } from "./refusals.ts";

type Event = OrderDetail["events"][number];

/** The two or three facts of an entry that people look for; the whole of it stays in the server's record. */
function said({ kind, body }: Event, market: MarketId): string {
  const of = (name: string) => (typeof body[name] === "string" || typeof body[name] === "number" ? String(body[name]) : "");
  if (kind === "fill") return `${number(of("execQty"), step(market))} ${tt.atPrice(number(of("execPrice"), tick(market)))}`;
  return [of("orderStatus"), of("message"), of("by")].filter(Boolean).join(", ");
}

function Timeline({ detail }: { detail: OrderDetail }) {
  return (
    <ol class="timeline">
      {detail.events.map((event, at) => (
        <li key={at}>
          <span class="number">{clock(Date.parse(event.at))}</span>
          <span>
            <b>{ta.event[event.kind] ?? event.kind}</b> {said(event, marketOf(detail))}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** What can be done about an order that is open. What Bybit keeps for a position is changed with that position. */
function Acts({ order }: { order: Order }) {
  const off = blocksReducing(order.account) !== null;
  const under = cancelling.value.get(order.id) === t.orders.cancelling;
  const stop = (
    <button type="button" class="button action" data-tone="danger" disabled={off || under} onClick={() => void cancel(order.id)}>
      {under ? t.orders.cancelling : ta.cancelOrder}
    </button>
  );
  if (protects(order)) return stop;
  return (
    <div class="sheet-pair">
      {stop}
      <button type="button" class="button action" data-tone="plain" disabled={off} onClick={() => show({ kind: "amend", order: order.id })}>
        {ta.amend}
      </button>
    </div>
  );
}

/** One order with everything that became of it, from the server's record. */
export function OrderSheet({ id }: { id: string }) {
  const known = orders.value.get(id);
  const [detail, setDetail] = useState<OrderDetail | "failed" | null>(null);
  useEffect(() => {
    let here = true;
    readDetail(id).then(
      (found) => here && setDetail(found),
      (error: unknown) => {
        if (!(error instanceof Refused || error instanceof Silence)) throw error;
        if (here) setDetail((before) => before ?? "failed");
      },
    );
    return () => void (here = false);
  }, [id, known?.version]);
  const order = known ?? (detail === "failed" ? null : detail);
  const market = order && marketOf(order);
  const open = known && isOpen(known);
  const said = cancelling.value.get(id);
  return (
    <Sheet
      title={`${ta.detail} ${market ? titleOf(market) : ""}`}
      aside={<Place account={accounts.value.find((row) => row.id === order?.account)} />}
      onClose={hide}
      foot={
        open && <Acts order={known} />
      }
    >
      {order && market && (
        <p class="sentence">
          <SideMark side={order.side} /> <b class="number">{sizeText(order)}</b>, <span class="number">{describe(order)}</span>
        </p>
      )}
      {said && said !== t.orders.cancelling && <Note icon="warn" tone="warn">{said}</Note>}
      {detail === null && <p class="line">{t.loading}</p>}
      {detail === "failed" && <Note icon="warn" tone="bad">{ta.detailFailed}</Note>}
      {detail && detail !== "failed" && market && (
        <>
          <dl class="facts facts-one">
            <Fact name={t.account}>{accountLabel(detail.account)}</Fact>
            <Fact name={ta.placedBy}>{[detail.user, ta.source[detail.source]].filter(Boolean).join(", ")}</Fact>
            <Fact name={t.orders.stands}>{standing(known ?? detail)}</Fact>
            <Fact name={t.orders.state.filled}>{t.orders.filled(...progress(detail, detail.filled_qty))}</Fact>
            {detail.avg_price && <Fact name={ta.average}>{number(detail.avg_price, tick(market))}</Fact>}
            {detail.fee && <Fact name={ta.fee}>{money(detail.fee)}</Fact>}
            {detail.times.acked && <Fact name={ta.receipt}>{ta.ms(span(detail.times.tap, detail.times.acked))}</Fact>}
            <Fact name={ta.placedAt}>{moment(detail.created_at)}</Fact>
          </dl>
          {cancellation(known ?? detail) && <Note icon="warn" tone="warn">{cancellation(known ?? detail)}</Note>}
          {detail.reject_message && <Note icon="warn" tone="bad">{because(rejection(detail))}</Note>}
          <h3 class="caption">{ta.timeline}</h3>
          <Timeline detail={detail} />
        </>
      )}
    </Sheet>
  );
}
