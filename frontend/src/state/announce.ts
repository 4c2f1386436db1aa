// What is said aloud. One polite voice for connection and order news, at most one sentence in two seconds and the newest wins;
// one urgent voice for what went wrong.

import { signal } from "@preact/signals";
import { whenLeaving } from "./session.ts";

const QUIET_MS = 2_000;

export const polite = signal("");
export const urgent = signal("");

let last = 0;
let waiting: ReturnType<typeof setTimeout> | undefined;

export function say(sentence: string): void {
  clearTimeout(waiting);
  const wait = last + QUIET_MS - Date.now();
  const speak = () => {
    last = Date.now();
    polite.value = sentence;
  };
  if (wait <= 0) speak();
  else waiting = setTimeout(speak, wait);
}

export function alertNow(sentence: string): void {
  urgent.value = sentence;
}

// Nothing of the account is left to be read out once nobody is signed in.
whenLeaving(() => {
  clearTimeout(waiting);
  polite.value = urgent.value = "";
});
