"""The audit log: one writer, one chain. Each entry is an HMAC over its content and the entry before, keyed by
SECRET_KEY, which is not in the database: who can write the tables but does not hold the key cannot mend the chain.

Orders are not written here one by one, as their path is timed: every minute their evidence rows are sealed into one
entry (`orders_sealed`: first, last, count and a digest of all of them), so that a row changed later is found too."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from orders.models import OrderEvent
from webapp.security.addresses import address_of
from webapp.security.audit_models import AuditEntry

START = "0" * 64
# One writer at a time: the chain is a line.
LOCK = 0x7472_6164_6570
SEALED = "orders_sealed"
# Evidence younger than this may belong to a transaction that has not committed yet.
SETTLED = timedelta(seconds=60)
SEAL_AT_MOST = 5_000


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _hash(content: dict[str, Any], key: str) -> str:
    return salted_hmac("tradepost.audit", _plain(content), secret=key, algorithm="sha256").hexdigest()


def record(
    kind: str, *, request: HttpRequest | None = None, who: str = "", account: str = "", **detail: Any
) -> AuditEntry:
    """Adds one entry, in the caller's transaction if there is one. `detail` must be JSON and hold no secret."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        last = AuditEntry.objects.order_by("-number").values("number", "hash").first()
        entry = AuditEntry(
            number=last["number"] + 1 if last else 1,
            at=timezone.now(),
            kind=kind,
            who=(who or _name(request))[:150],
            account=account,
            address=address_of(request) if request is not None else "",
            detail=detail,
            previous=last["hash"] if last else START,
        )
        entry.hash = _hash(entry.content(), settings.SECRET_KEY)
        entry.save(force_insert=True)
    return entry


def head() -> str:
    """The newest entry as `verify_audit --anchor` takes it; "nothing" where there is none, or no table yet."""
    if AuditEntry._meta.db_table not in connection.introspection.table_names():
        return "nothing"
    last = AuditEntry.objects.order_by("-number").first()
    return "nothing" if last is None else f"{last.number}:{last.hash}"


def _name(request: HttpRequest | None) -> str:
    user = getattr(request, "user", None)
    return user.get_username() if user is not None and user.is_authenticated else ""


def seal_orders() -> bool:
    """Seals the evidence rows that nobody has sealed yet. True when there may be more of them."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        last = AuditEntry.objects.filter(kind=SEALED).order_by("-number").first()
        after = last.detail["last"] if last else 0
        settled = OrderEvent.objects.filter(pk__gt=after, at__lt=timezone.now() - SETTLED).order_by("pk")
        keys = list(settled.values_list("pk", flat=True)[:SEAL_AT_MOST])
        if keys:
            count, digest = _digest(after, keys[-1])
            record(SEALED, after=after, last=keys[-1], count=count, digest=digest)
    return len(keys) == SEAL_AT_MOST


def _digest(after: int, last: int) -> tuple[int, str]:
    """How many evidence rows there are in (after, last], and SHA-256 over all they say."""
    total, count = hashlib.sha256(), 0
    rows = OrderEvent.objects.filter(pk__gt=after, pk__lte=last).order_by("pk")
    for row in rows.iterator(chunk_size=1000):
        at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
        line = _plain([row.pk, str(row.order_id), at, row.kind, row.source, row.body])
        total.update(line.encode() + b"\n")
        count += 1
    return count, total.hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look through the whole chain has found. `broken` names the first entry that does not hold, and why."""

    entries: int
    head: str
    broken: int | None = None
    problem: str = ""
    at: datetime | None = None


def verify(*, anchor: tuple[int, str] | None = None, orders: bool = True) -> Verdict:
    """Checks every entry. `anchor` is a (number, hash) that somebody wrote down elsewhere: a chain that was cut off
    behind it, or made anew, does not hold it."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    previous, number = START, 0
    held = anchor is None
    for entry in AuditEntry.objects.order_by("number").iterator(chunk_size=1000):
        number += 1
        problem = next(_problems(entry, number, previous, keys, orders=orders), None)
        if problem:
            return Verdict(number, previous, entry.number, problem, entry.at)
        previous = entry.hash
        held = held or (entry.number, entry.hash) == anchor
    if not held:
        assert anchor is not None  # noqa: S101  # held is true without one
        return Verdict(number, previous, anchor[0], "the chain does not hold the entry that was written down")
    return Verdict(number, previous)


def _problems(
    entry: AuditEntry, number: int, previous: str, keys: list[str], *, orders: bool
) -> Iterator[str]:
    if entry.number != number:
        yield f"entry {number} is missing"
    if entry.previous != previous:
        yield "it does not follow the entry before it"
    if not any(constant_time_compare(entry.hash, _hash(entry.content(), key)) for key in keys):
        yield "its content was changed, or it was made under another SECRET_KEY"
    if orders and entry.kind == SEALED:
        found = _digest(entry.detail["after"], entry.detail["last"])
        if found != (entry.detail["count"], entry.detail["digest"]):
            yield "the evidence of orders that it seals was changed"
