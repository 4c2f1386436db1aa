"""Follows up single orders that the list of open orders does not explain: sends without an answer, orders that left the
list, fills that are missing, fills without an order. Due rows are claimed by a conditional update, so that two passes
never ask about the same one. It concludes on evidence alone, through `orders.services`."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from bybit import rows
from bybit.errors import BybitError
from bybit.failpoints import failpoint
from bybit.gateway import Gateway
from bybit.models import Account
from orders import lookup, services
from orders.lookup import Findings
from orders.models import Fill, Order
from positions.models import Position
from positions.services import position_id

# Details are asked for at most this many orders in a pass, oldest first: cancels and closes keep their share.
DETAILS = 20
NEGATIVES = 3
LONGEST_PAUSE_SECONDS = 60
# Bybit keeps a cancelled order without fills in its history for a day.
HISTORY = timedelta(hours=24)
LOOSE_FOR = timedelta(hours=1)
# A stop-loss stands at Bybit this long after its order filled, or its owner is told; looked for on young orders only.
STOPS_WITHIN = timedelta(seconds=5)
STOPS_FOR = timedelta(hours=24)
STOPS_SOUGHT_FOR = timedelta(seconds=60)
CLOCKS_APART_MS = 10_000
STOP_ORDERS = ("StopLoss", "PartialStopLoss", "TrailingStop")


def follow_up(account: Account, gateway: Gateway, seen: set[str]) -> None:
    """Brings the due orders nearer to their truth. `seen` are Bybit's ids on the complete list of open orders."""
    now = timezone.now()
    for order in _due(account, seen, now):
        _follow(account, gateway, order)
    _look_for_missing_stops(account, now)
    _adopt_loose_fills(account, gateway, now)


# An answer is owed for what was never acknowledged: ask soon. For the rest, the pauses grow.
_CLAIM = """
UPDATE orders_order SET checks = checks + 1, next_check_at = %s + CASE
  WHEN state IN ('new', 'sending', 'unknown') AND exchange_order_id = '' THEN make_interval(secs => %s)
  ELSE make_interval(secs => least(power(2, least(checks + 1, 10)), %s)) END
WHERE id IN (
  SELECT id FROM orders_order
  WHERE account_id = %s AND (next_check_at IS NULL OR next_check_at <= %s) AND (
    needs_read
    OR cum_exec_qty > fills_qty AND updated_at < %s
    OR state IN ('new', 'sending') AND coalesce(sent_at, created_at) < %s
    OR state = 'unknown'
    OR state IN ('acked', 'working') AND updated_at < %s AND NOT exchange_order_id = ANY(%s)
  )
  ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED
) RETURNING id
"""


def _due(account: Account, seen: set[str], now: datetime) -> list[Order]:
    """Claims the orders whose turn it is: their next turn is set before anything is asked."""
    quiet, streamed = now - _span(settings.QUIET_SECONDS), now - _span(settings.STREAM_SECONDS)
    dead = now - _span(settings.SEND_OVER_SECONDS)
    pauses = [now, settings.NEGATIVE_GAP_SECONDS, LONGEST_PAUSE_SECONDS]
    claimed = rows.fetch(_CLAIM, [*pauses, account.pk, now, streamed, dead, quiet, list(seen), DETAILS])
    return list(Order.objects.filter(pk__in=[key for (key,) in claimed]).order_by("created_at"))


def _follow(account: Account, gateway: Gateway, order: Order) -> None:
    if order.state == "new":
        services.close_never_sent(order.pk)
        return
    if order.state == "sending":
        services.give_up_sending(order.pk)
    findings = lookup.ask(gateway, order)
    failpoint("resolve_answered")
    services.take_findings(order, findings, "resolver")
    if findings.clean and findings.report is None:
        if not order.exchange_order_id:
            _never_seen(gateway, order, findings)
        else:
            _gone(account, gateway, order, findings)
    services.alert_if_stuck(order.pk)


def _never_seen(gateway: Gateway, order: Order, findings: Findings) -> None:
    """All three sources answered and none has it. Proof that it never arrived is three such rounds, the last of them
    after the request was void and the slowest list has caught up."""
    sent = order.sent_at or order.created_at
    age = timezone.now() - sent
    if findings.executions or age < _span(settings.SEND_VOID_SECONDS):
        return
    settled = _span(settings.SETTLE_SECONDS)
    proven = order.negatives + 1 >= NEGATIVES and age > settled and _age_at_bybit(gateway, sent) > settled
    services.note_negative(order.pk, findings.asked, verdict="never_arrived" if proven else None)


def _age_at_bybit(gateway: Gateway, sent: datetime) -> timedelta:
    """How long ago that was by Bybit's clock now: a jump of ours must not make a young order old."""
    try:
        return timezone.now() + timedelta(milliseconds=gateway.clock_offset_ms()) - sent
    except BybitError:
        return timedelta(0)


def _gone(account: Account, gateway: Gateway, order: Order, findings: Findings) -> None:
    """Bybit had it and has it nowhere now. Its history forgets cancelled orders after a day, so a day after its last
    sign of life that is proof; sooner, it is when the position agrees with our fills: none can be missing then."""
    if order.state not in ("acked", "working"):
        return
    silent = timezone.now() - order.updated_at
    proven = order.negatives + 1 >= NEGATIVES and (
        silent > HISTORY
        or (silent > _span(settings.VANISHED_SECONDS) and _position_agrees(account, gateway, order))
    )
    services.note_negative(order.pk, findings.asked, verdict="history_expired" if proven else None)


def _position_agrees(account: Account, gateway: Gateway, order: Order) -> bool:
    if order.category == "spot":
        return False
    try:
        found = gateway.position(category=order.category, symbol=order.symbol).items
    except BybitError:
        return False
    services.record(account.pk, reported=found, source="resolver")
    key = position_id(account.pk, order.category, order.symbol, order.position_idx)
    row = Position.objects.filter(pk=key).first()
    if row is None:
        return not any(report.size for report in found)
    return row.ours_size == (row.size if row.side == "Buy" else -row.size)


def _look_for_missing_stops(account: Account, now: datetime) -> None:
    """A stop-loss that was asked for and never came to stand at Bybit: its owner must know. One that stood there and
    was hit, moved or taken away is no news."""
    filled = Order.objects.filter(
        account=account,
        created_at__gt=now - STOPS_FOR,
        updated_at__range=(now - STOPS_SOUGHT_FOR, now - STOPS_WITHIN),
        fills_qty__gt=0,
        request__has_key="stop_loss",
    )
    for order in filled.exclude(category="spot"):
        key = position_id(account.pk, order.category, order.symbol, order.position_idx)
        held = Position.objects.filter(pk=key, side=order.side, stop_loss=None).exclude(size=0)
        stood = Order.objects.filter(
            account=account,
            symbol=order.symbol,
            position_idx=order.position_idx,
            exchange_created_ms__gte=int(order.created_at.timestamp() * 1000) - CLOCKS_APART_MS,
            terms__stop_order_type__in=STOP_ORDERS,
        )
        if held.exists() and not stood.exists():
            services.alert(
                order,
                "The stop-loss of this order is not at Bybit: the position is unprotected. Set one on the position, or "
                "close it.",
            )


def _adopt_loose_fills(account: Account, gateway: Gateway, now: datetime) -> None:
    """Fills whose order we never saw: read the order by its id."""
    loose = (
        Fill.objects.filter(account=account, order=None, is_trade=True, recorded_at__gt=now - LOOSE_FOR)
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


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
