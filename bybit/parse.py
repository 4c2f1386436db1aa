"""Rows of Bybit's wire into typed objects. Pure. Raises Malformed for a row that cannot be trusted; an unknown
enum value is no reason to refuse a row."""

from decimal import Decimal

from bybit.decimals import to_wire
from bybit.fields import Malformed as Malformed
from bybit.fields import Row
from bybit.fields import flag as _flag
from bybit.fields import integer as _integer
from bybit.fields import maybe as _maybe
from bybit.fields import maybe_integer as _maybe_integer
from bybit.fields import number as _number
from bybit.fields import positive as _positive
from bybit.fields import text as _text
from bybit.types import (
    ORDER_TERMS,
    REPORTED_TERMS,
    CashRow,
    ClosedRow,
    Execution,
    OrderReport,
    PositionReport,
    Terms,
    WalletCoin,
    WalletReport,
)


def order(row: Row, category: str | None = None) -> OrderReport:
    """A row of order/realtime, order/history or the `order` topic. REST rows carry no category: pass it."""
    return OrderReport(
        category=category or _text(row, "category"),
        symbol=_text(row, "symbol"),
        order_id=_text(row, "orderId"),
        order_link_id=_text(row, "orderLinkId", ""),
        side=_text(row, "side"),
        order_type=_text(row, "orderType"),
        status=_text(row, "orderStatus"),
        price=_positive(row, "price"),
        qty=_number(row, "qty"),
        cum_exec_qty=_maybe(row, "cumExecQty") or Decimal(0),
        avg_price=_positive(row, "avgPrice"),
        time_in_force=_text(row, "timeInForce", ""),
        trigger_price=_positive(row, "triggerPrice"),
        take_profit=_positive(row, "takeProfit"),
        stop_loss=_positive(row, "stopLoss"),
        reduce_only=_flag(row, "reduceOnly"),
        position_idx=_integer(row, "positionIdx", 0),
        stop_order_type=_text(row, "stopOrderType", ""),
        cancel_type=_text(row, "cancelType", ""),
        reject_reason=_text(row, "rejectReason", ""),
        created_ms=_integer(row, "createdTime"),
        updated_ms=_integer(row, "updatedTime"),
        terms=_terms(row),
    )


_TERMS = tuple((ORDER_TERMS | REPORTED_TERMS).items())
_NUMBERS = frozenset({"tpLimitPrice", "slLimitPrice", "slippageTolerance"})
_NO_VALUE = frozenset({"", "0", "UNKNOWN", "None"})


def _terms(row: Row) -> Terms:
    """What of an order's further terms has a value. Bybit writes "no value" as "", "0", "UNKNOWN" or "None"."""
    found: Terms = {}
    for wire, name in _TERMS:
        value = row.get(wire)
        if not value or (isinstance(value, str) and value in _NO_VALUE):
            continue
        if wire in _NUMBERS:
            number = _positive(row, wire)
            if number is not None:
                found[name] = to_wire(number)
        elif wire == "closeOnTrigger":
            found[name] = _flag(row, wire)
        elif wire == "triggerDirection":
            found[name] = _integer(row, wire)
        else:
            found[name] = _text(row, wire)
    return found


def execution(row: Row, category: str | None = None) -> Execution:
    """A row of execution/list or of the `execution` topic."""
    seq = row.get("seq")
    return Execution(
        category=category or _text(row, "category"),
        symbol=_text(row, "symbol"),
        exec_id=_text(row, "execId"),
        exec_type=_text(row, "execType"),
        order_id=_text(row, "orderId", ""),
        order_link_id=_text(row, "orderLinkId", ""),
        side=_text(row, "side"),
        price=_number(row, "execPrice"),
        qty=_number(row, "execQty"),
        value=_maybe(row, "execValue"),
        fee=_maybe(row, "execFee"),
        fee_currency=_text(row, "feeCurrency", ""),
        is_maker=_flag(row, "isMaker"),
        closed_size=_maybe(row, "closedSize"),
        order_qty=_maybe(row, "orderQty"),
        order_type=_text(row, "orderType", ""),
        exec_ms=_integer(row, "execTime"),
        seq=_integer(row, "seq") if seq not in (None, "") else None,
    )


def position(row: Row, category: str | None = None) -> PositionReport:
    """A row of position/list (entry in `avgPrice`) or of the `position` topic (entry in `entryPrice`)."""
    return PositionReport(
        category=category or _text(row, "category"),
        symbol=_text(row, "symbol"),
        position_idx=_integer(row, "positionIdx"),
        side=_text(row, "side"),
        size=_number(row, "size"),
        entry_price=_positive(row, "entryPrice" if "entryPrice" in row else "avgPrice"),
        mark_price=_positive(row, "markPrice"),
        liq_price=_positive(row, "liqPrice"),
        leverage=_positive(row, "leverage"),
        margin=_maybe(row, "positionIM"),
        unrealised_pnl=_maybe(row, "unrealisedPnl"),
        cur_realised_pnl=_maybe(row, "curRealisedPnl"),
        take_profit=_positive(row, "takeProfit"),
        stop_loss=_positive(row, "stopLoss"),
        trailing_stop=_positive(row, "trailingStop"),
        updated_ms=_integer(row, "updatedTime"),
        seq=_integer(row, "seq", -1),
        maintenance_margin=_maybe(row, "positionMM"),
        position_value=_maybe(row, "positionValue"),
        break_even_price=_positive(row, "breakEvenPrice"),
        cum_realised_pnl=_maybe(row, "cumRealisedPnl"),
        adl_rank=_maybe_integer(row, "adlRankIndicator"),
        position_status=_text(row, "positionStatus", ""),
        is_reduce_only=_flag(row, "isReduceOnly"),
        open_ms=_maybe_integer(row, "openTime") or None,
    )


def wallet(row: Row) -> WalletReport:
    """The account object of wallet-balance and of the `wallet` topic. Empty strings stay unknown."""
    coins = row.get("coin")
    if not isinstance(coins, list):
        raise Malformed("coin is not a list")
    return WalletReport(
        total_equity=_maybe(row, "totalEquity"),
        available=_maybe(row, "totalAvailableBalance"),
        coins=tuple(_coin(item) for item in coins),
        wallet_balance=_maybe(row, "totalWalletBalance"),
        margin_balance=_maybe(row, "totalMarginBalance"),
        unrealised_pnl=_maybe(row, "totalPerpUPL"),
        initial_margin=_maybe(row, "totalInitialMargin"),
        maintenance_margin=_maybe(row, "totalMaintenanceMargin"),
        im_rate=_maybe(row, "accountIMRate"),
        mm_rate=_maybe(row, "accountMMRate"),
    )


def _coin(row: Row) -> WalletCoin:
    balance, locked = _maybe(row, "walletBalance"), _maybe(row, "locked")
    position, orders = _maybe(row, "totalPositionIM"), _maybe(row, "totalOrderIM")
    available = None
    if None not in (balance, position, orders):
        bound = [part for part in (position, orders, locked, _maybe(row, "bonus")) if part is not None]
        available = balance - sum(bound, Decimal(0))  # type: ignore[operator]
    collateral = row.get("collateralSwitch")
    return WalletCoin(
        coin=_text(row, "coin"),
        equity=_maybe(row, "equity"),
        wallet_balance=balance,
        available=available,
        usd_value=_maybe(row, "usdValue"),
        unrealised_pnl=_maybe(row, "unrealisedPnl"),
        cum_realised_pnl=_maybe(row, "cumRealisedPnl"),
        locked=locked,
        order_margin=orders,
        position_margin=position,
        maintenance_margin=_maybe(row, "totalPositionMM"),
        borrowed=_maybe(row, "borrowAmount"),
        interest=_maybe(row, "accruedInterest"),
        is_collateral=collateral if isinstance(collateral, bool) else None,
    )


def closed(row: Row, category: str) -> ClosedRow:
    """A row of position/closed-pnl."""
    numbers = {
        "qty": "qty",
        "closed_size": "closedSize",
        "avg_entry_price": "avgEntryPrice",
        "avg_exit_price": "avgExitPrice",
        "cum_entry_value": "cumEntryValue",
        "cum_exit_value": "cumExitValue",
        "open_fee": "openFee",
        "close_fee": "closeFee",
        "leverage": "leverage",
    }
    return ClosedRow(
        category=category,
        symbol=_text(row, "symbol"),
        order_id=_text(row, "orderId", ""),
        side=_text(row, "side", ""),
        order_type=_text(row, "orderType", ""),
        exec_type=_text(row, "execType", ""),
        closed_pnl=_number(row, "closedPnl"),
        fill_count=_integer(row, "fillCount", 0),
        created_ms=_integer(row, "createdTime"),
        updated_ms=_integer(row, "updatedTime"),
        **{ours: _maybe(row, wire) for ours, wire in numbers.items()},
    )


def cash(row: Row) -> CashRow:
    """A row of account/transaction-log."""
    numbers = {
        "qty": "qty",
        "price": "tradePrice",
        "funding": "funding",
        "fee": "fee",
        "cash_flow": "cashFlow",
        "change": "change",
        "balance": "cashBalance",
    }
    side = _text(row, "side", "")
    return CashRow(
        log_id=_text(row, "id"),
        kind=_text(row, "type"),
        category=_text(row, "category", ""),
        symbol=_text(row, "symbol", ""),
        side="" if side == "None" else side,
        coin=_text(row, "currency"),
        trade_id=_text(row, "tradeId", ""),
        order_id=_text(row, "orderId", ""),
        at_ms=_integer(row, "transactionTime"),
        **{ours: _maybe(row, wire) for ours, wire in numbers.items()},
    )
