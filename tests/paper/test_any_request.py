"""Whatever is asked, the answer is a document of V5, and the books stay right."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

from bybit.paper.rest.pipeline import ROUTES

from .exchange import Exchange, Trader

VALUES: dict[str, list[Any]] = {
    "category": [*["linear", "spot"] * 5, "inverse", "option", ""],
    "symbol": [*["BTCUSDT"] * 12, "XRPUSDT", "NOPE", "BTCUSDT.spot"],
    "side": [*["Buy", "Sell"] * 5, "buy"],
    "orderType": ["Market", "Limit"],
    "qty": [*["0.01", "0.05", "100"] * 4, "0", "-1", "x"],
    "price": [*["59000", "59900", "60100", "61000"] * 3, "90000", "1"],
    "timeInForce": ["GTC", "IOC", "FOK", "PostOnly"],
    "positionIdx": [0, 0, 0, 1, 2],
    "reduceOnly": [True, False],
    "closeOnTrigger": [True, False],
    "triggerPrice": ["59000", "61000", "60000", "0"],
    "triggerDirection": [1, 2, 3],
    "orderFilter": ["Order", "StopOrder", "tpslOrder"],
    "takeProfit": ["70000", "50000", "0"],
    "stopLoss": ["70000", "50000", "0"],
    "tpslMode": ["Full", "Partial"],
    "tpOrderType": ["Market", "Limit"],
    "tpLimitPrice": ["69000"],
    "trailingStop": ["500", "0", "x"],
    "activePrice": ["70000", "50000"],
    "mode": [0, 3, 1],
    "coin": ["USDT", "BTC"],
    "settleCoin": ["USDT"],
    "marketUnit": ["baseCoin", "quoteCoin"],
    "limit": [1, 50, "x", 0],
    "cursor": ["", "zz"],
    "startTime": [0, 1],
    "endTime": [5],
    "setMarginMode": ["REGULAR_MARGIN", "ISOLATED_MARGIN", "PORTFOLIO_MARGIN"],
    "buyLeverage": ["5", "10"],
    "sellLeverage": ["5", "10"],
    "accountType": ["UNIFIED"],
    "request": [[{"symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01"}], "x", [{}]],
    "interval": ["1", "D"],
    "smpType": ["CancelMaker", "CancelBoth"],
    "slippageToleranceType": ["TickSize"],
    "slippageTolerance": ["5"],
}
USUAL = ("category", "symbol", "side", "orderType", "qty", "price", "settleCoin", "accountType", "mode")
OFTEN = [("POST", "/v5/order/create")] * 25 + [("POST", "/v5/position/trading-stop")] * 5


def test_every_answer_is_a_document(exchange: Exchange, trader: Trader) -> None:
    chance = random.Random(20261123)
    codes: set[int] = set()
    for number in range(900):
        method, path = chance.choice([*ROUTES, *OFTEN])
        params = {
            name: chance.choice(values)
            for name, values in VALUES.items() if chance.random() < (0.98 if name in USUAL else 0.07)
        }  # fmt: skip
        if method == "GET":
            query = "&".join(
                f"{name}={value}" for name, value in params.items() if isinstance(value, (str, int))
            )
            reply = trader.get_raw(path, query)
        else:
            reply = trader.post_raw(path, json.dumps(params))
        assert reply.status_code == 200, (path, params, reply.text)
        assert set(reply.json()) == {"retCode", "retMsg", "result", "retExtInfo", "time"}
        codes.add(reply.json()["retCode"])
        if number % 25 == 0:
            exchange.control("price", symbol="BTCUSDT", price=str(chance.randint(58_000, 62_000)))
    assert len(codes) > 10, codes
    assert len(trader.rows("/v5/execution/list")) > 10
    sums = {"USDT": Decimal(0), "BTC": Decimal(0)}
    cursor = ""
    while True:
        query = {"limit": 50, **({"cursor": cursor} if cursor else {})}
        result = trader.get("/v5/account/transaction-log", **query)["result"]
        for entry in result["list"]:
            sums[entry["currency"]] += Decimal(entry["change"])
        cursor = result["nextPageCursor"]
        if not cursor:
            break
    held = {coin["coin"]: Decimal(coin["walletBalance"]) for coin in trader.wallet()["coin"]}
    assert abs(sums["USDT"] - held["USDT"]) < Decimal("0.0000001")
    assert sums["BTC"] == held.get("BTC", 0)
