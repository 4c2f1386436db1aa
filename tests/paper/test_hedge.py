"""Hedge mode: two legs in one symbol, and the switch between the modes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .exchange import Exchange, Trader


def switch(trader: Trader, mode: int, **what: str) -> int:
    body = {"category": "linear", "mode": mode, **(what or {"symbol": "BTCUSDT"})}
    return int(trader.post("/v5/position/switch-mode", **body)["retCode"])


def sizes(trader: Trader) -> list[tuple[int, str, str]]:
    rows = trader.rows("/v5/position/list", symbol="BTCUSDT")
    return [(row["positionIdx"], row["side"], row["size"]) for row in rows]


@pytest.fixture
def hedger(exchange: Exchange, trader: Trader) -> Trader:
    """An account that is long and short at once."""
    trader.http.switch_position_mode(category="linear", symbol="BTCUSDT", mode=3)
    trader.placed("Buy", "0.100", positionIdx=1)
    trader.placed("Sell", "0.050", positionIdx=2)
    exchange.control("step", ticks=1)
    exchange.control("price", symbol="BTCUSDT", price="60000")
    return trader


def test_the_switch(exchange: Exchange, trader: Trader) -> None:
    assert switch(trader, 0) == 110025
    assert switch(trader, 3) == 0
    assert sizes(trader) == [(1, "", "0"), (2, "", "0")]
    assert switch(trader, 3) == 110025
    order_id = trader.placed("Buy", "0.010", "59000", positionIdx=1)
    assert switch(trader, 0) == 110028
    exchange.control("fill", orderId=order_id, account=trader.account)
    assert switch(trader, 0) == 110024
    assert switch(trader, 3, symbol="ETHUSDT") == 0
    trader.placed("Sell", "0.010", positionIdx=1, reduceOnly=True)
    assert switch(trader, 0) == 0
    assert [row[0] for row in sizes(trader)] == [0]
    assert switch(trader, 7) == 10001
    assert trader.post("/v5/position/switch-mode", category="linear", mode=3)["retCode"] == 10001
    exchange.control("step", ticks=1)


def test_the_switch_of_a_coin(trader: Trader) -> None:
    assert switch(trader, 3, coin="USDT") == 0
    assert switch(trader, 3, coin="USDT") == 110025
    assert switch(trader, 3, coin="USDC") == 110029
    assert [row[0] for row in sizes(trader)] == [1, 2]
    assert switch(trader, 0) == 0
    assert [row[0] for row in sizes(trader)] == [0]
    assert switch(trader, 0, coin="USDT") == 0


def test_the_index_must_match_the_mode(exchange: Exchange, trader: Trader) -> None:
    for idx in (1, 2, 5):
        assert trader.order(positionIdx=idx)["retCode"] == 10001
    switch(trader, 3)
    for more in ({}, {"positionIdx": 0}):
        document = trader.order(**more)
        assert (document["retCode"], document["retMsg"]) == (10001, "position idx not match position mode")
    body = {"category": "linear", "symbol": "BTCUSDT", "takeProfit": "61000", "positionIdx": 0}
    assert trader.post("/v5/position/trading-stop", **body)["retCode"] == 10001


def test_each_leg_by_itself(exchange: Exchange, hedger: Trader) -> None:
    assert sizes(hedger) == [(1, "Buy", "0.1"), (2, "Sell", "0.05")]
    inbox = hedger.listen("position", "order")
    closing = hedger.placed("Sell", "0.040", positionIdx=1)
    assert hedger.row(closing)["positionIdx"] == 1
    assert hedger.row(closing)["reduceOnly"] is True
    assert sizes(hedger) == [(1, "Buy", "0.06"), (2, "Sell", "0.05")]
    assert inbox.until("position", "positionIdx", 1)["size"] == "0.06"
    hedger.placed("Buy", "1", positionIdx=2, reduceOnly=True)
    assert sizes(hedger) == [(1, "Buy", "0.06"), (2, "", "0")]
    assert hedger.order("Buy", positionIdx=2)["retCode"] == 110017
    assert hedger.order("Buy", positionIdx=1, reduceOnly=True)["retCode"] == 110017
    held = hedger.rows("/v5/position/list", settleCoin="USDT")
    assert [(row["positionIdx"], row["size"]) for row in held] == [(1, "0.06")]
    exchange.control("step", ticks=1)


def test_each_leg_has_its_own_protection(exchange: Exchange, hedger: Trader) -> None:
    def stop(**body: Any) -> int:
        fixed = {"category": "linear", "symbol": "BTCUSDT", "tpslMode": "Full"}
        return int(hedger.post("/v5/position/trading-stop", **fixed, **body)["retCode"])

    assert stop(positionIdx=1, takeProfit="61000", stopLoss="59000") == 0
    assert stop(positionIdx=2, takeProfit="61000") == 10001
    assert stop(positionIdx=2, takeProfit="59500", stopLoss="60500") == 0
    exchange.control("price", symbol="BTCUSDT", price="60500")
    assert sizes(hedger) == [(1, "Buy", "0.1"), (2, "", "0")]
    rows = hedger.rows("/v5/position/list", symbol="BTCUSDT")
    assert [row["takeProfit"] for row in rows] == ["61000.00", ""]
    exchange.control("price", symbol="BTCUSDT", price="61000")
    assert sizes(hedger) == [(1, "", "0"), (2, "", "0")]


def test_margin_and_leverage_of_both(hedger: Trader) -> None:
    rows = hedger.rows("/v5/position/list", symbol="BTCUSDT")
    bound = sum(Decimal(row["positionIM"]) for row in rows)
    assert Decimal(hedger.wallet()["totalInitialMargin"]) == bound
    body = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "20", "sellLeverage": "20"}
    assert hedger.post("/v5/position/set-leverage", **body)["retCode"] == 0
    rows = hedger.rows("/v5/position/list", symbol="BTCUSDT")
    assert [row["leverage"] for row in rows] == ["20", "20"]


def test_liquidation_of_both(exchange: Exchange, trader: Trader) -> None:
    switch(trader, 3)
    body = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "50", "sellLeverage": "50"}
    trader.post("/v5/position/set-leverage", **body)
    for idx, side, qty, price in ((1, "Buy", "33", "60000"), (2, "Sell", "3", "60000")):
        entry = trader.placed(side, qty, price, positionIdx=idx)
        if trader.row(entry)["orderStatus"] != "Filled":
            exchange.control("fill", orderId=entry, account=trader.account)
    rows = trader.rows("/v5/position/list", symbol="BTCUSDT")
    assert rows[1]["liqPrice"] == ""
    liquidation = Decimal(rows[0]["liqPrice"])
    exchange.control("price", symbol="BTCUSDT", price=str(liquidation + 20))
    assert sizes(trader)[0][2] == "33"
    exchange.control("price", symbol="BTCUSDT", price=str(liquidation - 20))
    assert sizes(trader) == [(1, "", "0"), (2, "", "0")]
    busts = [row for row in trader.rows("/v5/execution/list") if row["execType"] == "BustTrade"]
    assert len(busts) == 2
    assert Decimal(trader.wallet()["totalEquity"]) >= 0
