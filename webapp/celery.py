"""The Celery app. Its settings and the beat table stand in webapp.settings."""

import os
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

if "TRADEPOST_HOUSE" in os.environ:
    # The demo may run as root; for real, the worker is a user of its own, and Celery should say so when it is not.
    warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("tradepost")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["orders", "webapp"])


@worker_process_init.connect
def _send_at_once(**_: Any) -> None:
    """A worker's process sends what its task has just committed by itself: Celery closes the connection pool between
    tasks, under the feet of any thread that would."""
    from orders import topics

    topics.send_at_once(topics.Loop())
