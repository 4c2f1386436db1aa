"""The public markets' pure cores: the order book against a naive one, what frames become, what a page may watch."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bybit import market_parse
from bybit.books import Book
from bybit.fields import Malformed
from bybit.stream import Message
from orders.marks import all_topics, held_as, watch_of
from orders.merging import Merged

Sides = tuple[dict[int, int], dict[int, int]]
# What the exchange does between two frames: changes of levels (side, price, size), and how its frame fares on the way.
CHANGE = st.tuples(st.booleans(), st.integers(1, 20), st.integers(0, 3))
STEP = st.tuples(
    st.lists(CHANGE, max_size=4), st.sampled_from(["delta", "delta", "delta", "snapshot", "lost", "twice"])
)


def _rows(side: dict[int, int]) -> list[list[str]]:
    """Unsorted, as an exchange may send them, and with zeros at the end."""
    return [
        [f"{price}.10", f"{size}.0"] for price, size in sorted(side.items(), key=lambda item: item[0] % 7)
    ]


def _shown(side: dict[int, int], *, reverse: bool) -> list[tuple[Decimal, Decimal]]:
    levels = [(Decimal(f"{price}.1"), Decimal(size)) for price, size in side.items() if size]
    return sorted(levels, reverse=reverse)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEP, max_size=30))
def test_the_book_is_the_exchange_s_or_none(steps: list[tuple[list[Any], str]]) -> None:
    """Bids below 100, asks above: a naive exchange that rewrites its sides. After a lost frame nothing is shown until a
    snapshot; at any other time exactly the exchange's levels, sorted."""
    book, truth, u = Book(), ({}, {}), 1
    whole = book.take("snapshot", {"u": u, "b": [], "a": []}, 0)
    for number, (changes, fate) in enumerate(steps, 1):
        delta: Sides = ({}, {})
        for ask, price, size in changes:
            side, at = int(ask), price + (100 if ask else 0)
            truth[side][at] = delta[side][at] = size
        # A snapshot may also start the count anew, as after a restart at Bybit, and names only what is there.
        u = 1 if fate == "snapshot" and number % 2 else u + 1
        there = tuple({price: size for price, size in side.items() if size} for side in truth)
        rows = there if fate == "snapshot" else delta
        data = {"u": u, "b": _rows(rows[0]), "a": _rows(rows[1])}
        if fate == "lost":
            whole = False
            continue
        for _ in range(2 if fate == "twice" else 1):
            book.take("snapshot" if fate == "snapshot" else "delta", data, number)
        whole = whole or fate == "snapshot"
        view = book.view(1000)
        assert (view is not None) == whole
        assert book.broken == (not whole)
        if view is not None:
            assert list(view.bids) == _shown(truth[0], reverse=True)
            assert list(view.asks) == _shown(truth[1], reverse=False)
            assert view.at_ms == number


def _book(kind: str, u: int, bids: Any, asks: Any) -> Message:
    return Message("orderbook.50.BTCUSDT", kind, 1_767_000_000_000, {"u": u, "b": bids, "a": asks})


@pytest.mark.parametrize(
    "spoiled",
    [
        _book("delta", 3, [["101", "1"]], []),  # a delta is missing
        _book("delta", 2, [["102", "1"]], []),  # crossed
        _book("delta", 2, [["102", "1"], ["103"]], []),  # not a level
        _book("delta", 2, [["100", ""]], []),  # no number is no size
    ],
)
def test_a_spoiled_book_is_never_told_and_asks_for_a_new_start(spoiled: Message) -> None:
    merged = Merged("linear")
    mark, topic = "book.BTCUSDT", "orderbook.50.BTCUSDT"
    merged.take(_book("snapshot", 1, [["100", "1"]], [["101.50", "2"]]))
    ((told, text, _),) = merged.changed("book", {mark})
    assert told == mark
    assert json.loads(text) == {
        "type": "book",
        "symbol": "BTCUSDT",
        "bids": [["100", "1"]],
        "asks": [["101.5", "2"]],
        "at": "2025-12-29T09:20:00.000Z",
    }
    merged.take(spoiled)
    assert merged.changed("book", {mark}) == []
    assert topic in merged.broken
    assert topic not in merged.heard
    merged.take(_book("delta", 4, [["99", "1"]], []))
    assert merged.changed("book", {mark}) == []
    merged.take(_book("snapshot", 1, [["99", "1"]], []))
    ((_, text, _),) = merged.changed("book", {mark})
    assert (json.loads(text)["bids"], json.loads(text)["asks"]) == ([["99", "1"]], [])
    assert topic not in merged.broken


def _ticker(kind: str = "snapshot", **data: Any) -> Message:
    return Message("tickers.BTCUSDT", kind, 1_767_000_000_000, {"symbol": "BTCUSDT", **data})


def test_a_ticker_keeps_what_a_delta_leaves_out_and_knows_no_number_from_nothing() -> None:
    merged = Merged("linear")
    merged.take(_ticker("delta", lastPrice="1"))
    assert merged.changed("ticker", {"ticker.BTCUSDT"}) == []
    merged.take(
        _ticker(
            lastPrice="60000.10", markPrice="60000", fundingRate="0.0001", nextFundingTime="1767024000000"
        )
    )
    merged.take(
        _ticker("delta", fundingRate="", nextFundingTime="", openInterest="", bid1Price="0", volume24h="0")
    )
    ((_, text, held),) = merged.changed("ticker", {"ticker.BTCUSDT"})
    told = json.loads(text)
    assert text == held
    assert (told["last"], told["mark"], told["volume"]) == ("60000.1", "60000", "0")
    unknown = ("funding_rate", "next_funding_at", "open_interest", "bid", "ask", "change_24h", "index")
    assert [told[name] for name in unknown] == [None] * len(unknown)
    assert "category" not in told
    # Nothing has changed since: nothing is told, to neither rhythm but the one that has not had its turn.
    assert merged.changed("ticker", {"ticker.BTCUSDT"}) == []
    assert len(merged.changed("focus", {"focus.BTCUSDT"})) == 1
    # A delta that cannot be read would hide what it changed.
    merged.take(_ticker("delta", lastPrice=60000))
    merged.take(_ticker("delta", markPrice="1"))
    assert merged.changed("ticker", {"ticker.BTCUSDT"}) == []
    assert "tickers.BTCUSDT" in merged.broken


def test_spot_takes_its_best_prices_from_the_one_level_book() -> None:
    merged = Merged("spot")
    merged.take(
        Message("orderbook.1.BTCUSDT", "snapshot", 5, {"b": [["59999.0", "1"]], "a": [["60001", "2.50"]]})
    )
    assert merged.changed("ticker", {"ticker.BTCUSDT"}) == []
    merged.take(_ticker(lastPrice="60000"))
    merged.take(_ticker(lastPrice="60000.5", usdIndexPrice="60000"))
    ((_, text, _),) = merged.changed("ticker", {"ticker.BTCUSDT"})
    told = json.loads(text)
    assert told["category"] == "spot"
    assert [told[name] for name in ("last", "bid", "ask", "ask_size")] == ["60000.5", "59999", "60001", "2.5"]
    assert (told["mark"], told["index"], told["funding_rate"]) == (None, None, None)


def _trades(*ids: str) -> Message:
    rows = [
        {"T": 1_767_000_000_000, "s": "X", "S": "Buy", "v": "0.10", "p": "5.0", "i": name} for name in ids
    ]
    return Message("publicTrade.X", "snapshot", 1_767_000_000_001, rows)


def test_trades_come_in_batches_newest_first_and_late_comers_get_the_last_ones() -> None:
    merged = Merged("linear")
    merged.take(_trades("a", "b"))
    merged.take(_trades("c"))
    ((_, text, _),) = merged.changed("trades", {"trades.X"})
    items = json.loads(text)["items"]
    assert [item["exec_id"] for item in items] == ["c", "b", "a"]
    assert (items[0]["price"], items[0]["qty"], items[0]["at"]) == ("5", "0.1", "2025-12-29T09:20:00.000Z")
    merged.take(_trades("d"))
    ((_, text, held),) = merged.changed("trades", {"trades.X"})
    assert [item["exec_id"] for item in json.loads(text)["items"]] == ["d"]
    assert [item["exec_id"] for item in json.loads(held)["items"]] == ["d", "c", "b", "a"]


def _candle(start: int, close: str, *, confirm: bool) -> Message:
    row = {
        "start": start,
        "open": "1",
        "high": "2.50",
        "low": "1",
        "close": close,
        "volume": "",
        "turnover": "7",
    }
    return Message("kline.1.X", "snapshot", start + 5, [{**row, "confirm": confirm, "interval": "1"}])


def test_a_candle_that_ended_is_told_before_the_next_one() -> None:
    merged = Merged("linear")
    for message in (
        _candle(0, "1.5", confirm=False),
        _candle(0, "2.0", confirm=True),
        _candle(60_000, "2.1", confirm=False),
    ):
        merged.take(message)
    told = [json.loads(text) for _, text, _ in merged.changed("candle", {"candle.1.X"})]
    assert [(item["start"][14:19], item["close"], item["confirmed"]) for item in told] == [
        ("00:00", "2", True),
        ("01:00", "2.1", False),
    ]
    assert (told[0]["volume"], told[0]["interval"]) == (None, "1")


@pytest.mark.parametrize(
    ("message", "marks"),
    [
        ({"symbols": ["BTCUSDT"]}, {"focus.BTCUSDT"}),
        ({"symbols": ["BTCUSDT"], "focus": None}, {"ticker.BTCUSDT"}),
        ({"symbols": ["A", "B"]}, {"ticker.A", "ticker.B"}),
        ({"symbols": ["A", "B"], "focus": "B"}, {"ticker.A", "focus.B"}),
        ({"symbols": [], "book": "A", "trades": "A"}, {"book.A", "trades.A"}),
        ({"symbols": [], "candles": {"symbol": "A", "interval": "60"}}, {"candle.60.A"}),
        ({"symbols": [], "candles": {"symbol": "A", "interval": "7"}}, set()),
        ({"symbols": [1, "%00", "A.B", "BTC-26JUN26"], "book": 5}, {"focus.BTC-26JUN26"}),
        ({"symbols": ["A"] * 51}, None),
        ({"symbols": "A"}, None),
        ({"symbols": [], "category": "option"}, None),
        ({"symbols": [], "category": []}, None),
    ],
)
def test_what_a_page_may_watch(message: dict[str, Any], marks: set[str] | None) -> None:
    found = watch_of(message)
    assert (None if found is None else set(found.marks)) == marks


def test_what_a_mark_needs_of_bybit() -> None:
    marks = {"focus.X", "ticker.X", "book.X", "candle.D.X", "trades.X"}
    shared = {"tickers.X", "orderbook.50.X", "kline.D.X", "publicTrade.X"}
    assert all_topics(marks, "linear") == shared
    assert all_topics(marks, "spot") == shared | {"orderbook.1.X"}
    assert held_as("focus.X") == held_as("ticker.X")


def test_risk_tiers_may_come_as_numbers_or_texts() -> None:
    unknown = dict.fromkeys(("initialMargin", "maxLeverage", "mmDeduction"), "")
    row = {"id": 1, "symbol": "X", "riskLimitValue": "2000000", "maintenanceMargin": 0.00005, **unknown}
    tier = market_parse.risk_tier(row, "linear")
    assert tier.maintenance_margin == Decimal("0.00005")
    assert (tier.initial_margin, tier.max_leverage, tier.mm_deduction) == (None, None, None)


def test_a_crossed_book_by_rest_is_no_book() -> None:
    with pytest.raises(Malformed):
        market_parse.book({"b": [["2", "1"]], "a": [["1", "1"]]}, 0)
