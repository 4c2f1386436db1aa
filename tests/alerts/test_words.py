"""What is told of what, by the table."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from webapp.alerts import words

AT = datetime(2026, 11, 22, 16, 51, 52, tzinfo=UTC)
FILL = {
    "account": "acc", "category": "linear", "symbol": "BTCUSDT", "side": "Buy", "exec_id": "e1", "order": "o1",
    "exec_type": "Trade", "qty": "0.25", "price": "60000", "at": "2026-11-22T16:51:52.123Z",
}  # fmt: skip
ORDER = {
    "id": "o1", "state": "working", "reject_code": "", "reject_reason": "", "cancel_type": "UNKNOWN",
    "category": "linear", "symbol": "BTCUSDT", "side": "Buy", "qty": "1.5", "price": "61234.5",
    "avg_price": "60000", "filled_qty": "0.25",
    "stop_order_type": None, "create_type": None, "market_unit": None, "updated_at": "2026-11-22T16:51:52.123Z",
}  # fmt: skip
# Of an amount that was bought for, less was left than buys a step.
SPENT = {"state": "cancelled", "reject_reason": "EC_CancelByOrderValueZero", "market_unit": "quoteCoin"}


@pytest.mark.parametrize(
    ("fill", "order", "kind", "title"),
    [
        ({}, {}, "fill", "Part filled"),
        ({}, {"state": "filled"}, "fill", "Order filled"),
        ({}, {"state": "filled", "stop_order_type": "StopLoss"}, "stop", "Stop-loss hit"),
        (
            {},
            {"state": "working", "stop_order_type": "TrailingStop"},
            "stop",
            "Trailing stop hit, part filled",
        ),
        ({}, {"state": "filled", "stop_order_type": "PartialTakeProfit"}, "stop", "Take-profit hit"),
        ({}, {"state": "filled", "stop_order_type": "Stop"}, "fill", "Order filled"),
        ({}, SPENT, "fill", "Order filled"),
        ({"exec_type": "BustTrade"}, None, "liquidation", "Liquidated"),
        ({"exec_type": "AdlTrade"}, {}, "liquidation", "Reduced by ADL"),
        ({"exec_type": "Funding"}, None, None, None),
        ({"exec_type": "NewByBybit"}, None, None, None),
        ({"order": None}, None, "fill", "Part filled"),
    ],
)
def test_an_execution(fill: dict[str, Any], order: Any, kind: str | None, title: str | None) -> None:
    found = words.of_fill(FILL | fill, None if order is None else ORDER | order)
    assert (found and found.kind, found and found.title) == (kind, title)
    assert found is None or found.screen == "/positions"


@pytest.mark.parametrize(
    ("order", "title"),
    [
        ({}, None),
        ({"state": "filled"}, "Order filled"),
        ({"state": "filled", "create_type": "CreateByLiq"}, None),
        ({"state": "cancelled", "reject_reason": "EC_PerCancelRequest"}, None),
        ({"state": "cancelled", "reject_reason": "EC_NoError"}, None),
        ({"state": "cancelled", "reject_reason": "EC_PostOnlyWillTakeLiquidity"}, "Order ended by Bybit"),
        ({"state": "cancelled", "cancel_type": "CancelAllBeforeLiq"}, "Order ended by Bybit"),
        ({"state": "cancelled", "cancel_type": "CancelByTpSlTsClear"}, None),
        ({"state": "cancelled", "cancel_type": "CancelByReduceOnly"}, None),
        (SPENT, "Order filled"),
        (SPENT | {"filled_qty": "0"}, "Order ended by Bybit"),
        (SPENT | {"market_unit": None}, "Order ended by Bybit"),
        ({"state": "rejected", "reject_code": "110007"}, "Order rejected"),
        ({"state": "rejected", "reject_code": "never_arrived"}, "Order not placed"),
    ],
)
def test_an_order_s_end(order: dict[str, Any], title: str | None) -> None:
    found = words.of_order(ORDER | order)
    assert (found and found.title) == title


@pytest.mark.parametrize("news", [words.of_fill(FILL, ORDER), words.of_order(ORDER | {"state": "rejected"})])
def test_a_text_has_the_time_and_no_amounts_unless_asked_for(news: words.News) -> None:
    plain = news.text(amounts=False)
    assert re.sub(r"\d\d:\d\d:\d\d UTC", "", plain) == "BTCUSDT Buy · "
    assert not re.search(r"\d", news.title)
    assert re.search(r"· (0\.25 at 60000|1\.5 at 61234\.5) · 16:51:52 UTC$", news.text(amounts=True))


def test_spot_is_told_from_the_perpetual_of_the_same_symbol() -> None:
    spot = {"category": "spot"}
    news = [
        words.of_fill(FILL | spot, ORDER | spot),
        words.of_fill(FILL | spot, None),
        words.of_order(ORDER | spot | {"state": "rejected"}),
        words.of_order(ORDER | spot | {"state": "filled"}),
        words.of_alert(alert=1, order="o1", **spot, symbol="BTCUSDT", at=AT),
    ]
    assert [one and one.body for one in news] == ["BTCUSDT spot Buy"] * 4 + ["BTCUSDT spot"]
    alert = words.of_alert(alert=1, order="o1", category="linear", symbol="BTCUSDT", at=AT)
    assert alert.body == "BTCUSDT"


def test_the_last_execution_and_the_order_s_end_are_one_news() -> None:
    done = ORDER | {"state": "filled", "filled_qty": "1.5"}
    by_fill, by_order = words.of_fill(FILL, done), words.of_order(done)
    assert by_fill and by_order
    assert (by_fill.key, by_fill.tag, by_fill.title) == (by_order.key, by_order.tag, by_order.title)


def test_how_long_each_is_news() -> None:
    fill = words.of_fill(FILL, ORDER)
    assert fill and fill.until - fill.at <= timedelta(seconds=300)
    sign_in = words.of_lock(
        number=1, kind="sign_in", detail={"device": "Safari on iPhone"}, address="192.0.2.1", at=AT
    )
    assert sign_in
    assert (sign_in.kind, sign_in.title, sign_in.urgent) == ("security", "New sign-in", True)
    assert sign_in.text(amounts=False) == "Safari on iPhone from 192.0.2.1 · 16:51:52 UTC"
    assert words.of_lock(number=1, kind="sign_in_failed", detail={}, address="", at=AT) is None
