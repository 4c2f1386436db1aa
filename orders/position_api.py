"""Routes that act on positions: close, reverse, stops, leverage, mode, what protects them; and the look before
sending."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from ninja import Router

from bybit.forms import ErrorOut
from orders import actions, practice, preview, protection, selectors, services
from orders.answering import (
    ERRORS,
    AccountQuery,
    asker_of,
    json_answer,
    placed_answer,
    position_of,
    status_of,
    user_of,
)
from orders.errors import NotFound
from orders.position_schemas import (
    AfterOut,
    CloseAllIn,
    CloseAllOut,
    ClosedOut,
    GuardOut,
    LeverageIn,
    LeverageOut,
    MissingOut,
    ModeIn,
    ModeOut,
    OrphanOut,
    PositionDetail,
    PreviewFigure,
    PreviewIn,
    PreviewOut,
    ProtectionOut,
    Refusal,
    ReverseIn,
    ReverseOut,
    StartOverIn,
    StartOverOut,
)
from orders.requests import POSITION_ID, CloseIn, StopsIn
from orders.schemas import OrderOut
from orders.wishes import Wish, request_of, wish_of
from positions.models import Position
from positions.schemas import PositionOut

router = Router(tags=["positions"])


@router.post(
    "/positions/{position_id}/close",
    operation_id="close_position",
    response={200: OrderOut, 201: OrderOut, 202: OrderOut, **ERRORS},
)
def close_position(request: HttpRequest, position_id: str, body: CloseIn) -> HttpResponse:
    """Closes (part of) a position: reduce-only, cannot flip, safe to tap twice."""
    position = position_of(request, position_id)
    order_type = body.order_type or "Market"
    wish = Wish(
        id=UUID(body.id),
        account_id=position.account_id,
        category=position.category,
        symbol=position.symbol,
        side="",
        order_type=order_type,
        qty=position.size,
        price=body.price,
        time_in_force="IOC" if order_type == "Market" else "GTC",
        reduce_only=True,
        position_idx=position.position_idx,
        request={},
    )
    asked = {"close": position.pk, "order_type": order_type, "price": body.price}
    asked["fraction"] = Decimal(1) if body.fraction is None else body.fraction
    placed = services.close_position(
        asker=asker_of(request),
        position=position,
        wish=replace(wish, request=request_of(asked)),
        fraction=body.fraction,
    )
    return placed_answer(placed)


@router.put(
    "/positions/{position_id}/trading-stop",
    operation_id="set_trading_stop",
    response={200: PositionOut, 202: PositionOut, **ERRORS},
)
def set_trading_stop(request: HttpRequest, position_id: str, body: StopsIn) -> HttpResponse:
    """Sets or removes a position's TP, SL and trailing stop: 200 when Bybit took it, 202 without proof."""
    values = {name: value for name, value in body if value is not None}
    position, taken = services.set_stops(
        user=user_of(request), position=position_of(request, position_id), values=values
    )
    return json_answer(PositionOut.of(position).model_dump_json(), 200 if taken else 202)


@router.post(
    "/positions/{position_id}/reverse",
    operation_id="reverse_position",
    response={200: ReverseOut, 201: ReverseOut, 202: ReverseOut, **ERRORS},
)
def reverse_position(request: HttpRequest, position_id: str, body: ReverseIn) -> HttpResponse:
    """Closes a position and opens as much on the other side, in two proven steps: the second is sent only when
    Bybit shows the first to have left nothing. 201 when both were sent, 202 when the second was not; a repeat sends
    nothing."""
    turned = actions.reverse(
        asker=asker_of(request, body.seen),
        position=position_of(request, position_id),
        close_id=UUID(body.id),
        open_id=UUID(body.open_id),
    )
    answer = ReverseOut(
        close=OrderOut.of(turned.close.order),
        open=OrderOut.of(turned.opened.order) if turned.opened else None,
        error=Refusal.of(turned.error) if turned.error else None,
    )
    status = status_of(turned.opened) if turned.opened else 202 if turned.close.fresh else 200
    return json_answer(answer.model_dump_json(), status)


@router.post(
    "/positions/close-all", operation_id="close_all_positions", response={200: CloseAllOut, **ERRORS}
)
def close_all_positions(request: HttpRequest, body: CloseAllIn) -> HttpResponse:
    """Closes every position of an account at the market, reduce-only, one order each."""
    account = services.account_of(user_of(request), body.account)
    found = actions.close_everything(asker=asker_of(request), account=account, base_id=UUID(body.id))
    return json_answer(CloseAllOut(items=[_closed(one) for one in found]).model_dump_json())


def _closed(one: actions.Closed) -> ClosedOut:
    return ClosedOut(
        position=one.position.pk,
        status=status_of(one.placed) if one.placed else one.error.status if one.error else 500,
        order=OrderOut.of(one.placed.order) if one.placed else None,
        error=Refusal.of(one.error) if one.error else None,
    )


@router.post(
    "/practice/start-over",
    operation_id="start_over",
    response={200: StartOverOut, 502: ErrorOut, **ERRORS},
)
def start_over(request: HttpRequest, body: StartOverIn) -> HttpResponse:
    """Gives an account of the paper exchange its first 100,000 USDT back: cancels everything, closes everything, then
    sets the balance. The record keeps all of it."""
    account = services.account_of(user_of(request), body.account)
    done = practice.start_over(asker=asker_of(request), account=account, base_id=UUID(body.id))
    gone = sum(result == "cancelled" for _, result, _ in done.cancelled)
    answer = StartOverOut(cancelled=gone, closed=[_closed(one) for one in done.closed])
    return json_answer(answer.model_dump_json())


@router.put(
    "/positions/{position_id}/leverage",
    operation_id="set_leverage",
    response={200: LeverageOut, 202: LeverageOut, **ERRORS},
)
def set_leverage(request: HttpRequest, position_id: str, body: LeverageIn) -> HttpResponse:
    """Sets a market's leverage, whether a position is open there or not: 200 when Bybit took it, 202 without proof. It
    changes the margin and the liquidation price of what is open."""
    if not POSITION_ID.fullmatch(position_id):
        raise NotFound("position")
    account_id, category, symbol, _ = actions.place_of(position_id)
    account = services.account_of(user_of(request), account_id)
    one = body.leverage
    taken = actions.set_leverage(
        account=account,
        category=category,
        symbol=symbol,
        buy=one or body.buy_leverage or Decimal(0),
        sell=one or body.sell_leverage or Decimal(0),
    )
    row = Position.objects.filter(pk=position_id).first()
    answer = LeverageOut(position=position_id, leverage=row.leverage if row else None)
    return json_answer(answer.model_dump_json(), 200 if taken else 202)


@router.put(
    "/position-mode", operation_id="set_position_mode", response={200: ModeOut, 202: ModeOut, **ERRORS}
)
def set_position_mode(request: HttpRequest, body: ModeIn) -> HttpResponse:
    """Switches between one-way and hedge mode. Bybit refuses it while there are positions or orders."""
    account = services.account_of(user_of(request), body.account)
    taken = actions.set_mode(account=account, symbol=body.symbol, hedge=body.mode == "hedge")
    account.refresh_from_db()
    answer = ModeOut(account=account.pk, position_mode=account.position_mode)
    return json_answer(answer.model_dump_json(), 200 if taken else 202)


@router.get("/protection", operation_id="get_protection", response={200: ProtectionOut, **ERRORS})
def get_protection(request: HttpRequest, account: AccountQuery) -> HttpResponse:
    """The TP/SL pairs, trailing stops and reduce-only triggers of each open position, and those that protect
    nothing."""
    row = services.account_of(user_of(request), account)
    guards, orphans = protection.look(row.pk)
    answer = ProtectionOut(
        items=[GuardOut.of(guard) for guard in guards],
        orphans=[OrphanOut(order=OrderOut.of(one.order), reason=one.reason) for one in orphans],
    )
    return json_answer(answer.model_dump_json())


@router.get("/positions/{position_id}", operation_id="get_position", response={200: PositionDetail, **ERRORS})
def get_position(request: HttpRequest, position_id: str) -> HttpResponse:
    """One position, flat or not: Bybit's facts, our own sum, and which executions explain a difference."""
    row = position_of(request, position_id)
    guards, _ = protection.look(row.pk.split(":")[0])
    guard = next((one for one in guards if one.position.pk == row.pk), None)
    missing = [
        MissingOut(
            order=str(order.pk),
            exchange_order_id=order.exchange_order_id,
            side=order.side,
            qty=order.cum_exec_qty - order.fills_qty,
        )
        for order in selectors.with_missing_fills(row)
    ]
    shown = PositionOut.of(row).model_dump()
    answer = PositionDetail(**shown, missing=missing, guard=GuardOut.of(guard) if guard else None)
    return json_answer(answer.model_dump_json())


_FIGURES = tuple(name for name, kind in PreviewOut.model_fields.items() if kind.annotation is PreviewFigure)


@router.post("/orders/preview", operation_id="preview_order", response={200: PreviewOut, **ERRORS})
def preview_order(request: HttpRequest, body: PreviewIn) -> HttpResponse:
    """Looks at an order before it is sent: nothing is placed, nothing is written."""
    asked = body.model_copy(update={"id": body.id or str(uuid4()), "qty": body.qty or Decimal(1)})
    wish = replace(wish_of(asked), request={})
    size = None if body.size is None else (body.size.by, body.size.amount)
    found = preview.preview(user=user_of(request), wish=wish, size=size)
    after = found.position_after
    answer = PreviewOut(
        qty=found.wish.qty,
        price=found.price,
        value=found.value,
        position_after=AfterOut(side=after.side, size=after.size, entry_price=after.entry_price)
        if after
        else None,
        rules=[Refusal.of(error) for error in found.rules],
        warnings=[Refusal.of(error) for error in found.warnings],
        **{name: PreviewFigure.of(getattr(found, name)) for name in _FIGURES},
    )
    return json_answer(answer.model_dump_json())
