"""Take-profit, stop-loss and trailing stop of a position: conditional orders that the exchange keeps itself."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from .book import opposite
from .endings import withdraw
from .ledger import Ledger
from .model import Brackets, Execution, Leg, Moment, Order, PositionKey, Trigger
from .numbers import ZERO

PROFIT, LOSS, TRAILING = "TakeProfit", "StopLoss", "TrailingStop"
FULL_KINDS = (PROFIT, LOSS)
RISES, FALLS = 1, 2


def follow_fill(ledger: Ledger, order: Order, execution: Execution, now: Moment) -> None:
    """What a fill means for the orders that protect its position: they go with a position that ended, come
    with one that was opened, and cover all of it."""
    place = order.place
    opened = execution.qty - execution.closed
    if execution.closed and (opened or ledger.position(*place).size == 0):
        clear(ledger, place, now)
    if order.brackets is not None and opened:
        attach(ledger, order, order.brackets, opened, now)
    if ledger.protections.get(place):
        _resize(ledger, place, now)


def clear(ledger: Ledger, place: PositionKey, now: Moment) -> None:
    """Takes every protection of a position away: there is nothing left to protect."""
    for order in list(ledger.protections.get(place, {}).values()):
        withdraw(ledger, order, "CancelByTpSlTsClear", "EC_NoError", now)


def attach(ledger: Ledger, order: Order, brackets: Brackets, opened: Decimal, now: Moment) -> None:
    """The protection that an order brings along for what it has just opened (base coin)."""
    if brackets.mode == "Partial":
        add_pair(ledger, order.place, brackets, opened, order.link_id, now)
        return
    for kind, leg in ((PROFIT, brackets.profit), (LOSS, brackets.loss)):
        if leg.price:
            set_full(ledger, order.place, kind, leg, order.link_id, now)


def full(ledger: Ledger, place: PositionKey, kind: str) -> Order | None:
    """The one take-profit, stop-loss or trailing stop of the whole position; None when there is none."""
    protections = ledger.protections.get(place, {})
    return next((order for order in protections.values() if order.stop_type == kind), None)


def set_full(ledger: Ledger, place: PositionKey, kind: str, leg: Leg, parent_link: str, now: Moment) -> None:
    """Makes or changes the take-profit or stop-loss of the whole position."""
    order = full(ledger, place, kind)
    if order is None or order.trigger is None:
        qty = abs(ledger.position(*place).size)
        make(ledger, place, _trigger(ledger, place, kind, leg), leg, qty, parent_link, now)
        return
    order.trigger = replace(order.trigger, price=leg.price, by=leg.by)
    order.parent_link, order.updated_ms = parent_link or order.parent_link, now.ms
    ledger.report(order)


def add_pair(
    ledger: Ledger, place: PositionKey, pair: Brackets, qty: Decimal, parent_link: str, now: Moment
) -> None:
    """Adds a take-profit and a stop-loss for part of a position; each goes when the other one fires."""
    made: list[Order] = []
    for kind, leg in ((PROFIT, pair.profit), (LOSS, pair.loss)):
        if leg.price:
            trigger = _trigger(ledger, place, kind, leg, partial=True)
            made.append(make(ledger, place, trigger, leg, qty, parent_link, now, quiet=True))
    if len(made) == 2:
        bind(made[0], made[1].order_id)
        bind(made[1], made[0].order_id)
    for order in made:
        ledger.report(order)


def bind(order: Order, partner: str) -> None:
    """Notes the order that goes with this one ("" for none)."""
    if order.trigger is not None:
        order.trigger = replace(order.trigger, partner=partner)


def make(
    ledger: Ledger, place: PositionKey, trigger: Trigger, leg: Leg, qty: Decimal, parent_link: str,
    now: Moment, quiet: bool = False,
) -> Order:  # fmt: skip
    """A new conditional order that closes (part of) a position."""
    account, symbol, idx = place
    order_id = ledger.next_id()
    order = Order(
        order_id=order_id, link_id="", account=account, symbol=symbol, side=closing_side(ledger, place),
        order_type=leg.order_type, qty=qty, price=leg.limit, tif="GTC" if leg.limit else "IOC",
        reduce_only=True, close_on_trigger=True, smp_type="None", slippage_type="UNKNOWN", slippage="0",
        create_type=f"CreateBy{trigger.kind}", last_on_created=ledger.books[symbol].quote.last,
        created_ms=now.ms, updated_ms=now.ms, serial=ledger.serial, rank=ledger.serial, status="Untriggered",
        position_idx=idx, parent_link=parent_link, trigger=trigger,
    )  # fmt: skip
    ledger.register(order)
    ledger.wait(order)
    if not quiet:
        ledger.report(order)
    return order


def closing_side(ledger: Ledger, place: PositionKey) -> str:
    """The side that closes the position."""
    return "Sell" if ledger.position(*place).size > 0 else "Buy"


def direction(side: str, kind: str) -> int:
    """Which way the price has to go for a protection that closes with this side."""
    rising = RISES if opposite(side) == "Buy" else FALLS
    return rising if kind.endswith(PROFIT) else RISES + FALLS - rising


def _trigger(ledger: Ledger, place: PositionKey, kind: str, leg: Leg, partial: bool = False) -> Trigger:
    way = direction(closing_side(ledger, place), kind)
    return Trigger(leg.price, way, leg.by, f"Partial{kind}" if partial else kind)


def _resize(ledger: Ledger, place: PositionKey, now: Moment) -> None:
    """Protections of the whole position have its size."""
    size = abs(ledger.position(*place).size)
    for order in list(ledger.protections[place].values()):
        if order.stop_type in (*FULL_KINDS, TRAILING) and order.qty != size and size > ZERO:
            order.qty, order.updated_ms = size, now.ms
            ledger.report(order)
