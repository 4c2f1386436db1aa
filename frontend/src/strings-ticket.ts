// What the ticket, Review, Close and Stop say.

import type { Side } from "./api/types.ts";
import type { Problem, Warning } from "./state/draft.ts";

export const tt = {
  title: "Order ticket",
  side: "Side",
  type: "Order type",
  unit: "Size unit",
  priceLabel: (quote: string, step: string) => `Price (${quote}, step ${step})`,
  sizeLabel: (unit: string, step: string) => `Size (${unit}, step ${step})`,
  sizeQuote: (unit: string) => `Size (${unit})`,
  equals: (amount: string) => `≈ ${amount}`,
  up: (name: string) => `${name} one step up`,
  down: (name: string) => `${name} one step down`,
  marketPrice: (price: string) => `At the market, now about ${price}. What does not fill at once is cancelled.`,
  postOnly: "Post only",
  reduceOnly: "Reduce only",
  tif: "Time in force",
  tifName: { GTC: "Good till cancelled", IOC: "Fill now, cancel the rest", FOK: "Fill all now or nothing", PostOnly: "Post only" },
  trigger: "Trigger",
  triggerPrice: "Trigger price",
  triggerLabel: (quote: string) => `Trigger price (${quote})`,
  triggerBy: "Watched price",
  by: { MarkPrice: "Mark", LastPrice: "Last", IndexPrice: "Index" },
  triggers: (by: string, direction: 1 | 2, price: string) => `Triggers when ${by} ${direction === 1 ? "rises" : "falls"} to ${price}`,
  then: "Then",
  thenMarket: "then Market",
  thenLimit: "then Limit",
  takeProfit: (unit: string) => (unit ? `Take profit (${unit})` : "Take profit"),
  stopLoss: (unit: string) => (unit ? `Stop loss (${unit})` : "Stop loss"),
  exitsIn: (unit: "price" | "percent" | "money", quote: string) => `TP and SL ${{ price: "as prices", percent: "in percent", money: `by what they bring or cost, in ${quote}` }[unit]}`,
  triggersUsed: (count: number) => `${count} of 10 trigger orders of this market are used.`,
  noExits: "A reduce-only order takes no take profit and no stop loss.",
  wrongSide: (field: "takeProfit" | "stopLoss", side: Side) => `Has to be ${(field === "takeProfit") === (side === "Buy") ? "above" : "below"} the entry`,
  stopPastLiquidation: "The stop loss lies past the liquidation price: it would never be reached.",
  beforeFees: (amount: string) => `${amount} before fees`,
  takeBy: "Take profit watches",
  stopBy: "Stop loss watches",
  covers: "They cover",
  tpsl: { Full: "The whole position", Partial: "This order" },
  slippage: "Max slippage (%)",
  slippageNote: "What would trade further away is cancelled. Empty for none.",
  slippageWrong: "0.01 to 10, at most two decimals",
  risk: "Risk",
  riskIn: "Risk counted in",
  riskPercent: "% of equity",
  riskLabel: (unit: string) => `Lost at the stop loss, at most (${unit})`,
  riskHint: "The size follows from the stop loss and the fees.",
  more: "More options",
  repeat: (order: string) => `Repeat: ${order}`,
  recentSizes: "Sizes used here lately",
  marginModes: { REGULAR_MARGIN: "Cross", ISOLATED_MARGIN: "Isolated", PORTFOLIO_MARGIN: "Portfolio" } as Record<string, string | undefined>,
  leverage: "Leverage:",
  whenPrice: (by: string, rises: boolean) => `when ${by} ${rises ? "rises" : "falls"} to`,
  about: "≈ ",
  fromTo: (from: string, to: string) => `${from} to ${to}`,
  fee: "Fee",
  maintenance: "Maintenance margin",
  lossAtStop: "Loss at stop",
  profitAtTake: "Profit at take profit",
  value: "Value",
  margin: "Margin",
  marginAt: (leverage: string) => `Margin at ${leverage}×`,
  available: "Available",
  after: "Position after",
  review: (side: Side) => (side === "Buy" ? "Review buy" : "Review sell"),
  reviewEmpty: (side: Side) => `${side === "Buy" ? "Review buy" : "Review sell"}: type a size`,
  reviewLong: (side: Side, size: string, at: string) => `Review: ${side === "Buy" ? "Buy" : "Sell"} ${size} ${at}`,
  atPrice: (price: string) => `at ${price}`,
  atMarket: "at market",
  rounded: (value: string, step: string) => `Rounded to ${value} (step ${step})`,
  shareOf: (leverage: string | null) =>
    leverage ? `Of your free margin, at ${leverage}×. Max leaves the fees.` : "Of your free margin, without leverage. Max leaves the fees.",
  shareOfPosition: "Shares of the position.",
  problem: (problem: Problem, limit: string, unit: string): string => {
    const name = problem.on === "price" ? "price" : problem.on === "trigger" ? "trigger price" : "size";
    switch (problem.code) {
      case "form": return "Digits and one decimal mark only";
      case "empty": return `Enter a ${name}`;
      case "zero": return "The price is below one step";
      case "no-price": return "No market price yet";
      case "wrong-side": return "On the wrong side of the entry";
      case "is-now": return "The price is there already";
      case "waits-rise": return "It waits for a rise: has to be above the price now";
      case "waits-fall": return "It waits for a fall: has to be below the price now";
      case "needs-stop": return "Needs a stop loss to reckon from";
      case "reckoning": return "";
      case "slippage": return "0.01 to 10, at most two decimals";
      case "nothing-to-reduce": return "Nothing to reduce on that side";
      case "below-min": return `The least is ${limit} ${unit}`;
      case "below-notional": return `The order must be worth ${limit} or more`;
      case "below-filled": return `${limit} ${unit} is filled already: has to be larger`;
      case "above-max": return `The most is ${limit} ${unit}`;
      case "far-off": return `More than 5 % beyond the market: ${limit} at the most`;
    }
  },
  problemLow: (limit: string) => `More than 5 % beyond the market: ${limit} at the least`,
  warning: {
    "off-market": "The price is more than 1 % beyond the market.",
    "post-only-crosses": "At this price post only would be cancelled at once.",
    "margin-short": "This needs more margin than is available.",
    "reduces-less": "Larger than the position: only the position is closed.",
    "no-slippage": "With a take profit or a stop loss, Bybit takes no slippage limit: it is left out.",
  } satisfies Record<Warning, string>,
  again: "The same order went out a moment ago.",
  stillUnknown: (id: string) => `Order ${id} is still unknown. It may be at Bybit already; this would be a second one.`,

  ofMarket: (market: string) => `of ${market}`,
  onMarket: (market: string) => `on ${market}`,
  worth: (amount: string) => `for ${amount}`,

  reviewTitle: "Check your order",
  sentTitle: "Your order",
  priceNow: "Price now",
  wasPrice: (price: string) => `was ${price}`,
  holdTo: (side: Side) => (side === "Buy" ? "Hold to buy" : "Hold to sell"),
  tapTo: (side: Side, size: string) => `${side === "Buy" ? "Buy" : "Sell"} ${size}`,
  keepHolding: "Keep holding",
  holdLeft: (tenths: number) => ` 0.${tenths} s`,
  placeNow: "Place now",
  confirmNow: "Confirm now",
  moved: "The market moved. Look again before you send.",
  seenChanged: (text: string) => `Your position changed meanwhile: ${text}. Check again.`,
  seenExpired: "The picture was too old when you sent this. Check again.",
  elsewhere: "The account in front changed. Go back and start anew.",

  sending: "Sending…",
  accepted: "Accepted by Bybit, waiting for the book",
  working: "Open in the book",
  waiting: "Waits for its trigger",
  partly: (done: string, all: string) => `Part filled: ${done} of ${all}`,
  filled: "Filled",
  filledAt: (size: string, price: string) => `${size} at ${price}`,
  cancelled: "Cancelled",
  cancelledAfter: (done: string) => `Cancelled after ${done} filled`,
  unknown: "We do not know yet",
  checking: (id: string) => `Checking order ${id}…`,
  unknownLead: "There is no answer so far. Do not send it again: Tradepost is looking it up by its id.",
  notPlaced: "Not placed",
  notPlacedLead: "The request never arrived. Nothing was sent.",
  rejected: "Rejected",
  code: (code: string) => `Code ${code}`,
  orderId: (id: string) => `Order ${id}`,

  proven: "It is you. Nothing was sent yet: look once more, then confirm.",
  refused: {
    unauthenticated: "You are signed out. Nothing was sent.",
    csrf: "The page was too old to send this. Nothing was sent; try again.",
    forbidden: "You may not trade on this account. Nothing was sent.",
    not_reconciled: "Tradepost is still checking your orders with Bybit. Nothing was sent; try again in a moment.",
    id_conflict: "This order's id is taken by another order. Nothing was sent; review it anew.",
    seen_invalid: "The page's picture could not be read. Nothing was sent; reload.",
    busy: "Too many requests. Nothing was sent; wait a moment.",
    other: "Not accepted. Nothing was sent.",
  },

  // Bybit's codes: the cause, what became of the money, what to do.
  bybit: {
    "110007": "Not enough margin. Nothing was traded. Use a smaller size.",
    "110094": "Worth less than Bybit's least order value. Nothing was traded. Use a larger size.",
    "110090": "The position would be larger than its leverage allows. Nothing was traded. Use a smaller size, or less leverage at Bybit.",
    "110003": "The price is outside the range that Bybit takes. Nothing was traded. Use a price nearer to the market.",
    "110020": "Too many open orders. Nothing was traded. Cancel one and place this again.",
    "110017": "Nothing is left to reduce on that side. Nothing was traded. Look at the position before you try again.",
    "10001": "Bybit could not read a part of this order. Nothing was traded. Check price and size.",
  },
  marginShort: (needed: string, free: string) => `Not enough margin: needs ${needed}, free ${free}. Nothing was traded. Use a smaller size.`,
  bybitOther: "Bybit refused it. Nothing was traded.",
  bybitSaid: (message: string) => `Bybit refused it: ${message.replace(/\.$/, "")}. Nothing was traded.`,
  useSize: (size: string) => `Use ${size}`,

  closeTitle: (symbol: string) => `Close ${symbol}`,
  expected: "Expected P&L, before fees",
  closeShare: "Share of the position",
  closeButton: (size: string) => `Close ${size}`,
  holdToClose: (size: string) => `Hold to close ${size}`,
  closeLead: "Closing only reduces; it cannot turn the position around.",
  closeGone: "This position is closed.",

  stopTitle: "Stop",
  pauseTitle: "Pause new orders",
  pauseLead: "Refuses every order that adds risk on this account: from here, from other devices and from scripts. Open orders and positions stay.",
  pauseButton: "Pause new orders",
  pausedTitle: "New orders are paused",
  pausedLead: (by: string, when: string) => `By ${by}, ${when}. Open orders stay and may still fill; cancelling and closing work.`,
  goOn: "Let it trade again",
  holdGoOn: "Hold to let it trade again",
  pauseFailed: (why: string) => `Nothing was changed: ${why}`,
  pauseUnknown: "No answer. Whether it is paused shows here with the next heartbeat.",
  pauseSaid: "New orders are paused.",
  goOnSaid: "Trading goes on.",
  stopScope: (label: string) => `This account: ${label}`,
  cancelAllTitle: "Cancel all orders",
  cancelAllCount: (orders: number, markets: number) =>
    orders === 0 ? "There are no open orders that we know of." : `Cancels ${orders} ${orders === 1 ? "order" : "orders"} on ${markets} ${markets === 1 ? "market" : "markets"}.`,
  cancelAllDoubt: (orders: number) =>
    orders === 1 ? "1 order has no answer yet: if it stands at Bybit it is cancelled too." : `${orders} orders have no answer yet: those that stand at Bybit are cancelled too.`,
  cancelAllGuards: "TP / SL orders stay.",
  closeAllTitle: "Close all positions",
  closeAllCount: (count: number) =>
    count === 0 ? "There are no open positions." : `Closes ${count} ${count === 1 ? "position" : "positions"} at market.`,
  holdCancelAll: "Hold to cancel all",
  holdCloseAll: "Hold to close all",
  working2: "Working…",
  stopDone: (done: number, all: number) => `${done} of ${all} done.`,
  stopUnknown: "No answer. Look at the list before you do it again.",
  result: { cancelled: "Cancelled", already_final: "Was over already", failed: "Failed", unknown: "No proof yet" },
  closing: "Accepted, not closed yet",
  closed: "Closed",
  partClosed: (done: string, all: string) => `Part closed: ${done} of ${all}`,
  stillOpen: "Cancelled, still open",
  notClosed: (why: string) => (why ? `Refused: ${why}` : "Refused"),
  stopClosed: (done: number, all: number) => `${done} of ${all} closed.`,

  unsettledTitle: (count: number) => (count === 1 ? "1 order without an answer" : `${count} orders without an answer`),
  unsettledLead: "The page closed before it knew what became of these. Tradepost is looking them up.",
} as const;
