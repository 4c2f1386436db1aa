/// <reference lib="webworker" />
// The worker that opens the shell without a network. It knows the files of one build and nothing else: the API, the
// live socket and every other address go to the network untouched, so nothing of an account is ever stored here.

declare const __BUILD__: string;
declare const __SHELL__: string[];

const worker = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `shell-${__BUILD__}`;
const LISTED = new Set(__SHELL__);

async function keep(cache: Cache, path: string): Promise<void> {
  const answer = await fetch(path, { cache: "reload", credentials: "same-origin" });
  // A redirected shell would be a sign-in page of something in front of us, kept for good.
  if (!answer.ok || answer.redirected) throw new Error(`${path}: ${answer.status}`);
  await cache.put(path, answer);
}

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(__SHELL__.map((path) => keep(cache, path)));
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
