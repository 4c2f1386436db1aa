import { type DayFigure, readDay } from "../api/journal.ts";
import type { Fill } from "../api/types.ts";
import { neg, read } from "../lib/decimal.ts";
import { money, number, signed } from "../lib/format.ts";
import { marketOf, titleOf } from "../lib/market.ts";
import { dayName } from "../lib/days.ts";
import { clock } from "../lib/time.ts";
import { coins, step, tick } from "../state/derive.ts";
import { useLoaded } from "../state/loading.ts";
import { glyph, t } from "../strings.ts";
import { tj } from "../strings-journal.ts";
import { Amount, Empty, Fact } from "../ui/bits.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { NoteEditor } from "./NoteEditor.tsx";

/** What was paid, as what it did to the result: below zero. */
export function paid(amount: string, decimals = 2): string {
  const known = read(amount);
  return signed(known && neg(known), decimals);
}

/** `named` says of each which market it is of: a day has many, a trip one. */
export function FillList({ list, named = false }: { list: readonly Fill[]; named?: boolean }) {
  if (!list.length) return <p class="line">{tj.noFills}</p>;
  return (
    <ul class="results fills">
      {list.map((fill) => {
        const side = fill.side === "Sell" ? "Sell" : "Buy";
        const traded = fill.exec_type !== "Funding";
        return (
          <li key={fill.exec_id} data-side={side}>
            <span>
              {traded ? `${glyph[side]} ${t.side(side)} ${number(fill.qty, step(marketOf(fill)))} ${coins(marketOf(fill))[0]}` : `${tj.funding} ${fill.symbol}`}
              <small>
                {" "}
                {named && traded && `${titleOf(marketOf(fill))}, `}
                {clock(Date.parse(fill.at))}
              </small>
            </span>
            <b class="number">{traded ? number(fill.price, tick(marketOf(fill))) : ""}</b>
            <small class="number">
              {tj.fees} {fill.fee ? `${paid(fill.fee, 4)} ${fill.fee_currency}` : t.notAvailable}
            </small>
          </li>
        );
      })}
    </ul>
  );
}

export function Figures({ row }: { row: DayFigure }) {
  return (
    <dl class="facts">
      <Fact name={tj.net}>
        <Amount value={row.net} /> <small>{row.coin}</small>
      </Fact>
      <Fact name={tj.realised}>{signed(row.realised)}</Fact>
      <Fact name={tj.fees}>{paid(row.fees)}</Fact>
      <Fact name={tj.funding}>{paid(row.funding)}</Fact>
      <Fact name={tj.volume}>{money(row.volume)}</Fact>
      <Fact name={tj.allFills}>{row.fills}</Fact>
    </dl>
  );
}

/** A day opened into what it is made of. */
export function DaySheet({ account, day, onClose }: { account: string; day: string; onClose: () => void }) {
  const { state, value, again } = useLoaded(`${account} ${day}`, () => readDay(account, day));
  return (
    <Sheet tall title={dayName(day)} onClose={onClose}>
      {!value && (state === "failed" ? <Empty action={t.retry} onAction={again}>{tj.failed}</Empty> : <p class="line">{t.loading}</p>)}
      {value && (
        <>
          {value.figures.map((row) => (
            <Figures key={row.coin} row={row} />
          ))}
          <dl class="facts facts-one">
            <Fact name={tj.bybit}>{value.bybit_pnl === null ? t.notAvailable : signed(value.bybit_pnl)}</Fact>
          </dl>
          <NoteEditor account={account} kind="day" of={day} note={value.note ?? null} onSaved={again} />
          <h3 class="caption">{tj.allFills}</h3>
          <FillList named list={value.items} />
        </>
      )}
    </Sheet>
  );
}
