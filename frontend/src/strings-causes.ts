// Why an order was cancelled that nobody asked to cancel here: Bybit's rejectReason and cancelType, in words.

const ownOrder = "It would have traded with another order of yours.";
const noMaker = "Nobody stood on the other side at its price.";
const limit = "The market was beyond the price that Bybit allows for it.";
const liquidation = "By Bybit, before a liquidation. Look at the position.";
const deleveraging = "By Bybit, before auto-deleveraging. Look at the position.";
const other = "The other one of its TP / SL pair triggered.";

export const causes: Record<string, string> = {
  EC_PostOnlyWillTakeLiquidity: "Post only, and it would have traded at once. Use a price further from the market.",
  EC_NoImmediateQtyToFill: noMaker,
  EC_NoEnoughQtyToFill: noMaker,
  EC_CancelForNoFullFill: "Not all of it could be filled at once.",
  EC_CancelByOrderValueZero: "What was left is worth less than one step.",
  EC_ReachRiskPriceLimit: limit,
  EC_ReachMarketPriceLimit: limit,
  EC_BySelfMatch: ownOrder,
  EC_StopBySelfMatch: ownOrder,
  CancelBySmp: ownOrder,
  CancelByReduceOnly: "Nothing was left for it to reduce.",
  CancelByCannotAffordOrderCost: "The balance did not suffice for it any more.",
  CancelByPrepareLiq: liquidation,
  CancelAllBeforeLiq: liquidation,
  CancelByPrepareAdl: deleveraging,
  CancelAllBeforeAdl: deleveraging,
  CancelByTpSlTsClear: "Its position ended, or its TP / SL was removed.",
  CancelByOCOTpCanceledBySlTriggered: other,
  CancelByOCOSlCanceledByTpTriggered: other,
  CancelByDCP: "By Bybit, since a program's connection was lost.",
  CancelBySettle: "By Bybit, as the market settled.",
};

export const bybitCancelled = (code: string) => `Bybit says ${code}.`;
