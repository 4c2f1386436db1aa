import { effect } from "@preact/signals";
import { render } from "preact";
import { account, readAddress } from "./state/focus.ts";
import { askAccepted, recall, startAsking } from "./state/attempts.ts";
import { now } from "./state/health.ts";
import { watchInstall } from "./state/install.ts";
import { watchKeys } from "./state/keyboard.ts";
import { watchLayout } from "./state/layout.ts";
import { signInWithLink, takeLink } from "./state/link.ts";
import { needMarkets } from "./state/markets.ts";
import { show } from "./state/overlay.ts";
import { probe, signedIn } from "./state/session.ts";
import { startUpdates } from "./state/update.ts";
import { feelPulse, pictures, startLive, synced } from "./net/live.ts";
import { watchPresence } from "./net/presence.ts";
import { watchOutcomes } from "./screens/Aftermath.tsx";
import { App, fetchParts } from "./screens/App.tsx";

function followAddress(): void {
  const link = takeLink();
  if (link) void enterBy(link);
  else if (readAddress() === "stop") show({ kind: "stop" });
}

/** A link that is no good leaves a session that is already there as it was. */
async function enterBy(link: string): Promise<void> {
  if (!(await signInWithLink(link))) await probe();
  if (signedIn.peek() === "yes") startLive();
}

/** The markets, if they are still missing: which ones there are depends on the accounts, and the first may come while the page
 * is open. */
function markets(): void {
  if (synced.value && account.value) needMarkets();
}

/** After each full picture: what earlier pages and lost answers left open. */
function afterSnapshot(): void {
  if (!synced.value || !pictures.value) return;
  if (recall()) show({ kind: "unsettled" });
  void askAccepted();
  fetchParts();
}

/** Somebody looks: the badge on the icon is empty. Only where notifications were allowed is there anything to do. */
function noteOpened(): void {
  if (signedIn.value !== "yes" || document.visibilityState !== "visible" || !("Notification" in window)) return;
  if (Notification.permission === "granted") void import("./push/device.ts").then((part) => part.opened()).catch(() => undefined);
}

/** In a task of its own, after the first picture and after the socket was asked for: a slow phone then answers a tap in between. */
function draw(): void {
  const root = document.getElementById("app");
  if (!root) return;
  root.replaceChildren();
  root.removeAttribute("aria-busy");
  render(<App />, root);
}

watchLayout();
watchKeys();
watchInstall();
watchPresence((time) => {
  now.value = time;
  void feelPulse(time);
});
startAsking();
watchOutcomes();
addEventListener("hashchange", followAddress);
effect(markets);
effect(afterSnapshot);
effect(noteOpened);
document.addEventListener("visibilitychange", noteOpened);
effect(() => {
  document.title = account.value ? `Tradepost · ${account.value.label}` : "Tradepost";
});

const invited = location.hash.startsWith("#link=");
followAddress();
if (!invited) {
  void probe();
  startLive();
}
setTimeout(draw);
void startUpdates();
