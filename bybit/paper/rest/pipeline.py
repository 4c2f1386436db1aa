"""From a received request to its answer: route, limits, signature, handler. Nothing here waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..engine.errors import Refusal, bad_parameter
from ..journal import Entry
from . import (
    account_routes,
    batch_routes,
    candle_routes,
    ledger_routes,
    margin_routes,
    market_routes,
    order_routes,
    position_routes,
    spot_routes,
)
from .auth import authenticate
from .call import Answer, Call, Context, Reply, Route, envelope, limit_name
from .limits import Verdict

if TYPE_CHECKING:
    from ..venue import Venue

ROUTES: dict[tuple[str, str], Route] = {
    **market_routes.ROUTES,
    **candle_routes.ROUTES,
    **order_routes.ROUTES,
    **account_routes.ROUTES,
    **position_routes.ROUTES,
    **batch_routes.ROUTES,
    **ledger_routes.ROUTES,
    **margin_routes.ROUTES,
    **spot_routes.ROUTES,
}
_PATHS = {path for _, path in ROUTES}
# What still answers during maintenance.
_ALWAYS = ("/v5/market/time", "/v5/system/status")


def answer(venue: Venue, call: Call, entry: Entry) -> Answer:
    """Carries the request out and says what to answer; notes in the journal what became of it."""
    reply = _answer(venue, call, entry)
    entry.accepted, entry.retCode, entry.status = reply.code == 0, reply.code, reply.status
    entry.done_ns = venue.clock.now().ns
    return reply


def _answer(venue: Venue, call: Call, entry: Entry) -> Answer:
    now = venue.clock.now()
    if call.method not in ("GET", "POST"):
        return Answer(400, envelope(10017, "method must be GET or POST", {}, now.ms), {})
    route = ROUTES.get((call.method, call.path))
    if route is None:
        text = "Route not found: wrong method." if call.path in _PATHS else "Route not found"
        return Answer(404, envelope(10017, text, {}, now.ms), {})
    verdict = venue.limits.check_peer(call.peer, now.ns)
    if not verdict.allowed or (call.method == "GET" and call.body):
        text = "Too frequent access from this address" if not verdict.allowed else "GET must carry no body"
        return Answer(403, envelope(10018 if not verdict.allowed else 10017, text, {}, now.ms), {})
    context = Context(venue, "", "", call.params, now)
    try:
        if venue.faults.maintenance_since_ms is not None and call.path not in _ALWAYS:
            raise Refusal(10016, "Server error, the service is under maintenance.")
        if route.private:
            verdict = _admit(venue, call, route, context)
            entry.account = context.account
        if call.malformed:
            raise bad_parameter("Request parameter error, the body is not a JSON object.")
        result = route.handler(context)
    except Limited as limited:
        reply = envelope(limited.code, limited.text, {}, now.ms)
        return Answer(200, reply, _headers(limited.verdict, venue.clock.skew_ms))
    except Refusal as refusal:
        reply = envelope(refusal.code, refusal.text, refusal.result, now.ms, refusal.ext)
        return Answer(200, reply, _headers(verdict, venue.clock.skew_ms))
    result, ext = result if isinstance(result, Reply) else (result, None)
    return Answer(
        200, envelope(0, route.success, result, now.ms, ext), _headers(verdict, venue.clock.skew_ms)
    )


def _admit(venue: Venue, call: Call, route: Route, context: Context) -> Verdict:
    """Signature, then the account's rate limit (10006), then an exact repetition (10014)."""
    key = authenticate(call, route, venue.keys, context.now.ms)
    context.account, context.key = key.account, key.key
    name = limit_name(call.path, call.params)
    limit = route.spot_limit or route.limit if name != call.path else route.limit
    verdict = venue.limits.check(key.account, name, limit, context.now.ns)
    if not verdict.allowed:
        raise Limited(verdict)
    if call.path == "/v5/order/create" and not call.params.get("orderLinkId"):
        venue.refuse_replay(call.headers.get("X-BAPI-SIGN", ""), context.now)
    return verdict


class Limited(Refusal):
    """10006, with the figures for its headers."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(10006, "Too many visits. Exceeded the API Rate Limit.")
        self.verdict = verdict


def _headers(verdict: Verdict, skew_ms: int) -> dict[str, str]:
    """The limit headers. Rounded up, so that a reset is never in the past when it is read."""
    return {
        "X-Bapi-Limit": str(verdict.limit),
        "X-Bapi-Limit-Status": str(verdict.left),
        "X-Bapi-Limit-Reset-Timestamp": str(-(-verdict.reset_ns // 1_000_000) + skew_ms),
    }
