// This browser as one that takes pushes: subscribing, renewing, ending, and the badge.

import type { components } from "../api/schema.d.ts";
import { get, send, Told } from "../screens/security/calls.ts";
import { tu } from "../strings-push.ts";

type Schemas = components["schemas"];
export type PushDevice = Schemas["PushDeviceOut"];
export type Preferences = Schemas["PreferencesOut"];

/** With permission and without a network Chromium's `subscribe()` never settles. */
const SUBSCRIBE_MS = 15_000;

export type Ability = "yes" | "denied" | "apple" | "insecure" | "missing";

export function ability(fromShareMenu: boolean, standalone: boolean): Ability {
  if (!isSecureContext) return "insecure";
  if (!("Notification" in window) || !("PushManager" in window)) return fromShareMenu && !standalone ? "apple" : "missing";
  return Notification.permission === "denied" ? "denied" : "yes";
}

function within<Value>(work: Promise<Value>): Promise<Value> {
  const late = new Promise<never>((_, refuse) => setTimeout(() => refuse(new Told(tu.slow)), SUBSCRIBE_MS));
  return Promise.race([work, late]);
}

function body(subscription: PushSubscription): Schemas["SubscriptionBody"] {
  const { endpoint = "", keys = {} } = subscription.toJSON();
  return { endpoint, p256dh: keys["p256dh"] ?? "", auth: keys["auth"] ?? "" };
}

/** A new subscription in the place of whatever was left here, possibly of another key of the server's. */
async function fresh(key: string): Promise<PushSubscription> {
  const { pushManager } = await navigator.serviceWorker.ready;
  await (await pushManager.getSubscription())?.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

/** By a tap only: browsers ask nobody otherwise. Throws Told when nothing came of it. */
export async function ask(): Promise<void> {
  const answer = await Notification.requestPermission();
  if (answer === "default") throw new Told(tu.dismissed);
  if (answer === "denied") throw new Told(tu.denied);
}

/** The browser's own subscription, made anew. Throws Told. */
export async function subscribe(key: string): Promise<Schemas["SubscriptionBody"]> {
  try {
    return body(await within(fresh(key)));
  } catch (error) {
    if (error instanceof DOMException) throw new Told(tu.failed(error.message));
    throw error;
  }
}

export async function unsubscribe(): Promise<void> {
  const found = await navigator.serviceWorker.getRegistration();
  await (await found?.pushManager.getSubscription())?.unsubscribe();
}

/** The console is in front: the badge is empty, and the server counts anew. An endpoint that has changed while nobody looked is
 * told to the server. Nobody waits for this, and what fails is tried with the next opening. */
export async function opened(): Promise<void> {
  await navigator.clearAppBadge?.().catch(() => undefined);
  const found = await navigator.serviceWorker.getRegistration();
  const mine = await found?.pushManager.getSubscription();
  if (!mine) return;
  await send("POST", "/push/read").catch(() => undefined);
  const known = (await get<{ items: PushDevice[] }>("/push/devices")).items;
  if (known.some((row) => row.current)) await send("PUT", "/push/devices/current", body(mine));
}
