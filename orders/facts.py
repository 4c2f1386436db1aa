"""Between Bybit's reports, our rows and the pure law of merging: the same fields, each in its form."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bybit.decimals import to_wire
from bybit.types import ASKED_TERMS, OrderReport
from orders import states
from orders.models import Order

PLACES = Decimal(1).scaleb(-18)


def take(order: Order, report: OrderReport) -> None:
    """Writes a report's fields into the row."""
    order.exchange_status = report.status
    order.exchange_ms = report.updated_ms
    order.exchange_created_ms = report.created_ms
    if order.state != "sending":
        # While the answer may still come, the acknowledgement is its.
        note_taken(order)
    order.status_cum_qty = report.cum_exec_qty
    order.qty = report.qty
    order.price = shown_price(report)
    order.avg_price = report.avg_price
    order.trigger_price = report.trigger_price
    order.take_profit, order.stop_loss = report.take_profit, report.stop_loss
    asked = {name: value for name, value in order.terms.items() if name in ASKED_TERMS}
    order.terms = asked | report.terms
    order.cancel_type, order.reject_reason = report.cancel_type[:60], report.reject_reason[:60]
    order.negatives = order.checks = 0


def note_taken(order: Order) -> None:
    """An order whose answer was lost: Bybit's own time of making it stands for the acknowledgement."""
    if order.acked_at is None and order.exchange_created_ms:
        taken = datetime.fromtimestamp(order.exchange_created_ms / 1000, UTC)
        order.acked_at = max(taken, order.sent_at or taken)


def shown_price(report: OrderReport) -> Decimal | None:
    """A market order's `price` is Bybit's internal protective limit, not a price that anyone chose."""
    return None if report.order_type == "Market" else report.price


def _content(*values: Decimal | str | None) -> tuple[str, ...]:
    # At the precision of the columns, so that a row compares equal with the report it was written from.
    return tuple(
        to_wire(value.quantize(PLACES)) if isinstance(value, Decimal) else value or "" for value in values
    )


def of_report(report: OrderReport) -> states.Facts:
    """A report as the merge law sees it."""
    return states.Facts(
        status=report.status,
        cum=report.cum_exec_qty,
        status_cum=report.cum_exec_qty,
        updated_ms=report.updated_ms,
        content=_content(
            report.qty,
            shown_price(report),
            report.avg_price,
            report.trigger_price,
            report.take_profit,
            report.stop_loss,
            report.cancel_type[:60],
            report.reject_reason[:60],
        ),
    )


def of_order(order: Order) -> states.Facts:
    """What is known of an order, as the merge law sees it."""
    return states.Facts(
        status=order.exchange_status,
        cum=order.cum_exec_qty,
        status_cum=order.status_cum_qty,
        updated_ms=order.exchange_ms,
        content=_content(
            order.qty,
            order.price,
            order.avg_price,
            order.trigger_price,
            order.take_profit,
            order.stop_loss,
            order.cancel_type,
            order.reject_reason,
        ),
        doubt=order.needs_read,
    )


def evidence(report: OrderReport) -> dict[str, Any]:
    """What is kept of a report in the order's timeline."""
    # A stop is moved: the journal asks where it stood first.
    trigger = {} if report.trigger_price is None else {"triggerPrice": to_wire(report.trigger_price)}
    return {
        "orderStatus": report.status,
        "cumExecQty": to_wire(report.cum_exec_qty),
        "updatedTime": report.updated_ms,
        "cancelType": report.cancel_type,
        "rejectReason": report.reject_reason,
        **trigger,
    }
