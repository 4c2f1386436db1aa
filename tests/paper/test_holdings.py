"""What position rows say about a holding: its results through flips, its place in the queue; and the margin modes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .exchange import Exchange, Trader

MAKER = Decimal("0.0002")


def filled(exchange: Exchange, trader: Trader, side: str, qty: str, price: str, **more: Any) -> None:
    order_id = trader.placed(side, qty, price, **more)
    exchange.control("fill", orderId=order_id, account=trader.account)


def test_results_through_a_flip(exchange: Exchange, trader: Trader) -> None:
    filled(exchange, trader, "Buy", "0.100", "59000")
    first = trader.position()
    assert Decimal(first["curRealisedPnl"]) == -5900 * MAKER
    filled(exchange, trader, "Sell", "0.040", "61000")
    partly = 80 - (5900 + 2440) * MAKER
    assert Decimal(trader.position()["curRealisedPnl"]) == partly
    filled(exchange, trader, "Sell", "0.100", "60500")
    flipped = trader.position()
    assert (flipped["side"], flipped["size"], flipped["avgPrice"]) == ("Sell", "0.04", "60500")
    # The new holding has paid the fee of its own part, and nothing of the old one is left in it.
    assert Decimal(flipped["curRealisedPnl"]) == -2420 * MAKER
    total = 80 + 90 - (5900 + 2440 + 6050) * MAKER
    assert Decimal(flipped["cumRealisedPnl"]) == total
    assert (
        int(flipped["openTime"]) > int(first["openTime"]) and flipped["createdTime"] == first["createdTime"]
    )
    filled(exchange, trader, "Buy", "0.040", "59500")
    flat = trader.position()
    assert Decimal(flat["curRealisedPnl"]) == 40 - (2420 + 2380) * MAKER
    assert Decimal(flat["cumRealisedPnl"]) == total + 40 - 2380 * MAKER


def test_a_third_of_a_cost_is_not_rounded_twice(exchange: Exchange, trader: Trader) -> None:
    for price in ("59000", "59000.1", "59000.1"):
        filled(exchange, trader, "Buy", "0.001", price)
    assert trader.position()["avgPrice"] == "59000.06666667"
    for size in ("0.002", "0.001", "0"):
        filled(exchange, trader, "Sell", "0.001", "60500")
        assert trader.position()["size"] == size
        assert trader.position()["avgPrice"] == ("59000.06666667" if size != "0" else "0")
    rows = [row for row in exchange.truth(trader.account)["executions"] if row["closedSize"] != "0"]
    assert [row["execPnl"] for row in rows] == ["1.49993333", "1.49993334", "1.49993333"]


def test_break_even(exchange: Exchange, trader: Trader) -> None:
    filled(exchange, trader, "Buy", "0.100", "59000")
    taker = Decimal("0.00055")
    expected = (5900 + 5900 * MAKER) / (Decimal("0.1") - Decimal("0.1") * taker)
    assert Decimal(trader.position()["breakEvenPrice"]) == expected.quantize(Decimal("1e-8"))


def test_the_place_in_the_queue(exchange: Exchange, trader: Trader) -> None:
    filled(exchange, trader, "Buy", "0.100", "59000")
    places = []
    for price in ("58900", "59100", "60300", "62100", "66000"):
        exchange.control("price", symbol="BTCUSDT", price=price)
        places.append(trader.position()["adlRankIndicator"])
    assert places == [1, 2, 3, 4, 5]
    inbox = trader.listen("position")
    exchange.control("act", do="adl_rank", symbol="BTCUSDT", account=trader.account, rank=4)
    assert inbox.next("position")["data"][0]["adlRankIndicator"] == 4
    exchange.control("act", do="adl_rank", symbol="BTCUSDT", account=trader.account, rank=0)
    assert trader.position()["adlRankIndicator"] == 5
    exchange.control("act", do="adl_rank", symbol="BTCUSDT", account=trader.account, rank=5)
    exchange.control("price", symbol="BTCUSDT", price="60000")
    trader.placed("Sell", "0.150")
    assert trader.position()["adlRankIndicator"] < 4
    exchange.control("step", ticks=1)


def mode(trader: Trader, name: str) -> None:
    assert trader.post("/v5/account/set-margin-mode", setMarginMode=name)["retCode"] == 0


def test_isolated_margin(exchange: Exchange, trader: Trader) -> None:
    mode(trader, "ISOLATED_MARGIN")
    wallet = trader.wallet()
    empty = {name for name, value in wallet.items() if value == ""}
    assert empty == {
        "totalMarginBalance", "totalAvailableBalance", "totalInitialMargin", "totalInitialMarginByMp",
        "totalMaintenanceMargin", "totalMaintenanceMarginByMp", "accountIMRate", "accountIMRateByMp",
        "accountMMRate", "accountMMRateByMp",
    }  # fmt: skip
    assert wallet["coin"][0]["walletBalance"] == "100000" and wallet["coin"][0]["totalPositionIM"] == "0"
    lever = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "5", "sellLeverage": "8"}
    assert trader.post("/v5/position/set-leverage", **lever)["retCode"] == 10001
    trader.post("/v5/position/switch-mode", category="linear", symbol="BTCUSDT", mode=3)
    assert trader.post("/v5/position/set-leverage", **lever)["retCode"] == 0
    assert trader.post("/v5/position/set-leverage", **lever)["retCode"] == 110043
    filled(exchange, trader, "Buy", "0.100", "59000", positionIdx=1)
    filled(exchange, trader, "Sell", "0.100", "61000", positionIdx=2)
    rows = trader.rows("/v5/position/list", symbol="BTCUSDT")
    assert [row["leverage"] for row in rows] == ["5", "8"]
    bound = [Decimal(row["positionIM"]) for row in rows]
    assert 1_200 < bound[0] < 1_210 and 750 < bound[1] < 760


def test_portfolio_margin(exchange: Exchange, trader: Trader) -> None:
    filled(exchange, trader, "Buy", "0.100", "59000")
    exchange.control("act", do="adl", symbol="BTCUSDT", account=trader.account)
    mode(trader, "PORTFOLIO_MARGIN")
    filled(exchange, trader, "Buy", "1.500", "59000")
    row, coin = trader.position(), trader.wallet()["coin"][0]
    assert (row["leverage"], row["liqPrice"]) == ("", "")
    assert [coin[name] for name in ("totalOrderIM", "totalPositionIM", "totalPositionMM")] == ["", "", ""]
    assert Decimal(trader.wallet()["accountIMRate"]) > 0


@pytest.mark.parametrize("rank", [None, 6, -1, True, "4"])
def test_no_such_place(exchange: Exchange, trader: Trader, rank: Any) -> None:
    filled(exchange, trader, "Buy", "0.010", "59000")
    body = {"do": "adl_rank", "symbol": "BTCUSDT", "account": trader.account, "rank": rank}
    assert exchange.web.post(f"{exchange.base}/_paper/act", json=body, timeout=5).status_code == 422
