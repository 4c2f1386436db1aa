"""What may be asked: every illegal combination is refused with its reason, and defaults make no difference."""

from typing import Any

import pytest
from pydantic import ValidationError

from orders.requests import AmendIn, OrderIn, StopsIn
from orders.wishes import wish_of

MARKET = {
    "id": "00000000-0000-4000-8000-000000000001",
    "account": "paper",
    "category": "linear",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "order_type": "Market",
    "qty": "0.01",
}
LIMIT = MARKET | {"order_type": "Limit", "price": "60000"}
SPOT = MARKET | {"category": "spot"}
SPOT_LIMIT = LIMIT | {"category": "spot"}
STOPS = {"take_profit": "70000", "stop_loss": "50000"}

ILLEGAL: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (MARKET, {"price": "60000"}, "takes no price"),
    (LIMIT, {"price": None}, "needs a price"),
    (MARKET, {"time_in_force": "PostOnly"}, "always IOC"),
    (MARKET, {"time_in_force": "FOK"}, "always IOC"),
    (MARKET, {"trigger_by": "MarkPrice"}, "need a trigger_price"),
    (MARKET, {"trigger_direction": 1}, "need a trigger_price"),
    (MARKET, {"order_filter": "StopOrder"}, "order_filter is spot's"),
    (MARKET, {"close_on_trigger": True}, "needs reduce_only"),
    (MARKET, {"reduce_only": True, "stop_loss": "50000"}, "reduce-only order takes no"),
    (MARKET, {"tpsl_mode": "Full"}, "needs a take_profit or a stop_loss"),
    (MARKET, {"tp_trigger_by": "MarkPrice"}, "needs a take_profit"),
    (MARKET, {"take_profit": "70000", "sl_order_type": "Market"}, "needs a stop_loss"),
    (MARKET, STOPS | {"tp_order_type": "Limit"}, "needs tp_limit_price"),
    (MARKET, STOPS | {"tp_limit_price": "70000"}, "needs tp_order_type Limit"),
    (MARKET, STOPS | {"sl_order_type": "Limit", "sl_limit_price": "49000"}, "needs tpsl_mode Partial"),
    (MARKET, {"slippage_tolerance": "1"}, "go together"),
    (MARKET, {"slippage_tolerance_type": "Percent"}, "go together"),
    (LIMIT, {"slippage_tolerance_type": "Percent", "slippage_tolerance": "1"}, "plain market orders"),
    (MARKET, {"slippage_tolerance_type": "TickSize", "slippage_tolerance": "1.5"}, "whole number"),
    (MARKET, {"slippage_tolerance_type": "TickSize", "slippage_tolerance": "10001"}, "whole number"),
    (MARKET, {"slippage_tolerance_type": "Percent", "slippage_tolerance": "10.01"}, "0.01 to 10"),
    (MARKET, {"slippage_tolerance_type": "Percent", "slippage_tolerance": "0.015"}, "0.01 to 10"),
    (MARKET, {"market_unit": "baseCoin"}, "spot market orders"),
    (SPOT_LIMIT, {"market_unit": "baseCoin"}, "spot market orders"),
    (SPOT, {"reduce_only": True}, "no reduce_only"),
    (SPOT, {"position_idx": 1}, "no position_idx"),
    (SPOT, STOPS, "limit orders only"),
    (SPOT_LIMIT, {"trigger_price": "61000", "trigger_by": "LastPrice"}, "leave trigger_by"),
    (SPOT_LIMIT, {"trigger_price": "61000", "order_filter": "Order"}, "StopOrder or tpslOrder"),
    (SPOT_LIMIT, {"order_filter": "tpslOrder"}, "needs a trigger_price"),
    (SPOT_LIMIT, STOPS | {"trigger_price": "61000"}, "takes no TP/SL"),
    (SPOT_LIMIT, STOPS | {"tpsl_mode": "Full"}, "not spot's"),
    (SPOT_LIMIT, STOPS | {"tp_trigger_by": "LastPrice"}, "not spot's"),
    (MARKET, {"position_idx": 3}, "less than or equal to 2"),
    (MARKET, {"trigger_price": "0"}, "above zero"),
    (MARKET, {"trigger_price": 61000}, "as text"),
    (MARKET, {"trigger_direction": 3, "trigger_price": "1"}, "less than or equal to 2"),
    (MARKET, {"leverage": "10"}, "Extra inputs"),
]


@pytest.mark.parametrize(("base", "change", "reason"), ILLEGAL)
def test_an_illegal_combination_is_refused_with_the_reason(
    base: dict[str, Any], change: dict[str, Any], reason: str
) -> None:
    OrderIn.model_validate(base)
    with pytest.raises(ValidationError, match=reason):
        OrderIn.model_validate(base | change)


LEGAL: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (MARKET, {"time_in_force": "IOC", "reduce_only": False, "position_idx": 0, "stop_loss": None}),
    (MARKET | {"trigger_price": "61000"}, {"trigger_by": "LastPrice", "close_on_trigger": False}),
    (MARKET | STOPS, {"tpsl_mode": "Full", "tp_order_type": "Market", "sl_trigger_by": "LastPrice"}),
    (LIMIT | STOPS | {"qty": "0.010"}, {"qty": "0.01", "price": "60000.0"}),
    (SPOT, {"market_unit": "quoteCoin"}),
    (SPOT | {"side": "Sell"}, {"market_unit": "baseCoin", "order_filter": "Order"}),
    (SPOT_LIMIT | {"trigger_price": "61000"}, {"order_filter": "StopOrder"}),
    (MARKET | {"slippage_tolerance_type": "TickSize", "slippage_tolerance": "10"}, {"seen": "x"}),
]


@pytest.mark.parametrize(("base", "written_out"), LEGAL)
def test_a_default_that_is_written_out_is_the_same_order(
    base: dict[str, Any], written_out: dict[str, Any]
) -> None:
    plain, full = (wish_of(OrderIn.model_validate(one)) for one in (base, base | written_out))
    assert plain.request == full.request
    assert plain.terms == full.terms


def test_another_term_is_another_order() -> None:
    base = wish_of(OrderIn.model_validate(MARKET | STOPS)).request
    for change in ({"stop_loss": "50001"}, {"tpsl_mode": "Partial"}, {"sl_trigger_by": "MarkPrice"}):
        assert wish_of(OrderIn.model_validate(MARKET | STOPS | change)).request != base


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "at least one"),
        ({"version": 3}, "at least one"),
        ({"qty": "0"}, "above zero"),
        ({"stop_loss": "-1"}, "below zero"),
        ({"side": "Sell"}, "Extra inputs"),
    ],
)
def test_an_amend_names_what_changes(body: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        AmendIn.model_validate(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "name a take_profit"),
        ({"active_price": "1"}, "name a take_profit"),
        ({"stop_loss": "1", "active_price": "1"}, "needs a trailing_stop"),
        ({"stop_loss": "1", "sl_size": "1"}, "need tpsl_mode Partial"),
        ({"stop_loss": "1", "tpsl_mode": "Partial", "tp_size": "1", "sl_size": "2"}, "are equal"),
        ({"stop_loss": "1", "sl_order_type": "Limit"}, "go together"),
    ],
)
def test_position_stops_fit_together(body: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        StopsIn.model_validate(body)
