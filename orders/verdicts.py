"""The resolver's verdicts, written under the row lock and only in the state they are about. Reached through
`orders.services` alone."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bybit.failpoints import failpoint
from orders import states, writing
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
        if order is not None and writing.step(order, "unknown"):
            evidence = ("verdict", "resolver", {"was": "sending"})
            changed(order.account_id, writing.keep(order, timezone.now(), evidence=evidence))


_VERDICTS = {
    "never_arrived": (
        "rejected",
        "Bybit never received this order. Nothing was traded. You can place it again.",
    ),
    "history_expired": (
        "cancelled",
        "Bybit no longer knows this order, so it cannot be open. No fill beyond those shown exists. Should Bybit ever "
        "report it again, that is taken in and told.",
    ),
}

_CLOSE_LOST = (
    "Bybit never received this order. Nothing was traded: the position is still open. Close it again."
)


def _closes(order: Order) -> bool:
    """Whether it was to take a position away now, not once a price is reached."""
    return order.reduce_only and order.trigger_price is None


def note_negative(order_id: UUID, asked: dict[str, str], *, verdict: str | None) -> None:
    """One more round in which all three sources answered and none had the order. With a `verdict` (never_arrived for
    one that Bybit never had, history_expired for one that it had), the proof is complete and is kept."""
    now = timezone.now()
    with transaction.atomic():
        order = Order.objects.select_for_update().filter(pk=order_id).first()
        if order is None or order.state not in ("unknown", "acked", "working"):
            return
        if (order.exchange_order_id == "") != (order.state == "unknown"):
            # News came meanwhile: the question was about another state of things.
            return
        order.negatives += 1
        OrderEvent.objects.create(order=order, at=now, kind="query", source="resolver", body=dict(asked))
        if verdict:
            text = _CLOSE_LOST if verdict == "never_arrived" and _closes(order) else _VERDICTS[verdict][1]
            _conclude(order, now, verdict, text, {"negatives": order.negatives, **asked})
        else:
            order.save(update_fields=["negatives"])


def _conclude(order: Order, now: datetime, code: str, text: str, proof: dict[str, Any]) -> None:
    to = _VERDICTS[code][0] if code in _VERDICTS else "rejected"
    if states.may_step(order.state, to):
        order.state, order.reject_code, order.reject_message = to, code, text
        # The proof is that it was read, and read again.
        order.needs_read = False
        evidence = ("verdict", "resolver", {"code": code, **proof})
        changed(order.account_id, writing.keep(order, now, evidence=evidence))
        failpoint("resolve_before_verdict_commit")


_STUCK = {
    "unknown": "Tradepost still has no proof whether Bybit has this order, and keeps asking. Look in Bybit's own app "
    "before you place it again.",
    "gone": "Bybit no longer lists this order and gives no reason yet. Tradepost keeps asking; look in Bybit's app.",
}


def alert_if_stuck(order_id: UUID) -> None:
    """Tells the owner, once, of an order that has had no certain state for ALERT_SECONDS."""
    order = Order.objects.filter(pk=order_id).first()
    if order is None:
        return
    since = order.sent_at if order.state == "unknown" else order.updated_at
    late = since is not None and timezone.now() - since > timedelta(seconds=settings.ALERT_SECONDS)
    doubtful = order.state == "unknown" or (order.state in ("acked", "working") and order.negatives > 0)
    if late and doubtful:
        writing.alert(order, _STUCK["unknown" if order.state == "unknown" else "gone"])
