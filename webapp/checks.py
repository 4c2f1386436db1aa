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
    if settings.REAL_SERVERS and is_armed():
        found.append(
            Error("TRADEPOST_FAILPOINTS is set with real servers: it kills processes.", id="tradepost.E005")
        )
    return found
