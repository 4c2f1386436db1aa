from django.contrib import admin
from django.http import HttpRequest

from positions.models import Position, Wallet


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """The record is written by services alone; the admin only shows it."""

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
