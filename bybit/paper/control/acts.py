"""POST /_paper/act: what the exchange does by itself."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..engine import forced, funds, modes
from ..engine.errors import bad_parameter
from ..engine.model import Moment, Position
from ..engine.numbers import on_step, parse, plain
from ..rest.call import Params
from .values import contract, known_account, positive

if TYPE_CHECKING:
    from ..venue import Venue

# Names of the filters on the wire, and of the fields of a contract.
_FILTERS = {
    "tickSize": "tick", "qtyStep": "step", "minOrderQty": "min_qty", "maxOrderQty": "max_qty",
    "maxMktOrderQty": "max_market_qty", "minNotionalValue": "min_notional",
}  # fmt: skip
_STATUSES = ("Trading", "Delivering", "Closed")


async def act(venue: Venue, body: Params) -> dict[str, Any]:
    """Does one of them, now, and tells everyone concerned."""
    now = venue.clock.now()
    answer = do(venue, body, now)
    venue.settle()
    venue.publish()
    return {"do": body["do"], **answer, "at_ns": now.ns}


def do(venue: Venue, body: Params, now: Moment) -> dict[str, Any]:
    """Does one of them; `do` says which. Raises Refusal."""
    deed = _DEEDS.get(str(body.get("do")))
    if deed is None:
        raise bad_parameter(f"do must be one of {', '.join(_DEEDS)}")
    return deed(venue, body, now)


def _liquidate(venue: Venue, body: Params, now: Moment) -> dict[str, Any]:
    """Takes the positions of an account in a symbol over, at `price` or at the mark price."""
    price = _price(venue, body)
    held = _held(venue, body)
    for position in held:
        forced.take_over(venue.ledger, position, price, now)
    return {"positions": len(held)}


def _adl(venue: Venue, body: Params, now: Moment) -> dict[str, Any]:
    """Reduces the positions of an account in a symbol by `qty`, or closes them, at `price` or the mark price."""
    price, held = _price(venue, body), _held(venue, body)
    qty = positive(body, "qty") if body.get("qty") is not None else None
    step = venue.ledger.books[str(body["symbol"])].spec.step
    if qty is not None and (not on_step(qty, step) or any(qty > abs(position.size) for position in held)):
        raise bad_parameter("qty is off the step or more than is held")
    for position in held:
        forced.deleverage(venue.ledger, position, qty or abs(position.size), price, now)
    return {"positions": len(held)}


def _funding(venue: Venue, body: Params, now: Moment) -> dict[str, Any]:
    """Charges `rate` (0.0001, may be negative) to every position in a symbol, or to those of one account."""
    rate = parse(body.get("rate", "0.0001"))
    if rate is None or abs(rate) > 1:
        raise bad_parameter("rate must be a plain number between -1 and 1")
    who = known_account(venue, body) if body.get("account") else None
    count = forced.fund_all(venue.ledger, _symbol(venue, body), rate, now, who)
    return {"positions": count, "rate": plain(rate)}


def _transfer(venue: Venue, body: Params, now: Moment) -> dict[str, Any]:
    """Moves `amount` of a `coin` into an account, or out of it (below zero)."""
    account, amount = known_account(venue, body), parse(body.get("amount"))
    if amount is None:
        raise bad_parameter("amount must be a plain number")
    moved = funds.transfer(venue.ledger, account, str(body.get("coin") or "USDT"), amount, now)
    return {"account": account, "coin": moved.coin, "amount": plain(moved.amount)}


def _start_over(venue: Venue, body: Params, now: Moment) -> dict[str, Any]:
    """Gives the account what it began with, 100,000 USDT and nothing else, by transfers in and out that its books show.
    The account is named, or known by its API key (`key`). Refuses while an order or a position is open."""
    key = venue.keys.get(str(body["key"])) if body.get("key") else None
    if body.get("key") and key is None:
        raise bad_parameter("there is no such key")
    account = key.account if key else known_account(venue, body)
    ledger = venue.ledger
    held = any(position.size for position in ledger.positions_of.get(account, ()))
    if held or ledger.open_orders.get(account):
        raise bad_parameter("an order or a position is open")
    moved = funds.start_over(ledger, account, venue.deposit, now)
    return {"account": account, "moved": {one.coin: plain(one.amount) for one in moved}}


def _adl_rank(venue: Venue, body: Params, now: Moment) -> dict[str, Any]:
    """Sets the place of an account's positions in the queue of auto-deleveraging, 1 to 5; 0 leaves it to the result."""
    rank = body.get("rank")
    if isinstance(rank, bool) or not isinstance(rank, int) or not 0 <= rank <= 5:
        raise bad_parameter("rank must be a whole number from 0 to 5")
    held = _held(venue, body)
    for position in held:
        position.adl_rank, position.updated_ms = rank, now.ms
        venue.ledger.touch((position.account, position.symbol, position.idx))
    return {"positions": len(held), "rank": rank}


def _mode_switch(venue: Venue, body: Params, now: Moment) -> dict[str, Any]:
    """Switches an account's position mode, as its owner might in Bybit's own app; refused as there."""
    account, mode = known_account(venue, body), body.get("mode")
    if mode not in (modes.ONE_WAY, modes.HEDGE):
        raise bad_parameter("mode must be 0 or 3")
    if body.get("symbol"):
        modes.switch(venue.ledger, account, _symbol(venue, body), mode)
    else:
        modes.switch_coin(venue.ledger, account, str(body.get("coin") or "USDT"), mode)
    return {"account": account, "mode": mode}


def _filter_change(venue: Venue, body: Params, now: Moment) -> dict[str, Any]:
    """Other filters of a contract from now on. Orders that rest stay as they are."""
    changes: dict[str, object] = {
        field: positive(body, name) for name, field in _FILTERS.items() if name in body
    }
    if not changes:
        raise bad_parameter(f"one of {', '.join(_FILTERS)} is required")
    symbol = _symbol(venue, body)
    forced.change_filters(venue.ledger, symbol, changes)
    return {"symbol": symbol}


def _delist(venue: Venue, body: Params, now: Moment) -> dict[str, Any]:
    """Another status of a contract: Closed (with a settlement at `price` or the index price), Delivering, or
    Trading again."""
    symbol, status = _symbol(venue, body), body.get("status", "Closed")
    if status not in _STATUSES:
        raise bad_parameter(f"status must be one of {', '.join(_STATUSES)}")
    if status == "Closed":
        price = positive(body, "price") if body.get("price") is not None else None
        forced.settle(venue.ledger, symbol, price or venue.ledger.books[symbol].quote.index, now)
    forced.change_filters(venue.ledger, symbol, {"status": status})
    return {"symbol": symbol, "status": status}


def _symbol(venue: Venue, body: Params) -> str:
    symbol = str(body.get("symbol"))
    contract(venue, symbol)
    return symbol


def _price(venue: Venue, body: Params) -> Decimal:
    quote = venue.ledger.books[_symbol(venue, body)].quote
    return positive(body, "price") if body.get("price") is not None else quote.mark


def _held(venue: Venue, body: Params) -> list[Position]:
    """The positions of an account in a symbol; of one leg with `positionIdx`. Refuses when there are none."""
    account, symbol, idx = known_account(venue, body), _symbol(venue, body), body.get("positionIdx")
    found = [
        position for position in venue.ledger.positions_of.get(account, ())
        if position.symbol == symbol and position.size and idx in (None, position.idx)
    ]  # fmt: skip
    if not found:
        raise bad_parameter("the account has no such position")
    return found


_DEEDS: dict[str, Callable[[Venue, Params, Moment], dict[str, Any]]] = {
    "liquidate": _liquidate,
    "adl": _adl,
    "funding": _funding,
    "mode_switch": _mode_switch,
    "filter_change": _filter_change,
    "delist": _delist,
    "transfer": _transfer,
    "start_over": _start_over,
    "adl_rank": _adl_rank,
}
