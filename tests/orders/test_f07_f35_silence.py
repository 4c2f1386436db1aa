"""When Bybit says nothing more: a banned address asks no more, an order that is nowhere ends on evidence alone."""

import time
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from bybit import gateway as bybit
from bybit.models import Account, Link
from orders import resolver, services
from orders.errors import Paused
from orders.models import Order
from orders.requests import OrderIn
from orders.wishes import wish_of
from tests.conftest import Paper, wait_for

D = Decimal


def asked(paper: Paper) -> int:
    return len(paper.control("journal", method="GET")["items"])


def tap(account: Account, **changes: Any) -> services.Placed:
    body = {
        "id": str(uuid.uuid4()),
        "account": account.pk,
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "order_type": "Limit",
        "price": "60000",
        "qty": "0.01",
        **changes,
    }
    owner = account.members.get()
    wish = wish_of(OrderIn.model_validate(body))
    return services.place(asker=services.Asker(user=owner, source="api"), wish=wish)


@pytest.fixture
def traded(on_paper: Account, paper: Paper, settings: Any) -> Account:
    settings.NEGATIVE_GAP_SECONDS = settings.QUIET_SECONDS = settings.STREAM_SECONDS = 0
    resolver.resolve(on_paper, full=True)
    services.instruments.refresh(on_paper, bybit.for_account(on_paper))
    return on_paper


def test_f07_a_banned_address_asks_nothing_until_the_ban_is_over(
    traded: Account, paper: Paper, settings: Any
) -> None:
    settings.BAN_SECONDS = 3
    order = tap(traded, price=near(paper)).order
    paper.fault(endpoint="/v5/*", accept="never", reply="status", code=403, count=1)
    result = resolver.resolve(traded)
    assert result is not None
    assert not result.complete
    link = Link.objects.get(pk=traded.pk)
    assert link.banned_until is not None
    assert "refuses this server" in link.trouble
    before = asked(paper)
    for _ in range(3):
        resolver.resolve(traded)
    with pytest.raises(Paused, match="Nothing was sent"):
        tap(traded)
    with pytest.raises(Paused):
        tap(traded, reduce_only=True)
    owner = traded.members.get()
    with pytest.raises(Paused):
        services.cancel(user=owner, order=order, source="api")
    with pytest.raises(Paused):
        services.cancel_all(
            account=traded, category=None, symbol=None, include={"orders"}, source="api", by="owner"
        )
    with pytest.raises(Paused):
        services.amend(user=owner, order=order, changes={"qty": D("0.02")}, version=None, source="api")
    assert asked(paper) == before
    # Another process, which has not met the ban itself, knows of it by the database.
    bybit._gateways.clear()
    resolver.resolve(traded)
    assert asked(paper) == before
    wait_for(lambda: timezone.now() > link.banned_until, 5, "the end of the ban")  # type: ignore[operator]
    result = resolver.resolve(traded, full=True)
    assert result is not None
    assert result.complete
    assert Order.objects.get(pk=order.pk).state == "working"
    tap(traded, price=near(paper))


def near(paper: Paper) -> str:
    return format((D(paper.last("BTCUSDT")) * D("0.98")).quantize(D("0.1")), "f")


def gone_at_bybit(account: Account, paper: Paper) -> Order:
    """An order that was open here and that Bybit has cancelled and forgotten."""
    order = tap(account, price=near(paper)).order
    resolver.resolve(account, full=True)
    assert Order.objects.get(pk=order.pk).state == "working"
    bybit.for_account(account).cancel(services.cancelling.lookup.reference(Order.objects.get(pk=order.pk)))
    paper.fault(age_h=26)
    paper.fault(cache_wipe=True)
    return order


def passes(account: Account, order: Order, count: int) -> Order:
    for _ in range(count):
        Order.objects.filter(pk=order.pk).update(next_check_at=None)
        resolver.resolve(account, full=True)
    return Order.objects.get(pk=order.pk)


def test_f35_an_order_that_is_nowhere_ends_with_its_proof_and_can_be_reopened(
    traded: Account, paper: Paper, settings: Any
) -> None:
    settings.VANISHED_SECONDS = 0
    order = gone_at_bybit(traded, paper)
    assert passes(traded, order, 2).state == "working"
    ended = passes(traded, order, 1)
    assert (ended.state, ended.reject_code) == ("cancelled", "history_expired")
    verdict = ended.evidence.get(kind="verdict").body
    assert verdict["realtime"] == verdict["history"] == verdict["executions"] == "nothing"
    assert ended.evidence.filter(kind="query").count() == 3
    # Bybit remembers after all.
    paper.clear()
    found = bybit.for_account(traded).find_history(
        category="linear", order_id=ended.exchange_order_id, order_link_id=""
    )
    assert found is not None
    services.record_report(traded.pk, found, "resolver")
    reopened = Order.objects.get(pk=order.pk)
    assert (reopened.state, reopened.reject_code, reopened.exchange_status) == ("cancelled", "", "Cancelled")
    assert reopened.evidence.filter(kind="alert").count() == 1


def test_f35_with_a_fill_that_is_missing_only_a_day_is_proof(
    traded: Account, paper: Paper, settings: Any
) -> None:
    settings.VANISHED_SECONDS = 0
    order = gone_at_bybit(traded, paper)
    # The position is more than our fills: something was traded that the lists do not show yet.
    paper.fault(lag={"executions": 600_000})
    wish = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01"}
    paper.control("external", {"account": traded.label, **wish})
    after = passes(traded, order, 4)
    assert after.state == "working"
    Order.objects.filter(pk=order.pk).update(updated_at=timezone.now() - timedelta(hours=25))
    assert passes(traded, order, 1).reject_code == "history_expired"


def test_f31_a_stop_loss_that_is_not_at_bybit_is_told_once(traded: Account, paper: Paper) -> None:
    placed = tap(traded, order_type="Market", price=None, stop_loss="1000").order
    for _ in range(2):
        resolver.resolve(traded, full=True)
    order = Order.objects.get(pk=placed.pk)
    assert order.fills_qty == D("0.01")
    assert order.evidence.filter(kind="alert").count() == 0
    gateway = bybit.for_account(traded)
    position = services.Position.objects.get(account=traded, symbol="BTCUSDT")
    assert services.set_stops(user=traded.members.get(), position=position, values={"stop_loss": D(0)})[1]
    Order.objects.filter(pk=placed.pk).update(updated_at=timezone.now() - timedelta(seconds=6))
    resolver.resolve(traded, full=True)
    assert order.evidence.filter(kind="alert").count() == 0, "it stood there, and was taken away"
    Order.objects.filter(account=traded, terms__has_key="stop_order_type").update(exchange_created_ms=1)
    for _ in range(2):
        resolver.resolve(traded, full=True)
        Order.objects.filter(pk=placed.pk).update(updated_at=timezone.now() - timedelta(seconds=6))
    assert gateway.position(category="linear", symbol="BTCUSDT").items[0].stop_loss is None
    assert order.evidence.filter(kind="alert").count() == 1


def test_an_order_without_proof_is_asked_to_go_once_and_holds_up_no_panic(
    traded: Account, paper: Paper
) -> None:
    open_one = tap(traded, price=near(paper)).order
    paper.fault(endpoint="/v5/order/create", accept="never", reply="rst", count=1)
    lost = tap(traded, price=near(paper)).order
    assert lost.state == "unknown"
    start = time.monotonic()
    results = services.cancel_all(
        account=traded, category="linear", symbol=None, include={"orders"}, source="api", by="owner"
    )
    assert time.monotonic() - start < 5
    assert {(order.pk, result) for order, result, _ in results} == {
        (open_one.pk, "cancelled"),
        (lost.pk, "unknown"),
    }
    assert len(paper.journal(str(lost.pk), "/v5/order/cancel")) == 1


def test_accounts_side_by_side_each_have_all_their_lists_read(traded: Account, paper: Paper) -> None:
    made = paper.control("key", {"key": f"second-{uuid.uuid4().hex[:8]}", "secret": "secret"})
    second = Account(id="second", label=made["account"], environment="paper", paper_url=paper.url)
    second.api_key = made["key"]
    second.set_secret("secret")
    second.save()
    Link.objects.create(account=second, swept_at=timezone.now())
    Link.objects.update(stream=Link.Stream.LIVE)
    before = asked(paper)
    for _ in resolver.SIDE_LISTS:
        for account in (traded, second):
            resolver.resolve(account)
    sent = paper.control("journal", method="GET")["items"][before:]
    for account in (traded, second):
        mine = {
            (item["path"], item["params"].get("category"), item["params"].get("settleCoin"))
            for item in sent
            if item["account"] == account.label
        }
        assert {
            ("/v5/order/realtime", "spot", None),
            ("/v5/order/realtime", "linear", "USDC"),
            ("/v5/order/history", "linear", None),
            ("/v5/order/history", "spot", None),
            ("/v5/position/list", "linear", "USDC"),
            ("/v5/execution/list", "spot", None),
        } <= mine
