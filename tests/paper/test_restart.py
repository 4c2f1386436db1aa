"""What survives: a clean end, a kill -9, the same folder again."""

from __future__ import annotations

import contextlib
import itertools
import json
import signal
import sqlite3
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from .exchange import Exchange, Inbox, Trader

SECRETS = ("key-that-stays", "secret-that-stays")


def picture(exchange: Exchange, account: str) -> dict[str, Any]:
    prices = exchange.public("/v5/market/tickers", category="linear")["result"]["list"]
    truth = exchange.truth(account)
    return {"truth": truth, "prices": [(row["symbol"], row["lastPrice"], row["markPrice"]) for row in prices]}


def test_everything_survives_kill_9(tmp_path: Path) -> None:
    exchange = Exchange("--seed", "3", "--data", str(tmp_path))
    exchange.control("pause", on=True)
    exchange.control("price", symbol="BTCUSDT", price="61234.5")
    account = exchange.control("key", key=SECRETS[0], secret=SECRETS[1])["account"]
    trader = Trader(exchange, *SECRETS, account)
    body = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "20", "sellLeverage": "20"}
    trader.post("/v5/position/set-leverage", **body)
    trader.placed("Buy", "0.250")
    resting = trader.placed("Buy", "0.010", "60000", orderLinkId="for-ever")
    exchange.control("fill", orderId=resting, account=account, qty="0.004")
    cancelled = trader.placed("Buy", "0.010", "60000", timeInForce="IOC")
    before = picture(exchange, account)
    exchange.kill()

    again = Exchange("--seed", "99", "--data", str(tmp_path), port=exchange.port)
    again.control("pause", on=True)
    trader = Trader(again, *SECRETS, account)
    after = picture(again, account)
    assert after["truth"]["orders"] == before["truth"]["orders"]
    assert after["truth"]["executions"] == before["truth"]["executions"]
    assert after["truth"]["wallet"]["totalWalletBalance"] == before["truth"]["wallet"]["totalWalletBalance"]
    assert trader.position()["leverage"] == "20"
    assert trader.order(price="59000", orderLinkId="for-ever")["retCode"] == 110072
    assert trader.row(resting)["orderStatus"] == "PartiallyFilled"
    assert trader.rows("/v5/order/history", orderId=cancelled)[0]["orderStatus"] == "Cancelled"
    again.control("price", symbol="BTCUSDT", price="59000")
    assert trader.row(resting)["orderStatus"] == "Filled"
    new_ids = {row["execId"] for row in trader.rows("/v5/execution/list", orderId=resting)}
    assert len(new_ids) == 2
    assert again.stop() == 0


def test_what_waits_survives_kill_9(tmp_path: Path) -> None:
    exchange = Exchange("--data", str(tmp_path))
    exchange.control("pause", on=True)
    exchange.control("price", symbol="BTCUSDT", price="60000")
    exchange.control("price", symbol="ETHUSDT", price="3000")
    account = exchange.control("key", key=SECRETS[0], secret=SECRETS[1])["account"]
    trader = Trader(exchange, *SECRETS, account)
    trader.http.switch_position_mode(category="linear", symbol="ETHUSDT", mode=3)
    trader.http.place_order(
        category="linear", symbol="ETHUSDT", side="Sell", orderType="Market", qty="0.10", positionIdx=2
    )
    trader.placed("Buy", "0.100", takeProfit="66000", stopLoss="54000", orderLinkId="the-parent")
    where = {"category": "linear", "symbol": "BTCUSDT", "positionIdx": 0, "tpslMode": "Full"}
    trader.http.set_trading_stop(**where, trailingStop="500")
    trader.placed("Buy", "0.010", "59000", takeProfit="70000", tpslMode="Partial")
    trader.placed("Buy", "0.010", triggerPrice="64000", triggerDirection=1)
    exchange.control("price", symbol="BTCUSDT", price="60400")
    before = exchange.truth(account)
    exchange.kill()

    again = Exchange("--data", str(tmp_path), port=exchange.port)
    again.control("pause", on=True)
    trader = Trader(again, *SECRETS, account)
    after = again.truth(account)
    assert after["orders"] == before["orders"]
    assert after["positions"] == before["positions"]
    assert len(trader.rows("/v5/order/realtime", symbol="BTCUSDT", orderFilter="StopOrder")) == 4
    again.control("price", symbol="BTCUSDT", price="59901")
    assert trader.position()["size"] == "0.1"
    again.control("price", symbol="BTCUSDT", price="59900")
    assert trader.position()["size"] == "0"
    legs = trader.rows("/v5/position/list", symbol="ETHUSDT")
    assert [(row["positionIdx"], row["size"]) for row in legs] == [(1, "0"), (2, "0.1")]
    assert again.stop() == 0


def test_results_filters_and_modes_survive(tmp_path: Path) -> None:
    exchange = Exchange("--data", str(tmp_path))
    exchange.control("pause", on=True)
    trader = Trader(exchange, "paper-key", "paper-secret", "paper")
    trader.post("/v5/account/set-margin-mode", setMarginMode="ISOLATED_MARGIN")
    trader.placed("Buy", "0.010")
    exchange.control("act", do="funding", symbol="BTCUSDT", rate="0.0001")
    trader.placed("Sell", "0.010", reduceOnly=True)
    exchange.control("act", do="filter_change", symbol="XRPUSDT", minNotionalValue="7.5")
    exchange.control("act", do="delist", symbol="DOGEUSDT")

    def reads(one: Exchange) -> list[Any]:
        named = Trader(one, "paper-key", "paper-secret", "paper")
        listed = one.public("/v5/market/instruments-info", category="linear")["result"]
        paths = ("/v5/position/closed-pnl", "/v5/account/transaction-log", "/v5/account/info")
        return [listed, *(named.get(path, category="linear")["result"] for path in paths)]

    before = reads(exchange)
    assert len(before[1]["list"]) == 1 and len(before[2]["list"]) == 3
    exchange.kill()
    again = Exchange("--data", str(tmp_path))
    assert reads(again) == before
    again.stop()


def test_coins_survive_kill_9(tmp_path: Path) -> None:
    exchange = Exchange("--data", str(tmp_path))
    exchange.control("pause", on=True)
    trader = Trader(exchange, "paper-key", "paper-secret", "paper")
    pair = {"category": "spot", "symbol": "BTCUSDT", "side": "Buy"}
    trader.post("/v5/order/create", **pair, orderType="Market", qty="600")
    trader.post("/v5/order/create", **pair, orderType="Limit", qty="0.01", price="1000")
    waiting = {"orderFilter": "tpslOrder", "triggerPrice": "900"}
    trader.post("/v5/order/create", **pair, orderType="Market", qty="500.5", **waiting)

    def everything(one: Exchange) -> list[Any]:
        query = {"account": "paper", "category": "all"}
        reply = one.web.get(f"{one.base}/_paper/truth", params=query, timeout=10).json()
        return [reply, one.public("/v5/market/tickers", category="spot")["result"]["list"][0]["lastPrice"]]

    before = everything(exchange)
    coins = {coin["coin"]: coin for coin in before[0]["wallet"]["coin"]}
    assert coins["USDT"]["locked"] == "510.5" and set(coins) == {"USDT", "BTC"}
    exchange.kill()
    again = Exchange("--data", str(tmp_path), "--tick-ms", "60000")
    again.control("pause", on=True)
    assert everything(again) == before
    again.stop()


def test_a_file_of_an_earlier_version_is_taken_up(tmp_path: Path) -> None:
    """Without the fields that orders, fills, positions and accounts have had since."""
    exchange = Exchange("--data", str(tmp_path))
    trader = Trader(exchange, "paper-key", "paper-secret", "paper")
    trader.placed("Buy", "0.010")
    resting = trader.placed("Buy", "0.010", "50000")
    before = exchange.truth()
    exchange.stop()
    newer = (
        "position_idx",
        "parent_link",
        "trigger",
        "brackets",
        "idx",
        "stop_type",
        "modes",
        "open_fees",
        "margin_mode",
        "category",
        "market_unit",
        "budget",
        "fee_coin",
        "traded",
        "coins",
        "changed_ms",
        "moves_spot_prices",
    )
    base = sqlite3.connect(tmp_path / "paper.sqlite3")
    for table in ("accounts", "positions", "orders", "executions"):
        for name, text in base.execute(f"SELECT id, body FROM {table}").fetchall():  # noqa: S608
            older = {key: value for key, value in json.loads(text).items() if key not in newer}
            base.execute(f"UPDATE {table} SET body = ? WHERE id = ?", (json.dumps(older), name))  # noqa: S608
    base.commit()
    base.close()
    again = Exchange("--data", str(tmp_path))
    after = again.truth()
    assert (after["orders"], after["executions"]) == (before["orders"], before["executions"])
    assert Trader(again, "paper-key", "paper-secret", "paper").row(resting)["orderStatus"] == "New"
    again.stop()


def test_what_was_acknowledged_is_there_after_kill_9_under_load(tmp_path: Path) -> None:
    exchange = Exchange("--data", str(tmp_path), "--tick-ms", "20")
    exchange.control("limits", scale="off")
    trader = Trader(exchange, "paper-key", "paper-secret", "paper")
    acked: list[str] = []
    enough = threading.Event()

    def send() -> None:
        with contextlib.suppress(requests.exceptions.RequestException):
            for number in itertools.count():
                side = ("Buy", "Sell")[number % 2]
                acked.append(trader.placed(side, "0.010"))
                if number == 100:
                    enough.set()

    sender = threading.Thread(target=send)
    sender.start()
    assert enough.wait(20)
    exchange.kill()
    sender.join(10)
    again = Exchange("--data", str(tmp_path))
    truth = again.truth()
    assert set(acked) <= {row["orderId"] for row in truth["orders"]}
    assert {row["orderStatus"] for row in truth["orders"]} == {"Filled"}
    fills = truth["executions"]
    assert len(fills) == len({row["execId"] for row in fills})
    wallet = 100_000 + sum(Decimal(row["execPnl"]) - Decimal(row["execFee"]) for row in fills)
    assert Decimal(truth["wallet"]["totalWalletBalance"]) == wallet
    again.stop()


def test_prices_go_on_where_they_were(tmp_path: Path) -> None:
    exchange = Exchange("--seed", "3", "--data", str(tmp_path), "--tick-ms", "20")
    exchange.control("pause", on=True)
    exchange.control("step", ticks=5)
    before = picture(exchange, "paper")["prices"]
    exchange.kill()
    again = Exchange("--data", str(tmp_path), "--tick-ms", "60000")
    assert picture(again, "paper")["prices"] == before or again.line.endswith("seed=3\n")
    assert again.line.endswith("seed=3\n")
    again.stop()


def test_a_second_process_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    first = Exchange("--data", str(tmp_path))
    try:
        second = Exchange("--data", str(tmp_path))
    except AssertionError:
        second = None
    assert second is None
    first.stop()


def test_it_ends_quickly_with_open_sockets_and_hanging_requests(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        exchange = Exchange("--data", str(tmp_path / number.name))
        trader = Trader(exchange, "paper-key", "paper-secret", "paper")
        sockets = [trader.listen("order").socket, Inbox(exchange, "linear").socket]
        exchange.control("fault", endpoint="/v5/order/create", reply="hang")
        begun = time.monotonic()
        exchange.process.send_signal(number)
        assert exchange.process.wait(5) == 0
        assert time.monotonic() - begun < 1
        for socket in sockets:
            socket.exit()


def test_a_file_from_before_there_were_usdc_and_exact_costs(tmp_path: Path) -> None:
    exchange = Exchange("--seed", "3", "--data", str(tmp_path))
    exchange.control("pause", on=True)
    exchange.control("step", ticks=3)
    exchange.control("external", symbol="BTCUSDT", side="Buy", orderType="Market", qty="0.010")
    before = picture(exchange, "paper")
    assert exchange.stop() == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "paper.sqlite3")) as base, base:
        for table, new in (("accounts", ("usdc", "funding")), ("positions", ("exact", "adl_rank"))):
            for name, text in base.execute(f"SELECT id, body FROM {table}").fetchall():  # noqa: S608
                old = {field: value for field, value in json.loads(text).items() if field not in new}
                base.execute(f"UPDATE {table} SET body = ? WHERE id = ?", (json.dumps(old), name))  # noqa: S608
        market = json.loads(base.execute("SELECT body FROM meta WHERE id = 'market'").fetchone()[0])
        old = {name: place for name, place in market.items() if not name.endswith("PERP")}
        base.execute("UPDATE meta SET body = ? WHERE id = 'market'", (json.dumps(old),))
        base.execute("DROP TABLE transfers")
    again = Exchange("--data", str(tmp_path))
    again.control("pause", on=True)
    assert picture(again, "paper") == before
    assert again.stop() == 0
