import { useEffect, useState } from "preact/hooks";
import { probe } from "../../state/session.ts";
import { ts } from "../../strings-security.ts";
import { Note } from "../../ui/bits.tsx";
import { type Passkey, get, send } from "./calls.ts";
import { Codes } from "./Factors.tsx";
import { Field, Form, useGuard } from "./guard.tsx";
import { makePasskey } from "./passkey.ts";

/** Why no passkey can be made on this page; null when one can. */
function obstacle(host: string | null): string | null {
  if (!host) return ts.passkeyNoName;
  if (location.hostname !== host) return ts.passkeyElsewhere(host, location.hostname);
  return "PublicKeyCredential" in window ? null : ts.passkeyNoBrowser;
}

/** The passkeys of this user, and a new one. `done` is told when one was made and its recovery codes, if any, were read. */
export function Passkeys({ done }: { done?: () => void }) {
  const { run, busy, panel } = useGuard();
  const [list, setList] = useState<{ items: Passkey[]; host: string | null } | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const load = async () => setList(await get("/passkeys"));
  useEffect(() => void run(load), []);
  const made = async () => {
    setCodes(null);
    await probe();
    await load();
    done?.();
  };
  const add = (typed: FormData) =>
    run(async () => {
      const told = await makePasskey(String(typed.get("name")));
      if (told.length) setCodes(told);
      else await made();
    });
  const remove = (id: number) =>
    run(async () => {
      await send("DELETE", `/passkeys/${id}`);
      await load();
    });
  if (codes) return <Codes codes={codes} done={() => void run(made)} />;
  const hindered = list && obstacle(list.host);
  return (
    <>
      {list?.items.map((row) => (
        <div class="setting" key={row.id}>
          <span>
            {row.name}
            {row.synced && <small class="security-small">{ts.passkeySynced}</small>}
          </span>
          <button type="button" class="button" aria-label={ts.tokenEndLabel(row.name)} disabled={busy} onClick={() => void remove(row.id)}>
            {ts.tokenEnd}
          </button>
        </div>
      ))}
      {hindered && <Note icon="warn">{hindered}</Note>}
      {list && !hindered && (
        <Form submit={ts.passkeyAdd} busy={busy} onSubmit={add}>
          <Field label={ts.passkeyName} name="name" />
        </Form>
      )}
      {panel}
    </>
  );
}
