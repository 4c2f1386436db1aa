"""Ledger entries in the shape of V5: every documented field, deprecated ones too, Bybit's empty values."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from .engine.margin import Holding, Margin, liquidation_price
from .engine.model import Execution, Order
from .engine.numbers import CENT8, ZERO, fixed, plain
from .engine.specs import TAKER_FEE
from .engine.spot_specs import MARKETS
from .spot_rows import adapt_execution, adapt_order
from .stop_rows import bracket_fields, protection_fields, trigger_fields

Row = dict[str, Any]


def order_row(order: Order) -> Row:
    """An order as GET /v5/order/realtime shows it."""
    spec = MARKETS[order.symbol]
    average = order.cum_value / order.cum_qty if order.cum_qty else None
    row = {
        "orderId": order.order_id, "orderLinkId": order.link_id,
        "parentOrderLinkId": order.parent_link, "blockTradeId": "",
        "symbol": spec.symbol, "price": fixed(order.price, spec.tick), "qty": fixed(order.qty, spec.step),
        "side": order.side, "isLeverage": "", "positionIdx": order.position_idx, "orderStatus": order.status,
        "createType": order.create_type, "cancelType": order.cancel_type, "rejectReason": order.reject_reason,
        "avgPrice": "" if average is None else plain(average.quantize(CENT8)),
        "leavesQty": fixed(order.leaves, spec.step), "leavesValue": plain(order.leaves * order.price),
        "cumExecQty": fixed(order.cum_qty, spec.step), "cumExecValue": plain(order.cum_value),
        "cumExecFee": plain(order.cum_fee),
        "cumFeeDetail": {spec.settle_coin: plain(order.cum_fee)} if order.cum_qty else {},
        "timeInForce": order.tif, "orderType": order.order_type, "orderIv": "", "marketUnit": "",
        **trigger_fields(order, spec), **bracket_fields(order, spec), "ocoTriggerBy": "",
        "lastPriceOnCreated": fixed(order.last_on_created, spec.tick), "basePrice": "",
        "reduceOnly": order.reduce_only, "closeOnTrigger": order.close_on_trigger,
        "placeType": "", "smpType": order.smp_type, "smpGroup": 0, "smpOrderId": order.smp_order_id,
        "createdTime": str(order.created_ms), "updatedTime": str(order.updated_ms),
    }  # fmt: skip
    return adapt_order(row, order, spec) if order.is_spot else row


def _order_extras(order: Order) -> Row:
    return {
        "slippageToleranceType": order.slippage_type, "slippageTolerance": order.slippage,
        "rpiTakerAccess": False, "rpiMatchedQty": "0",
    }  # fmt: skip


def history_row(order: Order) -> Row:
    """An order as GET /v5/order/history shows it."""
    return {**order_row(order), **_order_extras(order), "extraFees": ""}


def order_push(order: Order) -> Row:
    """An order as the private topic `order` shows it."""
    row = order_row(order)
    del row["basePrice"]
    more = {"closedPnl": plain(order.closed_pnl), "feeCurrency": "", "brokerOrderPrice": ""}
    return {"category": order.category, **row, **_order_extras(order), **more}


def execution_row(execution: Execution) -> Row:
    """A fill as GET /v5/execution/list shows it."""
    spec = MARKETS[execution.symbol]
    row = {
        "symbol": spec.symbol, "orderId": execution.order_id, "orderLinkId": execution.link_id,
        "side": execution.side, "orderPrice": fixed(execution.order_price, spec.tick),
        "orderQty": fixed(execution.order_qty, spec.step), "leavesQty": fixed(execution.leaves, spec.step),
        "createType": execution.create_type, "orderType": execution.order_type,
        "stopOrderType": execution.stop_type,
        "execFee": plain(execution.fee), "execFeeV2": "", "execId": execution.exec_id,
        "execPrice": fixed(execution.price, spec.tick), "execQty": fixed(execution.qty, spec.step),
        "execType": execution.exec_type, "execValue": plain(execution.value),
        "execTime": str(execution.at_ms), "feeCurrency": spec.settle_coin, "isMaker": execution.is_maker,
        "feeRate": plain(execution.fee_rate), "tradeIv": "", "markIv": "",
        "markPrice": fixed(execution.mark, spec.tick), "indexPrice": "", "underlyingPrice": "",
        "blockTradeId": "", "closedSize": plain(execution.closed), "seq": execution.seq, "extraFees": "",
    }  # fmt: skip
    return adapt_execution(row, execution) if execution.category == "spot" else row


def execution_push(execution: Execution) -> Row:
    """A fill as the private topic `execution` shows it."""
    row = execution_row(execution)
    del row["execFeeV2"]
    more = {"execPnl": plain(execution.pnl.quantize(CENT8)), "isLeverage": "0", "extraFees": []}
    return {"category": execution.category, **row, **more, "marketUnit": ""}


def execution_fast_push(execution: Execution) -> Row:
    """A fill as the private topic `execution.fast` shows it: no orderLinkId for makers, no fee."""
    row = execution_row(execution)
    names = ("symbol", "execId", "execPrice", "execQty", "orderId", "isMaker", "side", "execTime", "seq")
    link = "" if execution.is_maker else execution.link_id
    return {"category": execution.category, **{name: row[name] for name in names}, "orderLinkId": link}


def position_row(holding: Holding, margin: Margin, protections: Iterable[Order] = ()) -> Row:
    """A position as GET /v5/position/list shows it; `protections` are the orders that protect it."""
    position, spec = holding.position, holding.spec
    size, value = abs(position.size), abs(position.cost)
    tier = spec.tier(size * holding.mark)
    held = size != 0
    liquidation = None if margin.is_portfolio else liquidation_price(margin, holding)
    initial, maintenance = plain(holding.initial), plain(holding.maintenance)
    return {
        "positionIdx": position.idx, "riskId": tier.id, "riskLimitValue": plain(tier.limit), "symbol": position.symbol,
        "side": ("Buy" if position.size > 0 else "Sell") if held else "", "size": plain(size),
        "avgPrice": plain((abs(position.exact) / size).quantize(CENT8)) if held else "0",
        "positionValue": plain(value) if held else "", "tradeMode": 0, "autoAddMargin": 0,
        "positionStatus": position.status, "adlRankIndicator": _adl_rank(holding) if held else 0,
        "leverage": "" if margin.is_portfolio else plain(position.leverage),
        "breakEvenPrice": _break_even(holding) if held else "",
        "markPrice": fixed(holding.mark, spec.tick),
        "liqPrice": "" if liquidation is None else fixed(liquidation, spec.tick), "bustPrice": "",
        "positionIM": initial if held else "", "positionIMByMp": initial if held else "",
        "positionMM": maintenance if held else "", "positionMMByMp": maintenance if held else "",
        "positionBalance": "0", "tpslMode": "Full", **protection_fields(protections, spec),
        "sessionAvgPrice": "", "delta": "", "gamma": "", "vega": "", "theta": "",
        "unrealisedPnl": plain(holding.unrealised.quantize(CENT8)) if held else "",
        "curRealisedPnl": plain(position.current_pnl.quantize(CENT8)),
        "cumRealisedPnl": plain(position.total_pnl.quantize(CENT8)),
        "createdTime": str(position.created_ms), "updatedTime": str(position.updated_ms),
        "openTime": position.opened_ms if held else 0, "seq": position.seq, "isReduceOnly": False,
        "mmrSysUpdatedTime": "", "mmrSysUpdateTime": "", "leverageSysUpdatedTime": "",
    }  # fmt: skip


def _break_even(holding: Holding) -> str:
    """(entry x size - realised of this holding) / (size - |size| x taker fee), as Bybit documents it."""
    position = holding.position
    price = (position.cost - position.current_pnl) / (position.size - abs(position.size) * TAKER_FEE)
    return plain(max(price, ZERO).quantize(CENT8))


def _adl_rank(holding: Holding) -> int:
    """The place in the queue of auto-deleveraging, 1 to 5: by the result in shares of the margin (profit rate times
    leverage), unless an operator has set it."""
    position = holding.position
    if position.adl_rank or not position.cost:
        return position.adl_rank or 1
    share = holding.unrealised * position.leverage / abs(position.cost)
    return 1 + sum(share > limit for limit in _ADL_SHARES)


# Results above which a position moves one place up in the queue, in shares of its margin.
_ADL_SHARES = (ZERO, Decimal("0.2"), Decimal("0.5"), Decimal(1))


def position_push(holding: Holding, margin: Margin, protections: Iterable[Order] = ()) -> Row:
    """A position as the private topic `position` shows it: the entry price has another name there."""
    row = position_row(holding, margin, protections)
    row["entryPrice"] = row.pop("avgPrice")
    return {"category": "linear", **row}
