import logging

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from bybit.models import Heartbeat
from webapp import accounts
from webapp.security import audit, factors, passkeys, throttle

log = logging.getLogger("tradepost.tasks")


@shared_task(name="webapp.show_beat")
def show_beat() -> None:
    """Proves that beat schedules and a worker runs what it schedules."""
    Heartbeat.show("beat")


@shared_task(name="webapp.seal_orders")
def seal_orders() -> None:
    """Seals what orders have left behind into the audit log."""
    while audit.seal_orders():
        continue


@shared_task(name="webapp.check_keys")
def check_keys() -> None:
    """Looks at every key once a day, and drops what the doors no longer need to remember."""
    for account_id, code in accounts.check_all().items():
        log.warning("%s: the key could not be checked (%s)", account_id, code)
    throttle.prune()
    passkeys.prune()
    factors.prune()
    SessionStore.clear_expired()


@shared_task(name="webapp.check_suspects")
def check_suspects() -> None:
    """Looks once a minute whether Bybit takes a refused key again."""
    for account in accounts.suspects():
        try:
            accounts.check(account)
        except accounts.KeyNotChecked as error:
            log.warning("%s: %s", account.pk, error)
