// The server's look at an order before it is sent. Asked for at most twice a second, and never for a page that nobody sees.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { previewOrder } from "../api/routes.ts";
import type { Preview, PreviewRequest } from "../api/types.ts";

const APART_MS = 500;
const SETTLE_MS = 250;
const AGAIN_MS = 5_000;

interface Look {
  /** What was filled in, and what was made of it at that moment's price. */
  of: string;
  request: string;
  /** null where the server could not tell. */
  body: Preview | null;
}

const look = signal<Look | null>(null);
let asked = 0;

/** The look at what is filled in (`of`), or at this very request; undefined until there is one. Of what is filled in the request may
 * follow the market with every tick: its look is as old as that of an order at the market. */
export function lookAt(request: PreviewRequest | null, of?: string): Preview | null | undefined {
  const known = look.value;
  return request && known && (known.of === of || known.request === JSON.stringify(request)) ? known.body : undefined;
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

/** Keeps a look at what is filled in, as long as it is on the screen. */
export function useLook(request: PreviewRequest | null, may: boolean, of = JSON.stringify(request), again = AGAIN_MS): void {
  const latest = useRef(request);
  latest.current = request;
  const there = request !== null;
  useEffect(() => {
    if (!there || !may) return undefined;
    let here = true;
    let timer: ReturnType<typeof setTimeout>;
    const go = async () => {
      const next = latest.current;
      if (next && document.visibilityState !== "hidden") {
        const body = await glance(next);
        if (here) look.value = { of, request: JSON.stringify(next), body };
      }
      if (here) timer = setTimeout(() => void go(), again);
    };
    const wait = asked + APART_MS - Date.now();
    timer = setTimeout(() => void go(), wait > SETTLE_MS ? wait : SETTLE_MS);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [of, may, there]);
}
