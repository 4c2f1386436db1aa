import { useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { enter } from "../state/session.ts";
import { linkFailure } from "../state/link.ts";
import { startLive } from "../net/live.ts";
import { t } from "../strings.ts";
import { Note } from "../ui/bits.tsx";

export function failureText(error: unknown): string {
  if (error instanceof Silence) return t.signIn.silent;
  if (!(error instanceof Refused)) throw error;
  if (error.status === 429) return t.signIn.tooMany;
  return error.status < 500 ? t.signIn.badPassword : t.signIn.failed(error.code);
}

export function SignIn() {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const submit = async (form: HTMLFormElement) => {
    const typed = new FormData(form);
    setBusy(true);
    setFailure(null);
    try {
      await enter({ username: String(typed.get("username")), password: String(typed.get("password")) });
      startLive();
    } catch (error) {
      setFailure(failureText(error));
    } finally {
      setBusy(false);
    }
  };
  const said = failure ?? linkFailure.value;
  return (
    <main class="sign-in">
      <img src="/static/icons/favicon.svg" alt="" width={72} height={72} />
      <h1>{t.app}</h1>
      <p>{t.signIn.lead}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <label>
          <span>{t.signIn.user}</span>
          <input class="input" name="username" autocomplete="username" autocapitalize="none" spellcheck={false} required />
        </label>
        <label>
          <span>{t.signIn.password}</span>
          <input class="input" name="password" type="password" autocomplete="current-password" required />
        </label>
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
      </form>
      <p class="sign-in-link">{t.signIn.link}</p>
    </main>
  );
}
