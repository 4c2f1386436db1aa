"""Reads of positions and wallets. They write nothing."""

from collections.abc import Iterable

from django.db.models import QuerySet

from positions.models import Position, Wallet


def open_positions(account_ids: Iterable[str]) -> "QuerySet[Position]":
    """Positions that Bybit shows as not flat."""
    return Position.objects.filter(account_id__in=list(account_ids)).exclude(size=0)


def wallets(account_ids: Iterable[str]) -> "QuerySet[Wallet]":
    return Wallet.objects.filter(account_id__in=list(account_ids)).order_by("account_id")
