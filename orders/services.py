"""The order manager: the only writer of orders and fills. Commands of people go out here (`place`, `cancel`,
`close_position`), news of Bybit's comes in here by two doors (`record_report`, `record_execution`), and the
resolver's verdicts are written here. The path of an order is in docs/architecture.md."""

import logging
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.utils import timezone

from bybit import gateway as bybit
from bybit import instruments, rows
from bybit.errors import BybitError, ClockRefused, Duplicate, Gone, NotSent, Refused
from bybit.models import Account, Link
from bybit.types import NewOrder
from orders import lookup, news, seen, states, verdicts
from orders.errors import Conflict, NotFound, NotReconciled
from orders.models import Order, OrderEvent
from orders.risk import Wish, check, close_qty
from orders.topics import changed, changed_if
from positions.models import Position
from positions.services import position_id

log = logging.getLogger("tradepost.orders")

# The one door for each kind of news, whichever wire brought it; `record` takes a whole batch in one transaction.
record = news.record
record_report = news.record_report
record_execution = news.record_execution
# What the resolver concludes.
close_never_sent = verdicts.close_never_sent
give_up_sending = verdicts.give_up_sending
note_negative = verdicts.note_negative
check_later = verdicts.check_later

FIRST_SEND_SECONDS = 6
CANCEL_ROUNDS = 5
READ_BACKS = 10
READ_BACK_SECONDS = 0.2
READ_BACK_DETAILS = 5


class Taken(Exception):
    """Another request has just written the order with this id."""


@dataclass(frozen=True, slots=True)
class Placed:
    """`fresh` is false when the id was known and nothing was sent by this call."""

    order: Order
    fresh: bool


def place(*, user: AbstractBaseUser, wish: Wish, source: str, stamp: str | None, must_see: bool) -> Placed:
    """Places an order once. The row is committed before the first byte leaves; a known id sends nothing.

    Raises TradeError for what is refused before sending (nothing was written). Whatever Bybit answers, or does not,
    is in the order's state.
    """
    known = _known(user, wish)
    if known is not None:
        return Placed(known, fresh=False)
    account = account_of(user, wish.account_id)
    if not wish.reduce_only:
        _check_seen(user, wish, stamp, must_see)
        check_reconciled(account)
    check(wish, account, instruments.find(account.environment, wish.category, wish.symbol))
    try:
        order = _commit_intent(user, wish, source)
    except Taken:
        # Another tap with this id won the race by a hair.
        known = _known(user, wish)
        if known is None:
            raise
        return Placed(known, fresh=False)
    return Placed(_send(order, account), fresh=True)


def close_position(
    *, user: AbstractBaseUser, position: Position, wish: Wish, fraction: Any, source: str
) -> Placed:
    """Closes (part of) a position: reduce-only, so it cannot flip, and safe to tap twice. `wish` carries id, type
    and price; side and size follow from the position. Raises RuleBroken `below_min` when nothing is left."""
    known = _known(user, wish)
    if known is not None:
        return Placed(known, fresh=False)
    account = account_of(user, position.account_id)
    instrument = instruments.find(account.environment, position.category, position.symbol)
    if instrument is None:
        raise NotFound("market")
    side = "Sell" if position.side == "Buy" else "Buy"
    wish = replace(wish, side=side, qty=close_qty(position, instrument, fraction))
    return place(user=user, wish=wish, source=source, stamp=None, must_see=False)


def account_of(user: AbstractBaseUser, account_id: str) -> Account:
    """The account, if this user may use it. Raises NotFound."""
    found = rows.find(Account, _MINE, [account_id, user.pk])
    if not found:
        raise NotFound("account")
    return found[0]


_MINE = "id = %s AND EXISTS (SELECT 1 FROM bybit_account_members WHERE account_id = bybit_account.id AND user_id = %s)"


def check_reconciled(account: Account) -> None:
    """Raises NotReconciled while we cannot know the account's true state."""
    link = next(iter(rows.find(Link, "account_id = %s", [account.pk])), None)
    now = timezone.now()
    limit = timedelta(seconds=settings.RECONCILED_SECONDS)
    if link is None or link.stream == Link.Stream.RESYNCING:
        raise NotReconciled
    streaming = link.stream == Link.Stream.LIVE and link.private_at is not None
    fresh_stream = streaming and now - link.private_at < limit  # type: ignore[operator]
    if not fresh_stream and (link.pass_at is None or now - link.pass_at > limit):
        raise NotReconciled


def _check_seen(user: AbstractBaseUser, wish: Wish, stamp: str | None, must_see: bool) -> None:
    if stamp is None and not must_see:
        return
    key = position_id(wish.account_id, wish.category, wish.symbol, wish.position_idx)
    seen.check(stamp or "", user_id=user.pk, account_id=wish.account_id, position_id=key)


def _known(user: AbstractBaseUser, wish: Wish) -> Order | None:
    """The order with this id, once its first send has an answer. Raises Conflict when the id is another order's."""
    deadline = time.monotonic() + FIRST_SEND_SECONDS
    while True:
        found = rows.find(Order, "id = %s", [wish.id])
        if not found:
            return None
        row = found[0]
        if row.user_id != user.pk or row.request != wish.request:
            raise Conflict(
                "id_conflict", "This id already belongs to another order. Nothing was sent. Make a new id."
            )
        if row.state not in ("new", "sending") or time.monotonic() > deadline:
            return row
        time.sleep(0.05)


def _commit_intent(user: AbstractBaseUser, wish: Wish, source: str) -> Order:
    now = timezone.now()
    order = Order(
        id=wish.id,
        account_id=wish.account_id,
        user_id=user.pk,
        source=source,
        request=wish.request,
        category=wish.category,
        symbol=wish.symbol,
        side=wish.side,
        order_type=wish.order_type,
        qty=wish.qty,
        price=wish.price,
        time_in_force=wish.time_in_force,
        reduce_only=wish.reduce_only,
        position_idx=wish.position_idx,
        order_link_id=str(wish.id),
        created_at=now,
        updated_at=now,
    )
    intent = OrderEvent(order_id=wish.id, at=now, kind="intent", source=source, body=wish.request)
    _outside_transactions()
    # One statement, and so committed when it returns.
    if not rows.insert(order, intent):
        raise Taken
    return order


def _outside_transactions() -> None:
    """An order is on disk before it is sent: nothing may wrap its writes in a transaction that ends later."""
    if connection.in_atomic_block:
        raise RuntimeError("an order was placed inside a transaction")


def _send(order: Order, account: Account) -> Order:
    """Claims the send, which exactly one caller wins, sends once, and writes down what came of it."""
    if not _claim(order):
        return Order.objects.get(pk=order.pk)
    wire = NewOrder(
        category=order.category,
        symbol=order.symbol,
        side=order.side,
        order_type=order.order_type,
        qty=order.qty,
        price=order.price,
        time_in_force=order.time_in_force,
        reduce_only=order.reduce_only,
        position_idx=order.position_idx,
        order_link_id=order.order_link_id,
    )
    # No transaction is open, and neither broker nor channel layer is touched, until Bybit has answered.
    error: BybitError | None = None
    exchange_order_id = ""
    try:
        exchange_order_id = bybit.for_account(account).place(wire)
    except BybitError as caught:
        error = caught
    return _write_answer(order.pk, exchange_order_id, error)


def _claim(order: Order) -> bool:
    now = timezone.now()
    order.state, order.sent_at, order.updated_at = "sending", now, now
    order.version += 1
    _outside_transactions()
    # Logged with the claim, told with the answer: nothing is sent to anyone before Bybit has answered.
    return changed_if(_CLAIM, [now, now, order.version, order.pk], order.account_id, news.order_change(order))


_CLAIM = """
UPDATE orders_order SET state = 'sending', sent_at = %s, updated_at = %s, version = %s
WHERE id = %s AND state = 'new' RETURNING 1
"""


_ANSWER = ("state", "acked_at", "exchange_order_id", "reject_code", "reject_message", "needs_read")


def _write_answer(order_id: UUID, exchange_order_id: str, error: BybitError | None) -> Order:
    now = timezone.now()
    with transaction.atomic(durable=True), rows.gathered():
        (order,) = rows.locked(Order, "id = %s", [order_id])
        if error is None:
            order.acked_at = now
            order.exchange_order_id = order.exchange_order_id or exchange_order_id
            news.step(order, "acked")
            body: dict[str, Any] = {"retCode": 0, "orderId": exchange_order_id}
        else:
            body = {"code": error.code, "message": error.message, "kind": type(error).__name__}
            _apply_failure(order, error)
        changes = news.keep(order, now, evidence=("answer", "rest", body), fields=_ANSWER)
        changed(order.account_id, changes)
    return order


def _apply_failure(order: Order, error: BybitError) -> None:
    refusals = {NotSent: "never_sent", ClockRefused: "clock"}
    if isinstance(error, (Refused, Gone, NotSent, ClockRefused)):
        if news.step(order, "rejected"):
            order.reject_code = refusals.get(type(error), error.code)
            order.reject_message = error.message[:300]
        else:
            # Bybit's own news says that it exists: that beats a refusal, and is read again.
            order.needs_read = True
        if error.code in ("10001", "110003", "110094"):
            instruments.forget()
        return
    if isinstance(error, Duplicate):
        order.needs_read = True
    news.step(order, "unknown")
    log.warning("%s: outcome unknown (%s)", str(order.pk)[:8], error.code)


def cancel(*, user: AbstractBaseUser, order: Order, source: str) -> tuple[Order, bool]:
    """Asks Bybit to cancel. Returns the order and whether there is proof: Bybit took the wish, or it was final
    already. May be repeated."""
    if order.state in states.FINAL:
        return order, True
    account = account_of(user, order.account_id)
    outcome = cancel_at_bybit(order, account, source)
    return Order.objects.get(pk=order.pk), outcome in ("taken", "gone")


def cancel_at_bybit(order: Order, account: Account, source: str) -> str:
    """One cancel request. Returns "taken", "gone" (proven final by a read), "unknown", or Bybit's refusal code."""
    now = timezone.now()
    Order.objects.filter(pk=order.pk, cancel_requested_at=None).update(cancel_requested_at=now)
    gateway = bybit.for_account(account)
    outcome, body = "taken", {"retCode": 0}
    try:
        gateway.cancel(
            category=order.category,
            symbol=order.symbol,
            order_id=order.exchange_order_id,
            order_link_id=order.order_link_id,
        )
    except BybitError as error:
        body = {"code": error.code, "message": error.message}  # type: ignore[dict-item]
        outcome = "unknown"
        if isinstance(error, Gone):
            take_findings(order, lookup.ask(gateway, order), "cancel")
            if Order.objects.filter(pk=order.pk, state__in=states.FINAL).exists():
                outcome = "gone"
        elif isinstance(error, Refused):
            outcome = error.code
        Order.objects.filter(pk=order.pk).update(next_check_at=now)
    OrderEvent.objects.create(order=order, at=now, kind="cancel", source=source, body=body)
    return outcome


def cancel_all(
    *, account: Account, category: str, symbol: str | None, include: set[str], source: str
) -> list[tuple[Order, str, str]]:
    """Cancels every open order of the account (made elsewhere too) and loops until a fresh read shows none.
    Returns (order, result, code) per order that was open: cancelled, already_final, failed or unknown. Position
    TP/SL and trailing stops (`protective`) go only when named. Raises BybitError when Bybit cannot even be asked."""
    gateway = bybit.for_account(account)
    outcomes: dict[UUID, str] = {}
    for _ in range(CANCEL_ROUNDS):
        found = lookup.open_orders(gateway, category, symbol, include)
        record(account.pk, reports=found, source="cancel-all")
        names = [report.order_id for report in found]
        open_now = list(Order.objects.filter(account=account, category=category, exchange_order_id__in=names))
        if not open_now:
            break
        outcome = _cancel_kinds(gateway, category, symbol, {lookup.kind(report) for report in found})
        for order in open_now:
            outcomes[order.pk] = outcome
            if lookup.kind_of(found, order.exchange_order_id) == "protective":
                outcomes[order.pk] = cancel_at_bybit(order, account, source)
        _note_cancel(open_now, outcome, source)
        _read_back(account, gateway, category, names)
    return [_cancel_result(order, outcomes[order.pk]) for order in Order.objects.filter(pk__in=outcomes)]


def _cancel_kinds(gateway: bybit.Gateway, category: str, symbol: str | None, kinds: set[str]) -> str:
    """One request per kind and coin, however many orders there are."""
    outcome = "taken"
    for kind in sorted(kinds - {"protective"}):
        for coin in gateway.settle_coins[:1] if symbol else gateway.settle_coins:
            try:
                gateway.cancel_all(
                    category=category, symbol=symbol, settle_coin=coin, conditional=kind == "conditional"
                )
            except BybitError as error:
                outcome = error.code if isinstance(error, Refused) else "unknown"
    return outcome


def _note_cancel(orders: list[Order], outcome: str, source: str) -> None:
    now = timezone.now()
    Order.objects.filter(pk__in=[order.pk for order in orders], cancel_requested_at=None).update(
        cancel_requested_at=now
    )
    body = {"cancel_all": outcome}
    OrderEvent.objects.bulk_create(
        OrderEvent(order=order, at=now, kind="cancel", source=source, body=body) for order in orders
    )


def _read_back(account: Account, gateway: bybit.Gateway, category: str, names: list[str]) -> None:
    """A taken cancel is a promise; each order's own status is the proof. Most come by the stream meanwhile."""
    waiting = Order.objects.filter(account=account, category=category, exchange_order_id__in=names)
    for _ in range(READ_BACKS):
        time.sleep(READ_BACK_SECONDS)
        left = list(waiting.exclude(state__in=states.FINAL))
        if not left:
            return
        still = {report.order_id for report in lookup.open_orders(gateway, category)}
        gone = [order for order in left if order.exchange_order_id not in still]
        for order in gone[:READ_BACK_DETAILS]:
            take_findings(order, lookup.ask(gateway, order), "cancel-all")


def _cancel_result(order: Order, outcome: str) -> tuple[Order, str, str]:
    if order.state == "cancelled":
        return order, "cancelled", ""
    if order.state in states.FINAL:
        return order, "already_final", ""
    if outcome in ("taken", "gone", "unknown"):
        return order, "unknown", ""
    return order, "failed", outcome


def take_findings(order: Order, findings: lookup.Findings, source: str) -> None:
    """Brings what a question about one order found through the doors."""
    record(
        order.account_id,
        reports=[findings.report] if findings.report else [],
        executions=findings.executions,
        by_id=True,
        source=source,
    )
