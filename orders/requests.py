"""What may be asked. Every form is strict: text for numbers, no unknown field, and combinations that Bybit does not
have are refused here, with the reason, before anything is written or sent."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, model_validator

from bybit.forms import UUID, AmountIn, PositiveIn
from bybit.types import ORDER_TERMS

Id = Annotated[str, Field(pattern=UUID, description="A canonical lower-case UUID, made by the client")]
AccountId = Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,40}$")]
Symbol = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,30}$")]
POSITION_ID = re.compile(r"[-a-zA-Z0-9_]{1,40}:linear:[A-Z0-9]{1,30}:[0-2]", re.ASCII)
TriggerBy = Literal["LastPrice", "MarkPrice", "IndexPrice"]
Flag = Annotated[bool, Field(strict=True)]


class Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class OrderIn(Strict):
    """`POST /orders`. `id` is the idempotency key and Bybit's orderLinkId. What is not named by the contract carries
    the name of Bybit's parameter. A `trigger_price` makes it a conditional order; the direction follows from the
    price now, unless it is given (1 rising to it, 2 falling to it)."""

    id: Id
    account: AccountId
    category: Literal["linear", "spot"]
    symbol: Symbol
    side: Literal["Buy", "Sell"]
    order_type: Literal["Market", "Limit"]
    qty: PositiveIn
    price: PositiveIn | None = None
    time_in_force: Literal["GTC", "IOC", "FOK", "PostOnly"] | None = None
    reduce_only: Flag | None = None
    close_on_trigger: Flag | None = None
    position_idx: Annotated[int, Field(strict=True, ge=0, le=2)] | None = None
    trigger_price: PositiveIn | None = None
    trigger_by: TriggerBy | None = None
    trigger_direction: Annotated[int, Field(strict=True, ge=1, le=2)] | None = None
    order_filter: Literal["Order", "StopOrder", "tpslOrder"] | None = None
    take_profit: PositiveIn | None = None
    stop_loss: PositiveIn | None = None
    tpsl_mode: Literal["Full", "Partial"] | None = None
    tp_trigger_by: TriggerBy | None = None
    sl_trigger_by: TriggerBy | None = None
    tp_order_type: Literal["Market", "Limit"] | None = None
    sl_order_type: Literal["Market", "Limit"] | None = None
    tp_limit_price: PositiveIn | None = None
    sl_limit_price: PositiveIn | None = None
    slippage_tolerance_type: Literal["TickSize", "Percent"] | None = None
    slippage_tolerance: PositiveIn | None = None
    market_unit: Literal["baseCoin", "quoteCoin"] | None = None
    seen: Annotated[str, Field(max_length=600)] | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "OrderIn":
        for wrong, reason in (
            *_type_rules(self),
            *_trigger_rules(self),
            *_exit_rules(self),
            *_market_rules(self),
        ):
            if wrong:
                raise ValueError(reason)
        return self


Rules = tuple[tuple[bool, str], ...]


def _type_rules(order: OrderIn) -> Rules:
    market = order.order_type == "Market"
    return (
        (not market and order.price is None, "a limit order needs a price"),
        (market and order.price is not None, "a market order takes no price"),
        (
            market and order.time_in_force in ("GTC", "PostOnly", "FOK"),
            "a market order is always IOC: leave time_in_force out",
        ),
    )


def _trigger_rules(order: OrderIn) -> Rules:
    spot, conditional = order.category == "spot", order.trigger_price is not None
    direction = order.trigger_by is not None or order.trigger_direction is not None
    return (
        (direction and not conditional, "trigger_by and trigger_direction need a trigger_price"),
        (direction and spot, "spot triggers by its last price: leave trigger_by and trigger_direction out"),
        (order.order_filter is not None and not spot, "order_filter is spot's: leave it out"),
        (
            spot and conditional and order.order_filter == "Order",
            "a conditional spot order has order_filter StopOrder or tpslOrder",
        ),
        (
            not conditional and order.order_filter in ("StopOrder", "tpslOrder"),
            "this order_filter needs a trigger_price",
        ),
        (bool(order.close_on_trigger) and not order.reduce_only, "close_on_trigger needs reduce_only"),
    )


def _exit_rules(order: OrderIn) -> Rules:
    spot = order.category == "spot"
    take, stop = order.take_profit is not None, order.stop_loss is not None
    partial = order.tpsl_mode == "Partial" or spot
    rules: list[tuple[bool, str]] = [
        ((take or stop) and bool(order.reduce_only), "a reduce-only order takes no take_profit or stop_loss"),
        (order.tpsl_mode is not None and not (take or stop), "tpsl_mode needs a take_profit or a stop_loss"),
        ((take or stop) and spot and order.order_type == "Market", "spot takes TP/SL on limit orders only"),
        (
            (take or stop) and spot and order.trigger_price is not None,
            "a conditional spot order takes no TP/SL",
        ),
        (order.tpsl_mode is not None and spot, "tpsl_mode is not spot's: leave it out"),
    ]
    for name, present in (("tp", take), ("sl", stop)):
        kind, limit = getattr(order, f"{name}_order_type"), getattr(order, f"{name}_limit_price")
        by = getattr(order, f"{name}_trigger_by")
        price = "take_profit" if name == "tp" else "stop_loss"
        rules += [
            ((kind or limit or by) is not None and not present, f"{name}_… needs a {price}"),
            (by is not None and spot, f"{name}_trigger_by is not spot's: leave it out"),
            (kind == "Limit" and limit is None, f"a limit {price} needs {name}_limit_price"),
            (limit is not None and kind != "Limit", f"{name}_limit_price needs {name}_order_type Limit"),
            (kind == "Limit" and not partial, f"a limit {price} needs tpsl_mode Partial"),
        ]
    return tuple(rules)


def _market_rules(order: OrderIn) -> Rules:
    spot, market = order.category == "spot", order.order_type == "Market"
    kind, much = order.slippage_tolerance_type, order.slippage_tolerance
    plain = order.trigger_price is None and order.take_profit is None and order.stop_loss is None
    return (
        ((kind is None) != (much is None), "slippage_tolerance and slippage_tolerance_type go together"),
        (kind is not None and not (market and plain), "slippage tolerance is for plain market orders"),
        (
            kind == "TickSize" and much is not None and not (much % 1 == 0 and much <= 10_000),
            "a slippage tolerance in ticks is a whole number from 1 to 10000",
        ),
        (
            kind == "Percent" and much is not None and not _percent(much),
            "a slippage tolerance in percent is from 0.01 to 10 with at most two decimals",
        ),
        (order.market_unit is not None and not (spot and market), "market_unit is for spot market orders"),
        (spot and order.reduce_only is not None and order.reduce_only, "spot has no reduce_only"),
        (spot and bool(order.position_idx), "spot has no position_idx"),
    )


def _percent(value: Decimal) -> bool:
    return Decimal("0.01") <= value <= 10 and value * 100 % 1 == 0


class AmendIn(Strict):
    """`PATCH /orders/{id}`: only what is to change. `qty` is the new total; "0" removes a take_profit or stop_loss.
    `version`, if given, is the one that was on the screen: the order is not touched when it has changed since."""

    qty: PositiveIn | None = None
    price: PositiveIn | None = None
    trigger_price: PositiveIn | None = None
    trigger_by: TriggerBy | None = None
    take_profit: AmountIn | None = None
    stop_loss: AmountIn | None = None
    tpsl_mode: Literal["Full", "Partial"] | None = None
    tp_trigger_by: TriggerBy | None = None
    sl_trigger_by: TriggerBy | None = None
    tp_limit_price: PositiveIn | None = None
    sl_limit_price: PositiveIn | None = None
    version: Annotated[int, Field(strict=True, ge=1)] | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "AmendIn":
        if not self.changes():
            raise ValueError("name at least one thing to change")
        return self

    def changes(self) -> dict[str, Any]:
        """What is to change, by our names."""
        return {name: value for name, value in self if name != "version" and value is not None}


class StopsIn(Strict):
    """`PUT /positions/{id}/trading-stop`: what is left out stays, "0" removes. Full means the whole position; Partial
    adds a pair for a part of it."""

    tpsl_mode: Literal["Full", "Partial"] = "Full"
    take_profit: AmountIn | None = None
    stop_loss: AmountIn | None = None
    trailing_stop: AmountIn | None = None
    active_price: AmountIn | None = None
    tp_trigger_by: TriggerBy | None = None
    sl_trigger_by: TriggerBy | None = None
    tp_size: PositiveIn | None = None
    sl_size: PositiveIn | None = None
    tp_order_type: Literal["Market", "Limit"] | None = None
    sl_order_type: Literal["Market", "Limit"] | None = None
    tp_limit_price: PositiveIn | None = None
    sl_limit_price: PositiveIn | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "StopsIn":
        if self.take_profit is None and self.stop_loss is None and self.trailing_stop is None:
            raise ValueError("name a take_profit, a stop_loss or a trailing_stop")
        if self.active_price is not None and self.trailing_stop is None:
            raise ValueError("active_price needs a trailing_stop")
        partial = ("tp_size", "sl_size", "tp_limit_price", "sl_limit_price")
        if self.tpsl_mode == "Full" and any(getattr(self, name) is not None for name in partial):
            raise ValueError("sizes and limit prices need tpsl_mode Partial")
        if (
            self.tpsl_mode == "Partial"
            and self.tp_size is not None
            and self.sl_size not in (None, self.tp_size)
        ):
            raise ValueError("tp_size and sl_size of a pair are equal")
        for name in ("tp", "sl"):
            limit = getattr(self, f"{name}_limit_price") is not None
            if limit != (getattr(self, f"{name}_order_type") == "Limit"):
                raise ValueError(f"{name}_limit_price and {name}_order_type Limit go together")
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
    """`POST /orders/cancel-all`. Without a category: all of them."""

    account: AccountId
    category: Literal["linear", "spot"] | None = None
    symbol: Symbol | None = None
    include: list[Literal["orders", "conditional", "protective"]] | None = None


TERMS = tuple(ORDER_TERMS.values())
