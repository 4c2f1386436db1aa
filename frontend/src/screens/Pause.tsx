import { useRef, useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { setPaused } from "../api/routes.ts";
import type { Account } from "../api/types.ts";
import { moment } from "../lib/time.ts";
import { say } from "../state/announce.ts";
import { accounts } from "../state/store.ts";
import { tt } from "../strings-ticket.ts";
import { Note } from "../ui/bits.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { StepUp } from "../ui/StepUp.ts";

const SECOND_TAP_MS = 600;

/** The mildest of Stop's three: nothing new, and all that is there stays. Pausing is one tap; letting it trade again is asked for
 * like an order. */
export function PauseAction({ of, disabled }: { of: Account; disabled: boolean }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Refused | "silence" | null>(null);
  const { paused } = of;
  const live = of.environment === "live";
  const turned = useRef(0);
  const turn = async (on: boolean) => {
    // The second tap of two is not about what the button says by then.
    if (Date.now() - turned.current < SECOND_TAP_MS) return;
    setBusy(true);
    setFailure(null);
    try {
      const row = await setPaused(of.id, on);
      accounts.value = accounts.peek().map((known) => (known.id === row.id ? { ...known, paused: row.paused } : known));
      turned.current = Date.now();
      say(on ? tt.pauseSaid : tt.goOnSaid);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Silence)) throw error;
      setFailure(error instanceof Refused ? error : "silence");
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="stop-action">
      <h3>{paused ? tt.pausedTitle : tt.pauseTitle}</h3>
      <p>{paused ? tt.pausedLead(paused.by, moment(paused.at)) : tt.pauseLead}</p>
      {failure instanceof Refused && failure.code === "step_up" ? (
        <StepUp refused={failure} done={() => setFailure(null)} />
      ) : (
        <Confirm
          hold={paused !== null && live}
          label={!paused ? tt.pauseButton : live ? tt.holdGoOn : tt.goOn}
          now={tt.confirmNow}
          tone={paused ? "plain" : "danger"}
          disabled={disabled || busy}
          about={of.id + (paused?.at ?? "")}
          onConfirm={() => void turn(!paused)}
        />
      )}
      {failure === "silence" && (
        <Note icon="warn" tone="warn">
          {tt.pauseUnknown}
        </Note>
      )}
      {failure instanceof Refused && failure.code !== "step_up" && (
        <Note icon="warn" tone="bad">
          {tt.pauseFailed(failure.message)}
        </Note>
      )}
    </section>
  );
}
