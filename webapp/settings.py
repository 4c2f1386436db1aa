"""All settings, in one file. With none of the five variables set, the embedded servers of the data folder are used;
with any of them set, all must be, and a missing one fails loudly."""

import decimal
import os
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from webapp.embedded import DATABASE, DATABASE_USER, Embedded

# Money is never rounded by accident: room for any product of two 38-digit columns, in every thread.
decimal.DefaultContext.prec = 80
decimal.setcontext(decimal.Context(prec=80))


def _told(name: str) -> str | None:
    """A variable, or what stands in the file that NAME_FILE names: secrets need not be in the environment."""
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else os.environ.get(name)


def _env(name: str) -> str:
    value = _told(name)
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set (see README, “Run it for real”)")
    return value


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in ("1", "true", "yes")


def _seconds(name: str, default: float) -> float:
    return float(os.environ.get(f"TRADEPOST_{name}", default))


BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("TRADEPOST_DATA", BASE_DIR / "var")).resolve()
EMBEDDED = Embedded(DATA_DIR)
REAL_SERVERS = any(
    os.environ.get(name) or os.environ.get(f"{name}_FILE")
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIALS_KEY", "ALLOWED_HOSTS")
)

if REAL_SERVERS:
    SECRET_KEY = _env("SECRET_KEY")
    CREDENTIALS_KEY = _env("CREDENTIALS_KEY")
    REDIS_URL = _env("REDIS_URL")
    ALLOWED_HOSTS = [host for host in _env("ALLOWED_HOSTS").split(",") if host]
    _database: dict[str, Any] = dict(dj_database_url.parse(_env("DATABASE_URL")))
else:
    SECRET_KEY = EMBEDDED.secret("django")
    CREDENTIALS_KEY = EMBEDDED.secret("credentials")
    REDIS_URL = EMBEDDED.redis_url
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    _database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": DATABASE_USER,
        "HOST": str(EMBEDDED.postgres_sockets),
    }

# Keys that were in force before: sessions signed and audit entries made under them still hold.
SECRET_KEY_FALLBACKS = [key for key in (_told("SECRET_KEY_OLD") or "").split(",") if key]
# What was sealed before CREDENTIALS_KEY was changed opens with this one, until `manage.py resealkeys` has run.
CREDENTIALS_KEY_OLD = _told("CREDENTIALS_KEY_OLD") or ""
# Where a paper exchange answers (`python -m bybit.paper`), for paper accounts: nobody can name another address.
PAPER_URL = os.environ.get("PAPER_URL", "")
# This server's address as Bybit sees it, where it cannot be known from here: keys are best bound to it.
SERVER_ADDRESS = os.environ.get("SERVER_ADDRESS", "")
# Networks of the proxies in front: only what they say about a client's address counts.
TRUSTED_PROXIES = [net for net in os.environ.get("TRUSTED_PROXIES", "127.0.0.1/32,::1/128").split(",") if net]

DEBUG = _flag("DEBUG")
# The address people open, when a proxy with TLS stands in front: https://tradepost.example
PUBLIC_ORIGIN = os.environ.get("PUBLIC_ORIGIN", "")
HTTPS = PUBLIC_ORIGIN.startswith("https://")
# Pages built before this one may only read until they are reloaded.
MIN_BUILD = os.environ.get("MIN_BUILD", "")
PORT = int(os.environ.get("TRADEPOST_PORT", "8000"))


def _passkey_host(origin: str) -> str:
    """The name that passkeys are bound to; "" at an IP address and without TLS, where browsers make none."""
    name = urlsplit(origin).hostname or ""
    try:
        ip_address(name)
    except ValueError:
        return name if origin.startswith("https://") or name == "localhost" else ""
    return ""


OPENED_AT = PUBLIC_ORIGIN or f"http://localhost:{PORT}"
PASSKEY_HOST = _passkey_host(OPENED_AT)
# Where there can be no passkeys the library still wants a name; nothing is asked of it then.
OTP_WEBAUTHN_RP_ID = PASSKEY_HOST or "localhost"
OTP_WEBAUTHN_RP_NAME = "Tradepost"
OTP_WEBAUTHN_ALLOWED_ORIGINS = [OPENED_AT] if PASSKEY_HOST else ["http://localhost"]
# Whom the push services may write to about this house: `mailto:` or `https:`. Apple refuses what names no real host, so
# the demo, which is opened at localhost, names nobody.
PUSH_SUBJECT = os.environ.get("PUSH_SUBJECT") or (PUBLIC_ORIGIN if HTTPS else "mailto:nobody@example.com")
# Push services beside those of the browsers' makers: `push.example.org` or `*.example.org`, by HTTPS.
PUSH_SERVICES = [host for host in os.environ.get("PUSH_SERVICES", "").split(",") if host]
# The one push service that may be this machine's own, `http://127.0.0.1:9000`: for tests, refused with real servers.
PUSH_TEST_SERVICE = os.environ.get("PUSH_TEST_SERVICE", "")
# A stick with room for few names of its own is as good a second factor; what it cannot do is stand alone.
OTP_WEBAUTHN_ALLOW_PASSWORDLESS_LOGIN = False

INSTALLED_APPS = [
    "webapp.apps.AuditAdminConfig",
    # Before Django's own: its `changepassword` is not the one of django.contrib.auth.
    "webapp.security",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_vite",
    "django_otp",
    "django_otp_webauthn",
    "ninja",
    "bybit",
    "positions",
    "orders",
    "webapp.apps.WebappConfig",
    "webapp.alerts",
]

MIDDLEWARE = [
    "webapp.middleware.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "webapp.middleware.Authentication",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "webapp.middleware.Audited",
]

ROOT_URLCONF = "webapp.urls"
ASGI_APPLICATION = "webapp.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Under daphne each request runs in a thread of its own: without a pool each would dial the database anew.
DATABASES = {
    "default": {
        **_database,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        # What DATABASE_URL asks for (sslmode, sslrootcert) stays asked for.
        "OPTIONS": _database.get("OPTIONS", {}) | {"pool": {"min_size": 1, "max_size": 40, "timeout": 5}},
    }
}

AUTHENTICATION_BACKENDS = ["webapp.security.backend.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# A trusted device stays signed in for 30 days of use. Cookies ignore ports, so their names carry it.
SESSION_ENGINE = "webapp.security.store"
SESSION_COOKIE_NAME = "__Host-tp_session" if HTTPS else f"tp_session_{PORT}"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_USE_SESSIONS = True
# The admin's notes need no cookie of their own.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "webapp.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN] if PUBLIC_ORIGIN else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# The host is its owner's own; what else lives under it is not ours to decide.
SECURE_HSTS_INCLUDE_SUBDOMAINS = _flag("HSTS_SUBDOMAINS")
SECURE_HSTS_PRELOAD = False
# The proxy redirects; health checks inside speak plain HTTP.
SECURE_SSL_REDIRECT = False
CSRF_COOKIE_SECURE = HTTPS
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
SECURE_REFERRER_POLICY = "no-referrer"
X_FRAME_OPTIONS = "DENY"
APPEND_SLASH = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATICFILES_DIRS = [FRONTEND_DIST] if FRONTEND_DIST.exists() else []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_IMMUTABLE_FILE_TEST = lambda path, url: "/assets/" in url  # noqa: E731
DJANGO_VITE = {"default": {"manifest_path": FRONTEND_DIST / ".vite" / "manifest.json"}}

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # redis-py's own five-second time-out would break the layer's five-second blocking wait.
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": None, "socket_connect_timeout": 2}],
            "capacity": 500,
            "expiry": 10,
            "group_expiry": 86_400,
        },
    }
}


# Time constants, in seconds. Suites run a whole house on a fast clock with TRADEPOST_<NAME>; webapp.checks refuses
# values with which an order could be called "not placed" while Bybit may still take it.
CONNECT_SECONDS = _seconds("CONNECT_SECONDS", 3)
# No byte for this long: give up. A create is given this long, and is never repeated.
READ_SECONDS = _seconds("READ_SECONDS", 5)
# All of one request, however slowly its bytes drip.
REQUEST_SECONDS = _seconds("REQUEST_SECONDS", 8)
# How long Bybit takes a signed request for good.
RECV_WINDOW_SECONDS = _seconds("RECV_WINDOW_SECONDS", 5)
# A send is given up this long after it began: the gateway's own deadline has passed.
SEND_OVER_SECONDS = _seconds("SEND_OVER_SECONDS", 10)
# From here on the signed request is void: recv_window, and a second of tolerance for clocks.
SEND_VOID_SECONDS = _seconds("SEND_VOID_SECONDS", 6)
# The earliest moment of "never arrived": the request is void and the slowest list has caught up.
SETTLE_SECONDS = _seconds("SETTLE_SECONDS", 20)
# Between two clean negative answers about one order.
NEGATIVE_GAP_SECONDS = _seconds("NEGATIVE_GAP_SECONDS", 3)
# A healthy stream has brought its news after this long; only then is it asked for by REST.
STREAM_SECONDS = _seconds("STREAM_SECONDS", 2)
# An order that left the open list is given this long for its own news to arrive.
QUIET_SECONDS = _seconds("QUIET_SECONDS", 3)
RESOLVE_SECONDS = _seconds("RESOLVE_SECONDS", 5)
# The stream process runs the resolver itself when nobody else did for this long.
NO_PASS_SECONDS = _seconds("NO_PASS_SECONDS", 10)
# Bybit had an order and has it nowhere: not before this long after its last sign of life is it called cancelled.
VANISHED_SECONDS = _seconds("VANISHED_SECONDS", 60)
# An order still without a state after this long alerts its owner.
ALERT_SECONDS = _seconds("ALERT_SECONDS", 60)
# The private socket is pinged this often, and dead when it was silent for so long.
PING_SECONDS = _seconds("PING_SECONDS", 5)
SILENT_SECONDS = _seconds("SILENT_SECONDS", 11)
CLOCK_SECONDS = _seconds("CLOCK_SECONDS", 60)
# An account whose stream and resolver were both silent for this long takes no new risk.
RECONCILED_SECONDS = _seconds("RECONCILED_SECONDS", 15)
# How often results and balances are read from Bybit, and a backfill that had to wait goes on.
BACKFILL_SECONDS = _seconds("BACKFILL_SECONDS", 60)
# How many days of the past a new account's record is filled with, of the 730 that Bybit keeps, and how many pages of it
# are asked for in a second, beside the resolver's: the transaction log has the least to give (25).
BACKFILL_DAYS = _seconds("BACKFILL_DAYS", 729.9)
BACKFILL_PER_SECOND = int(_seconds("BACKFILL_PER_SECOND", 10))
# How often the account's margin mode is read; it is changed by hand, and seldom.
MARGIN_MODE_SECONDS = _seconds("MARGIN_MODE_SECONDS", 60)
# A push service is given this long for a byte of its answer, and asked again after this, four and twelve times this.
PUSH_READ_SECONDS = _seconds("PUSH_READ_SECONDS", 5)
PUSH_PAUSE_SECONDS = _seconds("PUSH_PAUSE_SECONDS", 5)
# Bybit bans an address for ten minutes: not one request meanwhile.
BAN_SECONDS = _seconds("BAN_SECONDS", 600)


def _celery_url(url: str) -> str:
    parts = urlsplit(url)
    return f"redis+socket://{parts.path}" if parts.scheme == "unix" else url


# Reasons for each of these: docs/decisions/celery.md
CELERY_BROKER_URL = _celery_url(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60,
    "unacked_restore_interval": 5,
    "socket_timeout": 10,
    "socket_connect_timeout": 2,
    "retry_policy": {"max_retries": 0},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 30
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ROUTES = {"orders.resolve_*": {"queue": "resolver"}}
# Every entry expires before its next run: no storm after an outage.
CELERY_BEAT_SCHEDULE = {
    "resolve": {
        "task": "orders.resolve_all",
        "schedule": RESOLVE_SECONDS,
        "options": {"expires": RESOLVE_SECONDS},
    },
    "beat": {"task": "webapp.show_beat", "schedule": 3.0, "options": {"expires": 3}},
    "flush": {"task": "orders.flush_events", "schedule": 5.0, "options": {"expires": 5}},
    "journal": {"task": "orders.roll_journal", "schedule": 2.0, "options": {"expires": 2}},
    "backfill": {
        "task": "orders.backfill_all",
        "schedule": BACKFILL_SECONDS,
        "options": {"expires": BACKFILL_SECONDS},
    },
    "keys": {
        "task": "webapp.check_keys",
        "schedule": crontab(hour="4", minute="15"),
        "options": {"expires": 3600},
    },
    "suspects": {"task": "webapp.check_suspects", "schedule": 60.0, "options": {"expires": 60}},
    "audit": {"task": "webapp.seal_orders", "schedule": 60.0, "options": {"expires": 60}},
    "markets": {
        "task": "orders.refresh_markets",
        "schedule": crontab(hour="0", minute="10"),
        "options": {"expires": 3600},
    },
    "prune": {
        "task": "orders.prune_events",
        "schedule": crontab(hour="3", minute="30"),
        "options": {"expires": 3600},
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "webapp.redaction.Redacting",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "tradepost": {"level": "INFO"},
        "celery": {"level": "WARNING"},
        # Every 4xx and 503 would be a line; what went wrong here is logged by who answers it.
        "django.request": {"level": "CRITICAL"},
        "django.security": {"level": "ERROR"},
        # Prints whole requests at DEBUG, and its errors by an own handler when the root has none.
        "pybit": {"level": "WARNING"},
        "websocket": {"level": "CRITICAL"},
    },
}
