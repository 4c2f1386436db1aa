"""Positions, wallet, margin, leverage, liquidation: figures that add up exactly."""

from __future__ import annotations

from decimal import Decimal

from .exchange import Exchange, Trader

FEE = Decimal("0.00055")


def leverage(trader: Trader, value: str) -> int:
    body = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": value, "sellLeverage": value}
    return int(trader.post("/v5/position/set-leverage", **body)["retCode"])


def test_a_round_trip_to_the_last_digit(exchange: Exchange, trader: Trader) -> None:
    order_id = trader.placed("Buy", "0.100", "59000")
    exchange.control("fill", orderId=order_id, account=trader.account)
    exchange.control("price", symbol="BTCUSDT", price="60000")
    position = trader.position()
    assert (position["avgPrice"], position["unrealisedPnl"], position["markPrice"]) == (
        "59000",
        "100",
        "60000.00",
    )
    order_id = trader.placed("Sell", "0.100", "61000")
    exchange.control("fill", orderId=order_id, account=trader.account, qty="0.040")
    assert (trader.position()["size"], trader.position()["positionValue"]) == ("0.06", "3540")
    exchange.control("fill", orderId=order_id, account=trader.account)
    fees = (Decimal(5900) + Decimal(6100)) * Decimal("0.0002")
    wallet = trader.wallet()
    assert Decimal(wallet["totalWalletBalance"]) == 100_000 + 200 - fees
    assert wallet["totalEquity"] == wallet["totalAvailableBalance"] == wallet["totalWalletBalance"]
    position = trader.position()
    assert (position["size"], position["side"], position["avgPrice"]) == ("0", "", "0")
    assert Decimal(position["cumRealisedPnl"]) == 200 - fees
    fill = trader.rows("/v5/execution/list", orderId=order_id)[0]
    assert (fill["closedSize"], fill["execType"]) == ("0.06", "Trade")


def test_margin_of_orders_and_positions(exchange: Exchange, trader: Trader) -> None:
    trader.placed("Buy", "0.100", "59000")
    wallet = trader.wallet()
    bound = Decimal("5900") / 10 + Decimal("5900") * FEE
    assert Decimal(wallet["coin"][0]["totalOrderIM"]) == bound
    assert Decimal(wallet["totalAvailableBalance"]) == 100_000 - bound
    trader.placed("Sell", "0.100", "61000")
    assert Decimal(trader.wallet()["coin"][0]["totalOrderIM"]) > bound


def test_an_order_that_closes_binds_nothing(exchange: Exchange, trader: Trader) -> None:
    trader.placed("Buy", "0.100")
    before = trader.wallet()["totalInitialMargin"]
    trader.placed("Sell", "0.100", "60500")
    assert trader.wallet()["totalInitialMargin"] == before
    exchange.control("step", ticks=1)


def test_leverage(trader: Trader) -> None:
    assert leverage(trader, "10") == 110043
    assert leverage(trader, "25") == 0
    assert trader.position()["leverage"] == "25"
    assert [leverage(trader, value) for value in ("0.5", "101", "x", "2.005")] == [10001] * 4
    body = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "5", "sellLeverage": "6"}
    assert trader.post("/v5/position/set-leverage", **body)["retCode"] == 10001


def test_leverage_against_the_risk_tier(trader: Trader) -> None:
    assert leverage(trader, "100") == 0
    assert trader.order("Buy", "40", "59000")["retCode"] == 110090


def test_liquidation(exchange: Exchange, trader: Trader) -> None:
    assert leverage(trader, "50") == 0
    inbox = trader.listen("execution", "position", "wallet")
    entry = trader.placed("Buy", "30", "60000")
    exchange.control("fill", orderId=entry, account=trader.account)
    rest = trader.placed("Buy", "0.010", "50000")
    liquidation = Decimal(trader.position()["liqPrice"])
    assert 50_000 < liquidation < 60_000
    above = str(liquidation + 50)
    exchange.control("price", symbol="BTCUSDT", price=above)
    assert trader.position()["size"] == "30"
    exchange.control("price", symbol="BTCUSDT", price=str(liquidation - 50))
    assert trader.position()["size"] == "0"
    assert inbox.until("execution", "execType", "BustTrade")["createType"] == "CreateByLiq"
    assert trader.row(rest)["cancelType"] == "CancelAllBeforeLiq"
    left = Decimal(trader.wallet()["totalEquity"])
    assert 0 <= left < 10


def test_position_list_by_scope(exchange: Exchange, trader: Trader) -> None:
    assert trader.rows("/v5/position/list", settleCoin="USDT") == []
    assert trader.get("/v5/position/list", category="linear")["retCode"] == 10001
    trader.placed("Buy", "0.100")
    assert [row["symbol"] for row in trader.rows("/v5/position/list", settleCoin="USDT")] == ["BTCUSDT"]
    exchange.control("step", ticks=1)


def test_key_and_account(trader: Trader) -> None:
    key = trader.http.get_api_key_information()["result"]
    assert (key["apiKey"], key["readOnly"], key["secret"], key["uta"]) == (trader.key, 0, "", 1)
    assert key["permissions"]["ContractTrade"] == ["Order", "Position"]
    assert trader.http.get_account_info()["result"]["marginMode"] == "REGULAR_MARGIN"
    fees = trader.http.get_fee_rates(category="linear", symbol="BTCUSDT")["result"]["list"]
    assert fees == [{"symbol": "BTCUSDT", "takerFeeRate": "0.00055", "makerFeeRate": "0.0002"}]
    assert trader.get("/v5/account/wallet-balance", accountType="SPOT")["retCode"] == 10001


def test_windows_of_lists(trader: Trader) -> None:
    week = 7 * 86_400_000
    for path in ("/v5/order/history", "/v5/execution/list"):
        query = {"category": "linear", "startTime": 0, "endTime": week + 1}
        assert trader.get(path, **query)["retCode"] == 10001
        assert trader.get(path, category="linear", startTime=5, endTime=4)["retCode"] == 10001
        assert trader.get(path, category="linear", startTime=0)["retCode"] == 0
        assert trader.get(path, category="linear", limit=0)["retCode"] == 10001
        assert trader.get(path, category="linear", cursor="nonsense")["retCode"] == 10001
