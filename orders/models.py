"""Orders, fills, the evidence for each, and the log of visible changes (the outbox)."""

import uuid
from datetime import UTC, datetime

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When

from bybit.models import Account
from bybit.types import FINAL_STATUSES
from positions.models import money

# The states of an order that is over, and when it was (`Order.ended_at`) as PostgreSQL computes it.
OVER = Q(state__in=["cancelled", "filled", "rejected"])
ENDED = Case(
    When(
        exchange_ms__gt=0,
        exchange_status__in=sorted(FINAL_STATUSES),
        then=Func(
            F("exchange_ms") / Value(1000.0), function="to_timestamp", output_field=models.DateTimeField()
        ),
    ),
    default=F("updated_at"),
    output_field=models.DateTimeField(),
)


class Order(models.Model):
    """One order, ours or made elsewhere. `id` is the UUID the phone made and Bybit's orderLinkId; an order made
    elsewhere has a uuid5 of account, category and Bybit's order id."""

    class State(models.TextChoices):
        NEW = "new"
        SENDING = "sending"
        UNKNOWN = "unknown"
        ACKED = "acked"
        WORKING = "working"
        FILLED = "filled"
        CANCELLED = "cancelled"
        REJECTED = "rejected"

    class Source(models.TextChoices):
        CONSOLE = "console"
        API = "api"
        EXTERNAL = "external"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="orders", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="orders"
    )
    source = models.CharField(max_length=10, choices=Source.choices)
    # What was asked for, normalised: a repeat of the same id is compared with it.
    request = models.JSONField(default=dict)

    category = models.CharField(max_length=10)
    symbol = models.CharField(max_length=40)
    side = models.CharField(max_length=4)
    order_type = models.CharField(max_length=10)
    qty = models.DecimalField(max_digits=38, decimal_places=18)
    price = money()
    time_in_force = models.CharField(max_length=10, blank=True)
    trigger_price = money()
    reduce_only = models.BooleanField(default=False)
    position_idx = models.SmallIntegerField(default=0)
    take_profit = money()
    stop_loss = money()
    # What else was agreed, by the names of bybit.types.ORDER_TERMS and REPORTED_TERMS; absent means Bybit's default.
    terms = models.JSONField(default=dict)

    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    reject_code = models.CharField(max_length=40, blank=True)
    reject_message = models.CharField(max_length=300, blank=True)
    order_link_id = models.CharField(max_length=45, blank=True)

    # Bybit's facts, merged by orders.states.
    exchange_order_id = models.CharField(max_length=64, blank=True)
    exchange_status = models.CharField(max_length=30, blank=True)
    exchange_ms = models.BigIntegerField(default=0)
    exchange_created_ms = models.BigIntegerField(default=0)
    # The most that any report had executed, and what the winning report had.
    cum_exec_qty = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    status_cum_qty = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    avg_price = money()
    cancel_type = models.CharField(max_length=60, blank=True)
    reject_reason = models.CharField(max_length=60, blank=True)

    # The sum of our fills, never incremented by hand: recomputed from the rows.
    fills_qty = models.DecimalField(max_digits=38, decimal_places=18, default=0)
    fills_value = models.DecimalField(max_digits=60, decimal_places=36, default=0)
    fee = money()

    cancel_requested_at = models.DateTimeField(null=True)
    # Something does not add up: the resolver reads this order from Bybit.
    needs_read = models.BooleanField(default=False)
    next_check_at = models.DateTimeField(null=True)
    checks = models.IntegerField(default=0)
    # Clean negative answers of all three sources in a row, since the send could no longer be accepted.
    negatives = models.IntegerField(default=0)

    version = models.IntegerField(default=1)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    acked_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "category", "exchange_order_id"],
                condition=~models.Q(exchange_order_id=""),
                name="one_row_per_exchange_order",
            )
        ]
        indexes = [
            models.Index(fields=["account", "category", "order_link_id"]),
            models.Index(
                fields=["account", "next_check_at"],
                condition=models.Q(state__in=["new", "sending", "unknown", "acked", "working"])
                | models.Q(needs_read=True),
                name="orders_to_watch",
            ),
            models.Index(
                fields=["account", "next_check_at"],
                condition=models.Q(cum_exec_qty__gt=models.F("fills_qty")),
                name="orders_with_missing_fills",
            ),
            models.Index(fields=["account", "-created_at", "-id"]),
            models.Index(ENDED.desc(), F("id").desc(), condition=OVER, name="orders_by_their_end"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.symbol} {str(self.pk)[:8]}"

    @property
    def ended_at(self) -> datetime | None:
        """When it was over, None while it is not: by Bybit's clock (`updatedTime` of its last report) where Bybit told
        the end, for we may hear of it long after; otherwise when we concluded it."""
        if self.state not in (self.State.FILLED, self.State.CANCELLED, self.State.REJECTED):
            return None
        if self.exchange_status in FINAL_STATUSES and self.exchange_ms:
            return datetime.fromtimestamp(self.exchange_ms / 1000, UTC)
        return self.updated_at


class Fill(models.Model):
    """One execution as Bybit reported it, kept for ever. Inserted once, by (account, exec_id)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="fills", db_index=False)
    exec_id = models.CharField(max_length=64)
    # Null until the order it belongs to is known.
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="fills")
    exchange_order_id = models.CharField(max_length=64, blank=True)
    order_link_id = models.CharField(max_length=45, blank=True)
    category = models.CharField(max_length=10)
    symbol = models.CharField(max_length=40)
    position_idx = models.SmallIntegerField(default=0)
    side = models.CharField(max_length=4)
    exec_type = models.CharField(max_length=30)
    is_trade = models.BooleanField()
    price = models.DecimalField(max_digits=38, decimal_places=18)
    qty = models.DecimalField(max_digits=38, decimal_places=18)
    value = money()
    fee = money()
    fee_currency = models.CharField(max_length=20, blank=True)
    is_maker = models.BooleanField()
    closed_size = money()
    exchange_seq = models.BigIntegerField(null=True)
    exec_ms = models.BigIntegerField()
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    # Whether the journal has it.
    journaled = models.BooleanField(default=False)

    class Meta:
        ordering = ["-exec_ms", "-exec_id"]
        constraints = [models.UniqueConstraint(fields=["account", "exec_id"], name="each_fill_once")]
        indexes = [
            models.Index(fields=["account", "category", "symbol", "position_idx", "exec_ms", "exec_id"]),
            models.Index(fields=["account", "-exec_ms"]),
            models.Index(
                fields=["account", "exec_ms"], condition=models.Q(journaled=False), name="fills_to_journal"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.qty} {self.symbol} at {self.price}"


class OrderEvent(models.Model):
    """The evidence behind an order, append-only: what was asked, answered, reported and concluded."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="evidence")
    at = models.DateTimeField()
    kind = models.CharField(max_length=20)
    source = models.CharField(max_length=20)
    body = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["-at"], condition=models.Q(kind="alert"), name="alerts_newest_first")]

    def __str__(self) -> str:
        return f"{self.kind} of {str(self.order_id)[:8]}"


class Event(models.Model):
    """One committed, visible change of an account, in an order without gaps: the outbox."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="events", db_index=False)
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=120)
    version = models.IntegerField()
    # JSON text, exactly as it is pushed.
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["account", "seq"]
        constraints = [models.UniqueConstraint(fields=["account", "seq"], name="one_event_per_seq")]
        indexes = [models.Index(fields=["account", "key", "-seq"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.seq} of {self.account_id}"


class Sequence(models.Model):
    """The counter that numbers an account's events. Locked by the transaction that writes them, because a database
    sequence can commit out of order and hide one from a reader."""

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.CASCADE)
    seq = models.BigIntegerField(default=0)
    # Events below this one were pruned.
    floor = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.account_id} at {self.seq}"


class Publication(models.Model):
    """How far the publisher has sent an account's events. A row of its own, so that it never waits for a writer."""

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.CASCADE)
    seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.account_id} sent to {self.seq}"


class Epoch(models.Model):
    """One row: changes when the database is restored, so that every page drops what it has and starts anew."""

    value = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.value)
