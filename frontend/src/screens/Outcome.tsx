import { useLayoutEffect, useRef } from "preact/hooks";
import { number } from "../lib/format.ts";
import { marketOf } from "../lib/market.ts";
import type { Attempt } from "../state/attempts.ts";
import { progress, step, tick } from "../state/derive.ts";
import { filledSoFar, type Outcome, outcomeOf } from "../state/outcome.ts";
import { orders } from "../state/store.ts";
import { t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";
import { Icon, type IconName } from "../ui/icons.tsx";
import { cancellation, type Cause, standing, refusalText, rejection } from "./refusals.ts";

const ICONS: Record<Outcome, { icon: IconName; tone: "good" | "bad" | "warn" | "plain" }> = {
  sending: { icon: "wait", tone: "plain" },
  accepted: { icon: "wait", tone: "plain" },
  working: { icon: "check", tone: "good" },
  partly: { icon: "check", tone: "good" },
  filled: { icon: "check", tone: "good" },
  cancelled: { icon: "cross", tone: "warn" },
  rejected: { icon: "warn", tone: "bad" },
  refused: { icon: "warn", tone: "bad" },
  "not-placed": { icon: "cross", tone: "warn" },
  unknown: { icon: "wait", tone: "warn" },
};

/** Orders whose end is on the screen already. */
export const shown = new Set<string>();

interface Told {
  title: string;
  lead: string;
}

export function because({ title, code }: Cause): string {
  return code ? `${title} ${tt.code(code)}` : title;
}

export function tell(attempt: Attempt): Told {
  const outcome = outcomeOf(attempt);
  const row = orders.value.get(attempt.id) ?? attempt.row;
  const market = row && marketOf(row);
  const done = filledSoFar(row ?? undefined, attempt.id);
  const size = (value: string) => number(value, market && step(market));
  switch (outcome) {
    case "sending": return { title: tt.sending, lead: "" };
    case "accepted": return { title: tt.accepted, lead: "" };
    case "working": return { title: row?.exchange_status === "Untriggered" ? tt.waiting : tt.working, lead: "" };
    case "partly": return { title: row ? tt.partly(...progress(row, done)) : "", lead: row?.avg_price ? tt.filledAt(size(done), number(row.avg_price, tick(marketOf(row)))) : "" };
    case "filled":
      return { title: tt.filled, lead: market && row.avg_price ? tt.filledAt(size(done), number(row.avg_price, tick(market))) : size(done) };
    case "cancelled": return { title: done === "0" ? tt.cancelled : tt.cancelledAfter(size(done)), lead: row ? cancellation(row) : "" };
    case "rejected": return { title: row ? standing(row) : tt.rejected, lead: because(rejection(row)) };
    case "refused": return { title: tt.rejected, lead: because(refusalText(attempt.refusal)) };
    case "not-placed": return { title: tt.notPlaced, lead: tt.notPlacedLead };
    case "unknown": return { title: tt.unknown, lead: tt.unknownLead };
  }
}

const SECOND_TAP_MS = 600;

/** Ends the sheet; deaf at first, since it stands where the button was that a double tap would hit again. */
export function DoneButton({ attempt, onDone }: { attempt: Attempt; onDone: () => void }) {
  return (
    <button
      type="button"
      class="button action"
      data-tone="plain"
      onClick={() => {
        if (Date.now() - attempt.at > SECOND_TAP_MS) onDone();
      }}
    >
      {t.done}
    </button>
  );
}

export function OutcomeView({ attempt }: { attempt: Attempt }) {
  const outcome = outcomeOf(attempt);
  const { icon, tone } = ICONS[outcome];
  const { title, lead } = tell(attempt);
  const heading = useRef<HTMLParagraphElement>(null);
  useLayoutEffect(() => {
    shown.add(attempt.id);
    // The button that had the focus is gone.
    heading.current?.focus({ preventScroll: true });
    return () => void shown.delete(attempt.id);
  }, [attempt.id]);
  return (
    <div class="outcome" data-tone={tone} data-outcome={outcome}>
      <span class="outcome-icon">
        <Icon name={icon} size={40} />
      </span>
      <p class="outcome-title" ref={heading} tabIndex={-1}>{title}</p>
      {lead && <p class="outcome-lead">{lead}</p>}
      <p class="outcome-id">{outcome === "unknown" ? tt.checking(attempt.id.slice(0, 8)) : tt.orderId(attempt.id.slice(0, 8))}</p>
    </div>
  );
}
