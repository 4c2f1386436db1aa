"""How fresh everything is: per account for the API and the socket, and whether the house is ready to serve."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import redis
from django.db import DatabaseError
from django.utils import timezone
from ninja import Schema

from bybit.forms import Time
from bybit.models import Account, Heartbeat, Link
from orders import selectors
from orders.topics import redis_client

# The stream process writes every second; what is older than this is not what it says.
STALE = timedelta(seconds=5)
ALERTS_FOR = timedelta(hours=24)
MOST_ALERTS = 20
PARTS = {"beat": timedelta(seconds=20), "stream": timedelta(seconds=15)}


class PauseOut(Schema):
    """Since when no order that adds risk goes out, and who wanted it so."""

    at: Time
    by: str

    @classmethod
    def of(cls, account: Account) -> "PauseOut | None":
        return None if account.paused_at is None else cls(at=account.paused_at, by=account.paused_by)


class AlertOut(Schema):
    at: Time
    order: str
    message: str


class StatusOut(Schema):
    account: str
    stream: str
    paused: PauseOut | None
    private_age_ms: int | None
    public_age_ms: int | None
    last_pass_at: Time | None
    last_pass_age_ms: int | None
    clock_offset_ms: int | None
    key_expires_at: Time | None
    bad_messages: int
    reconnects: int
    trouble: str
    # Until when Bybit refuses this server: not one request is made before.
    banned_until: Time | None
    # Orders without a certain state, and the age of the oldest.
    unsettled: int
    oldest_unsettled_ms: int | None
    alerts: list[AlertOut]


class StatusList(Schema):
    items: list[StatusOut]
    next: str | None


def age_ms(at: datetime | None, now: datetime) -> int | None:
    return None if at is None else max(0, int((now - at).total_seconds() * 1000))


def _public_age(link: Link | None, now: datetime) -> int | None:
    """The age of the worse of the public feeds that something needs; None when nothing does."""
    times = (link.public_at, link.spot_public_at) if link else ()
    return age_ms(min((at for at in times if at is not None), default=None), now)


def stream_state(link: Link | None, now: datetime) -> str:
    """`live` only while the stream process itself says so, now."""
    if link is None or link.beat_at is None or now - link.beat_at > STALE:
        return Link.Stream.DOWN
    return link.stream


def of_accounts(account_ids: Iterable[str]) -> list[StatusOut]:
    now = timezone.now()
    rows = Account.objects.select_related("link").filter(pk__in=list(account_ids))
    return [_of(account, getattr(account, "link", None), now) for account in rows]


def _of(account: Account, link: Link | None, now: datetime) -> StatusOut:
    count, oldest = selectors.unsettled(account.pk)
    alerts = selectors.alerts(account.pk, now - ALERTS_FOR, MOST_ALERTS)
    banned = link.banned_until if link and link.banned_until and link.banned_until > now else None
    return StatusOut(
        account=account.pk,
        stream=stream_state(link, now),
        paused=PauseOut.of(account),
        private_age_ms=age_ms(link.private_at, now) if link else None,
        public_age_ms=_public_age(link, now),
        last_pass_at=link.pass_at if link else None,
        last_pass_age_ms=age_ms(link.pass_at, now) if link else None,
        clock_offset_ms=link.clock_offset_ms if link else None,
        key_expires_at=account.key_expires_at,
        bad_messages=link.bad_messages if link else 0,
        reconnects=link.reconnects if link else 0,
        trouble=link.trouble if link else "",
        banned_until=banned,
        unsettled=count,
        oldest_unsettled_ms=age_ms(oldest, now),
        alerts=[
            AlertOut(at=row.at, order=str(row.order_id), message=str(row.body.get("message", "")))
            for row in alerts
        ],
    )


def missing_parts() -> list[str]:
    """What keeps the house from serving: database, redis, beat, stream. Empty when it is ready."""
    try:
        beats = dict(Heartbeat.objects.values_list("name", "at"))
    except DatabaseError:
        return ["database"]
    now = timezone.now()
    missing = [name for name, limit in PARTS.items() if name not in beats or now - beats[name] > limit]
    try:
        redis_client().ping()
    except redis.RedisError:
        missing.append("redis")
    return missing


def shown(row: Account) -> dict[str, Any]:
    """An account as the API and the snapshot show it."""
    pause = PauseOut.of(row)
    return {
        "id": row.pk,
        "label": row.label,
        "environment": row.environment,
        "read_only": row.read_only,
        "read_only_reason": row.why_read_only() if row.read_only else None,
        "position_mode": row.position_mode,
        "paused": pause.model_dump(mode="json") if pause else None,
    }


def accounts(user_id: int) -> list[dict[str, Any]]:
    """The accounts of a user."""
    return [shown(row) for row in Account.objects.filter(members=user_id)]


def account_ids(user_ids: Iterable[int]) -> dict[int, set[str]]:
    """Which accounts are whose; a user without one is left out."""
    found: dict[int, set[str]] = {}
    rows = Account.objects.filter(members__in=list(user_ids)).values_list("members", "pk")
    for user_id, account_id in rows:
        found.setdefault(user_id, set()).add(account_id)
    return found
