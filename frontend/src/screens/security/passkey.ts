// Between the server's options (bytes in base64url) and the browser's own calls. Older Safaris lack toJSON and
// parseCreationOptionsFromJSON, so both ways are written out.

import { session } from "../../api/client.ts";
import type { components } from "../../api/schema.d.ts";
import type { Session } from "../../api/types.ts";
import { ts } from "../../strings-security.ts";
import { NoPasskey, send, words } from "./calls.ts";

type Schemas = components["schemas"];
interface Asked {
  options: { challenge: string; user?: { id: string }; excludeCredentials?: Named[]; allowCredentials?: Named[] };
}
interface Named {
  id: string;
  type: "public-key";
}

const bytes = (text: string) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const text = (data: ArrayBuffer) =>
  btoa(String.fromCharCode(...new Uint8Array(data)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const named = (list: Named[] | undefined) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

async function from(asked: Promise<Credential | null>): Promise<PublicKeyCredential> {
  const found = await asked.catch((cause: unknown) => {
    throw new NoPasskey(cause instanceof DOMException && cause.name === "InvalidStateError" ? ts.passkeyKnown : ts.passkeyNone, { cause });
  });
  if (!(found instanceof PublicKeyCredential)) throw new NoPasskey(ts.passkeyNone);
  return found;
}

/** Whether this page is open where browsers refuse passkeys: at an IP address, or without HTTPS. */
export function bareAddress(): boolean {
  return !isSecureContext || /^[\d.]+$|:/.test(location.hostname);
}

/** Makes a passkey for whoever is signed in. Returns the recovery codes that came with a first factor. */
export async function makePasskey(name: string): Promise<string[]> {
  const { options } = await send<Asked>("POST", "/passkeys");
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user?.id ?? "") },
    excludeCredentials: named(options.excludeCredentials),
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = await from(navigator.credentials.create({ publicKey }));
  const response = made.response as AuthenticatorAttestationResponse;
  const body = {
    name,
    id: text(made.rawId),
    client_data: text(response.clientDataJSON),
    attestation: text(response.attestationObject),
    transports: response.getTransports().filter((way) => WAYS.includes(way)),
  };
  return (await send<Schemas["ConfirmedOut"]>("POST", "/passkeys/confirm", body)).recovery_codes;
}

const WAYS = ["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"];

async function answer(path: string): Promise<Schemas["PasskeyAnswer"]> {
  const { options } = await send<Asked>("POST", path);
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: named(options.allowCredentials),
  } as unknown as PublicKeyCredentialRequestOptions;
  const found = await from(navigator.credentials.get({ publicKey }));
  const response = found.response as AuthenticatorAssertionResponse;
  return {
    id: text(found.rawId),
    client_data: text(response.clientDataJSON),
    authenticator_data: text(response.authenticatorData),
    signature: text(response.signature),
    user_handle: response.userHandle ? text(response.userHandle) : null,
  };
}

/** The second step, or both at once. */
export async function signInByPasskey(): Promise<void> {
  session.value = await send<Session>("POST", "/session/passkey", await answer("/session/passkey/ask"));
}

/** Signs in by a passkey alone. Returns what a person is told when that failed. */
export async function enterByPasskey(): Promise<string | null> {
  try {
    await signInByPasskey();
    return null;
  } catch (error) {
    return words(error);
  }
}

/** A fresh proof that the owner is here. */
export async function proveByPasskey(): Promise<void> {
  await send("POST", "/session/step-up", { passkey: await answer("/session/step-up/ask") });
}
