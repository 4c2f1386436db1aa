"""Celery's view of the order manager: each task takes ids, re-checks, and calls one function. The database is the
work list, so a lost task loses nothing."""

import logging

from celery import shared_task
from django.db import transaction
from django.db.models import Max
from kombu.exceptions import OperationalError

from bybit import instruments
from bybit.errors import BybitError
from bybit.models import Account
from orders import access, backfill, journal, resolver, topics
from orders.models import Event, Sequence
from positions import ledger

log = logging.getLogger("tradepost.tasks")

KEEP_EVENTS = 50_000


@shared_task(name="orders.resolve_all")
def resolve_all() -> None:
    """Beat's entry: one pass for each account."""
    for account_id in Account.objects.values_list("pk", flat=True):
        resolve_account.apply_async((account_id,), expires=5)


@shared_task(name="orders.resolve_account")
def resolve_account(account_id: str) -> None:
    account = Account.objects.filter(pk=account_id).first()
    if account is not None:
        resolver.resolve(account)


def ask_now(account_id: str) -> None:
    """Asks Bybit about an unsettled order at once; when the broker does not listen, the next beat asks."""
    try:
        resolve_account.apply_async((account_id,), expires=10, retry=False)
    except (OperationalError, OSError):
        log.warning("the broker is away; the next beat asks about %s", account_id)


# A slice of the backfill: what else waits for the worker gets its turn in between.
SLICE_SECONDS = 6.0
ROLL_SECONDS = 5.0


@shared_task(name="orders.backfill_all")
def backfill_all() -> None:
    """Beat's entry: brings each account's record up to date, and its past in."""
    for account_id in Account.objects.values_list("pk", flat=True):
        ledger.note_equity(account_id)
        backfill_account.apply_async((account_id,), expires=60)


@shared_task(name="orders.backfill_account")
def backfill_account(account_id: str) -> None:
    """One slice, and the next one behind whatever waits."""
    account = Account.objects.filter(pk=account_id).first()
    if account is not None and backfill.advance(account, SLICE_SECONDS):
        backfill_account.apply_async((account_id,), expires=60)


@shared_task(name="orders.roll_journal")
def roll_journal() -> None:
    """Folds new fills into the journal."""
    for account in Account.objects.all():
        journal.roll(account, ROLL_SECONDS)


@shared_task(name="orders.flush_events")
def flush_events() -> None:
    """Sends what a publisher left unsent, because it died or Redis was away."""
    loop, client = topics.Loop(), topics.redis_client()
    for account_id in Account.objects.values_list("pk", flat=True):
        topics.flush(account_id, loop, client)


@shared_task(name="orders.refresh_markets")
def refresh_markets() -> None:
    """The markets' rules and risk tiers, once for each environment. Bybit tunes them at any time of the month."""
    seen: set[str] = set()
    for account in Account.objects.all():
        if account.environment in seen:
            continue
        seen.add(account.environment)
        gateway = access.gateway_of(account)
        try:
            instruments.refresh(account, gateway)
            instruments.refresh_tiers(account, gateway)
        except BybitError as error:
            log.warning("%s: the markets could not be read (%s)", account.environment, error.code)


@shared_task(name="orders.prune_events")
def prune_events() -> None:
    """Keeps the log's newest part; the record itself is in orders and fills. A page that asks for older events is
    told to take a snapshot."""
    for account_id, top in Event.objects.values_list("account_id").annotate(Max("seq")).order_by():
        floor = top - KEEP_EVENTS
        if floor > 0:
            with transaction.atomic():
                Sequence.objects.select_for_update().filter(pk=account_id).update(floor=floor)
                Event.objects.filter(account_id=account_id, seq__lte=floor).delete()
