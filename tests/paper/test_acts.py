"""What the exchange does by itself: liquidation, auto-deleveraging, funding, modes, filters, the end of a contract."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from .exchange import Exchange, Trader

Row = dict[str, Any]


def act(exchange: Exchange, trader: Trader, do: str, **more: Any) -> Row:
    return exchange.control("act", do=do, **{"symbol": "BTCUSDT", "account": trader.account, **more})


def fills(trader: Trader, kind: str) -> list[Row]:
    return trader.rows("/v5/execution/list", execType=kind)


@pytest.fixture
def holder(exchange: Exchange, trader: Trader) -> Trader:
    """An account that is long, protected, with an order in the book."""
    entry = trader.placed("Buy", "0.100", "60000")
    if trader.row(entry)["orderStatus"] != "Filled":
        exchange.control("fill", orderId=entry, account=trader.account)
    where = {"category": "linear", "symbol": "BTCUSDT", "positionIdx": 0, "tpslMode": "Full"}
    trader.http.set_trading_stop(**where, takeProfit="70000")
    return trader


@pytest.fixture
def relisted(exchange: Exchange) -> Iterator[None]:
    """Puts the contract back as it was."""
    yield
    usual = {"tickSize": "0.10", "qtyStep": "0.001", "minOrderQty": "0.001"}
    exchange.control("act", do="filter_change", symbol="BTCUSDT", **usual, minNotionalValue="5")
    exchange.control("act", do="delist", symbol="BTCUSDT", status="Trading")


def test_liquidate(exchange: Exchange, holder: Trader) -> None:
    inbox = holder.listen("order", "execution", "position")
    act(exchange, holder, "liquidate", price="55000")
    bust = fills(holder, "BustTrade")[0]
    assert (bust["execPrice"], bust["closedSize"], bust["createType"]) == ("55000.00", "0.1", "CreateByLiq")
    assert inbox.until("order", "createType", "CreateByLiq")["orderStatus"] == "Filled"
    assert inbox.until("position", "size", "0")["side"] == ""
    assert holder.rows("/v5/order/realtime", symbol="BTCUSDT") == []


def test_adl(exchange: Exchange, holder: Trader) -> None:
    act(exchange, holder, "adl", qty="0.040", price="61000")
    fill = fills(holder, "AdlTrade")[0]
    assert (fill["execQty"], fill["execFee"], fill["createType"]) == ("0.040", "0", "CreateByAdl_PassThrough")
    assert holder.row(fill["orderId"])["orderStatus"] == "Filled"
    assert holder.position()["size"] == "0.06"
    assert holder.rows("/v5/order/realtime", symbol="BTCUSDT")[0]["qty"] == "0.060"
    body = {"do": "adl", "symbol": "BTCUSDT", "account": holder.account, "qty": "5"}
    assert exchange.web.post(f"{exchange.base}/_paper/act", json=body, timeout=5).status_code == 422


@pytest.mark.parametrize(("rate", "paid"), [("0.0002", Decimal("1.2")), ("-0.0001", Decimal("-0.6"))])
def test_funding(exchange: Exchange, holder: Trader, rate: str, paid: Decimal) -> None:
    before = Decimal(holder.wallet()["totalWalletBalance"])
    inbox = holder.listen("execution", "execution.fast")
    act(exchange, holder, "funding", rate=rate)
    row = inbox.until("execution", "execType", "Funding")
    assert (row["orderType"], row["execQty"], row["closedSize"]) == ("UNKNOWN", "0.100", "0")
    assert Decimal(row["execFee"]) == paid
    assert Decimal(holder.wallet()["totalWalletBalance"]) == before - paid
    assert holder.rows("/v5/order/history", orderId=row["orderId"]) == []
    entry = holder.get("/v5/account/transaction-log", type="SETTLEMENT")["result"]["list"][0]
    assert (Decimal(entry["funding"]), entry["fee"]) == (-paid, "0")
    holder.placed("Sell", "0.100", reduceOnly=True)
    exchange.control("step", ticks=1)


def test_a_mode_switched_elsewhere(exchange: Exchange, trader: Trader) -> None:
    act(exchange, trader, "mode_switch", mode=3)
    document = trader.order()
    assert (document["retCode"], document["retMsg"]) == (10001, "position idx not match position mode")
    entry = trader.placed("Buy", "0.010", "59000", positionIdx=1)
    body = {"do": "mode_switch", "symbol": "BTCUSDT", "mode": 0, "account": trader.account}
    reply = exchange.web.post(f"{exchange.base}/_paper/act", json=body, timeout=5)
    assert (reply.status_code, reply.json()["code"]) == (422, 110028)
    trader.http.cancel_order(category="linear", symbol="BTCUSDT", orderId=entry)
    act(exchange, trader, "mode_switch", mode=0)
    trader.placed("Buy", "0.010", "59000")


@pytest.mark.usefixtures("relisted")
def test_filters_change_under_a_ticket(exchange: Exchange, trader: Trader) -> None:
    exact = trader.placed("Buy", "0.011", "59000.1")
    exchange.control(
        "act", do="filter_change", symbol="BTCUSDT", tickSize="0.5", qtyStep="0.01", minOrderQty="0.01"
    )
    row = exchange.public("/v5/market/instruments-info", category="linear", symbol="BTCUSDT")["result"][
        "list"
    ][0]
    assert (row["priceFilter"]["tickSize"], row["lotSizeFilter"]["qtyStep"]) == ("0.5", "0.01")
    assert trader.order(price="59000.1")["retCode"] == 10001
    assert trader.order(price="59000", qty="0.011")["retCode"] == 10001
    trader.placed("Buy", "0.010", "59000.5")
    row = trader.row(exact)
    assert (row["orderStatus"], row["price"], row["qty"]) == ("New", "59000.10", "0.011")
    exchange.control("act", do="filter_change", symbol="BTCUSDT", tickSize="0.01", qtyStep="0.0001")
    fine = trader.placed("Buy", "0.0123", "59000.01")
    assert (trader.row(fine)["price"], trader.row(fine)["qty"]) == ("59000.01", "0.0123")


@pytest.mark.usefixtures("relisted")
def test_the_end_of_a_contract(exchange: Exchange, holder: Trader) -> None:
    resting = holder.placed("Buy", "0.010", "59000")
    exchange.control("act", do="delist", symbol="BTCUSDT", status="Delivering")
    assert holder.order(price="59000")["retCode"] == 110023
    holder.placed("Sell", "0.020", reduceOnly=True)
    inbox = holder.listen("order", "execution", "position")
    exchange.control("act", do="delist", symbol="BTCUSDT", price="58000")
    assert inbox.until("order", "orderId", resting)["cancelType"] == "CancelBySettle"
    trade = inbox.until("execution", "execType", "Settle")
    assert (trade["createType"], trade["execPrice"], trade["execQty"]) == (
        "CreateBySettle",
        "58000.00",
        "0.080",
    )
    assert holder.rows("/v5/order/history", orderId=trade["orderId"]) == []
    assert holder.rows("/v5/order/realtime", orderId=trade["orderId"]) == []
    assert (holder.position()["size"], holder.position()["takeProfit"]) == ("0", "")
    assert holder.order(price="59000")["retCode"] == 110074
    listed = exchange.public("/v5/market/instruments-info", category="linear")["result"]["list"]
    assert "BTCUSDT" not in {row["symbol"] for row in listed}
    closed = exchange.public("/v5/market/instruments-info", category="linear", status="Closed")["result"][
        "list"
    ]
    assert [row["symbol"] for row in closed] == ["BTCUSDT"]


def test_what_cannot_be_done(exchange: Exchange, trader: Trader) -> None:
    for body in (
        {"do": "nothing", "symbol": "BTCUSDT"},
        {"do": "liquidate", "symbol": "BTCUSDT", "account": trader.account},
        {"do": "liquidate", "symbol": "NOPE"},
        {"do": "funding", "symbol": "BTCUSDT", "rate": "much"},
        {"do": "filter_change", "symbol": "BTCUSDT"},
        {"do": "delist", "symbol": "BTCUSDT", "status": "Gone"},
        {"do": "mode_switch", "mode": 1, "account": trader.account},
    ):
        assert exchange.web.post(f"{exchange.base}/_paper/act", json=body, timeout=5).status_code == 422, body
