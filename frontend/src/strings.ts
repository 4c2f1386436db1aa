// Every sentence that the console says, in one place, so that another language is another file like this one.

import type { Block, Cause, Kind } from "./state/health.ts";
import type { Side } from "./api/types.ts";

export const glyph = { Buy: "▲", Sell: "▼" } as const;

export const t = {
  app: "Tradepost",
  tabs: { trade: "Trade", positions: "Positions", orders: "Orders", more: "More" },
  buyLong: "Buy / Long",
  sellShort: "Sell / Short",
  side: (side: Side) => (side === "Buy" ? "Buy" : "Sell"),
  held: (side: Side) => (side === "Buy" ? "Long" : "Short"),
  flat: "Flat",
  limit: "Limit",
  market: "Market",
  price: "Price",
  size: "Size",
  last: "Last",
  mark: "Mark",
  bid: "Bid",
  ask: "Ask",
  mid: "Mid",
  spread: "Spread",
  max: "Max",
  close: "Close",
  cancel: "Cancel",
  back: "Back",
  done: "Done",
  dismiss: "Put away",
  retry: "Retry",
  notAvailable: "not available",
  none: "none",
  stop: "Stop",
  account: "Account",
  environment: { paper: "PAPER", testnet: "TESTNET", demo: "DEMO", live: "LIVE" },

  chip: {
    loading: "Connecting…",
    live: "Live",
    stale: "Stale",
    reconnecting: "Reconnecting…",
    offline: "Offline: read only",
    error: "Error",
    signedout: "Signed out",
    update: "Update needed",
  } satisfies Record<Kind, string>,
  chipAge: (seconds: bigint | number) => `Stale ${seconds} s`,
  cause: (cause: Cause | null, seconds: number): string => {
    if (cause === "heartbeat") return `Tradepost has said nothing for ${seconds} s.`;
    if (cause === "public") return `Prices are ${seconds} s old.`;
    if (cause === "private") return `News of your orders is ${seconds} s old.`;
    if (cause === "gap") return "Catching up on missed news.";
    if (cause === "resyncing") return "Tradepost is checking your orders with Bybit.";
    if (cause === "down") return "Tradepost has lost Bybit's stream.";
    return "";
  },
  paused: "New orders are paused until the feed is back.",
  notLive: (kind: Kind): string => {
    if (kind === "reconnecting") return "Connection lost, trying again. New orders are paused.";
    if (kind === "offline") return "Offline: read only. Your orders at Bybit stay as they are.";
    if (kind === "error") return "Tradepost answers with an error. New orders are paused.";
    if (kind === "loading") return "Waiting for the first full picture of your account.";
    if (kind === "update") return "This page is too old for the server. Read only until you reload.";
    return "";
  },
  asOf: (time: string) => `as of ${time}`,
  announce: {
    live: "Live.",
    stale: "Prices are stale. New orders are paused.",
    reconnecting: "Connection lost. Reconnecting.",
    offline: "Offline. Read only.",
    error: "Server error.",
    loading: "Connecting.",
    signedout: "Signed out.",
    update: "Update needed. Read only.",
  } satisfies Record<Kind, string>,
  patient: "The server cannot be reached. Trying again every few seconds.",
  block: {
    "not-live": "",
    "read-only": "This account's key is read only.",
    "no-right": "You may look, but not trade.",
    update: "Reload to trade.",
    "no-account": "No account is connected.",
  } satisfies Record<Block, string>,
  staleWarning: "The picture may be old. Cancelling and closing are tried, but may not get through.",

  signIn: {
    title: "Sign in",
    lead: "Your own trading console.",
    user: "User name",
    password: "Password",
    submit: "Sign in",
    busy: "Signing in…",
    link: "Or open a sign-in link: it is printed when the demo starts, and by manage.py signinlink.",
    badLink: "This link was used already or is older than 15 minutes. Ask for a new one, or sign in with your password.",
    badPassword: "User name or password is wrong.",
    tooMany: "Too many attempts. Wait a minute.",
    silent: "The server does not answer.",
    failed: (code: string) => `That did not work (${code}).`,
  },

  markets: {
    title: "Markets",
    search: "Search markets",
    none: (query: string) => `No market matches “${query}”.`,
    loading: "Loading markets…",
    failed: "The list of markets could not be loaded.",
    perp: "Perpetual",
    upTo: (leverage: string) => `up to ${leverage}×`,
    current: "shown now",
  },

  position: {
    none: "No position",
    size: "Size",
    entry: "Entry",
    liq: "Liq.",
    margin: "Margin",
    leverage: "Leverage",
    pnl: "Open P&L",
    tpsl: "TP / SL",
    empty: "No open positions. Open one from Trade.",
    emptyHere: "No open positions.",
    goTrade: "Go to Trade",
    differs: (text: string) => `Bybit and our fills differ: ${text}`,
    closeAsk: "Close…",
    equity: "Equity",
    available: "Available",
    market: "Market",
    side: "Side",
    account: "Account",
    action: "Action",
  },

  orders: {
    empty: "No open orders.",
    here: "Open orders",
    filled: (done: string, all: string) => `${done} of ${all} filled`,
    cancelling: "Cancelling…",
    cancelUnknown: "No proof yet that it was cancelled. Checking.",
    cancelFailed: (why: string) => `Not cancelled: ${why}`,
    cancelled: "Order cancelled.",
    reduceOnly: "reduce only",
    external: "made elsewhere",
    type: "Type",
    age: "Age",
    state: { new: "New", sending: "Sending", unknown: "Checking", acked: "Accepted", working: "Open", filled: "Filled", cancelled: "Cancelled", rejected: "Rejected" },
    cancelLabel: (what: string) => `Cancel ${what}`,
  },
} as const;

export const more = {
  connection: "Connection",
  account: "Account",
  environment: "Environment",
  user: "Signed in as",
  rights: "Rights",
  rightsText: (trade: boolean) => (trade ? "Read and trade" : "Read only"),
  keyReadOnly: "Key",
  keyText: (readOnly: boolean) => (readOnly ? "Read only" : "May trade"),
  toTradepost: "This page",
  toBybitPublic: "Bybit, prices",
  toBybitPrivate: "Bybit, your account",
  ageText: (age: string) => `heard ${age} ago`,
  notWatched: "nothing watched",
  noNews: "no news",
  socket: { idle: "closed", connecting: "connecting", open: "connected", waiting: "waiting to try again", asleep: "asleep" },
  stream: { live: "following", resyncing: "checking with Bybit", down: "lost" },
  switchTo: (label: string) => `Show ${label}`,
  shown: "shown",
  appearance: "Appearance",
  theme: "Theme",
  themes: { auto: "Auto", dark: "Dark", light: "Light" },
  palette: "Colours of up and down",
  palettes: { "green-red": "Green, red", "blue-orange": "Blue, orange", swapped: "Red, green" },
  shortcuts: "Keyboard shortcuts",
  shortcutsShow: "Show shortcuts",
  haptics: "Vibration",
  on: "On",
  off: "Off",
  install: "Install on this device",
  installLead: "Opens in a window of its own, from your home screen.",
  installApple: "In Safari: Share, then Add to Home Screen.",
  insecure: "Installing needs HTTPS or localhost.",
  signOut: "Sign out",
  signOutFailed: "Signing out failed. Try again.",
  about: "About",
  build: "Build",
  licences: "Licences",
  licenceText: "Tradepost's console contains Preact and @preact/signals, both under the MIT licence, © Jason Miller and the Preact authors.",
  notBybit: "Tradepost is independent of Bybit.",
  updateReady: "New version ready.",
  reload: "Reload",
  later: "Later",
} as const;

export const keys = {
  title: "Keyboard",
  list: [
    ["/", "Search markets"],
    ["1 – 4", "Trade, Positions, Orders, More"],
    ["b  s", "Ticket: buy, sell"],
    ["l  m", "Ticket: limit, market"],
    ["↑ ↓", "In a field: one step; with Shift, ten. In a table: the row"],
    ["Enter", "Review"],
    ["Ctrl Enter", "In Review: go to Place now"],
    ["x", "In a table: cancel the order"],
    ["c", "In a table: close the position"],
    [".", "Stop"],
    ["r", "Read the price aloud"],
    ["?", "This list"],
    ["Esc", "Back"],
  ],
  note: "No single key ever sends an order. All of them can be turned off in More.",
} as const;
