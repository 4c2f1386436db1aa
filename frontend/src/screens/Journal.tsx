import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { type DayFigure, readFigures, readProgress } from "../api/journal.ts";
import { dec, div, sign, read, text, ZERO } from "../lib/decimal.ts";
import { money, signed } from "../lib/format.ts";
import { dayName, today, weeks } from "../lib/days.ts";
import { account } from "../state/focus.ts";
import { useLoaded } from "../state/loading.ts";
import { t } from "../strings.ts";
import { tj } from "../strings-journal.ts";
import { Amount, Empty, Note } from "../ui/bits.tsx";
import { Segment } from "../ui/Segment.tsx";
import { Curves } from "./JournalCurve.tsx";
import { DaySheet } from "./JournalDay.tsx";
import { JournalMore } from "./JournalMore.tsx";
import { Trips } from "./JournalTrips.tsx";

const VIEWS = ["days", "trips", "curve", "more"] as const;
const PROGRESS_MS = 5_000;
const part = signal<(typeof VIEWS)[number]>("days");

/** The figure of the coin that is told first: the settle coin where there are several. */
function leading(rows: readonly DayFigure[]): DayFigure | undefined {
  return rows.find((row) => row.coin === "USDT") ?? rows[0];
}

function byDay(items: readonly DayFigure[]): Map<string, DayFigure[]> {
  const days = new Map<string, DayFigure[]>();
  for (const row of items) days.set(row.key, [...(days.get(row.key) ?? []), row]);
  return days;
}

function Calendar({ days, zone, onPick }: { days: ReadonlyMap<string, DayFigure[]>; zone: string; onPick: (day: string) => void }) {
  const now = today(zone);
  return (
    <div class="calendar" role="group" aria-label={tj.calendar}>
      {tj.weekdays.map((name) => (
        <span key={name} class="calendar-head" aria-hidden="true">
          {name}
        </span>
      ))}
      {weeks(now, 5).map((day) => {
        const row = leading(days.get(day) ?? []);
        const way = sign(read(row?.net) ?? ZERO);
        const said = row ? tj.day(dayName(day), signed(row.net), row.coin) : `${dayName(day)}: ${tj.nothing}`;
        return (
          <button key={day} type="button" class="calendar-day" data-tone={way > 0 ? "up" : way < 0 ? "down" : undefined} aria-label={said} aria-current={day === now ? "date" : undefined} disabled={!row} onClick={() => onPick(day)}>
            <span>{day.slice(8).replace(/^0/, "")}</span>
            <span aria-hidden="true">{way > 0 ? "▲" : way < 0 ? "▼" : "·"}</span>
          </button>
        );
      })}
    </div>
  );
}

function DayRow({ day, rows, onPick }: { day: string; rows: DayFigure[]; onPick: () => void }) {
  const first = leading(rows);
  if (!first) return null;
  return (
    <li>
      <button type="button" class="journal-row" aria-haspopup="dialog" onClick={onPick}>
        <span>
          <b>{dayName(day)}</b>
          <small>
            {tj.fills(first.fills)}
            {first.trips > 0 && ` · ${tj.trips(first.wins, first.trips)}`}
          </small>
        </span>
        <span class="journal-sum">
          <b>
            <Amount value={first.net} /> <small>{first.coin}</small>
          </b>
          <small>
            {tj.fees} {money(first.fees)}
          </small>
        </span>
      </button>
    </li>
  );
}

function Days({ of }: { of: string }) {
  const [shown, setShown] = useState<string | null>(null);
  const [older, setOlder] = useState<{ items: DayFigure[]; next: string | null } | null>(null);
  const { state, value, again } = useLoaded(of, () => readFigures(of, "day"));
  if (!value) return state === "failed" ? <Empty action={t.retry} onAction={again}>{tj.failed}</Empty> : <div class="card waiting" aria-hidden="true" />;
  const days = byDay([...value.items, ...(older?.items ?? [])]);
  if (!days.size) return <Empty>{tj.empty}</Empty>;
  const next = older ? older.next : value.next;
  const more = () => next && void readFigures(of, "day", next).then((page) => setOlder({ items: [...(older?.items ?? []), ...page.items], next: page.next }), again);
  return (
    <>
      <Calendar days={days} zone={value.time_zone} onPick={setShown} />
      <p class="line journal-zone">{tj.zone(value.time_zone)}</p>
      <ul class="journal-list">
        {[...days].map(([day, rows]) => (
          <DayRow key={day} day={day} rows={rows} onPick={() => setShown(day)} />
        ))}
      </ul>
      {next && (
        <button type="button" class="button" onClick={more}>
          {tj.older}
        </button>
      )}
      {shown && <DaySheet key={shown} account={of} day={shown} onClose={() => setShown(null)} />}
    </>
  );
}

function Progress({ of }: { of: string }) {
  const { value, again } = useLoaded(of, readProgress);
  const row = value?.find((found) => found.account === of);
  useEffect(() => {
    if (!row || row.complete) return undefined;
    const timer = setTimeout(again, PROGRESS_MS);
    return () => clearTimeout(timer);
  }, [row]);
  if (!row || row.complete) return null;
  return (
    <Note icon="wait">
      {tj.progress(text(div(dec(String(row.done)), dec("10"), 0)))}
    </Note>
  );
}

export function Journal() {
  const of = account.value?.id;
  return (
    <section class="screen screen-journal" aria-labelledby="screen-title">
      <h1 id="screen-title" class="hidden">
        {t.tabs.journal}
      </h1>
      <Segment name={tj.view} value={part.value} onChange={(next) => (part.value = next)} options={VIEWS.map((value) => ({ value, label: tj.views[value] }))} />
      {of && (
        <>
          <Progress of={of} />
          {part.value === "days" && <Days key={of} of={of} />}
          {part.value === "trips" && <Trips key={of} of={of} />}
          {part.value === "curve" && <Curves key={of} of={of} />}
          {part.value === "more" && <JournalMore key={of} of={of} />}
        </>
      )}
    </section>
  );
}
