import { useState } from "preact/hooks";
import { readCurve, readHoldings } from "../api/journal.ts";
import { shapeOf } from "../chart/curve.ts";
import { cmp, read, ZERO } from "../lib/decimal.ts";
import { before, today } from "../lib/days.ts";
import { money, number } from "../lib/format.ts";
import { useLoaded } from "../state/loading.ts";
import { t } from "../strings.ts";
import { tj } from "../strings-journal.ts";
import { Empty, Fact } from "../ui/bits.tsx";
import { Segment } from "../ui/Segment.tsx";

const [WIDTH, HEIGHT] = [640, 180];
const RANGES = ["30", "90", "365"] as const;

/** Amounts over time as a line, and in words for those who read. */
function Line({ name, values, from, to }: { name: string; values: readonly string[]; from: string; to: string }) {
  if (values.length < 2) return null;
  const { line, zero } = shapeOf(values, WIDTH, HEIGHT);
  const sorted = [...values].sort((a, b) => cmp(read(a) ?? ZERO, read(b) ?? ZERO));
  const [low, high] = [sorted[0] ?? null, sorted.at(-1) ?? null];
  return (
    <figure class="card curve">
      <figcaption>
        <b>{name}</b>
        <span class="number">{money(values.at(-1))}</span>
      </figcaption>
      <svg viewBox={`-4 -4 ${WIDTH + 8} ${HEIGHT + 8}`} role="img" aria-label={tj.curveSummary(name, money(values[0]), money(values.at(-1)), money(low), money(high))} preserveAspectRatio="none">
        {zero !== null && <line class="curve-zero" x1={0} x2={WIDTH} y1={zero} y2={zero} />}
        <polyline points={line} />
      </svg>
      <p class="curve-foot">
        <span>{from}</span>
        <span class="number">
          {money(low)} … {money(high)}
        </span>
        <span>{to}</span>
      </p>
    </figure>
  );
}

function Holdings({ of }: { of: string }) {
  const { value } = useLoaded(of, () => readHoldings(of));
  if (!value?.length) return null;
  return (
    <section class="card">
      <h2>{tj.holdings}</h2>
      <dl class="facts facts-one">
        {value.map((row) => (
          <Fact key={row.coin} name={row.coin}>
            {number(row.balance)} {row.usd_value && <small>{money(row.usd_value)} USD</small>}
          </Fact>
        ))}
      </dl>
    </section>
  );
}

export function Curves({ of }: { of: string }) {
  const [range, setRange] = useState<(typeof RANGES)[number]>("90");
  const { state, value, again } = useLoaded(`${of} ${range}`, () => readCurve(of, before(today("UTC"), { "30": 30, "90": 90, "365": 365 }[range])));
  const coins = [...new Set(value?.days.map((row) => row.coin) ?? [])].sort((a, b) => (a === "USDT" ? -1 : b === "USDT" ? 1 : a < b ? -1 : 1));
  const equity = value?.equity.filter((row) => row.equity !== null) ?? [];
  return (
    <>
      <Segment name={tj.range} value={range} onChange={setRange} options={RANGES.map((name) => ({ value: name, label: tj.ranges[name] }))} />
      {!value && (state === "failed" ? <Empty action={t.retry} onAction={again}>{tj.failed}</Empty> : <div class="card waiting" aria-hidden="true" />)}
      {value && !coins.length && equity.length < 2 && <Empty>{tj.noCurve}</Empty>}
      {coins.map((coin) => {
        const days = value?.days.filter((row) => row.coin === coin) ?? [];
        return <Line key={coin} name={tj.curveTitle(coin)} values={days.map((row) => row.total)} from={days[0]?.day ?? ""} to={days.at(-1)?.day ?? ""} />;
      })}
      <Line name={tj.equityTitle} values={equity.map((row) => row.equity ?? "0")} from={equity[0]?.hour.slice(0, 10) ?? ""} to={equity.at(-1)?.hour.slice(0, 10) ?? ""} />
      <Holdings of={of} />
    </>
  );
}
