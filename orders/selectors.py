"""Reads of orders, fills and the event log. They write nothing, and they only see the accounts of their user."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Min, Model, Q, QuerySet

from bybit.models import Account
from orders import states
from orders.errors import NotFound, TradeError
from orders.models import ENDED, OVER, Epoch, Event, Fill, Order, OrderEvent
from orders.models import Sequence as Counter
from orders.schemas import OrderOut
from positions.models import Position, Trip
from positions.schemas import PositionOut, WalletOut
from positions.selectors import open_positions, wallets

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Slice:
    rows: Sequence[Any]
    next: str | None


def encode_cursor(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[Any]:
    """Two values, numbers or texts that a database takes. Raises TradeError `invalid` for a cursor that is not ours."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or len(values) != 2 or not all(map(_takeable, values)):
        raise _unreadable()
    return values


def _takeable(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    return type(value) is int and abs(value) < 2**63


def _unreadable() -> TradeError:
    return TradeError("invalid", "The cursor cannot be read. Start from the first page.")


def _slice(rows: "QuerySet[M]", limit: int, mark: Callable[[M], list[Any]]) -> Slice:
    found = list(rows[: limit + 1])
    more = len(found) > limit
    return Slice(found[:limit], encode_cursor(mark(found[limit - 1])) if more else None)


def accounts_of(user_id: int) -> "QuerySet[Account]":
    return Account.objects.filter(members=user_id)


def orders(
    user_id: int,
    *,
    state: str,
    symbol: str | None,
    account: str | None,
    limit: int,
    cursor: str | None,
    category: str | None = None,
) -> Slice:
    """Newest first: those that are closed by when they ended, others by when they were placed. `state` is open, closed
    or all. A symbol may be a perpetual's and a spot pair's: `category` tells which."""
    by_end = state == "closed"
    mark = "ended " if by_end else ""
    rows = Order.objects.filter(account__in=accounts_of(user_id)).annotate(
        moment=ENDED if by_end else F("created_at")
    )
    if by_end:
        rows = rows.filter(OVER)
    elif state == "open":
        rows = rows.filter(state__in=states.OPEN)
    if symbol:
        rows = rows.filter(symbol=symbol)
    if category:
        rows = rows.filter(category=category)
    if account:
        rows = rows.filter(account_id=account)
    if cursor:
        at, key = decode_cursor(cursor)
        try:
            # A cursor of the other order would go on at the wrong place.
            moment, last = datetime.fromisoformat(at.removeprefix(mark)).astimezone(UTC), UUID(key)
            if not at.startswith(mark):
                raise ValueError
        except (ValueError, TypeError, AttributeError, OverflowError):
            raise _unreadable() from None
        rows = rows.filter(Q(moment__lt=moment) | Q(id__lt=last), moment__lte=moment)

    def place(row: Any) -> list[Any]:
        return [f"{mark}{row.moment.isoformat()}", str(row.pk)]

    return _slice(rows.order_by("-moment", "-id"), limit, place)


def with_missing_fills(position: Position) -> "QuerySet[Order]":
    """Orders of a position of which Bybit executed more than the fills here say."""
    return Order.objects.filter(
        account_id=position.account_id,
        category=position.category,
        symbol=position.symbol,
        position_idx=position.position_idx,
        cum_exec_qty__gt=F("fills_qty"),
    ).order_by("-created_at")


def unsettled(account_id: str) -> tuple[int, datetime | None]:
    """How many orders have no certain state, and since when the oldest of them."""
    found = Order.objects.filter(account_id=account_id, state__in=states.UNSETTLED)
    return found.count(), found.aggregate(oldest=Min("created_at"))["oldest"]


def alerts(account_id: str, since: datetime, limit: int) -> list[OrderEvent]:
    """What the owner should know of, newest first."""
    found = OrderEvent.objects.filter(kind="alert", at__gt=since, order__account_id=account_id)
    return list(found.order_by("-at")[:limit])


def order(user_id: int, order_id: UUID) -> Order:
    """Raises NotFound, also for an order of an account that is not this user's."""
    row = Order.objects.filter(pk=order_id, account__in=accounts_of(user_id)).first()
    if row is None:
        raise NotFound("order")
    return row


def whole_cursor(cursor: str | None) -> tuple[int, int] | None:
    """A cursor of two whole numbers. Raises TradeError `invalid` for one that is not ours."""
    if not cursor:
        return None
    first, second = decode_cursor(cursor)
    if not isinstance(first, int) or not isinstance(second, int):
        raise _unreadable()
    return first, second


def fills_of_trip(trip: Trip, cursor: str | None, limit: int) -> tuple[list[Fill], str | None]:
    """The executions of a round trip, oldest first, funding among them."""
    after = whole_cursor(cursor)
    first, last = (
        (trip.first_ms, trip.first_seq, trip.first_exec),
        (trip.last_ms, trip.last_seq, trip.last_exec),
    )
    rows = Fill.objects.filter(
        account_id=trip.account_id,
        category=trip.category,
        symbol=trip.symbol,
        position_idx=trip.position_idx,
        exec_ms__range=(first[0], last[0]),
    ).order_by("exec_ms", "id")
    if after:
        rows = rows.filter(Q(exec_ms__gt=after[0]) | Q(exec_ms=after[0], id__gt=after[1]))
    found = list(rows[: limit + 1])
    following = encode_cursor([found[limit - 1].exec_ms, found[limit - 1].pk]) if len(found) > limit else None
    inside = [
        row for row in found[:limit] if first <= (row.exec_ms, row.exchange_seq or 0, row.exec_id) <= last
    ]
    return inside, following


def fills(
    user_id: int,
    *,
    symbol: str | None,
    account: str | None,
    limit: int,
    cursor: str | None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Slice:
    """Executions, newest first, from `start` to before `end`."""
    rows = Fill.objects.filter(account__in=accounts_of(user_id))
    if start is not None:
        rows = rows.filter(exec_ms__gte=int(start.timestamp() * 1000))
    if end is not None:
        rows = rows.filter(exec_ms__lt=int(end.timestamp() * 1000))
    if symbol:
        rows = rows.filter(symbol=symbol)
    if account:
        rows = rows.filter(account_id=account)
    if cursor:
        at, key = decode_cursor(cursor)
        if not isinstance(at, int) or not isinstance(key, str):
            raise _unreadable()
        rows = rows.filter(Q(exec_ms__lt=at) | Q(exec_ms=at, exec_id__lt=key))
    return _slice(rows.order_by("-exec_ms", "-exec_id"), limit, lambda row: [row.exec_ms, row.exec_id])


def events_after(account_id: str, seq: int, limit: int) -> list[Event] | None:
    """The account's log from there on; None when it no longer reaches back that far (or never reached so far)."""
    counter = Counter.objects.filter(pk=account_id).first()
    floor, top = (counter.floor, counter.seq) if counter else (0, 0)
    if seq < floor or seq > top:
        return None
    return list(Event.objects.filter(account_id=account_id, seq__gt=seq).order_by("seq")[:limit])


def seqs(account_ids: Sequence[str]) -> dict[str, int]:
    """The last committed seq of each account."""
    known = dict(Counter.objects.filter(pk__in=account_ids).values_list("account_id", "seq"))
    return {account_id: known.get(account_id, 0) for account_id in account_ids}


def epoch() -> str:
    return str(Epoch.objects.get().value)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is open, as of `seqs`, read in one REPEATABLE READ transaction."""

    seqs: dict[str, int]
    orders: list[OrderOut]
    positions: list[PositionOut]
    wallets: list[WalletOut]


def snapshot(account_ids: Sequence[str]) -> Snapshot:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        at = seqs(account_ids)
        rows = Order.objects.filter(account_id__in=account_ids, state__in=states.OPEN)
        return Snapshot(
            seqs=at,
            orders=[OrderOut.of(row) for row in rows],
            positions=[PositionOut.of(row) for row in open_positions(account_ids)],
            wallets=[WalletOut.of(row) for row in wallets(account_ids)],
        )
