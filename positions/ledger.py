"""Bybit's own record of results, kept beside ours for ever: closed PnL, the transaction log, the balance at the end of
each day, the equity of each hour. Safe to take in twice."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from bybit.types import CashRow, ClosedRow
from positions.journal import day_of
from positions.models import Balance, Cash, ClosedPnl, Equity, Wallet

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


# An entry after which another one of the same millisecond came is not the day's last, whatever order they were read in.
_KEEP = """
INSERT INTO positions_balance (account_id, day, coin, balance, transfers, at_ms)
SELECT %(account)s, day, ended.coin, final.balance, transfers, ended.at_ms
FROM (
  SELECT (at AT TIME ZONE %(zone)s)::date AS day, coin, max(at_ms) AS at_ms,
    coalesce(sum(change) FILTER (WHERE kind LIKE 'TRANSFER%%'), 0) AS transfers
  FROM positions_cash WHERE account_id = %(account)s AND at_ms >= %(start)s AND at_ms < %(end)s GROUP BY 1, 2
) ended CROSS JOIN LATERAL (
  SELECT balance FROM positions_cash entry
  WHERE account_id = %(account)s AND at_ms = ended.at_ms AND coin = ended.coin
  ORDER BY EXISTS (
    SELECT 1 FROM positions_cash later WHERE account_id = %(account)s AND at_ms = entry.at_ms
    AND coin = entry.coin AND id <> entry.id AND later.balance - later.change = entry.balance
  ), id DESC LIMIT 1
) final
ON CONFLICT (account_id, day, coin) DO UPDATE SET
  balance = excluded.balance, transfers = excluded.transfers, at_ms = excluded.at_ms
"""


def _keep_balances(account_id: str, zone: ZoneInfo, new: Sequence[CashRow]) -> None:
    """The balance that each of these entries' days ended with, and what was transferred on it."""
    if new:
        days = [day_of(item.at_ms, zone) for item in new]
        start, end = min(days), max(days) + timedelta(days=1)
        _write_balances(account_id, zone, _midnight(start, zone), _midnight(end, zone))


def rebuild_balances(account_id: str, zone: ZoneInfo) -> None:
    """All days anew: they end at another hour now."""
    Balance.objects.filter(account_id=account_id).delete()
    _write_balances(account_id, zone, 0, 2**62)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time.min, zone).timestamp() * 1000)


def _write_balances(account_id: str, zone: ZoneInfo, start_ms: int, end_ms: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, {"account": account_id, "zone": str(zone), "start": start_ms, "end": end_ms})


def note_equity(account_id: str) -> None:
    """Keeps the account's equity as the wallet tells it now; the last of an hour stands for it."""
    equity = Wallet.objects.filter(pk=account_id).values_list("total_equity", flat=True).first()
    if equity is not None:
        hour = timezone.now().replace(minute=0, second=0, microsecond=0)
        Equity.objects.update_or_create(account_id=account_id, hour=hour, defaults={"equity": equity})
