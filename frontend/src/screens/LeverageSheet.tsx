import { useState } from "preact/hooks";
import { setLeverage, setMode } from "../api/routes.ts";
import { add, cmp, dec, div, type Dec, max, min, onStep, read, snap, sub, text } from "../lib/decimal.ts";
import { entered, type Entry, entry } from "../lib/entry.ts";
import { money, number } from "../lib/format.ts";
import { heldBack, useSending } from "../state/changing.ts";
import { held, tick } from "../state/derive.ts";
import { blockText, blocksReducing, fresh, kind } from "../state/health.ts";
import { hide, show } from "../state/overlay.ts";
import { layout } from "../state/layout.ts";
import { accounts } from "../state/store.ts";
import { context, type Desk, leverages, placeOf, positionId } from "../state/ticket.ts";
import { t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";
import { tl } from "../strings-actions.ts";
import { Fact, Note, Place } from "../ui/bits.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { NumberField } from "../ui/NumberField.tsx";
import { Segment } from "../ui/Segment.tsx";
import { SentNote } from "../ui/SentNote.tsx";
import { Sheet } from "../ui/Sheet.tsx";

const STEP = dec("0.01");
const ONE = dec("1");
const HIGH = dec("10");
const PRESETS = ["1", "2", "3", "5", "10", "20"];

const WORDS = { taken: tl.modeTaken, unknown: tl.unknown };

function Mode({ desk }: { desk: Desk }) {
  const row = accounts.value.find((known) => known.id === desk.account);
  const { sent, send, proven } = useSending(WORDS);
  const words = sent.kind === "refused" ? sent.why : sent.kind === "unknown" ? tl.unknown : tl.modeNote;
  if (!row) return null;
  const now = row.position_mode === "hedge" ? "hedge" : "one_way";
  return (
    <section class="setting">
      <span>{tl.mode}</span>
      <Segment
        name={tl.mode}
        value={now}
        onChange={(mode) => void send(() => setMode(desk.account, mode), () => (accounts.value = accounts.peek().map((known) => (known.id === row.id ? { ...known, position_mode: mode } : known))))}
        options={[
          { value: "one_way", label: tl.oneWay },
          { value: "hedge", label: tl.hedge },
        ]}
      />
      <p class="line">{words}</p>
      {(sent.kind === "unproven" || sent.kind === "proven") && <SentNote sent={sent} taken={tl.modeTaken} unknown={tl.unknown} proven={proven} />}
    </section>
  );
}

/** What is wrong with it, else how it was rounded. */
function remark(said: Entry, wanted: Dec | null, most: Dec): { problem: string | null; note: string | null } {
  const wrong = (text: string) => ({ problem: text, note: null });
  if (said.kind === "bad") return wrong(tt.problem({ on: "price", code: "form" }, "", ""));
  if (said.kind === "empty" || !wanted) return { problem: null, note: tl.enter(number(most)) };
  if (cmp(wanted, ONE) < 0) return wrong(tl.belowOne);
  if (cmp(wanted, most) > 0) return wrong(tl.aboveMost(number(most)));
  return { problem: null, note: onStep(said.value, STEP) ? null : tt.rounded(number(wanted, "0.01"), "0.01") };
}

/** A market's leverage. It is a setting of the market and of the position that is open there; an order never changes it. */
export function LeverageSheet({ desk }: { desk: Desk }) {
  const at = context(desk);
  const known = at?.leverage ?? null;
  const [typed, setTyped] = useState(known ? text(known) : "");
  const { sent, send, proven } = useSending(WORDS);
  const account = accounts.value.find((row) => row.id === desk.account);
  const most = read(at?.instrument.max_leverage) ?? dec("100");
  const said = entry(typed);
  const asked = entered(typed);
  const wanted = asked && snap(asked, STEP);
  const fits = wanted !== null && cmp(wanted, ONE) >= 0 && cmp(wanted, most) <= 0;
  const blocked = blocksReducing(desk.account);
  const same = known !== null && wanted !== null && cmp(known, wanted) === 0;
  const position = at?.position;
  const value = read(position?.position_value);
  const after = wanted && value && fits ? div(value, wanted, 8, "up") : null;
  const id = positionId(desk, placeOf(desk).hedge ? 1 : 0);
  const back = () => (layout.peek() === "phone" ? show({ kind: "ticket", desk }) : hide());
  const move = (up: boolean, times: string) => {
    const from = wanted ?? known ?? ONE;
    setTyped(text(min(most, max(ONE, up ? add(from, dec(times)) : sub(from, dec(times))))));
  };
  const apply = () =>
    wanted &&
    void send(
      () => setLeverage(id, text(wanted)),
      () => (leverages.value = new Map(leverages.peek()).set(id, text(wanted))),
    );
  return (
    <Sheet
      title={tl.title(desk.symbol)}
      aside={<Place account={account} />}
      onClose={back}
      foot={
        <Confirm
          hold={account?.environment === "live" && position !== null}
          label={sent.kind === "busy" ? tt.sending : tl.apply(wanted ? number(wanted) : "")}
          now={tt.confirmNow}
          tone="plain"
          disabled={!fits || blocked !== null || heldBack(sent) || same}
          about={typed}
          onConfirm={apply}
        />
      }
    >
      <NumberField id="leverage" name={tl.leverage} label={tl.label(number(most))} value={typed} {...remark(said, wanted, most)} last onInput={setTyped} onStep={move} />
      <div class="chips" role="group" aria-label={tl.leverage}>
        {PRESETS.filter((preset) => cmp(dec(preset), most) <= 0).map((preset) => (
          <button key={preset} type="button" class="button chip-button" onClick={() => setTyped(preset)}>
            {preset}×
          </button>
        ))}
      </div>
      <dl class="facts facts-one">
        <Fact name={tl.now}>{known ? `${number(known)}×` : t.notAvailable}</Fact>
        {position && (
          <>
            <Fact name={tl.open}>{held(position.side, position.size, position.symbol)}</Fact>
            <Fact name={tl.margin}>{`${money(position.margin)} → ${after ? tt.about + money(after) : t.notAvailable}`}</Fact>
            <Fact name={t.position.liq}>{`${number(position.liq_price, tick(position.symbol))} → ${tl.toldAfter}`}</Fact>
          </>
        )}
      </dl>
      {position && (
        <Note icon="warn" tone="warn">
          {tl.touchesPosition}
        </Note>
      )}
      {wanted && cmp(wanted, HIGH) > 0 && (
        <Note icon="warn" tone="warn">
          {tl.high}
        </Note>
      )}
      {same && sent.kind === "idle" && <p class="line">{tl.same(number(known))}</p>}
      {(blocked || !fresh.value) && (
        <Note icon="warn" tone="warn">
          {blocked === "not-live" ? t.notLive(kind.value) : blocked ? blockText(blocked, desk.account) : tl.stale}
        </Note>
      )}
      <SentNote sent={sent} taken={tl.taken(wanted ? number(wanted) : typed)} unknown={tl.unknown} proven={proven} />
      <Mode desk={desk} />
    </Sheet>
  );
}
