import { useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { exportLink, readFigures, setTimeZone } from "../api/journal.ts";
import { zoneHere } from "../lib/days.ts";
import { useLoaded } from "../state/loading.ts";
import { tj } from "../strings-journal.ts";
import { Pick } from "../ui/Pick.tsx";

const EXPORTS = [
  [tj.exportOf.fills, "/executions"],
  [tj.exportOf.closed, "/closed-pnl"],
  [tj.exportOf.trips, "/journal/export?kind=trips"],
  [tj.exportOf.days, "/journal/export?kind=days"],
  [tj.exportOf.notes, "/journal/export?kind=notes"],
] as const;

function Zone({ of }: { of: string }) {
  const { value, again } = useLoaded(of, () => readFigures(of, "day"));
  const [failed, setFailed] = useState(false);
  const here = zoneHere();
  const now = value?.time_zone;
  const set = async (zone: string) => {
    setFailed(false);
    try {
      await setTimeZone(of, zone);
      again();
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Silence)) throw error;
      setFailed(true);
    }
  };
  if (!now) return null;
  const zones = [...new Set([now, here, "UTC", ...Intl.supportedValuesOf("timeZone")])].map((zone) => ({ value: zone, label: zone }));
  return (
    <section class="card group">
      <h2>{tj.zoneTitle}</h2>
      <p class="line">{tj.zoneLead}</p>
      <Pick bare name={tj.zoneTitle} value={now} options={zones} onChange={(zone) => void set(zone)} />
      {here !== now && (
        <button type="button" class="button" onClick={() => void set(here)}>
          {tj.zoneHere(here)}
        </button>
      )}
      {failed && <p class="line">{tj.zoneFailed}</p>}
    </section>
  );
}

/** Taking it out, and whose days it counts by. */
export function JournalMore({ of }: { of: string }) {
  return (
    <>
      <section class="card group">
        <h2>{tj.exports}</h2>
        {EXPORTS.map(([name, path]) => (
          <a key={path} class="button row-button" href={exportLink(path, of)} download>
            {name}
          </a>
        ))}
      </section>
      <Zone of={of} />
    </>
  );
}
