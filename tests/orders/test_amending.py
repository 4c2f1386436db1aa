"""What of a change to an open order adds risk: refused while somebody paused the account, and while its state is not
known. Nothing listens where these accounts would send: what passes the doors ends as `not_sent`."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from bybit.models import Account, Link
from bybit.types import OrderReport
from orders import resolver, services
from orders.errors import RuleBroken, TradeError
from orders.models import Order
from orders.requests import AmendIn, OrderIn
from orders.wishes import wish_of
from positions.models import Position
from tests.conftest import Paper

D = Decimal

ENTRY: dict[str, Any] = {"trigger_price": D(62000), "stop_loss": D(59000), "take_profit": D(70000)}
BARE: dict[str, Any] = {}
REDUCING = ENTRY | {"reduce_only": True}
SALE: dict[str, Any] = {"category": "spot", "side": "Sell", "trigger_price": D(62000)}
BUY = SALE | {"side": "Buy"}

# The order, what is to change, and whether a pause and a state that is not known refuse it.
TABLE = [
    (ENTRY, {"price": "59900"}, True, True),
    (ENTRY, {"trigger_price": "61900"}, True, True),
    (ENTRY, {"trigger_by": "MarkPrice"}, True, True),
    (ENTRY, {"qty": "2"}, True, True),
    (ENTRY, {"stop_loss": "0"}, True, True),
    (ENTRY, {"stop_loss": "59100"}, False, False),
    (ENTRY, {"take_profit": "0"}, False, False),
    (ENTRY, {"qty": "0.5"}, False, False),
    (BARE, {"stop_loss": "0"}, False, False),
    *((REDUCING, changes, False, False) for changes in ({"price": "1"}, {"trigger_by": "MarkPrice"}, {"qty": "2"})),
    *((SALE, changes, False, True) for changes in ({"price": "1"}, {"trigger_price": "1"}, {"qty": "2"})),
    (BUY, {"price": "1"}, True, True),
]  # fmt: skip


def amended(account: Account, order: dict[str, Any], changes: dict[str, str]) -> str:
    """The rule or the code by which a change of an open order was refused."""
    row = Order.objects.create(
        account=account,
        source="api",
        state="working",
        exchange_order_id=str(uuid.uuid4()),
        created_at=timezone.now(),
        updated_at=timezone.now(),
        **{
            "category": "linear", "symbol": "BTCUSDT", "side": "Buy", "order_type": "Limit", "qty": D(1),
            "price": D(60000), **order,
        },
    )  # fmt: skip
    wanted = AmendIn.model_validate(changes).changes()
    with pytest.raises(TradeError) as refused:
        services.amend(user=account.members.get(), order=row, changes=wanted, version=None, source="api")
    kept = Order.objects.get(pk=row.pk)
    assert (kept.price, kept.qty, kept.stop_loss) == (row.price, row.qty, row.stop_loss)
    return refused.value.detail["rule"] if isinstance(refused.value, RuleBroken) else refused.value.code


def test_what_of_a_change_is_new_risk(account: Account) -> None:
    fresh = {"stream": "live", "private_at": timezone.now() + timedelta(minutes=1)}
    ways: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        ({"paused_at": None}, fresh, ""),
        ({"paused_at": timezone.now(), "paused_by": "ann"}, fresh, "trading_paused"),
        ({"paused_at": None}, {"stream": "resyncing"}, "not_reconciled"),
    ]
    for pause, link, no in ways:
        Account.objects.update(**pause)
        Link.objects.update(**link)
        for order, changes, paused, unknown in TABLE:
            refused = {"trading_paused": paused, "not_reconciled": unknown}.get(no)
            assert amended(account, order, changes) == (no if refused else "not_sent"), (no, order, changes)


def test_a_pause_names_its_day_unless_that_is_today() -> None:
    now = datetime.now(UTC)
    row = Account(id="acc", label="Desk", paused_by="ann", paused_at=now)
    assert f"is paused by ann since {now:%H:%M} UTC. " in row.why_paused()
    row.paused_at = now.replace(hour=14, minute=3) - timedelta(days=3)
    assert f"since {row.paused_at.day} {row.paused_at:%b %Y} 14:03 UTC. " in row.why_paused()


def test_a_spot_order_is_no_leg_of_the_perpetuals_pair(
    on_paper: Account, paper: Paper, report: Callable[..., OrderReport]
) -> None:
    resolver.resolve(on_paper, full=True)
    owner = on_paper.members.get()
    body = {"id": str(uuid.uuid4()), "account": on_paper.pk, "category": "linear", "symbol": "BTCUSDT",
            "side": "Buy", "order_type": "Market", "qty": "0.01", "stop_loss": "1000"}  # fmt: skip
    wish = wish_of(OrderIn.model_validate(body))
    services.place(asker=services.Asker(user=owner, source="api"), wish=wish)
    resolver.resolve(on_paper, full=True)
    # Newer than the perpetual's own stop.
    later = {"created_ms": 4_000_000_000_000, "updated_ms": 4_000_000_000_000}
    waiting = {"status": "Untriggered", "side": "Sell", "stop_order_type": "StopLoss"}
    terms = {"trigger_by": "MarkPrice", "stop_order_type": "StopLoss"}
    elsewhere = report(category="spot", **waiting, **later, terms=terms)
    services.record(on_paper.pk, reports=[elsewhere], source="rest")
    position = Position.objects.get(symbol="BTCUSDT")
    assert services.set_stops(user=owner, position=position, values={"take_profit": D(900_000)})[1]
    params = [
        item["params"]
        for item in paper.control("journal", method="GET")["items"]
        if item["path"] == "/v5/position/trading-stop" and item["params"].get("takeProfit")
    ]
    assert (D(params[-1]["stopLoss"]), params[-1]["slTriggerBy"]) == (D(1000), "LastPrice")
