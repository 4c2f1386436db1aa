import type { Position } from "../api/types.ts";
import { useEffect } from "preact/hooks";
import { cmp, text } from "../lib/decimal.ts";
import { money, number } from "../lib/format.ts";
import { markOf, openProfit, step, sum, tick } from "../state/derive.ts";
import { known } from "../net/live.ts";
import { account, go, showMarket, tab } from "../state/focus.ts";
import { blocksReducing } from "../state/health.ts";
import { layout } from "../state/layout.ts";
import { show } from "../state/overlay.ts";
import { accounts, openPositions, wallets } from "../state/store.ts";
import { protection, watchProtection } from "../state/protection.ts";
import { t } from "../strings.ts";
import { ta } from "../strings-actions.ts";
import { Amount, Dated, Empty, EndAll, Note, SideMark, Waiting } from "../ui/bits.tsx";
import { OrderList } from "./Orders.tsx";
import { accountLabel, CloseButton, distance, MoreButton, PositionCard, guards } from "./PositionCard.tsx";

/** The open P&L of the account in front, whose equity stands beside it. */
export function OpenTotal() {
  const own = openPositions.value.filter((row) => row.account === account.value?.id);
  const total = known.value ? sum(own.map(openProfit)) : null;
  return <Amount value={total && text(total)} />;
}

export function Strip() {
  const wallet = account.value && wallets.value.get(account.value.id);
  return (
    <Dated class="strip">
      <dl>
        <div>
          <dt>{t.position.equity}</dt>
          <dd class="number">{money(wallet?.total_equity)}</dd>
        </div>
        <div>
          <dt>{t.position.available}</dt>
          <dd class="number">{money(wallet?.available)}</dd>
        </div>
        <div>
          <dt>{t.position.pnl}</dt>
          <dd>
            <OpenTotal />
          </dd>
        </div>
      </dl>
    </Dated>
  );
}

function Row({ position }: { position: Position }) {
  const { symbol } = position;
  return (
    <tr tabIndex={0} data-position={position.id}>
      <th scope="row">
        <button type="button" class="link" onClick={() => showMarket(symbol)}>
          {symbol}
        </button>
      </th>
      <td>{position.side && <SideMark side={position.side} held />}</td>
      <td class="number">{number(position.size, step(symbol))}</td>
      <td class="number">{number(position.entry_price, tick(symbol))}</td>
      <td class="number">{number(markOf(position), tick(symbol))}</td>
      <td class="number">{number(position.liq_price, tick(symbol))}</td>
      <td class="number">{money(position.margin)}</td>
      <td class="number">
        <Amount value={openProfit(position)} />
      </td>
      <td class="number">
        <button type="button" class="link" aria-haspopup="dialog" disabled={blocksReducing(position.account) !== null} onClick={() => show({ kind: "stops", position: position.id })}>
          <span class="hidden">
            {t.position.tpsl} {symbol}{" "}
          </span>
          {guards(position) ?? t.none}
        </button>
      </td>
      {accounts.value.length > 1 && <td>{accountLabel(position.account)}</td>}
      <td class="cell-action">
        <CloseButton position={position} />
        <MoreButton position={position} />
      </td>
    </tr>
  );
}

/** The nearest to liquidation first; those of which no one knows come last, by name. */
function byRisk(): Position[] {
  const far = new Map(openPositions.value.map((row) => [row.id, distance(row)]));
  return [...openPositions.value].sort((a, b) => {
    const [one, other] = [far.get(a.id), far.get(b.id)];
    return one && other ? cmp(one, other) : one ? -1 : other ? 1 : 0;
  });
}

export function PositionTable() {
  const { market, side, size, entry, liq, margin, pnl, tpsl, action } = t.position;
  const numbers = [size, entry, t.mark, liq, margin, pnl, tpsl];
  return (
    <Dated class="table-box">
      <table>
        <thead>
          <tr>
            <th scope="col">{market}</th>
            <th scope="col">{side}</th>
            {numbers.map((name) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
            {accounts.value.length > 1 && <th scope="col">{t.position.account}</th>}
            <th scope="col">
              <span class="hidden">{action}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {byRisk().map((position) => (
            <Row key={position.id} position={position} />
          ))}
        </tbody>
      </table>
    </Dated>
  );
}

export function PositionList() {
  if (!known.value) return <Waiting />;
  if (!openPositions.value.length)
    return tab.value === "trade" ? (
      <Empty>{t.position.emptyHere}</Empty>
    ) : (
      <Empty action={t.position.goTrade} onAction={() => go("trade")}>
        {t.position.empty}
      </Empty>
    );
  if (layout.value === "desk") return <PositionTable />;
  return (
    <div class="cards">
      {byRisk().map((position) => (
        <PositionCard key={position.id} position={position} />
      ))}
    </div>
  );
}

/** Orders that guard nothing as they stand, each with what takes it away. */
function Orphans() {
  const list = protection.value?.orphans ?? [];
  if (!list.length) return null;
  return (
    <section class="orphans">
      <h2 class="caption">{ta.orphans}</h2>
      {list.map(({ order, reason }) => (
        <Note key={order.id} icon="warn" tone="warn">
          <b>{order.symbol}</b> {reason}
        </Note>
      ))}
      <OrderList of={(row) => list.some(({ order }) => order.id === row.id)} />
    </section>
  );
}

export function Positions() {
  useEffect(watchProtection, []);
  return (
    <section class="screen" aria-labelledby="screen-title">
      <h1 id="screen-title" class="hidden">
        {t.tabs.positions}
      </h1>
      <Strip />
      <div class="roomy">
        <PositionList />
        <EndAll of={openPositions.value}>{ta.closeAll}</EndAll>
      </div>
      <Orphans />
    </section>
  );
}

