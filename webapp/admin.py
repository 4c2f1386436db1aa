"""What the floors below do not show themselves: accounts and their keys, sign-ins, devices, tokens, the audit
log."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django_otp_webauthn.models import WebAuthnCredential

from bybit.models import Account, BadMessage, KeyCheck
from positions.admin import ReadOnly
from webapp import accounts
from webapp.alerts.models import Delivery, PushSubscription
from webapp.security.models import ApiToken, AuditEntry, Authenticator, Device

User = get_user_model()
# Django's own forms would change rights, passwords and roles without a fresh proof.
admin.site.unregister(User)
admin.site.unregister(Group)


class Chosen(ReadOnly):
    """A page that shows what its list shows, and `more`: never a hash, a seal or a session's key."""

    more: tuple[str, ...] = ()
    whose = "user"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*self.get_list_display(request), *self.more]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    list_display = ["number", "at", "kind", "who", "account", "address", "detail"]
    list_filter = ["kind", "account", "who"]
    search_fields = ["who", "account", "address", "kind", "detail"]
    date_hierarchy = "at"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[AuditEntry]":
        """What was done about one's own accounts, and what one has done."""
        rows = admin.ModelAdmin.get_queryset(self, request)
        user = request.user
        if user.is_superuser:
            return rows
        own = Account.objects.filter(members=user.pk).values("pk")
        return rows.filter(Q(account__in=own) | Q(who=user.get_username()))


@admin.register(User)
class UserAdmin(Chosen):
    whose = "pk"
    list_display = ["username", "is_active", "is_superuser", "last_login", "date_joined"]
    search_fields = ["username"]


@admin.register(Device)
class DeviceAdmin(Chosen):
    list_display = ["name", "user", "address", "created_at", "used_at"]
    list_filter = ["user"]
    search_fields = ["name", "address"]


@admin.register(ApiToken)
class ApiTokenAdmin(Chosen):
    list_display = ["name", "user", "scope", "created_at", "used_at", "revoked_at"]
    list_filter = ["user", "scope"]
    search_fields = ["name"]


@admin.register(WebAuthnCredential)
class PasskeyAdmin(Chosen):
    list_display = ["name", "user", "backup_state", "sign_count", "created_at", "last_used_at"]
    list_filter = ["user"]
    search_fields = ["name"]


@admin.register(Authenticator)
class AuthenticatorAdmin(Chosen):
    list_display = ["name", "user", "confirmed", "created_at", "used_at"]


@admin.register(PushSubscription)
class PushSubscriptionAdmin(Chosen):
    list_display = ["device", "user", "created_at", "used_at", "failures", "read_at"]
    list_filter = ["user"]


@admin.register(Delivery)
class DeliveryAdmin(Chosen):
    """What was pushed to whom, and what became of it."""

    whose = "subscription__user"
    list_display = ["notice", "subscription", "state", "tries", "next_at", "sent_at", "trouble"]
    list_filter = ["state", "notice__kind"]
    list_select_related = ["notice", "subscription__device"]


@admin.register(Account)
class AccountAdmin(Chosen):
    whose = "members"
    list_display = [
        "id",
        "label",
        "environment",
        "region",
        "read_only_reason",
        "key_expires_at",
        "live_since",
    ]
    more = ("read_only", "position_mode", "time_zone", "created_at")
    list_filter = ["environment"]


@admin.register(KeyCheck)
class KeyCheckAdmin(ReadOnly):
    list_display = ["account", "at", "findings"]
    readonly_fields = ["facts"]
    actions = ["ask_bybit_again"]

    @admin.action(description="Ask Bybit about these keys again")
    def ask_bybit_again(self, request: HttpRequest, queryset: "QuerySet[KeyCheck]") -> None:
        for row in queryset.select_related("account"):
            try:
                accounts.check(row.account)
                messages.success(request, f"{row.account_id}: asked.")
            except accounts.KeyNotChecked as error:
                messages.error(request, f"{row.account_id}: {error}")


@admin.register(BadMessage)
class BadMessageAdmin(ReadOnly):
    list_display = ["at", "account", "reason"]
    list_filter = ["account"]
    search_fields = ["reason"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["account", "at", "reason", "raw"]
