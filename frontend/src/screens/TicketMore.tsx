import { useEffect, useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { readRecent } from "../api/routes.ts";
import type { Order } from "../api/types.ts";
import { number } from "../lib/format.ts";
import { marketOf } from "../lib/market.ts";
import { byValue, sizeText, tick } from "../state/derive.ts";
import type { Draft, TriggerBy } from "../state/draft.ts";
import type { Desk } from "../state/ticket.ts";
import { glyph, t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";
import { Pick } from "../ui/Pick.tsx";
import { TextField } from "../ui/TextField.tsx";

const SIZES = 4;
const BY: readonly TriggerBy[] = ["MarkPrice", "LastPrice", "IndexPrice"];
export const BY_OPTIONS = BY.map((value) => ({ value, label: tt.by[value] }));

/** What was placed here lately, from the server's record: nothing of it is kept on the device. */
function useRecent(desk: Desk): Order[] {
  const [list, setList] = useState<Order[]>([]);
  useEffect(() => {
    let here = true;
    readRecent(desk.account, marketOf(desk)).then(
      (rows) => here && setList(rows.filter((row) => row.source === "console" && !row.reduce_only && !row.trigger_price)),
      (error: unknown) => {
        if (!(error instanceof Refused || error instanceof Silence)) throw error;
      },
    );
    return () => void (here = false);
  }, [desk.account, marketOf(desk)]);
  return list;
}

function again(order: Order): Partial<Draft> {
  const { side, order_type, price, qty, take_profit, stop_loss } = order;
  return {
    side, type: order_type, price: price ?? "", size: qty, unit: byValue(order) ? "quote" : "base", reduceOnly: false, exitsIn: "price",
    postOnly: order.time_in_force === "PostOnly",
    takeProfit: take_profit ?? "", stopLoss: stop_loss ?? "",
  };
}

function Recent({ desk, onChange }: { desk: Desk; onChange: (part: Partial<Draft>) => void }) {
  const list = useRecent(desk);
  // Equal sizes once, each as it was given: an amount to spend is no size of the coin.
  const sizes = [...new Map(list.map((row) => [sizeText(row), row])).entries()].slice(0, SIZES);
  const [last] = list;
  if (!last) return null;
  const price = last.price ? ` ${tt.atPrice(number(last.price, tick(marketOf(desk))))}` : "";
  return (
    <>
      <button type="button" class="button" onClick={() => onChange(again(last))}>
        {tt.repeat(`${glyph[last.side]} ${t.side(last.side)} ${sizeText(last)}, ${last.order_type === "Limit" ? t.limit : t.market}${price}`)}
      </button>
      <div class="chips" role="group" aria-label={tt.recentSizes}>
        {sizes.map(([name, row]) => (
          <button key={name} type="button" class="button chip-button" onClick={() => onChange({ size: row.qty, unit: byValue(row) ? "quote" : "base" })}>
            {byValue(row) ? name : name.split(" ")[0]}
          </button>
        ))}
      </div>
    </>
  );
}

/** What few orders need, folded away. */
export function More({ desk, draft, slippageProblem, exits = !draft.reduceOnly, onChange }: { desk: Desk; draft: Draft; slippageProblem: string | null; exits?: boolean; onChange: (part: Partial<Draft>) => void }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="fold" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{tt.more}</summary>
      {open && (
        <div class="fold-body">
          {draft.type === "Market" && <TextField id="ticket-slippage" label={tt.slippage} value={draft.slippage} problem={slippageProblem} note={tt.slippageNote} onInput={(slippage) => onChange({ slippage })} />}
          {exits && (
            <>
              <Pick name={tt.takeBy} value={draft.takeBy} options={BY_OPTIONS} onChange={(takeBy) => onChange({ takeBy })} />
              <Pick name={tt.stopBy} value={draft.stopBy} options={BY_OPTIONS} onChange={(stopBy) => onChange({ stopBy })} />
              <Pick name={tt.covers} value={draft.tpsl} options={(["Full", "Partial"] as const).map((value) => ({ value, label: tt.tpsl[value] }))} onChange={(tpsl) => onChange({ tpsl })} />
            </>
          )}
          <Recent desk={desk} onChange={onChange} />
        </div>
      )}
    </details>
  );
}
