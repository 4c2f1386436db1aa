"""Funding by the clock: at the announced time, at the announced rate, once."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from .exchange import Exchange

INTERVAL_MS = 8 * 3_600_000


@pytest.fixture
def held() -> Iterator[Exchange]:
    """A frozen exchange of its own, in which `paper` is long."""
    exchange = Exchange("--seed", "7")
    exchange.control("pause", on=True)
    exchange.control("price", symbol="BTCUSDT", price="60000")
    for symbol in ("BTCUSDT", "ETHPERP"):
        exchange.control("external", symbol=symbol, side="Buy", orderType="Market", qty="0.100")
    yield exchange
    assert exchange.stop() == 0


def ticker(exchange: Exchange, symbol: str) -> dict[str, Any]:
    return dict(exchange.public("/v5/market/tickers", category="linear", symbol=symbol)["result"]["list"][0])


def now_ms(exchange: Exchange) -> int:
    return int(exchange.public("/v5/market/time")["time"])


def charged(exchange: Exchange) -> list[dict[str, Any]]:
    return [row for row in exchange.truth()["executions"] if row["execType"] == "Funding"]


def pass_to(exchange: Exchange, at_ms: int, skew: int) -> int:
    """The exchange's clock goes there, and its market moves once; the new skew."""
    skew += at_ms - now_ms(exchange)
    exchange.control("fault", skew_ms=skew)
    exchange.control("step", ticks=1)
    return skew


def test_it_is_charged_when_its_time_comes(held: Exchange) -> None:
    before = {symbol: ticker(held, symbol) for symbol in ("BTCUSDT", "ETHPERP")}
    due = int(before["BTCUSDT"]["nextFundingTime"])
    skew = pass_to(held, due - 60_000, 0)
    assert charged(held) == []
    skew = pass_to(held, due + 1_000, skew)
    rows = {row["symbol"]: row for row in charged(held)}
    assert set(rows) == set(before)
    for symbol, row in rows.items():
        assert row["feeRate"] == before[symbol]["fundingRate"]
        value = Decimal(row["execQty"]) * Decimal(row["markPrice"])
        assert Decimal(row["execFee"]) == (value * Decimal(row["feeRate"])).quantize(Decimal("1e-8"))
        after = ticker(held, symbol)
        assert int(after["nextFundingTime"]) == due + INTERVAL_MS
        assert after["fundingRate"] != before[symbol]["fundingRate"]
        known = held.public("/v5/market/funding/history", category="linear", symbol=symbol, limit=1)
        newest = {"symbol": symbol, "fundingRate": row["feeRate"], "fundingRateTimestamp": str(due)}
        assert known["result"]["list"] == [newest]
    held.control("step", ticks=5)
    assert len(charged(held)) == 2
    pass_to(held, due + 3 * INTERVAL_MS + 1_000, skew)
    assert len(charged(held)) == 4


def test_the_history_of_rates(held: Exchange) -> None:
    def asked(**query: Any) -> dict[str, Any]:
        return held.public("/v5/market/funding/history", category="linear", symbol="BTCUSDT", **query)

    now = now_ms(held)
    assert asked(startTime=now - INTERVAL_MS)["retCode"] == 10001
    rows = asked(startTime=now - 3 * INTERVAL_MS, endTime=now)["result"]["list"]
    assert len(rows) == 3
    assert [int(row["fundingRateTimestamp"]) % INTERVAL_MS for row in rows] == [0, 0, 0]
    assert len(asked()["result"]["list"]) == 200
