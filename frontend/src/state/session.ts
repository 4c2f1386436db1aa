// Who is signed in, and what leaves the page when nobody is.

import { signal } from "@preact/signals";
import { Refused, Silence, session, whenSignedOut } from "../api/client.ts";
import { readSession, signIn, signOut } from "../api/routes.ts";
import { clearStore, clearTickers } from "./store.ts";

export const signedIn = signal<"unknown" | "yes" | "no">("unknown");
/** Whether the server answers at all over HTTP: the half of "offline" that the socket cannot tell. */
export const http = signal<"answers" | "silent" | "failing">("answers");

const leaving: (() => void)[] = [];
/** Registers what has to be forgotten or stopped when the session ends. */
export function whenLeaving(handler: () => void): void {
  leaving.push(handler);
}

export function leave(): void {
  if (signedIn.peek() === "no") return;
  signedIn.value = "no";
  for (const handler of leaving) handler();
  clearStore();
  clearTickers();
}

whenSignedOut(leave);

/** Asks the server who we are; keeps the CSRF token for the calls that need one. */
export async function probe(timeoutMs?: number): Promise<void> {
  try {
    const known = await readSession(timeoutMs);
    session.value = known;
    http.value = "answers";
    if (known.signed_in) signedIn.value = "yes";
    else leave();
  } catch (error) {
    if (error instanceof Silence) http.value = "silent";
    else if (error instanceof Refused) http.value = error.status >= 500 ? "failing" : "answers";
    else throw error;
  }
}

export async function enter(proof: Parameters<typeof signIn>[0]): Promise<void> {
  if (!session.peek()) await probe();
  session.value = await signIn(proof);
  http.value = "answers";
  if (session.value.signed_in) signedIn.value = "yes";
}

export async function exit(): Promise<void> {
  await signOut();
  leave();
  await probe();
}

export function mayTrade(): boolean {
  return session.value?.rights.includes("trade") ?? false;
}
