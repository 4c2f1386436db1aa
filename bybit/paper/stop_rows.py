"""The fields of rows that are about triggers, take-profits, stop-losses and trailing stops."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from .engine.model import Leg, Order
from .engine.numbers import fixed
from .engine.specs import Spec


def trigger_fields(order: Order, spec: Spec) -> dict[str, Any]:
    """What an order waits for, or waited for; of a trailing stop the price at which it begins to follow."""
    trigger = order.trigger
    if trigger is None:
        return {"stopOrderType": "", "triggerPrice": "", "triggerDirection": 0, "triggerBy": ""}
    price = trigger.activation if trigger.distance else trigger.price
    return {
        "stopOrderType": trigger.kind, "triggerPrice": fixed(price, spec.tick),
        "triggerDirection": trigger.direction, "triggerBy": trigger.by,
    }  # fmt: skip


def bracket_fields(order: Order, spec: Spec) -> dict[str, Any]:
    """The take-profit and stop-loss that an order brings along."""
    brackets = order.brackets
    if brackets is None:
        partial = order.stop_type.startswith("Partial")
        mode = "Partial" if partial else "Full" if order.stop_type not in ("", "Stop") else ""
        return {
            "tpslMode": mode, "takeProfit": "", "stopLoss": "", "tpLimitPrice": "", "slLimitPrice": "",
            "tpTriggerBy": "", "slTriggerBy": "",
        }  # fmt: skip
    profit, loss = brackets.profit, brackets.loss
    return {
        "tpslMode": brackets.mode, "takeProfit": _price(profit.price, spec),
        "stopLoss": _price(loss.price, spec), "tpLimitPrice": _price(profit.limit, spec),
        "slLimitPrice": _price(loss.limit, spec), "tpTriggerBy": _by(profit), "slTriggerBy": _by(loss),
    }  # fmt: skip


def protection_fields(protections: Iterable[Order], spec: Spec) -> dict[str, str]:
    """The take-profit, stop-loss and trailing distance of a whole position."""
    triggers = {order.stop_type: order.trigger for order in protections}
    profit, loss, trailing = (triggers.get(kind) for kind in ("TakeProfit", "StopLoss", "TrailingStop"))
    return {
        "takeProfit": _price(profit.price, spec) if profit else "",
        "stopLoss": _price(loss.price, spec) if loss else "",
        "trailingStop": fixed(trailing.distance, spec.tick) if trailing else "0",
    }


def _price(price: Decimal, spec: Spec) -> str:
    return fixed(price, spec.tick) if price else ""


def _by(leg: Leg) -> str:
    return leg.by if leg.price else ""
