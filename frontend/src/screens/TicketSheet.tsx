import { useEffect } from "preact/hooks";
import { marketOf, titleOf } from "../lib/market.ts";
import { hide } from "../state/overlay.ts";
import { accounts, instruments, ticker } from "../state/store.ts";
import { type Desk, draftOf, prepare } from "../state/ticket.ts";
import { t } from "../strings.ts";
import { tt } from "../strings-ticket.ts";
import { Place } from "../ui/bits.tsx";
import { lazy } from "../ui/lazy.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { LastPrice } from "./Quotes.tsx";
import { ReviewButton, TicketForm } from "./Ticket.tsx";

const accountOf = (desk: Desk) => accounts.value.find((row) => row.id === desk.account);
const SpotForm = lazy(() => import("./spot/index.ts").then((part) => part.SpotForm), <p class="line">{t.loading}</p>);
const SpotButton = lazy(() => import("./spot/index.ts").then((part) => part.SpotButton));

function Form({ desk }: { desk: Desk }) {
  return desk.category === "spot" ? <SpotForm desk={desk} /> : <TicketForm desk={desk} />;
}

function Button({ desk, long = false }: { desk: Desk; long?: boolean }) {
  return desk.category === "spot" ? <SpotButton desk={desk} long={long} /> : <ReviewButton desk={desk} long={long} />;
}

/** A ticket that was opened before the first price came starts with one as soon as it is there, and once only. */
function useStartPrice(desk: Desk): void {
  const quoted = ticker(marketOf(desk)).value !== null && instruments.value.has(marketOf(desk));
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
          {titleOf(marketOf(desk))} <LastPrice market={marketOf(desk)} />
        </span>
      }
      aside={<Place account={accountOf(desk)} />}
      foot={<Button desk={desk} long />}
      onClose={hide}
    >
      <Form desk={desk} />
    </Sheet>
  );
}

export function TicketPanel({ desk }: { desk: Desk }) {
  useStartPrice(desk);
  return (
    <aside class="ticket-panel" aria-label={tt.title}>
      <div class="ticket-panel-head">
        <h2>{titleOf(marketOf(desk))}</h2>
        <Place account={accountOf(desk)} />
      </div>
      <div class="ticket-panel-body">
        <Form desk={desk} />
      </div>
      <div class="ticket-panel-foot">
        <Button desk={desk} />
      </div>
    </aside>
  );
}
