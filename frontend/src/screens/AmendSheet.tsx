import { useEffect, useState } from "preact/hooks";
import { amendOrder } from "../api/routes.ts";
import type { Order, Ticker } from "../api/types.ts";
import { add, cmp, dec, type Dec, fixed, max, places, read, sub, text, ZERO } from "../lib/decimal.ts";
import { money, number } from "../lib/format.ts";
import { marketOf, titleOf } from "../lib/market.ts";
import { type Amendment, amendment, type Name, type Reading, type Typed, watches } from "../state/amend.ts";
import { alertNow, say } from "../state/announce.ts";
import { type Attempt, attempts } from "../state/attempts.ts";
import { heldBack, type Sent, useSending } from "../state/changing.ts";
import { byValue, coins, progress, sizeText, tick, waits } from "../state/derive.ts";
import { blockText, blocksOrder, blocksReducing, fresh, kind } from "../state/health.ts";
import { sizeStep } from "../state/guards.ts";
import { filledSoFar, outcomeOf } from "../state/outcome.ts";
import { hide } from "../state/overlay.ts";
import { pacedTicker } from "../state/paced.ts";
import { type Asked, asking, type Proof, useProof } from "../state/proof.ts";
import { recorded } from "../state/record.ts";
import { accounts, instruments, isOpen, orders, takeOrder } from "../state/store.ts";
import { t } from "../strings.ts";
import { ta } from "../strings-actions.ts";
import { tm } from "../strings-amend.ts";
import { tt } from "../strings-ticket.ts";
import { Dated, Fact, Note, percent, Place, SideMark } from "../ui/bits.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { NumberField } from "../ui/NumberField.tsx";
import { SentNote } from "../ui/SentNote.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { DoneButton, OutcomeView, tell } from "./Outcome.tsx";
import { problemText, roundedText } from "./problems.ts";

function labelOf(name: Name, order: Order): string {
  const [base, quote] = coins(marketOf(order));
  if (name === "price") return tt.priceLabel(quote, number(tick(marketOf(order))));
  return name === "qty" ? ta.total(byValue(order) ? quote : base) : tt.triggerLabel(quote);
}

/** The step of a field; that of a size in the coin that is spent is the market's own. */
function stepOf(name: Name, order: Order): string | null {
  const instrument = instruments.value.get(marketOf(order));
  if (!instrument) return null;
  return name === "qty" ? sizeStep(instrument, byValue(order)) : instrument.tick_size;
}

/** What becomes of the order is told as that of a new one; where this page did not place it, by its row alone. */
function attemptOf(order: Order, at: number): Attempt {
  return attempts.value.get(order.id) ?? { id: order.id, at, order: null, name: null, phase: "settled", row: order, refusal: null };
}

/** What a row says below a field: what is wrong with it, else where it leads or how it was rounded. */
function remark(name: Name, { rounded, problem }: Reading, order: Order, known: Amendment): { problem: string | null; note: string | null } {
  const unit = stepOf(name, order);
  if (problem) return { problem: problemText(problem, order.side, unit, coins(marketOf(order))), note: null };
  const trigger = known.fields.find((field) => field.name === "trigger_price")?.reading.value ?? null;
  if (name === "trigger_price" && known.direction) return { problem: null, note: tt.triggers(tt.by[watches(order)], known.direction, number(trigger, unit)) };
  return { problem: null, note: roundedText(rounded, unit) };
}

function again(proof: Proof): string {
  return proof === "as-it-was" ? tm.asItWas : tm.another;
}

/** The market beside what is asked for. Never a live region: it changes with every tick. */
function MarketFacts({ order, ticker, known }: { order: Order; ticker: Ticker | null; known: Amendment }) {
  const unit = tick(marketOf(order));
  const by = waits(order) ? tt.by[watches(order)] : order.side === "Buy" ? t.ask : t.bid;
  const watched = waits(order) && watches(order) !== "LastPrice";
  return (
    <Dated>
      <dl class="facts">
        <Fact name={t.last}>{number(ticker?.last, unit)}</Fact>
        {watched && <Fact name={by}>{number(watches(order) === "MarkPrice" ? ticker?.mark : (ticker?.index ?? ticker?.mark), unit)}</Fact>}
        <Fact name={t.bid}>{number(ticker?.bid, unit)}</Fact>
        <Fact name={t.ask}>{number(ticker?.ask, unit)}</Fact>
        {known.away && <Fact name={tm.distance(by)}>{percent(text(known.away))}</Fact>}
        <Fact name={tt.value}>{known.value ? `${money(known.value)} ${coins(marketOf(order))[1]}` : number(null)}</Fact>
      </dl>
    </Dated>
  );
}

export function AmendSheet({ id, change }: { id: string; change?: Partial<Record<"price" | "trigger_price", string>> }) {
  const order = orders.value.get(id);
  // The order as it was when it was opened: what is on the screen is what is changed.
  const [seen, look] = useState(order);
  const [at, sentAt] = useState(0);
  const [typed, setTyped] = useState<Typed>({
    price: change?.price ?? seen?.price ?? "",
    trigger_price: change?.trigger_price ?? seen?.trigger_price ?? "",
    qty: seen?.qty ?? "",
  });
  const [asked, setAsked] = useState<Asked | null>(null);
  const { sent: answer, send, proven } = useSending({ taken: ta.amended, unknown: ta.unknown });
  const now = order ?? seen;
  const proof = useProof(now, asked, answer.kind === "unknown");
  const sent: Sent = proof === "taken" ? { kind: "taken" } : answer;
  const attempt = now && attemptOf(now, at);
  const ended = now !== undefined && !isOpen(now);
  const told = sent.kind === "taken" || (ended && sent.kind !== "idle" && sent.kind !== "busy");
  const outcome = told && attempt ? outcomeOf(attempt) : null;
  // A no may mean that the order is another by now: it is shown, and what is decided next is decided about that one.
  useEffect(() => {
    if (answer.kind === "refused") look(orders.peek().get(id) ?? seen);
  }, [answer]);
  useEffect(() => {
    if (proof === "taken") say(ta.amended);
    if (proof !== "as-it-was" && proof !== "another") return;
    look(orders.peek().get(id) ?? seen);
    alertNow(again(proof));
  }, [proof]);
  // A picture of the account without it says that it ended, and the record how.
  useEffect(() => {
    if (!order) void recorded(id);
  }, [!order]);
  useEffect(() => {
    if (!attempt || (outcome !== "partly" && !ended)) return;
    const { title, lead } = tell(attempt);
    // What this page placed itself is followed and told of already.
    if (told && !attempts.peek().has(id)) say(`${title}. ${lead}`.trim());
  }, [outcome]);
  const account = accounts.value.find((row) => row.id === now?.account);
  if (!seen || !now || ((ended || !order) && sent.kind === "idle"))
    return (
      <Sheet title={ta.amend} aside={<Place account={account} />} onClose={hide}>
        <p class="line">{ta.gone}</p>
        {ended && attempt && <OutcomeView attempt={attempt} />}
      </Sheet>
    );
  const market = marketOf(seen);
  const quote = pacedTicker(market).value;
  const done = filledSoFar(now, id);
  const known = amendment(seen, typed, read(done) ?? ZERO, quote, instruments.value.get(market) ?? null);
  const { wanted, fields } = known;
  const wrong = fields.some(({ reading }) => reading.problem);
  // Less of an order is always let through; another price or more of it is new risk.
  const more = cmp(read(wanted.qty ?? null) ?? ZERO, read(seen.qty) ?? ZERO) > 0;
  const risks = wanted.price !== undefined || wanted.trigger_price !== undefined || more;
  const blocked = risks ? blocksOrder(seen.account, seen) : blocksReducing(seen.account);
  const changes = fields.filter(({ name }) => wanted[name] !== undefined);
  const move = (name: Name, value: Dec | null) => (up: boolean, times: string) => {
    const unit = read(stepOf(name, seen)) ?? dec("0.01");
    const by = { n: unit.n * BigInt(times), s: unit.s };
    const from = value ?? read(seen[name]) ?? unit;
    setTyped({ ...typed, [name]: fixed(max(unit, up ? add(from, by) : sub(from, by)), places(unit)) });
  };
  const shown = (name: Name, amount: string | null | undefined) => number(amount, name === "qty" && byValue(seen) ? null : stepOf(name, seen));
  const live = account?.environment === "live";
  const waiting = sent.kind === "unknown" && proof === "none";
  const unproven = waiting ? ta.unknown : again(proof);
  return (
    <Sheet
      title={ta.amendTitle(titleOf(market))}
      aside={<Place account={account} />}
      onClose={hide}
      foot={
        told && attempt ? (
          <DoneButton attempt={{ ...attempt, at }} onDone={hide} />
        ) : (
          <Confirm
            hold={live}
            label={sent.kind === "busy" ? tt.sending : live ? ta.holdAmend : ta.amendButton}
            now={tt.confirmNow}
            tone={seen.side === "Buy" ? "up" : "down"}
            disabled={wrong || !changes.length || blocked !== null || heldBack(sent) || waiting}
            about={JSON.stringify(wanted)}
            onConfirm={() => {
              sentAt(Date.now());
              setAsked(asking(seen, wanted));
              void send(() => amendOrder(id, { ...wanted, version: seen.version }), takeOrder);
            }}
          />
        )
      }
    >
      <p class="sentence">
        <SideMark side={seen.side} /> <b class="number">{sizeText(now)}</b>, {t.orders.filled(...progress(now, done))}
      </p>
      {told && attempt ? (
        <OutcomeView attempt={attempt} />
      ) : (
        <>
          {change && (
            <Note icon="edit" tone="warn">
              {ta.proposed}
            </Note>
          )}
          <MarketFacts order={seen} ticker={quote} known={known} />
          {fields.map(({ name, reading }) => (
            <NumberField
              key={name}
              id={`amend-${name}`}
              name={labelOf(name, seen)}
              label={labelOf(name, seen)}
              aside={wanted[name] && ta.change(shown(name, seen[name]), shown(name, wanted[name]))}
              value={typed[name]}
              {...remark(name, reading, seen, known)}
              last={name === "qty"}
              onInput={(next) => setTyped({ ...typed, [name]: next })}
              onStep={move(name, reading.value)}
            />
          ))}
          {known.warnings.map((name) => (
            <Note key={name} icon="warn" tone="warn">
              {tt.warning[name]}
            </Note>
          ))}
          {!changes.length && !wrong && sent.kind === "idle" && <p class="line">{ta.nothing}</p>}
          {(blocked || !fresh.value) && (
            <Note icon="warn" tone="warn">
              {blocked === "not-live" ? t.notLive(kind.value) || t.paused : blocked ? blockText(blocked, seen.account) : t.staleWarning}
            </Note>
          )}
        </>
      )}
      <SentNote sent={sent} taken={ta.amended} unknown={ended ? tm.known : unproven} proven={proven} />
    </Sheet>
  );
}
