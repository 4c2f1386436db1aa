import { readFills } from "../api/routes.ts";
import type { Fill } from "../api/types.ts";
import { mul, read, text } from "../lib/decimal.ts";
import { money, NONE, number, quoteOf } from "../lib/format.ts";
import { isSpot, marketOf, titleOf } from "../lib/market.ts";
import { clock, moment } from "../lib/time.ts";
import { known } from "../net/live.ts";
import { step, tick } from "../state/derive.ts";
import { showMarket } from "../state/focus.ts";
import { show } from "../state/overlay.ts";
import { ofOwn, useRecent } from "../state/recent.ts";
import { accounts, fills } from "../state/store.ts";
import { t } from "../strings.ts";
import { tf } from "../strings-fills.ts";
import { Dated, Empty, Note, SideMark, Waiting } from "../ui/bits.tsx";
import { accountLabel } from "./PositionCard.tsx";

const SHOWN = 50;
const DAY_MS = 86_400_000;

const newest = () => readFills(SHOWN);

/** The newest executions by the server's record, and what the stream has told since; each once. */
function useFills(): { list: Fill[] | null; failed: boolean } {
  const { record, failed } = useRecent(newest);
  if (record === null) return { list: null, failed };
  const all = new Map<string, Fill>();
  const put = (row: Fill) => all.set(`${row.account} ${row.exec_id}`, row);
  record.forEach(put);
  for (const of of fills.value.values()) of.forEach(put);
  const list = ofOwn(all.values()).sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.exec_id < b.exec_id ? 1 : -1)).slice(0, SHOWN);
  return { list, failed };
}

function when(at: string): string {
  const made = Date.parse(at);
  return Date.now() - made < DAY_MS ? clock(made) : moment(at);
}

function worth(row: Fill): string {
  const [price, qty] = [read(row.price), read(row.qty)];
  return price && qty ? money(text(mul(price, qty))) : NONE;
}

function Row({ row }: { row: Fill }) {
  const { order } = row;
  const market = marketOf(row);
  const trade = row.exec_type === "Trade";
  return (
    <tr>
      <td class="number">{when(row.at)}</td>
      <th scope="row">
        <button type="button" class="link" onClick={() => showMarket(market)}>
          {titleOf(market)}
        </button>
      </th>
      <td>{row.side === "Buy" || row.side === "Sell" ? <SideMark side={row.side} /> : NONE}</td>
      <td>{trade ? (row.is_maker ? tf.maker : tf.taker) : (tf.kind[row.exec_type] ?? row.exec_type)}</td>
      <td class="number">{number(row.price, tick(market))}</td>
      <td class="number">{number(row.qty, isSpot(market) ? null : step(market))}</td>
      <td class="number">{worth(row)}</td>
      <td class="number">
        {row.fee === null ? t.notAvailable : `${number(row.fee)} ${row.fee_currency || quoteOf(market)}`}
      </td>
      {accounts.value.length > 1 && <td>{accountLabel(row.account)}</td>}
      <td class="cell-action">
        {order && (
          <button type="button" class="button" aria-haspopup="dialog" aria-label={tf.orderOf(titleOf(market), when(row.at))} onClick={() => show({ kind: "order", order })}>
            {tf.order}
          </button>
        )}
      </td>
    </tr>
  );
}

/** What was traded last, over all accounts and markets. */
export function FillTable() {
  const { list, failed } = useFills();
  if (known.value && !list && failed) return <Empty>{tf.failed}</Empty>;
  if (!known.value || !list) return <Waiting />;
  if (!list.length) return <Empty>{failed ? tf.failed : tf.none}</Empty>;
  const numbers = [t.price, t.size, tf.value, tf.fee];
  return (
    <Dated class="table-box">
      {failed && (
        <Note icon="warn" tone="warn">
          {tf.holes}
        </Note>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">{tf.time}</th>
            <th scope="col">{t.position.market}</th>
            <th scope="col">{t.position.side}</th>
            <th scope="col">{tf.as}</th>
            {numbers.map((name) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
            {accounts.value.length > 1 && <th scope="col">{t.position.account}</th>}
            <th scope="col">
              <span class="hidden">{t.position.action}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map((row) => (
            <Row key={`${row.account} ${row.exec_id}`} row={row} />
          ))}
        </tbody>
      </table>
    </Dated>
  );
}
