from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from orders.models import Event, Fill, Order, OrderEvent
from orders.tasks import ask_now
from positions.admin import ReadOnly

FILL_FIELDS = ("at", "side", "qty", "price", "fee", "fee_currency", "exec_type", "is_maker", "exec_id")
EVIDENCE_FIELDS = ("at", "kind", "source", "body")


class Shown(admin.TabularInline):  # type: ignore[type-arg]
    """Rows of what is shown, to whoever is shown it."""

    can_delete = False
    extra = 0
    max_num = 0

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return True


class FillInline(Shown):
    model = Fill
    fields = FILL_FIELDS
    readonly_fields = FILL_FIELDS


class EvidenceInline(Shown):
    model = OrderEvent
    fields = EVIDENCE_FIELDS
    readonly_fields = EVIDENCE_FIELDS


@admin.register(Order)
class OrderAdmin(ReadOnly):
    list_display = [
        "created_at",
        "account",
        "symbol",
        "side",
        "order_type",
        "qty",
        "price",
        "state",
        "source",
    ]
    list_filter = ["state", "account", "symbol", "side", "source"]
    search_fields = ["id", "exchange_order_id", "symbol", "reject_code"]
    date_hierarchy = "created_at"
    readonly_fields = ["times"]
    inlines = [FillInline, EvidenceInline]
    actions = ["ask_bybit_again"]

    @admin.action(description="Ask Bybit about these orders again")
    def ask_bybit_again(self, request: HttpRequest, queryset: "QuerySet[Order]") -> None:
        """Only asks: what Bybit answers takes the doors that all news takes."""
        queryset.update(needs_read=True, next_check_at=timezone.now())
        for account_id in set(queryset.values_list("account_id", flat=True)):
            ask_now(account_id)

    @admin.display(description="Tap, sent, acknowledged, first fill (UTC)")
    def times(self, order: Order) -> str:
        """How long each step took, from the tap's arrival on."""
        first = order.fills.order_by("at").values_list("at", flat=True).first()
        steps = (order.created_at, order.sent_at, order.acked_at, first)
        shown = [f"{order.created_at:%Y-%m-%d %H:%M:%S.%f}"[:-3]]
        shown += [f"+{(at - order.created_at).total_seconds():.3f} s" if at else "–" for at in steps[1:]]
        return " · ".join(shown)


@admin.register(Fill)
class FillAdmin(ReadOnly):
    list_display = ["at", "account", "symbol", "side", "qty", "price", "fee", "exec_type"]
    list_filter = ["account", "symbol", "side", "exec_type"]
    search_fields = ["exec_id", "exchange_order_id"]
    date_hierarchy = "at"


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ["at", "account", "seq", "kind", "key", "version"]
    list_filter = ["account", "kind"]
