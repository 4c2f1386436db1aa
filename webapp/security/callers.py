"""Who is calling: a browser by its session cookie, or a script by a Bearer token. The same rules serve the API and
the live socket. An Authorization header means Bearer only: a cookie beside it counts for nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.middleware.csrf import REASON_BAD_ORIGIN, CsrfViewMiddleware
from django.utils import timezone

from bybit import rows
from webapp.security import sessions
from webapp.security.models import Access, ApiToken
from webapp.security.store import SessionStore, is_key

# How Django says that an Origin is not ours.
FOREIGN = REASON_BAD_ORIGIN.partition("%s")[0]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# `self`: what concerns nobody but the caller's own sign-in (devices, factors, tokens).
RIGHTS_OF_ROLE = {
    Access.Role.OWNER: frozenset({"read", "trade", "manage"}),
    Access.Role.TRADER: frozenset({"read", "trade"}),
    Access.Role.VIEWER: frozenset({"read"}),
}
# What a page without the second factor may still do on real servers: look, and enrol one.
UNVERIFIED = frozenset({"read"})
BY_TOKEN = {ApiToken.Scope.READ: frozenset({"read"}), ApiToken.Scope.TRADE: frozenset({"read", "trade"})}


@dataclass(frozen=True, slots=True)
class Caller:
    """`key` is what a revocation strikes: the session's key or the token's row."""

    user: Any
    rights: frozenset[str]
    by_cookie: bool
    key: str


class CsrfRefused(Exception):
    """An unsafe call by cookie without the page's own token (`csrf`), or from another origin (`foreign_origin`)."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def role_of(user: Any) -> str:
    """`owner`, `trader` or `viewer`. Reads the role that came with the user, else asks for it."""
    if user.is_superuser:
        return Access.Role.OWNER
    access = getattr(user, "access", None)
    return access.role if access is not None else Access.Role.VIEWER


def rights_of(user: Any, *, verified: bool) -> frozenset[str]:
    """What somebody may do who is signed in by a session; `verified` by a second factor, or by the server's shell."""
    if not user.is_active:
        return frozenset()
    rights = RIGHTS_OF_ROLE[Access.Role(role_of(user))]
    if settings.REAL_SERVERS and not verified:
        rights &= UNVERIFIED
    return rights | {"self"}


def by_token(token: str) -> Caller | None:
    """What is secret is called so in every frame: should one be printed, the log's redaction knows it by its name."""
    row = ApiToken.find(token)
    if row is None:
        return None
    rights = BY_TOKEN[ApiToken.Scope(row.scope)]
    if not row.user.is_superuser:
        found = rows.fetch("SELECT role FROM security_access WHERE user_id = %s", [row.user_id])
        rights &= RIGHTS_OF_ROLE[Access.Role(found[0][0] if found else Access.Role.VIEWER)]
    return Caller(row.user, rights, by_cookie=False, key=f"token:{row.pk}")


def of_request(request: HttpRequest) -> Caller | None:
    """The caller of an API request; None when nobody is signed in. Raises CsrfRefused."""
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        caller = by_token(token.strip()) if scheme.lower() == "bearer" else None
        if caller is not None:
            request.user = caller.user
        return caller
    user = request.user
    if not user.is_authenticated:
        return None
    if request.method not in SAFE:
        _check_csrf(request)
    else:
        sessions.touch(request)
    rights = rights_of(user, verified=bool(request.session.get(sessions.VERIFIED)))
    return Caller(user, rights, by_cookie=True, key=f"session:{request.session.session_key}")


def by_session(key: str) -> Caller | None:
    """The signed-in user of a session cookie, checked as Django checks each request."""
    return _by_sessions([key]).get(f"session:{key}") if is_key(key) else None


def still_valid(keys: Iterable[str]) -> set[str]:
    """Which of these callers were not signed out, expired, revoked or disabled since, and have not changed their
    password."""
    told = set(keys)
    found = _by_sessions([key.removeprefix("session:") for key in told if key.startswith("session:")])
    tokens = [int(key.removeprefix("token:")) for key in told if key.startswith("token:")]
    good = ApiToken.objects.filter(pk__in=tokens, revoked_at=None, user__is_active=True) if tokens else []
    return set(found) | {f"token:{row.pk}" for row in good}


def _by_sessions(keys: list[str]) -> dict[str, Caller]:
    """The callers behind session keys, by `session:<key>`; two queries, however many."""
    alive = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    content = {row.session_key: SessionStore().decode(row.session_data) for row in alive}
    ids = {told[SESSION_KEY] for told in content.values() if SESSION_KEY in told}
    users = get_user_model().objects.select_related("access").filter(pk__in=ids, is_active=True)
    by_id = {str(user.pk): user for user in users}
    found = {}
    for key, told in content.items():
        user = by_id.get(str(told.get(SESSION_KEY)))
        mark = told.get(HASH_SESSION_KEY, "")
        if user is not None and sessions.mark_fits(user, mark):
            rights = rights_of(user, verified=bool(told.get(sessions.VERIFIED)))
            found[f"session:{key}"] = Caller(user, rights, by_cookie=True, key=f"session:{key}")
    return found


class _Checker(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def _check_csrf(request: HttpRequest) -> None:
    checker = _Checker(lambda _: None)  # type: ignore[arg-type]
    checker.process_request(request)
    reason: Any = checker.process_view(request, None, (), {})  # type: ignore[arg-type]
    if reason is not None:
        raise CsrfRefused("foreign_origin" if str(reason).startswith(FOREIGN) else "csrf")
