from celery import shared_task

from bybit.models import Heartbeat
from webapp.security import audit


@shared_task(name="webapp.show_beat")
def show_beat() -> None:
    """Proves that beat schedules and a worker runs what it schedules."""
    Heartbeat.show("beat")


@shared_task(name="webapp.seal_orders")
def seal_orders() -> None:
    """Seals what orders have left behind into the audit log."""
    while audit.seal_orders():
        continue
