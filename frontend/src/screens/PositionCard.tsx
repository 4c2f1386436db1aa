import type { Position } from "../api/types.ts";
import { abs, type Dec, div, read, sign, sub, text } from "../lib/decimal.ts";
import { baseOf, money, NONE, number, signed } from "../lib/format.ts";
import { markOf, openProfit, step, tick } from "../state/derive.ts";
import { blocksReducing } from "../state/health.ts";
import { show } from "../state/overlay.ts";
import { protection } from "../state/protection.ts";
import { accounts } from "../state/store.ts";
import { t } from "../strings.ts";
import { ta } from "../strings-actions.ts";
import { Amount, Dated, Fact, Note, percent, SideMark } from "../ui/bits.tsx";
import { Icon } from "../ui/icons.tsx";

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

function StopsButton({ position }: { position: Position }) {
  return (
    <button
      type="button"
      class="button"
      aria-haspopup="dialog"
      aria-label={`${t.position.tpsl} ${position.symbol}`}
      disabled={blocksReducing(position.account) !== null}
      onClick={() => show({ kind: "stops", position: position.id })}
    >
      {t.position.tpsl}
    </button>
  );
}

export function MoreButton({ position }: { position: Position }) {
  return (
    <button type="button" class="button icon-button card-more" aria-haspopup="dialog" aria-label={ta.more(position.symbol)} onClick={() => show({ kind: "position", position: position.id })}>
      <Icon name="more" />
    </button>
  );
}

/** Open profit on the margin that is bound. */
function roi(position: Position): string {
  const [profit, margin] = [read(openProfit(position)), read(position.margin)];
  return profit && margin && sign(margin) > 0 ? (percent(text(div(profit, margin, 6))) ?? NONE) : NONE;
}

/** How far the mark price may move before liquidation, as a ratio of it. */
export function distance(position: Position): Dec | null {
  const [mark, liq] = [read(markOf(position)), read(position.liq_price)];
  if (!mark || !liq || sign(mark) <= 0 || sign(liq) <= 0) return null;
  return div(abs(sub(mark, liq)), mark, 6);
}

function Unprotected({ position }: { position: Position }) {
  const guard = protection.value?.items.find((row) => row.position === position.id);
  const bare = read(guard?.unprotected);
  if (!bare || sign(bare) <= 0) return null;
  return (
    <p class="bare">
      <Icon name="warn" size={18} /> {ta.unprotected(`${number(bare, step(position.symbol))} ${baseOf(position.symbol)}`)}
    </p>
  );
}

export function accountLabel(id: string): string {
  return accounts.value.find((row) => row.id === id)?.label ?? id;
}

/** Take profit and stop loss as shown, null where none is set. */
function legsOf({ take_profit, stop_loss, symbol }: Position): [string | null, string | null] {
  const shown = (value: string | null) => (value && /[1-9]/.test(value) ? number(value, tick(symbol)) : null);
  return [shown(take_profit), shown(stop_loss)];
}

/** "66,000.0 / none", or null when neither is set. */
export function guards(position: Position): string | null {
  const [profit, loss] = legsOf(position);
  return profit || loss ? `${profit ?? t.none} / ${loss ?? t.none}` : null;
}

/** `brief` leaves out what Positions tells, so that the buttons stay in sight under a chart. */
export function PositionCard({ position, brief }: { position: Position; brief?: boolean }) {
  const { symbol, side } = position;
  const [take, stop] = legsOf(position);
  const away = distance(position);
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
          {!brief && <Fact name={ta.roi}>{roi(position)}</Fact>}
          <Fact name={t.position.entry}>{number(position.entry_price, tick(symbol))}</Fact>
          <Fact name={t.mark}>{number(markOf(position), tick(symbol))}</Fact>
          <Fact name={t.position.liq}>{number(position.liq_price, tick(symbol))}</Fact>
          {!brief && <Fact name={ta.away}>{away ? (percent(text(away))?.replace("+", "") ?? NONE) : NONE}</Fact>}
          {!brief && <Fact name={t.position.leverage}>{position.leverage ? `${number(position.leverage)}×` : NONE}</Fact>}
          {!brief && <Fact name={t.position.margin}>{money(position.margin)}</Fact>}
          {(take || stop) && <Fact name={ta.tp}>{take ?? t.none}</Fact>}
          {(take || stop) && <Fact name={ta.sl}>{stop ?? t.none}</Fact>}
          {!brief && position.break_even_price && <Fact name={ta.breakEven}>{number(position.break_even_price, tick(symbol))}</Fact>}
          {!brief && position.ours.funding && <Fact name={ta.funding}>{signed(position.ours.funding)}</Fact>}
          {!brief && position.ours.fees && <Fact name={ta.fees}>{money(position.ours.fees)}</Fact>}
          {(position.adl_rank ?? 0) >= 4 && <Fact name={ta.adl}>{ta.adlText(position.adl_rank ?? 0)}</Fact>}
        </dl>
      </Dated>
      <Unprotected position={position} />
      {position.diff && (
        <Note icon="warn" tone="warn">
          {t.position.differs(position.diff)}
        </Note>
      )}
      <div class="card-foot">
        <span class="card-account">{accountLabel(position.account)}</span>
        <StopsButton position={position} />
        <CloseButton position={position} />
        <MoreButton position={position} />
      </div>
    </article>
  );
}
