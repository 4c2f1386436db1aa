import { cmp } from "../lib/decimal.ts";
import { number, quoteOf, signed } from "../lib/format.ts";
import { byRisk, type Context, type Draft, type Figures } from "../state/draft.ts";
import { t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";
import { TextField } from "../ui/TextField.tsx";

const WAYS: readonly Draft["exitsIn"][] = ["price", "percent", "money"];

interface Props {
  draft: Draft;
  known: Figures;
  at: Context;
  onChange: (part: Partial<Draft>) => void;
}

function remark(field: "takeProfit" | "stopLoss", { draft, known, at }: Props): { problem: string | null; note: string | null } {
  const found = known.problems.find((problem) => problem.on === field);
  if (found) return { problem: found.code === "wrong-side" ? tt.wrongSide(field, draft.side) : tt.problem(found, "", ""), note: null };
  const price = known[field];
  if (!price) return { problem: null, note: null };
  const gained = field === "takeProfit" ? known.profit : known.loss;
  const parts = [draft.exitsIn !== "price" ? tt.atPrice(number(price, at.instrument.tick_size)) : null, gained ? tt.beforeFees(signed(gained)) : null];
  return { problem: null, note: parts.filter(Boolean).join(" · ") || null };
}

/** Take profit and stop loss of what is about to be opened. A reducing order cannot have them, and says so. */
export function Exits(props: Props) {
  const { draft, onChange } = props;
  const quote = quoteOf(props.at.instrument.symbol);
  const unit = { price: "", percent: "%", money: quote }[draft.exitsIn];
  const ways = byRisk(draft) ? WAYS.slice(0, 2) : WAYS;
  const next = ways[(ways.indexOf(draft.exitsIn) + 1) % ways.length] ?? "price";
  if (draft.reduceOnly) return <p class="ticket-hint">{tt.noExits}</p>;
  // The button shows what the fields are in now; its label says what a press makes of them.
  const shown = { price: t.price, percent: "%", money: quote }[draft.exitsIn];
  return (
    <div class="exits">
      <TextField id="ticket-take" label={tt.takeProfit(unit)} value={draft.takeProfit} {...remark("takeProfit", props)} onInput={(takeProfit) => onChange({ takeProfit })} />
      <TextField id="ticket-stop" label={tt.stopLoss(unit)} value={draft.stopLoss} {...remark("stopLoss", props)} onInput={(stopLoss) => onChange({ stopLoss })} />
      <button
        type="button"
        class="button exits-unit"
        aria-label={`${shown}. ${tt.exitsIn(next, quote)}`}
        onClick={() => onChange({ exitsIn: next, takeProfit: "", stopLoss: "" })}
      >
        {shown}
      </button>
    </div>
  );
}

/** A stop that would come after the liquidation protects nothing. */
export function pastLiquidation(known: Figures, draft: Draft, liq: Parameters<typeof cmp>[0] | null): boolean {
  if (!known.stopLoss || !liq) return false;
  return draft.side === "Buy" ? cmp(known.stopLoss, liq) <= 0 : cmp(known.stopLoss, liq) >= 0;
}
