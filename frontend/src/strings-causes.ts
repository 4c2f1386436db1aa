// Why an order was cancelled that nobody asked to cancel: words for Bybit's rejectReason and cancelType.

export const causes: readonly [RegExp, string][] = [
  [/PostOnly/, "Post only, and it would have traded at once. Use a price further from the market."],
  [/NoImmediateQty|NoEnoughQty/, "Not enough stood on the other side at its price."],
  [/ValueZero/, "What was left was too little to trade."],
  [/NoFullFill/, "Not all of it could be filled at once."],
  [/PriceLimit/, "The market was beyond the price that Bybit allows for it."],
  [/SelfMatch|BySmp/, "It would have traded with another order of yours."],
  [/ReduceOnly/, "Nothing was left for it to reduce."],
  [/CannotAfford/, "The balance did not suffice for it any more."],
  [/Liq$/, "By Bybit, before a liquidation. Look at the position."],
  [/Adl$/, "By Bybit, before auto-deleveraging. Look at the position."],
  [/TpSlTs/, "Its position ended, or its TP / SL was changed."],
  [/OCO/, "The other one of its TP / SL pair came first."],
];

export const bybitCancelled = (code: string) => `Bybit says ${code}.`;
