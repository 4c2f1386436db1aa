import { useState } from "preact/hooks";
import { qr } from "../lib/qr.ts";
import { hide } from "../state/overlay.ts";
import { more } from "../strings-more.ts";
import { Note } from "../ui/bits.tsx";
import { Sheet } from "../ui/Sheet.tsx";

const QUIET = 4;
const LOCAL = /^(localhost|127\.|\[::1\])/;

function Code({ text }: { text: string }) {
  const rows = qr(text);
  if (!rows) return null;
  const side = rows.length + 2 * QUIET;
  const path = rows.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x + QUIET} ${y + QUIET}h1v1h-1z`] : []))).join("");
  return (
    <svg class="qr" viewBox={`0 0 ${side} ${side}`} role="img" aria-label={more.qr(text)}>
      <rect width={side} height={side} />
      <path d={path} />
    </svg>
  );
}

/** This console's address for a phone's camera, and what has to be true for it to work there. */
export function PhoneSheet() {
  const [copied, setCopied] = useState(false);
  const address = `${location.origin}/`;
  const copy = () => void navigator.clipboard?.writeText(address).then(() => setCopied(true), () => undefined);
  return (
    <Sheet title={more.phone} onClose={hide}>
      <Code text={address} />
      <p class="qr-address">{address}</p>
      {isSecureContext && (
        <button type="button" class="button" onClick={copy}>
          {copied ? more.copied : more.copy}
        </button>
      )}
      {LOCAL.test(location.hostname) && (
        <Note icon="warn" tone="warn">
          {more.phoneLocal}
        </Note>
      )}
      {!isSecureContext && (
        <Note icon="warn" tone="warn">
          {more.insecure}
        </Note>
      )}
      <p class="line">{more.phoneLead}</p>
      <p class="line">{more.phoneApple}</p>
    </Sheet>
  );
}
