// The server's look at an order before it is sent. Asked for at most twice a second, and never for a page that nobody sees.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { previewOrder } from "../api/routes.ts";
import type { Preview, PreviewRequest } from "../api/types.ts";

const APART_MS = 500;
const SETTLE_MS = 250;
const AGAIN_MS = 5_000;

interface Look {
  of: string;
  /** null where the server could not tell. */
  body: Preview | null;
}

const look = signal<Look | null>(null);
let asked = 0;

/** The look at this very request; undefined until there is one. */
export function lookAt(request: PreviewRequest | null): Preview | null | undefined {
  return request && look.value?.of === JSON.stringify(request) ? look.value.body : undefined;
}

/** One look, for whoever waits for it; null where the server could not tell. */
export async function glance(request: PreviewRequest): Promise<Preview | null> {
  asked = Date.now();
  try {
    return await previewOrder(request);
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Silence)) throw error;
    return null;
  }
}

async function ask(of: string, request: PreviewRequest, here: () => boolean): Promise<void> {
  const body = await glance(request);
  if (here()) look.value = { of, body };
}

/** Keeps a look at what is filled in, as long as it is on the screen. */
export function useLook(request: PreviewRequest | null, may: boolean): void {
  const of = JSON.stringify(request);
  useEffect(() => {
    if (!request || !may) return undefined;
    let here = true;
    let timer: ReturnType<typeof setTimeout>;
    const go = () => {
      const next = () => here && (timer = setTimeout(go, AGAIN_MS));
      if (document.visibilityState === "hidden") next();
      else void ask(of, request, () => here).then(next);
    };
    const wait = asked + APART_MS - Date.now();
    timer = setTimeout(go, wait > SETTLE_MS ? wait : SETTLE_MS);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [of, may]);
}
