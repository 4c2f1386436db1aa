"""Asks Bybit what is true: pages the open orders, follows up those that left the list or never had an answer, sweeps
executions, compares positions and wallet. Safe to run twice and from two processes. It writes through
`orders.services` alone."""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from bybit import gateway as bybit
from bybit.errors import BybitError
from bybit.gateway import Gateway, every
from bybit.models import Account, Link
from bybit.types import PositionReport
from orders import lookup, services, states
from orders.models import Fill, Order
from positions.models import Position

log = logging.getLogger("tradepost.resolver")

CATEGORY = "linear"
# Details are asked for at most this many orders in a pass, oldest first: cancels and closes keep their share.
DETAILS = 20
NEGATIVES = 3
LONGEST_PAUSE_SECONDS = 60
SWEEP_OVERLAP = timedelta(minutes=5)
FIRST_SWEEP = timedelta(hours=24)
_clock_read: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass came to. `complete` means that every question was answered."""

    complete: bool
    trouble: str = ""


def resolve(account: Account, *, full: bool = False) -> Pass | None:
    """One pass for one account; None when another process is at it. `full` sweeps executions whatever their age."""
    with _Lease(account.pk) as won:
        if not won:
            return None
        gateway = bybit.for_account(account)
        started = timezone.now()
        try:
            _measure_clock(account, gateway)
            seen = _take_open_orders(account, gateway)
            _follow_up(account, gateway, seen, started)
            _sweep(account, gateway, started, full)
            _compare(account, gateway)
        except BybitError as error:
            log.warning("resolver pass of %s: %s (%s)", account.pk, error.message, error.code)
            Link.objects.filter(pk=account.pk).update(trouble=f"{error.message} ({error.code})"[:200])
            return Pass(False, error.message)
        Link.objects.filter(pk=account.pk).update(pass_at=timezone.now(), trouble="")
        return Pass(True)


class _Lease:
    """A session advisory lock, free at once when its process dies. The second taker leaves without waiting."""

    def __init__(self, account_id: str) -> None:
        self._key = f"tradepost.resolver.{account_id}"

    def __enter__(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [self._key])
            self._won = bool(cursor.fetchone()[0])
        return self._won

    def __exit__(self, *_: object) -> None:
        if self._won:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [self._key])


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _measure_clock(account: Account, gateway: Gateway) -> None:
    if time.monotonic() - _clock_read.get(account.pk, float("-inf")) < settings.CLOCK_SECONDS:
        return
    offset_ms = gateway.clock_offset_ms()
    gateway.set_clock_offset(offset_ms)
    _clock_read[account.pk] = time.monotonic()
    Link.objects.filter(pk=account.pk).update(clock_offset_ms=offset_ms)


def _take_open_orders(account: Account, gateway: Gateway) -> set[str]:
    reports = lookup.open_orders(gateway, CATEGORY)
    for start in range(0, len(reports), bybit.PAGE):
        services.record(account.pk, reports=reports[start : start + bybit.PAGE], source="resolver")
    return {report.order_id for report in reports}


def _follow_up(account: Account, gateway: Gateway, seen: set[str], now: datetime) -> None:
    due = Q(next_check_at=None) | Q(next_check_at__lte=now)
    watched = Q(state__in=states.OPEN) | Q(needs_read=True)
    rows = Order.objects.filter(due, watched, account=account).order_by("created_at")
    asked = 0
    for order in rows.exclude(exchange_order_id__in=seen, needs_read=False).iterator():
        if asked >= DETAILS:
            return
        asked += _follow(order, gateway, now)
    asked += _adopt_loose_fills(account, gateway)


def _follow(order: Order, gateway: Gateway, now: datetime) -> int:
    """Brings one order nearer to its truth. Returns how many orders Bybit was asked about."""
    if order.state == "new":
        if now - order.created_at > _span(settings.SEND_OVER_SECONDS):
            services.close_never_sent(order.pk)
        return 0
    sent = order.sent_at or order.created_at
    if order.state == "sending":
        if now - sent < _span(settings.SEND_OVER_SECONDS):
            return 0
        services.give_up_sending(order.pk)
    elif (
        order.state in ("acked", "working")
        and not order.needs_read
        and now - order.updated_at < _span(settings.QUIET_SECONDS)
    ):
        return 0
    findings = lookup.ask(gateway, order)
    services.take_findings(order, findings, "resolver")
    after = timezone.now()
    if findings.nothing and not order.exchange_order_id and after - sent > _span(settings.SEND_VOID_SECONDS):
        proven = order.negatives + 1 >= NEGATIVES and after - sent > _span(settings.SETTLE_SECONDS)
        services.note_negative(order.pk, findings.asked, verdict=proven)
    services.check_later(order.pk, after + _pause(order))
    return 1


def _pause(order: Order) -> timedelta:
    """Short while an answer is owed, then growing."""
    if order.state in states.UNSETTLED and not order.exchange_order_id:
        return _span(settings.NEGATIVE_GAP_SECONDS)
    return timedelta(seconds=min(2**order.checks, LONGEST_PAUSE_SECONDS))


def _adopt_loose_fills(account: Account, gateway: Gateway) -> int:
    """Fills whose order we never saw: read the order by its id."""
    loose = (
        Fill.objects.filter(account=account, order=None, is_trade=True)
        .exclude(exchange_order_id="")
        .values_list("category", "exchange_order_id")
        .distinct()[:5]
    )
    for category, order_id in loose:
        for find in (gateway.find_realtime, gateway.find_history):
            report = find(category=category, order_id=order_id, order_link_id="")
            if report is not None:
                services.record(account.pk, reports=[report], by_id=True, source="resolver")
                break
    return len(loose)


def _sweep(account: Account, gateway: Gateway, now: datetime, full: bool) -> None:
    """Executions since the last one we have, with an overlap: a late one is not missed, a known one changes
    nothing."""
    link = Link.objects.get(pk=account.pk)
    streaming = link.stream == Link.Stream.LIVE
    if (
        not full
        and streaming
        and link.swept_at is not None
        and now - link.swept_at < _span(settings.SWEEP_SECONDS)
    ):
        return
    newest = Fill.objects.filter(account=account).order_by("-exec_ms").values_list("at", flat=True).first()
    since = (link.swept_at or (newest or now) - FIRST_SWEEP) - SWEEP_OVERLAP
    # Bybit answers for seven days at a time; an older gap is the backfill's work.
    since = max(since, now - timedelta(days=6))
    for items in every(gateway.executions, category=CATEGORY, start_ms=int(since.timestamp() * 1000)):
        services.record(account.pk, executions=items, source="resolver")
    Link.objects.filter(pk=account.pk).update(swept_at=now)


def _compare(account: Account, gateway: Gateway) -> None:
    """Bybit's positions and wallet as they are now. A position missing from the list is asked for by name: flat is
    something Bybit says, not something we conclude."""
    found: list[PositionReport] = []
    for coin in gateway.settle_coins:
        for items in every(gateway.positions, category=CATEGORY, settle_coin=coin):
            found.extend(items)
    listed = {(report.symbol, report.position_idx) for report in found}
    for symbol in _missing(account, listed):
        found.extend(gateway.position(category=CATEGORY, symbol=symbol).items)
    services.record(
        account.pk, reported=found, wallet=gateway.wallet(), partial_wallet=False, source="resolver"
    )


def _missing(account: Account, listed: set[tuple[str, int]]) -> Iterable[str]:
    rows = Position.objects.filter(account=account, category=CATEGORY).exclude(size=0)
    return sorted({row.symbol for row in rows if (row.symbol, row.position_idx) not in listed})
