"""Our clock an hour off, as after a bad NTP step: nothing is placed, nothing is widened, and the next pass knows."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from bybit.models import Account, Link
from orders import resolver, services
from orders.models import Order
from orders.requests import OrderIn
from orders.services import Asker
from orders.wishes import wish_of
from tests.conftest import Paper


def place(account: Account, price: str) -> Order:
    body: dict[str, Any] = {
        "id": str(uuid4()),
        "account": account.pk,
        "category": "linear",
        "symbol": "BTCUSDT",
    }
    body |= {"side": "Buy", "order_type": "Limit", "qty": "0.001", "price": price}
    asker = Asker(user=account.members.get(), source="api")
    return services.place(asker=asker, wish=wish_of(OrderIn(**body))).order


@pytest.mark.parametrize("off_ms", [3_600_000, -3_600_000])
def test_f48_a_clock_that_stepped_by_an_hour_places_nothing_and_is_measured_again(
    on_paper: Account, paper: Paper, off_ms: int
) -> None:
    price = f"{float(paper.last('BTCUSDT')) * 0.9:.0f}"
    assert resolver.resolve(on_paper, full=True)
    # What was measured before the step is wrong by as much.
    Link.objects.filter(pk=on_paper.pk).update(clock_offset_ms=off_ms)
    refused = place(on_paper, price)
    assert (refused.state, refused.reject_code) == ("rejected", "clock")
    (sent,) = paper.journal(str(refused.pk))
    assert sent["retCode"] == 10002
    # A pass that is refused for its time measures before the next one asks.
    for _ in range(2):
        resolver.resolve(on_paper, full=True)
    assert abs(Link.objects.get(pk=on_paper.pk).clock_offset_ms or 0) < 1000
    assert place(on_paper, price).state in ("acked", "working")
    assert paper.truth(on_paper.label)["orders"][-1]["orderStatus"] == "New"


def test_f48_times_are_kept_in_utc_whatever_the_machine_says(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('TimeZone'), now()")
        zone, now = cursor.fetchone()
    assert (zone, now.utcoffset().total_seconds()) == ("UTC", 0)
