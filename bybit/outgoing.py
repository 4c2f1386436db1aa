"""Orders and changes as Bybit's parameters. Pure; the other direction is bybit.parse.

https://bybit-exchange.github.io/docs/v5/order/create-order
"""

from decimal import Decimal
from typing import Any

from bybit.decimals import to_wire
from bybit.types import ORDER_TERMS, NewOrder, OrderRef, Stops, Terms

Params = dict[str, Any]
_MONEY = {
    "qty": "qty",
    "price": "price",
    "trigger_price": "triggerPrice",
    "take_profit": "takeProfit",
    "stop_loss": "stopLoss",
    "trailing_stop": "trailingStop",
    "active_price": "activePrice",
    "tp_size": "tpSize",
    "sl_size": "slSize",
}
_WIRE_NAMES = {ours: wire for wire, ours in ORDER_TERMS.items()} | _MONEY


def create(order: NewOrder) -> Params:
    """The body of order/create. A market order carries no timeInForce: Bybit makes it IOC by itself."""
    linear = order.category != "spot"
    params: Params = {
        "category": order.category,
        "symbol": order.symbol,
        "side": order.side,
        "orderType": order.order_type,
        "qty": to_wire(order.qty),
    }
    if order.price is not None:
        params["price"] = to_wire(order.price)
    if order.order_type != "Market":
        params["timeInForce"] = order.time_in_force
    if linear:
        params["positionIdx"] = order.position_idx
        params["reduceOnly"] = order.reduce_only
    for name in ("trigger_price", "take_profit", "stop_loss"):
        value = getattr(order, name)
        if value is not None:
            params[_MONEY[name]] = to_wire(value)
    params.update(_terms(order.terms))
    params["orderLinkId"] = order.order_link_id
    return params


def reference(ref: OrderRef) -> Params:
    """Which order a cancel or an amend is about."""
    params: Params = {"category": ref.category, "symbol": ref.symbol}
    if ref.order_id:
        params["orderId"] = ref.order_id
    else:
        params["orderLinkId"] = ref.order_link_id
    if ref.category == "spot" and ref.order_filter:
        params["orderFilter"] = ref.order_filter
    return params


def amend(ref: OrderRef, changes: Terms) -> Params:
    """The body of order/amend: only what changes, by our names; 0 removes a take-profit or stop-loss."""
    params = reference(ref) | _terms(changes)
    params.pop("orderFilter", None)
    return params


def stops(wish: Stops) -> Params:
    """The body of position/trading-stop."""
    params = {"category": wish.category, "symbol": wish.symbol, "positionIdx": wish.position_idx}
    return params | _terms(wish.values)


def _terms(values: Terms) -> Params:
    return {
        _WIRE_NAMES[name]: to_wire(value) if isinstance(value, Decimal) else value
        for name, value in values.items()
        if value is not None
    }
