import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Refused, Silence } from "../api/client.ts";
import { account } from "../state/focus.ts";
import { BUILD } from "../state/health.ts";
import { fromShareMenu, install, offer, standalone } from "../state/install.ts";
import { show } from "../state/overlay.ts";
import { haptics, PALETTES, palette, shortcuts, SWITCH, THEMES, theme } from "../state/prefs.ts";
import { exit } from "../state/session.ts";
import { t } from "../strings.ts";
import { more } from "../strings-more.ts";
import { Amount, Fact } from "../ui/bits.tsx";
import { Icon } from "../ui/icons.tsx";
import { lazy } from "../ui/lazy.tsx";
import { Segment } from "../ui/Segment.tsx";
import { AccountFacts, Links, Others } from "./Details.tsx";
import { Chip } from "./Header.tsx";
import { SecurityLink } from "./security/SecurityLink.tsx";

const PaperAccount = lazy(() => import("./PaperAccount.tsx").then((part) => part.PaperAccount), <section class="card" />);

function Group({ title, aside, children }: { title: string; aside?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="card group">
      <div class="group-head">
        <h2>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

function Setting({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="setting">
      <span>{name}</span>
      {children}
    </div>
  );
}

function Appearance() {
  const onOff = SWITCH.map((value) => ({ value, label: more[value] }));
  return (
    <Group title={more.appearance}>
      <Setting name={more.theme}>
        <Segment name={more.theme} value={theme.value} onChange={(value) => (theme.value = value)} options={THEMES.map((value) => ({ value, label: more.themes[value] }))} />
      </Setting>
      <Setting name={more.palette}>
        <Segment name={more.palette} value={palette.value} onChange={(value) => (palette.value = value)} options={PALETTES.map((value) => ({ value, label: more.palettes[value] }))} />
      </Setting>
      <p class="sample" aria-hidden="true">
        <Amount value="12.40" /> <Amount value="-8.19" />
      </p>
      <Setting name={more.shortcuts}>
        <Segment name={more.shortcuts} value={shortcuts.value} onChange={(value) => (shortcuts.value = value)} options={onOff} />
      </Setting>
      {"vibrate" in navigator && (
        <Setting name={more.haptics}>
          <Segment name={more.haptics} value={haptics.value} onChange={(value) => (haptics.value = value)} options={onOff} />
        </Setting>
      )}
      <button type="button" class="button" onClick={() => show({ kind: "keys" })}>
        {more.shortcutsShow}
      </button>
    </Group>
  );
}

function Install() {
  if (standalone.value) return null;
  const way = fromShareMenu ? more.installApple : more.installMenu;
  return (
    <Group title={more.install}>
      <p class="line">{!isSecureContext ? more.insecure : offer.value ? more.installLead : way}</p>
      {offer.value && (
        <button type="button" class="button" onClick={() => void install()}>
          {more.install}
        </button>
      )}
    </Group>
  );
}

function Phone() {
  return (
    <Group title={more.phone}>
      <button type="button" class="button row-button" aria-haspopup="dialog" onClick={() => show({ kind: "phone" })}>
        <span>{more.phone}</span>
        <Icon name="down" size={18} />
      </button>
    </Group>
  );
}

function Notify() {
  return (
    <Group title={more.notify}>
      <p class="line">{more.notifyLead}</p>
      <button type="button" class="button" aria-haspopup="dialog" onClick={() => show({ kind: "notify" })}>
        {more.notifyOpen}
      </button>
    </Group>
  );
}

function SignOut() {
  const [failed, setFailed] = useState(false);
  const leave = async () => {
    try {
      await exit();
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Silence)) throw error;
      setFailed(true);
    }
  };
  return (
    <>
      <button type="button" class="button" onClick={() => void leave()}>
        {more.signOut}
      </button>
      {failed && <p class="line">{more.signOutFailed}</p>}
    </>
  );
}

export function More() {
  return (
    <section class="screen screen-more" aria-labelledby="screen-title">
      <h1 id="screen-title" class="hidden">
        {t.tabs.more}
      </h1>
      <Group title={more.account}>
        {account.value && <AccountFacts of={account.value} />}
        <Others />
        <SignOut />
      </Group>
      <Group title={more.connection} aside={<Chip />}>
        <Links of={account.value} />
      </Group>
      <Install />
      <Phone />
      <SecurityLink />
      {account.value?.environment === "paper" && <PaperAccount of={account.value} />}
      <Notify />
      <Appearance />
      <Group title={more.about}>
        <dl class="facts facts-one">
          <Fact name={more.build}>{BUILD}</Fact>
        </dl>
        <p class="line">{more.notBybit}</p>
        <h3 class="caption">{more.licences}</h3>
        <p class="line">{more.licenceText}</p>
        <p class="line">
          {more.chartNotice}{" "}
          <a class="inline-link" href={more.chartLink} target="_blank" rel="noreferrer">
            {more.chartLink}
          </a>
        </p>
      </Group>
    </section>
  );
}
