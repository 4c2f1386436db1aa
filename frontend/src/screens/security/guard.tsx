import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ts } from "../../strings-security.ts";
import { Note } from "../../ui/bits.tsx";
import { proofAsked, send, type Wanted, words } from "./calls.ts";
import { proveByPasskey } from "./passkey.ts";

export interface Asked extends Wanted {
  again: () => Promise<void>;
}

/** Runs what a person asked for. When the server wants a fresh proof first, it is asked for here, and then it is run again. `first` is
 * a proof that the server has asked for already. */
export function useGuard(first: Asked | null = null) {
  const [asked, setAsked] = useState(first);
  const [said, setSaid] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setSaid(null);
    try {
      await work();
      setAsked(null);
    } catch (error) {
      const wanted = proofAsked(error);
      if (wanted) setAsked({ ...wanted, again: work });
      else setSaid(words(error));
    } finally {
      setBusy(false);
    }
  };
  const prove = (proof: string | null) =>
    run(async () => {
      if (!asked) return;
      if (proof === null) await proveByPasskey();
      else await send("POST", "/session/step-up", asked.by === "password" ? { password: proof } : { code: proof });
      await asked.again();
    });
  return { run, busy, panel: <Panel asked={asked} said={said} busy={busy} prove={prove} /> };
}

function Panel({ asked, said, busy, prove }: { asked: Asked | null; said: string | null; busy: boolean; prove: (proof: string | null) => Promise<void> }) {
  return (
    <>
      <div role="alert">
        {said && (
          <Note icon="warn" tone="bad">
            {said}
          </Note>
        )}
      </div>
      {asked?.by === "link" && <Note icon="warn">{ts.proofLink}</Note>}
      {asked?.recovered && <Note icon="warn">{ts.proofRecovered}</Note>}
      {asked?.passkey && (
        <button type="button" class="button action" data-tone="accent" disabled={busy} onClick={() => void prove(null)}>
          {ts.passkeyUse}
        </button>
      )}
      {asked && asked.by !== "link" && !(asked.recovered && asked.by === "passkey") && (
        <Form title={asked.passkey ? ts.proofOr : ts.proofTitle} submit={ts.proofSubmit} busy={busy} onSubmit={(typed) => prove(String(typed.get("proof")))}>
          <Field
            label={asked.by === "password" ? ts.proofPassword : asked.by === "code" ? ts.proofCode : ts.proofRecovery}
            name="proof"
            type={asked.by === "password" ? "password" : "text"}
            autocomplete={asked.by === "password" ? "current-password" : "one-time-code"}
          />
        </Form>
      )}
    </>
  );
}

export function Form(props: { title?: string; submit: string; busy: boolean; onSubmit: (typed: FormData) => Promise<void>; children: ComponentChildren }) {
  return (
    <form
      class="security-form"
      onSubmit={(event) => {
        event.preventDefault();
        void props.onSubmit(new FormData(event.currentTarget));
      }}
    >
      {props.title && <h3 class="caption">{props.title}</h3>}
      {props.children}
      <button type="submit" class="button" disabled={props.busy}>
        {props.submit}
      </button>
    </form>
  );
}

export function Field(props: { label: string; name: string; type?: "text" | "password"; autocomplete?: string; pattern?: string; minLength?: number; hint?: string; focus?: boolean }) {
  const given = {
    class: "input",
    name: props.name,
    autocomplete: props.autocomplete ?? "off",
    autocapitalize: "none" as const,
    spellcheck: false,
    required: true,
    ...(props.pattern && { pattern: props.pattern }),
    ...(props.minLength && { minLength: props.minLength }),
    ...(props.focus && { autofocus: true }),
  };
  return (
    <label class="security-field">
      <span>{props.label}</span>
      {props.type === "password" ? <input {...given} type="password" /> : <input {...given} />}
      {props.hint && <small>{props.hint}</small>}
    </label>
  );
}
