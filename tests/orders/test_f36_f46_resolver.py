"""The resolver against a running paper exchange: writers side by side, two passes at once, an old backup."""

import random
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from bybit.models import Account, Link
from bybit.types import Execution, OrderReport
from orders import resolver, services
from orders.models import Epoch, Event, Fill, Order, OrderEvent, Publication, Sequence
from orders.tasks import resolve_account
from positions.models import Position, Wallet
from tests.conftest import Paper
from tests.orders.test_news import ours, shown
from tests.truth import apart, broken
from tests.witness import Witness

D = Decimal


def _apart(witness: Witness) -> list[str]:
    # Nothing publishes here but a thread of its own time.
    return [text for text in apart(witness.story()) if "published" not in text]


def together(count: int, work: Callable[[int], Any]) -> list[BaseException]:
    """Runs the work in threads that begin at the same moment, each with a connection of its own."""
    start, problems = threading.Barrier(count), []

    def run(number: int) -> None:
        try:
            start.wait(10)
            work(number)
        except BaseException as error:  # noqa: BLE001  # shown by the caller's assertion
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return problems


def test_f36_many_writers_on_a_few_orders_end_in_one_truth(
    account: Account, report: Callable[..., OrderReport], execution: Callable[..., Execution]
) -> None:
    """Stream, resolver and web at once, each with its own order of the same news, in batches of its own size."""
    orders = [ours(account) for _ in range(5)]
    news: list[tuple[str, Any]] = []
    for number, order in enumerate(orders):
        ids = {"order_id": f"ex-{number}", "order_link_id": order.order_link_id}
        for part in range(1, 9):
            cum = D(part) / 8
            status = "Filled" if part == 8 else "PartiallyFilled"
            news.append(("reports", report(**ids, status=status, cum_exec_qty=cum, updated_ms=part)))
            news.append(("executions", execution(f"w{number}-{part}", "0.125", **ids)))

    def write(number: int) -> None:
        rng = random.Random(number)
        mine = rng.sample(news, len(news))
        while mine:
            part = [mine.pop() for _ in range(min(len(mine), rng.randint(1, 7)))]
            batch: dict[str, Any] = {"reports": [], "executions": []}
            for kind, item in part:
                batch[kind].append(item)
            services.record(account.pk, source=f"writer {number}", **batch)

    assert together(4, write) == []
    assert {shown(order)[:4] for order in orders} == {("filled", "Filled", D(1), D(1))}
    assert Fill.objects.count() == 40
    assert Position.objects.get().ours_size == D(5)


def test_f39_f40_the_second_of_two_passes_leaves_at_once_and_neither_sends(
    on_paper: Account, paper: Paper, witness: Witness
) -> None:
    paper.fault(endpoint="/v5/order/realtime", accept="before", reply="ok", ms=1500, count=1)
    results: list[tuple[float, Any]] = []

    def run(_: int) -> None:
        began = time.monotonic()
        results.append((time.monotonic() - began, resolver.resolve(on_paper)))

    assert together(2, run) == []
    assert sorted(result is None for _, result in results) == [False, True]
    # The same task delivered three times over.
    assert together(3, lambda _: resolve_account(on_paper.pk)) == []
    sent = {item["method"] for item in paper.control("journal", method="GET")["items"]}
    assert "POST" not in {item["method"] for item in _of(paper, on_paper)}
    assert sent
    assert _apart(witness) == []


def _of(paper: Paper, account: Account) -> list[dict[str, Any]]:
    items = paper.control("journal", method="GET")["items"]
    return [item for item in items if item["account"] == account.label]


def external(paper: Paper, account: Account, **changes: Any) -> str:
    wish = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01", "positionIdx": 0}
    made = paper.control("external", {"account": account.label, **wish, **changes})
    return str(made["orderId"])


def test_f46_a_record_from_an_old_backup_takes_in_everything_that_is_newer(
    on_paper: Account, paper: Paper, witness: Witness
) -> None:
    for number in range(3):
        external(paper, on_paper, side="Buy" if number % 2 else "Sell")
    for _ in range(2):
        resolver.resolve(on_paper, full=True)
    assert _apart(witness) == []
    before = Order.objects.count()
    # As a backup from before all of it: the rows are gone, and the log has another epoch.
    epoch = Epoch.objects.create().value
    for model in (OrderEvent, Fill, Order, Event, Sequence, Publication, Position, Wallet):
        model.objects.all().delete()
    Epoch.objects.all().delete()
    Epoch.objects.create()
    Link.objects.update(swept_at=None, pass_at=None, stream=Link.Stream.DOWN)
    external(paper, on_paper, orderType="Limit", price="30000")
    resolver.resolve(on_paper, full=True)
    # What is closed is known by its fills first, and read by its id in the passes that follow.
    for _ in range(3):
        resolver.resolve(on_paper, full=True)
    assert Order.objects.count() == before + 1
    assert Epoch.objects.get().value != epoch
    story = witness.story()
    assert _apart(witness) == []
    assert broken(story) == []


@pytest.mark.parametrize("failing", ["/v5/order/realtime", "/v5/execution/list", "/v5/position/list"])
def test_f35_half_a_pass_is_no_pass_and_what_it_found_is_kept(
    on_paper: Account, paper: Paper, witness: Witness, failing: str
) -> None:
    external(paper, on_paper)
    before = Link.objects.get(pk=on_paper.pk).pass_at
    paper.fault(endpoint=failing, accept="never", reply="status", code=503)
    result = resolver.resolve(on_paper, full=True)
    assert result is not None
    assert not result.complete
    assert Link.objects.get(pk=on_paper.pk).pass_at == before
    paper.clear()
    for _ in range(2):
        resolver.resolve(on_paper, full=True)
    assert _apart(witness) == []
