"""What may be asked of positions and of an order before it is sent, and how the answers look."""

from typing import Any, Literal

from ninja import Schema
from pydantic import model_validator

from bybit.forms import Money, PositiveIn
from orders import preview, protection
from orders.errors import TradeError
from orders.requests import AccountId, Id, OrderIn, Strict, Symbol
from orders.schemas import OrderOut
from orders.sizing import By
from positions.schemas import PositionOut


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


class CloseAllIn(Strict):
    """`POST /positions/close-all`: the ids of the closing orders follow from `id`, so that a second tap sends
    nothing."""

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


class StartOverIn(Strict):
    """`POST /practice/start-over`: the ids of the closing orders follow from `id`, so that a second tap closes nothing
    twice."""

    id: Id
    account: AccountId


class StartOverOut(Schema):
    """How many orders were cancelled, and what became of each position."""

    cancelled: int
    closed: list[ClosedOut]


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


class ModeIn(Strict):
    """`PUT /position-mode`. Without a symbol: all USDT perpetuals."""

    account: AccountId
    mode: Literal["one_way", "hedge"]
    symbol: Symbol | None = None


class ModeOut(Schema):
    account: str
    position_mode: str


class PairOut(Schema):
    take_profit: OrderOut | None
    stop_loss: OrderOut | None

    @classmethod
    def of(cls, pair: protection.Pair) -> "PairOut":
        take, stop = pair.take_profit, pair.stop_loss
        return cls(
            take_profit=OrderOut.of(take) if take else None, stop_loss=OrderOut.of(stop) if stop else None
        )


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


class PreviewFigure(Schema):
    """A figure and where it is from: `bybit`, `computed` (an estimate) or `not available`."""

    value: Money | None
    source: preview.Source

    @classmethod
    def of(cls, figure: preview.Figure) -> "PreviewFigure":
        return cls(value=figure.value, source=figure.source)


class AfterOut(Schema):
    side: str
    size: Money
    entry_price: Money | None


class PreviewOut(Schema):
    """What an order would do. Amounts in the settle coin, rates as fractions. `rules` would refuse it; `warnings`
    are what to know first."""

    qty: Money
    price: Money
    value: Money
    margin: PreviewFigure
    fee_maker: PreviewFigure
    fee_taker: PreviewFigure
    liq_before: PreviewFigure
    liq_after: PreviewFigure
    loss_at_stop: PreviewFigure
    profit_at_take: PreviewFigure
    im_before: PreviewFigure
    im_after: PreviewFigure
    mm_before: PreviewFigure
    mm_after: PreviewFigure
    position_after: AfterOut | None
    rules: list[Refusal]
    warnings: list[Refusal]
