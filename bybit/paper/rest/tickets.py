"""From the parameters of order/create and order/amend to a ticket; refuses with 10001 what it cannot read."""

from __future__ import annotations

import re

from ..engine.checks import Ticket, check_slippage
from ..engine.errors import Refusal, bad_parameter
from ..engine.numbers import ZERO
from ..engine.specs import SPECS
from ..engine.spot_specs import SPOT
from ..engine.trading import Change
from . import stop_params
from .call import Context
from .params import flag, one_of, positive

_LINK_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")
_TIFS = ("GTC", "IOC", "FOK", "PostOnly")
_SMP = ("None", "CancelMaker", "CancelTaker", "CancelBoth")
_SLIPPAGE = ("TickSize", "Percent")
_UNITS = ("quoteCoin", "baseCoin")


def category(context: Context, spot: bool = False) -> str:
    """The category of a command: linear, or where it may be, spot. Refuses with 10001 any other."""
    value = context.text("category")
    if value != "linear" and not (spot and value == "spot"):
        raise bad_parameter(f"params error: category {value} is not traded here" if value else "category")
    return value


def symbol(context: Context) -> str:
    """The market that symbol and category of a command name, by its key in the engine. Refuses an unknown one
    with 10001, in spot with 170121."""
    value, spot = context.text("symbol"), context.text("category") == "spot"
    found = next((spec for spec in (SPOT if spot else SPECS).values() if spec.symbol == value), None)
    if found is None:
        raise (
            Refusal(170121, "Invalid symbol.")
            if spot
            else bad_parameter("params error: symbol invalid " + value)
        )
    return found.key


def link_id(context: Context) -> str:
    """The orderLinkId, "" when there is none. Refuses with 10001 a wrong length or character."""
    value = context.text("orderLinkId")
    if value and not _LINK_ID.fullmatch(value):
        raise bad_parameter("params error: OrderLinkId invalid, at most 36 of A-Z a-z 0-9 - _")
    return value


def ticket(context: Context, create_type: str = "CreateByUser") -> Ticket:
    """A new order's ticket."""
    if category(context, spot=True) == "spot":
        return spot_ticket(context)
    order_type = one_of(context, "orderType", ("Market", "Limit"))
    slippage_type, slippage = _slippage(context, order_type)
    return Ticket(
        account=context.account,
        symbol=symbol(context),
        side=one_of(context, "side", ("Buy", "Sell")),
        order_type=order_type,
        qty=positive(context, "qty", zero=flag(context, "reduceOnly") and flag(context, "closeOnTrigger")),
        price=ZERO if order_type == "Market" else positive(context, "price"),
        tif=_time_in_force(context, order_type),
        link_id=link_id(context),
        reduce_only=flag(context, "reduceOnly"),
        close_on_trigger=flag(context, "closeOnTrigger"),
        smp_type=one_of(context, "smpType", _SMP, "None"),
        slippage_type=slippage_type,
        slippage=slippage,
        create_type=create_type,
        position_idx=position_idx(context),
        trigger=stop_params.trigger(context),
        brackets=stop_params.brackets(context),
    )


def spot_ticket(context: Context) -> Ticket:
    """A new spot order's ticket. orderFilter says whether it waits for triggerPrice, and with its funds locked."""
    order_type = one_of(context, "orderType", ("Market", "Limit"))
    market, side = order_type == "Market", one_of(context, "side", ("Buy", "Sell"))
    slippage_type, slippage = _slippage(context, order_type)
    if stop_params.brackets(context) is not None or context.text("isLeverage") == "1":
        raise bad_parameter("params error: takeProfit, stopLoss and isLeverage are not for spot here")
    unit = one_of(context, "marketUnit", _UNITS, "quoteCoin" if side == "Buy" else "baseCoin")
    return Ticket(
        account=context.account,
        symbol=symbol(context),
        side=side,
        order_type=order_type,
        qty=positive(context, "qty"),
        price=ZERO if market else positive(context, "price"),
        tif=_time_in_force(context, order_type),
        link_id=link_id(context),
        smp_type=one_of(context, "smpType", _SMP, "None"),
        slippage_type=slippage_type,
        slippage=slippage,
        create_type="",
        trigger=stop_params.spot_trigger(context),
        category="spot",
        market_unit=unit if market else "",
    )


def change(context: Context) -> Change:
    """What an amend asks for."""
    prices = {
        name: positive(context, name) if context.text(name) not in ("", "0") else None
        for name in ("qty", "price", "triggerPrice")
    }
    by = one_of(context, "triggerBy", stop_params.TRIGGERS, "") or None
    profit, loss = stop_params.leg_change(context, "tp"), stop_params.leg_change(context, "sl")
    mode = one_of(context, "tpslMode", stop_params.MODES, "")
    wanted = Change(prices["qty"], prices["price"], prices["triggerPrice"], by, profit, loss, mode)
    if wanted == Change():
        raise bad_parameter("The order remains unchanged as the parameters entered match the existing ones.")
    return wanted


def position_idx(context: Context) -> int:
    """The positionIdx; 0 when it is not there. Refuses with 10001 what is not 0, 1 or 2."""
    return int(one_of(context, "positionIdx", ("0", "1", "2"), "0"))


def _time_in_force(context: Context, order_type: str) -> str:
    tif = one_of(context, "timeInForce", _TIFS, "GTC")
    if order_type == "Limit":
        return tif
    if tif == "PostOnly":
        raise bad_parameter("params error: timeInForce invalid for a market order")
    return "IOC"


def _slippage(context: Context, order_type: str) -> tuple[str, str]:
    kind = context.text("slippageToleranceType")
    if kind in ("", "UNKNOWN"):
        return "UNKNOWN", "0"
    kind = one_of(context, "slippageToleranceType", _SLIPPAGE)
    amount = positive(context, "slippageTolerance")
    if order_type != "Market":
        raise bad_parameter("params error: slippageTolerance is for market orders")
    check_slippage(kind, amount)
    return kind, context.text("slippageTolerance")
