"""What the exchange remembers and for how long, and what it accounts for: closed results, balance changes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .exchange import Exchange, Trader

Row = dict[str, Any]
DAY_MS = 86_400_000


def final_orders(trader: Trader) -> dict[str, str]:
    filled = trader.placed("Buy", "0.010")
    part = trader.placed("Buy", "0.010", "59000")
    trader.exchange.control("fill", orderId=part, account=trader.account, qty="0.004")
    cancelled = trader.placed("Buy", "0.010", "58000")
    for order_id in (part, cancelled):
        trader.http.cancel_order(category="linear", symbol="BTCUSDT", orderId=order_id)
    return {"filled": filled, "part": part, "cancelled": cancelled}


def test_history_grows_old(exchange: Exchange, trader: Trader) -> None:
    names = {order_id: name for name, order_id in final_orders(trader).items()}
    resting = trader.placed("Buy", "0.010", "57000")

    def shown(**query: Any) -> set[str]:
        return {names.get(row["orderId"], "new") for row in trader.rows("/v5/order/history", **query)}

    everything = {"filled", "part", "cancelled"}
    exchange.control("fault", age_h=23)
    assert shown() == everything
    exchange.control("fault", age_h=26)
    assert shown() == {"filled", "part"}
    cancelled = next(order_id for order_id, name in names.items() if name == "cancelled")
    assert trader.rows("/v5/order/history", orderId=cancelled) == []
    assert trader.row(cancelled)["orderStatus"] == "Cancelled"
    exchange.control("fault", cache_wipe=True)
    assert trader.rows("/v5/order/realtime", orderId=cancelled) == []
    trader.http.cancel_order(category="linear", symbol="BTCUSDT", orderId=resting)
    assert shown() == {"filled", "part", "new"}
    exchange.control("fault", age_h=24 * 8)
    assert shown() == set()
    now = int(exchange.public("/v5/market/time")["result"]["timeSecond"]) * 1000
    assert shown(startTime=now - DAY_MS, endTime=now + DAY_MS) == {"filled", "part"}
    assert trader.rows("/v5/execution/list") == []
    assert len(trader.rows("/v5/execution/list", startTime=now - DAY_MS)) == 2
    exchange.clear_faults()
    assert shown() == {*everything, "new"}
    exchange.control("step", ticks=1)


def test_a_cancel_that_lost_its_race(exchange: Exchange, trader: Trader) -> None:
    inbox = trader.listen("order", "execution")
    order_id = trader.placed("Buy", "0.010", "59000")
    exchange.control("fault", cancel_race=1)
    trader.http.cancel_order(category="linear", symbol="BTCUSDT", orderId=order_id)
    rows: list[Row] = []
    while len(rows) < 3:
        rows += inbox.next("order")["data"]
    told = [(row["orderStatus"], row["cancelType"], row["rejectReason"]) for row in rows]
    assert told == [
        ("New", "UNKNOWN", "EC_NoError"),
        ("Filled", "UNKNOWN", "EC_NoError"),
        ("Filled", "CancelByUser", "EC_OrigClOrdIDDoesNotExist"),
    ]
    row = trader.row(order_id)
    assert (row["orderStatus"], row["cancelType"], row["cumExecQty"]) == ("Filled", "UNKNOWN", "0.010")
    other = trader.placed("Buy", "0.010", "58000")
    trader.http.cancel_order(category="linear", symbol="BTCUSDT", orderId=other)
    assert trader.row(other)["orderStatus"] == "Cancelled"


def test_pages_stay_put_while_orders_come_and_go(trader: Trader) -> None:
    placed = [trader.placed("Buy", "0.010", str(58_000 + number)) for number in range(9)]
    seen: list[str] = []
    cursor = ""
    for turn in range(3):
        query = {
            "category": "linear",
            "symbol": "BTCUSDT",
            "limit": 3,
            **({"cursor": cursor} if cursor else {}),
        }
        result = trader.get("/v5/order/realtime", **query)["result"]
        seen += [row["orderId"] for row in result["list"]]
        cursor = result["nextPageCursor"]
        trader.placed("Buy", "0.010", str(57_000 + turn))
        trader.http.cancel_order(category="linear", symbol="BTCUSDT", orderId=seen[-1])
    assert (seen, cursor) == (placed[::-1], "")


def test_cancel_all_takes_five_hundred_at_a_time(exchange: Exchange, trader: Trader) -> None:
    def orders(symbol: str, count: int) -> list[str]:
        links = [f"{symbol}-{number}" for number in range(count)]
        for first in range(0, count, 20):
            body = {
                "symbol": symbol,
                "side": "Buy",
                "orderType": "Limit",
                "qty": "100",
                "price": PRICES[symbol],
            }
            requests = [{**body, "orderLinkId": link} for link in links[first : first + 20]]
            trader.post("/v5/order/create-batch", category="linear", request=requests)
        return links

    orders("XRPUSDT", 300)
    orders("DOGEUSDT", 300)
    body = {"category": "linear", "settleCoin": "USDT"}
    gone = trader.post("/v5/order/cancel-all", **body)["result"]["list"]
    assert len(gone) == 500
    for symbol in PRICES:
        assert trader.rows("/v5/order/realtime", symbol=symbol)
    assert len(trader.post("/v5/order/cancel-all", **body)["result"]["list"]) == 100
    assert trader.post("/v5/order/cancel-all", **body)["result"]["list"] == []


PRICES = {"XRPUSDT": "1", "DOGEUSDT": "0.09"}


def test_closed_results(exchange: Exchange, trader: Trader) -> None:
    entry = trader.placed("Buy", "0.100", "59000")
    exchange.control("fill", orderId=entry, account=trader.account)
    closing = trader.placed("Sell", "0.060", "61000")
    for qty in ("0.040", "0.020"):
        exchange.control("fill", orderId=closing, account=trader.account, qty=qty)
    rows = trader.http.get_closed_pnl(category="linear", symbol="BTCUSDT")["result"]["list"]
    assert len(rows) == 1
    row = rows[0]
    assert (row["orderId"], row["side"], row["closedSize"], row["fillCount"]) == (
        closing,
        "Sell",
        "0.06",
        "2",
    )
    assert (row["avgEntryPrice"], row["avgExitPrice"], row["leverage"]) == ("59000", "61000", "10")
    fee = Decimal("0.0002")
    assert Decimal(row["openFee"]) == 59_000 * Decimal("0.06") * fee
    assert Decimal(row["closeFee"]) == 61_000 * Decimal("0.06") * fee
    assert Decimal(row["closedPnl"]) == 120 - Decimal(row["openFee"]) - Decimal(row["closeFee"])
    flip = trader.placed("Sell", "0.100", "60500")
    exchange.control("fill", orderId=flip, account=trader.account)
    row = trader.rows("/v5/position/closed-pnl")[0]
    assert (row["orderId"], row["qty"], row["closedSize"]) == (flip, "0.100", "0.04")
    total = sum(Decimal(row["closedPnl"]) for row in trader.rows("/v5/position/closed-pnl"))
    kept = Decimal(60_500) * Decimal("0.06") * fee
    assert Decimal(trader.wallet()["totalWalletBalance"]) == 100_000 + total - kept
    assert trader.rows("/v5/position/closed-pnl", symbol="ETHUSDT") == []
    first = trader.get("/v5/position/closed-pnl", category="linear", limit=1)["result"]
    second = trader.get("/v5/position/closed-pnl", category="linear", limit=1, cursor=first["nextPageCursor"])
    assert second["result"]["list"][0]["orderId"] == closing


def test_the_log_of_the_balance_adds_up(exchange: Exchange, trader: Trader) -> None:
    trader.placed("Buy", "0.100")
    exchange.control("act", do="funding", symbol="BTCUSDT", account=trader.account, rate="0.0003")
    trader.placed("Sell", "0.150")
    exchange.control("act", do="adl", symbol="BTCUSDT", account=trader.account, qty="0.010")
    entries = trader.http.get_transaction_log(limit=50)["result"]["list"][::-1]
    assert (entries[0]["type"], entries[0]["cashBalance"]) == ("TRANSFER_IN", "100000")
    balance = Decimal(0)
    for entry in entries:
        balance += Decimal(entry["change"])
        assert Decimal(entry["cashBalance"]) == balance
    assert balance == Decimal(trader.wallet()["totalWalletBalance"])
    assert entries[-1]["type"] == "ADL" and entries[-1]["size"] == "-0.040"
    trades = trader.get("/v5/account/transaction-log", type="TRADE", limit=50)["result"]["list"]
    assert {row["tradeId"] for row in trades} == {
        row["execId"] for row in trader.rows("/v5/execution/list", execType="Trade")
    }
    assert trader.get("/v5/account/transaction-log", currency="BTC")["result"]["list"] == []
    exchange.control("step", ticks=1)


@pytest.mark.parametrize("path", ["/v5/position/closed-pnl", "/v5/account/transaction-log"])
def test_their_windows(trader: Trader, path: str) -> None:
    assert trader.get(path, category="linear", startTime=0, endTime=8 * DAY_MS)["retCode"] == 10001
    assert trader.get(path, category="linear", startTime=0)["result"]["list"] == []


def test_the_margin_mode(exchange: Exchange, trader: Trader) -> None:
    def switch(mode: str) -> Row:
        return trader.post("/v5/account/set-margin-mode", setMarginMode=mode)

    assert switch("REGULAR_MARGIN")["retCode"] == 110027
    assert switch("SOMETHING")["retCode"] == 10001
    assert switch("ISOLATED_MARGIN")["result"] == {"reasons": []}
    assert trader.http.get_account_info()["result"]["marginMode"] == "ISOLATED_MARGIN"
    order_id = trader.placed("Buy", "0.010", "59000")
    document = switch("PORTFOLIO_MARGIN")
    assert document["retCode"] == 3400045 and document["result"]["reasons"][0]["reasonMsg"]
    trader.http.cancel_order(category="linear", symbol="BTCUSDT", orderId=order_id)
    assert switch("PORTFOLIO_MARGIN")["retCode"] == 0
    body = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "5", "sellLeverage": "5"}
    assert trader.post("/v5/position/set-leverage", **body)["retCode"] == 110038


def test_what_an_order_would_bind(trader: Trader) -> None:
    order = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "price": "59000"}
    result = trader.http.pre_check_order(**order, qty="1")["result"]
    assert (result["preImrE4"], result["preMmrE4"]) == (0, 0)
    assert (result["postImrE4"], result["postMmrE4"]) == (590, 29)
    document = trader.post("/v5/order/pre-check", **order, qty="30")
    assert document["retCode"] == 110007
    assert document["retExtInfo"]["post_imr_e4"] == 17_700
    assert trader.rows("/v5/order/realtime", symbol="BTCUSDT") == []
    conditional = {"triggerPrice": "61000", "triggerDirection": 1, "qty": "1"}
    assert trader.post("/v5/order/pre-check", **order, **conditional)["retCode"] == 10001


def test_other_reads_of_the_account(trader: Trader) -> None:
    assert trader.http.get_transferable_amount(coinName="USDT,BTC")["result"] == {
        "availableWithdrawal": "100000", "availableWithdrawalMap": {"USDT": "100000", "BTC": "0"},
    }  # fmt: skip
    rows = trader.get("/v5/account/instruments-info", category="linear")["result"]["list"]
    assert rows[0]["myRpiPermission"] is False
    assert trader.http.get_collateral_info()["result"]["list"][0]["currency"] == "USDT"
    assert trader.http.get_smp_group()["result"] == {"smpGroup": 0}
