// What guards the positions of the account in front, as the server reads it from the orders that only reduce.

import { effect, signal } from "@preact/signals";
import { Refused, Silence } from "../api/client.ts";
import { type Protection, readProtection } from "../api/routes.ts";
import { account } from "./focus.ts";
import { whenLeaving } from "./session.ts";
import { openOrders, openPositions } from "./store.ts";

const SETTLE_MS = 800;

export const protection = signal<Protection | null>(null);

async function look(id: string): Promise<void> {
  try {
    const found = await readProtection(id);
    if (account.peek()?.id === id) protection.value = found;
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Silence)) throw error;
  }
}

/** Looks now, and again whenever orders or positions have changed, until it is told to stop. */
export function watchProtection(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let first = true;
  const stop = effect(() => {
    const id = account.value?.id;
    const any = openPositions.value.length + openOrders.value.length;
    clearTimeout(timer);
    if (!id || !any) {
      protection.value = null;
      return;
    }
    timer = setTimeout(() => void look(id), first ? 0 : SETTLE_MS);
    first = false;
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}

whenLeaving(() => {
  protection.value = null;
});
