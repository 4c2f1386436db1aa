"""Bybit's own record of results, kept beside ours for ever: closed PnL, the transaction log, the balance at the end of
each day, the equity of each hour. Safe to take in twice."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from bybit.types import CashRow, ClosedRow
from positions.journal import day_of
from positions.models import Cash, ClosedPnl, Equity, Wallet

ZERO = Decimal(0)
_CLOSED_KEY = ["account", "category", "symbol", "order_id", "created_ms"]
_CLOSED_FIELDS = [
    name for name in ClosedRow.__dataclass_fields__ if name not in (*_CLOSED_KEY, "category", "symbol")
]


def take_closed(account_id: str, items: Sequence[ClosedRow]) -> None:
    """Rows of position/closed-pnl. One grows while its order goes on closing: the latest stands."""
    latest = {(item.symbol, item.order_id, item.created_ms): item for item in reversed(items)}
    rows = [
        ClosedPnl(
            account_id=account_id,
            **{name: getattr(item, name) for name in ClosedRow.__dataclass_fields__},
        )
        for item in latest.values()
    ]
    ClosedPnl.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=_CLOSED_KEY, update_fields=_CLOSED_FIELDS
    )


def take_cash(account_id: str, zone: str, items: Sequence[CashRow]) -> None:
    """Rows of account/transaction-log, newest first as Bybit lists them."""
    found = list(reversed(items))
    known = Cash.objects.filter(account_id=account_id, log_id__in=[item.log_id for item in found])
    seen = set(known.values_list("log_id", flat=True))
    new = [item for item in found if item.log_id not in seen]
    rows = [
        Cash(
            account_id=account_id,
            at=datetime.fromtimestamp(item.at_ms / 1000, UTC),
            **{name: getattr(item, name) for name in CashRow.__dataclass_fields__},
        )
        for item in new
    ]
    with transaction.atomic():
        Cash.objects.bulk_create(rows, ignore_conflicts=True)
        _keep_balances(account_id, ZoneInfo(zone), new)


_KEEP = """
INSERT INTO positions_balance (account_id, day, coin, balance, transfers, at_ms)
SELECT %s, * FROM unnest(%s::date[], %s::text[], %s::numeric[], %s::numeric[], %s::bigint[])
ON CONFLICT (account_id, day, coin) DO UPDATE SET
  balance = CASE WHEN excluded.at_ms > positions_balance.at_ms
    THEN excluded.balance ELSE positions_balance.balance END,
  transfers = positions_balance.transfers + excluded.transfers,
  at_ms = greatest(excluded.at_ms, positions_balance.at_ms)
"""


def _keep_balances(account_id: str, zone: ZoneInfo, new: Sequence[CashRow]) -> None:
    """The balance that each day ended with, and what was transferred on it; `new` is oldest first."""
    ends: dict[tuple[date, str], tuple[Decimal | None, int]] = {}
    transfers: dict[tuple[date, str], Decimal] = {}
    for item in new:
        key = day_of(item.at_ms, zone), item.coin
        ends[key] = item.balance, item.at_ms
        if item.kind.startswith("TRANSFER"):
            transfers[key] = transfers.get(key, ZERO) + (item.change or ZERO)
    if not ends:
        return
    keys = sorted(ends)
    columns: list[list[object]] = [[key[0] for key in keys], [key[1] for key in keys]]
    columns += [[ends[key][0] for key in keys], [transfers.get(key, ZERO) for key in keys]]
    columns.append([ends[key][1] for key in keys])
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [account_id, *columns])


def note_equity(account_id: str) -> None:
    """Keeps the account's equity as the wallet tells it now; the last of an hour stands for it."""
    equity = Wallet.objects.filter(pk=account_id).values_list("total_equity", flat=True).first()
    if equity is not None:
        hour = timezone.now().replace(minute=0, second=0, microsecond=0)
        Equity.objects.update_or_create(account_id=account_id, hour=hour, defaults={"equity": equity})
