from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from positions.models import Position, Wallet


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """The record is written by services alone; the admin only shows it: to an owner what is of the accounts that they
    are a member of, and all of it to who may see everything. Who comes in at all, the site decides."""

    # The look-up that ends at the users who may see a row.
    whose = "account__members"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows = super().get_queryset(request)
        user = request.user
        return rows if user.is_superuser else rows.filter(**{self.whose: user.pk})

    def get_list_filter(self, request: HttpRequest) -> Any:
        """A list of all accounts or users beside the rows would tell of those that are another's."""
        found = super().get_list_filter(request)
        if request.user.is_superuser:
            return found
        related = {field.name for field in self.opts.get_fields() if field.is_relation}
        return [(one, admin.RelatedOnlyFieldListFilter) if one in related else one for one in found]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Position)
class PositionAdmin(ReadOnly):
    list_display = ["symbol", "account", "side", "size", "entry_price", "ours_size", "updated_at"]
    list_filter = ["account", "side"]
    search_fields = ["symbol"]


@admin.register(Wallet)
class WalletAdmin(ReadOnly):
    list_display = ["account", "total_equity", "available", "updated_at"]
