import { useEffect } from "preact/hooks";
import { hide } from "../state/overlay.ts";
import { accounts, instruments, ticker } from "../state/store.ts";
import { type Desk, draftOf, prepare } from "../state/ticket.ts";
import { tt } from "../strings-ticket.ts";
import { Place } from "../ui/bits.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { LastPrice } from "./Quotes.tsx";
import { ReviewButton, TicketForm } from "./Ticket.tsx";

const accountOf = (desk: Desk) => accounts.value.find((row) => row.id === desk.account);

/** A ticket that was opened before the first price came starts with one as soon as it is there, and once only. */
function useStartPrice(desk: Desk): void {
  const quoted = ticker(desk.symbol).value !== null && instruments.value.has(desk.symbol);
  useEffect(() => {
    const { price, side } = draftOf(desk);
    if (quoted && price === "") prepare(desk, side);
  }, [quoted]);
}

export function TicketSheet({ desk }: { desk: Desk }) {
  useStartPrice(desk);
  return (
    <Sheet
      tall
      title={
        <span class="ticket-title">
          {desk.symbol} <LastPrice symbol={desk.symbol} />
        </span>
      }
      aside={<Place account={accountOf(desk)} />}
      foot={<ReviewButton desk={desk} long />}
      onClose={hide}
    >
      <TicketForm desk={desk} />
    </Sheet>
  );
}

export function TicketPanel({ desk }: { desk: Desk }) {
  useStartPrice(desk);
  return (
    <aside class="ticket-panel" aria-label={tt.title}>
      <div class="ticket-panel-head">
        <h2>{desk.symbol}</h2>
        <Place account={accountOf(desk)} />
      </div>
      <div class="ticket-panel-body">
        <TicketForm desk={desk} />
      </div>
      <div class="ticket-panel-foot">
        <ReviewButton desk={desk} />
      </div>
    </aside>
  );
}
