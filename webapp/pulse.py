"""One heartbeat for all sockets of this process: each second it reads, once for all of them, how far the logs have
come and how fresh each account is; every few seconds, who was signed out and what is still watched."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import redis
from django.db import DatabaseError, connection

from orders import selectors, topics
from webapp import status
from webapp.security.callers import Caller, still_valid

log = logging.getLogger("tradepost.live")

BEAT_SECONDS = 1.0
CHECK_EVERY = 3
INTEREST_EVERY = 10
T = TypeVar("T")
# (environment, category, mark): what a page watches; see orders.marks.
Watched = tuple[str, str, str]
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="live")


class Socket(Protocol):
    caller: Caller | None
    seqs: dict[str, int]
    watched: set[Watched]

    async def beat(self, top: dict[str, int], up: dict[str, Any]) -> None: ...
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

    async def state(self, account_ids: list[str]) -> tuple[dict[str, int], dict[str, Any]]:
        """How far the logs have come, and how fresh each account is."""
        return await in_thread(_state, account_ids)

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
        top, up = await self.state(account_ids)
        if beats % CHECK_EVERY == 0:
            keys = {socket.caller.key for socket in sockets if socket.caller}
            valid = await in_thread(still_valid, keys)
            for socket in sockets:
                if socket.caller is None or socket.caller.key not in valid:
                    self.remove(socket)
                    await socket.sign_out()
        if beats % INTEREST_EVERY == 0:
            await self.show_interest({mark for socket in sockets for mark in socket.watched})
        done = await asyncio.gather(
            *(socket.beat(top, up) for socket in self._sockets.copy()), return_exceptions=True
        )
        for problem in done:
            if isinstance(problem, Exception):
                log.warning("a socket took no heartbeat: %s", type(problem).__name__)


def _state(account_ids: list[str]) -> tuple[dict[str, int], dict[str, Any]]:
    rows = status.of_accounts(account_ids)
    up = {
        row.account: {
            "public_age_ms": row.public_age_ms,
            "private_age_ms": row.private_age_ms,
            "stream": row.stream,
        }
        for row in rows
    }
    return selectors.seqs(account_ids), up


pulse = Pulse()
