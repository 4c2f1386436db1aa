import { useEffect, useState } from "preact/hooks";
import { probe } from "../../state/session.ts";
import { ts } from "../../strings-security.ts";
import { type Factor, get, send, type Started } from "./calls.ts";
import { Field, Form, useGuard } from "./guard.tsx";

/** Shows a new authenticator and takes its first code. Calls `done` when the recovery codes, if any, were read. */
export function Enrol({ done }: { done: () => void }) {
  const { run, busy, panel } = useGuard();
  const [started, setStarted] = useState<Started | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  if (codes) return <Codes codes={codes} done={done} />;
  if (!started) {
    return (
      <>
        <Form submit={ts.factorAdd} busy={busy} onSubmit={(typed) => run(async () => setStarted(await send("POST", "/second-factors", { name: typed.get("name") })))}>
          <Field label={ts.factorName} name="name" />
        </Form>
        {panel}
      </>
    );
  }
  const confirm = (typed: FormData) =>
    run(async () => {
      const path = `/second-factors/${started.id}/confirm`;
      const told = await send<{ recovery_codes: string[] }>("POST", path, { code: typed.get("code") });
      if (told.recovery_codes.length) setCodes(told.recovery_codes);
      else done();
    });
  return (
    <>
      <p class="line">{ts.factorScan}</p>
      <img class="security-qr" src={started.picture} alt={ts.factorQr} />
      <p class="line security-mono">{ts.factorTyped(started.secret)}</p>
      <Form submit={ts.factorConfirm} busy={busy} onSubmit={confirm}>
        <Field label={ts.code} name="code" autocomplete="one-time-code" />
      </Form>
      {panel}
    </>
  );
}

export function Codes({ codes, done }: { codes: string[]; done: () => void }) {
  return (
    <>
      <h3 class="caption">{ts.codesTitle}</h3>
      <p class="line">{ts.codesLead}</p>
      <ol class="security-codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <button type="button" class="button" onClick={done}>
        {ts.codesKept}
      </button>
    </>
  );
}

export function Factors() {
  const { run, busy, panel } = useGuard();
  const [list, setList] = useState<{ items: Factor[]; recovery_codes_left: number } | null>(null);
  const [adding, setAdding] = useState(false);
  const [codes, setCodes] = useState<string[] | null>(null);
  const load = async () => setList(await get("/second-factors"));
  useEffect(() => void run(load), []);
  const more = () => run(async () => setCodes((await send<{ recovery_codes: string[] }>("POST", "/recovery-codes")).recovery_codes));
  const remove = (id: number) =>
    run(async () => {
      await send("DELETE", `/second-factors/${id}`);
      await load();
    });
  const close = () => {
    setAdding(false);
    setCodes(null);
    void run(async () => {
      await probe();
      await load();
    });
  };
  if (codes) return <Codes codes={codes} done={close} />;
  if (adding) return <Enrol done={close} />;
  return (
    <>
      {list?.items.length === 0 && <p class="line">{ts.factorNone}</p>}
      {list?.items.map((row) => (
        <div class="setting" key={row.id}>
          <span>{row.name}</span>
          <button type="button" class="button" aria-label={ts.tokenEndLabel(row.name)} disabled={busy} onClick={() => void remove(row.id)}>
            {ts.tokenEnd}
          </button>
        </div>
      ))}
      {!!list?.items.length && <p class="line">{ts.codesLeft(list.recovery_codes_left)}</p>}
      <button type="button" class="button" onClick={() => setAdding(true)}>
        {ts.factorAdd}
      </button>
      {!!list?.items.length && (
        <button type="button" class="button" disabled={busy} onClick={() => void more()}>
          {ts.codesNew}
        </button>
      )}
      {panel}
    </>
  );
}
