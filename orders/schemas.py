"""How orders look outside, and what may be asked. Every form is strict: text for numbers, no unknown field."""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from bybit.decimals import to_wire
from bybit.forms import UUID, Money, PositiveIn, Time
from orders.models import Event, Fill, Order, OrderEvent

Id = Annotated[str, Field(pattern=UUID, description="A canonical lower-case UUID, made by the client")]
AccountId = Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,40}$")]
Symbol = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,30}$")]
POSITION_ID = re.compile(r"[-a-zA-Z0-9_]{1,40}:linear:[A-Z0-9]{1,30}:[0-2]", re.ASCII)


def _absent(value: Any) -> None:
    if value is not None:
        raise ValueError("this kind of order is not taken yet: leave it out")


# Named by the contract for orders that are not taken yet: null is as good as absent.
Absent = Annotated[None, BeforeValidator(_absent)]


class Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class OrderIn(Strict):
    """`POST /orders`. `id` is the idempotency key and Bybit's orderLinkId."""

    id: Id
    account: AccountId
    category: Literal["linear"]
    symbol: Symbol
    side: Literal["Buy", "Sell"]
    order_type: Literal["Market", "Limit"]
    qty: PositiveIn
    price: PositiveIn | None = None
    time_in_force: Literal["GTC", "IOC", "FOK", "PostOnly"] | None = None
    reduce_only: bool | None = Field(default=None, strict=True)
    position_idx: Annotated[int, Field(strict=True, ge=0, le=2)] | None = None
    trigger_price: Absent = None
    trigger_by: Absent = None
    take_profit: Absent = None
    stop_loss: Absent = None
    seen: Annotated[str, Field(max_length=600)] | None = None

    @model_validator(mode="after")
    def _fits_the_type(self) -> "OrderIn":
        if self.order_type == "Limit" and self.price is None:
            raise ValueError("a limit order needs a price")
        if self.order_type == "Market" and self.price is not None:
            raise ValueError("a market order takes no price")
        if self.order_type == "Market" and self.time_in_force in ("GTC", "PostOnly", "FOK"):
            raise ValueError("a market order is always IOC: leave time_in_force out")
        return self


class BatchIn(Strict):
    """`POST /orders/batch`. Each item is a body of `POST /orders`, checked and answered by itself."""

    items: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=20)]


class CloseIn(Strict):
    """`POST /positions/{id}/close`."""

    id: Id
    fraction: PositiveIn | None = None
    order_type: Literal["Market", "Limit"] | None = None
    price: PositiveIn | None = None

    @model_validator(mode="after")
    def _fits_the_type(self) -> "CloseIn":
        if self.fraction is not None and self.fraction > 1:
            raise ValueError("fraction is above 0 and at most 1")
        if (self.order_type == "Limit") != (self.price is not None):
            raise ValueError("a limit close needs a price, a market close takes none")
        return self


class CancelAllIn(Strict):
    """`POST /orders/cancel-all`."""

    account: AccountId
    category: Literal["linear"] | None = None
    symbol: Symbol | None = None
    include: list[Literal["orders", "conditional", "protective"]] | None = None


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
    source: str
    version: int
    created_at: Time
    sent_at: Time | None
    acked_at: Time | None
    updated_at: Time

    @classmethod
    def of(cls, row: Order) -> "OrderOut":
        return cls(**order_values(row))


_SAME = tuple(
    name
    for name in OrderOut.model_fields
    if name not in ("id", "account", "filled_qty", "fills_complete", "avg_price")
)


def order_values(row: Order) -> dict[str, Any]:
    """The fields of an order as shown: `filled_qty` is the larger of Bybit's and the sum of our fills."""
    values = {name: getattr(row, name) for name in _SAME}
    average = row.fills_value / row.fills_qty if row.fills_qty else None
    return values | {
        "id": str(row.pk),
        "account": row.account_id,
        "filled_qty": max(row.cum_exec_qty, row.fills_qty),
        "fills_complete": row.fills_qty >= row.cum_exec_qty,
        "avg_price": row.avg_price if average is None else average.quantize(Decimal("1e-18")).normalize(),
    }


class FillOut(Schema):
    exec_id: str
    order: str | None
    account: str
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
        return cls(
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


class OrderDetail(OrderOut):
    fills: list[FillOut]
    events: list[EvidenceOut]

    @classmethod
    def with_evidence(cls, row: Order, fills: Iterable[Fill], events: Iterable[OrderEvent]) -> "OrderDetail":
        return cls(
            **order_values(row),
            fills=[FillOut.of(fill) for fill in fills],
            events=[EvidenceOut.of(event) for event in events],
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


def request_of(values: dict[str, Any]) -> dict[str, Any]:
    """A body in the one form in which repeats are compared: numbers as plain text, nothing that is null."""
    shown: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Decimal):
            shown[name] = to_wire(value)
        elif value is not None and not isinstance(value, datetime):
            shown[name] = value
    return shown
