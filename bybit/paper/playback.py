"""A past for a new ledger: the lines of a history file, played by the engine at the times they name.

Each line is a JSON object {"at": …, "do": …}; docs/paper-exchange.md lists the steps. A file is played whole or not
at all: the first line that cannot be done keeps the exchange from starting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .control import acts
from .control.fault_calls import moment
from .control.routes import fill_named, wanted_price
from .control.values import MAIN_ACCOUNT
from .engine import spot
from .engine.errors import Refusal, bad_parameter
from .engine.model import Moment, Order
from .engine.specs import SPECS
from .engine.spot_specs import MARKETS
from .market.feed import FUNDING_MS
from .rest import order_routes, position_routes
from .rest.call import Context, Params
from .rest.tickets import ticket
from .wire import load

if TYPE_CHECKING:
    from .venue import Venue


class BadHistory(Exception):
    """A history that cannot be played. The text names file, line and reason; nothing was kept of it."""


class Step(NamedTuple):
    """One line: its number, when (ms), and what it says."""

    line: int
    at_ms: int
    body: Params
    source: Path


@dataclass(slots=True)
class _Play:
    """What is being played: into which exchange, when it is now, and the orders that lines have named."""

    venue: Venue
    now: Moment
    named: dict[tuple[str, str], str] = field(default_factory=dict)


def read(path: Path, now_ms: int) -> list[Step]:
    """The steps of a file in the order of their times, those of one time as they are written. Raises BadHistory,
    and OSError when there is no such file."""
    steps: list[Step] = []
    for number, text in enumerate(path.read_bytes().splitlines(), start=1):
        if text.strip():
            try:
                steps.append(_step(number, text, now_ms, path))
            except (ValueError, RecursionError, Refusal) as error:
                raise _bad(path, number, error) from error
    return sorted(steps, key=lambda step: step.at_ms)


def _step(number: int, text: bytes, now_ms: int, path: Path) -> Step:
    body = load(text)
    if not isinstance(body, dict):
        raise bad_parameter("a line must be a JSON object")
    if str(body.get("do")) not in _DEEDS:
        raise bad_parameter(f"do must be one of {', '.join(_DEEDS)}")
    at = body.get("at")
    if isinstance(at, str):
        at = int(moment(at).timestamp() * 1000)
    if isinstance(at, bool) or not isinstance(at, int) or not 0 < at <= now_ms:
        raise bad_parameter("at must be a time in ms or an ISO time, and not in the future")
    return Step(number, at, body, path)


def play(venue: Venue, steps: list[Step]) -> None:
    """Plays the steps. An account begins with the usual deposit at the first step that is about it, the main one at
    the first of all. Raises BadHistory."""
    playing = _Play(venue, Moment(0, 0))
    for step in steps:
        playing.now = Moment(step.at_ms, step.at_ms * 1_000_000)
        for account in (MAIN_ACCOUNT, str(step.body.get("account") or MAIN_ACCOUNT)):
            venue.ledger.open_account(account, venue.deposit, step.at_ms)
        try:
            _DEEDS[step.body["do"]](playing, step.body)
        except (Refusal, ValueError) as error:
            raise _bad(step.source, step.line, error) from error


def _bad(path: Path, line: int, error: Exception) -> BadHistory:
    reason = f"{error.code} {error.text}" if isinstance(error, Refusal) else str(error)
    return BadHistory(f"{path}, line {line}: {reason}")


def _context(playing: _Play, params: Params) -> Context:
    """A V5 command of the account that a line names."""
    rest = {name: value for name, value in params.items() if name not in ("at", "do", "account", "ref")}
    account = str(params.get("account") or MAIN_ACCOUNT)
    return Context(playing.venue, account, "", {"category": "linear", **rest}, playing.now)


def _price(playing: _Play, body: Params) -> None:
    playing.venue.pin(*wanted_price(playing.venue, body), playing.now)


def _order(playing: _Play, body: Params) -> None:
    context = _context(playing, body)
    order = order_routes.place_any(playing.venue.ledger, ticket(context), context.now)
    if body.get("ref"):
        playing.named[context.account, str(body["ref"])] = order.order_id


def _known(playing: _Play, body: Params) -> tuple[Order, Params]:
    """The order that a line is about, by `ref` or orderLinkId, and the line with what V5 needs to find it."""
    account = str(body.get("account") or MAIN_ACCOUNT)
    name = playing.named.get((account, str(body.get("ref") or "")), "")
    order = playing.venue.ledger.find(account, None, name, str(body.get("orderLinkId") or ""))
    if order is None:
        raise bad_parameter("no earlier line made an order of that ref or orderLinkId")
    spec = MARKETS[order.symbol]
    found = {"category": spec.category, "symbol": spec.symbol, "orderId": order.order_id}
    return order, {**body, **found}


def _amend(playing: _Play, body: Params) -> None:
    order_routes.amend(_context(playing, _known(playing, body)[1]))


def _cancel(playing: _Play, body: Params) -> None:
    order, params = _known(playing, body)
    if order.is_spot:
        params["orderFilter"] = spot.filter_of(order)
    order_routes.cancel(_context(playing, params))


def _fill(playing: _Play, body: Params) -> None:
    order, params = _known(playing, body)
    fill_named(playing.venue, {**params, "account": order.account}, playing.now)


def _funding(playing: _Play, body: Params) -> None:
    """Without a `rate`, the exchange's own of the interval that ends there."""
    feed = playing.venue.feeds.get(str(body.get("symbol"))) if body.get("symbol") in SPECS else None
    if feed is not None and "rate" not in body:
        end_ms = playing.now.ms - playing.now.ms % FUNDING_MS
        body = {**body, "rate": feed.funding_rate(end_ms - 1)}
    _act(playing, body)


def _leverage(playing: _Play, body: Params) -> None:
    both = {
        name: body[name] if name in body else body.get("leverage") for name in ("buyLeverage", "sellLeverage")
    }
    position_routes.set_leverage(_context(playing, {**body, **both}))


def _stops(playing: _Play, body: Params) -> None:
    position_routes.trading_stop(_context(playing, body))


def _act(playing: _Play, body: Params) -> None:
    acts.do(playing.venue, {**body, "do": _ACTS.get(body["do"], body["do"])}, playing.now)


# Steps that the control call `act` knows by another name.
_ACTS = {"mode": "mode_switch", "settle": "delist"}
_DEEDS: dict[str, Callable[[_Play, Params], None]] = {
    "price": _price, "order": _order, "amend": _amend, "cancel": _cancel, "fill": _fill, "funding": _funding,
    "liquidate": _act, "adl": _act, "settle": _act, "delist": _act, "mode": _act, "leverage": _leverage,
    "stops": _stops, "transfer": _act,
}  # fmt: skip
