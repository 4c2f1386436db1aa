"""Listens to one account's private feed. One loop parses and records, watches the feed, and rebuilds it with back-off.
After every (re)connect the resolver runs before the feed is trusted; meanwhile the account says `resyncing`."""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, connections
from django.db.models import F
from django.utils import timezone

from bybit import parse
from bybit.failpoints import failpoint
from bybit.models import Account, BadMessage, Link
from bybit.stream import Bad, Feed, FeedDown, Message
from bybit.types import Execution, WalletReport
from orders import backfill, resolver, services, topics

log = logging.getLogger("tradepost.stream")

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 4.0
BATCH = 200
# Up to this many messages at once, a fill is told before the rest is recorded.
FEW = 12
BEAT_SECONDS = 1.0


# How often a key that Bybit has refused is looked for a change.
LEFT_ALONE_SECONDS = 1.0


class Lost(Exception):
    """Another process listens, or the database went away: begin anew."""


class KeyChanged(Exception):
    """The socket is signed in with a key that is no longer the account's, or that Bybit has refused: begin anew."""


def _own_connection() -> Any:
    """A connection outside the pool, so that the lock lives and dies with this listener: one that went back to the pool
    would keep the lock for whoever takes it next."""
    own = connections["default"].copy()
    own.settings_dict["OPTIONS"].pop("pool", None)
    return own


class Listener(threading.Thread):
    """Runs until stopped. Two of them for one account are harmless: one waits for the other's lock."""

    def __init__(self, account_id: str, stopping: threading.Event) -> None:
        super().__init__(name=f"listen-{account_id}", daemon=True)
        self.account_id = account_id
        self._stopping = stopping
        self._loop: topics.Loop | None = None
        self._pause = FIRST_PAUSE
        self._state = ""

    def run(self) -> None:
        self._loop = topics.Loop()
        topics.send_at_once(self._loop)
        while not self._stopping.is_set():
            lease = _own_connection()
            try:
                if self._left_alone():
                    self._stopping.wait(LEFT_ALONE_SECONDS)
                    continue
                if self._elected(lease):
                    self._listen(lease)
            except KeyChanged as error:
                log.info("%s: %s", self.account_id, error)
                self._pause = FIRST_PAUSE
                continue
            except (FeedDown, Lost, DatabaseError) as error:
                log.warning("%s: %s", self.account_id, error)
            except Exception:
                log.exception("%s: the listener failed and starts anew", self.account_id)
            finally:
                lease.close()
                connections["default"].close()
            self._wait()

    def _wait(self) -> None:
        self._stopping.wait(self._pause * random.uniform(0.75, 1.25))  # noqa: S311  # jitter, not secrecy
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _left_alone(self) -> bool:
        """Whether Bybit has refused the account's key: it is not shown to Bybit again before that is over."""
        return Account.objects.filter(pk=self.account_id, key_refused_at__isnull=False).exists()

    def _check_key(self, account: Account) -> None:
        """Raises KeyChanged unless this key is the account's and is taken by Bybit."""
        now = Account.objects.only("api_key", "sealed_secret", "key_refused_at").get(pk=account.pk)
        if now.key_refused_at is not None:
            raise KeyChanged("Bybit has refused the key: its socket is closed")
        if (now.api_key, bytes(now.sealed_secret)) != (account.api_key, bytes(account.sealed_secret)):
            raise KeyChanged("there is a new key: its socket takes the old one's place")

    def _elected(self, lease: Any) -> bool:
        with lease.cursor() as cursor:
            cursor.execute(
                "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))",
                [f"tradepost.stream.{self.account_id}"],
            )
            return bool(cursor.fetchone()[0])

    def _listen(self, lease: Any) -> None:
        account = Account.objects.get(pk=self.account_id)
        feed = Feed(account, "private")
        try:
            feed.open()
            self._until_ready(feed)
            self._say(Link.Stream.RESYNCING, feed)
            self._catch_up(account, feed)
            self._pause = FIRST_PAUSE
            self._say(Link.Stream.LIVE, feed)
            log.info("%s: live", self.account_id)
            self._follow(account, feed, lease)
        finally:
            feed.close()
            # By the elected one alone: another that waits for its turn must not say it of a feed that lives.
            self._say(Link.Stream.DOWN)

    def _until_ready(self, feed: Feed) -> None:
        held: list[Message | Bad] = []
        while not feed.ready:
            feed.check()
            item = feed.read(0.05)
            if item is not None:
                held.append(item)
        self._apply(held)

    def _catch_up(self, account: Account, feed: Feed) -> None:
        """A full resolver pass. What the feed brings meanwhile waits in its queue."""
        while not self._stopping.is_set():
            result = resolver.resolve(account, full=True)
            if result is not None and result.complete:
                backfill.begin(account)
                Link.objects.filter(pk=account.pk).update(reconnects=F("reconnects") + 1)
                return
            feed.check()
            self._check_key(account)
            self._say(Link.Stream.RESYNCING, feed)
            self._stopping.wait(0.2 if result is None else 1)

    def _follow(self, account: Account, feed: Feed, lease: Any) -> None:
        beat = 0.0
        while not self._stopping.is_set():
            self._apply(self._batch(feed))
            if time.monotonic() - beat >= BEAT_SECONDS:
                beat = time.monotonic()
                feed.check()
                self._check_key(account)
                with lease.cursor() as cursor:
                    cursor.execute("SELECT 1")
                self._say(Link.Stream.LIVE, feed)

    @staticmethod
    def _batch(feed: Feed) -> list[Message | Bad]:
        """All that has arrived, at most BATCH messages; waits a little for the first."""
        items: list[Message | Bad] = []
        item = feed.read(0.2)
        while item is not None and len(items) < BATCH:
            items.append(item)
            item = feed.read(0) if feed.backlog else None
        return items + ([item] if item is not None else [])

    def _apply(self, items: list[Message | Bad]) -> None:
        if not items:
            return
        failpoint("stream_taken")
        news, bad = _sort(items)
        try:
            if news["executions"] and len(items) <= FEW:
                # Nobody waits for a fill longer than for the fill: the rest follows in a transaction of its own.
                services.record(self.account_id, executions=news.pop("executions"), source="stream")
            services.record(self.account_id, source="stream", **news)
        except DatabaseError:
            raise
        except Exception:
            # One row that we cannot take must not cost the others: again one by one, the bad one kept aside.
            log.exception("%s: a batch could not be recorded", self.account_id)
            if len(items) == 1:
                bad.append(Bad("could not be recorded", repr(items[0])))
            else:
                for item in items:
                    self._apply([item])
                return
        self._keep_bad(bad)

    def _keep_bad(self, bad: list[Bad]) -> None:
        if bad:
            log.warning("%s: %d bad messages kept (%s)", self.account_id, len(bad), bad[0].reason)
            rows = [
                BadMessage(account_id=self.account_id, reason=item.reason[:200], raw=item.raw[:20_000])
                for item in bad
            ]
            BadMessage.objects.bulk_create(rows)
            Link.objects.filter(pk=self.account_id).update(bad_messages=F("bad_messages") + len(bad))

    def _say(self, state: str, feed: Feed | None = None) -> None:
        """Writes how fresh this account is, and tells the pages when the state changes."""
        now = timezone.now()
        values: dict[str, Any] = {"stream": state, "beat_at": now}
        if feed is not None:
            values["private_at"] = now - timedelta(seconds=min(feed.heard_age(), 3600))
        try:
            Link.objects.update_or_create(pk=self.account_id, defaults=values)
            account = Account.objects.get(pk=self.account_id) if state != self._state else None
        except DatabaseError:
            log.warning("%s: the state could not be written", self.account_id)
            return
        if account is not None and self._loop is not None:
            self._state = state
            news = {"account": self.account_id, "stream": state, **trading_of(account)}
            try:
                topics.send_status(self._loop, self.account_id, news)
            except Exception:  # noqa: BLE001  # the next heartbeat tells the pages
                log.warning("%s: the pages could not be told of %s", self.account_id, state)


def trading_of(account: Account) -> dict[str, Any]:
    """Whether orders go out, and if not, why: as pages are told with the state of the stream."""
    return {
        "read_only": account.read_only,
        "read_only_reason": account.why_read_only() if account.read_only else None,
    }


def _sort(items: list[Message | Bad]) -> tuple[dict[str, Any], list[Bad]]:
    """Typed rows per kind, and what could not be read."""
    found: dict[str, list[Any]] = {"order": [], "execution": [], "position": [], "wallet": []}
    readers: dict[str, Callable[[Any], Any]] = {
        "order": parse.order,
        "execution": parse.execution,
        "position": parse.position,
        "wallet": parse.wallet,
    }
    bad: list[Bad] = []
    for item in items:
        if isinstance(item, Bad):
            bad.append(item)
            continue
        reader = readers.get(item.topic)
        if reader is None or not isinstance(item.data, list):
            bad.append(Bad(f"unknown topic {item.topic[:40]}", repr(item.data)))
            continue
        for row in item.data:
            try:
                taken = reader(row)
            except (parse.Malformed, AttributeError) as error:
                bad.append(Bad(f"{item.topic}: {error}", repr(row)))
                continue
            if isinstance(taken, Execution) and not taken.is_known:
                # A fill is booked once and for ever: one of a kind never seen is read from Bybit's list instead.
                bad.append(Bad(f"execution of a new kind {taken.exec_type[:40]}", repr(row)))
                continue
            found[item.topic].append(taken)
    news = {
        "reports": found["order"],
        "executions": found["execution"],
        "reported": found["position"],
        "wallet": _newest(found["wallet"]),
    }
    return news, bad


def _newest(wallets: list[WalletReport]) -> WalletReport | None:
    """Several messages as one: the last totals, and the last word on each coin that any of them named."""
    if not wallets:
        return None
    coins = {coin.coin: coin for wallet in wallets for coin in wallet.coins}
    return replace(wallets[-1], coins=tuple(coins.values()))
