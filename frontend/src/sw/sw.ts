/// <reference lib="webworker" />
// The worker that opens the shell without a network, and shows what is pushed. It knows the files of one build and nothing
// else: the API, the live socket and every other address go to the network untouched, so nothing of an account is ever
// stored here.

declare const __BUILD__: string;
declare const __SHELL__: string[];

const worker = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `shell-${__BUILD__}`;
const SHELL = __SHELL__;
const LISTED = new Set(SHELL);

async function keep(cache: Cache, path: string): Promise<void> {
  const answer = await fetch(path, { cache: "reload", credentials: "same-origin" });
  // A redirected shell would be a sign-in page of something in front of us, kept for good.
  if (!answer.ok || answer.redirected) throw new Error(`${path}: ${answer.status}`);
  await cache.put(path, answer);
}

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(SHELL.map((path) => keep(cache, path)));
}

async function activate(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  await worker.clients.claim();
}

async function fromCache(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}

// ---- push

/** Declarative Web Push's own form; iOS shows it without us. */
interface Shown {
  title: string;
  body?: unknown;
  navigate?: unknown;
  tag?: unknown;
  app_badge?: unknown;
}

/** Something must be shown for every push: a browser ends the subscription of a page that shows nothing. */
const UNREADABLE: Shown = { title: "Tradepost", body: "Something happened. Open the console to see it.", tag: "unreadable" };

function read(data: PushMessageData | null): Shown {
  try {
    const told = data?.json() as { web_push?: unknown; notification?: Partial<Shown> } | null;
    const shown = told?.notification;
    if (told?.web_push === 8030 && typeof shown?.title === "string") return shown as Shown;
  } catch {
    // No JSON, which is as good as nothing.
  }
  return UNREADABLE;
}

const text = (value: unknown) => (typeof value === "string" ? value : "");

async function tell(data: PushMessageData | null): Promise<void> {
  const { title, body, navigate, tag, app_badge: count } = read(data);
  const icon = "/static/icons/icon-192.png";
  const shown = { body: text(body), tag: text(tag), renotify: text(tag) !== "", icon, data: text(navigate) };
  await worker.registration.showNotification(title, shown);
  if (typeof count === "number" && count >= 0) await navigator.setAppBadge?.(count).catch(() => undefined);
}

/** A tap opens a screen of the console and does nothing else: the page that is open, or a new one. */
async function open(address: unknown): Promise<void> {
  const root = `${worker.location.origin}/`;
  const hash = text(address).startsWith(`${root}#/`) ? text(address).slice(root.length) : "";
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = windows.find((found) => new URL(found.url).pathname === "/");
  if (!page) {
    await worker.clients.openWindow(root + hash);
    return;
  }
  page.postMessage({ open: hash });
  await page.focus();
}

/** The browser has changed its subscription by itself: the server is told of the new one, if this browser is still signed in. */
async function renew(): Promise<void> {
  const ask = async (path: string) => (await fetch(`/api/v1${path}`, { credentials: "same-origin" })).json();
  const { csrf } = (await ask("/session")) as { csrf: string | null };
  if (!csrf) return;
  const manager = worker.registration.pushManager;
  const { key } = (await ask("/push")) as { key: string };
  const now = (await manager.getSubscription()) ?? (await manager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  const { endpoint, keys } = now.toJSON();
  await fetch("/api/v1/push/devices/current", {
    method: "PUT",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
    body: JSON.stringify({ endpoint, ...keys }),
  });
}

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("message", (event) => {
  if (event.data === "activate") void worker.skipWaiting();
});
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== worker.location.origin || !LISTED.has(url.pathname)) return;
  event.respondWith(fromCache(url.pathname, request));
});
worker.addEventListener("push", (event) => event.waitUntil(tell(event.data)));
worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});
worker.addEventListener("pushsubscriptionchange", (event) => (event as ExtendableEvent).waitUntil(renew()));
