"""Follows the public prices that some page or open position needs, and pushes the latest of each at most ten times a
second, stamped with the exchange's own time."""

import json
import logging
import random
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from django.db import DatabaseError, connections
from django.utils import timezone

from bybit import parse
from bybit.decimals import to_wire
from bybit.forms import time_text
from bybit.models import Account, Link
from bybit.stream import Bad, Feed, FeedDown, Message
from bybit.types import Ticker
from orders import topics
from positions.models import Position

log = logging.getLogger("tradepost.prices")

PUSH_SECONDS = 0.1
# How soon a price that a page has just asked for is subscribed to.
WANT_SECONDS = 0.1
HELD_SECONDS = 2.0
NOTE_SECONDS = 0.5
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 4.0
_EXTRA = {
    "price24hPcnt": "change_24h",
    "highPrice24h": "high_24h",
    "lowPrice24h": "low_24h",
    "fundingRate": "funding_rate",
    "nextFundingTime": "next_funding_at",
    "bid1Size": "bid_size",
    "ask1Size": "ask_size",
}


class Prices(threading.Thread):
    """The public feed of one environment. Runs until stopped."""

    def __init__(self, environment: str, stopping: threading.Event) -> None:
        super().__init__(name=f"prices-{environment}", daemon=True)
        self.environment = environment
        self._stopping = stopping
        self._client = topics.redis_client()
        self._held: tuple[float, set[str]] = (float("-inf"), set())

    def run(self) -> None:
        loop = topics.Loop()
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                if self._follow(loop):
                    pause = FIRST_PAUSE
            except (FeedDown, DatabaseError, redis.RedisError, OSError, TimeoutError) as error:
                log.warning("%s: %s", self.environment, error)
            except Exception:
                log.exception("%s: prices failed and start anew", self.environment)
            finally:
                connections["default"].close()
            self._stopping.wait(pause * random.uniform(0.75, 1.25))  # noqa: S311  # jitter, not secrecy
            pause = min(pause * 2, LONGEST_PAUSE)

    def _follow(self, loop: topics.Loop) -> bool:
        """One life of the feed. Nothing is opened while nobody needs a price."""
        account = Account.objects.filter(environment=self.environment).first()
        if account is None:
            return False
        feed: Feed | None = None
        book = Merged()
        watched: set[str] = set()
        asked = pushed = noted = 0.0
        try:
            while not self._stopping.is_set():
                now = time.monotonic()
                if now - asked >= WANT_SECONDS:
                    asked = now
                    watched, feed = self._adjust(account, feed, watched, book)
                if now - noted >= NOTE_SECONDS:
                    noted = now
                    self._note(feed, watched)
                if feed is None:
                    self._stopping.wait(WANT_SECONDS)
                    continue
                book.take(feed.read(PUSH_SECONDS / 2))
                while feed.backlog:
                    book.take(feed.read(0))
                if time.monotonic() - pushed >= PUSH_SECONDS:
                    pushed = time.monotonic()
                    topics.send_tickers(loop, self._client, self.environment, book.changed())
            return True
        finally:
            if feed is not None:
                feed.close()

    def _adjust(
        self, account: Account, feed: Feed | None, watched: set[str], book: "Merged"
    ) -> tuple[set[str], Feed | None]:
        needed = topics.wanted(self._client, self.environment) | self._positions()
        if feed is not None:
            feed.check()
        if needed == watched:
            return watched, feed
        if feed is None:
            feed = Feed(account, "linear")
            feed.open()
        gone, fresh = sorted(watched - needed), sorted(needed - watched)
        if gone:
            feed.drop([f"tickers.{symbol}" for symbol in gone])
            book.forget(gone)
            topics.hold_tickers(self._client, self.environment, gone)
        if fresh:
            feed.add([f"tickers.{symbol}" for symbol in fresh])
        return needed, feed

    def _positions(self) -> set[str]:
        """The markets in which a position is open."""
        read, symbols = self._held
        if time.monotonic() - read >= HELD_SECONDS:
            rows = Position.objects.filter(account__environment=self.environment).exclude(size=0)
            symbols = set(rows.values_list("symbol", flat=True))
            self._held = (time.monotonic(), symbols)
        return symbols

    def _note(self, feed: Feed | None, watched: set[str]) -> None:
        at = None
        if feed is not None and watched:
            at = timezone.now() - timedelta(seconds=min(feed.heard_age(), 3600))
            topics.hold_tickers(self._client, self.environment)
        Link.objects.filter(account__environment=self.environment).update(public_at=at)


class Merged:
    """The latest state of each market: Bybit's tickers are deltas in which a missing field is unchanged. (pybit's own
    merge shares one object between callbacks.)"""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Any]] = {}
        self._at: dict[str, int] = {}
        self._due: set[str] = set()

    def take(self, item: Message | Bad | None) -> None:
        if item is None or isinstance(item, Bad) or not item.topic.startswith("tickers."):
            return
        symbol = item.topic.removeprefix("tickers.")
        if not isinstance(item.data, dict) or (item.kind == "delta" and symbol not in self._rows):
            return
        if item.kind == "snapshot":
            self._rows[symbol] = {}
        self._rows[symbol] |= item.data
        self._at[symbol] = item.at_ms
        self._due.add(symbol)

    def forget(self, symbols: list[str]) -> None:
        for symbol in symbols:
            self._rows.pop(symbol, None)
            self._due.discard(symbol)

    def changed(self) -> list[tuple[str, str]]:
        """(symbol, JSON text) of each market that moved since the last call."""
        due, self._due = self._due, set()
        texts = []
        for symbol in sorted(due):
            try:
                texts.append((symbol, ticker_text(parse.ticker(self._rows[symbol], self._at[symbol]))))
            except parse.Malformed as error:
                log.warning("%s: a price could not be read (%s)", symbol, error)
        return texts


def ticker_text(ticker: Ticker) -> str:
    """The socket's `ticker` message. Its `at` is the exchange's time."""
    prices = {name: getattr(ticker, name) for name in ("last", "mark", "bid", "ask")}
    message: dict[str, Any] = {"type": "ticker", "symbol": ticker.symbol}
    message |= {name: None if value is None else to_wire(value) for name, value in prices.items()}
    message |= {_EXTRA[name]: value for name, value in ticker.extra.items()}
    if "next_funding_at" in message:
        message["next_funding_at"] = _moment(int(message["next_funding_at"]))
    message["at"] = _moment(ticker.at_ms)
    return json.dumps(message, separators=(",", ":"))


def _moment(at_ms: int) -> str:
    return time_text(datetime.fromtimestamp(at_ms / 1000, UTC))
