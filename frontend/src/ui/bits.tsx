// Small pieces that several screens share.

import type { ComponentChildren } from "preact";
import type { Account, Side } from "../api/types.ts";
import { dec, mul, read, round, sign, ZERO } from "../lib/decimal.ts";
import { NONE, signed } from "../lib/format.ts";
import { account } from "../state/focus.ts";
import { fresh } from "../state/health.ts";
import { show } from "../state/overlay.ts";
import { glyph, t } from "../strings.ts";
import { Icon, type IconName } from "./icons.tsx";

export function Fact({ name, children }: { name: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function SideMark({ side, held }: { side: Side; held?: boolean }) {
  return (
    <span class="side" data-tone={side === "Buy" ? "up" : "down"}>
      <span aria-hidden="true">{glyph[side]} </span>
      {held ? t.held(side) : t.side(side)}
    </span>
  );
}

/** An amount that is coloured by its sign, and always carries the sign itself. */
export function Amount({ value }: { value: string | null }) {
  // By what is shown: an amount that rounds to nothing has no colour.
  const way = sign(round(read(value) ?? ZERO, 2));
  return (
    <span class="number" data-tone={way > 0 ? "up" : way < 0 ? "down" : undefined}>
      {signed(value)}
    </span>
  );
}

/** "+1.23%" of a ratio. */
export function percent(rate: string | null | undefined): string | null {
  const known = read(rate);
  return known ? `${signed(mul(known, dec("100")))}%` : null;
}

export function Change({ rate }: { rate: string | null | undefined }) {
  const way = sign(read(rate) ?? ZERO);
  return (
    <span class="number" data-tone={way > 0 ? "up" : way < 0 ? "down" : undefined}>
      {percent(rate) ?? NONE}
    </span>
  );
}

export function Environment({ account }: { account: Account }) {
  return (
    <span class="environment" data-environment={account.environment}>
      {t.environment[account.environment]}
    </span>
  );
}

/** Whose account it is, beside a sheet's title: its environment and its own name. */
export function Place({ account }: { account: Account | undefined }) {
  if (!account) return null;
  return (
    <span class="ticket-place">
      <Environment account={account} />
      <span class="head-label">{account.label}</span>
    </span>
  );
}

export function Note({ icon, tone, children }: { icon?: IconName; tone?: "warn" | "bad" | "good"; children: ComponentChildren }) {
  return (
    <p class="note" data-tone={tone}>
      {icon && <Icon name={icon} size={20} />}
      <span>{children}</span>
    </p>
  );
}

export function Empty({ children, action, onAction }: { children: ComponentChildren; action?: string; onAction?: () => void }) {
  return (
    <div class="empty">
      <p>{children}</p>
      {action && (
        <button type="button" class="button" onClick={onAction}>
          {action}
        </button>
      )}
    </div>
  );
}

/** The way from a list to what ends all of it in the account in front: Stop tells what it will do, and asks for a hold. */
export function EndAll({ of, children }: { of: readonly { account: string }[]; children: ComponentChildren }) {
  if (of.filter((row) => row.account === account.value?.id).length < 2) return null;
  return (
    <button type="button" class="button end-all" aria-haspopup="dialog" onClick={() => show({ kind: "stop" })}>
      {children}
    </button>
  );
}

/** Stands where a list will be, as tall as a card of it, until the first picture of the account is here. */
export function Waiting() {
  return <div class="card waiting" aria-hidden="true" />;
}

/** Numbers that dim together when they can no longer be trusted. */
export function Dated({ children, class: name }: { children: ComponentChildren; class?: string }) {
  return (
    <div class={name} data-old={fresh.value ? undefined : ""}>
      {children}
    </div>
  );
}
