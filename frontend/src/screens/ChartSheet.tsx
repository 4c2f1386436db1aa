import { useEffect, useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { readCandles } from "../api/routes.ts";
import type { Candle } from "../api/types.ts";
import { number } from "../lib/format.ts";
import { moment } from "../lib/time.ts";
import { tick } from "../state/derive.ts";
import { account, market } from "../state/focus.ts";
import { hide } from "../state/overlay.ts";
import { averages, INTERVALS, interval, SWITCH, volume } from "../state/prefs.ts";
import { t } from "../strings.ts";
import { more } from "../strings-more.ts";
import { tc } from "../strings-chart.ts";
import { Segment } from "../ui/Segment.tsx";
import { Sheet } from "../ui/Sheet.tsx";

const ROWS = 60;

function Table({ list }: { list: Candle[] }) {
  const step = tick(market.value);
  const columns = tc.tableColumns;
  return (
    <div class="table-box">
      <table class="candles">
        <thead>
          <tr>
            {Object.entries(columns).map(([key, name]) => (
              <th key={key} scope="col" class={key === "start" ? undefined : "number"}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...list].reverse().slice(0, ROWS).map((row) => (
            <tr key={row.start}>
              <th scope="row">{moment(row.start)}</th>
              {([row.open, row.high, row.low, row.close] as const).map((value, at) => (
                <td key={at} class="number">
                  {number(value, step)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Every interval, what is drawn beside the candles, and the candles as a table for those who read rather than look. */
export function ChartSheet() {
  const [list, setList] = useState<Candle[] | "failed" | "asked" | null>(null);
  useEffect(() => {
    if (list !== "asked") return;
    readCandles(market.value, interval.value, account.value?.id).then(setList, (error: unknown) => {
      if (!(error instanceof Refused || error instanceof Silence)) throw error;
      setList("failed");
    });
  }, [list]);
  const onOff = SWITCH.map((value) => ({ value, label: more[value] }));
  return (
    <Sheet title={tc.options} onClose={hide}>
      <h3 class="caption">{tc.allIntervals}</h3>
      <div class="wrap-chips" role="group" aria-label={tc.allIntervals}>
        {INTERVALS.map((name) => (
          <button key={name} type="button" class="button" aria-pressed={interval.value === name} onClick={() => (interval.value = name)}>
            {tc.intervals[name]}
          </button>
        ))}
      </div>
      <div class="setting">
        <span>{tc.averages}</span>
        <Segment name={tc.averages} value={averages.value} onChange={(next) => (averages.value = next)} options={onOff} />
      </div>
      <div class="setting">
        <span>{tc.volume}</span>
        <Segment name={tc.volume} value={volume.value} onChange={(next) => (volume.value = next)} options={onOff} />
      </div>
      {list === null && (
        <button type="button" class="button" onClick={() => setList("asked")}>
          {tc.table}
        </button>
      )}
      {list === "asked" && <p class="line">{t.loading}</p>}
      {list === "failed" && <p class="line">{tc.failed}</p>}
      {Array.isArray(list) && <Table list={list} />}
    </Sheet>
  );
}
