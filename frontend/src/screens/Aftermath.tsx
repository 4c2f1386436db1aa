import { effect, signal, untracked } from "@preact/signals";
import { alertNow, say } from "../state/announce.ts";
import { type Attempt, attempts } from "../state/attempts.ts";
import { buzz } from "../state/haptic.ts";
import { OVER, type Outcome, outcomeOf } from "../state/outcome.ts";
import { overlay } from "../state/overlay.ts";
import { whenLeaving } from "../state/session.ts";
import { accounts } from "../state/store.ts";
import { clearDraft, review } from "../state/ticket.ts";
import { t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";
import { Icon } from "../ui/icons.tsx";
import { shown, tell } from "./Outcome.tsx";

const OPEN: ReadonlySet<Outcome> = new Set(["sending", "unknown"]);
const BAD: ReadonlySet<Outcome> = new Set(["rejected", "refused", "not-placed"]);

/** Orders that ended after their sheet was closed, until they are put away. */
const late = signal<readonly string[]>([]);
const last = new Map<string, Outcome>();

function named(attempt: Attempt): string {
  return attempt.name ?? tt.orderId(attempt.id.slice(0, 8));
}

/** Whether an open sheet already shows what becomes of it. */
function onScreen(attempt: Attempt): boolean {
  return shown.has(attempt.id) || (overlay.peek()?.kind === "unsettled" && attempt.name === null);
}

function turned(attempt: Attempt, outcome: Outcome, before: Outcome | undefined): void {
  if (outcome === "unknown" && attempt.order) {
    // Still filled in, it would be one tap from being sent twice.
    const { account, category, symbol } = attempt.order;
    const environment = accounts.peek().find((row) => row.id === account)?.environment;
    if (environment) clearDraft({ account, environment, category, symbol });
  }
  // Review speaks for itself, and Stop for the closes.
  if (review.peek()?.order.id === attempt.id || (overlay.peek()?.kind === "stop" && attempt.order === null)) return;
  const bad = BAD.has(outcome);
  const settled = before !== undefined && OPEN.has(before) && !OPEN.has(outcome);
  const visible = onScreen(attempt);
  if (!visible && (settled || outcome === "rejected") && !late.peek().includes(attempt.id)) late.value = [...late.peek(), attempt.id];
  const follows = visible || outcome === "unknown" || late.peek().includes(attempt.id);
  if (!follows || (outcome !== "unknown" && !bad && !settled && !OVER.has(outcome))) return;
  if (attempt.name === null && outcome === "unknown") return;
  const { title, lead } = tell(attempt);
  const sentence = `${named(attempt)}: ${title}. ${lead}`.trim();
  if (bad) {
    buzz("rejected");
    alertNow(sentence);
  }
  // "We do not know yet" must not stay behind.
  say(bad ? "" : sentence);
}

/** Follows every order to its end, whether or not somebody looks. */
export function watchOutcomes(): void {
  // What ended unseen, on the app's icon until it is put away.
  effect(() => {
    const count = late.value.length;
    if (!("setAppBadge" in navigator)) return;
    (count ? navigator.setAppBadge(count) : navigator.clearAppBadge()).catch(() => undefined);
  });
  effect(() => {
    for (const attempt of attempts.value.values()) {
      const outcome = outcomeOf(attempt);
      const before = last.get(attempt.id);
      if (before === outcome) continue;
      last.set(attempt.id, outcome);
      untracked(() => turned(attempt, outcome, before));
    }
  });
}

export function Aftermath() {
  const list = late.value.flatMap((id) => attempts.value.get(id) ?? []);
  return (
    <>
      {list.map((attempt) => {
        const { title, lead } = tell(attempt);
        return (
          <div key={attempt.id} class="update aftermath" data-tone={BAD.has(outcomeOf(attempt)) ? "bad" : undefined}>
            <span>
              <b>{title}</b> {named(attempt)}. {lead}
            </span>
            <button
              type="button"
              class="button icon-button"
              aria-label={t.dismiss}
              onClick={() => (late.value = late.peek().filter((id) => id !== attempt.id))}
            >
              <Icon name="close" />
            </button>
          </div>
        );
      })}
    </>
  );
}

whenLeaving(() => {
  late.value = [];
  last.clear();
});
