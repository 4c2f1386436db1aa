"""The alerts process: follows what was committed, decides, sends web push. A process of its own: neither an order nor
the resolver ever waits for a push service."""

import logging
import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from bybit.models import Heartbeat
from webapp.alerts import follow, send

log = logging.getLogger("tradepost.alerts")

ROUND_SECONDS = 1.0
# One slow service keeps the others waiting for as little as may be.
SENDERS = 8
SHOWN_SECONDS, PRUNED_SECONDS = 5.0, 3600.0


class Command(BaseCommand):
    help = "Follows what happens and sends web push, until it is told to stop."

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stopping.set())
        with ThreadPoolExecutor(SENDERS, thread_name_prefix="push") as pool:
            rounds = Rounds(pool)
            while not stopping.is_set():
                try:
                    rounds.go()
                except DatabaseError as error:
                    log.warning("the database is away: %s", type(error).__name__)
                    connection.close()
                stopping.wait(ROUND_SECONDS)


class Rounds:
    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._under: dict[int, Future[None]] = {}
        self._shown = self._pruned = float("-inf")

    def go(self) -> None:
        now = time.monotonic()
        if now - self._shown >= SHOWN_SECONDS:
            Heartbeat.show("alerts")
            self._shown = now
        follow.follow()
        self._under = {key: one for key, one in self._under.items() if not one.done()}
        # No more is claimed than is sent at once: a claim runs out. One that takes longer still is not begun again.
        for delivery_id in send.due(SENDERS - len(self._under), self._under):
            self._under[delivery_id] = self._pool.submit(_deliver, delivery_id)
        if now - self._pruned >= PRUNED_SECONDS:
            follow.prune()
            self._pruned = now


def _deliver(delivery_id: int) -> None:
    try:
        send.deliver(delivery_id)
    except Exception:
        # It stays claimed, and is tried again when the claim has run out.
        log.exception("push %s failed here", delivery_id)
    finally:
        connection.close()
