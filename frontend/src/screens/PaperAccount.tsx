import { useRef } from "preact/hooks";
import type { Account } from "../api/types.ts";
import { startOver } from "../api/routes.ts";
import { uuid } from "../lib/uuid.ts";
import { heldBack, useSending } from "../state/changing.ts";
import { blocksReducing, kind } from "../state/health.ts";
import { openOrders, openPositions } from "../state/store.ts";
import { t } from "../strings.ts";
import { tp } from "../strings-practice.ts";
import { tt } from "../strings-ticket.ts";
import { Note } from "../ui/bits.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { SentNote } from "../ui/SentNote.tsx";

/** Starting a practice account over. Held, for it closes everything, even if no money of anyone's is in it. */
export function PaperAccount({ of }: { of: Account }) {
  const { sent, send, proven } = useSending({ taken: tp.done, unknown: tp.unknown });
  // Until there is an answer the same id stands for the same wish, so that a second try closes nothing twice.
  const base = useRef(uuid());
  const blocked = blocksReducing(of.id);
  const count = (list: { account: string }[]) => list.filter((row) => row.account === of.id).length;
  const start = () =>
    send(
      () => startOver(base.current, of.id),
      () => (base.current = uuid()),
    );
  return (
    <section class="card group">
      <div class="group-head">
        <h2>{tp.title}</h2>
      </div>
      <p class="line">{tp.lead}</p>
      <p class="line">
        {tp.lost(count(openOrders.value), count(openPositions.value))} {tp.kept}
      </p>
      {blocked && (
        <Note icon="warn" tone="warn">
          {blocked === "not-live" ? t.notLive(kind.value) : t.block[blocked]}
        </Note>
      )}
      <Confirm hold label={sent.kind === "busy" ? tp.working : tp.hold} now={tt.confirmNow} tone="danger" disabled={blocked !== null || heldBack(sent)} about={of.id} onConfirm={() => void start()} />
      <SentNote sent={sent} taken={tp.done} unknown={tp.unknown} proven={proven} />
    </section>
  );
}
