"""Orders as Bybit treats them: matching, life cycle, filters, refusals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from pybit.exceptions import InvalidRequestError

from .exchange import Exchange, Trader


def best(exchange: Exchange, symbol: str = "BTCUSDT") -> tuple[Decimal, Decimal]:
    row = exchange.public("/v5/market/tickers", category="linear", symbol=symbol)["result"]["list"][0]
    return Decimal(row["bid1Price"]), Decimal(row["ask1Price"])


def test_a_stranger_trades_with_pybit(trader: Trader) -> None:
    http = trader.http
    assert http.get_server_time()["retCode"] == 0
    names = [row["symbol"] for row in http.get_instruments_info(category="linear")["result"]["list"]]
    assert names == ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "BTCPERP", "ETHPERP"]
    link = str(uuid4())
    where = {"category": "linear", "symbol": "ETHUSDT"}
    order = {**where, "side": "Buy", "orderType": "Limit", "qty": "0.5", "price": "2000"}
    placed = http.place_order(**order, orderLinkId=link)["result"]
    assert placed["orderLinkId"] == link
    where["orderLinkId"] = link
    http.amend_order(**where, qty="0.6", price="2001.5")
    row = http.get_open_orders(**where)["result"]["list"][0]
    assert (row["orderStatus"], row["qty"], row["price"]) == ("New", "0.60", "2001.50")
    http.cancel_order(**where)
    row = http.get_order_history(**where)["result"]["list"][0]
    assert (row["orderStatus"], row["cancelType"], row["leavesQty"]) == ("Cancelled", "CancelByUser", "0.00")
    with pytest.raises(InvalidRequestError) as refusal:
        http.place_order(**order, orderLinkId=link)
    assert refusal.value.status_code == 110072


def test_a_market_order_takes_the_book_level_by_level(exchange: Exchange, trader: Trader) -> None:
    book = exchange.public("/v5/market/orderbook", category="linear", symbol="BTCUSDT", limit=3)["result"]
    sizes = [Decimal(size) for _, size in book["a"]]
    order_id = trader.placed(qty=str(sum(sizes)))
    fills = trader.rows("/v5/execution/list", orderId=order_id)
    assert sorted((row["execPrice"], Decimal(row["execQty"])) for row in fills) == [
        (price, Decimal(size)) for price, size in book["a"]
    ]
    row = trader.row(order_id)
    assert (row["orderStatus"], row["timeInForce"]) == ("Filled", "IOC")
    value = sum(Decimal(price) * Decimal(size) for price, size in book["a"])
    assert Decimal(row["cumExecValue"]) == value
    assert Decimal(row["cumExecFee"]) == sum(Decimal(fill["execFee"]) for fill in fills)
    assert {fill["feeRate"] for fill in fills} == {"0.00055"}
    position = trader.position()
    assert (position["side"], Decimal(position["size"]), Decimal(position["positionValue"])) == (
        "Buy",
        sum(sizes),
        value,
    )
    exchange.control("step", ticks=1)


def test_users_trade_with_each_other_in_price_time_order(exchange: Exchange, trader: Trader) -> None:
    bid, ask = best(exchange)
    inside = str(ask - Decimal("0.1"))
    second, taker = exchange.open_trader(), exchange.open_trader()
    first_id = trader.placed("Sell", "0.010", inside)
    second_id = second.placed("Sell", "0.010", inside)
    taker.placed("Buy", "0.015", inside)
    assert trader.row(first_id)["orderStatus"] == "Filled"
    assert second.row(second_id)["orderStatus"] == "PartiallyFilled"
    fill = trader.rows("/v5/execution/list", orderId=first_id)[0]
    assert (fill["isMaker"], fill["feeRate"]) == (True, "0.0002")
    assert Decimal(fill["execPrice"]) == Decimal(inside)
    second.placed("Buy", "0.005", inside)


@pytest.mark.parametrize(
    ("more", "status", "reason"),
    [
        ({"timeInForce": "PostOnly", "price": "60100"}, "Cancelled", "EC_PostOnlyWillTakeLiquidity"),
        ({"timeInForce": "FOK", "price": "60100", "qty": "500"}, "Cancelled", "EC_CancelForNoFullFill"),
        ({"timeInForce": "FOK", "price": "60100", "qty": "0.5"}, "Filled", "EC_NoError"),
        ({"timeInForce": "IOC", "price": "59000"}, "Cancelled", "EC_NoImmediateQtyToFill"),
        ({"timeInForce": "IOC", "price": "60100", "qty": "0.1"}, "Filled", "EC_NoError"),
        ({"timeInForce": "PostOnly", "price": "59000"}, "New", "EC_NoError"),
    ],
)
def test_time_in_force(exchange: Exchange, more: dict[str, str], status: str, reason: str) -> None:
    trader = exchange.open_trader()
    leverage = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "100", "sellLeverage": "100"}
    assert trader.post("/v5/position/set-leverage", **leverage)["retCode"] == 0
    if more.get("qty") == "500":
        more = {**more, "qty": "30", "price": "60001"}
    row = trader.row(trader.placed(**more))
    assert (row["orderStatus"], row["rejectReason"]) == (status, reason)
    exchange.control("step", ticks=1)


def test_ioc_keeps_what_it_got(exchange: Exchange, trader: Trader) -> None:
    _, ask = best(exchange)
    row = trader.row(trader.placed(qty="1.5", price=str(ask), timeInForce="IOC"))
    assert row["orderStatus"] == "Cancelled"
    assert 0 < Decimal(row["cumExecQty"]) < Decimal("1.5")
    exchange.control("step", ticks=1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"symbol": "NOPEUSDT"}, 10001),
        ({"symbol": "btcusdt"}, 10001),
        ({"category": "inverse"}, 10001),
        ({"category": ""}, 10001),
        ({"side": "buy"}, 10001),
        ({"orderType": "Stop"}, 10001),
        ({"timeInForce": "GTD"}, 10001),
        ({"qty": "0"}, 10001),
        ({"qty": "-1"}, 10001),
        ({"qty": "1e-3"}, 10001),
        ({"qty": "abc"}, 10001),
        ({"qty": ["1"]}, 10001),
        ({"qty": "0.0005"}, 10001),
        ({"qty": "0.0105"}, 10001),
        ({"qty": "100000"}, 10001),
        ({"price": "59000.05"}, 10001),
        ({"price": ""}, 10001),
        ({"price": "99999999"}, 110003),
        ({"price": "0.05"}, 110003),
        ({"qty": "0.001", "price": "100"}, 110094),
        ({"qty": "20"}, 110007),
        ({"reduceOnly": True}, 110017),
        ({"positionIdx": 1}, 10001),
        ({"orderLinkId": "x" * 37}, 10001),
        ({"orderLinkId": "no spaces"}, 10001),
        ({"triggerPrice": "61000"}, 10001),
        ({"takeProfit": "58000"}, 10001),
        ({"reduceOnly": "maybe"}, 10001),
    ],
)
def test_what_is_refused_leaves_nothing_behind(trader: Trader, changes: dict[str, Any], code: int) -> None:
    order = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit"}
    document = trader.post("/v5/order/create", **{**order, "qty": "0.010", "price": "59000", **changes})
    assert document["retCode"] == code, document
    assert document["result"] == {} and document["retMsg"]
    assert trader.rows("/v5/order/realtime", settleCoin="USDT") == []
    assert trader.wallet()["totalInitialMargin"] == "0"


def test_numbers_may_come_as_json_numbers(trader: Trader) -> None:
    row = trader.row(trader.placed(qty=0.01, price=59000))
    assert (row["qty"], row["price"]) == ("0.010", "59000.00")


def test_reduce_only_cannot_open_or_flip(exchange: Exchange, trader: Trader) -> None:
    trader.placed(qty="0.5")
    assert trader.order("Buy", "0.1", "59000", reduceOnly=True)["retCode"] == 110017
    resting = trader.placed("Sell", "0.9", "60500", reduceOnly=True)
    assert trader.row(resting)["qty"] == "0.500"
    trader.placed("Sell", "0.2")
    assert trader.row(resting)["qty"] == "0.300"
    trader.placed("Sell", "5", reduceOnly=True)
    assert trader.position()["side"] == "" and trader.position()["size"] == "0"
    row = trader.row(resting)
    assert (row["orderStatus"], row["cancelType"]) == ("Cancelled", "CancelByReduceOnly")
    exchange.control("step", ticks=1)


def test_closing_all_with_quantity_zero(exchange: Exchange, trader: Trader) -> None:
    trader.placed(qty="0.123")
    trader.placed("Sell", "0", reduceOnly=True, closeOnTrigger=True)
    assert trader.position()["size"] == "0"
    exchange.control("step", ticks=1)


def test_a_price_beyond_the_band_is_moved_to_its_edge(trader: Trader) -> None:
    order_id = trader.placed("Buy", "0.001", "90000")
    assert trader.row(order_id)["price"] == "60600.00"
    body = {"category": "linear", "modifyEnable": False}
    assert trader.post("/v5/account/set-limit-px-action", **body)["retCode"] == 0
    assert trader.order("Buy", "0.001", "90000")["retCode"] == 110003


def test_amend(trader: Trader) -> None:
    order_id = trader.placed(qty="0.010", price="59000", orderLinkId="to-amend")

    def amend(**changes: Any) -> int:
        body = {"category": "linear", "symbol": "BTCUSDT", "orderId": order_id, **changes}
        return int(trader.post("/v5/order/amend", **body)["retCode"])

    trader.exchange.control("fill", orderId=order_id, qty="0.004")
    assert amend(qty="0.004") == 110064
    assert amend(qty="0.010") == 10001
    assert amend() == 10001
    assert amend(takeProfit="58000") == 10001
    assert amend(qty="9") == 0 and amend(qty="90") == 110007
    assert amend(qty="0.006", price="59001") == 0
    row = trader.row(order_id)
    assert (row["orderStatus"], row["leavesQty"], row["price"]) == ("PartiallyFilled", "0.002", "59001.00")
    assert amend(price="60500") == 0
    assert trader.row(order_id)["orderStatus"] == "Filled"
    assert amend(qty="0.5") == 110001


def test_cancel_codes(trader: Trader) -> None:
    where = {"category": "linear", "symbol": "BTCUSDT"}
    assert trader.post("/v5/order/cancel", **where)["retCode"] == 10001
    assert trader.post("/v5/order/cancel", **where, orderId=str(uuid4()))["retCode"] == 110001
    order_id = trader.placed(price="59000")
    assert trader.post("/v5/order/cancel", **where, orderId=order_id)["retCode"] == 0
    assert trader.post("/v5/order/cancel", **where, orderId=order_id)["retCode"] == 110001


def test_nobody_touches_another_account(exchange: Exchange, trader: Trader) -> None:
    order_id = trader.placed(price="59000")
    other = exchange.open_trader()
    where = {"category": "linear", "symbol": "BTCUSDT", "orderId": order_id}
    assert other.post("/v5/order/cancel", **where)["retCode"] == 110001
    assert other.rows("/v5/order/realtime", orderId=order_id) == []
    assert other.order(price="59000", orderLinkId="same")["retCode"] == 0
    assert trader.order(price="59000", orderLinkId="same")["retCode"] == 0


def test_cancel_all_by_scope(trader: Trader) -> None:
    for symbol, price in (("BTCUSDT", "59000"), ("ETHUSDT", "2000"), ("ETHUSDT", "2001")):
        trader.placed(qty="0.05", price=price, symbol=symbol)
    assert trader.post("/v5/order/cancel-all", category="linear")["retCode"] == 10001
    gone = trader.post("/v5/order/cancel-all", category="linear", symbol="ETHUSDT")["result"]
    assert (len(gone["list"]), gone["success"]) == (2, "1")
    assert len(trader.rows("/v5/order/realtime", settleCoin="USDT")) == 1
    body = {"category": "linear", "settleCoin": "USDT", "orderFilter": "StopOrder"}
    assert trader.post("/v5/order/cancel-all", **body)["result"]["list"] == []
    body = {"category": "linear", "baseCoin": "BTC"}
    assert len(trader.post("/v5/order/cancel-all", **body)["result"]["list"]) == 1


def test_the_501st_open_order_is_110020(trader: Trader) -> None:
    for number in range(500):
        # Named, because two requests that are alike to the millisecond are one replayed.
        assert trader.order(qty="0.001", price="59000", orderLinkId=f"open-{number}")["retCode"] == 0
    assert trader.order(qty="0.001", price="59000")["retCode"] == 110020
    seen: list[str] = []
    cursor = ""
    while True:
        query = {"category": "linear", "symbol": "BTCUSDT", "limit": 50, "cursor": cursor}
        result = trader.get("/v5/order/realtime", **query)["result"]
        seen += [row["orderId"] for row in result["list"]]
        cursor = result["nextPageCursor"]
        if not cursor:
            break
        assert "%" in cursor
    assert len(seen) == len(set(seen)) == 500
    times = [row["createdTime"] for row in trader.rows("/v5/order/realtime", symbol="BTCUSDT", limit=50)]
    assert times == sorted(times, reverse=True)
    body = {"category": "linear", "symbol": "BTCUSDT"}
    assert len(trader.post("/v5/order/cancel-all", **body)["result"]["list"]) == 500


def test_self_match_prevention(exchange: Exchange, trader: Trader) -> None:
    _, ask = best(exchange)
    inside = str(ask - Decimal("0.1"))
    resting = trader.placed("Sell", "0.010", inside)
    taker = trader.placed("Buy", "0.010", inside, smpType="CancelTaker")
    row = trader.row(taker)
    assert (row["orderStatus"], row["cancelType"], row["smpOrderId"]) == ("Cancelled", "CancelBySmp", resting)
    taker = trader.placed("Buy", "0.010", inside, smpType="CancelMaker")
    assert trader.row(taker)["orderStatus"] == "New"
    assert trader.row(resting)["cancelType"] == "CancelBySmp"


@pytest.mark.parametrize(
    ("kind", "amount", "code"),
    [("TickSize", "0", 10001), ("TickSize", "10001", 110109), ("TickSize", "1.5", 110109),
     ("Percent", "11", 110108), ("Percent", "0.001", 110108), ("Percent", "0.5", 0), ("Elbow", "1", 10001)],
)  # fmt: skip
def test_slippage_tolerance(trader: Trader, kind: str, amount: str, code: int) -> None:
    document = trader.order(qty="0.001", slippageToleranceType=kind, slippageTolerance=amount)
    assert document["retCode"] == code, document
