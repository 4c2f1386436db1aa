import { useEffect, useState } from "preact/hooks";
import type { Position } from "../api/types.ts";
import { dec, read } from "../lib/decimal.ts";
import { number } from "../lib/format.ts";
import { held, markOf, tick } from "../state/derive.ts";
import { blockText, blocksReducing, fresh, kind } from "../state/health.ts";
import { hide } from "../state/overlay.ts";
import { watchProtection } from "../state/protection.ts";
import { accounts, openPositions } from "../state/store.ts";
import { t } from "../strings.ts";
import { ta } from "../strings-actions.ts";
import { ts } from "../strings-stops.ts";
import { Fact, Note, Place } from "../ui/bits.tsx";
import { Segment } from "../ui/Segment.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import type { Leg } from "./stops/legs.ts";
import { usePart } from "./stops/part.tsx";
import { useTrailing } from "./stops/trailing.tsx";
import { useWhole } from "./stops/whole.tsx";

const TABS = ["whole", "part", "trailing"] as const;
type Change = Partial<Record<Leg, string>>;

function Open({ position, change }: { position: Position; change?: Change }) {
  const [tab, setTab] = useState<(typeof TABS)[number]>("whole");
  useEffect(watchProtection, []);
  const { symbol, side } = position;
  const account = accounts.value.find((row) => row.id === position.account);
  const unit = read(tick(symbol)) ?? dec("0.01");
  const blocked = blocksReducing(position.account);
  const off = blocked !== null;
  // All of them all the time: what was typed in one stays while another is looked at.
  const panes = {
    whole: useWhole(position, account, unit, off, change),
    part: usePart(position, unit, off),
    trailing: useTrailing(position, account, unit, off),
  };
  return (
    <Sheet title={ta.stopsTitle(symbol)} aside={<Place account={account} />} onClose={hide} foot={panes[tab].foot}>
      <dl class="facts">
        <Fact name={t.position.size}>{side && held(side, position.size, symbol)}</Fact>
        <Fact name={t.position.entry}>{number(position.entry_price, tick(symbol))}</Fact>
        <Fact name={t.mark}>{number(markOf(position), tick(symbol))}</Fact>
        <Fact name={t.position.liq}>{number(position.liq_price, tick(symbol))}</Fact>
      </dl>
      <Segment name={ts.tab} value={tab} onChange={setTab} options={TABS.map((value) => ({ value, label: ts.tabs[value] }))} />
      {panes[tab].body}
      {(blocked || !fresh.value) && (
        <Note icon="warn" tone="warn">
          {blocked === "not-live" ? t.notLive(kind.value) : blocked ? blockText(blocked, position.account) : t.staleWarning}
        </Note>
      )}
    </Sheet>
  );
}

/** What protects a position: the pair of the whole of it, pairs for parts, a trailing stop. `change` comes from the chart. */
export function StopsSheet({ id, change }: { id: string; change?: Change }) {
  const position = openPositions.value.find((row) => row.id === id);
  if (position?.side) return <Open position={position} {...(change ? { change } : {})} />;
  return (
    <Sheet title={ta.stopsAsk} onClose={hide}>
      <p class="line">{ta.positionGone}</p>
    </Sheet>
  );
}
