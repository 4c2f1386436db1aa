"""Asks Bybit what is true: pages the open orders, follows up those that left the list or never had an answer, sweeps
executions, compares positions and wallet. Safe to run twice and from two processes. It writes through
`orders.services` alone.

With a healthy stream a pass asks for the main lists, and for one of the side lists (other settle coins, spot) in
turn, but for those on which we know something. Without one, every pass asks for everything."""

import itertools
import logging
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from bybit.answers import every
from bybit.errors import Banned, BybitError, ClockRefused
from bybit.failpoints import failpoint
from bybit.gateway import Gateway
from bybit.models import Account, Link
from bybit.types import CATEGORIES, Execution, PositionReport
from orders import access, following, services, states
from orders.models import Fill, Order
from positions.models import Position

log = logging.getLogger("tradepost.resolver")

# Lists that are read in turn while the stream is live: USDT perpetuals, where nearly everything happens, always are.
SIDE_LISTS = (
    "orders:USDC",
    "orders:spot",
    "closed:linear",
    "positions:USDC",
    "executions:spot",
    "closed:spot",
)
# Executions come newest first: so many pages without a new one, and the older ones are known too (beside a live stream
# one page will do). A hole further back shows in its order, whose executed quantity is more than its fills.
KNOWN_PAGES = 2
SWEEP_AT_ONCE = 20_000
BATCH = 200
SWEEP_OVERLAP = timedelta(minutes=5)
FIRST_SWEEP = timedelta(hours=24)
# Bybit answers for seven days at a time; an older gap is the backfill's work.
LONGEST_SWEEP = timedelta(days=6)
_clock_read: dict[str, float] = {}
_mode_read: dict[str, float] = {}
# Of each account: shared turns would leave an account without half of the lists for ever.
_turns: defaultdict[str, Iterator[str]] = defaultdict(lambda: itertools.cycle(SIDE_LISTS))


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass came to. `complete` means that every question was answered."""

    complete: bool
    trouble: str = ""


def resolve(account: Account, *, full: bool = False) -> Pass | None:
    """One pass for one account; None when another process is at it. `full` asks for everything whatever its age. With
    a key that Bybit has refused nothing is asked."""
    if account.key_refused_at is not None:
        return Pass(False, account.why_read_only())
    with Lease(f"tradepost.resolver.{account.pk}") as won:
        if not won:
            return None
        gateway = access.gateway_of(account)
        try:
            with gateway.patiently():
                _pass(account, gateway, full)
        except BybitError as error:
            log.warning("resolver pass of %s: %s (%s)", account.pk, error.message, error.code)
            Link.objects.filter(pk=account.pk).update(trouble=f"{error.message} ({error.code})"[:200])
            access.note_refused_key(account, error)
            if isinstance(error, Banned):
                access.note_ban(account, gateway)
            if isinstance(error, ClockRefused):
                # The next pass measures before it asks.
                _clock_read.pop(account.pk, None)
            return Pass(False, error.message)
        Link.objects.filter(pk=account.pk).update(pass_at=timezone.now(), trouble="")
        return Pass(True)


class Lease:
    """A session advisory lock, free at once when its process dies. The second taker leaves without waiting."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [self._key])
            self._won = bool(cursor.fetchone()[0])
        return self._won

    def __exit__(self, *_: object) -> None:
        if self._won:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [self._key])


def _pass(account: Account, gateway: Gateway, full: bool) -> None:
    started = timezone.now()
    _measure_clock(account, gateway)
    link = Link.objects.get(pk=account.pk)
    streaming = link.stream == Link.Stream.LIVE and link.swept_at is not None and not full
    side = {next(_turns[account.pk])} if streaming else set(SIDE_LISTS)
    seen = _take_open_orders(account, gateway, side)
    failpoint("resolve_open_orders_taken")
    _take_closed_orders(account, gateway, link, started, side)
    following.follow_up(account, gateway, seen)
    _sweep(account, gateway, link, started, side, streaming=streaming)
    failpoint("resolve_swept")
    _read_margin_mode(account, gateway, full)
    _compare(account, gateway, side)
    Link.objects.filter(pk=account.pk).update(swept_at=started)


def _take_closed_orders(
    account: Account, gateway: Gateway, link: Link, now: datetime, side: set[str]
) -> None:
    """What began and ended unseen, in Bybit's own app, without a fill that would tell of it."""
    since = (link.swept_at or now) - SWEEP_OVERLAP
    start_ms = int(max(since, now - LONGEST_SWEEP).timestamp() * 1000)
    for category in (one for one in CATEGORIES if f"closed:{one}" in side):
        final = Order.objects.filter(account=account, category=category, state__in=states.FINAL)
        for items in every(gateway.closed_orders, category=category, start_ms=start_ms):
            ids = [report.order_id for report in items]
            if final.filter(exchange_order_id__in=ids).count() == len(ids):
                break
            services.record(account.pk, reports=items, source="resolver")


def _measure_clock(account: Account, gateway: Gateway) -> None:
    if time.monotonic() - _clock_read.get(account.pk, float("-inf")) < settings.CLOCK_SECONDS:
        return
    access.measure_clock(account, gateway)
    _clock_read[account.pk] = time.monotonic()


def _read_margin_mode(account: Account, gateway: Gateway, full: bool) -> None:
    if (
        not full
        and time.monotonic() - _mode_read.get(account.pk, float("-inf")) < settings.MARGIN_MODE_SECONDS
    ):
        return
    services.set_margin_mode(account.pk, gateway.account_info().margin_mode)
    _mode_read[account.pk] = time.monotonic()


def _take_open_orders(account: Account, gateway: Gateway, side: set[str]) -> set[str]:
    """Bybit's ids of the orders that are open now, on every list that is due or on which we know an open order."""
    seen: set[str] = set()
    mine = Order.objects.filter(account=account, state__in=states.OPEN)
    known = set(mine.values_list("category", "symbol").distinct())
    for category in CATEGORIES:
        for coin in gateway.coins(category):
            due = f"orders:{coin or category}" not in SIDE_LISTS or f"orders:{coin or category}" in side
            if due or any(_settles(row, category, coin) for row in known):
                for items in every(gateway.open_orders, category=category, settle_coin=coin):
                    services.record(account.pk, reports=items, source="resolver")
                    seen.update(report.order_id for report in items)
    return seen


def _settles(row: tuple[str, str], category: str, coin: str | None) -> bool:
    """Whether a market (category, symbol) may be on this list. USDC perpetuals are named BTCPERP or BTC-27NOV26."""
    return row[0] == category and (coin is None or not row[1].endswith("USDT"))


def _sweep(
    account: Account, gateway: Gateway, link: Link, now: datetime, side: set[str], *, streaming: bool
) -> None:
    """Executions since the last pass, with an overlap: a late one is not missed, a known one changes nothing."""
    fills = Fill.objects.filter(account=account)
    newest = fills.order_by("-exec_ms").values_list("at", flat=True).first()
    since = (link.swept_at or (newest or now) - FIRST_SWEEP) - SWEEP_OVERLAP
    start_ms = int(max(since, now - LONGEST_SWEEP).timestamp() * 1000)
    # What is younger than this is still on its way by the stream, in its right order.
    recent = now - timedelta(seconds=settings.STREAM_SECONDS)
    end_ms = int(recent.timestamp() * 1000) + (link.clock_offset_ms or 0) if streaming else None
    for category in CATEGORIES:
        if f"executions:{category}" in SIDE_LISTS and f"executions:{category}" not in side:
            continue
        found: list[Execution] = []
        known_pages = 0
        for items in every(gateway.executions, category=category, start_ms=start_ms, end_ms=end_ms):
            known = fills.filter(exec_id__in=[item.exec_id for item in items]).count() == len(items)
            known_pages = known_pages + 1 if known else 0
            if known_pages == (1 if streaming else KNOWN_PAGES):
                break
            found.extend(() if known else items)
            if len(found) >= SWEEP_AT_ONCE:
                _book(account, found)
                found = []
        _book(account, found)


def _book(account: Account, found: list[Execution]) -> None:
    """Oldest first, so that the positions they add up to need no second fold."""
    found.sort(key=lambda item: (item.exec_ms, item.seq or 0, item.exec_id))
    for start in range(0, len(found), BATCH):
        services.record(account.pk, executions=found[start : start + BATCH], source="resolver")


def _compare(account: Account, gateway: Gateway, side: set[str]) -> None:
    """Bybit's positions and wallet as they are now. A position missing from the list is asked for by name: flat is
    something Bybit says, not something we conclude."""
    held = list(Position.objects.filter(account=account, category="linear").exclude(size=0))
    found: list[PositionReport] = []
    for coin in gateway.settle_coins:
        due = f"positions:{coin}" not in SIDE_LISTS or f"positions:{coin}" in side
        if due or any(not row.symbol.endswith("USDT") for row in held):
            for items in every(gateway.positions, category="linear", settle_coin=coin):
                found.extend(items)
    listed = {(report.symbol, report.position_idx) for report in found}
    for symbol in sorted({row.symbol for row in held if (row.symbol, row.position_idx) not in listed}):
        found.extend(gateway.position(category="linear", symbol=symbol).items)
    services.record(
        account.pk, reported=found, wallet=gateway.wallet(), partial_wallet=False, source="resolver"
    )
    access.note_mode(account, found)
