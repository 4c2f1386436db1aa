"""The control calls under /_paper/: JSON, on loopback only, never faulted."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ..engine.errors import Refusal, bad_parameter
from ..engine.matching import fill_resting
from ..engine.model import Execution, Moment
from ..engine.numbers import on_step
from ..keys import FULL_RIGHTS, ApiKey
from ..rest.call import Context, Params
from ..rest.order_routes import place_any
from ..rest.tickets import ticket
from ..wire import dump, load
from . import acts, fault_calls
from .truth import truth
from .values import MAIN_ACCOUNT, contract, known_account, positive

if TYPE_CHECKING:
    from ..venue import Venue

Call = Callable[["Venue", Params], Awaitable[dict[str, Any]]]


async def price(venue: Venue, body: Params) -> dict[str, Any]:
    """Moves last, mark and index of a symbol and matches what crosses."""
    symbol, wanted = wanted_price(venue, body)
    venue.set_price(symbol, wanted)
    return {"symbol": symbol, "price": str(body["price"]), "at_ns": time.time_ns()}


def wanted_price(venue: Venue, body: Params) -> tuple[str, Decimal]:
    """The contract and the price that a call names."""
    symbol, wanted = str(body.get("symbol")), positive(body, "price")
    spec = contract(venue, symbol).spec
    if not on_step(wanted, spec.tick) or not spec.min_price <= wanted <= spec.max_price:
        raise bad_parameter("price is off the tick or out of the contract's range")
    return symbol, wanted


async def fill(venue: Venue, body: Params) -> dict[str, Any]:
    """Fills (part of) a resting order as maker at its price; without `account` it looks in all of them."""
    execution = fill_named(venue, body, venue.clock.now())
    venue.settle()
    venue.publish()
    return {"execId": execution.exec_id, "orderId": execution.order_id, "at_ns": execution.at_ns}


def fill_named(venue: Venue, body: Params, now: Moment) -> Execution:
    """Fills the order that a call names. Refuses with 110001 when it does not rest, with 10001 a wrong quantity."""
    ledger = venue.ledger
    order_id, link = str(body.get("orderId") or ""), str(body.get("orderLinkId") or "")
    named = [str(body["account"])] if body.get("account") else [MAIN_ACCOUNT, *ledger.accounts]
    found = (ledger.find(account, None, order_id, link) for account in named)
    order = next((order for order in found if order is not None), None)
    if order is None or not order.is_open or order.is_waiting:
        raise Refusal(110001, "order not exists or no longer in the book")
    qty = positive(body, "qty") if body.get("qty") is not None else order.leaves
    if qty > order.leaves or not on_step(qty, ledger.books[order.symbol].spec.step):
        raise bad_parameter("qty is off the step or more than the order has left")
    return fill_resting(ledger, order, qty, ledger.next_seq(), now)


async def pause(venue: Venue, body: Params) -> dict[str, Any]:
    """Freezes the market's own movement, or lets it go on."""
    if not isinstance(body.get("on", True), bool):
        raise bad_parameter("on must be true or false")
    venue.paused = body.get("on", True)
    return {"paused": venue.paused}


async def step(venue: Venue, body: Params) -> dict[str, Any]:
    """Advances a paused market."""
    ticks = body.get("ticks", 1)
    if isinstance(ticks, bool) or not isinstance(ticks, int) or not 1 <= ticks <= 10_000:
        raise bad_parameter("ticks must be a whole number from 1 to 10000")
    if not venue.paused:
        raise bad_parameter("the market is not paused")
    venue.tick(ticks)
    return {"tick": next(iter(venue.feeds.values())).tick}


async def external(venue: Venue, body: Params) -> dict[str, Any]:
    """An order made in the exchange's own app: a V5 create body, without orderLinkId."""
    account = known_account(venue, body)
    params = {name: value for name, value in body.items() if name not in ("account", "orderLinkId")}
    context = Context(venue, account, "", {"category": "linear", **params}, venue.clock.now())
    order = place_any(venue.ledger, ticket(context), context.now)
    venue.settle()
    venue.publish()
    return {"orderId": order.order_id, "orderStatus": order.status, "at_ns": context.now.ns}


async def limits(venue: Venue, body: Params) -> dict[str, Any]:
    """Scales the rate limits, or takes them away."""
    scale = body.get("scale")
    if scale != "off" and (isinstance(scale, bool) or not isinstance(scale, (int, Decimal)) or scale <= 0):
        raise bad_parameter('scale must be a number above 0 or "off"')
    venue.limits.scale = None if scale == "off" else float(scale)
    return {"scale": scale}


async def journal(venue: Venue, query: Params) -> dict[str, Any]:
    """Every request received, oldest first; of one orderLinkId, path, category where they are named."""
    items = venue.journal.items(query.get("orderLinkId", ""), query.get("path", ""))
    category = query.get("category", "")
    return {"items": [item for item in items if category in ("", item["params"].get("category"))]}


async def sockets(venue: Venue, query: Params) -> dict[str, Any]:
    """The private sockets that are open and signed in, and how often each key was tried since the start."""
    items = [{"account": one.account, "key": one.key} for one in venue.hub.of("private") if one.account]
    return {"items": items, "sign_ins": dict(venue.hub.sign_ins)}


async def make_key(venue: Venue, body: Params) -> dict[str, Any]:
    """Makes an API key; without `account` also a new account."""
    text, secret = body.get("key"), body.get("secret")
    if not (isinstance(text, str) and text and isinstance(secret, str) and secret):
        raise bad_parameter("key and secret must be texts")
    account = str(body.get("account") or _new_account(venue))
    key = ApiKey(text, secret, account, read_only=bool(body.get("readOnly")), expires_ms=_expiry(body))
    rights = body.get("permissions")
    if rights is not None:
        if not isinstance(rights, dict) or not all(isinstance(value, list) for value in rights.values()):
            raise bad_parameter("permissions must be an object of lists")
        key.permissions = {**{name: [] for name in FULL_RIGHTS}, **rights}
    venue.add_key(key)
    venue.settle()
    venue.publish()
    return {"key": text, "account": account}


def _new_account(venue: Venue) -> str:
    number = len(venue.ledger.accounts) + 1
    while f"account-{number}" in venue.ledger.accounts:
        number += 1
    return f"account-{number}"


def _expiry(body: Params) -> int:
    """expiredAt in ms, from a number or an ISO text; 0 when the key does not expire."""
    value = body.get("expiredAt")
    if value in (None, "", 0):
        return 0
    if isinstance(value, str) and not value.isdigit():
        try:
            return int(fault_calls.moment(value).timestamp() * 1000)
        except ValueError:
            raise bad_parameter("expiredAt must be ms or an ISO time") from None
    return int(str(value))


CALLS: dict[tuple[str, str], Call] = {
    ("POST", "/_paper/price"): price,
    ("POST", "/_paper/fill"): fill,
    ("POST", "/_paper/pause"): pause,
    ("POST", "/_paper/step"): step,
    ("POST", "/_paper/fault"): fault_calls.add,
    ("DELETE", "/_paper/fault"): fault_calls.clear,
    ("GET", "/_paper/fault"): fault_calls.show,
    ("POST", "/_paper/act"): acts.act,
    ("POST", "/_paper/external"): external,
    ("POST", "/_paper/limits"): limits,
    ("GET", "/_paper/journal"): journal,
    ("GET", "/_paper/truth"): truth,
    ("POST", "/_paper/key"): make_key,
    ("GET", "/_paper/sockets"): sockets,
}


class ControlServer:
    """Serves the control calls of one venue."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One control call: 200 with its answer, 422 with the reason of a refusal, 404, 403 off loopback."""
        if request.remote not in ("127.0.0.1", "::1"):
            return _reply({"error": "control calls are for loopback only"}, 403)
        call = CALLS.get((request.method, request.path))
        if call is None:
            return _reply({"error": "no such control call"}, 404)
        try:
            body = dict(request.query) if request.method == "GET" else load(await request.read() or b"{}")
            if not isinstance(body, dict):
                raise bad_parameter("the body must be a JSON object")
            return _reply(await call(self._venue, body), 200)
        except Refusal as refusal:
            return _reply({"error": refusal.text, "code": refusal.code}, 422)
        except ValueError as error:
            return _reply({"error": str(error)}, 422)


def _reply(document: dict[str, Any], status: int) -> web.Response:
    return web.Response(status=status, text=dump(document), content_type="application/json")
