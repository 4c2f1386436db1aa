"""Conditional orders whose price has come: they are looked at again and go into the market."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from . import checks
from .endings import conclude, withdraw
from .errors import Refusal
from .ledger import Ledger
from .matching import match
from .model import Moment, Order, Quote, Trigger
from .numbers import ZERO
from .protection import FALLS, FULL_KINDS, RISES, TRAILING, bind, full
from .spot_checks import check_funds, settled


def fire_due(ledger: Ledger, symbol: str, now: Moment) -> None:
    """Fires every conditional order of the symbol that its present prices have reached, also those that come
    into being on the way."""
    waiting = ledger.waiting.get(symbol)
    if not waiting:
        return
    quote = ledger.books[symbol].quote
    for order in list(waiting.values()):
        _trail(ledger, order, quote)
    while due := sorted((order for order in waiting.values() if _due(order, quote)), key=_age):
        for order in due:
            if order.is_waiting:
                fire(ledger, order, now)


def _age(order: Order) -> int:
    return order.serial


def _due(order: Order, quote: Quote) -> bool:
    trigger = order.trigger
    return trigger is not None and (trigger.distance == 0 or trigger.running) and reached(trigger, quote)


def reached(trigger: Trigger, quote: Quote) -> bool:
    """Whether the watched price is where the trigger wants it."""
    price = quote.by(trigger.by)
    return price >= trigger.price if trigger.direction == RISES else price <= trigger.price


def _trail(ledger: Ledger, order: Order, quote: Quote) -> None:
    """A trailing stop begins at its activation price and then follows the best price."""
    trigger = order.trigger
    if trigger is None or not trigger.distance:
        return
    price, falls = quote.by(trigger.by), trigger.direction == FALLS
    if not trigger.running:
        if (price < trigger.activation) if falls else (price > trigger.activation):
            return
        stop = price - trigger.distance if falls else price + trigger.distance
    else:
        following = price - trigger.distance if falls else price + trigger.distance
        stop = max(following, trigger.price) if falls else min(following, trigger.price)
        if stop == trigger.price:
            return
    order.trigger = replace(trigger, price=stop, running=True)
    ledger.events.kept.append(order)


def fire(ledger: Ledger, order: Order, now: Moment) -> None:
    """Triggers one order: its partner goes, then it is admitted and matched, or ends with the reason."""
    ledger.unwait(order)
    order.status, order.updated_ms = "Triggered", now.ms
    if order.stop_type == "Stop":
        order.create_type = "CreateByStopOrder"
    ledger.serial += 1
    order.rank = ledger.serial
    ledger.report(order)
    _dismiss_partner(ledger, order, now)
    try:
        order.qty, order.price = _admitted(ledger, order)
    except Refusal as refusal:
        conclude(ledger, order, *_ENDINGS.get(refusal.code, _REJECTED), now)
        return
    order.status = "New"
    match(ledger, order, now)


# What a triggered order ends with that is refused, by the code of the refusal: status, cancelType, rejectReason.
_ENDINGS = {
    110007: ("Cancelled", "CancelByCannotAffordOrderCost", "EC_Others"),
    110017: ("Cancelled", "CancelByReduceOnly", "EC_NoError"),
    170131: ("Cancelled", "CancelByCannotAffordOrderCost", "EC_Others"),
}
_REJECTED = ("Rejected", "UNKNOWN", "EC_Others")


def _dismiss_partner(ledger: Ledger, order: Order, now: Moment) -> None:
    trigger = order.trigger
    if trigger is None:
        return
    partner = ledger.orders.get(trigger.partner)
    if trigger.kind in FULL_KINDS:
        partner = full(ledger, order.place, FULL_KINDS[trigger.kind == FULL_KINDS[0]])
    if partner is not None and partner.is_waiting:
        withdraw(ledger, partner, "CancelByTpSlTsClear", "EC_NoError", now)
    bind(order, "")


def _admitted(ledger: Ledger, order: Order) -> tuple[Decimal, Decimal]:
    """Quantity and price with which a triggered order goes on. Raises Refusal when it may not."""
    if order.is_spot:
        return _admitted_spot(ledger, order)
    book, qty = ledger.books[order.symbol], order.qty
    checks.check_live(book.spec, order.reduce_only)
    if order.reduce_only:
        whole = order.stop_type in (*FULL_KINDS, TRAILING)
        qty = checks.held_against(ledger, order.place, order.side, ZERO if whole else qty)
    if order.order_type == "Market":
        price = checks.market_limit(book, order.side, order.slippage_type, order.slippage)
    else:
        price = checks.within_band(book, order.side, order.price, refuse=False)
    if not order.reduce_only:
        reference = checks.reference_price(book, order.side, price, order.order_type == "Market")
        checks.check_margin(ledger, order.place, order.side, qty, reference)
    return qty, price


def _admitted_spot(ledger: Ledger, order: Order) -> tuple[Decimal, Decimal]:
    """The same of a spot order: it must be paid for by now."""
    order.qty, order.price = settled(ledger, order)
    check_funds(ledger, order)
    return order.qty, order.price
