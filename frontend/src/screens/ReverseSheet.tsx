import { useEffect, useState } from "preact/hooks";
import { read, ZERO } from "../lib/decimal.ts";
import { baseOf, number } from "../lib/format.ts";
import { alertNow } from "../state/announce.ts";
import { type Attempt, attempts } from "../state/attempts.ts";
import { reverse } from "../state/changing.ts";
import { held, openProfit, step, tick } from "../state/derive.ts";
import { blockText, blocksOpening, kind } from "../state/health.ts";
import { filledSoFar } from "../state/outcome.ts";
import { hide, show } from "../state/overlay.ts";
import { accounts, openPositions, orders } from "../state/store.ts";
import { type Desk, openTicket } from "../state/ticket.ts";
import { glyph, t } from "../strings.ts";
import { ta } from "../strings-actions.ts";
import { tt } from "../strings-ticket.ts";
import { Amount, Fact, Note, Place } from "../ui/bits.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { Icon } from "../ui/icons.tsx";
import { StepUp } from "../ui/StepUp.ts";
import { Sheet } from "../ui/Sheet.tsx";
import { CloseFee } from "./CloseSheet.tsx";
import { DoneButton, OutcomeView } from "./Outcome.tsx";
import { guards } from "./PositionCard.tsx";
import { showMarket } from "../state/focus.ts";

/** The way out, and to the exits of the position that was opened: it has none yet. */
function Ended({ attempt, stops }: { attempt: Attempt; stops: string | undefined }) {
  const done = <DoneButton attempt={attempt} onDone={hide} />;
  if (!stops) return done;
  return (
    <div class="sheet-pair">
      {done}
      <button type="button" class="button action" data-tone="accent" onClick={() => show({ kind: "stops", position: stops })}>
        {ta.stopsAsk}
      </button>
    </div>
  );
}

/** Turns a position around: two orders, the second only after the first is proven to have left nothing. Held on a live account,
 * whatever the settings say. */
export function ReverseSheet({ id }: { id: string }) {
  const position = openPositions.value.find((row) => row.id === id);
  const [sent, setSent] = useState<{ close: string; open: string } | null>(null);
  const [first] = useState(position);
  const [notice, setNotice] = useState(false);
  const [close, open] = sent ? [attempts.value.get(sent.close), attempts.value.get(sent.open)] : [];
  // Both steps were refused alike: nothing was sent, and what was asked stands until the proof is given.
  const unproven = close?.refusal?.code === "step_up" ? close.refusal : null;
  useEffect(() => {
    if (unproven) alertNow(unproven.message);
  }, [unproven]);
  const asking = !sent || unproven !== null;
  if (!first || !first.side || (!position && !sent))
    return (
      <Sheet title={ta.reverseAsk} onClose={hide}>
        <p class="line">{ta.positionGone}</p>
      </Sheet>
    );
  const { symbol, side } = first;
  const account = accounts.value.find((row) => row.id === first.account);
  const other = side === "Buy" ? "Sell" : "Buy";
  const now = position ?? first;
  const size = `${number(now.size, step(symbol))} ${baseOf(symbol)}`;
  const block = blocksOpening(first.account);
  const made = openPositions.value.find((row) => row.account === first.account && row.symbol === symbol && row.side === other);
  const turned = now.side !== side;
  const opened = open && filledSoFar(orders.value.get(open.id) ?? open.row ?? undefined, open.id) !== "0" ? made : undefined;
  const names = { close: `${ta.reverseClose(`${t.held(side)} ${size}`)}`, open: ta.reverseOpen(`${t.held(other)} ${size}`) };
  return (
    <Sheet
      title={ta.reverseTitle(symbol)}
      aside={<Place account={account} />}
      onClose={hide}
      foot={
        unproven ? null : sent ? (
          close && <Ended attempt={close} stops={opened?.id} />
        ) : (
          <Confirm
            hold={account?.environment === "live"}
            label={account?.environment === "live" ? ta.holdReverse : ta.reverseButton}
            now={tt.confirmNow}
            tone={other === "Buy" ? "up" : "down"}
            disabled={block !== null || turned}
            about={`${now.size} ${now.side}`}
            onConfirm={() => setSent(reverse(now, names))}
          />
        )
      }
    >
      {asking && (
        <>
          <p class="line">{ta.reverseLead(`${glyph[other]}\u00a0${t.held(other)}`, size)}</p>
          <dl class="facts facts-one">
            <Fact name={t.position.size}>{held(now.side, now.size, symbol)}</Fact>
            <Fact name={t.position.entry}>{number(now.entry_price, tick(symbol))}</Fact>
            <Fact name={tt.expected}>
              <Amount value={openProfit(now)} />
            </Fact>
            <CloseFee position={now} qty={read(now.size) ?? ZERO} type="Market" price={null} name={ta.reverseFee} />
            {/* In hedge mode the other side may be held already: then it grows, and keeps the exits that it has. */}
            {!made && <Fact name={tt.after}>{`≈ ${held(other, now.size, symbol)}`}</Fact>}
          </dl>
          {(guards(now) || !made) && (
            <Note icon="warn" tone="warn">
              {ta.reverseBare(guards(now), !made)}
            </Note>
          )}
          {unproven ? (
            <StepUp
              refused={unproven}
              done={() => {
                setSent(null);
                setNotice(true);
              }}
            />
          ) : (
            notice && (
              <Note icon="check" tone="good">
                {tt.proven}
              </Note>
            )
          )}
          {block && (
            <Note icon="warn" tone="warn">
              {block === "not-live" ? t.notLive(kind.value) || t.paused : blockText(block, first.account)}
            </Note>
          )}
        </>
      )}
      {!asking && close && <p class="caption">{names.close}</p>}
      {!asking && close && <OutcomeView attempt={close} />}
      {!asking && open && <p class="caption">{names.open}</p>}
      {!asking && open && <OutcomeView attempt={open} />}
      {opened && !guards(opened) && (
        <Note icon="warn" tone="warn">
          {ta.reverseBare(null, true)}
        </Note>
      )}
    </Sheet>
  );
}

/** What else can be done with a position. */
export function PositionSheet({ id }: { id: string }) {
  const position = openPositions.value.find((row) => row.id === id);
  const account = accounts.value.find((row) => row.id === position?.account);
  if (!position || !position.side || !account)
    return (
      <Sheet title={t.tabs.positions} onClose={hide}>
        <p class="line">{ta.positionGone}</p>
      </Sheet>
    );
  const { side, symbol } = position;
  const desk: Desk = { account: account.id, environment: account.environment, category: "linear", symbol };
  const rows: [string, () => void][] = [
    [ta.stopsAsk, () => show({ kind: "stops", position: id })],
    [
      ta.addTo,
      () => {
        hide();
        showMarket(symbol);
        openTicket(desk, side);
      },
    ],
    [ta.reverseAsk, () => show({ kind: "reverse", position: id })],
    [ta.leverageAsk, () => show({ kind: "leverage", desk })],
    [
      ta.toChart,
      () => {
        hide();
        showMarket(symbol);
      },
    ],
  ];
  return (
    <Sheet title={`${symbol} ${held(side, position.size, symbol)}`} aside={<Place account={account} />} onClose={hide}>
      {rows.map(([name, act]) => (
        <button key={name} type="button" class="button row-button" onClick={act}>
          <span>{name}</span>
          <Icon name="down" size={18} />
        </button>
      ))}
    </Sheet>
  );
}
