import { type DayFigure, readDay } from "../api/journal.ts";
import type { Fill } from "../api/types.ts";
import { neg, read, sign, ZERO } from "../lib/decimal.ts";
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

const DOLLARS: ReadonlySet<string> = new Set(["USDT", "USDC"]);
const DIGITS = 8;

/** So many decimals tell an amount of a coin: dollars have cents; of others a little is much, so eight digits that count. */
function decimalsOf(amount: string, coin: string): number {
  if (DOLLARS.has(coin)) return 2;
  const [whole = "", part = ""] = amount.replace("-", "").replace(/(\.\d*?)0+$/, "$1").split(".");
  const before = whole.replace(/^0+/, "").length;
  const nothing = before ? 0 : part.length - part.replace(/^0+/, "").length;
  return before < DIGITS ? part.slice(0, nothing + DIGITS - before).length : 0;
}

const result = (amount: string, coin: string) => signed(amount, decimalsOf(amount, coin));

/** What was paid, as what it did to the result: below zero. */
export function paid(amount: string, coin = "USDT", decimals = decimalsOf(amount, coin)): string {
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
              {tj.fees} {fill.fee ? `${paid(fill.fee, fill.fee_currency, DOLLARS.has(fill.fee_currency) ? 4 : undefined)} ${fill.fee_currency}` : t.notAvailable}
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
        {DOLLARS.has(row.coin) ? <Amount value={row.net} /> : <span class="number">{result(row.net, row.coin)}</span>} <small>{row.coin}</small>
      </Fact>
      <Fact name={tj.realised}>{result(row.realised, row.coin)}</Fact>
      <Fact name={tj.fees}>{paid(row.fees, row.coin)}</Fact>
      <Fact name={tj.funding}>{paid(row.funding, row.coin)}</Fact>
      <Fact name={tj.volume}>{money(row.volume)}</Fact>
      <Fact name={tj.allFills}>{row.fills}</Fact>
    </dl>
  );
}

/** Dollars first; a coin of which nothing came or went is left out. */
function blocks(figures: readonly DayFigure[]): DayFigure[] {
  const some = (row: DayFigure) => row.fills > 0 || [row.realised, row.fees, row.funding, row.net, row.volume].some((value) => sign(read(value) ?? ZERO) !== 0);
  return figures.filter(some).sort((a, b) => (DOLLARS.has(a.coin) ? 0 : 1) - (DOLLARS.has(b.coin) ? 0 : 1));
}

/** A day opened into what it is made of. */
export function DaySheet({ account, day, onClose }: { account: string; day: string; onClose: () => void }) {
  const { state, value, again } = useLoaded(`${account} ${day}`, () => readDay(account, day));
  return (
    <Sheet tall title={dayName(day)} onClose={onClose}>
      {!value && (state === "failed" ? <Empty action={t.retry} onAction={again}>{tj.failed}</Empty> : <p class="line">{t.loading}</p>)}
      {value && (
        <>
          {blocks(value.figures).map((row) => (
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
