"""Follows the public markets that some page or open position needs, and tells pages what has changed: a thread around
bybit.stream (the socket), orders.merging (what the frames mean) and orders.topics (who is told)."""

import logging
import random
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.db import DatabaseError, connections
from django.utils import timezone

from bybit.models import Account, Instrument, Link
from bybit.stream import Bad, Feed, FeedDown
from orders import topics
from orders.marks import EVERY, all_topics, held_as, symbol_of, topics_of
from orders.merging import Merged
from positions.models import Position

log = logging.getLogger("tradepost.prices")

READ_SECONDS = 0.05
# How soon what a page has just asked for is subscribed to.
WANT_SECONDS = 0.1
HELD_SECONDS = 2.0
NOTE_SECONDS = 0.5
# Tickers and books begin with a snapshot. One that does not come is asked for again after this long, and with longer
# and longer pauses; a feed that brings none at all is built anew.
SNAPSHOT_SECONDS = 5.0
SOONEST_ASK_SECONDS, LONGEST_ASK_SECONDS = 1.0, 60.0
REFUSED_SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 4.0
# A feed that lived this long was a good one: the next is dialled without a long pause.
LONG_LIFE_SECONDS = 30.0
_AGE = {"linear": "public_at", "spot": "spot_public_at"}


class Prices(threading.Thread):
    """The public feed of one environment and category. Runs until stopped."""

    def __init__(self, environment: str, category: str, stopping: threading.Event) -> None:
        super().__init__(name=f"prices-{environment}-{category}", daemon=True)
        self.environment, self.category = environment, category
        self._stopping = stopping
        self._client = topics.redis_client()
        self._needs = Needs(environment, category, self._client)
        # When we last knew that the feed lives, while something is needed; written down for the heartbeat.
        self._fresh_at: datetime | None = None
        self._noted: datetime | None = None
        self._has_noted = False

    def run(self) -> None:
        loop = topics.Loop()
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._follow(loop)
            except (FeedDown, DatabaseError, redis.RedisError, OSError, TimeoutError) as error:
                log.warning("%s %s: %s", self.environment, self.category, error)
            except Exception:
                log.exception("%s %s: prices failed and start anew", self.environment, self.category)
            finally:
                connections["default"].close()
            if time.monotonic() - began > LONG_LIFE_SECONDS:
                pause = FIRST_PAUSE
            self._stopping.wait(pause * random.uniform(0.75, 1.25))  # noqa: S311  # jitter, not secrecy
            pause = min(pause * 2, LONGEST_PAUSE)

    def _follow(self, loop: topics.Loop) -> None:
        """One life of the feed, open only while something is needed."""
        account = Account.objects.filter(environment=self.environment).first()
        if account is None:
            return
        line: Line | None = None
        asked = noted = 0.0
        try:
            while not self._stopping.is_set():
                now = time.monotonic()
                if now - asked >= WANT_SECONDS:
                    asked = now
                    line = self._adjust(account, line)
                if now - noted >= NOTE_SECONDS:
                    noted = now
                    self._note(line)
                if line is None:
                    self._stopping.wait(WANT_SECONDS)
                    continue
                line.read()
                for messages in line.due():
                    topics.send_market(loop, self._client, self.environment, self.category, messages)
        finally:
            if line is not None:
                line.feed.close()

    def _adjust(self, account: Account, line: "Line | None") -> "Line | None":
        needed = self._needs.now()
        if not needed:
            if line is not None:
                line.feed.close()
                topics.hold_market(self._client, self.environment, self.category, line.marks)
            self._fresh_at = None
            return None
        self._fresh_at = self._fresh_at or timezone.now()
        if line is None:
            # Should the socket not open, the need is known and its age grows.
            self._note(None)
            feed = Feed(account, self.category)
            feed.open()
            line = Line(feed, self.category)
        gone = line.adjust(needed)
        if gone:
            topics.hold_market(self._client, self.environment, self.category, gone)
        return line

    def _note(self, line: "Line | None") -> None:
        """Writes down when the feed last lived. While something is needed and none lives, that time stays and ages."""
        # A socket that merely opened has said nothing yet.
        if line is not None and line.feed.ready:
            heard = timezone.now() - timedelta(seconds=min(line.feed.heard_age(), 3600))
            self._fresh_at = max(heard, self._fresh_at or heard)
        if line is not None:
            topics.hold_market(self._client, self.environment, self.category)
        if self._fresh_at != self._noted or not self._has_noted:
            rows = Link.objects.filter(account__environment=self.environment)
            rows.update(**{_AGE[self.category]: self._fresh_at})
            self._noted, self._has_noted = self._fresh_at, True


class Needs:
    """What is needed now: what pages say in Redis, and the prices of open positions. Markets that Bybit does not list
    are left out: it refuses a subscription to them."""

    def __init__(self, environment: str, category: str, client: "redis.Redis") -> None:
        self._environment, self._category, self._client = environment, category, client
        self._read_at = float("-inf")
        self._positions: set[str] = set()
        self._listed: set[str] = set()
        self._unlisted: set[str] = set()

    def now(self) -> set[str]:
        """The marks to follow."""
        asked = topics.wanted(self._client, self._environment, self._category)
        if time.monotonic() - self._read_at >= HELD_SECONDS:
            self._read_at = time.monotonic()
            self._positions = self._open_positions()
            self._listed, self._unlisted = set(), set()
        marks = asked | {f"ticker.{symbol}" for symbol in self._positions}
        symbols = {symbol_of(mark) for mark in marks}
        self._look_up(symbols - self._listed - self._unlisted)
        return {mark for mark in marks if symbol_of(mark) in self._listed}

    def _open_positions(self) -> set[str]:
        rows = Position.objects.filter(account__environment=self._environment, category=self._category)
        return set(rows.exclude(size=0).values_list("symbol", flat=True))

    def _look_up(self, symbols: set[str]) -> None:
        if not symbols:
            return
        rows = Instrument.objects.filter(
            environment=self._environment, category=self._category, symbol__in=symbols
        )
        listed = set(rows.exclude(status=Instrument.GONE).values_list("symbol", flat=True))
        self._listed |= listed
        self._unlisted |= symbols - listed


class Line:
    """An open feed, what is followed on it, and when each kind is told next."""

    def __init__(self, feed: Feed, category: str) -> None:
        self.feed = feed
        self.marks: set[str] = set()
        self._category = category
        self._merged = Merged(category)
        self._topics: set[str] = set()
        # Topics that begin with a snapshot, and those that had to be asked for again.
        self._asked: dict[str, Ask] = {}
        self._told = dict.fromkeys(EVERY, 0.0)
        self._opened = time.monotonic()

    def read(self) -> None:
        """Takes in what has come, waiting a moment for the first of it."""
        item = self.feed.read(READ_SECONDS)
        while True:
            if isinstance(item, Bad):
                log.warning("%s: %s", self._category, item.reason)
            elif item is not None and item.topic in self._topics:
                self._merged.take(item)
            if not self.feed.backlog:
                return
            item = self.feed.read(0)

    def due(self) -> list[list[tuple[str, str, str]]]:
        """The messages of each kind whose turn it is."""
        now = time.monotonic()
        turns = [kind for kind, every in EVERY.items() if now - self._told[kind] >= every]
        self._told |= dict.fromkeys(turns, now)
        return [self._merged.changed(kind, self.marks) for kind in turns]

    def adjust(self, needed: set[str]) -> set[str]:
        """Follows exactly what is needed, and asks again for what has not come or is broken. Returns the marks whose
        last message no longer holds. Raises FeedDown."""
        self.feed.check()
        topics_needed = all_topics(needed, self._category)
        gone, fresh = sorted(self._topics - topics_needed), sorted(topics_needed - self._topics)
        if gone:
            self.feed.drop(gone)
            self._merged.forget(gone)
        for topic in gone:
            self._asked.pop(topic, None)
        if fresh:
            self.feed.add(fresh)
        now = time.monotonic()
        for topic in fresh:
            if topic.startswith(("tickers.", "orderbook.")):
                self._asked[topic] = Ask(now, SNAPSHOT_SECONDS)
        needed_held = {held_as(mark) for mark in needed}
        ended = {mark for mark in self.marks if held_as(mark) not in needed_held}
        self.marks, self._topics = set(needed), topics_needed
        return ended | self._mend(now)

    def _mend(self, now: float) -> set[str]:
        """Asks again for the snapshots that are missing. Returns the marks whose state is broken."""
        for topic in self.feed.refused():
            log.warning("%s: Bybit refuses %s", self._category, topic)
            self._asked[topic] = Ask(now, REFUSED_SECONDS)
        if self._asked and not self._merged.heard and now - self._opened > 2 * SNAPSHOT_SECONDS:
            raise FeedDown("nothing comes")
        broken = self._merged.broken & self._topics
        for topic in self._asked.keys() & self._merged.heard:
            self._asked[topic].pause = SOONEST_ASK_SECONDS
        missing = broken | (self._asked.keys() - self._merged.heard)
        again = sorted(topic for topic in missing if self._asked.get(topic, Ask(0, 0)).is_over(now))
        if again:
            log.warning("%s: asked again for %s", self._category, ", ".join(again))
            self.feed.drop(again)
            self.feed.add(again)
            self._merged.forget(again)
        for topic in again:
            pause = self._asked[topic].pause if topic in self._asked else SOONEST_ASK_SECONDS
            self._asked[topic] = Ask(now, min(pause * 2, LONGEST_ASK_SECONDS))
        return {mark for mark in self.marks if broken & set(topics_of(mark, self._category))}


@dataclass(slots=True)
class Ask:
    """When a topic was asked for, and how long its snapshot is given."""

    at: float
    pause: float

    def is_over(self, now: float) -> bool:
        return now - self.at >= self.pause
