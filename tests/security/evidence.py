"""Orders with evidence, as a record holds them."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential

from bybit.models import Account, BadMessage, KeyCheck
from orders.models import Event, Fill, Order, OrderEvent
from positions.models import ClosedPnl, Note, Position, Trip, Wallet
from tests.security.people import App
from webapp.alerts.models import Delivery, Notice, PushSubscription
from webapp.security import audit
from webapp.security.models import ApiToken, Device


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


def one_of_everything(name: str, who: Any) -> Order:
    """An account of somebody's, and a row of every table that the admin shows. Its order."""
    now = timezone.now()
    account = Account(id=name, label=name, environment="paper", paper_url="http://127.0.0.1:1", api_key="k")
    account.set_secret("s")
    account.save()
    account.members.add(who)
    market = {"account": account, "category": "linear", "symbol": f"{name.upper()}USDT"}
    order = Order.objects.create(
        **market, id=uuid.uuid4(), side="Buy", order_type="Market", qty=1, created_at=now, updated_at=now
    )
    OrderEvent.objects.create(order=order, at=now, kind="report", source=f"from {name}", body={})
    Fill.objects.create(
        **market, order=order, exec_id=f"e-{name}", side="Buy", exec_type="Trade", is_trade=True, price=1, qty=1,
        is_maker=False, exec_ms=1, at=now,
    )  # fmt: skip
    Event.objects.create(account=account, seq=1, kind="order", key="k", version=1, body={}, at=now)
    Position.objects.create(**market, id=f"{name}:linear:{name.upper()}USDT:0", position_idx=0)
    Wallet.objects.create(account=account)
    Note.objects.create(account=account, kind="order", key=str(order.pk), text=f"note of {name}")
    ClosedPnl.objects.create(
        **market, order_id=f"c-{name}", side="Buy", closed_pnl=1, created_ms=1, updated_ms=1
    )
    Trip.objects.create(
        **market, position_idx=0, side="Buy", first_ms=1, first_seq=1, first_exec=f"e-{name}", last_ms=1, last_seq=1,
        last_exec=f"e-{name}", opened_at=now, fills=1, most=1, coin="USDT",
    )  # fmt: skip
    KeyCheck.objects.create(account=account, at=now)
    BadMessage.objects.create(account=account, reason=f"of {name}", raw="{}")
    ApiToken.make(who, "read", f"of {name}")
    App.enrolled(who)
    device = Device.objects.create(user=who, session_key=name, name="Phone")
    push = PushSubscription.objects.create(
        user=who,
        device=device,
        endpoint=f"https://fcm.googleapis.com/{name}",
        p256dh="p",
        auth="a",
        read_at=now,
    )
    notice = Notice.objects.create(
        user=who, key=name, kind="fills", tag=name, title="Filled", body="", screen="orders", urgent=False, at=now,
        until=now,
    )  # fmt: skip
    Delivery.objects.create(notice=notice, subscription=push, next_at=now)
    WebAuthnCredential.objects.create(
        user=who, name="Stick", public_key=b"x", credential_id=name.encode(), aaguid=str(uuid.UUID(int=0))
    )
    audit.record("key_changed", who="somebody", account=account.pk)
    return order
