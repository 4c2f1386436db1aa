import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone

from bybit import gateway as bybit
from bybit import instruments
from bybit.models import Account, Link
from bybit.types import Execution, OrderReport, PositionReport
from orders import topics
from tests.conftest import Paper
from tests.witness import Witness, of_test_database


@pytest.fixture
def account(transactional_db: None, django_user_model: Any) -> Iterator[Account]:
    user = django_user_model.objects.create_user("owner")
    row = Account(id="acc", label="Test", environment="paper", paper_url="http://127.0.0.1:1", api_key="k")
    row.set_secret("s")
    row.save()
    row.members.add(user)
    Link.objects.create(account=row)
    yield row
    # The publisher's thread must be off the tables before they are emptied.
    assert topics.publisher.rest(10)


@pytest.fixture
def report() -> Callable[..., OrderReport]:
    def make(**changes: Any) -> OrderReport:
        values: dict[str, Any] = {
            "category": "linear",
            "symbol": "BTCUSDT",
            "order_id": "ex-1",
            "order_link_id": "",
            "side": "Buy",
            "order_type": "Limit",
            "status": "New",
            "price": Decimal("60000"),
            "qty": Decimal("1"),
            "cum_exec_qty": Decimal(0),
            "avg_price": None,
            "time_in_force": "GTC",
            "trigger_price": None,
            "take_profit": None,
            "stop_loss": None,
            "reduce_only": False,
            "position_idx": 0,
            "stop_order_type": "",
            "cancel_type": "UNKNOWN",
            "reject_reason": "EC_NoError",
            "created_ms": 1_767_000_000_000,
            "updated_ms": 1_767_000_000_001,
        }
        return OrderReport(**values | changes)

    return make


@pytest.fixture
def execution() -> Callable[..., Execution]:
    def make(exec_id: str, qty: str, **changes: Any) -> Execution:
        values: dict[str, Any] = {
            "category": "linear",
            "symbol": "BTCUSDT",
            "exec_id": exec_id,
            "exec_type": "Trade",
            "order_id": "ex-1",
            "order_link_id": "",
            "side": "Buy",
            "price": Decimal("60000"),
            "qty": Decimal(qty),
            "value": Decimal(60000) * Decimal(qty),
            "fee": Decimal("0.5"),
            "fee_currency": "USDT",
            "is_maker": True,
            "closed_size": Decimal(0),
            "order_qty": Decimal(1),
            "order_type": "Limit",
            "exec_ms": 1_767_000_000_000 + int(exec_id.split("-")[1]),
            "seq": 1,
        }
        return Execution(**values | changes)

    return make


@pytest.fixture
def position() -> Callable[..., PositionReport]:
    def make(**changes: Any) -> PositionReport:
        empty = dict.fromkeys(
            (
                "entry_price",
                "mark_price",
                "liq_price",
                "leverage",
                "margin",
                "unrealised_pnl",
                "cur_realised_pnl",
                "take_profit",
                "stop_loss",
                "trailing_stop",
            )
        )
        values: dict[str, Any] = {
            **empty,
            "category": "linear",
            "symbol": "BTCUSDT",
            "position_idx": 0,
            "side": "Buy",
            "size": Decimal(1),
            "updated_ms": 1,
            "seq": 1,
        }
        return PositionReport(**values | changes)

    return make


@pytest.fixture
def on_paper(account: Account, paper: Paper) -> Account:
    """The account with a key of its own at the running paper exchange, named by `venue_account`."""
    key = f"key-{uuid4().hex[:12]}"
    made = paper.control("key", {"key": key, "secret": "secret"})
    account.api_key, account.paper_url = key, paper.url
    account.set_secret("secret")
    account.save()
    account.label = made["account"]
    account.save(update_fields=["label"])
    instruments.refresh(account, bybit.for_account(account))
    Link.objects.filter(pk=account.pk).update(stream=Link.Stream.DOWN, pass_at=timezone.now())
    return account


@pytest.fixture
def witness(on_paper: Account, paper: Paper) -> Witness:
    """Holds the account's record against the exchange's ledger."""
    return Witness(
        of_test_database(),
        paper.url,
        account=on_paper.pk,
        venue_account=on_paper.label,
        settle=timedelta(seconds=settings.SETTLE_SECONDS),
        since_ns=time.time_ns(),
    )
