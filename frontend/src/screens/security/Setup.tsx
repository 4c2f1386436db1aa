import { useState } from "preact/hooks";
import { session } from "../../api/client.ts";
import type { Session } from "../../api/types.ts";
import { ts } from "../../strings-security.ts";
import { send } from "./calls.ts";
import { Enrol } from "./Factors.tsx";
import { Field, Form, useGuard } from "./guard.tsx";
import "./security.css";

/** The first owner of an empty house, or somebody who was asked in: name and password, then the second factor. */
export function Setup({ token }: { token: string }) {
  const { run, busy, panel } = useGuard();
  const [made, setMade] = useState(false);
  const invited = token.startsWith("invite.");
  const make = (typed: FormData) =>
    run(async () => {
      const body = { token, username: typed.get("username"), password: typed.get("password") };
      session.value = await send<Session>("POST", "/setup", body);
      setMade(true);
    });
  return (
    <main class="sign-in">
      <h1>{invited ? ts.inviteTitle : ts.setupTitle}</h1>
      {made ? (
        <Enrol done={() => location.replace("/")} />
      ) : (
        <>
          <p>{invited ? ts.inviteLead : ts.setupLead}</p>
          <Form submit={invited ? ts.inviteSubmit : ts.setupSubmit} busy={busy} onSubmit={make}>
            <Field label={ts.setupUser} name="username" autocomplete="username" />
            <Field label={ts.setupPassword} name="password" type="password" autocomplete="new-password" minLength={12} />
          </Form>
          {panel}
        </>
      )}
    </main>
  );
}
