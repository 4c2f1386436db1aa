import { useEffect, useState } from "preact/hooks";
import type { Account } from "../../api/types.ts";
import { t } from "../../strings.ts";
import { ts } from "../../strings-security.ts";
import { Note } from "../../ui/bits.tsx";
import { get, type KeyState, send, type Sites } from "./calls.ts";
import { Field, Form, useGuard } from "./guard.tsx";

const KEY = "[A-Za-z0-9\\-]{8,80}";

function Keys() {
  return (
    <>
      <Field label={ts.accountKey} name="key" pattern={KEY} />
      <Field label={ts.accountSecret} name="secret" type="password" pattern={KEY} />
    </>
  );
}

function Row({ id }: { id: string }) {
  const { run, busy, panel } = useGuard();
  const [key, setKey] = useState<KeyState | null>(null);
  const [changing, setChanging] = useState(false);
  useEffect(() => void run(async () => setKey(await get(`/accounts/${id}/key`))), []);
  const change = (typed: FormData) =>
    run(async () => {
      setKey(await send("PUT", `/accounts/${id}/key`, Object.fromEntries(typed)));
      setChanging(false);
    });
  const live = (on: boolean) => run(async () => setKey(await send("PUT", `/accounts/${id}/live`, { on })));
  if (!key) return <>{panel}</>;
  return (
    <section class="security-account">
      <h3>
        {key.label} <span class="environment" data-environment={key.environment}>{t.environment[key.environment as Account["environment"]]}</span>
      </h3>
      <p class="line">
        {key.read_only_reason ?? ts.accountOk}
        {key.expires_at && `, ${ts.accountEnds(key.expires_at.slice(0, 10))}`}
      </p>
      {key.findings.map((one) => (
        <Note key={one.code} icon="warn" tone={one.level === "refuse" ? "bad" : one.level === "warn" ? "warn" : undefined}>
          {one.text}
        </Note>
      ))}
      {changing ? (
        <Form submit={ts.save} busy={busy} onSubmit={change}>
          <p class="line">{ts.accountRotateLead}</p>
          <Keys />
        </Form>
      ) : (
        <div class="security-row">
          <button type="button" class="button" disabled={busy} onClick={() => void run(async () => setKey(await send("POST", `/accounts/${id}/check`)))}>
            {ts.accountCheck}
          </button>
          <button type="button" class="button" onClick={() => setChanging(true)}>
            {ts.accountRotate}
          </button>
          {key.environment === "live" && (
            <button type="button" class="button" disabled={busy} onClick={() => void live(!key.live)}>
              {key.live ? ts.accountLiveOff : ts.accountLiveOn}
            </button>
          )}
        </div>
      )}
      {panel}
    </section>
  );
}

export function Accounts() {
  const { run, busy, panel } = useGuard();
  const [ids, setIds] = useState<string[]>([]);
  const [sites, setSites] = useState<Sites | null>(null);
  const [adding, setAdding] = useState(false);
  const load = async () => {
    setIds((await get<{ items: Account[] }>("/accounts")).items.map((row) => row.id));
    setSites(await get<Sites>("/sites"));
  };
  useEffect(() => void run(load), []);
  const add = (typed: FormData) =>
    run(async () => {
      await send("POST", "/accounts", Object.fromEntries(typed));
      setAdding(false);
      await load();
    });
  return (
    <>
      {ids.map((id) => (
        <Row key={id} id={id} />
      ))}
      {!adding && (
        <button type="button" class="button" onClick={() => setAdding(true)}>
          {ts.accountAdd}
        </button>
      )}
      {adding && sites && (
        <Form title={ts.accountAdd} submit={ts.save} busy={busy} onSubmit={add}>
          <p class="line">{ts.accountAddLead}</p>
          <p class="line">{sites.notice}</p>
          {sites.address && <p class="line">{ts.bindTo(sites.address)}</p>}
          <label class="security-field">
            <span>{ts.accountEnv}</span>
            <select class="input" name="environment">
              {(["paper", "testnet", "demo", "live"] as const).map((name) => (
                <option key={name} value={name}>
                  {t.environment[name]}
                </option>
              ))}
            </select>
          </label>
          <label class="security-field">
            <span>{ts.accountSite}</span>
            <select class="input" name="region">
              {sites.items.map((site) => (
                <option key={site.id} value={site.id}>
                  {`${site.name}: ${site.who}`}
                </option>
              ))}
            </select>
          </label>
          <Field label={ts.accountId} name="id" pattern="[a-z0-9][a-z0-9_\-]{0,39}" />
          <Field label={ts.accountLabel} name="label" />
          <Keys />
        </Form>
      )}
      {panel}
    </>
  );
}
