import type { Position } from "../api/types.ts";
import { number, money } from "../lib/format.ts";
import { markOf, openProfit, step, tick } from "../state/derive.ts";
import { blocksReducing } from "../state/health.ts";
import { show } from "../state/overlay.ts";
import { accounts } from "../state/store.ts";
import { t } from "../strings.ts";
import { Amount, Dated, Fact, Note, SideMark } from "../ui/bits.tsx";

export function CloseButton({ position }: { position: Position }) {
  return (
    <button
      type="button"
      class="button"
      aria-haspopup="dialog"
      aria-label={`${t.position.closeAsk} ${position.symbol}`}
      disabled={blocksReducing(position.account) !== null}
      onClick={() => show({ kind: "close", position: position.id })}
    >
      {t.position.closeAsk}
    </button>
  );
}

export function accountLabel(id: string): string {
  return accounts.value.find((row) => row.id === id)?.label ?? id;
}

/** "66,000.0 / none", or null when neither is set. */
export function protection(position: Position): string | null {
  const { take_profit, stop_loss, symbol } = position;
  const shown = (value: string | null) => (value && /[1-9]/.test(value) ? number(value, tick(symbol)) : null);
  const [profit, loss] = [shown(take_profit), shown(stop_loss)];
  return profit || loss ? `${profit ?? t.none} / ${loss ?? t.none}` : null;
}

export function PositionCard({ position }: { position: Position }) {
  const { symbol, side } = position;
  const guarded = protection(position);
  return (
    <article class="card" aria-label={symbol}>
      <Dated>
        <div class="card-head">
          <h3>
            {symbol} {side && <SideMark side={side} held />}
          </h3>
          <span class="card-profit">
            <Amount value={openProfit(position)} /> <small>USDT</small>
          </span>
        </div>
        <dl class="facts">
          <Fact name={t.position.size}>{number(position.size, step(symbol))}</Fact>
          <Fact name={t.position.entry}>{number(position.entry_price, tick(symbol))}</Fact>
          <Fact name={t.mark}>{number(markOf(position), tick(symbol))}</Fact>
          <Fact name={t.position.liq}>{number(position.liq_price, tick(symbol))}</Fact>
          <Fact name={t.position.leverage}>{position.leverage ? `${number(position.leverage)}×` : number(null)}</Fact>
          <Fact name={t.position.margin}>{money(position.margin)}</Fact>
          {guarded && <Fact name={t.position.tpsl}>{guarded}</Fact>}
        </dl>
      </Dated>
      {position.diff && (
        <Note icon="warn" tone="warn">
          {t.position.differs(position.diff)}
        </Note>
      )}
      <div class="card-foot">
        <span class="card-account">{accountLabel(position.account)}</span>
        <CloseButton position={position} />
      </div>
    </article>
  );
}
