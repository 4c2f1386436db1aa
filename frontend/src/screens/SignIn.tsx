import { useState } from "preact/hooks";
import { call, Refused, Silence, session } from "../api/client.ts";
import type { Session } from "../api/types.ts";
import { enter, signedIn } from "../state/session.ts";
import { linkFailure } from "../state/link.ts";
import { startLive } from "../net/live.ts";
import { t } from "../strings.ts";
import { ts } from "../strings-security.ts";
import { Note } from "../ui/bits.tsx";
import { Later } from "./security/Later.tsx";

const SETUP = /^#setup=([\w:.-]+)$/;
const loadSetup = () => import("./security/Setup.tsx").then((part) => part.Setup);

/** The token of a set-up link. It leaves the address bar before it is used. */
function takeSetup(): string | null {
  const token = SETUP.exec(location.hash)?.[1] ?? null;
  if (token) history.replaceState(null, "", location.pathname);
  return token;
}

/** The second step: a code of the authenticator, or a recovery code. */
async function giveCode(code: string): Promise<void> {
  session.value = (await call<Session>("POST", "/session/otp", { code })).body;
  signedIn.value = "yes";
}

export function failureText(error: unknown): string {
  if (error instanceof Silence) return t.signIn.silent;
  if (!(error instanceof Refused)) throw error;
  if (error.status === 429) return error.detail.retry_after ? ts.wait(String(error.detail.retry_after)) : t.signIn.tooMany;
  return error.status < 500 ? t.signIn.badPassword : t.signIn.failed(error.code);
}

export function SignIn() {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [setup] = useState(takeSetup);
  const owed = session.value?.needs === "otp";
  const submit = async (form: HTMLFormElement) => {
    const typed = new FormData(form);
    setBusy(true);
    setFailure(null);
    try {
      if (owed) await giveCode(String(typed.get("code")));
      else await enter({ username: String(typed.get("username")), password: String(typed.get("password")) });
      if (signedIn.peek() === "yes") startLive();
    } catch (error) {
      setFailure(owed && error instanceof Refused && error.status === 401 ? ts.codeWrong : failureText(error));
    } finally {
      setBusy(false);
    }
  };
  if (setup) return <Later load={loadSetup} with={{ token: setup }} />;
  const said = failure ?? linkFailure.value;
  return (
    <main class="sign-in">
      <img src="/static/icons/favicon.svg" alt="" width={72} height={72} />
      <h1>{t.app}</h1>
      <p>{t.signIn.lead}</p>
      <form
        key={owed ? "code" : "password"}
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        {owed ? <Code /> : <NameAndPassword />}
        <div role="alert">
          {said && (
            <Note icon="warn" tone="bad">
              {said}
            </Note>
          )}
        </div>
        <button type="submit" class="button action" data-tone="accent" disabled={busy}>
          {busy ? t.signIn.busy : owed ? ts.codeSubmit : t.signIn.submit}
        </button>
      </form>
      <p class="sign-in-link">{owed ? ts.codeLost : t.signIn.link}</p>
    </main>
  );
}

function NameAndPassword() {
  return (
    <>
      <label>
        <span>{t.signIn.user}</span>
        <input class="input" name="username" autocomplete="username" autocapitalize="none" spellcheck={false} required />
      </label>
      <label>
        <span>{t.signIn.password}</span>
        <input class="input" name="password" type="password" autocomplete="current-password" required />
      </label>
    </>
  );
}

function Code() {
  return (
    <label>
      <span>{ts.code}</span>
      <input class="input" name="code" autocomplete="one-time-code" autocapitalize="characters" spellcheck={false} maxLength={30} autofocus required />
      <small>{ts.codeHint}</small>
    </label>
  );
}
