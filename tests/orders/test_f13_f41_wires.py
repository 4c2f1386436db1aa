"""What a failed read proves (nothing), and when a change is told (after its commit, and then at once)."""

from collections.abc import Callable

import pytest

from bybit import gateway as bybit
from bybit.failpoints import armed
from bybit.models import Account
from bybit.types import OrderReport
from orders import lookup, services, topics
from orders.models import Publication, Sequence
from tests.conftest import Paper
from tests.orders.test_news import ours


@pytest.mark.parametrize("failing", ["/v5/order/realtime", "/v5/order/history", "/v5/execution/list"])
@pytest.mark.parametrize("reply", ["drop", "html", "ret"])
def test_f13_one_read_that_failed_proves_no_absence(
    on_paper: Account, paper: Paper, failing: str, reply: str
) -> None:
    order, gateway = ours(on_paper), bybit.for_account(on_paper)
    assert lookup.ask(gateway, order).nothing
    paper.fault(endpoint=failing, accept="never", reply=reply)
    findings = lookup.ask(gateway, order)
    assert not findings.clean
    assert not findings.nothing


def test_f41_a_change_is_told_after_its_commit_and_not_by_the_next_beat(
    account: Account, report: Callable[..., OrderReport]
) -> None:
    order = ours(account)
    with armed("news_before_commit=pause:200"):
        services.record_report(account.pk, report(order_link_id=order.order_link_id), "stream")
    assert topics.publisher.rest(10)
    assert Publication.objects.get(pk=account.pk).seq == Sequence.objects.get(pk=account.pk).seq
