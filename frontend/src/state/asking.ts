// From the ticket of a perpetual to the order under review. In a module of its own, so that what reckons an order comes with the ticket.

import { uuid } from "../lib/uuid.ts";
import { figures } from "./draft.ts";
import { toOrder } from "./terms.ts";
import { ask, context, type Desk, draftOf, placeOf } from "./ticket.ts";

/** Mints the order's id: one for each time the reader is asked, but that of an order which was shown and never sent may be kept. */
export function openReview(of: Desk, notice: string | null = null, id: string = uuid()): boolean {
  const known = context(of);
  if (!known) return false;
  const draft = draftOf(of);
  const numbers = figures(draft, known);
  const order = toOrder(id, placeOf(of), draft, numbers);
  if (!order) return false;
  ask({ desk: of, order, price: numbers.price, notice, again: (why, same) => openReview(of, why, same) });
  return true;
}
