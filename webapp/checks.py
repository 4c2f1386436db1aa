"""What Tradepost refuses to start with."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import register as add_check

from bybit.failpoints import is_armed

SHORTEST_KEY = 32


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
    if settings.REAL_SERVERS and settings.PUSH_TEST_SERVICE:
        found.append(
            Error("PUSH_TEST_SERVICE is set with real servers: it is for tests.", id="tradepost.E011")
        )
    if not settings.PUSH_SUBJECT.startswith(("mailto:", "https://")):
        found.append(Error("PUSH_SUBJECT is neither mailto: nor https://.", id="tradepost.E012"))
    if settings.REAL_SERVERS:
        found += _weak_keys() + _open_doors()
    return found


def _weak_keys() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for name in ("SECRET_KEY", "CREDENTIALS_KEY"):
        if len(getattr(settings, name)) < SHORTEST_KEY:
            found.append(Error(f"{name} is shorter than {SHORTEST_KEY} characters.", id="tradepost.E007"))
    if settings.SECRET_KEY == settings.CREDENTIALS_KEY:
        found.append(Error("SECRET_KEY and CREDENTIALS_KEY are the same.", id="tradepost.E008"))
    return found


def _open_doors() -> list[CheckMessage]:
    """On real servers the rights table lets nobody trade without a second factor; this holds what that rests on."""
    found: list[CheckMessage] = []
    if settings.AUTHENTICATION_BACKENDS != ["webapp.security.backend.Backend"]:
        found.append(
            Error("Another way to sign in than ours would skip the second factor.", id="tradepost.E009")
        )
    origin = urlsplit(settings.PUBLIC_ORIGIN)
    if not settings.HTTPS and origin.hostname not in (None, "localhost", "127.0.0.1", "::1"):
        found.append(
            Error("PUBLIC_ORIGIN is not https://: cookies would travel in clear.", id="tradepost.E010")
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
