import { useState } from "preact/hooks";
import { attempts } from "../state/attempts.ts";
import { kind } from "../state/health.ts";
import { busy } from "../state/ticket.ts";
import { ready, takeUpdate } from "../state/update.ts";
import { t } from "../strings.ts";

/** Offers the new version; never while a ticket has input or an order is under way, unless the server takes no more from us. */
export function UpdateBar() {
  const [put, setPut] = useState(false);
  const needed = kind.value === "update";
  const under = [...attempts.value.values()].some((attempt) => attempt.phase === "sending");
  if (!needed && (!ready.value || put || busy.value || under)) return null;
  return (
    <div class="update">
      <span>{t.updateReady}</span>
      {!needed && (
        <button type="button" class="button" onClick={() => setPut(true)}>
          {t.later}
        </button>
      )}
      <button type="button" class="button" data-tone="accent" onClick={takeUpdate}>
        {t.reload}
      </button>
    </div>
  );
}
