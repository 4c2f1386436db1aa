"""Brings the record's past in: everything that Bybit still has from before an account was connected (two years, in
windows of seven days, oldest first), and what an absence of days left out. In slices that may end anywhere: each goes
on where the last one stopped, and what is known already changes nothing."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bybit.errors import DEAD_KEY, BybitError, Refused
from bybit.failpoints import failpoint
from bybit.gateway import Gateway
from bybit.models import Account, Link
from bybit.types import Page
from orders import access, services
from orders.resolver import LONGEST_SWEEP, Lease
from positions import ledger
from positions.journal import hold
from positions.models import Coverage

log = logging.getLogger("tradepost.backfill")

# Bybit answers for seven days at a time.
WINDOW_MS = 7 * 86_400_000 - 1
# After an absence it goes on day by day.
DAY_MS = 86_400_000
# Results are told by Bybit a moment late.
OVERLAP_MS = 600_000


@dataclass(frozen=True, slots=True)
class _List:
    """One of Bybit's lists: how a page is read and how it is taken in. `followed` when nothing else reads it as it goes
    on; the resolver sweeps the others."""

    kind: str
    category: str
    read: Callable[[Gateway, str, int, int, str], Page[Any]]
    take: Callable[[Account, str, Sequence[Any]], None]
    followed: bool


def _orders(gateway: Gateway, category: str, start_ms: int, end_ms: int, cursor: str) -> Page[Any]:
    return gateway.closed_orders(category=category, start_ms=start_ms, end_ms=end_ms, cursor=cursor)


def _executions(gateway: Gateway, category: str, start_ms: int, end_ms: int, cursor: str) -> Page[Any]:
    return gateway.executions(category=category, start_ms=start_ms, end_ms=end_ms, cursor=cursor)


def _closed(gateway: Gateway, category: str, start_ms: int, end_ms: int, cursor: str) -> Page[Any]:
    return gateway.closed_pnl(category=category, start_ms=start_ms, end_ms=end_ms, cursor=cursor)


def _cash(gateway: Gateway, _: str, start_ms: int, end_ms: int, cursor: str) -> Page[Any]:
    return gateway.cash(start_ms=start_ms, end_ms=end_ms, cursor=cursor)


def _take_orders(account: Account, _: str, items: Sequence[Any]) -> None:
    services.record(account.pk, reports=items, source="backfill", quietly=True)


def _take_executions(account: Account, _: str, items: Sequence[Any]) -> None:
    services.record(account.pk, executions=items, source="backfill", quietly=True)


def _take_closed(account: Account, _: str, items: Sequence[Any]) -> None:
    ledger.take_closed(account.pk, items)


def _take_cash(account: Account, _: str, items: Sequence[Any]) -> None:
    with transaction.atomic():
        # The days must not change their time zone meanwhile.
        hold(account.pk)
        zone = Account.objects.values_list("time_zone", flat=True).get(pk=account.pk)
        ledger.take_cash(account.pk, zone, items)


# Orders before their executions, so that these find them.
LISTS = (
    _List("orders", "linear", _orders, _take_orders, followed=False),
    _List("orders", "spot", _orders, _take_orders, followed=False),
    _List("executions", "linear", _executions, _take_executions, followed=False),
    _List("executions", "spot", _executions, _take_executions, followed=False),
    _List("closed_pnl", "linear", _closed, _take_closed, followed=True),
    _List("cash", "", _cash, _take_cash, followed=True),
)


def begin(account: Account) -> None:
    """Notes from when on the record of a new account is kept. What is older is filled in from there."""
    if not Coverage.objects.filter(account=account).exists():
        now_ms = int(timezone.now().timestamp() * 1000) + access.gateway_of(account).clock_offset
        for one in LISTS:
            _begin(account, one, now_ms)
        services.tell_since(account.pk)


def _begin(account: Account, one: _List, now_ms: int) -> Coverage:
    floor_ms = now_ms - int(settings.BACKFILL_DAYS * DAY_MS)
    row, _ = Coverage.objects.get_or_create(
        account=account,
        kind=one.kind,
        category=one.category,
        defaults={"floor_ms": floor_ms, "filled_ms": floor_ms, "start_ms": now_ms, "until_ms": now_ms},
    )
    return row


def advance(account: Account, seconds: float) -> bool:
    """One slice of about so many seconds. Returns whether there is more to do. One process at a time. With a key that
    Bybit has refused nothing is asked."""
    if account.key_refused_at is not None:
        return False
    with Lease(f"tradepost.backfill.{account.pk}") as won:
        if not won:
            return False
        gateway = access.gateway_of(account)
        work = _Work(account, gateway, time.monotonic() + seconds)
        try:
            with gateway.patiently(settings.BACKFILL_PER_SECOND):
                return work.run()
        except BybitError as error:
            access.note_ban(account, gateway)
            access.note_refused_key(account, error)
            log.warning("backfill of %s waits: %s (%s)", account.pk, error.message, error.code)
            return False


class _Work:
    """A slice of work on one account."""

    def __init__(self, account: Account, gateway: Gateway, deadline: float) -> None:
        self._account = account
        self._gateway = gateway
        self._deadline = deadline
        self._now_ms = int(timezone.now().timestamp() * 1000) + gateway.clock_offset

    def run(self) -> bool:
        rows = {(row.kind, row.category): row for row in Coverage.objects.filter(account=self._account)}
        begin(self._account)
        found = [
            (one, rows.get((one.kind, one.category)) or _begin(self._account, one, self._now_ms))
            for one in LISTS
        ]
        with suppress(_TimeIsUp):
            for work in (self._go_on, self._fill):
                for one, row in found:
                    self._one(work, one, row)
            self._settle([row for _, row in found])
            return False
        return True

    def _one(self, work: Callable[[_List, Coverage], None], one: _List, row: Coverage) -> None:
        """A list that Bybit refuses to this key holds up no other; it is asked for again in a minute."""
        try:
            work(one, row)
        except Refused as error:
            if error.code in DEAD_KEY:
                raise
            log.warning("backfill of %s: %s: %s (%s)", self._account.pk, one.kind, error.message, error.code)

    def _go_on(self, one: _List, row: Coverage) -> None:
        """Follows the list to now: window by window after an absence, else its last minutes."""
        if not one.followed and not self._was_away(row):
            row.until_ms = self._swept_ms(row)
            row.save(update_fields=["until_ms"])
            return
        row.settled = False
        while True:
            start = row.until_ms - OVERLAP_MS
            end = min(start + DAY_MS + OVERLAP_MS, self._now_ms)
            for _ in self._pages(one, row, start, end, ""):
                pass
            row.until_ms = end
            row.save(update_fields=["until_ms", "rows", "settled"])
            if end >= self._now_ms:
                return
            self._check_time()

    def _was_away(self, row: Coverage) -> bool:
        """Whether the resolver's sweeps may have begun too late to reach back to what is covered."""
        return self._now_ms - row.until_ms > LONGEST_SWEEP.total_seconds() * 1000 * 0.9

    def _swept_ms(self, row: Coverage) -> int:
        swept = Link.objects.filter(pk=self._account.pk).values_list("swept_at", flat=True).first()
        return row.until_ms if swept is None else max(row.until_ms, int(swept.timestamp() * 1000))

    def _fill(self, one: _List, row: Coverage) -> None:
        """Fills in what is older than the record, oldest first."""
        while not row.is_filled:
            # What has grown too old meanwhile is not asked for: Bybit has forgotten it.
            oldest = self._now_ms - int(settings.BACKFILL_DAYS * DAY_MS)
            start = min(max(row.filled_ms, oldest), row.start_ms)
            end = min(start + WINDOW_MS, row.start_ms)
            for cursor in self._pages(one, row, start, end, row.cursor):
                row.cursor = cursor
                row.save(update_fields=["cursor", "rows"])
                self._check_time()
            row.filled_ms, row.cursor = end, ""
            row.save(update_fields=["filled_ms", "cursor", "rows"])
            self._check_time()

    def _check_time(self) -> None:
        """Between two steps that are kept. Raises _TimeIsUp."""
        if time.monotonic() > self._deadline:
            raise _TimeIsUp

    def _pages(self, one: _List, row: Coverage, start_ms: int, end_ms: int, cursor: str) -> Iterator[str]:
        """Takes in one window, page by page; yields the cursor of the next after each that is not the last."""
        while True:
            page = self._page(one, start_ms, end_ms, cursor)
            if page.items:
                one.take(self._account, one.category, page.items)
                row.rows += len(page.items)
                failpoint("backfill_page_taken")
            if not page.cursor or page.cursor == cursor:
                return
            cursor = page.cursor
            yield cursor

    def _page(self, one: _List, start_ms: int, end_ms: int, cursor: str) -> Page[Any]:
        try:
            return one.read(self._gateway, one.category, start_ms, end_ms, cursor)
        except Refused:
            if not cursor:
                raise
            # A cursor of yesterday that Bybit no longer takes: the window is read again from its first page.
            return one.read(self._gateway, one.category, start_ms, end_ms, "")

    def _settle(self, found: list[Coverage]) -> None:
        """Folds the positions anew once the last of the old fills is here, and tells since when the record is whole."""
        executions = [row for row in found if row.kind == "executions"]
        if all(row.settled for row in executions) or not all(row.is_filled for row in executions):
            return
        services.fold_all(self._account.pk)
        for row in executions:
            row.settled = True
            row.save(update_fields=["settled"])
        services.tell_since(self._account.pk)


class _TimeIsUp(Exception):
    pass


def progress(account_id: str) -> dict[str, Any] | None:
    """How far the backfill of an account is: {done: 0..1 as text, complete, rows, since}. None before it began."""
    rows = list(Coverage.objects.filter(account_id=account_id))
    if not rows:
        return None
    spans = [(row.filled_ms - row.floor_ms, row.start_ms - row.floor_ms) for row in rows]
    whole = sum(span for _, span in spans)
    return {
        "complete": all(row.is_filled for row in rows),
        "done": sum(done for done, _ in spans) * 1000 // max(whole, 1),
        "rows": sum(row.rows for row in rows),
    }
