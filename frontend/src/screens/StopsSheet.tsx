import { useState } from "preact/hooks";
import { setStops, type StopsRequest } from "../api/routes.ts";
import type { Position } from "../api/types.ts";
import { add, cmp, dec, type Dec, fixed, max, mul, places, read, sign, snap, sub, text, ZERO } from "../lib/decimal.ts";
import { entry } from "../lib/entry.ts";
import { number, signed } from "../lib/format.ts";
import { useSending } from "../state/changing.ts";
import { held, markOf, tick } from "../state/derive.ts";
import { gain, type TriggerBy } from "../state/draft.ts";
import { blockText, blocksReducing, fresh, kind } from "../state/health.ts";
import { hide } from "../state/overlay.ts";
import { protection } from "../state/protection.ts";
import { accounts, openPositions } from "../state/store.ts";
import { t } from "../strings.ts";
import { ta } from "../strings-actions.ts";
import { tt } from "../strings-ticket.ts";
import { Environment, Fact, Note } from "../ui/bits.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { NumberField } from "../ui/NumberField.tsx";
import { Pick } from "../ui/Pick.tsx";
import { SentNote } from "../ui/SentNote.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { BY_OPTIONS } from "./TicketMore.tsx";

type Leg = "take_profit" | "stop_loss";
const LEGS: readonly Leg[] = ["take_profit", "stop_loss"];

interface Typed {
  text: string;
  by: TriggerBy;
}

function isSet(value: string | null): value is string {
  return sign(read(value) ?? ZERO) > 0;
}

/** What is typed for a leg: a price on the tick, nothing, or what cannot be. */
function reading(leg: Leg, typed: string, position: Position, unit: Dec): { price: Dec | null; problem: string | null } {
  const known = entry(typed);
  if (known.kind === "empty") return { price: null, problem: null };
  if (known.kind === "bad") return { price: null, problem: tt.problem({ on: "price", code: "form" }, "", "") };
  const price = snap(known.value, unit, "half");
  const mark = read(markOf(position));
  const above = (leg === "take_profit") === (position.side === "Buy");
  if (sign(price) <= 0) return { price: null, problem: tt.problem({ on: "price", code: "zero" }, "", "") };
  if (mark && cmp(price, mark) !== (above ? 1 : -1)) return { price, problem: ta.wrongSide(above) };
  const liq = read(position.liq_price);
  const late = leg === "stop_loss" && liq && sign(liq) > 0 && cmp(price, liq) !== (position.side === "Buy" ? 1 : -1);
  return { price, problem: late ? ta.beyondLiq : null };
}

/** What differs from what is set. "0" takes a leg away. */
function changesOf(position: Position, typed: Record<Leg, Typed>, prices: Record<Leg, Dec | null>): StopsRequest {
  const out: StopsRequest = {};
  for (const leg of LEGS) {
    const [before, after] = [isSet(position[leg]) ? read(position[leg]) : null, prices[leg]];
    if (before && after ? cmp(before, after) === 0 : before === after) continue;
    out[leg] = after ? text(after) : "0";
    if (after) out[leg === "take_profit" ? "tp_trigger_by" : "sl_trigger_by"] = typed[leg].by;
  }
  return out;
}

/** Whether more may be lost than before: a stop that is taken away or moved towards the loss. */
function widens(position: Position, asked: StopsRequest): boolean {
  if (!asked.stop_loss) return false;
  const [before, after] = [read(position.stop_loss), read(asked.stop_loss)];
  if (!isSet(position.stop_loss) || !before || !after) return false;
  return sign(after) === 0 || cmp(after, before) === (position.side === "Buy" ? -1 : 1);
}

function Pairs({ position }: { position: Position }) {
  const guard = protection.value?.items.find((row) => row.position === position.id);
  const parts = guard?.pairs.flatMap((pair) => [pair.take_profit, pair.stop_loss]).filter((order) => order?.stop_order_type?.startsWith("Partial")) ?? [];
  if (!parts.length) return null;
  return (
    <>
      <h3 class="caption">{ta.pairs}</h3>
      <ul class="results">
        {parts.map(
          (order) =>
            order && (
              <li key={order.id}>
                <span>{t.orders.kind[order.stop_order_type ?? ""]}</span>
                <b class="number">{`${number(order.qty)} ${tt.atPrice(number(order.trigger_price, tick(order.symbol)))}`}</b>
              </li>
            ),
        )}
      </ul>
    </>
  );
}

export function StopsSheet({ id, change }: { id: string; change?: Partial<Record<Leg, string>> }) {
  const position = openPositions.value.find((row) => row.id === id);
  const start = (leg: Leg): Typed => ({ text: change?.[leg] ?? (position && isSet(position[leg]) ? position[leg] : ""), by: leg === "stop_loss" ? "MarkPrice" : "LastPrice" });
  const [typed, setTyped] = useState<Record<Leg, Typed>>({ take_profit: start("take_profit"), stop_loss: start("stop_loss") });
  const { sent, send } = useSending({ taken: ta.stopsTaken, unknown: ta.unknown });
  if (!position || !position.side)
    return (
      <Sheet title={ta.stopsAsk} onClose={hide}>
        <p class="line">{ta.positionGone}</p>
      </Sheet>
    );
  const { symbol, side } = position;
  const account = accounts.value.find((row) => row.id === position.account);
  const unit = read(tick(symbol)) ?? dec("0.01");
  const legs = { take_profit: reading("take_profit", typed.take_profit.text, position, unit), stop_loss: reading("stop_loss", typed.stop_loss.text, position, unit) };
  const asked = changesOf(position, typed, { take_profit: legs.take_profit.price, stop_loss: legs.stop_loss.price });
  const wrong = LEGS.some((leg) => legs[leg].problem !== null);
  const blocked = blocksReducing(position.account);
  const hold = account?.environment === "live" && widens(position, asked);
  const [entryPrice, size] = [read(position.entry_price), read(position.size)];
  const set = (leg: Leg, part: Partial<Typed>) => setTyped({ ...typed, [leg]: { ...typed[leg], ...part } });
  const move = (leg: Leg) => (up: boolean, times: string) => {
    const from = legs[leg].price ?? read(markOf(position)) ?? unit;
    const by = mul(unit, dec(times));
    set(leg, { text: fixed(max(unit, up ? add(from, by) : sub(from, by)), places(unit)) });
  };
  const note = (leg: Leg) => {
    const { price } = legs[leg];
    if (!price) return isSet(position[leg]) ? ta.removed : null;
    return entryPrice && size ? ta.brings(signed(gain(side, entryPrice, price, size))) : null;
  };
  return (
    <Sheet
      title={ta.stopsTitle(symbol)}
      aside={account && <Environment account={account} />}
      onClose={hide}
      foot={
        sent.kind === "taken" ? (
          <button type="button" class="button action" data-tone="plain" onClick={hide}>
            {t.done}
          </button>
        ) : (
          <Confirm
            hold={hold}
            label={sent.kind === "busy" ? tt.sending : hold ? ta.holdStops : ta.setStops}
            now={tt.confirmNow}
            tone="plain"
            disabled={wrong || !Object.keys(asked).length || blocked !== null || sent.kind === "busy" || sent.kind === "unknown"}
            about={JSON.stringify(asked)}
            onConfirm={() => void send(() => setStops(id, { tpsl_mode: "Full", ...asked }))}
          />
        )
      }
    >
      <dl class="facts">
        <Fact name={t.position.size}>{held(side, position.size, symbol)}</Fact>
        <Fact name={t.position.entry}>{number(position.entry_price, tick(symbol))}</Fact>
        <Fact name={t.mark}>{number(markOf(position), tick(symbol))}</Fact>
        <Fact name={t.position.liq}>{number(position.liq_price, tick(symbol))}</Fact>
      </dl>
      {change && sent.kind !== "taken" && (
        <Note icon="edit" tone="warn">
          {ta.proposed}
        </Note>
      )}
      {LEGS.map((leg) => {
        const name = leg === "take_profit" ? ta.takeProfit : ta.stopLoss;
        return (
          <div key={leg} class="leg">
            <NumberField
              id={`leg-${leg}`}
              name={name}
              label={name}
              value={typed[leg].text}
              problem={legs[leg].problem}
              note={note(leg)}
              last={leg === "stop_loss"}
              onInput={(next) => set(leg, { text: next })}
              onStep={move(leg)}
            />
            <div class="leg-row">
              <Pick name={ta.watches} value={typed[leg].by} options={BY_OPTIONS} onChange={(by) => set(leg, { by })} />
              <button type="button" class="button" aria-label={`${ta.remove}: ${name}`} disabled={typed[leg].text === ""} onClick={() => set(leg, { text: "" })}>
                {ta.remove}
              </button>
            </div>
          </div>
        );
      })}
      <Pairs position={position} />
      {(blocked || !fresh.value) && (
        <Note icon="warn" tone="warn">
          {blocked === "not-live" ? t.notLive(kind.value) : blocked ? blockText(blocked, position.account) : t.staleWarning}
        </Note>
      )}
      <SentNote sent={sent} taken={ta.stopsTaken} unknown={ta.unknown} />
    </Sheet>
  );
}
