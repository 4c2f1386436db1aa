"""Contracts in USDC, two settle coins in one wallet, coins that come and go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .exchange import Exchange, Trader
from .oracle import check_truth

Row = dict[str, Any]


@pytest.fixture(autouse=True)
def price(exchange: Exchange) -> None:
    exchange.control("price", symbol="BTCPERP", price="60000")


def coins(trader: Trader) -> dict[str, Row]:
    return {coin["coin"]: coin for coin in trader.wallet()["coin"]}


def balance(trader: Trader, coin: str) -> Decimal:
    return Decimal(coins(trader)[coin]["walletBalance"])


def act(exchange: Exchange, trader: Trader, do: str, **body: Any) -> Row:
    return exchange.control("act", do=do, account=trader.account, **body)


def bought(
    exchange: Exchange, trader: Trader, side: str = "Buy", qty: str = "0.100", price: str = "60000"
) -> str:
    """A limit order of BTCPERP, filled whole as maker."""
    away = "59000" if side == "Buy" else "61000"
    order_id = trader.placed(side, qty, price if price != "60000" else away, symbol="BTCPERP")
    exchange.control("fill", orderId=order_id, account=trader.account)
    return order_id


def test_the_contracts(exchange: Exchange) -> None:
    rows = exchange.public("/v5/market/instruments-info", category="linear")["result"]["list"]
    named = {row["symbol"]: row for row in rows if row["settleCoin"] == "USDC"}
    assert set(named) == {"BTCPERP", "ETHPERP"}
    assert {(row["baseCoin"], row["quoteCoin"]) for row in named.values()} == {
        ("BTC", "USDC"),
        ("ETH", "USDC"),
    }
    ticker = exchange.public("/v5/market/tickers", category="linear", symbol="BTCPERP")["result"]["list"][0]
    assert (ticker["lastPrice"], ticker["markPrice"]) == ("60000.00", "60000.00")


def test_results_fees_and_funding_are_in_usdc(exchange: Exchange, trader: Trader) -> None:
    assert set(coins(trader)) == {"USDT"}
    bought(exchange, trader)
    fee = Decimal("5900") * Decimal("0.0002")
    assert balance(trader, "USDC") == -fee and balance(trader, "USDT") == 100_000
    row = coins(trader)["USDC"]
    assert Decimal(row["unrealisedPnl"]) == 100 and Decimal(row["borrowAmount"]) == fee
    assert Decimal(row["totalPositionIM"]) > 600 and coins(trader)["USDT"]["totalPositionIM"] == "0"
    assert Decimal(trader.wallet()["totalEquity"]) == 100_100 - fee
    act(exchange, trader, "funding", symbol="BTCPERP", rate="0.0001")
    assert balance(trader, "USDC") == -fee - Decimal("0.6")
    order_id = bought(exchange, trader, "Sell")
    closing = Decimal("6100") * Decimal("0.0002")
    assert balance(trader, "USDC") == 200 - fee - closing - Decimal("0.6")
    closed = trader.http.get_closed_pnl(category="linear", symbol="BTCPERP")["result"]["list"][0]
    assert Decimal(closed["closedPnl"]) == 200 - fee - closing
    fill = trader.rows("/v5/execution/list", orderId=order_id)[0]
    assert fill["feeCurrency"] == "USDC"
    assert set(trader.row(order_id)["cumFeeDetail"]) == {"USDC"}
    log = trader.http.get_transaction_log(currency="USDC")["result"]["list"]
    assert [entry["type"] for entry in log] == ["TRADE", "SETTLEMENT", "TRADE"]
    assert Decimal(log[0]["cashBalance"]) == balance(trader, "USDC")
    check_truth(exchange.truth(trader.account))


def test_selected_by_settle_coin(exchange: Exchange, trader: Trader) -> None:
    bought(exchange, trader)
    trader.placed("Buy", "0.010", "59000", symbol="BTCPERP")
    trader.placed("Buy", "0.010", "59000")
    for path in ("/v5/order/realtime", "/v5/position/list"):
        assert {row["symbol"] for row in trader.rows(path, settleCoin="USDC")} == {"BTCPERP"}
    assert {row["symbol"] for row in trader.rows("/v5/order/realtime", settleCoin="USDT")} == {"BTCUSDT"}
    assert {row["symbol"] for row in trader.rows("/v5/order/realtime", baseCoin="BTC")} == {
        "BTCUSDT",
        "BTCPERP",
    }
    gone = trader.http.cancel_all_orders(category="linear", settleCoin="USDC")["result"]["list"]
    assert len(gone) == 1
    assert [row["symbol"] for row in trader.rows("/v5/order/realtime", settleCoin="USDT")] == ["BTCUSDT"]


def test_usdc_has_no_hedge_mode(trader: Trader) -> None:
    switch = "/v5/position/switch-mode"
    assert trader.post(switch, category="linear", symbol="BTCPERP", mode=3)["retCode"] == 110029
    assert trader.post(switch, category="linear", coin="USDC", mode=3)["retCode"] == 110029
    assert trader.post(switch, category="linear", coin="USDT", mode=3)["retCode"] == 0
    assert [row["positionIdx"] for row in trader.rows("/v5/position/list", symbol="BTCPERP")] == [0]
    assert [row["positionIdx"] for row in trader.rows("/v5/position/list", symbol="BTCUSDT")] == [1, 2]


def test_its_price_is_its_own(exchange: Exchange, trader: Trader) -> None:
    exchange.control("price", symbol="BTCPERP", price="60100")
    prices = {
        row["symbol"]: row["lastPrice"]
        for row in exchange.public("/v5/market/tickers", category="linear")["result"]["list"]
    }
    assert (prices["BTCPERP"], prices["BTCUSDT"]) == ("60100.00", "60000.00")


def test_transfers(exchange: Exchange, trader: Trader) -> None:
    inbox = trader.listen("wallet")
    act(exchange, trader, "transfer", coin="USDC", amount="500")
    pushed = {row["coin"]: row for row in inbox.next("wallet")["data"][0]["coin"]}
    assert pushed["USDC"]["walletBalance"] == "500"
    act(exchange, trader, "transfer", coin="USDT", amount="-0.00000001")
    act(exchange, trader, "transfer", coin="BTC", amount="0.5")
    assert balance(trader, "USDT") == Decimal("99999.99999999")
    assert coins(trader)["BTC"]["walletBalance"] == "0.5"
    log = trader.http.get_transaction_log()["result"]["list"]
    assert [(row["type"], row["currency"], row["change"]) for row in log] == [
        ("TRANSFER_IN", "BTC", "0.5"), ("TRANSFER_OUT", "USDT", "-0.00000001"), ("TRANSFER_IN", "USDC", "500"),
        ("TRANSFER_IN", "USDT", "100000"),
    ]  # fmt: skip
    available = trader.http.get_transferable_amount(coinName="USDC")["result"]["availableWithdrawal"]
    assert available == "500"
    for body in (
        {"coin": "USDC", "amount": "-500.01"},
        {"coin": "DOGE", "amount": "1"},
        {"amount": "0"},
        {"amount": "9" * 24},
    ):
        reply = exchange.web.post(
            f"{exchange.base}/_paper/act",
            json={"do": "transfer", "account": trader.account, **body},
            timeout=5,
        )
        assert reply.status_code == 422
    check_truth(exchange.truth(trader.account))


def test_usdc_is_collateral(exchange: Exchange, trader: Trader) -> None:
    before = Decimal(trader.wallet()["totalAvailableBalance"])
    act(exchange, trader, "transfer", coin="USDC", amount="1000")
    assert Decimal(trader.wallet()["totalAvailableBalance"]) == before + 1_000
