// Every sentence that the console says, in one place, so that another language is another file like this one.

import type { Block, Cause, Kind } from "./state/health.ts";
import type { Side } from "./api/types.ts";

export const glyph = { Buy: "▲", Sell: "▼" } as const;

export const t = {
  app: "Tradepost",
  tabs: { trade: "Trade", positions: "Positions", orders: "Orders", journal: "Journal", more: "More" },
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
  loading: "Loading…",
  partMissing: "This part of the page could not be loaded. Reload to get it.",
  stop: "Stop",
  updateReady: "New version ready.",
  reload: "Reload",
  later: "Later",
  lists: "Positions, orders or fills",
  fills: "Fills",
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
  paused: "New orders cannot be placed.",
  notLive: (kind: Kind): string => {
    if (kind === "reconnecting") return "Connection lost, trying again. New orders cannot be placed.";
    if (kind === "offline") return "Offline: read only. Your orders stay at Bybit and may still fill; stops there still work.";
    if (kind === "error") return "Tradepost answers with an error. New orders cannot be placed.";
    if (kind === "loading") return "Waiting for the first full picture of your account.";
    if (kind === "update") return "This page is too old for the server. Read only until you reload.";
    return "";
  },
  asOf: (time: string) => `Figures as of ${time}.`,
  announce: {
    live: "Live.",
    stale: "Prices are stale. New orders cannot be placed.",
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
    paused: "Trading is paused on this account. Cancelling and closing still work.",
    update: "Reload to trade.",
    "no-account": "No account is connected.",
  } satisfies Record<Block, string>,
  pausedBar: (label: string, by: string, time: string) => `${label}: paused by ${by}, ${time}. You can cancel and close.`,
  goOn: "Go on…",
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
    kinds: { linear: "Perpetual", spot: "Spot" },
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
    cancelOpen: "Still open at Bybit, as far as Tradepost knows. Cancel it again.",
    cancelLate: "Filled before it could be cancelled.",
    cancelFailed: (why: string) => `Not cancelled: ${why}`,
    cancelled: "Order cancelled.",
    reduceOnly: "reduce only",
    external: "made elsewhere",
    byBybit: "kept by Bybit",
    waiting: "Waiting",
    trigger: (price: string) => `when ${price}`,
    kind: {
      TakeProfit: "Take-profit",
      PartialTakeProfit: "Take-profit",
      StopLoss: "Stop-loss",
      PartialStopLoss: "Stop-loss",
      TrailingStop: "Trailing stop",
    } as Record<string, string | undefined>,
    type: "Type",
    age: "Age",
    stands: "State",
    state: { new: "New", sending: "Sending", unknown: "Checking", acked: "Accepted", working: "Open", filled: "Filled", cancelled: "Cancelled", rejected: "Rejected" },
    cancelLabel: (what: string) => `Cancel ${what}`,
  },
} as const;
