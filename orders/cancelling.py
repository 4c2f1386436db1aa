"""Cancelling: one order, or all of them until a fresh read shows none. Reached through `orders.services` alone."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import DatabaseError
from django.utils import timezone

from bybit.errors import Banned, BybitError, Gone, Refused
from bybit.failpoints import failpoint
from bybit.gateway import Gateway
from bybit.models import Account
from bybit.types import CATEGORIES
from orders import access, lookup, news, states
from orders.models import Order, OrderEvent

log = logging.getLogger("tradepost.orders")

CANCEL_ROUNDS = 5
READ_BACKS = 10
READ_BACK_SECONDS = 0.2
READ_BACK_DETAILS = 5
Result = tuple[Order, str, str]


def cancel(*, user: AbstractBaseUser, order: Order, source: str) -> tuple[Order, bool]:
    """Asks Bybit to cancel. Returns the order and whether there is proof: Bybit took the wish, or it was final
    already. May be repeated. Raises Paused while Bybit has banned this server: nothing was sent then."""
    if order.state in states.FINAL:
        return order, True
    account = access.account_of(user, order.account_id)
    access.check_not_paused(access.link_of(account))
    outcome = cancel_at_bybit(order, account, source, user.get_username())
    return Order.objects.get(pk=order.pk), outcome in ("taken", "gone")


def cancel_at_bybit(order: Order, account: Account, source: str, by: str) -> str:
    """One cancel request, asked for by the user of that name. Returns "taken", "gone" (proven final by a read),
    "unknown", or Bybit's refusal code."""
    now = timezone.now()
    with _even_unwritten(order):
        Order.objects.filter(pk=order.pk, cancel_requested_at=None).update(cancel_requested_at=now)
    failpoint("after_cancel_wish")
    gateway = access.gateway_of(account)
    outcome, body = "taken", {"retCode": 0}
    try:
        gateway.cancel(lookup.reference(order))
    except BybitError as error:
        body = {"code": error.code, "message": error.message}  # type: ignore[dict-item]
        outcome = "unknown"
        if isinstance(error, Banned):
            access.note_ban(account, gateway)
        elif isinstance(error, Gone):
            news.take_findings(order, lookup.ask(gateway, order), "cancel")
            if Order.objects.filter(pk=order.pk, state__in=states.FINAL).exists():
                outcome = "gone"
        elif isinstance(error, Refused):
            outcome = error.code
        with _even_unwritten(order):
            Order.objects.filter(pk=order.pk).update(next_check_at=now)
    failpoint("after_cancel_answer")
    with _even_unwritten(order):
        OrderEvent.objects.create(order=order, at=now, kind="cancel", source=source, body={"by": by, **body})
    return outcome


@contextmanager
def _even_unwritten(order: Order) -> Iterator[None]:
    """A cancel only ever reduces risk: it goes out though the database takes no writes, and the log says so instead."""
    try:
        yield
    except DatabaseError:
        log.exception("a cancel of %s could not be written down", str(order.pk)[:8])


def cancel_all(
    *,
    account: Account,
    category: str | None,
    symbol: str | None,
    include: set[str],
    source: str,
    by: str,
) -> list[Result]:
    """Cancels every open order of the account (made elsewhere too) and loops until a fresh read shows none.
    Returns (order, result, code) per order that was open: cancelled, already_final, failed or unknown. Position
    TP/SL and trailing stops (`protective`) go only when named. Raises BybitError when Bybit cannot even be asked.

    `category` None means all of them; one that cannot be read does not hold up the others."""
    link = access.link_of(account)
    access.check_not_paused(link)
    gateway = access.informed(account, link)
    results: list[Result] = []
    failure: BybitError | None = None
    for one in (category,) if category else CATEGORIES:
        try:
            results += _cancel_category(account, gateway, one, symbol, include, source, by)
        except BybitError as error:
            failure = error
            access.note_ban(account, gateway)
    if failure is not None:
        raise failure
    return results


def _cancel_category(
    account: Account,
    gateway: Gateway,
    category: str,
    symbol: str | None,
    include: set[str],
    source: str,
    by: str,
) -> list[Result]:
    outcomes: dict[UUID, str] = {}
    try:
        for _ in range(CANCEL_ROUNDS):
            found = lookup.open_orders(gateway, category, symbol, include)
            news.record(account.pk, reports=found, source="cancel-all")
            known = _open_here(account, category, symbol, include)
            open_now = {
                order: kind
                for order, kind in known.items()
                if not (_unproven(order) and order.pk in outcomes)
            }
            if not open_now:
                break
            outcome = _cancel_kinds(gateway, category, symbol, include & set(open_now.values()))
            for order, kind in open_now.items():
                outcomes[order.pk] = outcome
                # Named one by one: what protects a position, and what Bybit's lists may not show yet.
                if kind == "protective" or not order.exchange_order_id:
                    outcomes[order.pk] = cancel_at_bybit(order, account, source, by)
            _note_cancel(list(open_now), {"by": by, "cancel_all": outcome}, source)
            _read_back(account, gateway, category, [order.pk for order in open_now])
    except BybitError:
        if not outcomes:
            raise
        # Cancels are out: what is known of each order is told, and its end is the resolver's to prove.
        access.note_ban(account, gateway)
    return [_cancel_result(order, outcomes[order.pk]) for order in Order.objects.filter(pk__in=outcomes)]


def _unproven(order: Order) -> bool:
    """A send without an answer. One wish to cancel is all that can be done for it: its end is the resolver's to prove,
    and the others must not wait for that."""
    return order.state in states.UNSETTLED and not order.exchange_order_id


def _open_here(account: Account, category: str, symbol: str | None, include: set[str]) -> dict[Order, str]:
    """The open orders and their kinds, as known after Bybit's list was taken in: the list may lag behind what we know,
    and a send without an answer may stand there too."""
    rows = Order.objects.filter(account=account, category=category, state__in=states.OPEN - {"new"})
    if symbol:
        rows = rows.filter(symbol=symbol)
    kinds = {order: lookup.kind_of_row(order) for order in rows}
    return {order: kind for order, kind in kinds.items() if kind in include}


_FILTERS = {
    ("linear", "orders"): ("Order",),
    ("linear", "conditional"): ("StopOrder",),
    ("spot", "orders"): ("Order",),
    ("spot", "conditional"): ("StopOrder", "tpslOrder"),
}


def _cancel_kinds(gateway: Gateway, category: str, symbol: str | None, kinds: set[str]) -> str:
    """One request per kind and coin, however many orders there are."""
    outcome = "taken"
    coins = gateway.settle_coins[:1] if symbol or category == "spot" else gateway.settle_coins
    for kind in sorted(kinds - {"protective"}):
        for order_filter in _FILTERS[category, kind]:
            for coin in coins:
                try:
                    gateway.cancel_all(
                        category=category, symbol=symbol, settle_coin=coin, order_filter=order_filter
                    )
                except BybitError as error:
                    outcome = error.code if isinstance(error, Refused) else "unknown"
    return outcome


def _note_cancel(orders: list[Order], body: dict[str, str], source: str) -> None:
    now = timezone.now()
    Order.objects.filter(pk__in=[order.pk for order in orders], cancel_requested_at=None).update(
        cancel_requested_at=now
    )
    OrderEvent.objects.bulk_create(
        OrderEvent(order=order, at=now, kind="cancel", source=source, body=body) for order in orders
    )


def _read_back(account: Account, gateway: Gateway, category: str, keys: list[UUID]) -> None:
    """A taken cancel is a promise; each order's own status is the proof. Most come by the stream meanwhile."""
    waiting = Order.objects.filter(account=account, pk__in=keys)
    for _ in range(READ_BACKS):
        time.sleep(READ_BACK_SECONDS)
        left = [order for order in waiting.exclude(state__in=states.FINAL) if not _unproven(order)]
        if not left:
            return
        still = {report.order_id for report in lookup.open_orders(gateway, category)}
        gone = [order for order in left if order.exchange_order_id not in still]
        for order in gone[:READ_BACK_DETAILS]:
            news.take_findings(order, lookup.ask(gateway, order), "cancel-all")


def _cancel_result(order: Order, outcome: str) -> Result:
    if order.state == "cancelled":
        return order, "cancelled", ""
    if order.state in states.FINAL:
        return order, "already_final", ""
    if outcome in ("taken", "gone", "unknown"):
        return order, "unknown", ""
    return order, "failed", outcome
