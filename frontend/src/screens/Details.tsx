import type { Account } from "../api/types.ts";
import { age } from "../lib/time.ts";
import { heartbeat, phase, serverClock } from "../net/live.ts";
import { account, chooseAccount } from "../state/focus.ts";
import { health, now } from "../state/health.ts";
import { hide } from "../state/overlay.ts";
import { mayTrade } from "../state/session.ts";
import { session } from "../api/client.ts";
import { accounts, statuses } from "../state/store.ts";
import { t } from "../strings.ts";
import { more } from "../strings-more.ts";
import { Environment, Fact } from "../ui/bits.tsx";
import { Sheet } from "../ui/Sheet.tsx";
import { Chip } from "./Header.tsx";
import { restart } from "../net/live.ts";

function heard(ms: number | null | undefined, since: number): string {
  if (ms === undefined) return more.noNews;
  return ms === null ? more.notWatched : more.ageText(age(ms + since));
}

/** Both links, each with its age: what the one chip is made of. */
export function Links({ of }: { of: Account | null }) {
  const beat = heartbeat.value;
  now.value;
  const since = beat ? serverClock.age(beat.at) : 0;
  const up = of && beat ? beat.up[of.id] : undefined;
  const stream = of ? statuses.value.get(of.id)?.stream : undefined;
  return (
    <dl class="facts facts-one">
      <Fact name={more.toTradepost}>{phase.value === "open" && beat ? more.ageText(age(since)) : more.socket[phase.value]}</Fact>
      <Fact name={more.toBybitPrivate}>
        {heard(up?.private_age_ms, since)}
        {stream && `, ${more.stream[stream]}`}
      </Fact>
      <Fact name={more.toBybitPublic}>{heard(up?.public_age_ms, since)}</Fact>
    </dl>
  );
}

export function AccountFacts({ of }: { of: Account }) {
  return (
    <dl class="facts facts-one">
      <Fact name={more.account}>{of.label}</Fact>
      <Fact name={more.environment}>
        <Environment account={of} />
      </Fact>
      <Fact name={more.keyReadOnly}>{more.keyText(of.read_only)}</Fact>
      <Fact name={more.user}>{session.value?.user ?? t.none}</Fact>
      <Fact name={more.rights}>{more.rightsText(mayTrade())}</Fact>
    </dl>
  );
}

/** The switch: it says whose account comes to the front, and of which environment. An open ticket stays where it is. */
export function Others() {
  const others = accounts.value.filter((row) => row.id !== account.value?.id);
  return (
    <>
      {others.map((row) => (
        <button key={row.id} type="button" class="button row-button" onClick={() => chooseAccount(row.id)}>
          <span>{more.switchTo(row.label)}</span>
          <Environment account={row} />
        </button>
      ))}
    </>
  );
}

export function DetailsSheet() {
  const shown = health.value.kind;
  return (
    <Sheet title={more.connection} aside={<Chip />} onClose={hide}>
      <Links of={account.value} />
      {account.value && <AccountFacts of={account.value} />}
      <Others />
      {(shown === "error" || shown === "offline" || shown === "reconnecting") && (
        <button type="button" class="button" onClick={() => restart()}>
          {t.retry}
        </button>
      )}
    </Sheet>
  );
}
