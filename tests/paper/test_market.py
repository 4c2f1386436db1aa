"""The market: the same for the same seed and tick, whoever trades; sane for years; charts at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from bybit.paper.engine.specs import SPECS
from bybit.paper.market.intervals import INTERVALS, before, end_of, start_of
from bybit.paper.market.ladder import ladder
from bybit.paper.market.path import PricePath

from .exchange import Exchange


def prices(exchange: Exchange) -> list[tuple[str, str, str]]:
    rows = exchange.public("/v5/market/tickers", category="linear")["result"]["list"]
    return [(row["lastPrice"], row["markPrice"], row["indexPrice"]) for row in rows]


@pytest.fixture
def slow() -> Iterator[list[Exchange]]:
    """Exchanges whose market moves only by steps."""
    running: list[Exchange] = []
    for seed in ("11", "11", "12"):
        exchange = Exchange("--seed", seed, "--tick-ms", "600000")
        exchange.control("pause", on=True)
        running.append(exchange)
    yield running
    for exchange in running:
        exchange.stop()


def test_the_path_depends_on_seed_and_tick_alone(slow: list[Exchange]) -> None:
    one, two, other = slow
    trader = one.open_trader()
    for step in (1, 2, 5):
        trader.placed("Buy", "1")
        trader.placed("Sell", "0.5", "90000")
        for exchange in slow:
            exchange.control("step", ticks=step)
        assert prices(one) == prices(two) != prices(other)
    book = [
        each.public("/v5/market/orderbook", category="linear", symbol="ETHUSDT", limit=60)
        for each in (one, two)
    ]
    assert book[0]["result"]["b"] == book[1]["result"]["b"]


def test_the_path_as_it_was_when_first_released() -> None:
    """Recorded charts and stored exchanges rest on it: it must never change."""
    path = PricePath(7, SPECS["BTCUSDT"])
    assert [str(path.price(tick)) for tick in (0, 1, 2, -1_000_000)] == GOLDEN


GOLDEN = json.loads((Path(__file__).parent / "path.json").read_text())


@pytest.mark.parametrize("symbol", SPECS)
def test_prices_stay_sane_for_years(symbol: str) -> None:
    spec, path = SPECS[symbol], PricePath(1, SPECS[symbol])
    ticks_a_day = 345_600
    days = [path.price(day * ticks_a_day) for day in range(0, 3_000, 7)]
    assert spec.base_price / 2 < min(days) and max(days) < spec.base_price * 2
    minutes = [path.price(tick) for tick in range(0, 240 * 60, 240)]
    moves = [abs(b / a - 1) for a, b in pairwise(minutes)]
    assert max(moves) < Decimal("0.01") and len(set(minutes)) > 10


@pytest.mark.parametrize("symbol", SPECS)
def test_the_synthetic_book(symbol: str) -> None:
    spec = SPECS[symbol]
    bids, asks = ladder(1, spec, 5, spec.base_price)
    assert len(bids) >= 50 and len(asks) >= 50
    assert [price for price, _ in bids] == sorted({price for price, _ in bids}, reverse=True)
    assert [price for price, _ in asks] == sorted({price for price, _ in asks})
    assert bids[0][0] < spec.base_price < asks[0][0]
    assert asks[0][0] - bids[0][0] <= 6 * spec.tick
    assert all(size % spec.step == 0 and size > 0 for _, size in (*bids, *asks))


@pytest.mark.parametrize("interval", INTERVALS)
def test_charts_reach_back_from_the_first_minute(exchange: Exchange, interval: str) -> None:
    query = {"category": "linear", "symbol": "BTCUSDT", "interval": interval, "limit": 200}
    rows = exchange.public("/v5/market/kline", **query)["result"]["list"]
    assert len(rows) == (200 if interval not in ("W", "M") else len(rows)) >= 75
    starts = [int(row[0]) for row in rows]
    assert starts == sorted(set(starts), reverse=True)
    for later, earlier in pairwise(starts):
        assert end_of(interval, earlier) == later == start_of(interval, later)
        assert before(interval, later) == earlier
    for _, first, high, low, last, volume, turnover in (map(Decimal, row) for row in rows):
        assert low <= min(first, last) <= max(first, last) <= high
        assert volume >= 0 and turnover >= 0
    assert exchange.public("/v5/market/kline", **query)["result"]["list"][1:] == rows[1:]
    for name in ("mark-price", "index-price", "premium-index-price"):
        lines = exchange.public(f"/v5/market/{name}-kline", **query)["result"]["list"]
        assert {len(row) for row in lines} == {5}


def test_candles_from_a_start_count_forward(exchange: Exchange) -> None:
    start = 1_700_000_100_000
    query = {"category": "linear", "symbol": "BTCUSDT", "interval": "60", "limit": 3, "start": start}
    rows = exchange.public("/v5/market/kline", **query)["result"]["list"]
    hour = 3_600_000
    first = start - start % hour + hour
    assert [int(row[0]) for row in rows] == [first + 2 * hour, first + hour, first]
    rows = exchange.public("/v5/market/kline", **query, end=start + hour)["result"]["list"]
    assert [int(row[0]) for row in rows] == [first]


def test_candles_of_the_past_join_up(exchange: Exchange) -> None:
    query = {"category": "linear", "symbol": "SOLUSDT", "interval": "15", "limit": 100}
    rows = exchange.public("/v5/market/kline", **query)["result"]["list"][2:]
    for later, earlier in pairwise(rows):
        assert later[1] == earlier[4]


def test_an_operators_price_moves_all_three_and_stays(exchange: Exchange) -> None:
    exchange.control("price", symbol="XRPUSDT", price="2.5")
    assert prices(exchange)[3] == ("2.5000",) * 3
    exchange.control("step", ticks=20)
    assert abs(Decimal(prices(exchange)[3][0]) / Decimal("2.5") - 1) < Decimal("0.01")
    for price in ("0", "-1", "0.00005", "x", "99999"):
        body = {"symbol": "XRPUSDT", "price": price}
        assert exchange.web.post(f"{exchange.base}/_paper/price", json=body, timeout=5).status_code == 422


def test_the_market_moves_through_resting_orders(exchange: Exchange) -> None:
    trader = exchange.open_trader()
    low = trader.placed("Buy", "0.010", "59500")
    lower = trader.placed("Buy", "0.010", "59400")
    exchange.control("price", symbol="BTCUSDT", price="59500")
    assert trader.row(low)["orderStatus"] == "Filled" and trader.row(lower)["orderStatus"] == "New"
    fill = trader.rows("/v5/execution/list", orderId=low)[0]
    assert (fill["execPrice"], fill["isMaker"]) == ("59500.00", True)
    exchange.control("price", symbol="BTCUSDT", price="59000")
    assert trader.rows("/v5/execution/list", orderId=lower)[0]["execPrice"] == "59400.00"


def test_it_moves_by_itself_until_paused() -> None:
    exchange = Exchange("--tick-ms", "20")
    first = prices(exchange)
    inbox_seen = {tuple(first)}
    while len(inbox_seen) < 3:
        inbox_seen.add(tuple(prices(exchange)))
    exchange.control("pause", on=True)
    frozen = prices(exchange)
    assert prices(exchange) == frozen
    exchange.control("pause", on=False)
    assert exchange.web.post(f"{exchange.base}/_paper/step", json={"ticks": 1}, timeout=5).status_code == 422
    exchange.stop()


def test_public_reads_that_clients_begin_with(exchange: Exchange) -> None:
    for path, query, size in (
        ("risk-limit", {"symbol": "BTCUSDT"}, 6), ("funding/history", {"symbol": "BTCUSDT", "limit": 5}, 5),
        ("open-interest", {"symbol": "BTCUSDT", "intervalTime": "1h", "limit": 7}, 7),
        ("instruments-info", {"symbol": "DOGEUSDT"}, 1),
    ):  # fmt: skip
        document = exchange.public(f"/v5/market/{path}", category="linear", **query)
        assert len(document["result"]["list"]) == size, document
    for category in ("inverse", "option"):
        for path in ("instruments-info", "tickers"):
            assert exchange.public(f"/v5/market/{path}", category=category)["result"]["list"] == []
    limits = exchange.public("/v5/market/price-limit", category="linear", symbol="BTCUSDT")["result"]
    assert (limits["buyLmt"], limits["sellLmt"]) == ("60600.00", "59400.00")
    for path in ("tickers", "orderbook", "kline", "recent-trade"):
        query = {"category": "linear", "symbol": "NOPE", "interval": "1"}
        assert exchange.public(f"/v5/market/{path}", **query)["retCode"] == 10001
