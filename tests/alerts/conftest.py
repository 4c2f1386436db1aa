import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from bybit.models import Account, Link
from orders import services
from orders.models import Order
from tests.orders.conftest import execution, report  # noqa: F401
from tests.push import PushService, Receiver
from tests.security.conftest import _quick_passwords  # noqa: F401
from tests.security.people import Page, person
from webapp.alerts import follow, send


@pytest.fixture
def service(settings: Any) -> Iterator[PushService]:
    """A push service on this machine, and a house that may use it."""
    running = PushService()
    settings.PUSH_TEST_SERVICE = running.url
    yield running
    running.close()


@pytest.fixture
def account(db: None) -> Account:
    row = Account(id="acc", label="Test", environment="paper", paper_url="http://127.0.0.1:1", api_key="k")
    row.set_secret("s")
    row.save()
    Link.objects.create(account=row)
    return row


@pytest.fixture
def ann(account: Account) -> Any:
    user = person()
    account.members.add(user)
    return user


class Phone:
    """A signed-in browser that takes pushes."""

    def __init__(self, service: PushService, name: str, user: str = "ann") -> None:
        self.page = Page()
        assert self.page.sign_in(user).json()["signed_in"]
        self.receiver: Receiver = service.receiver(name)
        self._service = service
        told = self.page.call("POST", "/push/devices", self.receiver.body())
        assert told.status_code == 200, told.content
        self.id = told.json()["id"]

    def shown(self) -> list[dict[str, Any]]:
        """What it was sent, opened."""
        return [push.notification(self.receiver) for push in self._service.of(self.receiver)]


@pytest.fixture
def phone(ann: Any, service: PushService) -> Phone:
    found = Phone(service, "phone")
    # What the sign-in itself has to say is another test's.
    run()
    service.pushes.clear()
    return found


def run(rounds: int = 1) -> None:
    """What the alerts process does in a round."""
    for _ in range(rounds):
        follow.follow()
        for delivery_id in send.due(100):
            send.deliver(delivery_id)


@pytest.fixture
def fill(account: Account, report: Any, execution: Any) -> Callable[..., None]:  # noqa: F811
    """An execution of the order ex-1, now, through the doors."""

    def make(
        exec_id: str, qty: str = "0.4", *, status: str = "", exec_type: str = "Trade", **terms: Any
    ) -> None:
        ms = int(time.time() * 1000)
        done = sum(
            (
                row.qty
                for order in Order.objects.filter(exchange_order_id="ex-1")
                for row in order.fills.all()
            ),
            Decimal(qty),
        )
        told = "Filled" if done >= 1 else "PartiallyFilled"
        services.record(
            account.pk,
            executions=[execution(exec_id, qty, exec_ms=ms, exec_type=exec_type)],
            reports=[
                report(
                    status=status or told,
                    cum_exec_qty=done,
                    avg_price=Decimal(60000),
                    updated_ms=ms,
                    terms=terms,
                )
            ],
            source="stream",
        )

    return make
