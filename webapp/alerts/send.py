"""Sends what was decided. Each delivery is claimed first, so that two that run at once send it once; a service that is
slow or away is asked again a few times, and an endpoint that is gone is forgotten.

A process that dies between the service's answer and our note leaves a delivery that is sent again: under the same topic
and tag, so that the phone still shows one."""

import base64
import json
import logging
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from webapp.alerts import envelope, keys, places
from webapp.alerts.models import Delivery, PushSubscription
from webapp.security.callers import still_valid

log = logging.getLogger("tradepost.alerts")

CONNECT_SECONDS = 3.05
# Longer than a send can take: a claim that is older is of a process that died.
CLAIM = timedelta(seconds=30)
# Before the second, third and fourth try; then it is dropped.
PAUSES = tuple(timedelta(seconds=settings.PUSH_PAUSE_SECONDS * factor) for factor in (1, 4, 12))
# RFC 8030 declares a header of at most this many signs for what replaces what.
TOPIC = 32
GONE = frozenset({404, 410})


def due(most: int, under: Collection[int] = ()) -> list[int]:
    """Claims up to `most` deliveries whose time has come, but those that the caller has `under` way already. Who calls
    sends each of them once."""
    now = timezone.now()
    with transaction.atomic():
        waiting = Delivery.objects.filter(state=Delivery.State.WAITING, next_at__lte=now).exclude(
            pk__in=under
        )
        found = list(
            waiting.select_for_update(skip_locked=True)
            .order_by("next_at", "pk")
            .values_list("pk", flat=True)[:most]
        )
        Delivery.objects.filter(pk__in=found).update(next_at=now + CLAIM, tries=F("tries") + 1)
    return found


def deliver(delivery_id: int) -> None:
    """Sends one that `due` has claimed."""
    row = (
        Delivery.objects.filter(pk=delivery_id, state=Delivery.State.WAITING)
        .select_related("notice", "subscription__device")
        .first()
    )
    if row is None:
        return
    to, now = row.subscription, timezone.now()
    session = f"session:{to.device.session_key}"
    if row.notice.until <= now:
        _end(row, "no news any more")
    elif not still_valid([session]):
        # Signed out by time or by a new password: nobody is there to be told.
        to.delete()
    else:
        _send(row, to, now)


def _send(row: Delivery, to: PushSubscription, now: datetime) -> None:
    try:
        origin = places.check(to.endpoint)
        places.check_address(origin)
        answer = _post(row, to, origin, now)
    except places.NotAPlace as error:
        _again(row, to, str(error), None)
        return
    except requests.RequestException as error:
        _again(row, to, type(error).__name__, None)
        return
    status = answer.status_code
    answer.close()
    if 200 <= status < 300:
        _note_sent(row, to)
    elif status in GONE:
        log.info("push %s: the browser has ended its subscription", row.pk)
        to.delete()
    elif status == 429 or status >= 500:
        _again(row, to, f"HTTP {status}", _asked_for(answer.headers.get("Retry-After", ""), now))
    else:
        # A redirect is not followed, and what is wrong with this push is wrong with it the next time too.
        _fail(to)
        _end(row, f"HTTP {status}")


def _post(row: Delivery, to: PushSubscription, origin: str, now: datetime) -> requests.Response:
    notice = row.notice
    salt, once = keys.once()
    body = envelope.encrypt(
        _payload(row, to),
        p256dh=envelope.bytes_of(to.p256dh),
        auth=envelope.bytes_of(to.auth),
        salt=salt,
        once=once,
    )
    signed = envelope.signature(
        keys.private(), audience=origin, subject=settings.PUSH_SUBJECT, now=int(now.timestamp())
    )
    headers = {
        "Authorization": signed,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(max(0, int((notice.until - now).total_seconds()))),
        "Urgency": "high" if notice.urgent else "normal",
        "Topic": topic(notice.tag),
    }
    with requests.Session() as session:
        # Neither a proxy nor a netrc of this machine's has a say in where it goes.
        session.trust_env = False
        return session.post(
            to.endpoint,
            data=body,
            headers=headers,
            timeout=(CONNECT_SECONDS, settings.PUSH_READ_SECONDS),
            allow_redirects=False,
            stream=True,
        )


def topic(tag: str) -> str:
    """Names what a newer push replaces, to the push service too: keyed, or it could try what it guesses."""
    digest = salted_hmac("tradepost.push.topic", tag, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest)[:TOPIC].decode()


def _payload(row: Delivery, to: PushSubscription) -> bytes:
    """Declarative Web Push, which iOS shows by itself; our service worker reads the same elsewhere. The badge stands
    twice: in the notification, as https://webkit.org/blog/16535/meet-declarative-web-push/ has it, and beside it, as
    the standard does (https://w3c.github.io/push-api/#declarative-push-message)."""
    notice, count = row.notice, unread(to, row.notice.tag)
    shown = {
        "title": notice.title,
        "body": notice.body,
        "navigate": f"{settings.OPENED_AT}/#{notice.screen}",
        "tag": notice.tag,
        "app_badge": count,
    }
    told = {"web_push": 8030, "notification": shown, "app_badge": count}
    return json.dumps(told, ensure_ascii=False).encode()


def unread(to: PushSubscription, tag: str) -> int:
    """What this browser's badge shows once a notice with this tag is there too: notices since it was opened, those
    that replace one another counted once."""
    sent = Delivery.objects.filter(subscription=to, state=Delivery.State.SENT, sent_at__gt=to.read_at)
    return len({*sent.values_list("notice__tag", flat=True).distinct(), tag})


def _asked_for(text: str, now: datetime) -> timedelta | None:
    """What Retry-After asks for, in seconds or as a date; None when it asks for nothing that can be read."""
    if text.isdecimal() and text.isascii():
        return timedelta(seconds=min(int(text), 86_400))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at - now if at.tzinfo else at.replace(tzinfo=UTC) - now


def _note_sent(row: Delivery, to: PushSubscription) -> None:
    now = timezone.now()
    with transaction.atomic():
        Delivery.objects.filter(pk=row.pk).update(state=Delivery.State.SENT, sent_at=now, trouble="")
        PushSubscription.objects.filter(pk=to.pk).update(used_at=now, failures=0)


def _fail(to: PushSubscription) -> None:
    PushSubscription.objects.filter(pk=to.pk).update(failures=F("failures") + 1)


def _again(row: Delivery, to: PushSubscription, why: str, pause: timedelta | None) -> None:
    """Later, if it still is news then and was not tried often enough."""
    _fail(to)
    wait = PAUSES[row.tries - 1] if row.tries <= len(PAUSES) else None
    if wait is not None and pause is not None:
        wait = max(wait, pause)
    at = None if wait is None else timezone.now() + wait
    if at is None or at >= row.notice.until:
        _end(row, why)
    else:
        Delivery.objects.filter(pk=row.pk).update(next_at=at, trouble=why[:80])


def _end(row: Delivery, why: str) -> None:
    log.warning("push %s was not sent: %s", row.pk, why)
    Delivery.objects.filter(pk=row.pk).update(state=Delivery.State.DROPPED, trouble=why[:80])
