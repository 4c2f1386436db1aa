"""The trader's command on a position: take-profit, stop-loss, trailing stop."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from . import protection
from .brackets import NOTHING, LegChange, check_leg
from .checks import check_price
from .endings import withdraw
from .errors import Refusal, bad_parameter
from .ledger import Ledger
from .model import Brackets, Leg, Moment, Order, PositionKey, Trigger
from .modes import check_idx
from .numbers import on_step, plain
from .protection import FALLS, LOSS, PROFIT, RISES, TRAILING

MAX_PARTIAL = 20


class StopChange(NamedTuple):
    """What is asked for. `qty` is the part of the position (base coin) of a Partial pair, None all of it;
    `distance` (USDT) and `activation` belong to the trailing stop: None leaves it, 0 removes it."""

    mode: str
    profit: LegChange = NOTHING
    loss: LegChange = NOTHING
    qty: Decimal | None = None
    distance: Decimal | None = None
    activation: Decimal | None = None


def set_trading_stop(ledger: Ledger, place: PositionKey, change: StopChange, now: Moment) -> None:
    """Sets what protects a position. Refuses with 34040 when nothing changes, 10001 without a position or with
    a price on the wrong side, 110061 with too many partial ones; nothing is changed then."""
    check_idx(ledger, *place)
    if ledger.position(*place).size == 0:
        raise bad_parameter("can not set tp/sl/ts for zero position")
    steps = (_set_pair if change.mode == "Partial" else _set_full)(ledger, place, change)
    trailing = _planned_trailing(ledger, place, change)
    if not steps and trailing is None:
        raise Refusal(34040, "not modified")
    for kind, leg in steps.items():
        _apply(ledger, place, kind, leg, change, now)
    if trailing is not None:
        _apply_trailing(ledger, place, trailing, now)


def _position_side(ledger: Ledger, place: PositionKey) -> str:
    return "Buy" if ledger.position(*place).size > 0 else "Sell"


def _leg_of(order: Order | None) -> Leg:
    if order is None or order.trigger is None:
        return Leg()
    return Leg(order.trigger.price, order.trigger.by, order.order_type, order.price)


def _set_full(ledger: Ledger, place: PositionKey, change: StopChange) -> dict[str, Leg | Brackets]:
    """The legs that differ from what there is, checked."""
    steps: dict[str, Leg | Brackets] = {}
    book, side = ledger.books[place[1]], _position_side(ledger, place)
    for kind, asked in ((PROFIT, change.profit), (LOSS, change.loss)):
        before = _leg_of(protection.full(ledger, place, kind))
        after = asked.apply(before)
        if after.order_type == "Limit":
            raise bad_parameter(f"params error: a limit {kind} needs tpslMode Partial")
        if after != before:
            check_leg(book.spec, side, kind, after, book.quote.by(after.by))
            steps[kind] = after
    return steps


def _set_pair(ledger: Ledger, place: PositionKey, change: StopChange) -> dict[str, Leg | Brackets]:
    """A new pair for part of the position, checked; nothing when no price is asked for."""
    pair = Brackets("Partial", change.profit.apply(Leg()), change.loss.apply(Leg()))
    if not pair.profit.price and not pair.loss.price:
        return {}
    book, side = ledger.books[place[1]], _position_side(ledger, place)
    check_leg(book.spec, side, PROFIT, pair.profit, book.quote.by(pair.profit.by))
    check_leg(book.spec, side, LOSS, pair.loss, book.quote.by(pair.loss.by))
    held = abs(ledger.position(*place).size)
    if change.qty is not None and (not on_step(change.qty, book.spec.step) or change.qty > held):
        raise bad_parameter(f"params error: tpSize or slSize invalid, the position is {plain(held)}")
    kinds = [order.stop_type for order in ledger.protections.get(place, {}).values()]
    if max(kinds.count("PartialTakeProfit"), kinds.count("PartialStopLoss")) >= MAX_PARTIAL:
        raise Refusal(110061, "The number of partial TP/SL orders exceeds maximum allowable limit")
    return {"Partial": pair}


def _apply(
    ledger: Ledger, place: PositionKey, kind: str, wanted: Leg | Brackets, change: StopChange, now: Moment
) -> None:
    if isinstance(wanted, Brackets):
        qty = change.qty or abs(ledger.position(*place).size)
        protection.add_pair(ledger, place, wanted, qty, "", now)
    elif wanted.price:
        protection.set_full(ledger, place, kind, wanted, "", now)
    else:
        _remove(ledger, protection.full(ledger, place, kind), now)


def _remove(ledger: Ledger, order: Order | None, now: Moment) -> None:
    if order is not None:
        withdraw(ledger, order, "CancelByUser", "EC_PerCancelRequest", now)


def _planned_trailing(ledger: Ledger, place: PositionKey, change: StopChange) -> Trigger | None:
    """The trailing stop as it will be (distance 0: none), or None when it stays as it is."""
    current = protection.full(ledger, place, TRAILING)
    before = current.trigger if current is not None else None
    if change.distance is None or (change.distance == 0 and before is None):
        return None
    same = before is not None and before.distance == change.distance
    if before is not None and same and change.activation in (None, before.activation):
        return None
    return _trailing(ledger, place, change.distance, change.activation)


def _trailing(ledger: Ledger, place: PositionKey, distance: Decimal, activation: Decimal | None) -> Trigger:
    """A trailing stop that runs at once, or from its activation price (USDT) on. Refuses with 10001 what the
    price cannot come to."""
    book, falls = ledger.books[place[1]], _position_side(ledger, place) == "Buy"
    way, last = FALLS if falls else RISES, book.quote.last
    if distance == 0:
        return Trigger(last, way, "LastPrice", TRAILING)
    check_price(book.spec, distance)
    if distance >= last:
        raise bad_parameter("params error: trailingStop is more than the price")
    if activation is None:
        stop = last - distance if falls else last + distance
        return Trigger(stop, way, "LastPrice", TRAILING, "", distance, last, running=True)
    check_price(book.spec, activation)
    if activation <= last if falls else activation >= last:
        word = "greater" if falls else "less"
        raise bad_parameter(f"params error: activePrice should be {word} than the last price {plain(last)}")
    return Trigger(activation, way, "LastPrice", TRAILING, "", distance, activation)


def _apply_trailing(ledger: Ledger, place: PositionKey, trigger: Trigger, now: Moment) -> None:
    order = protection.full(ledger, place, TRAILING)
    if not trigger.distance:
        _remove(ledger, order, now)
    elif order is None:
        qty = abs(ledger.position(*place).size)
        protection.make(ledger, place, trigger, Leg(), qty, "", now)
    else:
        order.trigger, order.updated_ms = trigger, now.ms
        ledger.report(order)
