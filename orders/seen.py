"""The stamp of what a person saw: server time and the seq delivered on that socket, signed for one user. It travels
with each order that adds risk, so that nobody trades on a screen that has gone old or on a position that is gone."""

import base64
import json
import time
from dataclasses import dataclass
from decimal import Decimal

from django.core import signing

from orders.errors import Conflict, TradeError
from orders.models import Event

MAX_AGE_MS = 10_000
_signer = signing.Signer(salt="tradepost.seen")


@dataclass(frozen=True, slots=True)
class Seen:
    at_ms: int
    seqs: dict[str, int]


def stamp(user_id: int, seqs: dict[str, int], at_ms: int | None = None) -> str:
    """An opaque stamp for this user: `seqs` is what was delivered on the socket, `at_ms` defaults to now."""
    body = json.dumps([user_id, at_ms or int(time.time() * 1000), seqs], separators=(",", ":"))
    return _signer.sign(base64.urlsafe_b64encode(body.encode()).decode().rstrip("="))


def read(text: str, user_id: int) -> Seen:
    """The stamp's content. Raises TradeError `seen_invalid` for one that is not ours or not this user's."""
    try:
        body = _signer.unsign(text)
        owner, at_ms, seqs = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        if owner == user_id:
            return Seen(at_ms, seqs)
    except (signing.BadSignature, ValueError, TypeError):
        pass
    raise TradeError(
        "seen_invalid", "The page's stamp could not be read. Nothing was sent. Reload the page and try again."
    )


def check(text: str, *, user_id: int, account_id: str, position_id: str) -> None:
    """Raises `seen_invalid`, `seen_expired` or `seen_changed`. Only side and size of that position count."""
    seen = read(text, user_id)
    age_ms = int(time.time() * 1000) - seen.at_ms
    if not -1000 <= age_ms <= MAX_AGE_MS or account_id not in seen.seqs:
        raise Conflict(
            "seen_expired",
            "What you saw is more than 10 seconds old. Nothing was sent. Look at the screen once it is live, "
            "then place the order again.",
            age_ms=age_ms,
        )
    log = Event.objects.filter(account_id=account_id, key=position_id, kind="position").order_by("-seq")
    latest = log.first()
    if latest is None or latest.seq <= seen.seqs[account_id]:
        return
    before = log.filter(seq__lte=seen.seqs[account_id]).first()
    now = json.loads(latest.body)
    if _exposure(now) != (_exposure(json.loads(before.body)) if before else ("", Decimal(0))):
        raise Conflict(
            "seen_changed",
            "Your position changed since you looked. Nothing was sent. Check it, then place the order again "
            "if you still want it.",
            position=now,
        )


def _exposure(body: dict[str, str]) -> tuple[str, Decimal]:
    return body["side"], Decimal(body["size"])
