"""The routes that command and read orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import rows
from ..engine import spot, trading
from ..engine.checks import Ticket
from ..engine.errors import bad_parameter
from ..engine.ledger import Ledger
from ..engine.model import Moment, Order
from ..engine.specs import SPECS
from ..engine.spot_specs import SPOT
from . import tickets
from .call import Context, Route
from .pages import Place, page
from .params import one_of
from .retention import remembered
from .windows import window

_SPOT_FILTERS = ("Order", "tpslOrder", "StopOrder")
_FILTERS = ("Order", "StopOrder", "OpenOrder", "tpslOrder", "OcoOrder", "BidirectionalTpslOrder")


def create(context: Context) -> dict[str, Any]:
    """POST /v5/order/create."""
    return _ids(place_any(context.venue.ledger, tickets.ticket(context), context.now))


def place_any(ledger: Ledger, ticket: Ticket, now: Moment) -> Order:
    """Takes an order of either category."""
    if ticket.category == "spot":
        return spot.place(ledger, ticket, now)
    return trading.place(ledger, ticket, now)


def amend(context: Context) -> dict[str, Any]:
    """POST /v5/order/amend."""
    order = named(context)
    desk = spot if context.text("category") == "spot" else trading
    return _ids(desk.amend(context.venue.ledger, order, tickets.change(context), context.now))


def cancel(context: Context) -> dict[str, Any]:
    """POST /v5/order/cancel. A cancel that is to lose its race is acknowledged like any other."""
    order, faults = named(context), context.venue.faults
    if faults.cancel_races and order is not None and order.is_open and not order.is_waiting:
        faults.cancel_races -= 1
        return _ids(trading.lose_race(context.venue.ledger, order, context.now))
    if context.text("category") == "spot":
        name = one_of(context, "orderFilter", _SPOT_FILTERS, "Order")
        return _ids(spot.cancel(context.venue.ledger, order, name, context.now))
    return _ids(trading.cancel(context.venue.ledger, order, context.now))


def cancel_all(context: Context) -> dict[str, Any]:
    """POST /v5/order/cancel-all: of the symbols, what orderFilter and stopOrderType leave."""
    if tickets.category(context, spot=True) == "spot":
        context.params.setdefault("orderFilter", "Order")
    symbols, fits = selected_symbols(context, required=True), filtered(context)
    plain_only = context.text("stopOrderType") == "Stop"

    def chosen(order: Order) -> bool:
        spared = plain_only and order.is_waiting and order.stop_type != "Stop"
        return order.symbol in symbols and fits(order) and not spared

    orders = trading.cancel_all(context.venue.ledger, context.account, chosen, context.now)
    return {"list": [_ids(order) for order in orders], "success": "1"}


def filtered(context: Context) -> Callable[[Order], bool]:
    """What orderFilter leaves: Order the active ones, StopOrder those with a trigger, OpenOrder the active and
    the plain conditional ones; everything without it."""
    name = one_of(context, "orderFilter", _FILTERS, "")
    if name == "":
        return lambda order: True
    if context.text("category") == "spot":
        return lambda order: spot.filter_of(order) == name
    if name == "OpenOrder":
        return lambda order: order.stop_type in ("", "Stop") or not _conditional(order)
    if name in ("Order", "StopOrder"):
        return lambda order: _conditional(order) == (name == "StopOrder")
    return lambda order: False


def _conditional(order: Order) -> bool:
    """Whether it counts as a conditional order: one that has fired and is in the book is an active one."""
    return order.trigger is not None and (order.is_waiting or not order.is_open)


def realtime(context: Context) -> dict[str, Any]:
    """GET /v5/order/realtime: open orders, or with openOnly=1 the latest 500 closed ones."""
    view, now = context.venue.view, context.now.ns
    if _by_id(context):
        return _order_page(context, view.in_realtime(_one(context), now), rows.order_row)
    symbols = selected_symbols(context, required=True)
    closed = context.text("openOnly") in ("1", "2")
    read = view.recent_closed if closed else view.open_orders
    found = [order for order in read(context.account, now) if order.symbol in symbols]
    return _order_page(context, found, rows.order_row)


def history(context: Context) -> dict[str, Any]:
    """GET /v5/order/history: final orders of the last seven days or of a window."""
    if _by_id(context):
        single = _one(context)
        found = [single] if single is not None else []
    else:
        span = window(context)
        symbols = selected_symbols(context, required=False)
        closed = context.venue.ledger.closed_orders.get(context.account, [])
        found = [order for order in closed if order.symbol in symbols and span.holds(order.created_ms)]
    status = context.text("orderStatus")
    faults = context.venue.faults
    shown = [
        order for order in context.venue.view.closed(found, context.now.ns)
        if status in ("", order.status) and remembered(order, context.now.ms, faults)
    ]  # fmt: skip
    return _order_page(context, shown, rows.history_row)


def _order_page(context: Context, found: list[Order], row: Callable[[Order], rows.Row]) -> dict[str, Any]:
    limit, category = context.whole("limit", 20, 1, 50), context.text("category")
    fits = filtered(context)
    found = [order for order in found if order.category == category and fits(order)]
    chosen, cursor = page(found, _place, limit, context.text("cursor"))
    return {"category": category, "nextPageCursor": cursor, "list": [row(order) for order in chosen]}


def _place(order: Order) -> Place:
    return order.created_ms * 1_000_000 + order.serial % 1_000_000, order.order_id


def selected_symbols(context: Context, required: bool) -> set[str]:
    """The markets that symbol, baseCoin or settleCoin (in that order) name, by their keys; in linear one of them
    may be `required`, in spot there is no settleCoin."""
    name, base, settle = context.text("symbol"), context.text("baseCoin"), context.text("settleCoin")
    category = context.text("category")
    if category not in ("linear", "spot"):
        return set()
    if name:
        return {tickets.symbol(context)}
    specs = SPECS if category == "linear" else SPOT
    if base:
        return {key for key, spec in specs.items() if spec.base_coin == base}
    if settle or not required or category == "spot":
        return {key for key, spec in specs.items() if settle in ("", spec.settle_coin)}
    raise bad_parameter("params error: symbol, baseCoin or settleCoin is required")


def _by_id(context: Context) -> bool:
    require_category(context)
    return bool(context.text("orderId") or context.text("orderLinkId"))


def require_category(context: Context) -> None:
    """Refuses with 10001 when the category is missing or unknown."""
    if context.text("category") not in ("linear", "inverse", "spot", "option"):
        raise bad_parameter("params error: category invalid")


def _one(context: Context) -> Order | None:
    """The order that a read names."""
    symbol = tickets.symbol(context) if context.text("symbol") else None
    return context.venue.ledger.find(
        context.account, symbol, context.text("orderId"), context.text("orderLinkId")
    )


def named(context: Context) -> Order | None:
    """The order that an amend or a cancel names, by orderId or orderLinkId; one of them is required."""
    tickets.category(context, spot=True)
    symbol = tickets.symbol(context)
    order_id, link = context.text("orderId"), context.text("orderLinkId")
    if not (order_id or link):
        raise bad_parameter("params error: orderId or orderLinkId is required")
    return context.venue.ledger.find(context.account, symbol, order_id, link)


def _ids(order: Order) -> dict[str, Any]:
    return {"orderId": order.order_id, "orderLinkId": order.link_id}


ROUTES: dict[tuple[str, str], Route] = {
    ("POST", "/v5/order/create"): Route(create, limit=10, spot_limit=20, right="Order"),
    ("POST", "/v5/order/amend"): Route(amend, limit=10, right="Order"),
    ("POST", "/v5/order/cancel"): Route(cancel, limit=10, spot_limit=20, right="Order"),
    ("POST", "/v5/order/cancel-all"): Route(cancel_all, limit=10, spot_limit=20, right="Order"),
    ("GET", "/v5/order/realtime"): Route(realtime),
    ("GET", "/v5/order/history"): Route(history),
}
