"""Who listens: one process at a time, and nobody is kept from it by a lock that was left behind."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from bybit.models import Account, Link
from orders.listener import Listener
from orders.models import Order
from tests.conftest import Paper, wait_for


@contextmanager
def listening(account: Account) -> Iterator[Listener]:
    stopping = threading.Event()
    listener = Listener(account.pk, stopping)
    listener.start()
    try:
        yield listener
    finally:
        stopping.set()
        listener.join(15)


def stream(account: Account) -> str:
    return Link.objects.get(pk=account.pk).stream


def test_f16_a_listener_that_ended_leaves_no_lock_in_the_pool(on_paper: Account, paper: Paper) -> None:
    with listening(on_paper):
        wait_for(lambda: stream(on_paper) == "live", 20)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert cursor.fetchone() == (0,)


def test_f16_live_is_said_only_after_everything_was_read(on_paper: Account, paper: Paper) -> None:
    """Nobody else runs the resolver here: what happened before is known by the catching up alone."""
    body = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01", "price": "30000"}
    made = paper.control("external", {"account": on_paper.label, "positionIdx": 0, **body})
    with listening(on_paper):
        wait_for(lambda: stream(on_paper) == "live", 20)
        assert Order.objects.filter(exchange_order_id=made["orderId"]).exists()


def test_f16_one_that_waits_for_its_turn_does_not_speak_for_the_one_that_listens(
    on_paper: Account, paper: Paper
) -> None:
    with listening(on_paper):
        wait_for(lambda: stream(on_paper) == "live", 20)
        said: set[str] = set()
        with listening(on_paper) as second:
            deadline = threading.Timer(3, lambda: None)
            deadline.start()
            while deadline.is_alive():
                said.add(stream(on_paper))
            assert second.is_alive()
        assert said == {"live"}
