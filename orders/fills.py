"""Fills, booked once each by (account, execId): their rows, what their orders add up to, and what the position adds up
to. A batch is folded at once, so that late ones cost one fold and not one each."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from bybit import rows
from bybit.types import Execution
from orders import states
from orders.models import Fill, Order
from orders.schemas import FillOut
from orders.writing import alert
from positions import services as positions
from positions.book import Trade
from positions.journal import flat_before, mark_stale
from positions.rounds import START, Key
from positions.services import Booked, Change, Locked

Place = tuple[str, str, int]
# What the fills of orders add up to: quantity, value, and the fee where one was told.
Sums = dict[UUID, tuple[Decimal, Decimal, Decimal | None]]


def book(
    account_id: str, found: Sequence[tuple[Execution, Order | None]]
) -> tuple[list[Fill], Sums, list[Change]]:
    """Inserts what is new. Returns the new fills, oldest first, what the fills of each order add up to now, and the
    changes."""
    sorted_ = sorted(found, key=lambda pair: (pair[0].exec_ms, pair[0].seq or 0, pair[0].exec_id))
    fills = [_fill(account_id, execution, order) for execution, order in sorted_]
    order_ids = list({fill.order_id for fill in fills if fill.order_id is not None})
    new, (added,) = rows.insert_all(fills, "exec_id", [(_SUMS, [order_ids])])
    changes = [Change("fill", fill.exec_id, 1, FillOut.of(fill).model_dump_json()) for fill in new]
    return new, _by_order(added), changes


def _fill(account_id: str, execution: Execution, order: Order | None) -> Fill:
    return Fill(
        account_id=account_id,
        exec_id=execution.exec_id,
        order=order,
        exchange_order_id=execution.order_id,
        order_link_id=execution.order_link_id,
        category=execution.category,
        symbol=execution.symbol,
        position_idx=order.position_idx if order else 0,
        side=execution.side,
        exec_type=execution.exec_type,
        is_trade=execution.is_trade,
        price=execution.price,
        qty=execution.qty,
        value=execution.value,
        fee=execution.fee,
        fee_currency=execution.fee_currency,
        is_maker=execution.is_maker,
        closed_size=execution.closed_size,
        exchange_seq=execution.seq,
        exec_ms=execution.exec_ms,
        at=datetime.fromtimestamp(execution.exec_ms / 1000, UTC),
    )


_SUMS = """
SELECT order_id, sum(qty), sum(qty * price), sum(fee) FROM orders_fill WHERE order_id = ANY(%s) AND is_trade
GROUP BY order_id
"""


def _by_order(added: Iterable[Sequence[Any]]) -> Sums:
    return {order_id: (qty, value, fee) for order_id, qty, value, fee in added}


def sums(order: Order) -> Sums:
    """What the fills of one order add up to: quantity, value, fee."""
    return _by_order(rows.fetch(_SUMS, [[order.pk]]))


def attach(order: Order, exchange_order_id: str, found: Sums) -> None:
    """Takes over what the order's fills add up to, from the rows: never incremented. The caller saves it."""
    order.fills_qty, order.fills_value, order.fee = found.get(order.pk, (Decimal(0), Decimal(0), None))
    if not order.exchange_order_id:
        order.exchange_order_id = exchange_order_id
    _reopen(order)


def _reopen(order: Order) -> None:
    """A fill proves that Bybit had the order, whatever we concluded before."""
    concluded = order.reject_code in states.OWN_VERDICTS
    if concluded:
        alert(
            order, f"A fill arrived for an order that Tradepost had called {order.state}. It is read again."
        )
    if concluded or (order.state == "unknown" and not order.exchange_status):
        order.state = states.state_of(order.exchange_status, "acked")
        order.reject_code = order.reject_message = ""
        order.needs_read = True


def fold(locked: Locked, new: Iterable[Fill]) -> None:
    """Adds new trades to what our fills of each position add up to."""
    places: dict[Place, list[Booked]] = {}
    for fill in new:
        # Spot trades coins of the wallet, not a position.
        if fill.is_trade and fill.category != "spot":
            place = (fill.category, fill.symbol, fill.position_idx)
            places.setdefault(place, []).append(_booked(fill))
    for place, booked in sorted(places.items(), key=lambda item: item[0]):
        positions.apply_fills(locked, place, booked, history=partial(_since_flat, locked.account_id, place))


def move(order: Order, locked: Locked) -> None:
    """An order is known now whose fills were booked before it: they belong to its position index."""
    loose = Fill.objects.filter(
        account_id=order.account_id, exchange_order_id=order.exchange_order_id, order=None
    )
    before = {fill.position_idx for fill in loose if fill.is_trade and fill.category != "spot"}
    loose.update(order=order, position_idx=order.position_idx)
    if before <= {order.position_idx}:
        return
    places = [(order.category, order.symbol, index) for index in sorted(before | {order.position_idx})]
    mark_stale(order.account_id, places)
    for place in places:
        fold_place(locked, place)


def fold_place(locked: Locked, place: Place) -> None:
    """Folds one position anew from all its fills."""
    positions.fold_anew(locked, place, history=_history(locked.account_id, place))


def places(account_id: str) -> list[Place]:
    """Every position that fills ever belonged to."""
    found = Fill.objects.filter(account_id=account_id, is_trade=True).exclude(category="spot")
    return list(found.order_by().values_list("category", "symbol", "position_idx").distinct())


def _booked(fill: Fill) -> Booked:
    trade = Trade(fill.side, fill.qty, fill.price)
    return Booked(trade=trade, exec_ms=fill.exec_ms, seq=fill.exchange_seq or 0, exec_id=fill.exec_id)


_HISTORY = """
SELECT side, qty, price, exec_ms, coalesce(exchange_seq, 0), exec_id FROM orders_fill
WHERE account_id = %s AND category = %s AND symbol = %s AND position_idx = %s AND is_trade AND exec_ms >= %s
ORDER BY exec_ms, coalesce(exchange_seq, 0), exec_id COLLATE "C"
"""
_FIRST_UNSEEN = """
SELECT min(exec_ms) FROM orders_fill WHERE account_id = %s AND NOT journaled AND category = %s AND symbol = %s
AND position_idx = %s AND is_trade AND exec_ms < %s
"""


def _since_flat(account_id: str, place: Place, before: Key) -> Iterable[Booked]:
    """The fills of a position from the last moment on at which it is known to have been flat before a key. The journal
    knows such moments, but only up to the first fill that it does not have yet; that is looked for first, for the
    caller holds the position, so that no other fill of it can come in between."""
    ((unseen,),) = rows.fetch(_FIRST_UNSEEN, [account_id, *place, before[0]])
    return _history(account_id, place, flat_before(account_id, place, unseen or before[0]))


def _history(account_id: str, place: Place, cut: Key = START) -> Iterable[Booked]:
    for side, qty, price, exec_ms, seq, exec_id in rows.fetch(_HISTORY, [account_id, *place, cut[0]]):
        booked = Booked(trade=Trade(side, qty, price), exec_ms=exec_ms, seq=seq, exec_id=exec_id)
        if booked.key > cut:
            yield booked
