import { useState } from "preact/hooks";
import type { Account, OrderType, Position } from "../api/types.ts";
import { type Dec, dec, div, fixed, mul, neg, places, read, sign, snap, sub, text, ZERO } from "../lib/decimal.ts";
import { baseOf, NONE, number, quoteOf } from "../lib/format.ts";
import { marketOf } from "../lib/market.ts";
import { attempts } from "../state/attempts.ts";
import { coins, held, markOf, openProfit, step, tick } from "../state/derive.ts";
import { emptyDraft, stepped } from "../state/draft.ts";
import { limitPrice } from "../state/guards.ts";
import { blockText, blocksReducing, fresh, kind } from "../state/health.ts";
import { hide } from "../state/overlay.ts";
import { close } from "../state/reducing.ts";
import { accounts, openPositions, ticker } from "../state/store.ts";
import { pacedTicker } from "../state/paced.ts";
import { context } from "../state/ticket.ts";
import { glyph, t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";
import { Amount, Fact, Note, Place } from "../ui/bits.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { lazy } from "../ui/lazy.tsx";
import { NumberField } from "../ui/NumberField.tsx";
import { Segment } from "../ui/Segment.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { DoneButton, OutcomeView } from "./Outcome.tsx";
import { problemText, roundedText } from "./problems.ts";

const SHARES = [
  { value: "0.25", label: "25%" },
  { value: "0.5", label: "50%" },
  { value: "0.75", label: "75%" },
  { value: "1", label: "100%" },
] as const;

/** What closing so much brings: at the limit's own price, or at the mark price. */
function expected(position: Position, qty: Dec, price: Dec | null, limit: boolean): string | null {
  const [whole, entry] = [read(position.size), read(position.entry_price)];
  if (limit) {
    if (!price || !entry) return null;
    const gained = mul(sub(price, entry), qty);
    return text(position.side === "Sell" ? neg(gained) : gained);
  }
  const profit = read(openProfit(position));
  return profit && whole && sign(whole) > 0 ? text(div(mul(profit, qty), whole, 8)) : null;
}

export const CloseFee = lazy(() => import("./CloseFee.tsx").then((part) => part.CloseFee), <Fact name={tt.fee}>{NONE}</Fact>);

export function CloseSheet({ id }: { id: string }) {
  const [share, setShare] = useState<(typeof SHARES)[number]["value"]>("1");
  const [type, setType] = useState<OrderType>("Market");
  const [typed, setTyped] = useState("");
  const [sent, setSent] = useState<{ id: string; name: string; account: Account | undefined } | null>(null);
  const position = openPositions.value.find((row) => row.id === id);
  const attempt = sent ? attempts.value.get(sent.id) : undefined;
  const symbol = position?.symbol ?? marketOf({ symbol: id.split(":")[2] ?? "" });

  if (sent && attempt)
    return (
      <Sheet
        title={tt.closeTitle(symbol)}
        aside={<Place account={sent.account} />}
        onClose={hide}
        foot={<DoneButton attempt={attempt} onDone={hide} />}
      >
        <p class="sentence">{sent.name}.</p>
        <OutcomeView attempt={attempt} />
      </Sheet>
    );
  if (!position || !position.side)
    return (
      <Sheet title={tt.closeTitle(symbol)} aside={<Place account={accounts.value.find((row) => row.id === id.split(":")[0])} />} onClose={hide}>
        <p class="line">{tt.closeGone}</p>
      </Sheet>
    );

  const account = accounts.value.find((row) => row.id === position.account);
  const whole = read(position.size) ?? dec("0");
  const qty = snap(mul(whole, dec(share)), read(step(symbol)) ?? dec("0"));
  const unit = read(tick(symbol));
  const way = position.side === "Buy" ? "Sell" : "Buy";
  const known = type === "Limit" ? limitPrice(typed, way, pacedTicker(symbol).value, unit ?? ZERO) : null;
  const part = expected(position, qty, known?.price ?? null, type === "Limit");
  const blocked = blocksReducing(position.account);
  const ready = !blocked && sign(qty) > 0 && !known?.problem;
  const size = `${number(qty, step(symbol))} ${baseOf(symbol)}`;
  const live = account?.environment === "live";
  const move = (up: boolean, times: string) => {
    const at = context({ account: position.account, environment: "", category: "linear", symbol });
    if (at) setTyped(stepped("price", { ...emptyDraft(way, typed), reduceOnly: true }, at, up, times));
  };
  const send = () => {
    const limit = known?.price ?? null;
    const name = `${glyph[way]} ${t.close} ${size} of ${symbol}, ${limit ? `${t.limit} ${number(limit, tick(symbol))}` : t.market}`;
    setSent({ id: close(position, share, type, limit && text(limit), name).id, name, account });
  };
  return (
    <Sheet
      title={tt.closeTitle(symbol)}
      aside={<Place account={account} />}
      onClose={hide}
      foot={
        <Confirm
          hold={live}
          label={live ? tt.holdToClose(size) : tt.closeButton(size)}
          tone={position.side === "Buy" ? "down" : "up"}
          disabled={!ready}
          about={`${share} ${type} ${typed} ${position.size} ${position.side}`}
          onConfirm={send}
        />
      }
    >
      <dl class="facts">
        <Fact name={t.position.size}>{held(position.side, position.size, symbol)}</Fact>
        <Fact name={t.position.entry}>{number(position.entry_price, tick(symbol))}</Fact>
        <Fact name={t.mark}>{number(markOf(position), tick(symbol))}</Fact>
      </dl>
      <dl class="facts facts-one">
        <Fact name={tt.expected}>
          <Amount value={part} />
        </Fact>
        <CloseFee position={position} qty={qty} type={type} price={known?.price ?? null} />
      </dl>
      <Segment name={tt.closeShare} value={share} onChange={setShare} options={SHARES} />
      <Segment
        name={tt.type}
        value={type}
        onChange={(next) => {
          setType(next);
          const quote = ticker(symbol).peek();
          const now = read(position.side === "Buy" ? quote?.ask : quote?.bid);
          if (next === "Limit" && typed === "" && now && unit) setTyped(fixed(now, places(unit)));
        }}
        options={[
          { value: "Market", label: t.market },
          { value: "Limit", label: t.limit },
        ]}
      />
      {known && (
        <NumberField
          name={t.price}
          label={tt.priceLabel(quoteOf(symbol), number(tick(symbol)))}
          value={typed}
          problem={known.problem && problemText(known.problem, way, tick(symbol), coins(symbol))}
          note={roundedText(known.rounded, tick(symbol))}
          last
          onInput={setTyped}
          onStep={move}
        />
      )}
      {known?.warns && (
        <Note icon="warn" tone="warn">
          {tt.warning["off-market"]}
        </Note>
      )}
      <p class="line">{tt.closeLead}</p>
      {!blocked && !fresh.value && (
        <Note icon="warn" tone="warn">
          {t.staleWarning}
        </Note>
      )}
      {blocked && (
        <Note icon="warn" tone="warn">
          {blocked === "not-live" ? t.notLive(kind.value) : blockText(blocked, position.account)}
        </Note>
      )}
    </Sheet>
  );
}
