import type { Sent } from "../state/changing.ts";
import { Note } from "./bits.tsx";

/** How a change went, under its fields. */
export function SentNote({ sent, taken, unknown }: { sent: Sent; taken: string; unknown: string }) {
  if (sent.kind === "refused") return <Note icon="warn" tone="bad">{sent.why}</Note>;
  if (sent.kind === "unknown") return <Note icon="wait" tone="warn">{unknown}</Note>;
  if (sent.kind === "taken") return <Note icon="check" tone="good">{taken}</Note>;
  return null;
}
