"""Markets on the live socket and the API: what is followed, how often it is told, and what a dead feed does to it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.conftest import Stack, wait_for
from tests.house.live import Page
from tests.house.test_callers import Browser

LEVELS = 25


@pytest.fixture
def still(stack: Stack) -> Iterator[Stack]:
    """The house with a market that stands still."""
    stack.paper.control("pause", {"on": True})
    yield stack
    stack.paper.clear()
    stack.paper.control("pause", {"on": False})


@contextmanager
def busy(stack: Stack) -> Iterator[None]:
    """The market takes a tick every 15 ms or so."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(0.01):
            stack.paper.control("step", {"ticks": 1})

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.fixture
def watcher(still: Stack) -> Iterator[Page]:
    """A page that watches nothing yet."""
    with Page(still, token=still.token("read")) as page:
        page.wait("snapshot")
        yield page


def book_at_the_exchange(stack: Stack, symbol: str, category: str = "linear") -> dict[str, Any]:
    query = {"category": category, "symbol": symbol, "limit": LEVELS}
    found = requests.get(f"{stack.paper_url}/v5/market/orderbook", params=query, timeout=10).json()["result"]
    return {"bids": plain(found["b"]), "asks": plain(found["a"])}


def plain(levels: list[list[str]]) -> list[list[Decimal]]:
    return [[Decimal(price), Decimal(size)] for price, size in levels]


def shows_the_truth(page: Page, stack: Stack, symbol: str, category: str = "linear") -> Callable[[], bool]:
    def look() -> bool:
        wanted = book_at_the_exchange(stack, symbol, category)
        books = [book for book in page.of("book") if book.get("category", "linear") == category]
        return bool(books) and {name: plain(books[-1][name]) for name in ("bids", "asks")} == wanted

    return look


def age(page: Page) -> int | None:
    found: int | None = page.of("heartbeat")[-1]["up"]["paper"]["public_age_ms"]
    return found


def test_each_kind_is_told_no_oftener_than_it_should(watcher: Page, still: Stack) -> None:
    """A busy market, and a page that watches everything of one and the price of another."""
    with busy(still):
        watcher.send(
            type="watch", symbols=["BTCUSDT", "SOLUSDT"], focus="BTCUSDT", book="BTCUSDT", trades="BTCUSDT",
            candles={"symbol": "BTCUSDT", "interval": "1"},
        )  # fmt: skip
        for kind in ("ticker", "book", "trades", "candle"):
            watcher.wait(kind)
        watcher.wait("ticker", lambda tick: tick["symbol"] == "SOLUSDT")
        watcher.messages.clear()
        start = time.monotonic()
        wait_for(lambda: time.monotonic() - start > 3, 5)
        seconds = time.monotonic() - start
        messages = list(watcher.messages)
    told = {
        "focus": [m for m in messages if m["type"] == "ticker" and m["symbol"] == "BTCUSDT"],
        "list": [m for m in messages if m["type"] == "ticker" and m["symbol"] == "SOLUSDT"],
        **{kind: [m for m in messages if m["type"] == kind] for kind in ("book", "trades", "candle")},
    }
    rates = {kind: len(found) / seconds for kind, found in told.items()}
    for kind, most in {"focus": 10, "list": 4, "book": 5, "trades": 4, "candle": 4}.items():
        assert 0.4 * most <= rates[kind] <= most * 1.1 + 0.4, rates
    for book in told["book"]:
        bids, asks = plain(book["bids"]), plain(book["asks"])
        assert 11 <= len(bids) <= LEVELS
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert bids[0][0] < asks[0][0]
    for found in told.values():
        times = [message["at"] for message in found]
        assert times == sorted(times)
    ids = [trade["exec_id"] for message in told["trades"] for trade in message["items"]]
    assert len(ids) == len(set(ids))
    candle = told["candle"][-1]
    assert {
        "symbol",
        "interval",
        "start",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "turnover",
        "confirmed",
    } <= set(candle)
    tick = told["focus"][-1]
    assert all(
        isinstance(tick[name], str)
        for name in (
            "change_24h",
            "volume",
            "turnover",
            "funding_rate",
            "open_interest",
            "index",
            "next_funding_at",
        )
    )
    # It stands still again: what is shown is what the exchange has.
    wait_for(shows_the_truth(watcher, still, "BTCUSDT"), 5, "the true book")


def test_a_late_page_gets_what_is_held_at_once(watcher: Page, still: Stack) -> None:
    wish = {"symbols": ["ETHUSDT"], "book": "ETHUSDT", "candles": {"symbol": "ETHUSDT", "interval": "5"}}
    watcher.send(type="watch", **wish)
    first = {kind: watcher.wait(kind) for kind in ("ticker", "book", "candle")}
    with Page(still, token=still.token("read")) as late:
        late.wait("snapshot")
        late.send(type="watch", **wish)
        for kind, message in first.items():
            assert late.wait(kind, seconds=3) == message


def test_spot_and_linear_of_one_name_do_not_mix(watcher: Page, still: Stack) -> None:
    watcher.send(type="watch", symbols=["BTCUSDT"], book="BTCUSDT")
    watcher.send(type="watch", category="spot", symbols=["BTCUSDT"], book="BTCUSDT", trades="BTCUSDT")
    for category in ("linear", "spot"):
        wait_for(shows_the_truth(watcher, still, "BTCUSDT", category), 10, f"the book of {category}")
    rows = {}
    for category in ("linear", "spot"):
        query = {"category": category, "symbol": "BTCUSDT"}
        told = requests.get(f"{still.paper_url}/v5/market/tickers", params=query, timeout=10).json()
        [rows[category]] = told["result"]["list"]

    def ticker(category: str) -> Any:
        """The ticker that shows what the exchange has, now that it stands still."""
        row = rows[category]
        return watcher.wait(
            "ticker",
            lambda tick: (
                tick.get("category", "linear") == category
                and (Decimal(tick["last"]), Decimal(tick["bid"]))
                == (Decimal(row["lastPrice"]), Decimal(row["bid1Price"]))
            ),
        )

    spot, linear = ticker("spot"), ticker("linear")
    assert (spot["mark"], spot["funding_rate"]) == (None, None)
    assert linear["mark"] is not None
    assert Decimal(spot["bid"]) < Decimal(spot["ask"])
    # Spot is let go of; linear stays.
    watcher.send(type="watch", category="spot", symbols=[])
    with busy(still):
        watcher.messages.clear()
        wait_for(lambda: len(watcher.of("ticker")) > 5, 10)
    assert all("category" not in tick for tick in watcher.of("ticker")[2:])
    # And the other way round.
    watcher.send(type="watch", symbols=[])
    watcher.send(type="watch", category="spot", symbols=["BTCUSDT"])
    with busy(still):
        watcher.messages.clear()
        wait_for(lambda: len(watcher.of("ticker")) > 5, 10)
    assert all(tick["category"] == "spot" for tick in watcher.of("ticker")[2:])


@pytest.mark.parametrize("do", ["silent", "close", "refuse"])
def test_a_public_feed_that_died_is_rebuilt_and_the_book_is_right_again(
    watcher: Page, still: Stack, do: str
) -> None:
    watcher.send(type="watch", symbols=["BTCUSDT"], book="BTCUSDT")
    wait_for(shows_the_truth(watcher, still, "BTCUSDT"), 10, "the true book")
    before = len(still.lines)
    # Silent: not a pong any more, on this socket and on every new one, until the fault is cleared.
    still.paper.fault(stream="public", do=do, **({"ms": 1500} if do == "refuse" else {}))
    # The market moves on while nobody hears it.
    still.paper.control("step", {"ticks": 5})
    if do == "silent":
        watcher.wait("heartbeat", lambda _: (age(watcher) or 0) > 2500)

        def rebuilt() -> int:
            return sum(" paper linear: " in line for line in still.lines[before:])

        wait_for(rebuilt, 10, "the rebuilding")
        # A new socket that says nothing is no sign of life.
        watcher.messages.clear()
        wait_for(lambda: rebuilt() > 1, 15, "the next one")
        assert all(beat["up"]["paper"]["public_age_ms"] > 2500 for beat in watcher.of("heartbeat"))
        still.paper.clear()
    wait_for(shows_the_truth(watcher, still, "BTCUSDT"), 15, f"the true book after {do}")
    watcher.messages.clear()
    watcher.wait("heartbeat", lambda beat: beat["up"]["paper"]["public_age_ms"] < 2500)


def test_lost_frames_of_a_book_are_noticed(watcher: Page, still: Stack) -> None:
    watcher.send(type="watch", symbols=[], book="SOLUSDT")
    wait_for(shows_the_truth(watcher, still, "SOLUSDT"), 10, "the true book")
    still.paper.fault(stream="public", do="drop", count=1)
    still.paper.control("step", {"ticks": 1})
    still.paper.control("step", {"ticks": 1})
    wait_for(shows_the_truth(watcher, still, "SOLUSDT"), 5, "the true book")


def test_a_market_that_bybit_does_not_know_spoils_no_other(watcher: Page, still: Stack) -> None:
    watcher.send(type="watch", symbols=["NOSUCH", "BTCUSDT"], book="NOSUCH")
    watcher.wait("ticker", lambda tick: tick["symbol"] == "BTCUSDT")
    watcher.messages.clear()
    with busy(still):
        wait_for(lambda: len(watcher.of("ticker")) > 4, 5)
    # It is not even asked for.
    assert not any("Bybit refuses" in line for line in still.lines)


def test_the_list_of_markets(stack: Stack) -> None:
    def rows(**query: str) -> list[dict[str, Any]]:
        answer = stack.api("GET", "/markets", params=query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    linear, spot = rows(), rows(category="spot")
    assert [row["symbol"] for row in linear] == sorted(row["symbol"] for row in linear)
    assert len(linear) == 7
    first = next(row for row in linear if row["symbol"] == "BTCUSDT")
    assert all(
        isinstance(first[name], str)
        for name in (
            "last",
            "mark",
            "index",
            "change_24h",
            "volume",
            "turnover",
            "funding_rate",
            "tick_size",
            "at",
        )
    )
    assert first["funding_interval_min"] == 480
    assert all(row["mark"] is None and row["category"] == "spot" for row in spot)
    assert [row["symbol"] for row in rows(q="eth")] == ["ETHPERP", "ETHUSDT"]
    assert len(rows(q="usdt")) == 5
    page = stack.api("GET", "/markets?limit=2").json()
    assert page["next"] == page["items"][-1]["symbol"]
    rest = stack.api("GET", f"/markets?limit=200&cursor={page['next']}").json()
    assert [row["symbol"] for row in page["items"] + rest["items"]] == [row["symbol"] for row in linear]
    assert rest["next"] is None


def test_favourites_belong_to_the_one_who_reads(stack: Stack) -> None:
    """A right to read is enough: nothing but one's own list changes. By cookie it takes the page's own token."""
    headers = {"Authorization": f"Bearer {stack.token('read')}"}
    put = requests.put(f"{stack.url}/api/v1/favourites/linear/SOLUSDT", headers=headers, timeout=10)
    assert put.status_code == 200, put.text
    assert stack.api("PUT", "/favourites/linear/BTCUSDT?position=0").status_code == 200
    listed = stack.api("GET", "/markets?favourites=true").json()["items"]
    assert [row["symbol"] for row in listed] == ["BTCUSDT", "SOLUSDT"]
    assert all(row["favourite"] for row in listed)
    assert stack.api("GET", "/markets?category=spot&favourites=true").json()["items"] == []
    assert stack.api("PUT", "/favourites/linear/NOSUCH").status_code == 404
    person = Browser(stack)
    path = f"{stack.url}/api/v1/favourites/linear/BTCUSDT"
    assert requests.delete(path, headers=person.cookies(), timeout=10).status_code == 403
    for symbol in ("BTCUSDT", "SOLUSDT"):
        assert stack.api("DELETE", f"/favourites/linear/{symbol}").status_code == 200
    assert stack.api("GET", "/favourites").json() == {"items": [], "next": None}


def test_reads_of_one_market_and_bybit_away(still: Stack) -> None:
    def get(path: str) -> requests.Response:
        return still.api("GET", f"/markets/{path}")

    book = get("BTCUSDT/book").json()
    assert {name: plain(book[name]) for name in ("bids", "asks")} == book_at_the_exchange(still, "BTCUSDT")
    candles = get("BTCUSDT/candles?interval=15&limit=4").json()
    starts = [candle["start"] for candle in candles["items"]]
    assert len(starts) == 4
    assert starts == sorted(starts)
    again = get(f"BTCUSDT/candles?interval=15&start={starts[1]}&end={starts[2]}").json()["items"]
    assert [candle["start"] for candle in again] == starts[1:3]
    assert {"exec_id", "price", "qty", "side", "at"} <= set(get("BTCUSDT/trades").json()["items"][0])
    funding = get("BTCUSDT/funding?limit=3").json()
    assert len(funding["items"]) == 3
    assert funding["next_funding_at"] > funding["items"][0]["at"]
    assert get("BTCUSDT/funding?category=spot").json()["error"]["code"] == "no_funding"
    for bad in ("interval=7", "interval=5&start=2026-13-01T00:00:00Z", "interval=5&limit=1001"):
        assert get(f"BTCUSDT/candles?{bad}").status_code == 422
    for path in ("book", "trades", "funding", "candles?interval=1"):
        assert get(f"NOSUCH/{path}").status_code == 404
    still.paper.fault(endpoint="/v5/market/kline", accept="never", reply="status", code=500)
    answer = get("BTCUSDT/candles?interval=5")
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "bybit_unreachable")
