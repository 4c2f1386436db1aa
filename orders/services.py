"""The order manager: the only writer of orders and fills. Commands of people go out here (`place`, `place_batch`,
`amend`, `cancel`, `cancel_all`, `close_position`, `set_stops`), news of Bybit's comes in here by two doors
(`record_report`, `record_execution`), and the resolver's verdicts are written here. The path of an order is in
docs/architecture.md."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser

from bybit import instruments, rows
from bybit.errors import BybitError
from bybit.gateway import Gateway
from bybit.models import Account, Instrument, Link
from orders import access, amending, cancelling, news, seen, sending, verdicts, writing
from orders.errors import Conflict, NotFound, PriceUnknown, RuleBroken, TooMany, TradeError
from orders.models import Order
from orders.risk import check, close_qty, direction
from orders.wishes import Wish
from positions.models import Position
from positions.services import position_id

# The one door for each kind of news, whichever wire brought it; `record` takes a whole batch in one transaction.
record = news.record
record_report = news.record_report
record_execution = news.record_execution
take_findings = news.take_findings
fold_all = news.fold_all
tell_since = news.tell_since
show_held = news.show_held
set_margin_mode = news.set_margin_mode
# What people ask for beside placing.
account_of = access.account_of
amend = amending.amend
set_stops = amending.set_stops
cancel = cancelling.cancel
cancel_at_bybit = cancelling.cancel_at_bybit
cancel_all = cancelling.cancel_all
# What the resolver concludes.
close_never_sent = verdicts.close_never_sent
give_up_sending = verdicts.give_up_sending
note_negative = verdicts.note_negative
alert_if_stuck = verdicts.alert_if_stuck
alert = writing.alert

FIRST_SEND_SECONDS = 6
# How long a new order waits for its turn within Bybit's limit. Closing never waits.
ROOM_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Placed:
    """`fresh` is false when the id was known and nothing was sent by this call."""

    order: Order
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and what their page had seen. `must_see` when the answer must be to what is on a screen."""

    user: AbstractBaseUser
    source: str
    stamp: str | None = None
    must_see: bool = False


def place(*, asker: Asker, wish: Wish) -> Placed:
    """Places an order once. The row is committed before the first byte leaves; a known id sends nothing.

    Raises TradeError for what is refused before sending (nothing was written). Whatever Bybit answers, or does not,
    is in the order's state.
    """
    found = _known_or_checked(asker, wish)
    if isinstance(found, Order):
        return Placed(found, fresh=False)
    account, wish = found
    try:
        order = sending.commit_intent(asker.user, wish, asker.source)
    except sending.Taken:
        # Another tap with this id won the race by a hair.
        known = _known(asker.user, wish)
        if known is None:
            raise
        return Placed(known, fresh=False)
    return Placed(sending.send(order, account), fresh=True)


def place_batch(*, asks: Sequence[tuple[Asker, Wish]]) -> list[Placed | TradeError]:
    """Places several orders with as few requests as Bybit allows, each of them once. Every one is checked, written down
    and answered by itself: one that is refused holds up no other."""
    results: list[Placed | TradeError | None] = []
    groups: dict[tuple[str, str], tuple[Account, list[Order]]] = {}
    mine: set[UUID] = set()
    for asker, wish in asks:
        if wish.id in mine:
            # Twice in one batch: answered once the first of them has been.
            results.append(None)
            continue
        try:
            found = _known_or_checked(asker, wish)
            if isinstance(found, Order):
                results.append(Placed(found, fresh=False))
                continue
            account, wish = found
            order = sending.commit_intent(asker.user, wish, asker.source)
        except TradeError as error:
            results.append(error)
        except sending.Taken:
            results.append(None)
        else:
            results.append(Placed(order, fresh=True))
            mine.add(wish.id)
            groups.setdefault((account.pk, wish.category), (account, []))[1].append(order)
    for account, orders in groups.values():
        sending.send_batch(orders, account)
    return [_after_batch(asker, wish, result) for (asker, wish), result in zip(asks, results, strict=True)]


def _after_batch(asker: Asker, wish: Wish, result: "Placed | TradeError | None") -> Placed | TradeError:
    if isinstance(result, TradeError):
        return result
    if result is not None and result.fresh:
        return Placed(Order.objects.get(pk=wish.id), fresh=True)
    try:
        known = _known(asker.user, wish)
    except TradeError as error:
        return error
    return Placed(known or Order.objects.get(pk=wish.id), fresh=False)


def _known_or_checked(asker: Asker, wish: Wish) -> Order | tuple[Account, Wish]:
    """The order with this id, once its first send has an answer; or, when there is none, its account and the wish as it
    may be sent. One round trip finds what both need."""
    known, *mine = rows.find_all([_by_id(wish), *access.about(asker.user, wish.account_id)])
    if known:
        return _settled(asker.user, wish, known[0])
    return _checked(asker, wish, *access.mine(*mine))


def _checked(asker: Asker, wish: Wish, account: Account, link: Link | None) -> tuple[Account, Wish]:
    """The checks before anything is written, in the order that the contract fixes."""
    if wish.reduce_only:
        access.check_not_paused(link)
    else:
        _check_seen(asker, wish)
        access.check_reconciled(account, link)
    gateway = access.informed(account, link)
    instrument = instruments.find(account.environment, wish.category, wish.symbol)
    hedge = account.position_mode == Account.PositionMode.HEDGE
    try:
        check(wish, account, instrument, hedge=hedge)
    except RuleBroken as error:
        # Our copy of the market's rules or mode may be old: Bybit's own word decides, once.
        fresh, hedge = _asked_again(account, gateway, wish, error, instrument, hedge)
        check(wish, account, fresh, hedge=hedge)
    wish = _directed(account, wish)
    if not wish.reduce_only and not gateway.has_room(ROOM_SECONDS):
        raise TooMany
    return account, wish


FILTER_RULES = {
    "unknown_symbol",
    "not_trading",
    "qty_step",
    "min_qty",
    "max_qty",
    "tick_size",
    "min_notional",
}


def _asked_again(
    account: Account,
    gateway: Gateway,
    wish: Wish,
    error: RuleBroken,
    instrument: Instrument | None,
    hedge: bool,
) -> tuple[Instrument | None, bool]:
    """What Bybit says now of what the refusal was about. Raises the refusal again when there is nothing newer."""
    try:
        if error.code in FILTER_RULES:
            found = instruments.refresh_one(account, gateway, category=wish.category, symbol=wish.symbol)
            if found is not None:
                return found, hedge
        elif error.code == "position_idx":
            return instrument, access.read_mode(account, gateway, wish.symbol)
    except BybitError:
        pass
    raise error


def _directed(account: Account, wish: Wish) -> Wish:
    """A conditional order with the direction from which its trigger is reached, by the price now."""
    if wish.trigger_price is None or wish.category == "spot" or "trigger_direction" in wish.terms:
        return wish
    try:
        ticker = access.gateway_of(account).ticker(category=wish.category, symbol=wish.symbol)
    except BybitError as error:
        raise PriceUnknown(error.message) from error
    terms = wish.terms | {"trigger_direction": direction(wish, ticker)}
    return replace(wish, terms=terms)


def close_position(*, asker: Asker, position: Position, wish: Wish, fraction: Decimal | None) -> Placed:
    """Closes (part of) a position: reduce-only, so it cannot flip, and safe to tap twice. `wish` carries id, type
    and price; side and size follow from the position. Raises RuleBroken `below_min` when nothing is left."""
    known = _known(asker.user, wish)
    if known is not None:
        return Placed(known, fresh=False)
    account = account_of(asker.user, position.account_id)
    instrument = instruments.find(account.environment, position.category, position.symbol)
    if instrument is None:
        raise NotFound("market")
    side = "Sell" if position.side == "Buy" else "Buy"
    wish = replace(wish, side=side, qty=close_qty(position, instrument, fraction))
    return place(asker=asker, wish=wish)


def read_position(account: Account, gateway: Gateway, category: str, symbol: str) -> None:
    """Asks Bybit for a market's position, with its leverage even where nothing is held. Without an answer nothing
    changes: the stream or the next pass brings it."""
    try:
        found = gateway.position(category=category, symbol=symbol).items
    except BybitError:
        return
    record(account.pk, reported=found, source="rest")
    access.note_mode(account, found)


def _check_seen(asker: Asker, wish: Wish) -> None:
    if asker.stamp is None and not asker.must_see:
        return
    key = position_id(wish.account_id, wish.category, wish.symbol, wish.position_idx)
    seen.check(asker.stamp or "", user_id=asker.user.pk, account_id=wish.account_id, position_id=key)


def _by_id(wish: Wish) -> rows.Query:
    return rows.Query(Order, "id = %s", (wish.id,))


def _known(user: AbstractBaseUser, wish: Wish) -> Order | None:
    """The order with this id, once its first send has an answer. Raises Conflict when the id is another order's."""
    (found,) = rows.find_all([_by_id(wish)])
    return _settled(user, wish, found[0]) if found else None


def _settled(user: AbstractBaseUser, wish: Wish, row: Order) -> Order:
    deadline = time.monotonic() + FIRST_SEND_SECONDS
    while True:
        if row.user_id != user.pk or row.request != wish.request:
            raise Conflict(
                "id_conflict", "This id already belongs to another order. Nothing was sent. Make a new id."
            )
        if row.state not in ("new", "sending") or time.monotonic() > deadline:
            return row
        time.sleep(0.05)
        ((row,),) = rows.find_all([_by_id(wish)])
