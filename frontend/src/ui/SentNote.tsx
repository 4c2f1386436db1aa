import type { Sent } from "../state/changing.ts";
import { tt } from "../strings-ticket.ts";
import { Note } from "./bits.tsx";
import { StepUp } from "./StepUp.ts";

/** How a change went, under its fields; what was typed stays. Where a proof is wanted first it is asked for here, and `proven` is
 * told when it was given. */
export function SentNote({ sent, taken, unknown, proven }: { sent: Sent; taken: string; unknown: string; proven: () => void }) {
  if (sent.kind === "refused") return <Note icon="warn" tone="bad">{sent.why}</Note>;
  if (sent.kind === "unproven") return <StepUp refused={sent.refused} done={proven} />;
  if (sent.kind === "proven") return <Note icon="check" tone="good">{tt.proven}</Note>;
  if (sent.kind === "unknown") return <Note icon="wait" tone="warn">{unknown}</Note>;
  if (sent.kind === "taken") return <Note icon="check" tone="good">{taken}</Note>;
  return null;
}
