"""News of Bybit's, taken in under the row lock: fills first, then status, then positions and wallet. Reached through
`orders.services` alone. Both doors are idempotent: a report or a fill that is known changes nothing."""

import logging
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from bybit import rows
from bybit.failpoints import failpoint
from bybit.types import Execution, OrderReport, PositionReport, WalletReport
from orders import facts, fills, states
from orders.lookup import Findings
from orders.models import Fill, Order
from orders.topics import changed
from orders.writing import FILL_FIELDS, alert, keep, note
from positions import services as positions
from positions.rounds import Held
from positions.services import Change, Locked

log = logging.getLogger("tradepost.orders")

# Fixed for ever: the ids of orders made elsewhere are uuid5 of account, category and Bybit's order id in it.
EXTERNAL_NAMESPACE = uuid.UUID("6f0b8c57-3d0a-5b7e-9a53-0b6c1d1f2a90")
ATTEMPTS = 4


def record(
    account_id: str,
    *,
    reports: Sequence[OrderReport] = (),
    executions: Sequence[Execution] = (),
    reported: Sequence[PositionReport] = (),
    wallet: WalletReport | None = None,
    partial_wallet: bool = True,
    by_id: bool = False,
    quietly: bool = False,
    source: str,
) -> None:
    """Takes in a batch of news in one transaction: fills first. Safe to repeat, and to run beside another writer.
    `by_id` marks answers to a question about those very orders (see orders.states.merge). `quietly` is for the past
    that a backfill brings in: what is new is told to no page, and the positions are folded later, all at once."""
    if not (reports or executions or reported or wallet):
        return
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic(), rows.gathered():
                changes: list[Change] = []
                # One order of locks for all writers: orders by id, then positions, wallet, counter.
                held = Locked(account_id)
                symbols = {item.symbol for item in executions} | {item.symbol for item in reported}
                wanted = held.wanted(() if quietly else symbols, wallet=wallet is not None)
                orders = _Orders(account_id, [*executions, *reports], held, wanted)
                failpoint("news_locked")
                new = _book(orders, executions, changes)
                for report in sorted(reports, key=lambda item: item.updated_ms):
                    _report(orders, report, source, by_id)
                orders.claim(new)
                if quietly:
                    changes = orders.keep(shown_only=True)
                else:
                    changes += orders.keep()
                    fills.fold(held, new)
                for position in reported:
                    positions.apply_report(held, position)
                if wallet is not None:
                    positions.apply_wallet(held, wallet, partial=partial_wallet)
                moved = held.keep()
                if not quietly:
                    changes += moved
                changed(account_id, changes)
                failpoint("news_before_commit")
            failpoint("news_after_commit")
            return
        except (IntegrityError, OperationalError) as error:
            # Another process inserted the same fill or order first, or two waited for each other: look again.
            again = isinstance(error, IntegrityError) or isinstance(error.__cause__, DeadlockDetected)
            if not again or attempt == ATTEMPTS - 1:
                raise


def record_report(account_id: str, report: OrderReport, source: str) -> None:
    """The door for news of an order's status."""
    record(account_id, reports=[report], source=source)


def record_execution(account_id: str, execution: Execution, source: str) -> None:
    """The door for a fill. Inserted once by (account, exec_id)."""
    record(account_id, executions=[execution], source=source)


_ABOUT = (
    "account_id = %s AND category = ANY(%s) AND "
    "(exchange_order_id = ANY(%s) AND exchange_order_id <> '' OR order_link_id = ANY(%s)) ORDER BY id FOR UPDATE"
)


class _Orders:
    """The orders that a batch of news is about, locked in the order of their ids; `held` and what it wants locked
    behind them come along."""

    def __init__(
        self,
        account_id: str,
        news: Sequence[OrderReport | Execution],
        held: Locked,
        wanted: Sequence[rows.Query],
    ) -> None:
        self.account_id = account_id
        self.held = held
        self._by_exchange: dict[tuple[str, str], Order] = {}
        self._by_link: dict[tuple[str, str], Order] = {}
        self._touched: dict[uuid.UUID, tuple[Order, bool]] = {}
        # What no page holds: orders that this batch brought in, and those that had ended before it.
        self._past: set[uuid.UUID] = set()
        order_ids = list({item.order_id for item in news if item.order_id})
        links = list({item.order_link_id for item in news if item.order_link_id})
        categories = list({item.category for item in news})
        about = rows.Query(Order, _ABOUT, (account_id, categories, order_ids, links))
        found, *more = rows.find_all([about, *wanted])
        held.take(more)
        for row in found:
            self.add(row)
            if row.state in states.FINAL:
                self._past.add(row.pk)

    def add(self, row: Order) -> None:
        if row.exchange_order_id:
            self._by_exchange[row.category, row.exchange_order_id] = row
        if row.order_link_id:
            self._by_link[row.category, row.order_link_id] = row

    def adopt(self, row: Order) -> None:
        """An order that this batch of news brought in."""
        self._past.add(row.pk)
        self.add(row)

    def touch(self, order: Order, *, wholly: bool) -> None:
        """Notes that the order has changed: in what fills change, or `wholly`."""
        self._touched[order.pk] = (order, wholly or self._touched.get(order.pk, (order, False))[1])

    def claim(self, new: Sequence[Fill]) -> None:
        """Gives the fills of this batch the orders that its reports have brought in: in hedge mode an order tells which
        position its fills belong to."""
        for fill in new:
            order = (
                self._by_exchange.get((fill.category, fill.exchange_order_id)) if fill.order is None else None
            )
            if order is not None:
                fill.order, fill.position_idx = order, order.position_idx

    def keep(self, *, shown_only: bool = False) -> list[Change]:
        """Saves what has changed, each order once, however much news of it this batch held. With `shown_only` no
        change is told of what no page holds."""
        now = timezone.now()
        changes: list[Change] = []
        for order, wholly in self._touched.values():
            told = keep(order, now, fields=None if wholly else FILL_FIELDS)
            if not shown_only or order.pk not in self._past:
                changes += told
        return changes

    def find(self, item: OrderReport | Execution) -> Order | None:
        """By Bybit's id first, then by ours; nothing when ours is already another order of Bybit's."""
        found = self._by_exchange.get((item.category, item.order_id))
        if found is not None:
            return found
        found = self._by_link.get((item.category, item.order_link_id)) if item.order_link_id else None
        if found is not None and item.order_id and found.exchange_order_id not in ("", item.order_id):
            log.error("orderLinkId %s names two orders at Bybit", item.order_link_id[:8])
            return None
        return found


def _book(orders: _Orders, executions: Sequence[Execution], changes: list[Change]) -> list[Fill]:
    """Books what is new, brings its orders' sums up to date, and returns it."""
    if not executions:
        return []
    new, sums, told = fills.book(orders.account_id, [(item, orders.find(item)) for item in executions])
    changes += told
    traded = {fill.order_id: fill for fill in new if fill.is_trade}
    for fill in traded.values():
        if fill.order is not None:
            fills.attach(fill.order, fill.exchange_order_id, sums)
            orders.touch(fill.order, wholly=False)
    return new


# ---- status


def _report(orders: _Orders, report: OrderReport, source: str, by_id: bool) -> None:
    order = orders.find(report)
    if order is not None and (order.symbol, order.side) != (report.symbol, report.side):
        alert(
            order,
            "Bybit has another order under this order's id: another market or side. It is not taken for it.",
        )
        return
    if order is None:
        order = _adopt(orders, report)
    known = facts.of_order(order)
    merged = states.merge(known, facts.of_report(report), by_id=by_id)
    concluded = order.reject_code in states.OWN_VERDICTS
    if merged is known and order.exchange_order_id and not concluded:
        return
    if concluded:
        alert(order, f"Bybit reports an order that Tradepost had called {order.state}. Bybit's word stands.")
    order.exchange_order_id = order.exchange_order_id or report.order_id
    order.needs_read = merged.doubt
    if (merged.status, merged.updated_ms, merged.content) == (
        report.status,
        report.updated_ms,
        facts.of_report(report).content,
    ):
        facts.take(order, report)
    order.cum_exec_qty = merged.cum
    order.state = states.state_of(order.exchange_status, order.state)
    if order.state != "rejected":
        order.reject_code = order.reject_message = ""
    elif not order.reject_code:
        order.reject_code = report.reject_reason or "Rejected"
        order.reject_message = "Bybit took the order and then refused it. Nothing was traded."
    note(order, timezone.now(), "report", source, facts.evidence(report))
    orders.touch(order, wholly=True)


def _adopt(orders: _Orders, report: OrderReport) -> Order:
    """A row for an order that was made elsewhere, with the fills that came before it."""
    account_id = orders.account_id
    key = uuid.uuid5(EXTERNAL_NAMESPACE, f"{account_id}:{report.category}:{report.order_id}")
    created = datetime.fromtimestamp(report.created_ms / 1000, UTC)
    order = Order(
        id=key,
        account_id=account_id,
        source=Order.Source.EXTERNAL,
        category=report.category,
        symbol=report.symbol,
        side=report.side,
        order_type=report.order_type,
        qty=report.qty,
        price=facts.shown_price(report),
        time_in_force=report.time_in_force,
        reduce_only=report.reduce_only,
        position_idx=report.position_idx,
        state="acked",
        order_link_id=report.order_link_id,
        exchange_order_id=report.order_id,
        created_at=created,
        acked_at=created,
        updated_at=timezone.now(),
    )
    order.save(force_insert=True)
    orders.adopt(order)
    fills.move(order, orders.held)
    fills.attach(order, report.order_id, fills.sums(order))
    return order


def set_margin_mode(account_id: str, mode: str) -> None:
    """Bybit's word on the account's margin mode."""
    with transaction.atomic():
        changed(account_id, positions.set_margin_mode(account_id, mode))


def fold_all(account_id: str) -> None:
    """Folds every position of an account anew from all its fills, after old ones came in. One position, one
    transaction."""
    for place in fills.places(account_id):
        with transaction.atomic(), rows.gathered():
            held = Locked(account_id)
            fills.fold_place(held, place)
            changed(account_id, held.keep())


def tell_since(account_id: str) -> None:
    """Shows with each position from when on the record holds every fill."""
    with transaction.atomic():
        changed(account_id, positions.tell_since(account_id))


def show_held(account_id: str, held: Mapping[fills.Place, Held]) -> None:
    """What each open holding brought and cost so far, as the journal has just added it up."""
    with transaction.atomic():
        changed(account_id, positions.show_held(account_id, held))


def take_findings(order: Order, findings: Findings, source: str) -> None:
    """Brings what a question about one order found through the doors."""
    record(
        order.account_id,
        reports=[findings.report] if findings.report else [],
        executions=findings.executions,
        by_id=True,
        source=source,
    )
