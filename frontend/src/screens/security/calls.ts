// The calls of the security screens, and what goes wrong with them.

import { call, Refused, Silence } from "../../api/client.ts";
import type { components } from "../../api/schema.d.ts";
import { t } from "../../strings.ts";
import { tn } from "../../strings-signin.ts";

type Schemas = components["schemas"];
export type Device = Schemas["DeviceOut"];
export type Factor = Schemas["FactorOut"];
export type Started = Schemas["StartedOut"];
export type Passkey = Schemas["PasskeyOut"];
export type Token = Schemas["TokenOut"];
export type KeyState = Schemas["KeyOut"];
export type Sites = Schemas["SiteList"];

export async function get<Body>(path: string): Promise<Body> {
  return (await call<Body>("GET", path)).body;
}

/** Longer than the server's own eight seconds with the exchange. */
export async function send<Body>(method: string, path: string, body?: unknown): Promise<Body> {
  return (await call<Body>(method, path, body, 15_000)).body;
}

/** Something in this browser did not work out. The text is for a person. */
export class Told extends Error {}

/** The person said no, or no passkey fits. */
export class NoPasskey extends Told {}

/** What a person is told; anything that is no answer of the server's is thrown on. */
export function words(error: unknown): string {
  if (error instanceof Silence) return t.signIn.silent;
  if (error instanceof Told) return error.message;
  if (!(error instanceof Refused)) throw error;
  if (error.status === 429) return tn.wait(String(error.detail.retry_after ?? 60));
  return error.message || t.signIn.failed(error.code);
}

/** How the server wants to know that it is still the same person, when that is what it asks. */
export interface Wanted {
  by: "code" | "passkey" | "password" | "link";
  /** A passkey would do as well. */
  passkey: boolean;
  /** A recovery code signed in here: none of them is proof enough now. */
  recovered: boolean;
}

export function proofAsked(error: unknown): Wanted | null {
  if (!(error instanceof Refused) || error.code !== "step_up") return null;
  const { by, passkey, reason } = error.detail;
  const known = by === "passkey" || by === "password" || by === "link" ? by : "code";
  return { by: known, passkey: passkey === true, recovered: reason === "recovered" };
}
