"""The exchange put together: ledger, market, keys, faults, sockets, store; and the steps that change it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from . import persistence, playback
from .clock import Clock
from .control.faults import Faults
from .engine import forced
from .engine.book import Book
from .engine.errors import Refusal
from .engine.ledger import Ledger
from .engine.liquidation import liquidate_fallen
from .engine.matching import move
from .engine.model import Events, Moment, PublicTrade, Quote
from .engine.specs import SPECS, Spec
from .engine.spot_specs import MARKETS, SPOT
from .engine.triggers import fire_due
from .journal import Journal
from .keys import ApiKey
from .market.candles import Bar, Candles
from .market.feed import FUNDING_MS, Feed, SpotFeed
from .market.intervals import start_of
from .market.path import PricePath
from .rest.limits import Limits
from .sockets.hub import Hub
from .sockets.private import PrivateStream
from .sockets.public import PublicStream
from .store import Store
from .transactions import Transactions
from .view import View

log = logging.getLogger(__name__)
_REPLAYS_KEPT = 20_000


class Settings(NamedTuple):
    """How it is started: market seed, length of a tick in ms, folder of the store (None: memory only), and the file
    whose history a new ledger begins with."""

    seed: int = 1
    tick_ms: int = 250
    data: Path | None = None
    history: Path | None = None


def _feeds(seed: int, genesis_ms: int, tick_ms: int) -> dict[str, Feed]:
    """The market of every contract, then those of the spot pairs, which follow them."""

    def candles(spec: Spec) -> Candles:
        return Candles(seed, PricePath(seed, spec), spec, genesis_ms, tick_ms)

    feeds = {name: Feed(seed, spec, candles(spec)) for name, spec in SPECS.items()}
    pairs = {name: SpotFeed(seed, spec, candles(spec), feeds[spec.symbol]) for name, spec in SPOT.items()}
    return {**feeds, **pairs}


class Venue:
    """One exchange. Everything runs in one thread; a step is complete before the next one begins. `deposit`: what a
    new account begins with (USDT)."""

    deposit = Decimal(100_000)

    def __init__(self, settings: Settings) -> None:
        self.clock = Clock()
        now = self.clock.now()
        self.store = Store(settings.data) if settings.data is not None else None
        # With a store, the market goes on as it was born, whatever seed is named later.
        facts: dict[str, int | str] = {
            "seed": settings.seed, "tick_ms": settings.tick_ms, "genesis_ms": start_of("1", now.ms),
            "instance": f"{settings.seed}:{now.ns}",
        }  # fmt: skip
        if self.store is not None:
            facts = persistence.first_facts(self.store, facts)
        self.seed, self.tick_ms = int(facts["seed"]), int(facts["tick_ms"])
        genesis = int(facts["genesis_ms"])
        self.feeds = _feeds(self.seed, genesis, self.tick_ms)
        self.ledger = Ledger(
            str(facts["instance"]),
            {name: Book(MARKETS[name], feed.quote) for name, feed in self.feeds.items()},
        )
        self.keys: dict[str, ApiKey] = {}
        self.faults, self.journal, self.limits = Faults(), Journal(), Limits()
        self.hub = Hub(self.faults)
        self.view = View(self.ledger, self.faults)
        self.transactions = Transactions(self.ledger)
        self.private = PrivateStream(self.ledger, self.hub, self.clock)
        self.public = {
            category: PublicStream(self.ledger, self.feeds, self.hub, self.clock, category)
            for category in ("linear", "spot")
        }
        self.paused = False
        self._outbox: deque[Events] = deque()
        self._replays: dict[str, None] = {}
        self._funded = now.ms // FUNDING_MS
        self._begin(now, settings.history)

    def _begin(self, now: Moment, history: Path | None) -> None:
        if self.store is not None:
            persistence.restore(self.store, self)
        for name, feed in self.feeds.items():
            if isinstance(feed, SpotFeed):
                feed.follow()
            self.ledger.books[name].renew(feed.quote, feed.levels)
        if "paper" not in self.ledger.accounts:
            if history is not None:
                playback.play(self, playback.read(history, now.ms))
            self.add_key(ApiKey("paper-key", "paper-secret", "paper"))
        elif history is not None:
            log.warning("history %s is ignored: there is a ledger already", history)
        bars = {name: feed.record(now.ms) for name, feed in self.feeds.items()}
        self.settle()
        # Nobody listens yet: what has happened so far is no news to anyone.
        self._outbox.clear()
        if self.store is not None:
            persistence.save_market(self.store, self, bars)

    # Steps

    def settle(self) -> None:
        """Ends a step: stores what it changed and queues it for the sockets."""
        events = self.ledger.drain()
        for trade in events.trades:
            self.feeds[trade.symbol].tape.append(trade)
        if any((events.orders, events.kept, events.executions, events.accounts, events.contracts)):
            self.view.note(events, self.clock.now().ns)
            if self.store is not None:
                persistence.save(self.store, self.ledger, events)
        self._outbox.append(events)

    def publish(self) -> None:
        """Sends what is queued, in order."""
        while self._outbox:
            events = self._outbox.popleft()
            self.private.publish(events)
            for stream in self.public.values():
                stream.publish(events)

    def tick(self, count: int = 1) -> None:
        """Moves the market on: every symbol by `count` ticks, matching at each of them."""
        bars: dict[str, Bar] = {}
        for _ in range(count):
            now = self.clock.now()
            self._fund_due(now)
            for name, feed in self.feeds.items():
                self._move(name, feed.advance(), now)
                self._print(feed, now)
                bars[name] = feed.record(now.ms)
        self._moved(bars)

    def set_price(self, symbol: str, price: Decimal) -> None:
        """An operator's price of a contract, from now on."""
        now = self.clock.now()
        self._moved({name: self.feeds[name].record(now.ms) for name in self.pin(symbol, price, now)})

    def pin(self, symbol: str, price: Decimal, now: Moment) -> list[str]:
        """The market of a contract trades at this price, and so does the spot pair that follows; which moved."""
        feed, moved = self.feeds[symbol], [symbol]
        self._move(symbol, feed.pin(price), now, through=price)
        for name, other in self.feeds.items():
            if isinstance(other, SpotFeed) and other.twin is feed:
                quote = other.follow()
                self._move(name, quote, now, through=quote.last)
                moved.append(name)
        return moved

    def _fund_due(self, now: Moment) -> None:
        """Charges funding, once, when the clock has passed the end of an interval since the last tick."""
        interval = now.ms // FUNDING_MS
        if interval > self._funded:
            for symbol in SPECS:
                rate = self.feeds[symbol].funding_rate(interval * FUNDING_MS - 1)
                forced.fund_all(self.ledger, symbol, rate, now)
        self._funded = interval

    def _move(self, symbol: str, quote: Quote, now: Moment, through: Decimal | None = None) -> None:
        move(self.ledger, symbol, quote, self.feeds[symbol].levels, now, through)
        fire_due(self.ledger, symbol, now)
        liquidate_fallen(self.ledger, symbol, now)

    def _moved(self, bars: dict[str, Bar]) -> None:
        self.settle()
        if self.store is not None:
            persistence.save_market(self.store, self, bars)
        self.publish()
        for stream in self.public.values():
            stream.tick()

    def _print(self, feed: Feed, now: Moment) -> None:
        """The trade of strangers that made this tick's price."""
        ledger, tape = self.ledger, feed.tape
        before = tape[-1].price if tape else feed.quote.last
        rising = "PlusTick" if feed.quote.last > before else "MinusTick"
        direction = "ZeroPlusTick" if feed.quote.last == before else rising
        ledger.events.trades.append(
            PublicTrade(
                feed.spec.key, ledger.next_id(), feed.taker_side(), feed.quote.last, feed.volume(), now.ms,
                ledger.next_seq(), direction,
            )
        )  # fmt: skip

    async def run(self) -> None:
        """The market's own movement, until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + self.tick_ms / 1000, loop.time())
            await asyncio.sleep(due - loop.time())
            if not self.paused:
                self.tick()

    # Keys and accounts

    def add_key(self, key: ApiKey) -> None:
        """Makes a key known, and its account with the usual deposit if it is new."""
        now = self.clock.now()
        known = self.keys.get(key.key)
        key.created_ms, key.number = now.ms, known.number if known else 900_001 + len(self.keys)
        self.ledger.open_account(key.account, self.deposit, now.ms)
        self.keys[key.key] = key
        if self.store is not None:
            persistence.save_key(self.store, key)

    def refuse_replay(self, signature: str, now: Moment) -> None:
        """10014 for an exact repetition of a signed create that no orderLinkId protects."""
        if signature in self._replays:
            raise Refusal(10014, "Duplicate request")
        self._replays[signature] = None
        if len(self._replays) > _REPLAYS_KEPT:
            del self._replays[next(iter(self._replays))]

    async def close(self) -> None:
        """Closes sockets and store."""
        await self.hub.close_all()
        if self.store is not None:
            self.store.close()
