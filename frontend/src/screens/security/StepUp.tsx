import { useEffect, useRef } from "preact/hooks";
import type { Refused } from "../../api/client.ts";
import { Note } from "../../ui/bits.tsx";
import { proofAsked } from "./calls.ts";
import { useGuard } from "./guard.tsx";
import "./security.css";

/** Asks for the proof that an order was refused for, where it was refused. `done` is told when it was given; nothing is sent. */
export function StepUp({ refused, done }: { refused: Refused; done: () => void }) {
  const wanted = proofAsked(refused);
  const { panel } = useGuard(wanted && { ...wanted, again: async () => done() });
  const box = useRef<HTMLDivElement>(null);
  // Under the fields of a sheet it may lie out of sight.
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), []);
  return (
    <div ref={box} class="security-form">
      <Note icon="warn" tone="warn">
        {refused.message}
      </Note>
      {panel}
    </div>
  );
}
