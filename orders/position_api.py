"""Routes that act on positions: close, reverse, stops, leverage, mode, what protects them; and the look before sending."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import model_validator

from bybit.forms import Money, PositiveIn
from orders import actions, preview, protection, selectors, services
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
from orders.errors import NotFound, TradeError
from orders.requests import POSITION_ID, AccountId, CloseIn, Id, OrderIn, StopsIn, Strict, Symbol
from orders.schemas import OrderOut
from orders.sizing import By
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


class Refusal(Schema):
    """Why something was not done: the error of the API's one shape."""

    code: str
    message: str
    detail: dict[str, Any]

    @classmethod
    def of(cls, error: TradeError) -> "Refusal":
        return cls(code=error.code, message=error.message, detail=error.detail)


class ReverseIn(Strict):
    """`POST /positions/{id}/reverse`: `id` is the closing order's, `open_id` that of the one on the other side."""

    id: Id
    open_id: Id
    seen: str | None = None

    @model_validator(mode="after")
    def _two(self) -> "ReverseIn":
        if self.id == self.open_id:
            raise ValueError("id and open_id are two orders' ids")
        return self


class ReverseOut(Schema):
    close: OrderOut
    open: OrderOut | None
    error: Refusal | None


@router.post(
    "/positions/{position_id}/reverse",
    operation_id="reverse_position",
    response={200: ReverseOut, 201: ReverseOut, 202: ReverseOut, **ERRORS},
)
def reverse_position(request: HttpRequest, position_id: str, body: ReverseIn) -> HttpResponse:
    """Closes a position and opens as much on the other side, in two proven steps: the second is sent only when Bybit shows
    the first to have left nothing. 201 when both were sent, 202 when the second was not; a repeat sends nothing."""
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


class CloseAllIn(Strict):
    """`POST /positions/close-all`: the ids of the closing orders follow from `id`, so that a second tap sends nothing."""

    id: Id
    account: AccountId


class ClosedOut(Schema):
    """What became of one position: the status that closing it by itself would have had, and the order or the error."""

    position: str
    status: int
    order: OrderOut | None
    error: Refusal | None


class CloseAllOut(Schema):
    items: list[ClosedOut]


@router.post(
    "/positions/close-all", operation_id="close_all_positions", response={200: CloseAllOut, **ERRORS}
)
def close_all_positions(request: HttpRequest, body: CloseAllIn) -> HttpResponse:
    """Closes every position of an account at the market, reduce-only, one order each."""
    account = services.account_of(user_of(request), body.account)
    found = actions.close_everything(asker=asker_of(request), account=account, base_id=UUID(body.id))
    items = [
        ClosedOut(
            position=one.position.pk,
            status=status_of(one.placed) if one.placed else one.error.status if one.error else 500,
            order=OrderOut.of(one.placed.order) if one.placed else None,
            error=Refusal.of(one.error) if one.error else None,
        )
        for one in found
    ]
    return json_answer(CloseAllOut(items=items).model_dump_json())


class LeverageIn(Strict):
    """`PUT /positions/{id}/leverage`: one for both sides, or each side's own (hedge mode in isolated margin)."""

    leverage: PositiveIn | None = None
    buy_leverage: PositiveIn | None = None
    sell_leverage: PositiveIn | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "LeverageIn":
        both = self.buy_leverage is not None and self.sell_leverage is not None
        either = self.buy_leverage is not None or self.sell_leverage is not None
        if (self.leverage is None) != both or (self.leverage is not None and either):
            raise ValueError("name leverage, or both buy_leverage and sell_leverage")
        return self


class LeverageOut(Schema):
    """The market's leverage as Bybit shows it now; null in portfolio margin."""

    position: str
    leverage: Money | None


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


class ModeIn(Strict):
    """`PUT /position-mode`. Without a symbol: all USDT perpetuals."""

    account: AccountId
    mode: Literal["one_way", "hedge"]
    symbol: Symbol | None = None


class ModeOut(Schema):
    account: str
    position_mode: str


@router.put("/position-mode", operation_id="set_position_mode", response={200: ModeOut, 202: ModeOut, **ERRORS})
def set_position_mode(request: HttpRequest, body: ModeIn) -> HttpResponse:
    """Switches between one-way and hedge mode. Bybit refuses it while there are positions or orders."""
    account = services.account_of(user_of(request), body.account)
    taken = actions.set_mode(account=account, symbol=body.symbol, hedge=body.mode == "hedge")
    account.refresh_from_db()
    answer = ModeOut(account=account.pk, position_mode=account.position_mode)
    return json_answer(answer.model_dump_json(), 200 if taken else 202)


class PairOut(Schema):
    take_profit: OrderOut | None
    stop_loss: OrderOut | None

    @classmethod
    def of(cls, pair: protection.Pair) -> "PairOut":
        take, stop = pair.take_profit, pair.stop_loss
        return cls(take_profit=OrderOut.of(take) if take else None, stop_loss=OrderOut.of(stop) if stop else None)


class GuardOut(Schema):
    """What protects a position. `unprotected` is the part of it that no stop covers."""

    position: str
    pairs: list[PairOut]
    trailing: list[OrderOut]
    others: list[OrderOut]
    unprotected: Money

    @classmethod
    def of(cls, guard: protection.Guard) -> "GuardOut":
        return cls(
            position=guard.position.pk,
            pairs=[PairOut.of(pair) for pair in guard.pairs],
            trailing=[OrderOut.of(order) for order in guard.trailing],
            others=[OrderOut.of(order) for order in guard.others],
            unprotected=guard.unprotected,
        )


class OrphanOut(Schema):
    """A protective order that protects nothing as it stands, and why."""

    order: OrderOut
    reason: str


class ProtectionOut(Schema):
    items: list[GuardOut]
    orphans: list[OrphanOut]


@router.get("/protection", operation_id="get_protection", response={200: ProtectionOut, **ERRORS})
def get_protection(request: HttpRequest, account: AccountQuery) -> HttpResponse:
    """The TP/SL pairs, trailing stops and reduce-only triggers of each open position, and those that protect nothing."""
    row = services.account_of(user_of(request), account)
    guards, orphans = protection.look(row.pk)
    answer = ProtectionOut(
        items=[GuardOut.of(guard) for guard in guards],
        orphans=[OrphanOut(order=OrderOut.of(one.order), reason=one.reason) for one in orphans],
    )
    return json_answer(answer.model_dump_json())


class MissingOut(Schema):
    """An order of which Bybit executed more than the fills here say: those executions are missing."""

    order: str
    exchange_order_id: str
    side: str
    qty: Money


class PositionDetail(PositionOut):
    """One position with what explains a difference to the record, and what protects it."""

    missing: list[MissingOut]
    guard: GuardOut | None


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


class SizeIn(Strict):
    """A size in another way: `quote` value, `percent` of what is available, `risk` in money or `risk_percent` of the
    equity lost at the stop_loss. Rounded down to the market's step."""

    by: By
    amount: PositiveIn


class PreviewIn(OrderIn):
    """`POST /orders/preview`: a body of `POST /orders`, whose `id` may be left out, with `qty` or `size`."""

    id: Id | None = None  # type: ignore[assignment]
    qty: PositiveIn | None = None  # type: ignore[assignment]
    size: SizeIn | None = None

    @model_validator(mode="after")
    def _sized(self) -> "PreviewIn":
        if (self.qty is None) == (self.size is None):
            raise ValueError("name qty, or size")
        return self


class FigureOut(Schema):
    """A figure and where it is from: `bybit`, `computed` (an estimate) or `not available`."""

    value: Money | None
    source: Literal["bybit", "computed", "not available"]

    @classmethod
    def of(cls, figure: preview.Figure) -> "FigureOut":
        return cls(value=figure.value, source=figure.source)


class AfterOut(Schema):
    side: str
    size: Money
    entry_price: Money | None


class PreviewOut(Schema):
    """What an order would do. Amounts in the settle coin, rates as fractions. `rules` would refuse it; `warnings` are what
    to know first."""

    qty: Money
    price: Money
    value: Money
    margin: FigureOut
    fee_maker: FigureOut
    fee_taker: FigureOut
    liq_before: FigureOut
    liq_after: FigureOut
    loss_at_stop: FigureOut
    profit_at_take: FigureOut
    im_before: FigureOut
    im_after: FigureOut
    mm_before: FigureOut
    mm_after: FigureOut
    position_after: AfterOut | None
    rules: list[Refusal]
    warnings: list[Refusal]


_FIGURES = tuple(name for name, kind in PreviewOut.model_fields.items() if kind.annotation is FigureOut)


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
        position_after=AfterOut(side=after.side, size=after.size, entry_price=after.entry_price) if after else None,
        rules=[Refusal.of(error) for error in found.rules],
        warnings=[Refusal.of(error) for error in found.warnings],
        **{name: FigureOut.of(getattr(found, name)) for name in _FIGURES},
    )
    return json_answer(answer.model_dump_json())
