"""A journal of a million fills: folded in one go, read in a moment, exported at constant memory."""

import asyncio
import os
import sys
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psutil
import pytest
from django.db import connection

from bybit.models import Account
from orders import export, journal, selectors
from orders.models import Fill
from positions import figures
from positions.models import Day, Trip

FILLS = 1_000_000
MOMENT = 0.2
FIRST = datetime(2024, 12, 1, tzinfo=UTC)
SPAN = timedelta(days=720)

_MAKE = """
INSERT INTO orders_fill (account_id, exec_id, exchange_order_id, order_link_id, category, symbol, position_idx, side,
  exec_type, is_trade, price, qty, value, fee, fee_currency, is_maker, closed_size, exchange_seq, exec_ms, at,
  recorded_at, journaled)
SELECT %s, 'exec-' || n, 'order-' || n / 2, '', 'linear', (array['BTCUSDT','ETHUSDT','SOLUSDT','XRPUSDT','DOGEUSDT'])
    [1 + n %% 5], 0, CASE WHEN (n / 5) %% 6 < 3 THEN 'Buy' ELSE 'Sell' END,
  CASE WHEN n %% 50 = 49 THEN 'Funding' ELSE 'Trade' END, n %% 50 <> 49, 1000 + (n::bigint * 7919) %% 400 * 0.1, 0.5,
  500, 0.2751, 'USDT', n %% 3 = 0, 0, n, ms, to_timestamp(ms / 1000.0), now(), false
FROM (SELECT n, (%s + n * %s)::bigint AS ms FROM generate_series(1, %s) n) made
"""


def fill_up(account: Account, count: int) -> None:
    step_ms = SPAN.total_seconds() * 1000 / count
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, [account.pk, FIRST.timestamp() * 1000, step_ms, count])
        cursor.execute("ANALYZE orders_fill")


def timed(read: Any) -> float:
    """Seconds of the quickest of three."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        read()
        times.append(time.perf_counter() - start)
    return min(times)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_million_fills_are_read_in_a_moment_and_exported_at_constant_memory(
    account: Account, capsys: Any
) -> None:
    fill_up(account, FILLS)
    user = account.members.get()
    start = time.monotonic()
    while journal.roll(account, 60):
        pass
    rolled = time.monotonic() - start
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    end = (FIRST + SPAN).date()
    times = {
        "first page of fills": timed(
            lambda: selectors.fills(user.pk, symbol=None, account=account.pk, limit=50, cursor=None)
        ),
        "first page of trips": timed(
            lambda: list(figures.trips([account.pk], state="all", symbol=None, tag=None, before=None)[:50])
        ),
        "day figures": timed(lambda: _figures(account, "day")),
        "week figures": timed(lambda: _figures(account, "week")),
        "market figures": timed(lambda: _figures(account, "symbol")),
        "curve": timed(lambda: figures.curve(account.pk, FIRST.date(), end)),
    }
    told = [f"folded in {rolled:.0f} s ({FILLS / rolled:.0f} a second), {Trip.objects.count()} trips"]
    told += [f"{name}: {seconds * 1000:.0f} ms" for name, seconds in times.items()]
    assert all(seconds < MOMENT for seconds in times.values()), times
    assert sum(Day.objects.values_list("fills", flat=True)) == Fill.objects.filter(is_trade=True).count()
    grown, lines = asyncio.run(_export(account.pk))
    told.append(f"an export of {lines} lines grew the process by {grown / 1e6:.1f} MB")
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(told) + "\n")
    assert lines == FILLS + 1
    assert grown < 40e6


def _figures(account: Account, by: Any) -> Any:
    return figures.figures(account.pk, by, start=None, end=None, symbol=None, before=None, limit=50)


async def _export(account_id: str) -> tuple[int, int]:
    process = psutil.Process(os.getpid())
    texts = export.csv_text("fills", export.rows("fills", [account_id], None, None))
    lines, grown, before = 0, 0, 0
    async for piece in export.stream(texts):
        lines += piece.count(b"\n")
        if lines > 50_000 and not before:
            before = process.memory_info().rss
        grown = max(grown, process.memory_info().rss - before) if before else 0
    return grown, lines


def test_a_page_is_read_where_the_last_one_ended(account: Account) -> None:
    """Whatever is bought meanwhile, an export gives each row once."""
    fill_up(account, 5_000)
    pages = export.rows("fills", [account.pk], None, None)
    first = next(pages)
    rest = [row for page in pages for row in page]
    ids = [row[2] for row in [*first, *rest]]
    assert (len(ids), len(set(ids))) == (5_000, 5_000)
    day = date(2025, 1, 15)
    start, end = export.bounds("fills", day, day)
    some = [row for page in export.rows("fills", [account.pk], start, end) for row in page]
    assert {row[1].date() for row in some} == {day}
