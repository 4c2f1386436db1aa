"""Reads what was committed, and decides whom to tell of it: the event logs of the accounts, the audit log, and accounts
in trouble. Reads only; what is decided is written in the transaction that moves the mark, so that each event is decided
once, however many follow. Nothing here is on the path of an order."""

import json
import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Protocol

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from bybit.models import Account, Link
from orders.models import Event, Fill, OrderEvent
from orders.schemas import OrderOut
from webapp.alerts import devices, words
from webapp.alerts.models import Followed, Notice, PushSubscription
from webapp.security.models import AuditEntry

log = logging.getLogger("tradepost.alerts")

PAGE = 500
# An account whose news did not come for this long is in trouble, and this long it is not said again.
SILENT, AGAIN = timedelta(seconds=60), timedelta(minutes=30)
LOOK_BACK = timedelta(minutes=10)
KEPT = timedelta(days=7)


def follow() -> int:
    """One look at everything. Returns how many notices were new."""
    told = 0
    for account in Account.objects.select_related("link").prefetch_related("members"):
        told += _read(f"events:{account.pk}", _Events(account))
        told += _alerts(account) + _trouble(account)
    return told + _read("audit", _Locks())


def prune() -> None:
    """Drops what was told a week ago."""
    Notice.objects.filter(at__lt=timezone.now() - KEPT).delete()


class _Source(Protocol):
    """A numbered log."""

    def head(self) -> int:
        """The number of its last row."""

    def after(self, position: int) -> tuple[int, int]:
        """Reads one page of what follows a row, oldest first. Returns the number of the page's last row (`position` if
        there is none), and how much was told."""


def _read(name: str, source: _Source) -> int:
    """Reads a log on from the mark; what was written before there was a mark is nobody's news."""
    told = 0
    while True:
        with transaction.atomic():
            mark = Followed.objects.select_for_update(skip_locked=True).filter(pk=name).first()
            if mark is None:
                if not Followed.objects.filter(pk=name).exists():
                    start = Followed(pk=name, position=source.head())
                    Followed.objects.bulk_create([start], ignore_conflicts=True)
                return told
            head = source.head()
            if not PushSubscription.objects.exists():
                # Nobody listens, so nothing is read: who does from now on is told of what comes after.
                Followed.objects.filter(pk=name).update(position=head)
                return told
            position, new = source.after(mark.position)
            told += new
            if position == mark.position:
                return told
            mark.position = position
            mark.save(update_fields=["position"])


class _Events:
    def __init__(self, account: Account) -> None:
        self._account = account

    def head(self) -> int:
        return Event.objects.filter(account=self._account).aggregate(Max("seq"))["seq__max"] or 0

    def after(self, position: int) -> tuple[int, int]:
        found = Event.objects.filter(account=self._account, seq__gt=position).order_by("seq")[:PAGE]
        page = list(found.values_list("seq", "kind", "body"))
        if not page:
            return position, 0
        news = _newest(_of_events(self._account.pk, page))
        return page[-1][0], _tell(list(self._account.members.all()), news)


def _of_events(account_id: str, page: Sequence[tuple[int, str, str]]) -> Iterable[words.News]:
    """What a page of an account's log is worth telling. A backfill's past is old by its own times."""
    bodies = [(kind, json.loads(body)) for _, kind, body in page if kind in ("fill", "order")]
    # A fill may have come before its order, whose id its event then does not have: the row has it by now.
    named = [body["exec_id"] for kind, body in bodies if kind == "fill"]
    fills = Fill.objects.filter(account=account_id, exec_id__in=named).select_related("order")
    orders = {row.exec_id: json.loads(OrderOut.of(row.order).model_dump_json()) for row in fills if row.order}
    for kind, body in bodies:
        try:
            found = (
                words.of_order(body) if kind == "order" else words.of_fill(body, orders.get(body["exec_id"]))
            )
        except (KeyError, TypeError, ValueError):
            # Written by another version: one that cannot be read must not silence all that follow it.
            log.exception("an event of %s cannot be told", account_id)
            continue
        if found is not None:
            yield found


def _newest(found: Iterable[words.News]) -> list[words.News]:
    """Of what is one thing on the phone, the newest alone: an order's twenty fills in a second are one push."""
    return list({news.tag: news for news in found}.values())


class _Locks:
    def head(self) -> int:
        return AuditEntry.objects.aggregate(Max("number"))["number__max"] or 0

    def after(self, position: int) -> tuple[int, int]:
        page = list(AuditEntry.objects.filter(number__gt=position).order_by("number")[:PAGE])
        if not page:
            return position, 0
        told = 0
        for entry in page:
            news = words.of_lock(
                number=entry.number, kind=entry.kind, detail=entry.detail, address=entry.address, at=entry.at
            )
            if news is not None:
                told += _tell(get_user_model().objects.filter(username=entry.who), [news])
        return page[-1].number, told


def _alerts(account: Account) -> int:
    """Alerts carry no number in the order of their commits: those of the last minutes are looked at each time, and
    told once by their key."""
    since = timezone.now() - LOOK_BACK
    rows = OrderEvent.objects.filter(kind="alert", at__gt=since, order__account=account)
    found = [
        words.of_alert(
            alert=row.pk,
            order=str(row.order_id),
            category=row.order.category,
            symbol=row.order.symbol,
            at=row.at,
        )
        for row in rows.select_related("order").order_by("at")
    ]
    return _tell(list(account.members.all()), found)


def _trouble(account: Account) -> int:
    """A key that Bybit refuses, a ban, a private feed that is silent."""
    now = timezone.now()
    link: Link | None = getattr(account, "link", None)
    heard = link.private_at if link else None
    if account.key_refused_at is not None:
        what, since = "key", account.key_refused_at
    elif link is not None and link.banned_until is not None and link.banned_until > now:
        what, since = "ban", link.banned_until
    elif heard is not None and now - heard > SILENT:
        what, since = "stream", heard
    else:
        return 0
    found = words.of_account(what=what, account=account.pk, label=account.label, since=since, at=now)
    if Notice.objects.filter(tag=found.tag, at__gt=now - AGAIN).exists():
        return 0
    return _tell(list(account.members.all()), [found])


def _tell(users: Iterable[Any], found: Sequence[words.News]) -> int:
    """Writes down what these users are told. What is no news any more is not told."""
    fresh = [news for news in found if news.until > timezone.now()]
    told = 0
    for user in users if fresh else ():
        subscriptions = devices.of_user(user.pk)
        if not subscriptions:
            continue
        likes = devices.preferences(user.pk)
        for news in fresh:
            if news.kind in likes.kinds:
                to = [row for row in subscriptions if row.created_at < news.at]
                told += devices.tell(user.pk, to, news, amounts=likes.amounts)
    return told
