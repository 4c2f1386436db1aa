// One way to the server. An answer is a value, whatever its status; only silence is an exception of its own kind,
// because for an order it means "we do not know".

import { signal } from "@preact/signals";
import type { Session } from "./types.ts";

const ROOT = "/api/v1";

/** The server answered, and the answer was no. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: Record<string, unknown>;

  constructor(status: number, body: unknown) {
    const error = (body as { error?: { code?: string; message?: string; detail?: Record<string, unknown> } } | null)?.error;
    super(error?.message ?? "");
    this.status = status;
    this.code = error?.code ?? `http_${status}`;
    this.detail = error?.detail ?? {};
  }
}

/** Nothing came back: no network, a closed connection, or too late. */
export class Silence extends Error {}

export const session = signal<Session | null>(null);

/** Called when the server says that nobody is signed in. */
let onSignedOut: () => void = () => undefined;
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

export interface Answer<Body> {
  status: number;
  body: Body;
}

export async function call<Body>(method: string, path: string, body?: unknown, timeoutMs = 10_000): Promise<Answer<Body>> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRFToken"] = session.value?.csrf ?? "";
  let response: Response;
  let text: string;
  try {
    response = await fetch(ROOT + path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await response.text();
  } catch (cause) {
    throw new Silence(`${method} ${path}`, { cause });
  }
  const parsed = parse(text);
  if (response.status === 401 && path !== "/session") onSignedOut();
  if (!response.ok) throw new Refused(response.status, parsed);
  return { status: response.status, body: parsed as Body };
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** Whether a refusal proves that nothing was written and nothing sent. */
export function provesNothingSent(error: Refused): boolean {
  return error.status < 500 || error.status === 503;
}
