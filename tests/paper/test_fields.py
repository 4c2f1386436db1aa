"""Every field that Bybit's documentation lists is in every row, with the JSON type it has there.

fields.json holds the names and types of the "Response Parameters" tables of Bybit's V5 documentation of July
2026, without those that only options, spot or pre-listed contracts have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .exchange import Exchange, Trader
from .test_sockets import Plain

FIELDS: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "fields.json").read_text())
TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,), "whole": (int,), "flag": (bool,), "list": (list,), "object": (dict, type(None)),
    "any": (object,),
}  # fmt: skip
READS = {
    "realtime": ("/v5/order/realtime", "category=linear&symbol=BTCUSDT&openOnly=1"),
    "history": ("/v5/order/history", "category=linear"),
    "executions": ("/v5/execution/list", "category=linear"),
    "positions": ("/v5/position/list", "category=linear&symbol=BTCUSDT"),
    "wallet": ("/v5/account/wallet-balance", "accountType=UNIFIED"),
    "account": ("/v5/account/info", ""),
    "key": ("/v5/user/query-api", ""),
    "instruments": ("/v5/market/instruments-info", "category=linear"),
    "tickers": ("/v5/market/tickers", "category=linear"),
    "orderbook": ("/v5/market/orderbook", "category=linear&symbol=BTCUSDT"),
    "trades": ("/v5/market/recent-trade", "category=linear&symbol=BTCUSDT"),
    "risk": ("/v5/market/risk-limit", "category=linear"),
    "funding": ("/v5/market/funding/history", "category=linear&symbol=BTCUSDT"),
    "interest": ("/v5/market/open-interest", "category=linear&symbol=BTCUSDT&intervalTime=1h"),
    "limits": ("/v5/market/price-limit", "category=linear&symbol=BTCUSDT"),
    "time": ("/v5/market/time", ""),
    "closed": ("/v5/position/closed-pnl", "category=linear"),
    "log": ("/v5/account/transaction-log", ""),
    "spot realtime": ("/v5/order/realtime", "category=spot&openOnly=1"),
    "spot history": ("/v5/order/history", "category=spot"),
    "spot executions": ("/v5/execution/list", "category=spot"),
    "spot instruments": ("/v5/market/instruments-info", "category=spot"),
    "spot tickers": ("/v5/market/tickers", "category=spot"),
}


def every_object(value: Any) -> Iterator[dict[str, Any]]:
    """All JSON objects inside a value, outermost first."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from every_object(inner)
    if isinstance(value, list):
        for inner in value:
            yield from every_object(inner)


def check(name: str, document: dict[str, Any]) -> None:
    """All documented names are there with their types, and rows of one list have the same names."""
    found: dict[str, list[Any]] = {}
    for each in every_object(document):
        for field, value in each.items():
            found.setdefault(field, []).append(value)
    for field, kind in FIELDS[name].items():
        assert field in found, f"{name}: {field} is missing"
        for value in found[field]:
            right = isinstance(value, TYPES[kind]) and (kind != "whole" or not isinstance(value, bool))
            assert right, f"{name}: {field} should be {kind}, is {value!r}"
    rows = document.get("list") or document.get("data")
    if isinstance(rows, list) and rows and isinstance(rows[0], dict):
        assert all(row.keys() == rows[0].keys() for row in rows)


@pytest.fixture
def busy(exchange: Exchange, trader: Trader) -> Trader:
    """An account with fills, a position, and orders of every ending."""
    trader.placed("Buy", "0.100")
    trader.placed("Buy", "0.100", "59000")
    trader.placed("Buy", "0.100", "59000", timeInForce="IOC")
    trader.placed("Sell", "0.010", reduceOnly=True)
    trader.placed("Buy", "0.001", slippageToleranceType="TickSize", slippageTolerance="100")
    trader.placed("Buy", "0.010", "59000", takeProfit="66000", stopLoss="54000", tpTriggerBy="MarkPrice")
    trader.placed("Buy", "0.010", triggerPrice="64000", triggerDirection=1)
    pair = {"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market"}
    for more in ({"qty": "100"}, {"qty": "100", "orderFilter": "StopOrder", "triggerPrice": "70000"}):
        assert trader.post("/v5/order/create", **pair, **more)["retCode"] == 0
    where = {"category": "linear", "symbol": "BTCUSDT", "tpslMode": "Full", "positionIdx": 0}
    trader.http.set_trading_stop(**where, takeProfit="66000", trailingStop="500")
    exchange.control("step", ticks=1)
    return trader


@pytest.mark.parametrize("name", READS)
def test_reads(busy: Trader, name: str) -> None:
    path, query = READS[name]
    reply = busy.get_raw(path, query)
    document = reply.json()
    assert set(document) == {"retCode", "retMsg", "result", "retExtInfo", "time"}
    assert document["retCode"] == 0
    assert reply.text == json.dumps(document, separators=(",", ":"))
    assert {"X-Bapi-Limit", "X-Bapi-Limit-Status", "X-Bapi-Limit-Reset-Timestamp"} <= set(reply.headers)
    check(name, document["result"])


def test_open_orders_have_the_same_fields(busy: Trader) -> None:
    check("realtime", busy.get("/v5/order/realtime", category="linear", symbol="BTCUSDT")["result"])


def test_a_flat_position_has_the_same_fields(trader: Trader) -> None:
    flat = trader.get("/v5/position/list", category="linear", symbol="BTCUSDT")["result"]
    check("positions", flat)
    row = flat["list"][0]
    assert (row["side"], row["size"], row["avgPrice"], row["liqPrice"], row["seq"]) == ("", "0", "0", "", -1)


def test_private_pushes(exchange: Exchange, trader: Trader) -> None:
    plain = Plain(exchange, "/v5/private")
    plain.sign_in(trader)
    plain.say(op="subscribe", args=["order", "execution", "execution.fast", "position", "wallet"])
    plain.hear()
    trader.placed("Buy", "0.010")
    for _ in range(5):
        text = plain.link.recv(timeout=5)
        frame = json.loads(text)
        assert text == json.dumps(frame, separators=(",", ":"))
        name = "wallet push" if frame["topic"] == "wallet" else frame["topic"]
        check(name, frame)
    plain.close()


def test_private_pushes_of_spot(exchange: Exchange, trader: Trader) -> None:
    plain = Plain(exchange, "/v5/private")
    plain.sign_in(trader)
    plain.say(op="subscribe", args=["order.spot", "execution.spot"])
    plain.hear()
    body = {"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "100"}
    trader.post("/v5/order/create", **body)
    for _ in range(2):
        frame = plain.hear()
        check(
            frame["topic"].replace("order.spot", "spot order").replace("execution.spot", "spot execution"),
            frame,
        )
    plain.close()


def test_public_pushes(exchange: Exchange) -> None:
    plain = Plain(exchange, "/v5/public/linear")
    topics = ("tickers", "orderbook.50", "publicTrade", "kline.1")
    plain.say(op="subscribe", args=[f"{topic}.BTCUSDT" for topic in topics])
    plain.hear()
    missing = {"tickers", "orderbook", "publicTrade", "kline"}
    exchange.control("step", ticks=1)
    names = {"tickers": "ticker push", "orderbook": "orderbook push", "publicTrade": "trade push"}
    while missing:
        frame = plain.hear()
        topic = frame["topic"].split(".")[0]
        if frame["type"] == "snapshot":
            check(names.get(topic, "kline push"), frame)
            missing.discard(topic)
    plain.close()
