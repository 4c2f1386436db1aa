"""How a locked order is written: its next step, its row under a new version, the evidence for it. Used by the order
manager's own modules alone."""

import logging
from datetime import datetime
from typing import Any

from django.utils import timezone

from bybit import rows
from orders import states
from orders.models import Order, OrderEvent
from orders.schemas import OrderOut
from positions.services import Change

log = logging.getLogger("tradepost.orders")

# What a fill may change of its order.
FILL_FIELDS = (
    "fills_qty",
    "fills_value",
    "fee",
    "exchange_order_id",
    "state",
    "reject_code",
    "reject_message",
    "needs_read",
)
# What may change after an order was placed.
ALL_FIELDS = (
    *FILL_FIELDS,
    "qty",
    "price",
    "trigger_price",
    "take_profit",
    "stop_loss",
    "terms",
    "exchange_status",
    "exchange_ms",
    "exchange_created_ms",
    "cum_exec_qty",
    "status_cum_qty",
    "avg_price",
    "cancel_type",
    "reject_reason",
    "negatives",
    "checks",
    "sent_at",
    "acked_at",
)


def alert(order: Order, text: str) -> None:
    """Something that the owner should know of, kept once in the order's timeline."""
    body = {"message": text}
    if OrderEvent.objects.filter(order=order, kind="alert", body=body).exists():
        return
    log.error("%s: %s", str(order.pk)[:8], text)
    rows.append(OrderEvent(order=order, at=timezone.now(), kind="alert", source="tradepost", body=body))


def step(order: Order, to: str) -> bool:
    """Our own next state, unless Bybit's news overtook it. Returns whether it was taken."""
    if order.exchange_status or not states.may_step(order.state, to):
        return False
    order.state = to
    return True


def order_change(order: Order) -> Change:
    return Change("order", str(order.pk), order.version, OrderOut.of(order).model_dump_json())


def keep(
    order: Order,
    now: datetime,
    *,
    evidence: tuple[str, str, dict[str, Any]] | None = None,
    fields: tuple[str, ...] | None = None,
) -> list[Change]:
    """Saves a locked row (all of it, or `fields`) under its next version, with the evidence for the change."""
    order.version += 1
    order.updated_at = now
    order.next_check_at = now if order.needs_read else None
    rows.update(order, (*(fields or ALL_FIELDS), "version", "updated_at", "next_check_at"))
    if evidence is not None:
        note(order, now, *evidence)
    return [order_change(order)]


def note(order: Order, now: datetime, kind: str, source: str, body: dict[str, Any]) -> None:
    """One entry of the order's timeline."""
    rows.append(OrderEvent(order=order, at=now, kind=kind, source=source, body=body))
