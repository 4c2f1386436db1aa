// Sign-in links: the token stands in the fragment, which no server log sees, and leaves the address bar before it is used.

import { signal } from "@preact/signals";
import { Refused, Silence } from "../api/client.ts";
import { t } from "../strings.ts";
import { enter } from "./session.ts";

export const linkFailure = signal<string | null>(null);

export function takeLink(): string | null {
  const token = /^#link=([A-Za-z0-9_.~-]+)$/.exec(location.hash)?.[1] ?? null;
  if (location.hash.startsWith("#link=")) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

export async function signInWithLink(link: string): Promise<boolean> {
  linkFailure.value = null;
  try {
    await enter({ link });
    return true;
  } catch (error) {
    if (error instanceof Silence) linkFailure.value = t.signIn.silent;
    else if (error instanceof Refused) linkFailure.value = error.status === 429 ? t.signIn.tooMany : t.signIn.badLink;
    else throw error;
    return false;
  }
}
