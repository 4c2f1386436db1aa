"""News of Bybit's, taken in under the row lock: fills first, then status, then positions and wallet. Reached through
`orders.services` alone. Both doors are idempotent: a report or a fill that is known changes nothing."""

import logging
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from bybit import rows
from bybit.failpoints import failpoint
from bybit.types import Execution, OrderReport, PositionReport, WalletReport
from orders import facts, states
from orders.lookup import Findings
from orders.models import Fill, Order, OrderEvent
from orders.schemas import FillOut, OrderOut
from orders.topics import changed
from positions import services as positions
from positions.book import Trade
from positions.services import Booked, Change

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
    source: str,
) -> None:
    """Takes in a batch of news in one transaction: fills first. Safe to repeat, and to run beside another writer.
    `by_id` marks answers to a question about those very orders (see orders.states.merge)."""
    if not (reports or executions or reported or wallet):
        return
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic(), rows.gathered():
                changes: list[Change] = []
                # One order of locks for all writers: orders by id, then positions, wallet, counter.
                orders = _Locked(account_id, [*executions, *reports])
                failpoint("news_locked")
                for execution in sorted(executions, key=lambda item: (item.exec_ms, item.exec_id)):
                    changes += _book(orders, execution, source)
                for report in sorted(reports, key=lambda item: item.updated_ms):
                    changes += _report(orders, report, source, by_id)
                for position in sorted(reported, key=lambda item: (item.symbol, item.position_idx)):
                    changes += _one(positions.apply_report(account_id, position))
                if wallet is not None:
                    changes += _one(positions.apply_wallet(account_id, wallet, partial=partial_wallet))
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


def _one(change: Change | None) -> list[Change]:
    return [] if change is None else [change]


_ABOUT = (
    "account_id = %s AND category = ANY(%s) AND "
    "(exchange_order_id = ANY(%s) AND exchange_order_id <> '' OR order_link_id = ANY(%s)) ORDER BY id"
)


class _Locked:
    """The orders that a batch of news is about, locked in the order of their ids."""

    def __init__(self, account_id: str, news: Sequence[OrderReport | Execution]) -> None:
        self.account_id = account_id
        self._by_exchange: dict[tuple[str, str], Order] = {}
        self._by_link: dict[tuple[str, str], Order] = {}
        if not news:
            return
        order_ids = list({item.order_id for item in news if item.order_id})
        links = list({item.order_link_id for item in news if item.order_link_id})
        categories = list({item.category for item in news})
        for row in rows.locked(Order, _ABOUT, [account_id, categories, order_ids, links]):
            self.add(row)

    def add(self, row: Order) -> None:
        if row.exchange_order_id:
            self._by_exchange[row.category, row.exchange_order_id] = row
        if row.order_link_id:
            self._by_link[row.category, row.order_link_id] = row

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


# ---- fills


def _book(orders: _Locked, execution: Execution, source: str) -> list[Change]:
    account_id, order = orders.account_id, orders.find(execution)
    fill = _fill(account_id, execution, order)
    if not rows.insert(fill):
        return []
    changes = [Change("fill", fill.exec_id, 1, FillOut.of(fill).model_dump_json())]
    if not fill.is_trade:
        return changes
    if order is not None:
        changes += _attach(order, fill)
    if fill.category == "spot":
        # Coins of the wallet, not a position: nothing to fold.
        return changes
    changes.append(
        positions.apply_fill(
            account_id=account_id,
            category=fill.category,
            symbol=fill.symbol,
            position_idx=fill.position_idx,
            booked=_booked(fill),
            history=partial(_history, fill),
        )
    )
    return changes


def _fill(account_id: str, execution: Execution, order: Order | None) -> Fill:
    return Fill(
        account_id=account_id,
        exec_id=execution.exec_id,
        order=order,
        exchange_order_id=execution.order_id,
        order_link_id=execution.order_link_id,
        category=execution.category,
        symbol=execution.symbol,
        position_idx=order.position_idx if order else 0,
        side=execution.side,
        exec_type=execution.exec_type,
        is_trade=execution.is_trade,
        price=execution.price,
        qty=execution.qty,
        value=execution.value,
        fee=execution.fee,
        fee_currency=execution.fee_currency,
        is_maker=execution.is_maker,
        closed_size=execution.closed_size,
        exchange_seq=execution.seq,
        exec_ms=execution.exec_ms,
        at=datetime.fromtimestamp(execution.exec_ms / 1000, UTC),
    )


def _booked(fill: Fill) -> Booked:
    trade = Trade(fill.side, fill.qty, fill.price, fill.fee or Decimal(0))
    return Booked(trade=trade, exec_ms=fill.exec_ms, exec_id=fill.exec_id)


def _history(fill: Fill) -> Iterable[Booked]:
    earlier = Fill.objects.filter(
        account_id=fill.account_id,
        category=fill.category,
        symbol=fill.symbol,
        position_idx=fill.position_idx,
        is_trade=True,
    )
    return (_booked(row) for row in earlier.order_by("exec_ms", "exec_id").iterator())


_SUMS = """
SELECT sum(qty), sum(qty * price), sum(fee) FROM orders_fill WHERE order_id = %s AND is_trade
"""
_FILL_FIELDS = (
    "fills_qty",
    "fills_value",
    "fee",
    "exchange_order_id",
    "state",
    "reject_code",
    "reject_message",
    "needs_read",
)


def _attach(order: Order, fill: Fill) -> list[Change]:
    """Recomputes what the order's fills add up to, from the rows: never incremented."""
    ((qty, value, fee),) = rows.fetch(_SUMS, [order.pk])
    order.fills_qty, order.fills_value, order.fee = qty or Decimal(0), value or Decimal(0), fee
    if not order.exchange_order_id:
        order.exchange_order_id = fill.exchange_order_id
    _reopen(order)
    return keep(order, timezone.now(), fields=_FILL_FIELDS)


def _reopen(order: Order) -> None:
    """A fill proves that Bybit had the order, whatever we concluded before."""
    concluded = order.reject_code in states.OWN_VERDICTS
    if concluded:
        alert(
            order, f"A fill arrived for an order that Tradepost had called {order.state}. It is read again."
        )
    if concluded or (order.state == "unknown" and not order.exchange_status):
        order.state = states.state_of(order.exchange_status, "acked")
        order.reject_code = order.reject_message = ""
        order.needs_read = True


# ---- status


def _report(orders: _Locked, report: OrderReport, source: str, by_id: bool) -> list[Change]:
    order = orders.find(report)
    if order is not None and (order.symbol, order.side) != (report.symbol, report.side):
        alert(
            order,
            "Bybit has another order under this order's id: another market or side. It is not taken for it.",
        )
        return []
    changes: list[Change] = []
    if order is None:
        order, changes = _adopt(orders, report)
    known = facts.of_order(order)
    merged = states.merge(known, facts.of_report(report), by_id=by_id)
    concluded = order.reject_code in states.OWN_VERDICTS
    if merged is known and order.exchange_order_id and not concluded:
        return changes
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
    evidence = ("report", source, facts.evidence(report))
    return changes + keep(order, timezone.now(), evidence=evidence)


def _adopt(orders: _Locked, report: OrderReport) -> tuple[Order, list[Change]]:
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
    orders.add(order)
    loose = Fill.objects.filter(account_id=account_id, exchange_order_id=report.order_id, order=None)
    fill = loose.filter(is_trade=True).first()
    loose.update(order=order)
    return order, _attach(order, fill) if fill else []


def take_findings(order: Order, findings: Findings, source: str) -> None:
    """Brings what a question about one order found through the doors."""
    record(
        order.account_id,
        reports=[findings.report] if findings.report else [],
        executions=findings.executions,
        by_id=True,
        source=source,
    )


# ---- writing a row


def alert(order: Order, text: str) -> None:
    """Something that the owner should know of, kept in the order's timeline."""
    log.error("%s: %s", str(order.pk)[:8], text)
    body = {"message": text}
    rows.append(OrderEvent(order=order, at=timezone.now(), kind="alert", source="tradepost", body=body))


def step(order: Order, to: str) -> bool:
    """Our own next state, unless Bybit's news overtook it. Returns whether it was taken."""
    if order.exchange_status or not states.may_step(order.state, to):
        return False
    order.state = to
    return True


def order_change(order: Order) -> Change:
    return Change("order", str(order.pk), order.version, OrderOut.of(order).model_dump_json())


def keep(
    order: Order,
    now: datetime,
    *,
    evidence: tuple[str, str, dict[str, Any]] | None = None,
    fields: tuple[str, ...] | None = None,
) -> list[Change]:
    """Saves a locked row (all of it, or `fields`) under its next version, with the evidence for the change."""
    order.version += 1
    order.updated_at = now
    order.next_check_at = now if order.needs_read else None
    rows.update(order, (*(fields or _ALL_FIELDS), "version", "updated_at", "next_check_at"))
    if evidence is not None:
        kind, source, body = evidence
        rows.append(OrderEvent(order=order, at=now, kind=kind, source=source, body=body))
    return [order_change(order)]


# What may change after an order was placed.
_ALL_FIELDS = (
    *_FILL_FIELDS,
    "qty",
    "price",
    "trigger_price",
    "take_profit",
    "stop_loss",
    "terms",
    "exchange_status",
    "exchange_ms",
    "exchange_created_ms",
    "cum_exec_qty",
    "status_cum_qty",
    "avg_price",
    "cancel_type",
    "reject_reason",
    "negatives",
    "checks",
    "sent_at",
    "acked_at",
)
