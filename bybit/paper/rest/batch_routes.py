"""The batch calls: several orders in one request, each with an answer of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.errors import Refusal, bad_parameter
from . import order_routes, tickets
from .call import Context, Handler, Reply, Route, limit_name

# How many orders one request may hold.
_MOST = {"linear": 20, "spot": 10}
_LIMIT, _SPOT_LIMIT = 10, 20
Ids = dict[str, Any]


def create_batch(context: Context) -> Reply:
    """POST /v5/order/create-batch."""
    return _each(context, "/v5/order/create-batch", order_routes.create, created=True)


def amend_batch(context: Context) -> Reply:
    """POST /v5/order/amend-batch: not for orders that wait for a trigger."""
    return _each(context, "/v5/order/amend-batch", _amend_active)


def cancel_batch(context: Context) -> Reply:
    """POST /v5/order/cancel-batch."""
    return _each(context, "/v5/order/cancel-batch", order_routes.cancel)


def _amend_active(context: Context) -> Ids:
    order = order_routes.named(context)
    if order is not None and order.is_waiting:
        raise bad_parameter("params error: conditional orders cannot be amended in a batch")
    return order_routes.amend(context)


def _each(context: Context, path: str, single: Callable[[Context], Ids], created: bool = False) -> Reply:
    """Carries the items out one after the other; none of them stops the next. Refuses the whole with 10001 when
    it is no list of the right length."""
    category = tickets.category(context, spot=True)
    requests = context.params.get("request")
    if not isinstance(requests, list) or not all(isinstance(item, dict) for item in requests):
        raise bad_parameter("params error: request invalid")
    if not 1 <= len(requests) <= _MOST[category]:
        raise bad_parameter(f"params error: request must hold 1 to {_MOST[category]} orders")
    rows, results = [], []
    for number, item in enumerate(requests):
        part = Context(
            context.venue, context.account, context.key, {**item, "category": category}, context.now
        )
        ids, result = _one(part, path, single, first=number == 0)
        row = {"category": category, "symbol": str(item.get("symbol") or ""), **ids}
        rows.append({**row, "createAt": str(context.now.ms) if ids["orderId"] else ""} if created else row)
        results.append(result)
    return Reply({"list": rows}, {"list": results})


def _one(context: Context, path: str, single: Callable[[Context], Ids], first: bool) -> tuple[Ids, Ids]:
    """One item. Each order uses up one of the endpoint's requests; the request itself has paid for the first."""
    try:
        if not first:
            verdict = context.venue.limits.check(context.account, *_budget(context, path), context.now.ns)
            if not verdict.allowed:
                raise Refusal(10006, "Too many visits. Exceeded the API Rate Limit.")
        return single(context), {"code": 0, "msg": "OK"}
    except Refusal as refusal:
        link = context.params.get("orderLinkId")
        empty = {"orderId": "", "orderLinkId": link if isinstance(link, str) else ""}
        return empty, {"code": refusal.code, "msg": refusal.text}


def _budget(context: Context, path: str) -> tuple[str, int]:
    """The name under which the limit counts, and the limit."""
    return limit_name(path, context.params), _SPOT_LIMIT if context.params["category"] == "spot" else _LIMIT


def _route(handler: Handler) -> Route:
    return Route(handler, limit=_LIMIT, spot_limit=_SPOT_LIMIT, right="Order")


ROUTES: dict[tuple[str, str], Route] = {
    ("POST", "/v5/order/create-batch"): _route(create_batch),
    ("POST", "/v5/order/amend-batch"): _route(amend_batch),
    ("POST", "/v5/order/cancel-batch"): _route(cancel_batch),
}
