"""How orders, fills and the evidence look outside."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal

from ninja import Schema

from bybit.decimals import to_wire
from bybit.forms import Money, Time
from bybit.types import ORDER_TERMS, REPORTED_TERMS
from orders.models import Event, Fill, Order, OrderEvent


class OrderOut(Schema):
    id: str
    order_link_id: str
    account: str
    category: str
    symbol: str
    side: str
    order_type: str
    qty: Money
    price: Money | None
    time_in_force: str
    trigger_price: Money | None
    reduce_only: bool
    position_idx: int
    take_profit: Money | None
    stop_loss: Money | None
    state: str
    exchange_status: str
    exchange_order_id: str
    filled_qty: Money
    fills_complete: bool
    avg_price: Money | None
    fee: Money | None
    reject_code: str
    reject_message: str
    cancel_type: str
    reject_reason: str
    trigger_by: str | None
    trigger_direction: int | None
    close_on_trigger: bool
    order_filter: str | None
    tpsl_mode: str | None
    tp_trigger_by: str | None
    sl_trigger_by: str | None
    tp_order_type: str | None
    sl_order_type: str | None
    tp_limit_price: str | None
    sl_limit_price: str | None
    slippage_tolerance_type: str | None
    slippage_tolerance: str | None
    market_unit: str | None
    stop_order_type: str | None
    parent_order_link_id: str | None
    create_type: str | None
    source: str
    version: int
    created_at: Time
    sent_at: Time | None
    acked_at: Time | None
    cancel_requested_at: Time | None
    updated_at: Time
    ended_at: Time | None

    @classmethod
    def of(cls, row: Order) -> "OrderOut":
        # A row of ours needs no second check of its types, and a fill waits for this.
        return cls.model_construct(**order_values(row))


_TERMS = (*ORDER_TERMS.values(), *REPORTED_TERMS.values())
_SAME = tuple(
    name
    for name in OrderOut.model_fields
    if name not in ("id", "account", "filled_qty", "fills_complete", "avg_price", *_TERMS)
)


def order_values(row: Order) -> dict[str, Any]:
    """The fields of an order as shown: `filled_qty` is the larger of Bybit's and the sum of our fills."""
    values = {name: getattr(row, name) for name in _SAME}
    average = row.fills_value / row.fills_qty if row.fills_qty else None
    for name in _TERMS:
        values[name] = row.terms.get(name)
    return values | {
        "id": str(row.pk),
        "account": row.account_id,
        "filled_qty": Decimal(max(row.cum_exec_qty, row.fills_qty)),
        "close_on_trigger": bool(row.terms.get("close_on_trigger")),
        "fills_complete": row.fills_qty >= row.cum_exec_qty,
        "avg_price": row.avg_price if average is None else average.quantize(Decimal("1e-18")).normalize(),
    }


class FillOut(Schema):
    exec_id: str
    order: str | None
    account: str
    category: str
    symbol: str
    side: str
    exec_type: str
    price: Money
    qty: Money
    fee: Money | None
    fee_currency: str
    is_maker: bool
    closed_size: Money | None
    at: Time

    @classmethod
    def of(cls, row: Fill) -> "FillOut":
        return cls.model_construct(
            order=None if row.order_id is None else str(row.order_id),
            account=row.account_id,
            **{name: getattr(row, name) for name in cls.model_fields if name not in ("order", "account")},
        )


class EvidenceOut(Schema):
    at: Time
    kind: str
    source: str
    body: dict[str, Any]

    @classmethod
    def of(cls, row: OrderEvent) -> "EvidenceOut":
        return cls(at=row.at, kind=row.kind, source=row.source, body=row.body)


def _timeline(row: Order, fills: Iterable[Fill], events: Iterable[OrderEvent]) -> list[EvidenceOut]:
    """The kept evidence, with the moment of sending and each fill in their places, by this server's clock."""
    found = [EvidenceOut.of(event) for event in events]
    if row.sent_at is not None:
        found.append(EvidenceOut(at=row.sent_at, kind="sent", source="tradepost", body={}))
    for fill in fills:
        body = {
            "execId": fill.exec_id,
            "execQty": to_wire(fill.qty),
            "execPrice": to_wire(fill.price),
            "execTime": fill.exec_ms,
        }
        found.append(EvidenceOut(at=fill.recorded_at, kind="fill", source="bybit", body=body))
    return sorted(found, key=lambda one: one.at)


class TimesOut(Schema):
    """When the tap reached the server, when the order left it, when Bybit took it, and its first fill."""

    tap: Time
    sent: Time | None
    acked: Time | None
    first_fill: Time | None


class OrderDetail(OrderOut):
    """One order with its timeline: who asked for it, what was sent and answered, each report, fill and verdict."""

    user: str | None
    times: TimesOut
    fills: list[FillOut]
    events: list[EvidenceOut]

    @classmethod
    def with_evidence(cls, row: Order, fills: list[Fill], events: Iterable[OrderEvent]) -> "OrderDetail":
        shown = [FillOut.of(fill) for fill in fills]
        first = min((fill.at for fill in shown), default=None)
        return cls(
            **order_values(row),
            user=None if row.user is None else row.user.get_username(),
            times=TimesOut(tap=row.created_at, sent=row.sent_at, acked=row.acked_at, first_fill=first),
            fills=shown,
            events=_timeline(row, fills, events),
        )


class BatchAnswer(Schema):
    """What `POST /orders` would have answered for this item: its status, and the order or the error."""

    status: int
    order: OrderOut | None
    error: dict[str, Any] | None


class BatchOut(Schema):
    items: list[BatchAnswer]


class OrderList(Schema):
    items: list[OrderOut]
    next: str | None


class FillList(Schema):
    items: list[FillOut]
    next: str | None


class CancelResult(Schema):
    order: OrderOut
    result: Literal["cancelled", "already_final", "failed", "unknown"]
    code: str


class CancelAllOut(Schema):
    items: list[CancelResult]


class EventOut(Schema):
    account: str
    seq: int
    kind: str
    key: str
    version: int
    body: dict[str, Any]
    at: Time


class EventList(Schema):
    items: list[EventOut]
    next: str | None


def message_text(event: Event, seen: str | None = None) -> str:
    """An event as it goes over the live socket. Built from text, so that it is parsed by nobody on the way."""
    tail = f',"seen":"{seen}"' if seen is not None else ""
    return (
        f'{{"type":"{event.kind}","account":"{event.account_id}","seq":{event.seq},'
        f'"{event.kind}":{event.body}{tail}}}'
    )
