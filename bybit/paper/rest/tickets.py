"""From the parameters of order/create and order/amend to a ticket; refuses with 10001 what it cannot read."""

from __future__ import annotations

import re
from decimal import Decimal

from ..engine.checks import Ticket, check_slippage
from ..engine.errors import bad_parameter
from ..engine.numbers import ZERO, parse
from ..engine.trading import Change
from .call import Context

_LINK_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")
_TIFS = ("GTC", "IOC", "FOK", "PostOnly")
_SMP = ("None", "CancelMaker", "CancelTaker", "CancelBoth")
_SLIPPAGE = ("TickSize", "Percent")
# Orders that wait for a price, and orders attached to a position, are not part of this exchange.
_CONDITIONAL = ("triggerPrice", "takeProfit", "stopLoss", "tpLimitPrice", "slLimitPrice")
_NOTHING = ("", "0", "0.0")


def category(context: Context) -> str:
    """The category of a command. Refuses with 10001 whatever is not linear."""
    value = context.text("category")
    if value != "linear":
        raise bad_parameter(
            "params error: category invalid, only linear is traded here" if value else "category"
        )
    return value


def symbol(context: Context) -> str:
    """The symbol of a command. Refuses with 10001 an unknown one."""
    value = context.text("symbol")
    context.venue.ledger.symbol_book(value)
    return value


def link_id(context: Context) -> str:
    """The orderLinkId, "" when there is none. Refuses with 10001 a wrong length or character."""
    value = context.text("orderLinkId")
    if value and not _LINK_ID.fullmatch(value):
        raise bad_parameter("params error: OrderLinkId invalid, at most 36 of A-Z a-z 0-9 - _")
    return value


def ticket(context: Context, create_type: str = "CreateByUser") -> Ticket:
    """A new order's ticket."""
    category(context)
    refuse_conditional(context)
    _check_position_mode(context)
    order_type = _one_of(context, "orderType", ("Market", "Limit"))
    slippage_type, slippage = _slippage(context, order_type)
    return Ticket(
        account=context.account,
        symbol=symbol(context),
        side=_one_of(context, "side", ("Buy", "Sell")),
        order_type=order_type,
        qty=_positive(context, "qty", zero=_flag(context, "reduceOnly") and _flag(context, "closeOnTrigger")),
        price=ZERO if order_type == "Market" else _positive(context, "price"),
        tif=_time_in_force(context, order_type),
        link_id=link_id(context),
        reduce_only=_flag(context, "reduceOnly"),
        close_on_trigger=_flag(context, "closeOnTrigger"),
        smp_type=_one_of(context, "smpType", _SMP, "None"),
        slippage_type=slippage_type,
        slippage=slippage,
        create_type=create_type,
    )


def change(context: Context) -> Change:
    """What an amend asks for."""
    refuse_conditional(context)
    wanted = [name for name in ("qty", "price") if context.text(name) not in ("", "0")]
    if not wanted:
        raise bad_parameter("The order remains unchanged as the parameters entered match the existing ones.")
    values = {name: _positive(context, name) for name in wanted}
    return Change(values.get("qty"), values.get("price"))


def refuse_conditional(context: Context) -> None:
    """10001 for trigger prices, take-profits and stop-losses."""
    for name in _CONDITIONAL:
        if context.text(name) not in _NOTHING:
            raise bad_parameter(f"params error: {name} is not supported on the paper exchange")


def _check_position_mode(context: Context) -> None:
    if context.text("positionIdx") not in ("", "0"):
        raise bad_parameter("position idx not match position mode")


def _time_in_force(context: Context, order_type: str) -> str:
    tif = _one_of(context, "timeInForce", _TIFS, "GTC")
    if order_type == "Limit":
        return tif
    if tif == "PostOnly":
        raise bad_parameter("params error: timeInForce invalid for a market order")
    return "IOC"


def _slippage(context: Context, order_type: str) -> tuple[str, str]:
    kind = context.text("slippageToleranceType")
    if kind in ("", "UNKNOWN"):
        return "UNKNOWN", "0"
    kind = _one_of(context, "slippageToleranceType", _SLIPPAGE)
    amount = _positive(context, "slippageTolerance")
    if order_type != "Market":
        raise bad_parameter("params error: slippageTolerance is for market orders")
    check_slippage(kind, amount)
    return kind, context.text("slippageTolerance")


def _one_of(context: Context, name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    value = context.text(name)
    if value == "" and default is not None:
        return default
    if value not in allowed:
        raise bad_parameter(f"params error: {name} invalid")
    return value


def _positive(context: Context, name: str, zero: bool = False) -> Decimal:
    raw = context.params.get(name)
    value = None if isinstance(raw, float) else parse(raw)
    if value is None or value < 0 or (value == 0 and not zero):
        raise bad_parameter(f"params error: {name} invalid")
    return value


def _flag(context: Context, name: str) -> bool:
    value = context.params.get(name)
    if value in (None, "", False, "false"):
        return False
    if value in (True, "true"):
        return True
    raise bad_parameter(f"params error: {name} invalid")
