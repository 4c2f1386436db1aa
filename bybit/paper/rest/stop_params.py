"""Parameters about triggers, take-profits, stop-losses and trailing stops."""

from __future__ import annotations

from ..engine.brackets import LegChange
from ..engine.errors import Refusal, bad_parameter
from ..engine.model import Brackets, Leg, Trigger
from ..engine.numbers import ZERO
from ..engine.trading_stop import StopChange
from .call import Context
from .params import one_of, optional

TRIGGERS = ("LastPrice", "MarkPrice", "IndexPrice")
MODES = ("Full", "Partial")
_TYPES = ("Market", "Limit")
_NAMES = {"tp": "takeProfit", "sl": "stopLoss"}


def trigger(context: Context) -> Trigger | None:
    """What a new order is to wait for; None when it is not conditional."""
    price = optional(context, "triggerPrice")
    if not price:
        return None
    direction = int(one_of(context, "triggerDirection", ("1", "2")))
    return Trigger(price, direction, one_of(context, "triggerBy", TRIGGERS, "LastPrice"), "Stop")


def spot_trigger(context: Context) -> Trigger | None:
    """What a new spot order is to wait for; None with the orderFilter Order. Its direction follows from the
    price."""
    name = one_of(context, "orderFilter", ("Order", "tpslOrder", "StopOrder"), "Order")
    price = optional(context, "triggerPrice")
    if name == "Order":
        return None
    if not price:
        raise Refusal(170130, "Data sent for parameter triggerPrice is not valid.")
    return Trigger(price, 0, "LastPrice", "tpslOrder" if name == "tpslOrder" else "Stop")


def brackets(context: Context) -> Brackets | None:
    """The take-profit and stop-loss attached to a new order; None when it has neither."""
    mode = one_of(context, "tpslMode", MODES, "Full")
    profit, loss = leg_change(context, "tp").apply(Leg()), leg_change(context, "sl").apply(Leg())
    return Brackets(mode, profit, loss) if profit.price or loss.price else None


def leg_change(context: Context, short: str) -> LegChange:
    """What is asked of the take-profit ("tp") or the stop-loss ("sl")."""
    kind = one_of(context, f"{short}OrderType", _TYPES, "") or None
    limit = optional(context, f"{short}LimitPrice") or None
    if kind == "Limit" and limit is None:
        raise bad_parameter(f"params error: {short}LimitPrice is required")
    return LegChange(
        price=optional(context, _NAMES[short]),
        by=one_of(context, f"{short}TriggerBy", TRIGGERS, "") or None,
        order_type=kind,
        limit=limit if kind != "Market" else ZERO,
    )


def stop_change(context: Context) -> StopChange:
    """What position/trading-stop asks for."""
    mode = one_of(context, "tpslMode", MODES, "Full")
    sizes = {size for name in ("tpSize", "slSize") if (size := optional(context, name))}
    if len(sizes) > 1:
        raise bad_parameter("params error: tpSize and slSize must be equal")
    return StopChange(
        mode=mode,
        profit=leg_change(context, "tp"),
        loss=leg_change(context, "sl"),
        qty=next(iter(sizes), None),
        distance=optional(context, "trailingStop"),
        activation=optional(context, "activePrice") or None,
    )
