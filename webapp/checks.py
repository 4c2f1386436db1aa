"""What Tradepost refuses to start with."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import register as add_check

from bybit.failpoints import is_armed


def register() -> None:
    add_check(_safe_to_run)


def _safe_to_run(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    engine = settings.DATABASES["default"]["ENGINE"]
    if engine != "django.db.backends.postgresql":
        found.append(
            Error("Tradepost keeps money in PostgreSQL only; SQLite is refused.", id="tradepost.E001")
        )
    if settings.TIME_ZONE != "UTC" or not settings.USE_TZ:
        found.append(Error("Times are kept in UTC.", id="tradepost.E002"))
    if settings.REAL_SERVERS and settings.DEBUG:
        found.append(Error("DEBUG is on with real servers.", id="tradepost.E003"))
    if settings.REAL_SERVERS and "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error("ALLOWED_HOSTS has '*': that switches the origin checks off.", id="tradepost.E004")
        )
    if settings.REAL_SERVERS and not _times_are_safe():
        found.append(
            Error("A TRADEPOST_…_SECONDS makes verdicts unsafe: leave it unset.", id="tradepost.E005")
        )
    if settings.REAL_SERVERS and is_armed():
        found.append(
            Error("TRADEPOST_FAILPOINTS is set with real servers: it kills processes.", id="tradepost.E006")
        )
    return found


def _times_are_safe() -> bool:
    """Whether an order can be called "never arrived" only once Bybit can no longer take it (a second of tolerance)
    and its slowest list has caught up (14 s)."""
    void = settings.RECV_WINDOW_SECONDS + 1
    return bool(
        void <= settings.SEND_VOID_SECONDS
        and void + 14 <= settings.SETTLE_SECONDS
        and settings.NEGATIVE_GAP_SECONDS >= 1
        and settings.SEND_OVER_SECONDS > settings.REQUEST_SECONDS
        and settings.VANISHED_SECONDS >= 60
        and settings.BAN_SECONDS >= 600
    )
