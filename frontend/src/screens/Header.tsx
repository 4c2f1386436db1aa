import { useEffect, useRef } from "preact/hooks";
import { money } from "../lib/format.ts";
import { isSpot, symbolOf } from "../lib/market.ts";
import { account, chooseAccount, market } from "../state/focus.ts";
import { ageSeconds, health, type Kind, kind } from "../state/health.ts";
import { clock, moment } from "../lib/time.ts";
import { asOf, failures } from "../net/live.ts";
import { PATIENT_AFTER } from "../lib/backoff.ts";
import { layout } from "../state/layout.ts";
import { show } from "../state/overlay.ts";
import { say } from "../state/announce.ts";
import { accounts, wallets } from "../state/store.ts";
import { t } from "../strings.ts";
import { Dated, Environment } from "../ui/bits.tsx";
import { Icon } from "../ui/icons.tsx";
import { lazy } from "../ui/lazy.tsx";
import { OpenTotal } from "./Positions.tsx";

const Lag = lazy(() => import("./Lag.tsx").then((part) => part.Lag), <span class="lag" />);

/** The state of both links as one shape and one word; the worst of them. */
export function Chip() {
  const shown = kind.value;
  const text = shown === "stale" && ageSeconds.value > 0 ? t.chipAge(ageSeconds.value) : t.chip[shown];
  return (
    <span class="chip" data-kind={shown}>
      <span class="chip-shape" aria-hidden="true" />
      <span class="chip-text">{text}</span>
    </span>
  );
}

const LASTING_MS = 500;

/** Says a state once it has lasted: connecting at the start and blinks in between are shown, and not talked about. */
function useAnnouncements() {
  const said = useRef<Kind>("live");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = kind.subscribe((next) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (next === said.current || next === "loading") return;
        said.current = next;
        say(t.announce[next]);
      }, LASTING_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, []);
}

function Equity() {
  const wallet = account.value && wallets.value.get(account.value.id);
  return (
    <Dated class="head-facts">
      <span class="head-fact">
        {t.position.equity} <b class="number">{money(wallet?.total_equity)}</b>
      </span>
      <span class="head-fact">
        {t.position.available} <b class="number">{money(wallet?.available)}</b>
      </span>
      {layout.value === "desk" && (
        <span class="head-fact">
          {t.position.pnl} <OpenTotal />
        </span>
      )}
    </Dated>
  );
}

export function AsOf() {
  const shown = kind.value === "reconnecting" || kind.value === "offline" || kind.value === "error";
  return shown && asOf.value !== null ? <>{t.asOf(clock(asOf.value))}</> : null;
}

export function Header() {
  useAnnouncements();
  const front = account.value;
  return (
    <header class="head">
      <button type="button" class="head-market" aria-haspopup="dialog" onClick={() => show({ kind: "markets" })}>
        <span class="head-symbol">
          {symbolOf(market.value)} {isSpot(market.value) && <small>{t.markets.kinds.spot}</small>}
        </span>
        <Icon name="down" size={18} />
      </button>
      {layout.value !== "phone" && <Equity />}
      <button type="button" class="head-place" aria-haspopup="dialog" onClick={() => show({ kind: "details" })}>
        <span class="head-account">
          {front && <Environment account={front} />}
          <span class="head-label">{front?.label ?? ""}</span>
        </span>
        <Chip />
        {layout.value === "desk" && <Lag />}
      </button>
      <button type="button" class="button head-stop" aria-haspopup="dialog" onClick={() => show({ kind: "stop" })}>
        {t.stop}
      </button>
    </header>
  );
}

/** An account that somebody paused, until somebody lets it go on. */
export function Pauses() {
  return (
    <>
      {accounts.value.map(
        ({ id, label, paused }) =>
          paused && (
            <div key={id} class="update paused" data-front={id === account.value?.id ? "" : undefined}>
              <Icon name="warn" size={20} />
              <span>{t.pausedBar(label, paused.by, moment(paused.at))}</span>
              <button type="button" class="button" aria-haspopup="dialog" onClick={() => resume(id)}>
                {t.goOn}
              </button>
            </div>
          ),
      )}
    </>
  );
}

function resume(id: string): void {
  chooseAccount(id);
  show({ kind: "stop" });
}

/** Above the page while it is not live: why, and what still works. */
export function Banner() {
  const shown = kind.value;
  if (shown === "live" || shown === "signedout" || shown === "loading") return null;
  const text =
    shown === "stale"
      ? `${t.cause(health.value.cause, ageSeconds.value)} ${accounts.value.find((row) => row.read_only)?.read_only_reason ?? t.paused}`
      : shown === "reconnecting" && failures.value >= PATIENT_AFTER
        ? t.patient
        : t.notLive(shown);
  return (
    <p class="banner" data-kind={shown}>
      <Icon name="warn" size={20} />
      <span>
        {text} <AsOf />
      </span>
    </p>
  );
}

