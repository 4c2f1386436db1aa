from celery import shared_task

from bybit.models import Heartbeat


@shared_task(name="webapp.show_beat")
def show_beat() -> None:
    """Proves that beat schedules and a worker runs what it schedules."""
    Heartbeat.show("beat")
