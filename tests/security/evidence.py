"""Orders with evidence, as a record holds them."""

import uuid
from datetime import datetime
from decimal import Decimal

from bybit.models import Account
from orders.models import Order, OrderEvent


def some_evidence(at: datetime, count: int) -> list[OrderEvent]:
    """An order with so many rows of evidence, all of one moment."""
    account = Account.objects.filter(pk="acc").first()
    if account is None:
        account = Account(
            id="acc", label="Test", environment="paper", paper_url="http://127.0.0.1:1", api_key="k"
        )
        account.set_secret("s")
        account.save()
    order = Order.objects.create(
        id=uuid.uuid4(), account=account, category="linear", symbol="BTCUSDT", side="Buy", order_type="Market",
        qty=Decimal(1), created_at=at, updated_at=at, state="filled",
    )  # fmt: skip
    return [
        OrderEvent.objects.create(order=order, at=at, kind="report", source="stream", body={"n": n})
        for n in range(count)
    ]
