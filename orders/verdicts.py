"""The resolver's verdicts, written under the row lock and only in the state they are about. Reached through
`orders.services` alone."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from bybit.failpoints import failpoint
from orders import news
from orders.models import Order, OrderEvent
from orders.topics import changed


def close_never_sent(order_id: UUID) -> None:
    """A `new` row whose process died before it claimed the send: nothing can have left this machine, and with this
    conditional update nothing ever will."""
    now = timezone.now()
    with transaction.atomic():
        order = Order.objects.select_for_update().filter(pk=order_id, state="new").first()
        if order is not None:
            _conclude(order, now, "never_sent", "Tradepost stopped before this order was sent.", {})


def give_up_sending(order_id: UUID) -> None:
    """A `sending` row whose process died: from here on it is an unknown outcome."""
    with transaction.atomic():
        order = Order.objects.select_for_update().filter(pk=order_id, state="sending").first()
        if order is not None and news.step(order, "unknown"):
            evidence = ("verdict", "resolver", {"was": "sending"})
            changed(order.account_id, news.keep(order, timezone.now(), evidence=evidence))


def note_negative(order_id: UUID, asked: dict[str, str], *, verdict: bool) -> None:
    """One more round in which all three sources answered and none had the order. With `verdict`, the proof is
    complete: the order never arrived."""
    now = timezone.now()
    with transaction.atomic():
        order = Order.objects.select_for_update().filter(pk=order_id, state="unknown").first()
        if order is None or order.exchange_order_id:
            return
        order.negatives += 1
        OrderEvent.objects.create(order=order, at=now, kind="query", source="resolver", body=dict(asked))
        if verdict:
            text = "Bybit never received this order. Nothing was traded. You can place it again."
            _conclude(order, now, "never_arrived", text, {"negatives": order.negatives, **asked})
        else:
            order.save(update_fields=["negatives"])


def _conclude(order: Order, now: datetime, code: str, text: str, proof: dict[str, Any]) -> None:
    if news.step(order, "rejected"):
        order.reject_code, order.reject_message = code, text
        evidence = ("verdict", "resolver", {"code": code, **proof})
        changed(order.account_id, news.keep(order, now, evidence=evidence))
        failpoint("resolve_before_verdict_commit")


def check_later(order_id: UUID, at: datetime) -> None:
    """Bookkeeping of the resolver: when to ask next. Not a visible change."""
    Order.objects.filter(pk=order_id).update(next_check_at=at, checks=models.F("checks") + 1)
