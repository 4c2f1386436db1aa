"""The stream process: listens to Bybit for every account, follows prices, and stands in for a missing resolver."""

import logging
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.utils import timezone

from bybit import gateway as bybit
from bybit import instruments
from bybit.errors import BybitError
from bybit.models import Account, Heartbeat, Link
from bybit.types import CATEGORIES
from orders import resolver
from orders.listener import Listener
from orders.prices import Prices

log = logging.getLogger("tradepost.stream")

ROUND_SECONDS = 2.0


class Command(BaseCommand):
    help = "Runs the stream process until it is told to stop."

    def handle(self, *args: Any, **options: Any) -> None:
        # A fill waits for the listener's thread: let it have the interpreter sooner than after 5 ms.
        sys.setswitchinterval(0.0005)
        stopping = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stopping.set())
        threads: dict[str, threading.Thread] = {}
        while not stopping.is_set():
            try:
                _round(threads, stopping)
            except DatabaseError as error:
                log.warning("the database is away: %s", type(error).__name__)
                connection.close()
            stopping.wait(ROUND_SECONDS)
        for thread in threads.values():
            thread.join(timeout=2)


def _round(threads: dict[str, threading.Thread], stopping: threading.Event) -> None:
    """Starts what should run and does not."""
    Heartbeat.show("stream")

    def keep(key: str, make: Callable[[], threading.Thread]) -> None:
        thread = threads.get(key)
        if thread is None or not thread.is_alive():
            threads[key] = make()
            threads[key].start()

    keep("chores", lambda: Chores(stopping))
    for account_id, environment in Account.objects.values_list("pk", "environment"):
        Link.objects.get_or_create(pk=account_id)
        keep(account_id, partial(Listener, account_id, stopping))
        for category in CATEGORIES:
            keep(f"prices:{environment}:{category}", partial(Prices, environment, category, stopping))


class Chores(threading.Thread):
    """What may wait for a slow exchange without making this process look dead: the markets' rules, and resolver
    passes when beat or its worker is gone."""

    def __init__(self, stopping: threading.Event) -> None:
        super().__init__(name="chores", daemon=True)
        self._stopping = stopping

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                for account in Account.objects.all():
                    _refresh_instruments(account)
                    _stand_in(account)
            except DatabaseError as error:
                log.warning("the database is away: %s", type(error).__name__)
                connection.close()
            self._stopping.wait(ROUND_SECONDS)


def _refresh_instruments(account: Account) -> None:
    try:
        gateway = bybit.for_account(account)
        instruments.refresh(account, gateway, only_if_older=instruments.FRESH)
        instruments.refresh_tiers(account, gateway, only_if_older=instruments.TIERS_FRESH)
    except BybitError as error:
        log.warning("%s: the markets could not be read (%s)", account.pk, error.code)


def _stand_in(account: Account) -> None:
    if account.key_refused_at is not None:
        return
    link = Link.objects.filter(pk=account.pk).first()
    if link is None or link.stream == Link.Stream.RESYNCING:
        return
    if link.pass_at is None or timezone.now() - link.pass_at > timedelta(seconds=settings.NO_PASS_SECONDS):
        log.warning("%s: no resolver pass for %s s, running one here", account.pk, settings.NO_PASS_SECONDS)
        resolver.resolve(account)
