import { useEffect, useState } from "preact/hooks";
import { type AmendRequest, amendOrder } from "../api/routes.ts";
import type { Order } from "../api/types.ts";
import { add, cmp, dec, type Dec, fixed, max, places, read, sign, snap, sub, text, ZERO } from "../lib/decimal.ts";
import { entry } from "../lib/entry.ts";
import { number } from "../lib/format.ts";
import { marketOf, titleOf } from "../lib/market.ts";
import { heldBack, useSending } from "../state/changing.ts";
import { byValue, coins, progress, sizeText, step, tick } from "../state/derive.ts";
import { blockText, blocksOpening, blocksReducing, kind } from "../state/health.ts";
import { hide } from "../state/overlay.ts";
import { accounts, instruments, isOpen, orders, takeOrder } from "../state/store.ts";
import { t } from "../strings.ts";
import { ta } from "../strings-actions.ts";
import { tt } from "../strings-ticket.ts";
import { Environment, Note, SideMark } from "../ui/bits.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { NumberField } from "../ui/NumberField.tsx";
import { SentNote } from "../ui/SentNote.tsx";
import { Sheet } from "../ui/Sheet.tsx";

type Name = "price" | "trigger_price" | "qty";

function labelOf(name: Name, order: Order): string {
  const [base, quote] = coins(marketOf(order));
  if (name === "price") return tt.priceLabel(quote, number(tick(marketOf(order))));
  return name === "qty" ? ta.total(byValue(order) ? quote : base) : tt.triggerLabel(quote);
}

function fieldsOf(order: Order): Name[] {
  const waits = order.exchange_status === "Untriggered";
  return [...(order.order_type === "Limit" ? (["price"] as const) : []), ...(waits && order.trigger_price ? (["trigger_price"] as const) : []), "qty"];
}

/** The step of a field; that of a size in the coin that is spent is the market's own. */
function stepOf(name: Name, order: Order): string | null {
  const market = marketOf(order);
  if (name !== "qty") return tick(market);
  return byValue(order) ? (instruments.value.get(market)?.quote_step ?? null) : step(market);
}

function unitOf(name: Name, order: Order): Dec {
  return read(stepOf(name, order)) ?? dec("0.01");
}

/** What was typed, on its step; null for what cannot be read or is nothing. */
function value(name: Name, typed: string, order: Order): Dec | null {
  const known = entry(typed);
  if (known.kind !== "ok") return null;
  const snapped = snap(known.value, unitOf(name, order), name === "qty" ? "down" : "half");
  return sign(snapped) > 0 ? snapped : null;
}

export function AmendSheet({ id, change }: { id: string; change?: Partial<Record<"price" | "trigger_price", string>> }) {
  const order = orders.value.get(id);
  // The order as it was when it was opened: what is on the screen is what is changed.
  const [seen, look] = useState(order);
  const [typed, setTyped] = useState<Record<Name, string>>({
    price: change?.price ?? seen?.price ?? "",
    trigger_price: change?.trigger_price ?? seen?.trigger_price ?? "",
    qty: seen?.qty ?? "",
  });
  const { sent, send, proven } = useSending({ taken: ta.amended, unknown: ta.unknown });
  // A no may mean that the order is another by now: it is shown, and what is decided next is decided about that one.
  useEffect(() => {
    if (sent.kind === "refused") look(orders.peek().get(id) ?? seen);
  }, [sent]);
  if (!order || !seen || (!isOpen(order) && sent.kind === "idle"))
    return (
      <Sheet title={ta.amend} onClose={hide}>
        <p class="line">{ta.gone}</p>
      </Sheet>
    );
  const account = accounts.value.find((row) => row.id === seen.account);
  const names = fieldsOf(seen);
  const wanted: AmendRequest = {};
  let wrong = false;
  for (const name of names) {
    const next = value(name, typed[name], seen);
    if (!next) wrong = true;
    else if (cmp(next, read(seen[name]) ?? ZERO) !== 0) wanted[name] = text(next);
  }
  // Less of an order is always let through; another price or more of it is new risk.
  const more = cmp(read(wanted.qty ?? null) ?? ZERO, read(seen.qty) ?? ZERO) > 0;
  const risks = !seen.reduce_only && (wanted.price !== undefined || wanted.trigger_price !== undefined || more);
  const blocked = risks ? blocksOpening(seen.account) : blocksReducing(seen.account);
  const changes = names.filter((name) => wanted[name] !== undefined);
  const over = sent.kind === "taken";
  const shown = (name: Name, amount: string | null | undefined) => number(amount, name === "qty" && byValue(seen) ? null : stepOf(name, seen));
  const move = (name: Name) => (up: boolean, times: string) => {
    const unit = unitOf(name, seen);
    const by = { n: unit.n * BigInt(times), s: unit.s };
    const from = value(name, typed[name], seen) ?? read(seen[name]) ?? unit;
    setTyped({ ...typed, [name]: fixed(max(unit, up ? add(from, by) : sub(from, by)), places(unit)) });
  };
  const live = account?.environment === "live";
  return (
    <Sheet
      title={ta.amendTitle(titleOf(marketOf(seen)))}
      aside={account && <Environment account={account} />}
      onClose={hide}
      foot={
        over ? (
          <button type="button" class="button action" data-tone="plain" onClick={hide}>
            {t.done}
          </button>
        ) : (
          <Confirm
            hold={live}
            label={sent.kind === "busy" ? tt.sending : live ? ta.holdAmend : ta.amendButton}
            now={tt.confirmNow}
            tone={seen.side === "Buy" ? "up" : "down"}
            disabled={wrong || !changes.length || blocked !== null || heldBack(sent) || sent.kind === "unknown"}
            about={JSON.stringify(wanted)}
            onConfirm={() => void send(() => amendOrder(id, { ...wanted, version: seen.version }), takeOrder)}
          />
        )
      }
    >
      <p class="sentence">
        <SideMark side={seen.side} /> <b class="number">{sizeText(seen)}</b>, {t.orders.filled(...progress(order, order.filled_qty))}
      </p>
      {change && !over && (
        <Note icon="edit" tone="warn">
          {ta.proposed}
        </Note>
      )}
      {names.map((name) => (
        <NumberField
          key={name}
          id={`amend-${name}`}
          name={labelOf(name, seen)}
          label={labelOf(name, seen)}
          aside={wanted[name] && ta.change(shown(name, seen[name]), shown(name, wanted[name]))}
          value={typed[name]}
          problem={value(name, typed[name], seen) ? null : tt.problem({ on: "price", code: "form" }, "", "")}
          last={name === "qty"}
          onInput={(next) => setTyped({ ...typed, [name]: next })}
          onStep={move(name)}
        />
      ))}
      {!changes.length && !wrong && sent.kind === "idle" && <p class="line">{ta.nothing}</p>}
      {blocked && (
        <Note icon="warn" tone="warn">
          {blocked === "not-live" ? t.notLive(kind.value) : blockText(blocked, seen.account)}
        </Note>
      )}
      <SentNote sent={sent} taken={ta.amended} unknown={ta.unknown} proven={proven} />
    </Sheet>
  );
}
