// The calls of the security screens, and what goes wrong with them.

import { call, Refused, Silence } from "../../api/client.ts";
import type { components } from "../../api/schema.d.ts";
import { t } from "../../strings.ts";
import { ts } from "../../strings-security.ts";

type Schemas = components["schemas"];
export type Device = Schemas["DeviceOut"];
export type Factor = Schemas["FactorOut"];
export type Started = Schemas["StartedOut"];
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

/** What a person is told; anything that is no answer of the server's is thrown on. */
export function words(error: unknown): string {
  if (error instanceof Silence) return t.signIn.silent;
  if (!(error instanceof Refused)) throw error;
  if (error.status === 429) return ts.wait(String(error.detail.retry_after ?? 60));
  return error.message || t.signIn.failed(error.code);
}

/** How the server wants to know that it is still the same person, when that is what it asks. */
export function proofAsked(error: unknown): "code" | "password" | "link" | null {
  if (!(error instanceof Refused) || error.code !== "step_up") return null;
  const by = error.detail.by;
  return by === "password" || by === "link" ? by : "code";
}
