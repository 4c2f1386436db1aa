import { useState } from "preact/hooks";
import { readFigures, readTrip, readTrips, type Trip, type TripDetail } from "../api/journal.ts";
import { money, number, signed } from "../lib/format.ts";
import { type MarketId, marketOf, titleOf } from "../lib/market.ts";
import { moment } from "../lib/time.ts";
import { step, tick } from "../state/derive.ts";
import { showMarket } from "../state/focus.ts";
import { useLoaded } from "../state/loading.ts";
import { t } from "../strings.ts";
import { tj } from "../strings-journal.ts";
import { Amount, Empty, Fact, Note, SideMark } from "../ui/bits.tsx";
import { lazy } from "../ui/lazy.tsx";
import { Pick } from "../ui/Pick.tsx";
import { Segment } from "../ui/Segment.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { FillList, paid } from "./JournalDay.tsx";
import { NoteEditor } from "./NoteEditor.tsx";

type State = "all" | "open" | "closed";
const STATES: readonly State[] = ["all", "open", "closed"];

function Row({ trip, onPick }: { trip: Trip; onPick: () => void }) {
  return (
    <li>
      <button type="button" class="journal-row" aria-haspopup="dialog" onClick={onPick}>
        <span>
          <b>
            {titleOf(marketOf(trip))} <SideMark side={trip.side} held />
          </b>
          <small>
            {moment(trip.opened_at)} – {trip.closed_at ? moment(trip.closed_at) : tj.running}
            {trip.note?.tags.map((tag) => ` #${tag}`)}
          </small>
        </span>
        <span class="journal-sum">
          <b>
            <Amount value={trip.net} /> <small>{trip.coin}</small>
          </b>
          <small>{number(trip.max_size, step(marketOf(trip)))}</small>
        </span>
      </button>
    </li>
  );
}

const Snippet = lazy(() => import("../chart/Chart.tsx").then((part) => part.Snippet), <div class="chart trip-chart" aria-busy="true" />);

/** The result in multiples of what was at risk, and from what that is reckoned. */
function Multiple({ trip }: { trip: TripDetail }) {
  const known = trip.first_stop !== null;
  return (
    <>
      <dl class="facts">
        <Fact name={tj.r}>{trip.r !== null ? tj.multiple(signed(trip.r)) : known ? tj.rOpen : tj.notKnown}</Fact>
        {known && <Fact name={tj.firstStop}>{number(trip.first_stop, tick(marketOf(trip)))}</Fact>}
        {known && <Fact name={tj.atRisk}>{money(trip.at_risk)}</Fact>}
      </dl>
      <p class="line">{known ? tj.rMeans : tj.rUnknown}</p>
    </>
  );
}

/** A round trip with its fills, and Bybit's own figure beside ours. */
function TripSheet({ of, onClose }: { of: Trip; onClose: () => void }) {
  const { state, value, again } = useLoaded(String(of.id), () => readTrip(of.id));
  const price = (amount: string | null) => number(amount, tick(marketOf(of)));
  const first = value?.items[0]?.exec_id;
  const other = Object.entries(of.other_fees);
  return (
    <Sheet tall title={`${titleOf(marketOf(of))} ${tj.held(of.side)}`} onClose={onClose}>
      <dl class="facts">
        <Fact name={tj.net}>
          <Amount value={of.net} />
        </Fact>
        <Fact name={tj.realised}>{signed(of.realised)}</Fact>
        <Fact name={tj.fees}>{paid(of.fees)}</Fact>
        <Fact name={tj.funding}>{paid(of.funding)}</Fact>
        <Fact name={tj.entry}>{price(of.avg_entry)}</Fact>
        <Fact name={tj.exit}>{price(of.avg_exit)}</Fact>
        <Fact name={tj.largest}>{number(of.max_size, step(marketOf(of)))}</Fact>
        <Fact name={tj.opened}>{moment(of.opened_at)}</Fact>
        <Fact name={tj.closed}>{of.closed_at ? moment(of.closed_at) : tj.running}</Fact>
      </dl>
      <Snippet trip={of} stop={value?.first_stop ?? null} />
      {other.length > 0 && <p class="line">{`${tj.otherFees}: ${other.map(([coin, amount]) => `${number(amount)} ${coin}`).join(", ")}`}</p>}
      {!value && (state === "failed" ? <Empty action={t.retry} onAction={again}>{tj.failed}</Empty> : <p class="line">{t.loading}</p>)}
      {value && (
        <>
          {of.category !== "spot" && <Multiple trip={value} />}
          <dl class="facts facts-one">
            <Fact name={tj.bybit}>{value.bybit_pnl === null ? t.notAvailable : signed(value.bybit_pnl)}</Fact>
            {value.difference !== null && <Fact name={tj.difference}>{signed(value.difference)}</Fact>}
          </dl>
          {value.difference_because && <Note>{value.difference_because}</Note>}
          {first && <NoteEditor account={of.account} kind="trip" of={first} note={value.note} onSaved={again} />}
          <h3 class="caption">{tj.allFills}</h3>
          <FillList list={value.items} />
        </>
      )}
      <button
        type="button"
        class="button"
        onClick={() => {
          onClose();
          showMarket(marketOf(of));
        }}
      >
        {tj.toMarket}
      </button>
    </Sheet>
  );
}

export function Trips({ of }: { of: string }) {
  const [filter, setFilter] = useState({ state: "all" as State, market: null as MarketId | null, tag: "" });
  const [typed, setTyped] = useState("");
  const [pages, setPages] = useState<{ of: string; items: Trip[]; next: string | null } | null>(null);
  const [shown, setShown] = useState<Trip | null>(null);
  const key = JSON.stringify([of, filter]);
  const { state, value, again } = useLoaded(key, () => readTrips(of, filter, null));
  const markets = useLoaded(of, () => readFigures(of, "symbol"));
  const traded = [...new Set(markets.value?.items.map(({ key, category }) => marketOf({ symbol: key, ...(category && { category }) })) ?? [])];
  const choices = [{ value: "", label: tj.anyMarket }, ...traded.map((market) => ({ value: market as string, label: titleOf(market) }))];
  const extra = pages?.of === key ? pages : null;
  const list = [...(value?.items ?? []), ...(extra?.items ?? [])];
  const next = extra ? extra.next : value?.next;
  const more = () => next && void readTrips(of, filter, next).then((page) => setPages({ of: key, items: [...(extra?.items ?? []), ...page.items], next: page.next }), again);
  return (
    <>
      <Segment name={tj.state} value={filter.state} onChange={(next) => setFilter({ ...filter, state: next })} options={STATES.map((name) => ({ value: name, label: tj.states[name] }))} />
      <div class="filters">
        <Pick name={tj.market} value={filter.market ?? ""} options={choices} onChange={(value) => setFilter({ ...filter, market: traded.find((market) => market === value) ?? null })} />
        <label class="pick">
          <span>{tj.tag}</span>
          {/* What is being typed is kept too: a list that arrives meanwhile must not wipe it. */}
          <input class="input" autocomplete="off" autocapitalize="none" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} onChange={(event) => setFilter({ ...filter, tag: event.currentTarget.value.trim() })} />
        </label>
      </div>
      {!value && (state === "failed" ? <Empty action={t.retry} onAction={again}>{tj.failed}</Empty> : <div class="card waiting" aria-hidden="true" />)}
      <p class="line">{tj.tripLead}</p>
      {value && !list.length && <Empty>{tj.noTrips}</Empty>}
      <ul class="journal-list">
        {list.map((trip) => (
          <Row key={trip.id} trip={trip} onPick={() => setShown(trip)} />
        ))}
      </ul>
      {next && (
        <button type="button" class="button" onClick={more}>
          {tj.older}
        </button>
      )}
      {shown && (
        <TripSheet
          key={shown.id}
          of={shown}
          onClose={() => {
            setShown(null);
            again();
          }}
        />
      )}
    </>
  );
}
