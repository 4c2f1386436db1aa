"""One heartbeat for all sockets of this process: each second it reads, once for all of them, how far the logs have
come and how fresh each account is; every few seconds, who was signed out, whose accounts changed and what is still
watched."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

import redis
from django.db import DatabaseError, connection
from django.utils import timezone

from bybit.forms import time_text
from orders import seen, selectors, topics
from webapp import status
from webapp.hub import hub
from webapp.security.callers import Caller, still_valid

log = logging.getLogger("tradepost.live")

BEAT_SECONDS = 1.0
CHECK_EVERY = 3
INTEREST_EVERY = 10
# After so many pages, whoever else waits for this process has a turn.
PAGES_AT_ONCE = 50
T = TypeVar("T")
# (environment, category, mark): what a page watches; see orders.marks.
Watched = tuple[str, str, str]
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="live")


@dataclass
class Told:
    """What one heartbeat tells all pages: how far the logs have come and how fresh each account is, read at `at`."""

    top: dict[str, int]
    up: dict[str, Any]
    at: datetime
    # Accounts of which some page had not heard all.
    missed: set[str] = field(default_factory=set)
    _texts: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def text(self, user_id: int, seqs: dict[str, int]) -> str:
        """The heartbeat of a page that has shown so much; made once for all pages of a user that are equally far."""
        key = (user_id, *seqs.items())
        if key not in self._texts:
            message = {
                "type": "heartbeat",
                "seq": seqs,
                "at": time_text(self.at),
                "up": {name: self.up[name] for name in seqs if name in self.up},
                "seen": seen.stamp(user_id, seqs, int(self.at.timestamp() * 1000)),
            }
            self._texts[key] = json.dumps(message, separators=(",", ":"))
        return self._texts[key]


class Socket(Protocol):
    caller: Caller | None
    seqs: dict[str, int]
    watched: set[Watched]

    async def beat(self, told: Told) -> None: ...
    def renew(self) -> None: ...
    async def sign_out(self) -> None: ...


async def in_thread(work: Callable[..., T], *args: Any) -> T:
    """Runs database work in a small pool of threads of its own, and gives the connection back."""

    def run() -> T:
        try:
            return work(*args)
        finally:
            connection.close()

    return await asyncio.get_running_loop().run_in_executor(_pool, run)


class Pulse:
    def __init__(self) -> None:
        self._sockets: set[Socket] = set()
        self._task: asyncio.Task[None] | None = None
        self._client = topics.redis_client()

    def add(self, socket: Socket) -> None:
        self._sockets.add(socket)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    def remove(self, socket: Socket) -> None:
        self._sockets.discard(socket)

    def watched_beside(self, socket: Socket) -> int:
        """How many marks the other pages of this session or token watch."""
        if socket.caller is None:
            return 0
        key = socket.caller.key
        others = (one for one in self._sockets if one is not socket and one.caller and one.caller.key == key)
        return len({mark for one in others for mark in one.watched})

    async def told(self, account_ids: list[str]) -> Told:
        return await in_thread(_told, account_ids)

    async def show_interest(self, watched: Iterable[Watched]) -> list[tuple[Watched, str]]:
        """Tells the stream process what is needed. Returns the last message of each that has one."""
        wanted = sorted(watched)
        try:
            return await in_thread(self._want, wanted)
        except redis.RedisError:
            log.warning("interest in %d markets could not be told", len(wanted))
            return []

    def _want(self, watched: list[Watched]) -> list[tuple[Watched, str]]:
        known: list[tuple[Watched, str]] = []
        for environment, category in sorted({item[:2] for item in watched}):
            marks = [mark for *where, mark in watched if where == [environment, category]]
            topics.want(self._client, environment, category, marks)
            found = topics.last_market(self._client, environment, category, marks)
            known += [((environment, category, mark), text) for mark, text in found]
        return known

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        beats = 0
        due = loop.time()
        while self._sockets:
            beats += 1
            due = max(due + BEAT_SECONDS, loop.time())
            try:
                await self._beat(beats)
            except DatabaseError:
                # No heartbeat: the pages go stale by themselves, which is the truth.
                log.warning("no heartbeat: the database is away")
            except Exception:
                log.exception("a heartbeat failed")
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def _beat(self, beats: int) -> None:
        sockets = list(self._sockets)
        account_ids = sorted({account_id for socket in sockets for account_id in socket.seqs})
        told = await self.told(account_ids)
        if beats % CHECK_EVERY == 0:
            sockets = await self._check(sockets)
        if beats % INTEREST_EVERY == 0:
            await self.show_interest({mark for socket in sockets for mark in socket.watched})
        await self._beat_all(sockets, told)
        if told.missed:
            await hub.rejoin([topics.account_group(account_id) for account_id in told.missed])

    async def _check(self, sockets: list[Socket]) -> list[Socket]:
        """Ends the sockets of whoever was signed out, and renews those whose accounts are others now. Returns the
        sockets that are left."""
        keys = {socket.caller.key for socket in sockets if socket.caller}
        users = {socket.caller.user.pk for socket in sockets if socket.caller}
        valid, accounts = await in_thread(lambda: (still_valid(keys), status.account_ids(users)))
        good = []
        for socket in sockets:
            if socket.caller is None or socket.caller.key not in valid:
                await socket.sign_out()
                continue
            good.append(socket)
            if accounts.get(socket.caller.user.pk, set()) != socket.seqs.keys():
                socket.renew()
        return good

    async def _beat_all(self, sockets: list[Socket], told: Told) -> None:
        for number, socket in enumerate(sockets, 1):
            if socket in self._sockets:
                try:
                    await socket.beat(told)
                except Exception:
                    log.exception("a socket took no heartbeat")
            if number % PAGES_AT_ONCE == 0:
                await asyncio.sleep(0)


def _told(account_ids: list[str]) -> Told:
    at = timezone.now()
    rows = status.of_accounts(account_ids)
    up = {
        row.account: {
            "public_age_ms": row.public_age_ms,
            "private_age_ms": row.private_age_ms,
            "stream": row.stream,
            # Told with each heartbeat: a page that missed the moment knows within a second all the same.
            "paused": row.paused.model_dump(mode="json") if row.paused else None,
        }
        for row in rows
    }
    return Told(selectors.seqs(account_ids), up, at)


pulse = Pulse()
