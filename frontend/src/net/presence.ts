// When the page is put away and when it comes back. A socket that slept is never trusted: coming back means a new one.

import { phase, restart, sleep } from "./live.ts";

const PUT_AWAY_MS = 20_000;
const SETTLE_MS = 300;
const SETTLE_IOS_MS = 750;
const TICK_MS = 500;
const JUMP_MS = 4_000;

let putAway: ReturnType<typeof setTimeout> | undefined;
let cameBack = 0;

function settle(): number {
  const apple = "standalone" in navigator && navigator.standalone === true;
  return apple ? SETTLE_IOS_MS : SETTLE_MS;
}

/** One return brings several events; only the first of them opens a socket. */
function comeBack(): void {
  clearTimeout(putAway);
  if (phase.peek() === "idle" || document.visibilityState === "hidden" || Date.now() - cameBack < 1_000) return;
  cameBack = Date.now();
  restart(settle());
}

function goAway(): void {
  clearTimeout(putAway);
  putAway = setTimeout(() => phase.peek() !== "idle" && sleep(), PUT_AWAY_MS);
}

/** Watches the page; calls `tick` twice a second with the time. */
export function watchPresence(tick: (now: number) => void): void {
  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? goAway() : comeBack()));
  addEventListener("pageshow", (event) => event.persisted && comeBack());
  addEventListener("online", comeBack);
  let last = Date.now();
  setInterval(() => {
    const now = Date.now();
    if (now < last || now - last > JUMP_MS) comeBack();
    last = now;
    tick(now);
  }, TICK_MS);
}
