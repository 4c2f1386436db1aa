"""A past from a file: played before the exchange opens, read back through V5 with its own dates."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bybit.paper.history import history

from .exchange import Exchange, Trader
from .oracle import check_truth

Row = dict[str, Any]
Start = Callable[..., Exchange]
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
BUY = {"do": "order", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.010"}


def write(path: Path, lines: list[Row]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def opened(path: Path, *more: str) -> Exchange:
    exchange = Exchange("--seed", "7", "--history", str(path), *more)
    exchange.control("pause", on=True)
    exchange.control("limits", scale="off")
    return exchange


@pytest.fixture
def launch() -> Iterator[Start]:
    """`opened`, and nothing is left running of what it opened."""
    started: list[Exchange] = []

    def begin(*words: Any) -> Exchange:
        started.append(opened(*words))
        return started[-1]

    yield begin
    for exchange in started:
        if exchange.process.poll() is None:
            exchange.kill()


def owner(exchange: Exchange) -> Trader:
    return Trader(exchange, "paper-key", "paper-secret", "paper")


def every(trader: Trader, path: str, **query: Any) -> list[Row]:
    """All pages of a list, and no row twice."""
    rows: list[Row] = []
    cursor = ""
    while True:
        more = {"cursor": cursor} if cursor else {}
        result = trader.get(path, category="linear", limit=50, **query, **more)["result"]
        rows += result["list"]
        cursor = result["nextPageCursor"]
        if not cursor:
            return rows


def windows(trader: Trader, path: str, since: int, now: int, **query: Any) -> list[Row]:
    """Everything since then, in windows of seven days."""
    starts = range(since, now, 7 * DAY_MS)
    parts = [every(trader, path, startTime=at, endTime=at + 7 * DAY_MS - 1, **query) for at in starts]
    return [row for part in parts for row in part]


@pytest.fixture(scope="module")
def now() -> int:
    return int(time.time() * 1000) - 60_000


@pytest.fixture(scope="module")
def past(now: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """An exchange with forty random days behind it."""
    path = write(tmp_path_factory.mktemp("past") / "h.jsonl", history(40, 5, 1_500, now))
    exchange = opened(path)
    yield exchange
    assert exchange.stop() == 0


@pytest.fixture(scope="module")
def trader(past: Exchange) -> Trader:
    return owner(past)


def test_executions_in_windows_and_pages(past: Exchange, trader: Trader, now: int) -> None:
    truth = past.truth()["executions"]
    rows = windows(trader, "/v5/execution/list", now - 42 * DAY_MS, now + DAY_MS)
    assert sorted(row["execId"] for row in rows) == sorted(row["execId"] for row in truth)
    trades = [row for row in rows if row["execType"] == "Trade"]
    assert len(trades) >= 1_500 and len({row["isMaker"] for row in trades}) == 2
    assert len(rows) >= 1_500 and {"Trade", "Funding", "BustTrade", "AdlTrade"} <= {
        row["execType"] for row in rows
    }
    assert min(int(row["execTime"]) for row in rows) < now - 39 * DAY_MS
    recent = every(trader, "/v5/execution/list")
    assert recent and all(int(row["execTime"]) >= now - 8 * DAY_MS for row in recent)


def test_closed_results_and_the_log_reach_back(past: Exchange, trader: Trader, now: int) -> None:
    truth = past.truth()
    closed = windows(trader, "/v5/position/closed-pnl", now - 42 * DAY_MS, now + DAY_MS)
    assert sorted(row["orderId"] for row in closed) == sorted(row["orderId"] for row in truth["closedPnl"])
    assert len(closed) > 200
    entries = windows(trader, "/v5/account/transaction-log", now - 42 * DAY_MS, now + DAY_MS)
    linear = [row for row in truth["transactions"] if row["category"] == "linear"]
    assert sorted(row["id"] for row in entries) == sorted(row["id"] for row in linear)
    moves = trader.get(
        "/v5/account/transaction-log",
        type="TRANSFER_OUT",
        startTime=now - 12 * DAY_MS,
        endTime=now - 6 * DAY_MS,
    )["result"]["list"]
    assert [(row["change"], row["currency"]) for row in moves] == [("-1500.25", "USDT")]


def test_order_history_by_age(trader: Trader, now: int) -> None:
    rows = windows(trader, "/v5/order/history", now - 42 * DAY_MS, now + DAY_MS)
    assert len({row["orderId"] for row in rows}) == len(rows)
    unfilled = [int(row["updatedTime"]) for row in rows if Decimal(row["cumExecQty"]) == 0]
    filled = [int(row["updatedTime"]) for row in rows if Decimal(row["cumExecQty"]) > 0]
    assert unfilled and min(unfilled) > now - DAY_MS
    assert min(filled) < now - 38 * DAY_MS


def test_positions_show_when_it_all_began(trader: Trader, now: int) -> None:
    rows = trader.rows("/v5/position/list", settleCoin="USDT")
    assert rows
    for row in rows:
        assert (
            now - 41 * DAY_MS
            < int(row["createdTime"])
            <= int(row["openTime"])
            <= int(row["updatedTime"])
            <= now
        )


def test_the_books_add_up_to_the_last_digit(past: Exchange) -> None:
    check_truth(past.truth())


def test_truth_since(past: Exchange, now: int) -> None:
    url = f"{past.base}/_paper/truth"
    since = now - DAY_MS
    late = past.web.get(url, params={"since": str(since)}, timeout=10).json()
    assert 0 < len(late["executions"]) < len(past.truth()["executions"])
    assert all(int(row["execTime"]) >= since for row in late["executions"])
    assert all(int(row["transactionTime"]) >= since for row in late["transactions"])
    assert past.web.get(url, params={"since": "x"}, timeout=10).status_code == 422


# Every step, and what survives


def story(now: int) -> list[Row]:
    """Each kind of step at its own hour, two days ago; the lines are not in the order of their times."""
    link = {"orderLinkId": "told-1"}
    limit = {
        "do": "order",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "orderType": "Limit",
        "price": "59000",
        "qty": "0.010",
    }
    spot = {**limit, "category": "spot", "qty": "0.02"}
    steps: list[Row] = [
        {"do": "price", "symbol": "BTCUSDT", "price": "60000"},
        {"do": "leverage", "symbol": "BTCUSDT", "leverage": "20"},
        {"do": "mode", "symbol": "ETHUSDT", "mode": 3},
        {"do": "transfer", "coin": "USDC", "amount": "500"},
        {**limit, **link},
        {"do": "amend", **link, "qty": "0.020"},
        {"do": "fill", **link, "qty": "0.005"},
        {"do": "cancel", **link},
        {**limit, "ref": "second"},
        {"do": "fill", "ref": "second"},
        {"do": "stops", "symbol": "BTCUSDT", "tpslMode": "Full", "positionIdx": 0, "stopLoss": "50000"},
        {"do": "funding", "symbol": "BTCUSDT", "rate": "0.0001"},
        {"do": "adl", "symbol": "BTCUSDT", "qty": "0.005", "price": "61000"},
        {"do": "liquidate", "symbol": "BTCUSDT", "price": "58000"},
        {
            "do": "order",
            "symbol": "SOLUSDT",
            "side": "Buy",
            "orderType": "Market",
            "qty": "1",
            "account": "other",
        },
        {**spot, "account": "other", "ref": "coins"},
        {"do": "fill", "account": "other", "ref": "coins", "qty": "0.01"},
        {"do": "cancel", "account": "other", "ref": "coins"},
        {"do": "settle", "symbol": "SOLUSDT", "price": "150"},
        {"do": "delist", "symbol": "SOLUSDT", "status": "Trading"},
        {"do": "transfer", "coin": "USDT", "amount": "-250.5"},
    ]
    start = now - 2 * DAY_MS
    return [{"at": start + hour * HOUR_MS, **step} for hour, step in enumerate(steps)][::-1]


def test_every_step(launch: Start, tmp_path: Path, now: int) -> None:
    lines, start = story(now), now - 2 * DAY_MS
    lines[-1]["at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start // 1000 - 60))
    exchange = launch(write(tmp_path / "h.jsonl", lines), "--data", str(tmp_path / "data"))
    before, trader = exchange.truth(), owner(exchange)
    kinds = [row["execType"] for row in before["executions"]]
    assert kinds == ["Trade", "Trade", "Funding", "AdlTrade", "BustTrade"]
    assert [int(row["execTime"]) - start for row in before["executions"]] == [
        hour * HOUR_MS for hour in (6, 9, 11, 12, 13)
    ]
    orders = {row["orderLinkId"] or row["createType"]: row for row in before["orders"]}
    assert (orders["told-1"]["qty"], orders["told-1"]["cumExecQty"]) == ("0.020", "0.005")
    assert orders["CreateByStopLoss"]["orderStatus"] == "Deactivated"
    types = [row["type"] for row in before["transactions"]]
    assert (types[0], types[1], types[-1]) == ("TRANSFER_IN", "TRANSFER_IN", "TRANSFER_OUT")
    assert int(before["transactions"][0]["transactionTime"]) == (start // 1000 - 60) * 1000
    assert before["funds"]["USDC"]["wallet"] == "500" and before["funds"]["USDT"]["deposits"] == "99749.5"
    assert [leg["positionIdx"] for leg in trader.rows("/v5/position/list", symbol="ETHUSDT")] == [1, 2]
    position = trader.rows("/v5/position/list", symbol="BTCUSDT")[0]
    assert (position["leverage"], position["size"]) == ("20", "0")
    other = exchange.truth("other")
    assert [row["execType"] for row in other["executions"]][-1] == "Settle"
    assert [row["orderStatus"] for row in other["orders"]] == ["Filled", "PartiallyFilledCanceled"]
    assert other["funds"]["BTC"]["wallet"] == "0.00999"
    assert exchange.public("/v5/market/instruments-info", category="linear", symbol="SOLUSDT")["result"][
        "list"
    ]
    check_truth(before)
    exchange.kill()
    again = launch(
        write(tmp_path / "h.jsonl", [{"at": 1, "do": "nonsense"}]), "--data", str(tmp_path / "data")
    )
    assert again.truth() == before
    assert again.stop() == 0


def refused(path: Path, *more: str) -> str:
    """What an exchange says that does not start."""
    command = [sys.executable, "-m", "bybit.paper", "--port", "0", "--history", str(path), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1 and done.stdout == ""
    return done.stderr


def test_bad_lines_keep_it_from_starting(launch: Start, tmp_path: Path, now: int) -> None:
    good, at = {**BUY, "at": now - HOUR_MS}, now - HOUR_MS
    for line, reason in (
        ("{", "Expecting"),
        ("[]", "object"),
        (json.dumps({"at": at, "do": "dance"}), "do must be one of"),
        (json.dumps({"at": at, "do": ["price"]}), "do must be one of"),
        (json.dumps({**good, "at": now + DAY_MS}), "future"),
        (json.dumps({**good, "at": "soon"}), "soon"),
        (json.dumps({**good, "qty": "900"}), "10001"),
        (json.dumps({**good, "qty": "400"}), "1100"),
        (json.dumps({"at": at, "do": "cancel", "orderLinkId": "nobody"}), "no earlier line"),
        (json.dumps({"at": at, "do": "transfer", "coin": "USDT", "amount": "-100001"}), "131212"),
    ):
        path = tmp_path / "h.jsonl"
        path.write_text(json.dumps(good) + "\n\n" + line + "\n")
        said = refused(path, "--data", str(tmp_path / "data"))
        assert "line 3:" in said and reason in said
    # Nothing of it was kept: the ledger is still a new one.
    exchange = launch(write(path, [good]), "--data", str(tmp_path / "data"))
    assert len(exchange.truth()["executions"]) == 1
    assert exchange.stop() == 0


def test_what_is_older_than_two_years_is_not_shown(launch: Start, tmp_path: Path, now: int) -> None:
    ages = (740, 725)
    orders = [{"at": now - days * DAY_MS, **BUY, "orderLinkId": f"aged-{days}"} for days in ages]
    closing = [
        {**order, "side": "Sell", "orderLinkId": order["orderLinkId"] + "c", "at": order["at"] + 1}
        for order in orders
    ]
    exchange = launch(write(tmp_path / "h.jsonl", [*orders, *closing]))
    trader = owner(exchange)
    assert len(exchange.truth()["executions"]) == 4
    for path in (
        "/v5/execution/list",
        "/v5/order/history",
        "/v5/position/closed-pnl",
        "/v5/account/transaction-log",
    ):
        found = [
            len(trader.rows(path, startTime=now - (days + 1) * DAY_MS, endTime=now - (days - 1) * DAY_MS))
            for days in ages
        ]
        assert found[0] == 0 and found[1] > 0, path
    for path in ("/v5/execution/list", "/v5/order/history"):
        assert [len(trader.rows(path, orderLinkId=f"aged-{days}")) for days in ages] == [0, 1]
    assert exchange.stop() == 0


@pytest.mark.parametrize(("days", "fills"), [(1, 1), (3, 400), (400, 4_000)])
def test_the_generator(days: int, fills: int, now: int) -> None:
    lines = history(days, 3, fills, now)
    assert lines == history(days, 3, fills, now) != history(days, 4, fills, now)
    times = [line["at"] for line in lines]
    assert times == sorted(times) and now - days * DAY_MS <= times[0] and times[-1] <= now


@pytest.mark.long
def test_thousands_of_lines_take_a_second_or_two(launch: Start, tmp_path: Path, now: int) -> None:
    lines = history(120, 11, 2_500, now)
    began = time.monotonic()
    exchange = launch(write(tmp_path / "h.jsonl", lines), "--data", str(tmp_path / "data"))
    assert len(lines) > 6_000 and time.monotonic() - began < 15
    check_truth(exchange.truth())
    assert exchange.stop() == 0
