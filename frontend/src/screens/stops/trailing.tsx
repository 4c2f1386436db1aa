import { useState } from "preact/hooks";
import { setStops } from "../../api/routes.ts";
import type { Account, Position } from "../../api/types.ts";
import { add, cmp, dec, type Dec, fixed, max, mul, places, read, sign, snap, sub, text } from "../../lib/decimal.ts";
import { entry } from "../../lib/entry.ts";
import { number, quoteOf } from "../../lib/format.ts";
import { heldBack, useSending } from "../../state/changing.ts";
import { markOf, tick } from "../../state/derive.ts";
import { protection } from "../../state/protection.ts";
import { ticker } from "../../state/store.ts";
import { ta } from "../../strings-actions.ts";
import { ts } from "../../strings-stops.ts";
import { tt } from "../../strings-ticket.ts";
import { Fact } from "../../ui/bits.tsx";
import { Confirm } from "../../ui/Confirm.tsx";
import { NumberField } from "../../ui/NumberField.tsx";
import { SentNote } from "../../ui/SentNote.tsx";
import { isSet } from "./legs.ts";
import { Done, type Pane } from "./pane.tsx";

/** A price on the tick, null where nothing is typed, "bad" where it is none. */
function priceOf(typed: string, unit: Dec): Dec | null | "bad" {
  const known = entry(typed);
  if (known.kind === "empty") return null;
  const price = known.kind === "ok" ? snap(known.value, unit, "half") : null;
  return price && sign(price) > 0 ? price : "bad";
}

/** The price at which the trailing stop that is set begins to follow; null when it follows already, or there is none. */
function pending(position: Position, last: Dec | null): string | null {
  const guard = protection.value?.items.find((row) => row.position === position.id);
  const price = guard?.trailing[0]?.trigger_price ?? null;
  const at = read(price);
  return at && last && cmp(at, last) === (position.side === "Buy" ? 1 : -1) ? price : null;
}

/** A stop that follows the price, for the whole position. */
export function useTrailing(position: Position, account: Account | undefined, unit: Dec, off: boolean): Pane {
  const [typed, setTyped] = useState<{ distance: string | null; from: string | null }>({ distance: null, from: null });
  const { sent, send, proven } = useSending({ taken: ts.trailingTaken, unknown: ta.unknown });
  const removing = useSending({ taken: ts.trailingGone, unknown: ta.unknown });
  const { symbol } = position;
  const long = position.side === "Buy";
  const last = read(ticker(symbol).value?.last) ?? read(markOf(position));
  const before = isSet(position.trailing_stop) ? position.trailing_stop : null;
  const waits = before && pending(position, last);
  const distanceText = typed.distance ?? before ?? "";
  const fromText = typed.from ?? waits ?? "";
  const [distance, from] = [priceOf(distanceText, unit), priceOf(fromText, unit)];
  const far = distance !== "bad" && distance && last && cmp(distance, last) >= 0;
  const distanceBad = distance === "bad" || far;
  const fromBad = from === "bad" || (from && last && cmp(from, last) !== (long ? 1 : -1));
  const good = distance !== "bad" && distance !== null && !far && from !== "bad" && !fromBad;
  const old = read(before);
  const same = good && old && cmp(distance, old) === 0 && (from === null ? !waits : waits && cmp(from, read(waits) ?? old) === 0);
  const asked = good && !same ? { trailing_stop: text(distance), ...(from ? { active_price: text(from) } : {}) } : null;
  const live = account?.environment === "live";
  // A stop further away, or one that waits where none waited, lets more be lost.
  const hold = live && good && old !== null && (cmp(distance, old) > 0 || from !== null);
  const busy = heldBack(sent) || heldBack(removing.sent);
  const stuck = sent.kind === "unknown" || removing.sent.kind === "unknown";
  const move = (name: "distance" | "from", start: Dec | null | "bad") => (up: boolean, times: string) => {
    const at = start === "bad" || !start ? (name === "from" ? (last ?? unit) : { n: 0n, s: 0 }) : start;
    const by = mul(unit, dec(times));
    setTyped({ ...typed, [name]: fixed(max(unit, up ? add(at, by) : sub(at, by)), places(unit)) });
  };
  const base = from !== "bad" && from ? from : last;
  const stands = good && base ? number(text(long ? sub(base, distance) : add(base, distance)), tick(symbol)) : null;
  return {
    foot:
      sent.kind === "taken" || removing.sent.kind === "taken" ? (
        <Done />
      ) : (
        <Confirm
          hold={hold}
          label={sent.kind === "busy" ? tt.sending : hold ? ts.holdTrailing : ts.setTrailing}
          now={tt.confirmNow}
          tone="plain"
          disabled={!asked || off || busy || stuck}
          about={JSON.stringify(asked)}
          onConfirm={() => asked && void send(() => setStops(position.id, asked))}
        />
      ),
    body: (
      <>
        <p class="line">{ts.trailingLead}</p>
        <dl class="facts facts-one">
          <Fact name={ts.standing}>{before ? ts.standingText(number(before, tick(symbol)), waits ? number(waits, tick(symbol)) : null) : ts.none}</Fact>
        </dl>
        <NumberField
          id="trailing-distance"
          name={ta.trailing}
          label={ts.distance(quoteOf(symbol))}
          value={distanceText}
          problem={distanceBad ? ts.distanceWrong : null}
          note={stands && (from ? null : ts.wouldStand(stands))}
          onInput={(next) => setTyped({ ...typed, distance: next })}
          onStep={move("distance", distance)}
        />
        <NumberField
          id="trailing-from"
          name={ts.from(quoteOf(symbol))}
          label={ts.from(quoteOf(symbol))}
          value={fromText}
          problem={fromBad ? ts.fromWrong(long) : null}
          last
          onInput={(next) => setTyped({ ...typed, from: next })}
          onStep={move("from", from)}
        />
        {before && sent.kind !== "taken" && removing.sent.kind !== "taken" && (
          <Confirm
            hold={live}
            label={removing.sent.kind === "busy" ? tt.sending : live ? ts.holdRemove : ts.removeTrailing}
            now={tt.confirmNow}
            tone="danger"
            disabled={off || busy || stuck}
            onConfirm={() => void removing.send(() => setStops(position.id, { trailing_stop: "0" }))}
          />
        )}
        <SentNote sent={sent} taken={ts.trailingTaken} unknown={ta.unknown} proven={proven} />
        <SentNote sent={removing.sent} taken={ts.trailingGone} unknown={ta.unknown} proven={removing.proven} />
      </>
    ),
  };
}
