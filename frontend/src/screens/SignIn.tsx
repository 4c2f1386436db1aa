import { useState } from "preact/hooks";
import { Refused, Silence, session } from "../api/client.ts";
import { enter, signedIn } from "../state/session.ts";
import { linkFailure } from "../state/link.ts";
import { startLive } from "../net/live.ts";
import { t } from "../strings.ts";
import { tn } from "../strings-signin.ts";
import { Note } from "../ui/bits.tsx";
import { Later } from "./security/Later.tsx";

const SETUP = /^#setup=([\w:.-]+)$/;
const loadSecond = () => import("./security/SecondStep.tsx").then((part) => part.SecondStep);
const loadDoor = () => import("./security/Door.tsx").then((part) => part.Door);
const loadSetup = () => import("./security/Setup.tsx").then((part) => part.Setup);

/** The token of a set-up link. It leaves the address bar before it is used. */
function takeSetup(): string | null {
  const token = SETUP.exec(location.hash)?.[1] ?? null;
  if (token) history.replaceState(null, "", location.pathname);
  return token;
}

function inside(): void {
  signedIn.value = "yes";
  startLive();
}

function failureText(error: unknown): string {
  if (error instanceof Silence) return t.signIn.silent;
  if (!(error instanceof Refused)) throw error;
  if (error.status === 429) return error.detail.retry_after ? tn.wait(String(error.detail.retry_after)) : t.signIn.tooMany;
  return error.status < 500 ? t.signIn.badPassword : t.signIn.failed(error.code);
}

export function SignIn() {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [setup] = useState(takeSetup);
  const second = session.value?.needs === "otp" || session.value?.needs === "re_enrol";
  const attempt = async (work: () => Promise<string | null>) => {
    setBusy(true);
    setFailure(null);
    try {
      setFailure(await work());
    } catch (error) {
      setFailure(failureText(error));
    } finally {
      setBusy(false);
    }
  };
  const submit = (form: HTMLFormElement) =>
    attempt(async () => {
      const typed = new FormData(form);
      await enter({ username: String(typed.get("username")), password: String(typed.get("password")) });
      if (signedIn.peek() === "yes") startLive();
      return null;
    });
  if (setup) return <Later load={loadSetup} with={{ token: setup }} />;
  const said = failure ?? linkFailure.value;
  return (
    <main class="sign-in">
      <img src="/static/icons/favicon.svg" alt="" width={72} height={72} />
      <h1>{t.app}</h1>
      <p>{t.signIn.lead}</p>
      {second ? (
        <Later load={loadSecond} with={{ done: inside }} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void submit(event.currentTarget);
          }}
        >
          <NameAndPassword />
          <div role="alert">
            {said && (
              <Note icon="warn" tone="bad">
                {said}
              </Note>
            )}
          </div>
          <button type="submit" class="button action" data-tone="accent" disabled={busy}>
            {busy ? t.signIn.busy : t.signIn.submit}
          </button>
          <div class="sign-in-passkey">
            <Later load={loadDoor} with={{ busy, attempt, done: inside }} />
          </div>
        </form>
      )}
      {!second && <p class="sign-in-link">{t.signIn.link}</p>}
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
