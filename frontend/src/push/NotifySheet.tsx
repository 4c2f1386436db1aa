import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, send } from "../screens/security/calls.ts";
import { useGuard } from "../screens/security/guard.tsx";
import "../screens/security/security.css";
import { fromShareMenu, standalone } from "../state/install.ts";
import { hide } from "../state/overlay.ts";
import { SWITCH } from "../state/prefs.ts";
import { more } from "../strings-more.ts";
import { tu } from "../strings-push.ts";
import { Note } from "../ui/bits.tsx";
import { Segment } from "../ui/Segment.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { ability, ask, type Preferences, type PushDevice, subscribe, unsubscribe } from "./device.ts";

type Kind = Preferences["kinds"][number];
const KINDS = ["fill", "stop", "rejected", "liquidation", "trouble", "security"] as const satisfies readonly Kind[];
const OPTIONS = SWITCH.map((value) => ({ value, label: value === "on" ? tu.switchOn : tu.switchOff }));

interface House {
  key: string;
  running: boolean;
}

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="security-part">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Switch({ name, on, change }: { name: string; on: boolean; change: (on: boolean) => void }) {
  return (
    <div class="setting">
      <span>{name}</span>
      <Segment name={name} value={on ? "on" : "off"} options={OPTIONS} onChange={(value) => change(value === "on")} />
    </div>
  );
}

function Choices() {
  const { run, panel } = useGuard();
  const [likes, setLikes] = useState<Preferences | null>(null);
  useEffect(() => void run(async () => setLikes(await get("/push/preferences"))), []);
  const keep = (next: Preferences) => {
    const before = likes;
    setLikes(next);
    void run(async () => {
      try {
        setLikes(await send("PUT", "/push/preferences", next));
      } catch (error) {
        setLikes(before);
        throw error;
      }
    });
  };
  return (
    <Part title={tu.kinds}>
      {likes &&
        KINDS.map((kind) => (
          <Switch
            key={kind}
            name={tu.kind[kind]}
            on={likes.kinds.includes(kind)}
            change={(on) => keep({ ...likes, kinds: KINDS.filter((name) => (name === kind ? on : likes.kinds.includes(name))) })}
          />
        ))}
      {likes && <Switch name={tu.amounts} on={likes.amounts} change={(amounts) => keep({ ...likes, amounts })} />}
      <p class="line">{tu.amountsLead}</p>
      {panel}
    </Part>
  );
}

function Others({ rows, remove, busy }: { rows: PushDevice[]; remove: (row: PushDevice) => void; busy: boolean }) {
  if (!rows.length) return null;
  return (
    <Part title={tu.others}>
      {rows.map((row) => (
        <div class="setting" key={row.id}>
          <span>{row.name}</span>
          <button type="button" class="button" aria-label={tu.removeLabel(row.name)} disabled={busy} onClick={() => remove(row)}>
            {tu.remove}
          </button>
        </div>
      ))}
    </Part>
  );
}

/** What the server tells a person who does not look, and on which devices. */
export function NotifySheet() {
  const { run, busy, panel } = useGuard();
  const [house, setHouse] = useState<House | null>(null);
  const [rows, setRows] = useState<PushDevice[]>([]);
  const [tested, setTested] = useState(false);
  const can = ability(fromShareMenu, standalone.value);
  const here = rows.find((row) => row.current);
  const load = async () => setRows((await get<{ items: PushDevice[] }>("/push/devices")).items);
  useEffect(
    () =>
      void run(async () => {
        setHouse(await get("/push"));
        await load();
      }),
    [],
  );
  // The browser is asked once: a proof that the server wants afterwards finds the subscription made.
  const allow = (key: string) =>
    run(async () => {
      await ask();
      const made = await subscribe(key);
      const tell = async () => {
        await send("POST", "/push/devices", made);
        await load();
      };
      await run(tell);
    });
  const remove = (row: PushDevice) =>
    run(async () => {
      await send("DELETE", `/push/devices/${row.id}`);
      if (row.current) await unsubscribe();
      setTested(false);
      await load();
    });
  const test = () =>
    run(async () => {
      await send("POST", "/push/test");
      setTested(true);
    });
  const unable = { denied: tu.denied, apple: tu.apple, insecure: more.insecure, missing: tu.missing };
  return (
    <Sheet title={tu.title} tall onClose={hide}>
      <Part title={tu.here}>
        {can !== "yes" ? (
          <Note icon="warn" tone="warn">
            {unable[can]}
          </Note>
        ) : (
          <p class="line">{busy && !here ? tu.wait : here ? tu.on : tu.off}</p>
        )}
        {house && !house.running && (
          <Note icon="warn" tone="warn">
            {tu.down}
          </Note>
        )}
        {here && here.failures > 2 && <Note icon="warn">{tu.failing(here.failures)}</Note>}
        {can === "yes" && house && !here && (
          <button type="button" class="button action" data-tone="accent" disabled={busy} onClick={() => void allow(house.key)}>
            {tu.allow}
          </button>
        )}
        {here && (
          <>
            <button type="button" class="button" disabled={busy} onClick={() => void test()}>
              {tu.test}
            </button>
            {tested && <p class="line">{tu.tested}</p>}
            <button type="button" class="button" disabled={busy} onClick={() => void remove(here)}>
              {tu.stop}
            </button>
          </>
        )}
        {panel}
      </Part>
      <Choices />
      <Others rows={rows.filter((row) => !row.current)} remove={(row) => void remove(row)} busy={busy} />
    </Sheet>
  );
}
