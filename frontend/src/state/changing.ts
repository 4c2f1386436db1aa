// Changes to what is open: amending, TP/SL, reversing. Each goes out once; what has no proof is told as that.

import { useState } from "preact/hooks";
import { type Answer, Refused, Silence } from "../api/client.ts";
import { type Reversed, reversePosition } from "../api/routes.ts";
import type { Order, Position } from "../api/types.ts";
import { uuid } from "../lib/uuid.ts";
import { seen } from "../net/live.ts";
import { alertNow, say } from "./announce.ts";
import { attemptOrder } from "./attempts.ts";
import { buzz } from "./haptic.ts";

/** `unproven`: the server asks who is there before it does this, and nothing was sent. `proven`: it knows now; asked anew, never resent. */
export type Sent = { kind: "idle" | "busy" | "taken" | "unknown" | "proven" } | { kind: "refused"; why: string } | { kind: "unproven"; refused: Refused };

/** Whether the button that sends has to wait. */
export function heldBack(sent: Sent): boolean {
  return sent.kind === "busy" || sent.kind === "unproven";
}

/** Sends one change, and says how it went: `taken` when the server says that Bybit took it. */
export function useSending(words: { taken: string; unknown: string }) {
  const [sent, setSent] = useState<Sent>({ kind: "idle" });
  const send = async <Body>(ask: () => Promise<Answer<Body>>, taken: (body: Body) => void = () => undefined) => {
    setSent({ kind: "busy" });
    try {
      const { status, body } = await ask();
      if (status === 202) {
        setSent({ kind: "unknown" });
        alertNow(words.unknown);
      } else {
        setSent({ kind: "taken" });
        buzz("accepted");
        say(words.taken);
        taken(body);
      }
    } catch (error) {
      if (error instanceof Silence) {
        setSent({ kind: "unknown" });
        alertNow(words.unknown);
      } else if (error instanceof Refused && error.code === "step_up") {
        setSent({ kind: "unproven", refused: error });
        alertNow(error.message);
      } else if (error instanceof Refused) {
        setSent({ kind: "refused", why: error.message || error.code });
        buzz("rejected");
        alertNow(error.message || error.code);
      } else throw error;
    }
  };
  return { sent, send, proven: () => setSent({ kind: "proven" }) };
}

function opened(answer: Answer<Reversed>): Answer<Order> {
  const { open, error } = answer.body;
  if (open) return { status: answer.status, body: open };
  throw new Refused(409, { error });
}

/** Closes a position and opens as much on the other side: two orders of ids made here, each followed by itself. */
export function reverse(position: Position, names: { close: string; open: string }): { close: string; open: string } {
  const ids = { id: uuid(), open_id: uuid() };
  const asked = reversePosition(position.id, ids, seen.peek());
  void attemptOrder(ids.id, null, names.close, async () => ({ status: 200, body: (await asked).body.close }));
  void attemptOrder(ids.open_id, null, names.open, async () => opened(await asked));
  return { close: ids.id, open: ids.open_id };
}
