"""Routes of orders, fills and the event log. Each translates and calls one service."""

import json
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import ValidationError as PydanticError

from bybit.errors import BybitError
from bybit.forms import ErrorOut
from bybit.types import Category
from orders import export, selectors, services
from orders.answering import (
    ERRORS,
    AccountQuery,
    Limit,
    OrderId,
    SymbolQuery,
    asker_of,
    json_answer,
    placed_answer,
    source_of,
    status_of,
    user_of,
)
from orders.errors import TradeError
from orders.models import Fill
from orders.requests import AmendIn, BatchIn, CancelAllIn, OrderIn
from orders.schemas import (
    BatchAnswer,
    BatchOut,
    CancelAllOut,
    CancelResult,
    EventList,
    EventOut,
    FillList,
    FillOut,
    OrderDetail,
    OrderList,
    OrderOut,
)
from orders.tasks import ask_now
from orders.wishes import wish_of

router = Router(tags=["orders"])


@router.post(
    "/orders",
    operation_id="place_order",
    response={200: OrderOut, 201: OrderOut, 202: OrderOut, **ERRORS},
)
def place_order(request: HttpRequest, body: OrderIn) -> HttpResponse:
    """Places one order. A known id sends nothing and answers with the order as it is now."""
    return placed_answer(services.place(asker=asker_of(request, body.seen), wish=wish_of(body)))


@router.post("/orders/batch", operation_id="place_batch", response={200: BatchOut, **ERRORS})
def place_batch(request: HttpRequest, body: BatchIn) -> BatchOut:
    """Places up to 20 orders with as few requests to Bybit as it allows, each with its own answer: one that fails holds
    up no other."""
    read = [_read_item(item) for item in body.items]
    asks = [(asker_of(request, item.seen), wish_of(item)) for item in read if isinstance(item, OrderIn)]
    placed = iter(services.place_batch(asks=asks))
    answers = [item if isinstance(item, BatchAnswer) else _batch_answer(next(placed)) for item in read]
    return BatchOut(items=answers)


def _read_item(item: dict[str, Any]) -> OrderIn | BatchAnswer:
    try:
        return OrderIn.model_validate(item)
    except PydanticError as error:
        fields = {".".join(map(str, one["loc"])): one["msg"] for one in error.errors()}
        shown = {
            "code": "invalid",
            "message": "This item does not fit. It was not sent.",
            "detail": {"fields": fields},
        }
        return BatchAnswer(status=422, order=None, error=shown)


def _batch_answer(result: services.Placed | TradeError) -> BatchAnswer:
    if isinstance(result, TradeError):
        shown = {"code": result.code, "message": result.message, "detail": result.detail}
        return BatchAnswer(status=result.status, order=None, error=shown)
    return BatchAnswer(status=status_of(result), order=OrderOut.of(result.order), error=None)


# Before /orders/{order_id}: the first route that fits is taken.
@router.post(
    "/orders/cancel-all", operation_id="cancel_all", response={200: CancelAllOut, 502: ErrorOut, **ERRORS}
)
def cancel_all(request: HttpRequest, body: CancelAllIn) -> HttpResponse:
    """Cancels all open orders of an account, those made elsewhere too, until a fresh read shows none."""
    account = services.account_of(user_of(request), body.account)
    include: set[str] = {"orders", "conditional"} if body.include is None else set(body.include)
    try:
        results = services.cancel_all(
            account=account,
            category=body.category,
            symbol=body.symbol,
            include=include,
            source=source_of(request),
            by=user_of(request).get_username(),
        )
    except BybitError as error:
        raise BybitUnreachable(error) from error
    items = [
        CancelResult(order=OrderOut.of(order), result=result, code=code)  # type: ignore[arg-type]
        for order, result, code in results
    ]
    return json_answer(CancelAllOut(items=items).model_dump_json())


@router.get("/orders", operation_id="list_orders", response={200: OrderList, **ERRORS})
def list_orders(
    request: HttpRequest,
    state: Literal["open", "closed", "all"] = "all",
    symbol: SymbolQuery = None,
    category: Category | None = None,
    account: AccountQuery | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> HttpResponse:
    """Orders, newest first: with `state=closed` by when they ended, otherwise by when they were placed. Open ones are
    new, sending, unknown, acked and working."""
    found = selectors.orders(
        user_of(request).pk,
        state=state,
        symbol=symbol,
        category=category,
        account=account,
        limit=limit,
        cursor=cursor,
    )
    items = [OrderOut.of(row) for row in found.rows]
    return json_answer(OrderList(items=items, next=found.next).model_dump_json())


@router.get("/orders/{order_id}", operation_id="get_order", response={200: OrderDetail, **ERRORS})
def get_order(request: HttpRequest, order_id: OrderId) -> HttpResponse:
    """One order with its fills and the evidence for each step."""
    order = selectors.order(user_of(request).pk, UUID(order_id))
    fills = list(Fill.objects.filter(order=order).order_by("exec_ms", "exec_id"))
    return json_answer(OrderDetail.with_evidence(order, fills, order.evidence.all()).model_dump_json())


@router.patch(
    "/orders/{order_id}", operation_id="amend_order", response={200: OrderOut, 202: OrderOut, **ERRORS}
)
def amend_order(request: HttpRequest, order_id: OrderId, body: AmendIn) -> HttpResponse:
    """Asks Bybit to change an open order: 200 when it took it, 202 without proof, 409 `order_final` when it is over."""
    order = selectors.order(user_of(request).pk, UUID(order_id))
    order, taken = services.amend(
        user=user_of(request),
        order=order,
        changes=body.changes(),
        version=body.version,
        source=source_of(request),
    )
    if not taken:
        ask_now(order.account_id)
    return json_answer(OrderOut.of(order).model_dump_json(), 200 if taken else 202)


@router.delete(
    "/orders/{order_id}", operation_id="cancel_order", response={200: OrderOut, 202: OrderOut, **ERRORS}
)
def cancel_order(request: HttpRequest, order_id: OrderId) -> HttpResponse:
    """Asks Bybit to cancel: 200 when it took the wish or the order was final, 202 without proof. Repeatable."""
    order = selectors.order(user_of(request).pk, UUID(order_id))
    order, proven = services.cancel(user=user_of(request), order=order, source=source_of(request))
    return json_answer(OrderOut.of(order).model_dump_json(), 200 if proven else 202)


class BybitUnreachable(TradeError):
    """Bybit could not be asked, so nothing is known to be cancelled."""

    status = 502

    def __init__(self, error: BybitError) -> None:
        super().__init__(
            "bybit_unreachable",
            f"Bybit did not answer ({error.message}). Some orders may still be open. Try again.",
            bybit_code=error.code,
        )


@router.get(
    "/executions",
    operation_id="list_executions",
    response={200: FillList, **ERRORS},
    openapi_extra=export.FILE,
)
def list_executions(
    request: HttpRequest,
    symbol: SymbolQuery = None,
    account: AccountQuery | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
    format: export.Form = "json",  # the contract's name
) -> Any:
    """Every fill, newest first; `format=csv` gives all of them as a file."""
    if format == "csv":
        mine = selectors.accounts_of(user_of(request).pk)
        rows = mine.filter(pk=account) if account else mine
        return export.download("fills", "csv", list(rows.values_list("pk", flat=True)), None, None)
    found = selectors.fills(user_of(request).pk, symbol=symbol, account=account, limit=limit, cursor=cursor)
    items = [FillOut.of(row) for row in found.rows]
    return json_answer(FillList(items=items, next=found.next).model_dump_json())


@router.get("/events", operation_id="list_events", response={200: EventList, 410: ErrorOut, **ERRORS})
def list_events(
    request: HttpRequest, account: AccountQuery, after: Annotated[int, Query(ge=0)] = 0, limit: Limit = 200
) -> HttpResponse:
    """The account's event log after a seq, oldest first; 410 when it no longer reaches back that far."""
    row = services.account_of(user_of(request), account)
    events = selectors.events_after(row.pk, after, limit + 1)
    if events is None:
        raise LogGone
    items = [
        EventOut(
            account=event.account_id,
            seq=event.seq,
            kind=event.kind,
            key=event.key,
            version=event.version,
            body=json.loads(event.body),
            at=event.at,
        )
        for event in events[:limit]
    ]
    more = str(items[-1].seq) if len(events) > limit else None
    return json_answer(EventList(items=items, next=more).model_dump_json())


class LogGone(TradeError):
    status = 410

    def __init__(self) -> None:
        super().__init__("gone", "The log no longer reaches back that far. Take a new snapshot.")
