"""The one send of an order: claimed by a conditional update that exactly one caller wins, sent once, and written down
with whatever came of it. Reached through `orders.services` alone."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from bybit import gateway as bybit
from bybit import instruments, rows
from bybit.errors import (
    Banned,
    BybitError,
    ClockRefused,
    Duplicate,
    Gone,
    NotSent,
    Refused,
    Unknown,
    classify,
)
from bybit.failpoints import failpoint
from bybit.models import Account
from bybit.types import Answer, NewOrder
from orders import access, facts, writing
from orders.errors import NotWritten
from orders.models import Order, OrderEvent
from orders.topics import changed, changed_if
from orders.wishes import Wish

log = logging.getLogger("tradepost.orders")

# Bybit takes 10 spot orders in a batch, and 20 of the others.
BATCH = 10
# Refusals that say that our copy of the market's filters is old.
FILTER_CODES = frozenset(
    {"10001", "110003", "110094", "170124", "170136", "170137", "170140", "170148", "170134"}
)
Outcome = str | BybitError


class Taken(Exception):
    """Another request has just written the order with this id."""


def commit_intent(user: AbstractBaseUser, wish: Wish, source: str) -> Order:
    """The order on disk, before the first byte leaves. Raises Taken when the id is there already."""
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
        trigger_price=wish.trigger_price,
        take_profit=wish.take_profit,
        stop_loss=wish.stop_loss,
        terms=wish.terms,
        reduce_only=wish.reduce_only,
        position_idx=wish.position_idx,
        order_link_id=str(wish.id),
        created_at=now,
        updated_at=now,
    )
    asked = wish.request | {"by": user.get_username()}
    intent = OrderEvent(order_id=wish.id, at=now, kind="intent", source=source, body=asked)
    _outside_transactions()
    failpoint("before_intent_commit")
    # One statement, and so committed when it returns.
    try:
        fresh = rows.insert(order, intent)
    except DatabaseError as error:
        # Should the row be there all the same, nobody will claim it: it ends as never sent.
        log.exception("an order could not be written down")
        raise NotWritten from error
    if not fresh:
        raise Taken
    failpoint("after_intent_commit")
    return order


def _outside_transactions() -> None:
    """An order is on disk before it is sent: nothing may wrap its writes in a transaction that ends later."""
    if connection.in_atomic_block:
        raise RuntimeError("an order was placed inside a transaction")


def send(order: Order, account: Account) -> Order:
    """Claims the send, sends once, and writes down what came of it. No transaction is open, and neither broker nor
    channel layer is touched, until Bybit has answered."""
    if not claim(order):
        return Order.objects.get(pk=order.pk)
    failpoint("after_claim")
    gateway = bybit.for_account(account)
    outcome: Outcome
    try:
        outcome = gateway.place(_wire(order))
    except BybitError as error:
        outcome = error
    failpoint("after_answer")
    _note(account, gateway, [order], [outcome])
    return write_answer(order.pk, outcome)


def send_batch(orders: Sequence[Order], account: Account) -> None:
    """Sends the orders of one account and category in as few requests as Bybit allows, each order once."""
    gateway = bybit.for_account(account)
    claimed = [order for order in orders if claim(order)]
    for start in range(0, len(claimed), BATCH):
        part = claimed[start : start + BATCH]
        outcomes = _ask(gateway, part)
        failpoint("after_batch_answer")
        _note(account, gateway, part, outcomes)
        for order, outcome in zip(part, outcomes, strict=True):
            write_answer(order.pk, outcome)


def _ask(gateway: bybit.Gateway, orders: Sequence[Order]) -> list[Outcome]:
    try:
        answers = gateway.place_batch(orders[0].category, [_wire(order) for order in orders])
    except BybitError as error:
        # Of the whole request: a refusal proves that nothing of it was carried out, anything else proves nothing.
        return [error] * len(orders)
    return [_outcome(answer) for answer in answers]


def _outcome(answer: Answer) -> Outcome:
    if answer.code == "0":
        return answer.order_id
    if answer.code == "unreadable" or not answer.code.lstrip("-").isdigit():
        return Unknown("Bybit's answer to this order could not be read", "unreadable")
    return classify(answer.code, answer.message)


def _wire(order: Order) -> NewOrder:
    return NewOrder(
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
        trigger_price=order.trigger_price,
        take_profit=order.take_profit,
        stop_loss=order.stop_loss,
        terms=order.terms,
    )


def claim(order: Order) -> bool:
    """Wins the send for this caller: true once for an order, whoever asks, and committed."""
    now = timezone.now()
    order.state, order.sent_at, order.updated_at = "sending", now, now
    order.version += 1
    _outside_transactions()
    # Logged with the claim, told with the answer: nothing is sent to anyone before Bybit has answered.
    return changed_if(
        _CLAIM, [now, now, order.version, order.pk], order.account_id, writing.order_change(order)
    )


_CLAIM = """
UPDATE orders_order SET state = 'sending', sent_at = %s, updated_at = %s, version = %s
WHERE id = %s AND state = 'new' RETURNING 1
"""


def _note(
    account: Account, gateway: bybit.Gateway, orders: Sequence[Order], outcomes: Sequence[Outcome]
) -> None:
    """What a failure says of more than its order: a ban, a clock apart, changed filters, another position mode."""
    for order, outcome in zip(orders, outcomes, strict=True):
        if isinstance(outcome, Banned):
            access.note_ban(account, gateway)
        elif isinstance(outcome, ClockRefused):
            # This order is over; the next one is signed by Bybit's time as it is now.
            with suppress(BybitError):
                access.measure_clock(account, gateway)
        elif isinstance(outcome, Refused) and outcome.code in FILTER_CODES:
            _read_filters(account, gateway, order)
            if "position idx" in outcome.message.lower():
                with suppress(BybitError):
                    access.read_mode(account, gateway, order.symbol)


def _read_filters(account: Account, gateway: bybit.Gateway, order: Order) -> None:
    """The market's rules as Bybit has them now: the next ticket is checked against those."""
    try:
        instruments.refresh_one(account, gateway, category=order.category, symbol=order.symbol)
    except BybitError:
        instruments.forget()


_ANSWER = ("state", "acked_at", "exchange_order_id", "reject_code", "reject_message", "needs_read")


def write_answer(order_id: UUID, outcome: Outcome) -> Order:
    """Writes down what came of the send: the order's id at Bybit, or the error."""
    now = timezone.now()
    with transaction.atomic(durable=True), rows.gathered():
        (order,) = rows.locked(Order, "id = %s", [order_id])
        if isinstance(outcome, str):
            order.acked_at = now
            order.exchange_order_id = order.exchange_order_id or outcome
            writing.step(order, "acked")
            body: dict[str, Any] = {"retCode": 0, "orderId": outcome}
        else:
            body = {"code": outcome.code, "message": outcome.message, "kind": type(outcome).__name__}
            _apply_failure(order, outcome)
            facts.note_taken(order)
        changes = writing.keep(order, now, evidence=("answer", "rest", body), fields=_ANSWER)
        changed(order.account_id, changes)
        failpoint("before_answer_commit")
    failpoint("after_answer_commit")
    return order


_OUR_WORDS = {NotSent: "never_sent", ClockRefused: "clock"}


def _apply_failure(order: Order, error: BybitError) -> None:
    if isinstance(error, (Refused, Gone, NotSent, ClockRefused)):
        if writing.step(order, "rejected"):
            order.reject_code = _OUR_WORDS.get(type(error), error.code)
            order.reject_message = error.message[:300]
        else:
            # Bybit's own news says that it exists: that beats a refusal, and is read again.
            order.needs_read = True
        return
    if isinstance(error, Duplicate):
        order.needs_read = True
    writing.step(order, "unknown")
    log.warning("%s: outcome unknown (%s)", str(order.pk)[:8], error.code)
