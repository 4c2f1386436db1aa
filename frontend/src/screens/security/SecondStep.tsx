import { useState } from "preact/hooks";
import { session } from "../../api/client.ts";
import type { Session } from "../../api/types.ts";
import { probe } from "../../state/session.ts";
import { ts } from "../../strings-security.ts";
import { Note } from "../../ui/bits.tsx";
import { send } from "./calls.ts";
import { Enrol } from "./Factors.tsx";
import { Field, Form, useGuard } from "./guard.tsx";
import { signInByPasskey } from "./passkey.ts";
import { Passkeys } from "./Passkeys.tsx";
import "./security.css";

/** What follows the right password: a passkey, a code, or a recovery code, after which a new factor is asked for. */
export function SecondStep({ done }: { done: () => void }) {
  const { run, busy, panel } = useGuard();
  const finish = () => {
    if (session.value?.signed_in && session.value.needs !== "re_enrol") done();
  };
  const code = (typed: FormData) =>
    run(async () => {
      session.value = await send<Session>("POST", "/session/otp", { code: typed.get("code") });
      finish();
    });
  const passkey = () =>
    run(async () => {
      await signInByPasskey();
      finish();
    });
  if (session.value?.needs === "re_enrol") return <Anew done={done} />;
  return (
    <div class="security-step">
      {session.value?.passkey && (
        <button type="button" class="button action" data-tone="accent" disabled={busy} onClick={() => void passkey()}>
          {ts.passkeyUse}
        </button>
      )}
      <Form submit={ts.codeSubmit} busy={busy} onSubmit={code}>
        <Field label={session.value?.passkey ? ts.codeOr : ts.code} name="code" autocomplete="one-time-code" hint={ts.codeHint} focus />
      </Form>
      {panel}
      <p class="sign-in-link">{ts.codeLost}</p>
    </div>
  );
}

function Anew({ done }: { done: () => void }) {
  const [by, setBy] = useState<"app" | null>(null);
  const anew = () => void probe().then(done);
  return (
    <div class="security-step">
      <Note icon="warn" tone="warn">
        {ts.anewLead}
      </Note>
      {by === "app" ? (
        <Enrol done={anew} />
      ) : (
        <>
          <button type="button" class="button" onClick={() => setBy("app")}>
            {ts.factorAdd}
          </button>
          <Passkeys done={done} />
        </>
      )}
      <button type="button" class="button" onClick={done}>
        {ts.anewLater}
      </button>
    </div>
  );
}
