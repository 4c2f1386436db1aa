import { attempts, forget } from "../state/attempts.ts";
import { hide } from "../state/overlay.ts";
import { type Outcome, outcomeOf } from "../state/outcome.ts";
import { marketOf, titleOf } from "../lib/market.ts";
import { sizeText } from "../state/derive.ts";
import { clock } from "../lib/time.ts";
import { t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";
import { Sheet } from "../ui/Sheet.tsx";
import { tell } from "./Outcome.tsx";

const TONES: Partial<Record<Outcome, string>> = {
  accepted: "good",
  working: "good",
  partly: "good",
  filled: "good",
  rejected: "bad",
  refused: "bad",
  "not-placed": "warn",
};

/** What an earlier page left open, before anything else is done. */
export function UnsettledSheet() {
  const list = [...attempts.value.values()].filter((attempt) => attempt.name === null);
  const done = () => {
    forget(list.filter((attempt) => attempt.phase !== "unknown").map((attempt) => attempt.id));
    hide();
  };
  return (
    <Sheet
      title={tt.unsettledTitle(list.length)}
      onClose={done}
      foot={
        <button type="button" class="button action" data-tone="plain" onClick={done}>
          {t.done}
        </button>
      }
    >
      <p class="line">{tt.unsettledLead}</p>
      <ul class="results">
        {list.map((attempt) => (
          <li key={attempt.id} data-tone={TONES[outcomeOf(attempt)]}>
            <span>
              {attempt.row ? `${titleOf(marketOf(attempt.row))} ${t.side(attempt.row.side)} ${sizeText(attempt.row)}` : tt.orderId(attempt.id.slice(0, 8))}
              <small> {clock(attempt.at)}</small>
            </span>
            <b>{outcomeOf(attempt) === "unknown" ? tt.checking(attempt.id.slice(0, 8)) : tell(attempt).title}</b>
            {outcomeOf(attempt) !== "unknown" && tell(attempt).lead && <small>{tell(attempt).lead}</small>}
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
