import { useEffect, useState } from "preact/hooks";
import { moment } from "../../lib/time.ts";
import { ts } from "../../strings-security.ts";
import { type Device, get, send, type Token } from "./calls.ts";
import { Field, Form, useGuard } from "./guard.tsx";

export function Devices() {
  const { run, busy, panel } = useGuard();
  const [rows, setRows] = useState<Device[]>([]);
  const load = async () => setRows((await get<{ items: Device[] }>("/devices")).items);
  useEffect(() => void run(load), []);
  const end = (id: number) =>
    run(async () => {
      await send("DELETE", `/devices/${id}`);
      await load();
    });
  return (
    <>
      {rows.map((row) => (
        <div class="setting" key={row.id}>
          <span>
            {row.name}
            <small class="security-small">{row.current ? ts.deviceThis : ts.deviceUsed(moment(row.used_at), row.address)}</small>
          </span>
          {!row.current && (
            <button type="button" class="button" aria-label={ts.revokeLabel(row.name)} disabled={busy} onClick={() => void end(row.id)}>
              {ts.revoke}
            </button>
          )}
        </div>
      ))}
      {panel}
    </>
  );
}

export function Tokens() {
  const { run, busy, panel } = useGuard();
  const [rows, setRows] = useState<Token[]>([]);
  const [made, setMade] = useState<string | null>(null);
  const load = async () => setRows((await get<{ items: Token[] }>("/tokens")).items);
  useEffect(() => void run(load), []);
  const make = (typed: FormData) =>
    run(async () => {
      const body = { name: typed.get("name"), scope: typed.get("scope") };
      setMade((await send<{ token: string }>("POST", "/tokens", body)).token);
      await load();
    });
  const end = (id: number) =>
    run(async () => {
      await send("DELETE", `/tokens/${id}`);
      setMade(null);
      await load();
    });
  return (
    <>
      {rows.length === 0 && <p class="line">{ts.tokenNone}</p>}
      {rows.map((row) => (
        <div class="setting" key={row.id}>
          <span>
            {row.name}
            <small class="security-small">
              {ts.tokenScopes[row.scope === "trade" ? "trade" : "read"]}, {row.used_at ? ts.deviceUsed(moment(row.used_at), "") : ts.never}
            </small>
          </span>
          <button type="button" class="button" aria-label={ts.tokenEndLabel(row.name)} disabled={busy} onClick={() => void end(row.id)}>
            {ts.tokenEnd}
          </button>
        </div>
      ))}
      {made && (
        <>
          <p class="line">{ts.tokenShown}</p>
          <p class="line security-mono">{made}</p>
        </>
      )}
      <Form submit={ts.tokenMake} busy={busy} onSubmit={make}>
        <Field label={ts.tokenName} name="name" />
        <label class="security-field">
          <span>{ts.tokenScope}</span>
          <select class="input" name="scope">
            <option value="read">{ts.tokenScopes.read}</option>
            <option value="trade">{ts.tokenScopes.trade}</option>
          </select>
        </label>
      </Form>
      {panel}
    </>
  );
}
