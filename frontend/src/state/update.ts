// New versions of the page itself. Never under the reader's hands: a new worker waits until it is told to take over.

import { computed, effect, signal } from "@preact/signals";
import { serverBuild } from "../net/live.ts";
import { BUILD } from "./health.ts";

const HOURLY_MS = 3_600_000;

export const waiting = signal<ServiceWorker | null>(null);
/** Another tab took the new version, so this page runs on files that the worker no longer keeps. */
const outdated = signal(false);
export const ready = computed(() => waiting.value !== null || outdated.value);
let asked = false;
let checked = 0;

function follow(registration: ServiceWorkerRegistration): void {
  if (registration.waiting && navigator.serviceWorker.controller) waiting.value = registration.waiting;
  registration.addEventListener("updatefound", () => {
    const found = registration.installing;
    found?.addEventListener("statechange", () => {
      if (found.state === "installed" && navigator.serviceWorker.controller) waiting.value = found;
    });
  });
}

/** By tap only. */
export function takeUpdate(): void {
  asked = true;
  if (waiting.peek()) waiting.peek()?.postMessage("activate");
  else location.reload();
}

type Trusted = { createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): { createScriptURL(url: string): string } };

/** The worker's address, for browsers that take no plain text for one (Trusted Types): no other address has a policy. */
function workerAddress(): string {
  const address = "/sw.js";
  const types = (window as { trustedTypes?: Trusted }).trustedTypes;
  return types ? types.createPolicy("tradepost", { createScriptURL: () => address }).createScriptURL(address) : address;
}

export async function startUpdates(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const hadWorker = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (asked) location.reload();
    else outdated.value = hadWorker;
  });
  // A notification was tapped. It names a screen; nothing else is done by it.
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (/^#\/\w+$/.test(data?.open)) location.hash = data.open;
  });
  const registration = await navigator.serviceWorker.register(workerAddress(), { updateViaCache: "none" }).catch(() => null);
  // Refused, as private windows do: the console works all the same, only not without a network.
  if (!registration) return;
  follow(registration);
  const check = () => {
    checked = Date.now();
    registration.update().catch(() => undefined);
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && Date.now() - checked > HOURLY_MS) check();
  });
  effect(() => {
    if (serverBuild.value && serverBuild.value !== BUILD) check();
  });
}
