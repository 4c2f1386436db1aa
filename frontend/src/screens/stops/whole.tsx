import { useState } from "preact/hooks";
import { setStops, type StopsRequest } from "../../api/routes.ts";
import type { Account, Position } from "../../api/types.ts";
import { add, cmp, dec, type Dec, fixed, max, mul, places, read, sign, sub, text } from "../../lib/decimal.ts";
import { signed } from "../../lib/format.ts";
import { heldBack, useSending } from "../../state/changing.ts";
import { markOf } from "../../state/derive.ts";
import { gain } from "../../state/draft.ts";
import { ta } from "../../strings-actions.ts";
import { tt } from "../../strings-ticket.ts";
import { Note } from "../../ui/bits.tsx";
import { Confirm } from "../../ui/Confirm.tsx";
import { NumberField } from "../../ui/NumberField.tsx";
import { Pick } from "../../ui/Pick.tsx";
import { SentNote } from "../../ui/SentNote.tsx";
import { BY_OPTIONS } from "../TicketMore.tsx";
import { isSet, type Leg, LEGS, nameOf, reading, type Typed } from "./legs.ts";
import { type Pane, Done } from "./pane.tsx";

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

/** One take-profit and one stop-loss that always have the position's size. */
export function useWhole(position: Position, account: Account | undefined, unit: Dec, off: boolean, change?: Partial<Record<Leg, string>>): Pane {
  const start = (leg: Leg): Typed => ({ text: change?.[leg] ?? (isSet(position[leg]) ? position[leg] : ""), by: leg === "stop_loss" ? "MarkPrice" : "LastPrice" });
  const [typed, setTyped] = useState<Record<Leg, Typed>>({ take_profit: start("take_profit"), stop_loss: start("stop_loss") });
  const { sent, send, proven } = useSending({ taken: ta.stopsTaken, unknown: ta.unknown });
  const { side } = position;
  const legs = { take_profit: reading("take_profit", typed.take_profit, position, unit), stop_loss: reading("stop_loss", typed.stop_loss, position, unit) };
  const asked = changesOf(position, typed, { take_profit: legs.take_profit.price, stop_loss: legs.stop_loss.price });
  const wrong = LEGS.some((leg) => legs[leg].problem !== null);
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
    return entryPrice && size && side ? ta.brings(signed(gain(side, entryPrice, price, size))) : null;
  };
  return {
    foot:
      sent.kind === "taken" ? (
        <Done />
      ) : (
        <Confirm
          hold={hold}
          label={sent.kind === "busy" ? tt.sending : hold ? ta.holdStops : ta.setStops}
          now={tt.confirmNow}
          tone="plain"
          disabled={wrong || !Object.keys(asked).length || off || heldBack(sent) || sent.kind === "unknown"}
          about={JSON.stringify(asked)}
          onConfirm={() => void send(() => setStops(position.id, { tpsl_mode: "Full", ...asked }))}
        />
      ),
    body: (
      <>
        {change && sent.kind !== "taken" && (
          <Note icon="edit" tone="warn">
            {ta.proposed}
          </Note>
        )}
        {LEGS.map((leg) => (
          <div key={leg} class="leg">
            <NumberField
              id={`leg-${leg}`}
              name={nameOf(leg)}
              label={nameOf(leg)}
              value={typed[leg].text}
              problem={legs[leg].problem}
              note={note(leg)}
              last={leg === "stop_loss"}
              onInput={(next) => set(leg, { text: next })}
              onStep={move(leg)}
            />
            <div class="leg-row">
              <Pick name={ta.watches} value={typed[leg].by} options={BY_OPTIONS} onChange={(by) => set(leg, { by })} />
              <button type="button" class="button" aria-label={`${ta.remove}: ${nameOf(leg)}`} disabled={typed[leg].text === ""} onClick={() => set(leg, { text: "" })}>
                {ta.remove}
              </button>
            </div>
          </div>
        ))}
        <SentNote sent={sent} taken={ta.stopsTaken} unknown={ta.unknown} proven={proven} />
      </>
    ),
  };
}
