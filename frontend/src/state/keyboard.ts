// Keys for a desk. None of them sends anything; they move, open and ask. One switch in More turns them all off.

import { number } from "../lib/format.ts";
import { titleOf } from "../lib/market.ts";
import { t } from "../strings.ts";
import { say } from "./announce.ts";
import { tick } from "./derive.ts";
import { go, market, TABS } from "./focus.ts";
import { overlay, show } from "./overlay.ts";
import { shortcuts } from "./prefs.ts";
import { signedIn } from "./session.ts";
import { ticker } from "./store.ts";
import { change, desk, review } from "./ticket.ts";

function edit(part: Parameters<typeof change>[1]): void {
  const front = desk.peek();
  if (front) change(front, part);
  document.getElementById("ticket-size")?.focus();
}

function row(): HTMLElement | null {
  const at = document.activeElement;
  return at instanceof HTMLElement ? at.closest<HTMLElement>("tbody tr") : null;
}

function pressIn(selector: string): void {
  const button = row()?.querySelector<HTMLButtonElement>(selector);
  // To the button, not through it: the next key is the reader's answer.
  button?.focus();
}

function moveRow(event: KeyboardEvent): void {
  const from = row();
  const next = event.key === "ArrowDown" ? from?.nextElementSibling : from?.previousElementSibling;
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}

export function readPrice(): void {
  const quote = ticker(market.peek()).peek();
  say(`${titleOf(market.peek())}: ${t.last} ${number(quote?.last, tick(market.peek()))}`);
}

function closeRow(): void {
  const position = row()?.dataset["position"];
  if (position) show({ kind: "close", position });
}

const ACTIONS: Record<string, () => void> = {
  "/": () => show({ kind: "markets" }),
  ".": () => show({ kind: "stop" }),
  "?": () => show({ kind: "keys" }),
  b: () => edit({ side: "Buy" }),
  s: () => edit({ side: "Sell" }),
  l: () => edit({ type: "Limit" }),
  m: () => edit({ type: "Market" }),
  t: () => edit({ type: "Trigger" }),
  x: () => pressIn("[data-order] .cell-action button:last-child"),
  c: closeRow,
  r: readPrice,
};

/** Puts the focus on the last step of Review, unfolding the button that needs no hold; pressing it is another key. */
function toConfirm(): void {
  const button = document.querySelector<HTMLButtonElement>("dialog [data-confirm]");
  button?.focus();
  if (button?.dataset["confirm"] === "hold") button.click();
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=radio]):not([type=checkbox]), select, textarea");
}

/** In a field for a number these mean nothing, and the ticket's keys put the focus into one. */
function isForTicket({ target, key }: KeyboardEvent): boolean {
  return key.length === 1 && "bslmt".includes(key) && target instanceof HTMLElement && target.matches("input[id^=ticket-][inputmode=decimal]");
}

export function watchKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (shortcuts.peek() === "off" || signedIn.peek() === "no" || event.defaultPrevented) return;
    if (review.peek() && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      toConfirm();
      return;
    }
    if (overlay.peek() || review.peek() || event.ctrlKey || event.metaKey || event.altKey || (isTyping(event.target) && !isForTicket(event))) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") return moveRow(event);
    const tab = TABS["12345".indexOf(event.key)];
    const action = tab && event.key.length === 1 ? () => go(tab) : ACTIONS[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
