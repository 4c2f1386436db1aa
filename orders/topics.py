"""The only sender. Every visible change becomes a row of the event log in its own transaction; after commit a
publisher sends all unsent rows in seq order to the live sockets and to Redis Streams. What was not sent is sent by
the next beat. Redis holds no truth, and nobody waits for it: one thread per process does the sending."""

import asyncio
import json
import logging
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import redis
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from bybit import rows
from bybit.failpoints import failpoint
from orders.marks import held_as
from orders.models import Event
from orders.schemas import message_text

log = logging.getLogger("tradepost.topics")

STREAMS = {
    "fill": "orders_executed",
    "order": "orders_resolved",
    "position": "positions_updated",
    "wallet": "wallet_updated",
}
STREAM_LENGTH = 100_000
BATCH = 100
INTEREST_SECONDS = 30
MARKET_HELD_SECONDS = 5
MOST_WANTED = 300
GATHER_SECONDS = 0.003


class Change(Protocol):
    """What `positions.services.Change` is; the log does not care who made it."""

    @property
    def kind(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def body(self) -> str: ...


_APPEND = """
WITH counter AS (
    INSERT INTO orders_sequence (account_id, seq, floor) VALUES (%s, %s, 0)
    ON CONFLICT (account_id) DO UPDATE SET seq = orders_sequence.seq + %s
    RETURNING seq
)
INSERT INTO orders_event (account_id, seq, kind, key, version, body, at)
SELECT %s, counter.seq - %s + item.nr, item.kind, item.key, item.version, item.body, now()
FROM counter, (VALUES {items}) AS item (nr, kind, key, version, body)
"""


_APPEND_IF = """
WITH won AS ({condition}), counter AS (
    INSERT INTO orders_sequence (account_id, seq, floor) SELECT %s, 1, 0 WHERE EXISTS (SELECT 1 FROM won)
    ON CONFLICT (account_id) DO UPDATE SET seq = orders_sequence.seq + 1
    RETURNING seq
), logged AS (
    INSERT INTO orders_event (account_id, seq, kind, key, version, body, at)
    SELECT %s, counter.seq, %s, %s, %s, %s, now() FROM counter
)
SELECT count(*) FROM won
"""


def changed_if(condition: str, params: Sequence[Any], account_id: str, change: Change) -> bool:
    """Carries out `condition` (an UPDATE … RETURNING of one row) and logs the change only if it touched its row: one
    statement, one round trip, committed when it returns. The change waits to be told with the next ones."""
    shown = [change.kind, change.key, change.version, change.body]
    ((count,),) = rows.fetch(
        _APPEND_IF.format(condition=condition), [*params, account_id, account_id, *shown]
    )
    return bool(count)


def changed(account_id: str, changes: Sequence[Change]) -> None:
    """Numbers and logs the changes in the caller's transaction, last thing before its commit; sends them after it."""
    if not changes:
        return
    count = len(changes)
    items = ", ".join(["(%s, %s, %s, %s, %s)"] * count)
    values = [value for nr, c in enumerate(changes, 1) for value in (nr, c.kind, c.key, c.version, c.body)]
    rows.write(_APPEND.format(items=items), [account_id, count, count, account_id, count, *values])
    transaction.on_commit(lambda: _after_commit(account_id))


_thread = threading.local()
# After a failed send at once, this thread leaves sending to the publisher for a while.
INLINE_PAUSE_SECONDS = 5.0


def send_at_once(loop: "Loop") -> None:
    """From now on this thread sends its own events itself, right after each commit, with no thread between a fill
    and the phone. For a thread that does nothing else with its time."""
    _thread.inline = (loop, redis_client())
    _thread.resume = 0.0


def _after_commit(account_id: str) -> None:
    inline = getattr(_thread, "inline", None)
    if inline is not None and time.monotonic() >= _thread.resume:
        try:
            flush(account_id, *inline)
            return
        except (redis.RedisError, OSError, TimeoutError, DatabaseError):
            log.warning("events of %s could not be sent at once", account_id)
            _thread.resume = time.monotonic() + INLINE_PAUSE_SECONDS
    publisher.wake(account_id)


def account_group(account_id: str) -> str:
    return f"account.{account_id}"


def market_group(environment: str, category: str, mark: str) -> str:
    return f"market.{environment}.{category}.{mark}"


class Loop:
    """A private event loop for one thread, so that the channel layer's connections stay open between sends."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def group_send(self, group: str, message: dict[str, Any]) -> None:
        """To all pages of the group, in whichever process they are; the message says to which group it goes."""
        sending = get_channel_layer().group_send(group, {**message, "group": group})
        self._loop.run_until_complete(asyncio.wait_for(sending, timeout=2))


def redis_client() -> "redis.Redis":
    """A client that gives up in two seconds: a frozen Redis must freeze nobody else."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


class Publisher:
    """Sends the unsent events of the accounts it was woken for, on a thread of its own."""

    def __init__(self) -> None:
        self._due: set[str] = set()
        self._woken = threading.Condition()
        self._busy = False
        self._thread: threading.Thread | None = None

    def rest(self, seconds: float) -> bool:
        """Waits until all that was due is sent, or given up; False when that takes longer."""
        with self._woken:
            return self._woken.wait_for(lambda: not self._due and not self._busy, seconds)

    def wake(self, account_id: str) -> None:
        with self._woken:
            self._due.add(account_id)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
                self._thread.start()
            self._woken.notify_all()

    def _run(self) -> None:
        loop, client = Loop(), redis_client()
        while True:
            with self._woken:
                while not self._due:
                    self._woken.wait()
            # The caller's own answer leaves first, and what follows at once is sent in the same batch.
            time.sleep(GATHER_SECONDS)
            with self._woken:
                account_id = self._due.pop()
                self._busy = True
            try:
                flush(account_id, loop, client)
            except Exception:  # the rows stay unsent and the next beat sends them
                log.warning("events of %s could not be sent yet", account_id, exc_info=True)
            finally:
                connection.close()
                with self._woken:
                    self._busy = False
                    self._woken.notify_all()


publisher = Publisher()


def flush(account_id: str, loop: Loop, client: "redis.Redis") -> int:
    """Sends all unsent events of an account, in order, one process at a time. Returns how many. Raises when Redis or
    the database fails; what was sent but not marked is sent again (at least once)."""
    total = 0
    while True:
        with transaction.atomic():
            unsent = _unsent(account_id)
            if unsent:
                failpoint("publish_before_send")
                _send(account_id, unsent, loop, client)
                failpoint("publish_before_mark")
                with connection.cursor() as cursor:
                    cursor.execute(
                        "UPDATE orders_publication SET seq = %s WHERE account_id = %s",
                        [unsent[-1].seq, account_id],
                    )
        failpoint("publish_after_commit")
        total += len(unsent)
        if len(unsent) < BATCH:
            return total


_EVENT = ("account_id", "seq", "kind", "key", "version", "body")
# The lock: one publisher per account at a time. A mark lost in a crash only means sending again, so this transaction
# need not wait for the disk.
_LOCK = """
SELECT seq, set_config('synchronous_commit', 'off', true) FROM orders_publication WHERE account_id = %s FOR UPDATE
"""
_AFTER = f"""
SELECT {", ".join(_EVENT)} FROM orders_event WHERE account_id = %s
AND seq > (SELECT seq FROM orders_publication WHERE account_id = %s) ORDER BY seq LIMIT %s
"""  # noqa: S608


def _unsent(account_id: str) -> list[Event]:
    ask = ((_LOCK, [account_id]), (_AFTER, [account_id, account_id, BATCH]))
    locked, found = rows.fetch_all(ask)
    if not locked:
        rows.write(
            "INSERT INTO orders_publication (account_id, seq) VALUES (%s, 0) ON CONFLICT DO NOTHING",
            [account_id],
        )
        locked, found = rows.fetch_all(ask)
    return [Event(**dict(zip(_EVENT, values, strict=True))) for values in found]


def _send(account_id: str, events: Sequence[Event], loop: Loop, client: "redis.Redis") -> None:
    items = [[row.seq, row.kind, message_text(row)] for row in events]
    loop.group_send(account_group(account_id), {"type": "events", "account": account_id, "items": items})
    with client.pipeline(transaction=False) as pipe:
        for row in events:
            fields: dict[Any, Any] = {
                "account": account_id,
                "seq": row.seq,
                "key": row.key,
                "version": row.version,
                "body": row.body,
            }
            pipe.xadd(STREAMS[row.kind], fields, maxlen=STREAM_LENGTH, approximate=True)
        pipe.execute()


def send_market(
    loop: Loop,
    client: "redis.Redis",
    environment: str,
    category: str,
    messages: Sequence[tuple[str, str, str]],
) -> None:
    """Pushes (mark, message, message to hold) to the pages that watch the mark. Not logged: latest wins."""
    for mark, text, _ in messages:
        loop.group_send(
            market_group(environment, category, mark),
            {
                "type": "market",
                "category": category,
                "mark": mark,
                "text": text,
            },
        )
    if messages:
        client.hset(
            _market_key(environment, category), mapping={held_as(mark): held for mark, _, held in messages}
        )


def hold_market(client: "redis.Redis", environment: str, category: str, gone: Iterable[str] = ()) -> None:
    """Says that the last messages are still what the exchange shows: a page that begins to watch a quiet market gets
    them at once. They vanish by themselves when nobody says so any more; those of the marks in `gone` now."""
    marks = {held_as(mark) for mark in gone}
    if marks:
        client.hdel(_market_key(environment, category), *marks)
    client.expire(_market_key(environment, category), MARKET_HELD_SECONDS)


def last_market(
    client: "redis.Redis", environment: str, category: str, marks: Sequence[str]
) -> list[tuple[str, str]]:
    """(mark, message) of each of these marks whose last message is still held."""
    if not marks:
        return []
    found: Any = client.hmget(_market_key(environment, category), [held_as(mark) for mark in marks])
    return [(mark, text.decode()) for mark, text in zip(marks, found, strict=True) if text is not None]


def _market_key(environment: str, category: str) -> str:
    return f"tradepost:market:{environment}:{category}"


def send_status(loop: Loop, account_id: str, body: dict[str, Any]) -> None:
    """Pushes how fresh an account is."""
    text = json.dumps({"type": "status", "status": body}, separators=(",", ":"))
    loop.group_send(account_group(account_id), {"type": "status", "text": text})


def _interest_key(environment: str, category: str) -> str:
    return f"tradepost:interest:{environment}:{category}"


def want(
    client: "redis.Redis",
    environment: str,
    category: str,
    marks: Iterable[str],
    seconds: float = INTEREST_SECONDS,
) -> None:
    """Says that a page needs these marks for the next half minute."""
    scores = dict.fromkeys(marks, time.time() + seconds)
    if scores:
        client.zadd(_interest_key(environment, category), scores)


def wanted(client: "redis.Redis", environment: str, category: str) -> set[str]:
    """The marks that some page needs now."""
    key = _interest_key(environment, category)
    with client.pipeline(transaction=False) as pipe:
        pipe.zremrangebyscore(key, 0, time.time())
        # The newest first: when there are too many, those that nobody renews go.
        pipe.zrevrange(key, 0, MOST_WANTED - 1)
        found: Any = pipe.execute()[1]
    return {mark.decode() for mark in found}
