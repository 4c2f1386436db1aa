import { useState } from "preact/hooks";
import { type Protection, setStops, type StopsRequest } from "../../api/routes.ts";
import type { OrderType, Position } from "../../api/types.ts";
import { add, cmp, dec, type Dec, fixed, max, min, mul, places, read, sign, snap, sub, text } from "../../lib/decimal.ts";
import { entry } from "../../lib/entry.ts";
import { baseOf, number } from "../../lib/format.ts";
import { marketOf } from "../../lib/market.ts";
import { heldBack, useSending } from "../../state/changing.ts";
import { markOf, step, tick } from "../../state/derive.ts";
import { show } from "../../state/overlay.ts";
import { protection } from "../../state/protection.ts";
import { cancel, cancelling } from "../../state/reducing.ts";
import { instruments } from "../../state/store.ts";
import { t } from "../../strings.ts";
import { ta } from "../../strings-actions.ts";
import { ts } from "../../strings-stops.ts";
import { tt } from "../../strings-ticket.ts";
import { Note } from "../../ui/bits.tsx";
import { Confirm } from "../../ui/Confirm.tsx";
import { Icon } from "../../ui/icons.tsx";
import { NumberField } from "../../ui/NumberField.tsx";
import { Pick } from "../../ui/Pick.tsx";
import { Segment } from "../../ui/Segment.tsx";
import { SentNote } from "../../ui/SentNote.tsx";
import { useStill } from "../../ui/still.ts";
import { TextField } from "../../ui/TextField.tsx";
import { BY_OPTIONS } from "../TicketMore.tsx";
import { type Leg, LEGS, nameOf, reading, type Typed } from "./legs.ts";
import { Done, type Pane } from "./pane.tsx";

type Order = Protection["orphans"][number]["order"];

interface PartLeg extends Typed {
  type: OrderType;
  limit: string;
}

/** A size on the step and within what is held; null for what is none. */
function sizeOf(typed: string, position: Position, unit: Dec): Dec | null {
  const known = entry(typed);
  const [most, least] = [read(position.size), read(instruments.value.get(position.symbol)?.min_qty)];
  if (known.kind !== "ok" || !most) return null;
  const size = snap(known.value, unit, "down");
  return sign(size) > 0 && cmp(size, most) <= 0 && (!least || cmp(size, least) >= 0) ? size : null;
}

function limitOf(leg: PartLeg, unit: Dec): Dec | null {
  const known = entry(leg.limit);
  const price = known.kind === "ok" ? snap(known.value, unit, "half") : null;
  return price && sign(price) > 0 ? price : null;
}

/** The request for a pair, or null while something is missing or wrong. */
function request(typed: Record<Leg, PartLeg>, size: Dec | null, position: Position, unit: Dec): StopsRequest | null {
  const asked: StopsRequest = { tpsl_mode: "Partial" };
  let legs = 0;
  for (const leg of LEGS) {
    const { price, problem } = reading(leg, typed[leg], position, unit);
    if (problem || !size) return null;
    if (!price) continue;
    const limit = typed[leg].type === "Limit" ? limitOf(typed[leg], unit) : null;
    if (typed[leg].type === "Limit" && !limit) return null;
    const of = leg === "take_profit" ? "tp" : "sl";
    Object.assign(asked, { [leg]: text(price), [`${of}_size`]: text(size), [`${of}_trigger_by`]: typed[leg].by, [`${of}_order_type`]: typed[leg].type });
    if (limit) Object.assign(asked, { [`${of}_limit_price`]: text(limit) });
    legs += 1;
  }
  return legs ? asked : null;
}

function Row({ order, off }: { order: Order; off: boolean }) {
  const price = (value: string | null) => number(value, tick(marketOf(order)));
  const kind = t.orders.kind[order.stop_order_type ?? ""] ?? t.orders.reduceOnly;
  const what = `${kind} ${ts.leg(price(order.trigger_price), order.order_type === "Limit" ? price(order.price) : null)}`;
  const said = cancelling.value.get(order.id);
  return (
    <li data-order={order.id}>
      <span>
        {kind} <b class="number">{ts.leg(price(order.trigger_price), order.order_type === "Limit" ? price(order.price) : null)}</b>
        {said && <small class="order-said"> {said}</small>}
      </span>
      <span class="order-acts">
        <button type="button" class="button icon-button" aria-haspopup="dialog" aria-label={ts.changeLeg(what)} disabled={off} onClick={() => show({ kind: "amend", order: order.id })}>
          <Icon name="edit" size={20} />
        </button>
        <button type="button" class="button" aria-label={ts.removeLeg(what)} disabled={off || said === t.orders.cancelling} onClick={() => void cancel(order.id)}>
          {ta.remove}
        </button>
      </span>
    </li>
  );
}

function Pairs({ position, off }: { position: Position; off: boolean }) {
  const guard = protection.value?.items.find((row) => row.position === position.id);
  const legs = (guard?.pairs ?? []).map((pair) => [pair.take_profit, pair.stop_loss].flatMap((order) => (order?.stop_order_type?.startsWith("Partial") ? [order] : [])));
  const parts = legs.filter((list) => list.length);
  const orphans = protection.value?.orphans.filter(({ order }) => marketOf(order) === position.symbol && order.account === position.account) ?? [];
  const still = useStill(protection.value && [...parts.flat(), ...orphans.map(({ order }) => order)].map(({ id }) => id));
  return (
    <div class="group" ref={still.box} onFocusIn={still.onFocusIn}>
      <h3 class="caption">{ts.pairs}</h3>
      {!parts.length && <p class="line">{ts.noPairs}</p>}
      {parts.map((list) => (
        <section key={list[0]?.id} class="pair">
          <h4 class="number">{ts.pairOf(`${number(list[0]?.qty, step(position.symbol))} ${baseOf(position.symbol)}`)}</h4>
          <ul class="results">
            {list.map((order) => (
              <Row key={order.id} order={order} off={off} />
            ))}
          </ul>
        </section>
      ))}
      {orphans.length > 0 && <h3 class="caption">{ts.orphans}</h3>}
      {orphans.map(({ order, reason }) => (
        <section key={order.id} class="pair">
          <Note icon="warn" tone="warn">
            {reason}
          </Note>
          <ul class="results">
            <Row order={order} off={off} />
          </ul>
        </section>
      ))}
    </div>
  );
}

const EMPTY: Omit<PartLeg, "by"> = { text: "", type: "Market", limit: "" };

/** A pair for a part of the position, with what is set already. */
export function usePart(position: Position, unit: Dec, off: boolean): Pane {
  const [size, setSize] = useState("");
  const [typed, setTyped] = useState<Record<Leg, PartLeg>>({ take_profit: { ...EMPTY, by: "LastPrice" }, stop_loss: { ...EMPTY, by: "MarkPrice" } });
  const { sent, send, proven } = useSending({ taken: ts.partTaken, unknown: ta.unknown });
  const { symbol } = position;
  const qtyUnit = read(step(symbol)) ?? dec("0.001");
  const least = instruments.value.get(symbol)?.min_qty ?? text(qtyUnit);
  const wanted = sizeOf(size, position, qtyUnit);
  const asked = request(typed, wanted, position, unit);
  const set = (leg: Leg, part: Partial<PartLeg>) => setTyped({ ...typed, [leg]: { ...typed[leg], ...part } });
  const moved = (from: Dec, by: Dec, up: boolean, times: string) => {
    const next = up ? add(from, mul(by, dec(times))) : sub(from, mul(by, dec(times)));
    return max(by, next);
  };
  const stepSize = (up: boolean, times: string) => {
    const next = moved(wanted ?? (up ? { n: 0n, s: 0 } : qtyUnit), qtyUnit, up, times);
    setSize(fixed(min(next, read(position.size) ?? next), places(qtyUnit)));
  };
  const stepLeg = (leg: Leg) => (up: boolean, times: string) => {
    const from = reading(leg, typed[leg], position, unit).price ?? read(markOf(position)) ?? unit;
    set(leg, { text: fixed(moved(from, unit, up, times), places(unit)) });
  };
  const field = (leg: Leg) => {
    const { problem } = reading(leg, typed[leg], position, unit);
    const limit = typed[leg].type === "Limit";
    return (
      <div key={leg} class="leg">
        <NumberField id={`part-${leg}`} name={nameOf(leg)} label={nameOf(leg)} value={typed[leg].text} problem={problem} onInput={(next) => set(leg, { text: next })} onStep={stepLeg(leg)} />
        <div class="leg-row">
          <Pick name={ta.watches} value={typed[leg].by} options={BY_OPTIONS} onChange={(by) => set(leg, { by })} />
          <Segment
            name={ts.runs(nameOf(leg))}
            value={typed[leg].type}
            onChange={(type) => set(leg, { type })}
            options={[
              { value: "Market", label: t.market },
              { value: "Limit", label: t.limit },
            ]}
          />
        </div>
        {limit && (
          <TextField
            id={`part-${leg}-limit`}
            label={ts.limitPrice(nameOf(leg))}
            value={typed[leg].limit}
            problem={typed[leg].text && !limitOf(typed[leg], unit) ? ts.limitWrong : null}
            onInput={(next) => set(leg, { limit: next })}
          />
        )}
      </div>
    );
  };
  return {
    foot:
      sent.kind === "taken" ? (
        <Done />
      ) : (
        <Confirm
          hold={false}
          label={sent.kind === "busy" ? tt.sending : ts.setPart}
          tone="plain"
          disabled={!asked || off || heldBack(sent) || sent.kind === "unknown"}
          about={JSON.stringify(asked)}
          onConfirm={() => asked && void send(() => setStops(position.id, asked))}
        />
      ),
    body: (
      <>
        <Pairs position={position} off={off} />
        <h3 class="caption">{ts.another}</h3>
        <p class="line">{ts.partLead}</p>
        <NumberField
          id="part-size"
          name={t.size}
          label={ts.size(baseOf(symbol), number(position.size, step(symbol)))}
          value={size}
          problem={size && !wanted ? ts.sizeWrong(number(least), number(position.size, step(symbol))) : null}
          onInput={setSize}
          onStep={stepSize}
        />
        {LEGS.map(field)}
        <SentNote sent={sent} taken={ts.partTaken} unknown={ta.unknown} proven={proven} />
      </>
    ),
  };
}
