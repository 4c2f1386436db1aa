import { ts } from "../../strings-security.ts";
import { bareAddress, enterByPasskey } from "./passkey.ts";

/** Signing in by a passkey alone, or why that cannot be here. */
export function Door({ busy, attempt, done }: { busy: boolean; attempt: (work: () => Promise<string | null>) => Promise<void>; done: () => void }) {
  if (bareAddress()) return <p class="line">{ts.passkeyNotHere}</p>;
  if (!("PublicKeyCredential" in window)) return null;
  const enter = () =>
    attempt(async () => {
      const failed = await enterByPasskey();
      if (failed === null) done();
      return failed;
    });
  return (
    <button type="button" class="button" disabled={busy} onClick={() => void enter()}>
      {ts.passkeyEnter}
    </button>
  );
}
