"""Spot: coins, their filters and codes, market orders in either unit, conditional orders, reads by category."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .exchange import Exchange, Trader

Row = dict[str, Any]
BTC = {"category": "spot", "symbol": "BTCUSDT"}


def create(
    trader: Trader, side: str = "Buy", qty: str = "0.01", price: str | None = None, **more: Any
) -> Row:
    kind = {"orderType": "Market"} if price is None else {"orderType": "Limit", "price": price}
    return trader.post("/v5/order/create", **{**BTC, "side": side, "qty": qty, **kind, **more})


def placed(trader: Trader, *args: Any, **more: Any) -> str:
    document = create(trader, *args, **more)
    assert document["retCode"] == 0, document
    return str(document["result"]["orderId"])


def rows(trader: Trader, path: str, **query: Any) -> list[Row]:
    document = trader.get(path, category="spot", **query)
    assert document["retCode"] == 0, document
    return list(document["result"]["list"])


def row(trader: Trader, order_id: str) -> Row:
    return rows(trader, "/v5/order/realtime", orderId=order_id)[0]


def coins(trader: Trader) -> dict[str, Row]:
    return {coin["coin"]: coin for coin in trader.wallet()["coin"]}


def balance(trader: Trader, coin: str) -> Decimal:
    return Decimal(coins(trader)[coin]["walletBalance"]) if coin in coins(trader) else Decimal(0)


def cancel(trader: Trader, order_id: str, **more: Any) -> int:
    return int(trader.post("/v5/order/cancel", **BTC, orderId=order_id, **more)["retCode"])


def test_a_stranger_buys_and_sells_with_pybit(exchange: Exchange, trader: Trader) -> None:
    listed = trader.http.get_instruments_info(category="spot")["result"]["list"]
    assert [pair["symbol"] for pair in listed] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert listed[0]["lotSizeFilter"]["basePrecision"] == "0.000001"
    buy = trader.http.place_order(**BTC, side="Buy", orderType="Market", qty="5000")["result"]["orderId"]
    assert buy.isdigit() and len(buy) == 19
    bought = row(trader, buy)
    fills = rows(trader, "/v5/execution/list", orderId=buy)
    got = sum(Decimal(fill["execQty"]) for fill in fills)
    fee = sum(Decimal(fill["execFee"]) for fill in fills)
    spent = sum(Decimal(fill["execValue"]) for fill in fills)
    assert {(fill["feeCurrency"], fill["feeRate"]) for fill in fills} == {("BTC", "0.001")}
    assert Decimal(bought["cumExecQty"]) == got and Decimal(bought["cumExecValue"]) == spent <= 5000
    assert (bought["marketUnit"], Decimal(bought["qty"])) == ("quoteCoin", 5000)
    assert bought["orderStatus"] == ("Filled" if spent == 5000 else "PartiallyFilledCanceled")
    assert bought["cumFeeDetail"] == {"BTC": bought["cumExecFee"]}
    assert balance(trader, "BTC") == got - fee
    assert balance(trader, "USDT") == 100_000 - spent
    sold = placed(trader, "Sell", "0.05")
    fills = rows(trader, "/v5/execution/list", orderId=sold)
    assert {fill["feeCurrency"] for fill in fills} == {"USDT"}
    earned = sum(Decimal(fill["execValue"]) - Decimal(fill["execFee"]) for fill in fills)
    assert balance(trader, "USDT") == 100_000 - spent + earned
    assert balance(trader, "BTC") == got - fee - Decimal("0.05")
    assert "createType" not in bought and "tpslMode" not in bought and bought["isLeverage"] == "0"
    wallet = trader.wallet()
    assert Decimal(wallet["totalEquity"]) > Decimal(wallet["totalMarginBalance"])
    exchange.control("step", ticks=1)


@pytest.mark.parametrize(("side", "unit", "qty"), [("Buy", "baseCoin", "0.02"), ("Sell", "quoteCoin", "600")])
def test_the_other_unit(exchange: Exchange, trader: Trader, side: str, unit: str, qty: str) -> None:
    placed(trader, "Buy", "3000")
    order = row(trader, placed(trader, side, qty, marketUnit=unit))
    assert order["marketUnit"] == unit
    if unit == "baseCoin":
        assert (order["orderStatus"], order["cumExecQty"]) == ("Filled", "0.020000")
    else:
        assert 599 < Decimal(order["cumExecValue"]) <= 600
    exchange.control("step", ticks=1)


def test_resting_orders_lock_what_they_may_spend(exchange: Exchange, trader: Trader) -> None:
    buy = placed(trader, "Buy", "0.5", "59000")
    assert Decimal(coins(trader)["USDT"]["locked"]) == 29_500
    assert Decimal(trader.wallet()["totalAvailableBalance"]) == 70_500
    assert create(trader, "Buy", "1.2", "59000")["retCode"] == 170131
    assert create(trader, "Sell", "0.1", "61000")["retCode"] == 170131
    exchange.control("fill", orderId=buy, account=trader.account, qty="0.2")
    assert Decimal(coins(trader)["USDT"]["locked"]) == 17_700
    sell = placed(trader, "Sell", "0.1", "61000")
    assert coins(trader)["BTC"]["locked"] == "0.1"
    assert cancel(trader, buy) == 0
    order = rows(trader, "/v5/order/history", orderId=buy)[0]
    assert (order["orderStatus"], order["cumExecQty"]) == ("PartiallyFilledCanceled", "0.200000")
    assert coins(trader)["USDT"]["locked"] == "0"
    exchange.control("price", symbol="BTCUSDT", price="61000")
    filled = row(trader, sell)
    assert (filled["orderStatus"], filled["avgPrice"]) == ("Filled", "61000")
    assert rows(trader, "/v5/execution/list", orderId=sell)[0]["isMaker"] is True
    assert coins(trader)["BTC"]["locked"] == "0"


def test_a_contract_s_margin_leaves_less_for_coins(exchange: Exchange, trader: Trader) -> None:
    entry = trader.placed("Buy", "10", "60000")
    if trader.row(entry)["orderStatus"] != "Filled":
        exchange.control("fill", orderId=entry, account=trader.account)
    available = Decimal(trader.wallet()["totalAvailableBalance"])
    assert available < 41_000
    assert create(trader, "Buy", str(int(available) + 10))["retCode"] == 170131
    placed(trader, "Buy", "30000")
    assert trader.order("Buy", "3", "60000")["retCode"] == 110007
    exchange.control("step", ticks=1)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"symbol": "NOPEUSDT"}, 170121),
        ({"symbol": "XRPUSDT"}, 170121),
        ({"symbol": "BTCUSDT.spot"}, 170121),
        ({"price": "59000.05"}, 170134),
        ({"price": "99999999"}, 170132),
        ({"price": "70000"}, 170193),
        ({"side": "Sell", "price": "50000"}, 170194),
        ({"qty": "0.0000001", "price": "59000"}, 170137),
        ({"qty": "0.00001", "price": "59000"}, 170136),
        ({"qty": "84", "price": "59000"}, 170124),
        ({"qty": "0.00005", "price": "59000"}, 170140),
        ({"qty": "4"}, 170140),
        ({"qty": "50.00000001"}, 170148),
        ({"qty": "1", "side": "Sell"}, 170131),
        ({"qty": "200000"}, 170131),
        ({"qty": "0"}, 10001),
        ({"takeProfit": "61000", "price": "59000"}, 10001),
        ({"orderFilter": "tpslOrder", "price": "59000"}, 170130),
    ],
)
def test_refusals(trader: Trader, more: Row, code: int) -> None:
    document = create(trader, **more)
    assert document["retCode"] == code, document
    assert rows(trader, "/v5/order/realtime") == []
    assert set(coins(trader)) == {"USDT"}


def test_a_price_beyond_the_band_is_moved_if_one_asks(trader: Trader) -> None:
    trader.http.set_limit_price_action(category="spot", modifyEnable=True)
    assert trader.http.get_user_setting_config()["result"]["lpaSpot"] is True
    assert row(trader, placed(trader, "Buy", "0.01", "70000", timeInForce="IOC"))["price"] == "60600.0"


def test_time_in_force(exchange: Exchange, trader: Trader) -> None:
    for tif, status, reason in (
        ("PostOnly", "Cancelled", "EC_PostOnlyWillTakeLiquidity"),
        ("FOK", "Cancelled", "EC_CancelForNoFullFill"),
        ("IOC", "PartiallyFilledCanceled", "EC_NoImmediateQtyToFill"),
    ):
        order = row(trader, placed(trader, "Buy", "1.5", "60001", timeInForce=tif))
        assert (order["orderStatus"], order["rejectReason"]) == (status, reason), tif
    exchange.control("step", ticks=1)


def test_the_codes_of_what_is_gone(exchange: Exchange, trader: Trader) -> None:
    link = f"spot-{trader.account}"
    first = placed(trader, "Buy", "0.01", "59000", orderLinkId=link)
    assert create(trader, "Buy", "0.01", "59000", orderLinkId=link)["retCode"] == 170141
    assert cancel(trader, "1900000000000000001") == 170213
    exchange.control("fill", orderId=first, account=trader.account)
    assert cancel(trader, first) == 170139
    second = placed(trader, "Buy", "0.01", "58000")
    assert cancel(trader, second) == 0
    assert cancel(trader, second) == 170142
    amend = {**BTC, "orderId": second, "qty": "0.02"}
    assert trader.post("/v5/order/amend", **amend)["retCode"] == 170142
    assert trader.order(orderLinkId=link, price="58000")["retCode"] == 110072


def test_amend(exchange: Exchange, trader: Trader) -> None:
    order_id = placed(trader, "Buy", "0.1", "59000")

    def amend(**changes: str) -> int:
        return int(trader.post("/v5/order/amend", **BTC, orderId=order_id, **changes)["retCode"])

    exchange.control("fill", orderId=order_id, account=trader.account, qty="0.04")
    assert amend(qty="0.04") == 170313
    assert amend(qty="0.1") == 10001
    assert amend(qty="5") == 170131
    assert amend(price="59000.01") == 170134
    assert amend(price="58000", qty="0.2") == 0
    order = row(trader, order_id)
    assert (order["price"], order["qty"], order["leavesQty"]) == ("58000.0", "0.200000", "0.160000")
    assert Decimal(coins(trader)["USDT"]["locked"]) == 58_000 * Decimal("0.16")
    assert amend(price="60500") == 0
    assert row(trader, order_id)["orderStatus"] == "Filled"
    exchange.control("step", ticks=1)


def test_conditional_orders(exchange: Exchange, trader: Trader) -> None:
    stop = placed(trader, "Buy", "600", orderFilter="StopOrder", triggerPrice="61000")
    tpsl = placed(trader, "Buy", "0.1", "58900", orderFilter="tpslOrder", triggerPrice="59000")
    assert (row(trader, stop)["orderStatus"], row(trader, stop)["stopOrderType"]) == ("Untriggered", "Stop")
    assert row(trader, tpsl)["stopOrderType"] == "tpslOrder"
    assert Decimal(coins(trader)["USDT"]["locked"]) == 5_890
    assert cancel(trader, stop) == 170213
    by_filter = {
        name: [each["orderId"] for each in rows(trader, "/v5/order/realtime", orderFilter=name)]
        for name in ("Order", "StopOrder", "tpslOrder")
    }
    assert by_filter == {"Order": [], "StopOrder": [stop], "tpslOrder": [tpsl]}
    exchange.control("price", symbol="BTCUSDT", price="61000")
    assert row(trader, stop)["orderStatus"] in ("Filled", "PartiallyFilledCanceled")
    assert balance(trader, "BTC") > 0
    exchange.control("price", symbol="BTCUSDT", price="59000")
    assert row(trader, tpsl)["orderStatus"] == "New"
    assert Decimal(coins(trader)["USDT"]["locked"]) == 5_890
    assert cancel(trader, tpsl) == 0
    late = placed(trader, "Sell", "1", orderFilter="StopOrder", triggerPrice="58000")
    amend = {**BTC, "orderId": late, "triggerPrice": "58500"}
    assert trader.post("/v5/order/amend", **amend)["retCode"] == 0
    exchange.control("price", symbol="BTCUSDT", price="58500")
    ended = row(trader, late)
    assert (ended["orderStatus"], ended["cancelType"]) == ("Cancelled", "CancelByCannotAffordOrderCost")
    waiting = placed(trader, "Buy", "0.1", "57000", orderFilter="tpslOrder", triggerPrice="57500")
    assert cancel(trader, waiting, orderFilter="tpslOrder") == 0
    assert row(trader, waiting)["orderStatus"] == "Deactivated"
    assert coins(trader)["USDT"]["locked"] == "0"


def test_cancel_all_and_batches(trader: Trader) -> None:
    requests = [
        {
            "symbol": name,
            "side": "Buy",
            "orderType": "Limit",
            "qty": qty,
            "price": price,
            "orderLinkId": f"s{number}",
        }
        for number, (name, qty, price) in enumerate(
            [("BTCUSDT", "0.01", "59000"), ("ETHUSDT", "0.1", "1000"), ("SOLUSDT", "1000000", "140")]
        )
    ]
    document = trader.http.place_batch_order(category="spot", request=requests)
    assert [each["code"] for each in document["retExtInfo"]["list"]] == [0, 0, 170124]
    assert trader.post("/v5/order/create-batch", category="spot", request=requests * 4)["retCode"] == 10001
    placed(trader, "Buy", "600", orderFilter="StopOrder", triggerPrice="61000")
    before = len(rows(trader, "/v5/order/realtime"))
    gone = trader.post("/v5/order/cancel-all", category="spot")["result"]["list"]
    assert len(gone) == before - 1
    assert (
        len(trader.post("/v5/order/cancel-all", category="spot", orderFilter="StopOrder")["result"]["list"])
        == 1
    )
    assert rows(trader, "/v5/order/realtime") == []


def test_categories_are_kept_apart(exchange: Exchange, trader: Trader) -> None:
    contract, pair = trader.placed("Buy", "0.010", "59000"), placed(trader, "Buy", "0.01", "59000")
    assert [each["orderId"] for each in trader.rows("/v5/order/realtime", symbol="BTCUSDT")] == [contract]
    assert [each["orderId"] for each in rows(trader, "/v5/order/realtime", symbol="BTCUSDT")] == [pair]
    assert trader.rows("/v5/order/realtime", orderId=pair) == []
    assert cancel(trader, contract) == 170213
    exchange.control("fill", orderId=pair, account=trader.account)
    assert trader.rows("/v5/execution/list") == [] and len(rows(trader, "/v5/execution/list")) == 1
    assert trader.position()["size"] == "0"
    told = {
        category: [order["orderId"] for order in _truth(exchange, trader, category)["orders"]]
        for category in ("linear", "spot", "all")
    }
    assert told == {"linear": [contract], "spot": [pair], "all": [contract, pair]}
    assert [order["orderId"] for order in exchange.truth(trader.account)["orders"]] == [contract, pair]
    body = {"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "100"}
    made = exchange.control("external", account=trader.account, **body)
    assert row(trader, made["orderId"])["orderLinkId"] == ""
    fees = trader.http.get_fee_rates(category="spot", symbol="BTCUSDT")["result"]
    assert (fees["category"], fees["list"][0]["takerFeeRate"]) == ("spot", "0.001")


def _truth(exchange: Exchange, trader: Trader, category: str) -> Row:
    query = {"account": trader.account, "category": category}
    return dict(exchange.web.get(f"{exchange.base}/_paper/truth", params=query, timeout=10).json())


def test_the_key_needs_its_right(exchange: Exchange) -> None:
    contracts = exchange.open_trader(permissions={"ContractTrade": ["Order", "Position"]})
    assert create(contracts, price="59000")["retCode"] == 10005
    pairs = exchange.open_trader(permissions={"Spot": ["SpotTrade"]})
    assert create(pairs, price="59000")["retCode"] == 0
    assert pairs.order(price="59000")["retCode"] == 10005


def test_market_reads(exchange: Exchange, trader: Trader) -> None:
    ticker = exchange.public("/v5/market/tickers", category="spot", symbol="BTCUSDT")["result"]["list"][0]
    linear = exchange.public("/v5/market/tickers", category="linear", symbol="BTCUSDT")["result"]["list"][0]
    assert Decimal(ticker["lastPrice"]) == Decimal(linear["indexPrice"]) == 60_000
    book = exchange.public("/v5/market/orderbook", **BTC)["result"]
    assert (book["s"], len(book["b"]), len(book["a"])) == ("BTCUSDT", 1, 1)
    assert Decimal(book["b"][0][0]) < 60_000 < Decimal(book["a"][0][0])
    candles = exchange.public("/v5/market/kline", **BTC, interval="5", limit=3)["result"]
    assert (candles["symbol"], len(candles["list"])) == ("BTCUSDT", 3)
    limits = exchange.public("/v5/market/price-limit", **BTC)["result"]
    assert (limits["buyLmt"], limits["sellLmt"]) == ("60600.0", "59400.0")
    assert exchange.public("/v5/market/funding/history", **BTC)["retCode"] == 10001
    exchange.control("step", ticks=2)
    assert len(exchange.public("/v5/market/recent-trade", **BTC)["result"]["list"]) >= 2
    quota = trader.http.get_borrow_quota(**BTC, side="Buy")["result"]
    assert Decimal(quota["spotMaxTradeAmount"]) == 100_000


def test_the_log_has_both_coins(trader: Trader) -> None:
    placed(trader, "Buy", "0.01", "60500")
    entries = trader.get("/v5/account/transaction-log", category="spot", limit=50)["result"]["list"]
    total = {coin: Decimal(0) for coin in ("BTC", "USDT")}
    for entry in entries:
        total[entry["currency"]] += Decimal(entry["change"])
    assert total["BTC"] == balance(trader, "BTC")
    assert 100_000 + total["USDT"] == balance(trader, "USDT")
