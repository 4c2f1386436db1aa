"""How often somebody may try. Ten tries in a quarter of an hour, per account and per address. A browser that has signed
in before has tries of its own, and so has a session, so that nobody who guesses from elsewhere can keep the owner out;
the longest that either ever waits is a minute. Which door is whose: docs/security.md."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from webapp.security.models import Attempt

FREE = 10
WINDOW = timedelta(minutes=15)
PAUSE = timedelta(seconds=60)


class TooManyTries(Exception):
    """`seconds` until the next try is looked at; this one was not."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True, order=True)
class Door:
    """What tries are counted by. At a gentle one the eleventh try waits a minute after the tenth, and so on; at any
    other there are no more than ten in a quarter of an hour."""

    name: str
    gentle: bool = False

    @property
    def key(self) -> str:
        return hashlib.sha256(self.name.encode()).hexdigest()[:40]


def knock(*doors: Door) -> None:
    """Counts one try at each door before it is looked at: twenty at once are twenty. Raises TooManyTries."""
    now = timezone.now()
    with transaction.atomic():
        waits = [_wait(door, now) for door in sorted(doors)]
        longest = max(waits)
        if longest <= timedelta(0):
            Attempt.objects.bulk_create([Attempt(key=door.key, at=now) for door in doors])
    if longest > timedelta(0):
        raise TooManyTries(int(longest.total_seconds()) + 1)


def _wait(door: Door, now: datetime) -> timedelta:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [door.key])
    Attempt.objects.filter(key=door.key, at__lt=now - WINDOW).delete()
    tries = list(Attempt.objects.filter(key=door.key).order_by("at").values_list("at", flat=True))
    if len(tries) < FREE:
        return timedelta(0)
    return (tries[-1] + PAUSE if door.gentle else tries[-FREE] + WINDOW) - now


def forget(*doors: Door) -> None:
    """A try that was right: the count begins anew."""
    Attempt.objects.filter(key__in=[door.key for door in doors]).delete()


def prune() -> None:
    """Drops tries that count no longer."""
    Attempt.objects.filter(at__lt=timezone.now() - WINDOW).delete()
