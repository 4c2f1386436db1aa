import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ts } from "../../strings-security.ts";
import { Note } from "../../ui/bits.tsx";
import { proofAsked, send, words } from "./calls.ts";

interface Asked {
  by: "code" | "password" | "link";
  again: () => Promise<void>;
}

/** Runs what a person asked for. When the server wants a fresh proof first, it is asked for here, and then it is run again. */
export function useGuard() {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setSaid(null);
    try {
      await work();
      setAsked(null);
    } catch (error) {
      const by = proofAsked(error);
      if (by) setAsked({ by, again: work });
      else setSaid(words(error));
    } finally {
      setBusy(false);
    }
  };
  const prove = (proof: string) =>
    run(async () => {
      if (!asked) return;
      await send("POST", "/session/step-up", asked.by === "code" ? { code: proof } : { password: proof });
      await asked.again();
    });
  return { run, busy, panel: <Panel asked={asked} said={said} busy={busy} prove={prove} /> };
}

function Panel({ asked, said, busy, prove }: { asked: Asked | null; said: string | null; busy: boolean; prove: (proof: string) => Promise<void> }) {
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
      {asked && asked.by !== "link" && (
        <Form title={ts.proofTitle} submit={ts.proofSubmit} busy={busy} onSubmit={(typed) => prove(String(typed.get("proof")))}>
          <Field
            label={asked.by === "code" ? ts.proofCode : ts.proofPassword}
            name="proof"
            type={asked.by === "code" ? "text" : "password"}
            autocomplete={asked.by === "code" ? "one-time-code" : "current-password"}
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

export function Field(props: { label: string; name: string; type?: "text" | "password"; autocomplete?: string; pattern?: string; minLength?: number }) {
  const given = {
    class: "input",
    name: props.name,
    autocomplete: props.autocomplete ?? "off",
    autocapitalize: "none" as const,
    spellcheck: false,
    required: true,
    ...(props.pattern && { pattern: props.pattern }),
    ...(props.minLength && { minLength: props.minLength }),
  };
  return (
    <label class="security-field">
      <span>{props.label}</span>
      {props.type === "password" ? <input {...given} type="password" /> : <input {...given} />}
    </label>
  );
}
