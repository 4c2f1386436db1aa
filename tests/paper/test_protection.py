"""Take-profit, stop-loss and trailing stop: attached to orders, set on positions, fired, and gone with both."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .exchange import Exchange, Trader

Row = dict[str, Any]


def move(exchange: Exchange, *prices: str) -> None:
    for price in prices:
        exchange.control("price", symbol="BTCUSDT", price=price)


def guards(trader: Trader) -> dict[str, Row]:
    """The waiting orders that protect the position, by stopOrderType."""
    rows = trader.rows("/v5/order/realtime", symbol="BTCUSDT", orderFilter="StopOrder")
    return {row["stopOrderType"]: row for row in rows}


def stop(trader: Trader, **body: Any) -> int:
    fixed = {"category": "linear", "symbol": "BTCUSDT", "tpslMode": "Full", "positionIdx": 0}
    return int(trader.post("/v5/position/trading-stop", **{**fixed, **body})["retCode"])


def test_attached_to_an_order_for_the_whole_position(exchange: Exchange, trader: Trader) -> None:
    inbox = trader.listen("order", "position")
    link = f"parent-{trader.account}"
    entry = trader.placed(
        "Buy",
        "0.100",
        "59900",
        takeProfit="61000",
        stopLoss="59000",
        slTriggerBy="MarkPrice",
        orderLinkId=link,
    )
    row = trader.row(entry)
    assert (row["takeProfit"], row["stopLoss"], row["tpslMode"]) == ("61000.00", "59000.00", "Full")
    assert (row["tpTriggerBy"], row["slTriggerBy"]) == ("LastPrice", "MarkPrice")
    assert guards(trader) == {}
    exchange.control("fill", orderId=entry, account=trader.account, qty="0.040")
    waiting = guards(trader)
    assert set(waiting) == {"TakeProfit", "StopLoss"}
    loss = waiting["StopLoss"]
    assert (loss["side"], loss["qty"], loss["reduceOnly"], loss["closeOnTrigger"]) == (
        "Sell",
        "0.040",
        True,
        True,
    )
    assert (loss["orderLinkId"], loss["parentOrderLinkId"], loss["triggerBy"]) == ("", link, "MarkPrice")
    assert (loss["createType"], loss["triggerDirection"], loss["orderType"]) == (
        "CreateByStopLoss",
        2,
        "Market",
    )
    exchange.control("fill", orderId=entry, account=trader.account)
    assert {row["qty"] for row in guards(trader).values()} == {"0.100"}
    position = trader.position()
    assert (position["takeProfit"], position["stopLoss"]) == ("61000.00", "59000.00")
    inbox.until("position", "takeProfit", "61000.00")
    move(exchange, "61000")
    profit, loss = trader.row(waiting["TakeProfit"]["orderId"]), trader.row(loss["orderId"])
    assert (profit["orderStatus"], profit["cumExecQty"]) == ("Filled", "0.100")
    assert (loss["orderStatus"], loss["cancelType"]) == ("Deactivated", "CancelByTpSlTsClear")
    assert trader.position()["size"] == "0"
    fills = trader.rows("/v5/execution/list", orderId=profit["orderId"])
    assert {(fill["createType"], fill["stopOrderType"]) for fill in fills} == {
        ("CreateByTakeProfit", "TakeProfit")
    }


def test_a_pair_for_each_fill_in_partial_mode(exchange: Exchange, trader: Trader) -> None:
    link = f"parent-{trader.account}"
    entry = trader.placed(
        "Sell", "0.100", "60500", takeProfit="59000", stopLoss="61000", tpslMode="Partial", tpOrderType="Limit",
        tpLimitPrice="59010", orderLinkId=link,
    )  # fmt: skip
    assert trader.row(entry)["tpLimitPrice"] == "59010.00"
    for qty in ("0.030", "0.020"):
        exchange.control("fill", orderId=entry, account=trader.account, qty=qty)
    children = trader.rows("/v5/order/realtime", symbol="BTCUSDT", orderFilter="StopOrder")
    assert sorted((row["stopOrderType"], row["qty"]) for row in children) == [
        ("PartialStopLoss", "0.020"), ("PartialStopLoss", "0.030"),
        ("PartialTakeProfit", "0.020"), ("PartialTakeProfit", "0.030"),
    ]  # fmt: skip
    assert {(row["orderLinkId"], row["parentOrderLinkId"], row["tpslMode"]) for row in children} == {
        ("", link, "Partial")
    }
    assert trader.position()["takeProfit"] == ""
    move(exchange, "59000")
    after = {row["orderId"]: trader.row(row["orderId"]) for row in children}
    endings = {(row["stopOrderType"], row["orderStatus"]) for row in after.values()}
    assert endings == {("PartialTakeProfit", "Filled"), ("PartialStopLoss", "Deactivated")}
    assert trader.position()["size"] == "0"


def test_only_the_sibling_goes(exchange: Exchange, trader: Trader) -> None:
    trader.placed("Buy", "0.100")
    for price in ("61000", "62000"):
        assert (
            stop(
                trader, tpslMode="Partial", takeProfit=price, stopLoss="55000", tpSize="0.040", slSize="0.040"
            )
            == 0
        )
    move(exchange, "61000")
    left = trader.rows("/v5/order/realtime", symbol="BTCUSDT")
    assert sorted((row["stopOrderType"], row["triggerPrice"]) for row in left) == [
        ("PartialStopLoss", "55000.00"), ("PartialTakeProfit", "62000.00"),
    ]  # fmt: skip
    assert trader.position()["size"] == "0.06"
    trader.placed("Sell", "0.060", reduceOnly=True)
    assert trader.rows("/v5/order/realtime", symbol="BTCUSDT") == []
    endings = {
        row["cancelType"] for row in trader.rows("/v5/order/history") if row["orderStatus"] == "Deactivated"
    }
    assert endings == {"CancelByTpSlTsClear"}


@pytest.mark.parametrize(
    "more",
    [
        {"takeProfit": "59000"},
        {"stopLoss": "61000"},
        {"side": "Sell", "takeProfit": "61000"},
        {"takeProfit": "61000.05"},
        {"takeProfit": "61000", "tpOrderType": "Limit", "tpLimitPrice": "61000"},
        {"takeProfit": "61000", "tpslMode": "Partial", "tpOrderType": "Limit"},
        {"takeProfit": "61000", "reduceOnly": True},
        {"takeProfit": "61000", "tpslMode": "Whole"},
        {"takeProfit": "61000", "tpTriggerBy": "Oracle"},
    ],
)
def test_what_an_order_may_not_bring_along(exchange: Exchange, trader: Trader, more: Row) -> None:
    trader.placed("Sell" if more.get("side") != "Sell" else "Buy", "0.010")
    document = trader.order(**{"side": "Buy", **more})
    assert document["retCode"] == 10001, document
    exchange.control("step", ticks=1)


def test_the_attached_ones_amended(exchange: Exchange, trader: Trader) -> None:
    entry = trader.placed("Buy", "0.100", "59900", takeProfit="61000")

    def amend(**changes: str) -> int:
        body = {"category": "linear", "symbol": "BTCUSDT", "orderId": entry, **changes}
        return int(trader.post("/v5/order/amend", **body)["retCode"])

    assert amend(takeProfit="61000") == 10001
    assert amend(stopLoss="60500") == 10001
    assert amend(takeProfit="0", stopLoss="59000") == 0
    row = trader.row(entry)
    assert (row["takeProfit"], row["stopLoss"], row["orderStatus"]) == ("", "59000.00", "New")
    exchange.control("fill", orderId=entry, account=trader.account)
    assert {kind: row["triggerPrice"] for kind, row in guards(trader).items()} == {"StopLoss": "59000.00"}
    child = guards(trader)["StopLoss"]["orderId"]
    body = {"category": "linear", "symbol": "BTCUSDT", "orderId": child, "triggerPrice": "59100"}
    assert trader.post("/v5/order/amend", **body)["retCode"] == 0
    assert trader.position()["stopLoss"] == "59100.00"


def test_a_stranger_protects_a_position_with_pybit(exchange: Exchange, trader: Trader) -> None:
    where = {"category": "linear", "symbol": "BTCUSDT", "tpslMode": "Full", "positionIdx": 0}
    assert stop(trader, takeProfit="61000") == 10001
    trader.placed("Buy", "0.100")
    trader.http.set_trading_stop(**where, takeProfit="61000", stopLoss="59000", trailingStop="500")
    position = trader.position()
    assert (position["takeProfit"], position["stopLoss"], position["trailingStop"]) == (
        "61000.00", "59000.00", "500.00",
    )  # fmt: skip
    before = guards(trader)
    assert stop(trader, takeProfit="61000", stopLoss="59000", trailingStop="500") == 34040
    assert [stop(trader, takeProfit="59500"), stop(trader, stopLoss="60500")] == [10001, 10001]
    assert stop(trader, takeProfit="62000") == 0
    assert {kind: row["orderId"] for kind, row in guards(trader).items()} == {
        kind: row["orderId"] for kind, row in before.items()
    }
    assert stop(trader, takeProfit="0", stopLoss="0", trailingStop="0") == 0
    assert stop(trader, takeProfit="0") == 34040
    assert guards(trader) == {}
    ended = trader.row(before["TakeProfit"]["orderId"])
    assert (ended["orderStatus"], ended["cancelType"]) == ("Deactivated", "CancelByUser")
    trader.placed("Sell", "0.100", reduceOnly=True)
    exchange.control("step", ticks=1)


def test_partial_ones_have_their_limits(exchange: Exchange, trader: Trader) -> None:
    trader.placed("Buy", "0.100")
    partial = {"tpslMode": "Partial", "takeProfit": "61000"}
    assert stop(trader, **partial, tpSize="0.2") == 10001
    assert stop(trader, **partial, tpSize="0.01", slSize="0.02") == 10001
    assert stop(trader, **partial, tpSize="0.0001") == 10001
    assert stop(trader, takeProfit="61000", tpOrderType="Limit", tpLimitPrice="61000") == 10001
    for _ in range(20):
        assert stop(trader, **partial, tpSize="0.01", tpOrderType="Limit", tpLimitPrice="61010") == 0
    assert stop(trader, **partial, tpSize="0.01") == 110061
    exchange.control("step", ticks=1)


def test_a_trailing_stop_follows_and_fires(exchange: Exchange, trader: Trader) -> None:
    trader.placed("Buy", "0.100")
    assert stop(trader, trailingStop="500", activePrice="59500") == 10001
    assert stop(trader, trailingStop="500", activePrice="60500") == 0
    row = guards(trader)["TrailingStop"]
    assert (row["triggerPrice"], row["createType"]) == ("60500.00", "CreateByTrailingStop")
    move(exchange, "59600", "60400", "59800")
    assert trader.position()["size"] == "0.1"
    move(exchange, "60500", "61200", "60800", "60701")
    assert trader.position()["size"] == "0.1"
    move(exchange, "60700")
    assert trader.row(row["orderId"])["orderStatus"] == "Filled"
    assert (trader.position()["size"], trader.position()["trailingStop"]) == ("0", "0")


def test_a_short_s_trailing_stop(exchange: Exchange, trader: Trader) -> None:
    trader.placed("Sell", "0.100")
    assert stop(trader, trailingStop="300.5") == 0
    move(exchange, "60200", "59400", "59700.4")
    assert trader.position()["size"] == "0.1"
    move(exchange, "59700.5")
    assert trader.position()["size"] == "0"


def test_a_flip_leaves_the_old_protection_behind(exchange: Exchange, trader: Trader) -> None:
    trader.placed("Buy", "0.100", takeProfit="61000", stopLoss="59000")
    trader.placed("Sell", "0.150", takeProfit="59000", stopLoss="61500")
    assert {kind: (row["side"], row["triggerPrice"]) for kind, row in guards(trader).items()} == {
        "TakeProfit": ("Buy", "59000.00"), "StopLoss": ("Buy", "61500.00"),
    }  # fmt: skip
    assert Decimal(trader.position()["size"]) == Decimal("0.05")
    exchange.control("step", ticks=1)


def test_a_conditional_order_brings_its_protection(exchange: Exchange, trader: Trader) -> None:
    trader.placed(
        "Buy", "0.010", triggerPrice="61000", triggerDirection=1, stopLoss="60500", takeProfit="62000"
    )
    move(exchange, "61000")
    assert set(guards(trader)) == {"TakeProfit", "StopLoss"}
    move(exchange, "60400")
    assert trader.position()["size"] == "0"


def test_liquidation_takes_everything_with_it(exchange: Exchange, trader: Trader) -> None:
    body = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "50", "sellLeverage": "50"}
    trader.post("/v5/position/set-leverage", **body)
    entry = trader.placed("Buy", "30", "60000")
    exchange.control("fill", orderId=entry, account=trader.account)
    assert stop(trader, takeProfit="90000", trailingStop="20000") == 0
    waiting = guards(trader)
    move(exchange, str(int(Decimal(trader.position()["liqPrice"])) - 50))
    assert trader.position()["size"] == "0"
    ended = [trader.row(row["orderId"]) for row in waiting.values()]
    assert {(row["orderStatus"], row["cancelType"]) for row in ended} == {
        ("Deactivated", "CancelAllBeforeLiq")
    }
