"""Who is calling: a browser by its session cookie, or a script by a Bearer token. The same rules serve the API and
the live socket. An Authorization header means Bearer only: a cookie beside it counts for nothing."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware

from webapp.security.models import ApiToken

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """`key` is what a revocation strikes: the session's key or the token's row."""

    user: Any
    rights: frozenset[str]
    by_cookie: bool
    key: str


class CsrfRefused(Exception):
    """An unsafe call by cookie without the page's own token, or from another origin."""


def rights_of(user: AbstractBaseUser) -> frozenset[str]:
    """What a signed-in person may do. Owners, traders and viewers differ from the issue on locks onward."""
    return frozenset({"read", "trade"}) if user.is_active else frozenset()


def by_token(text: str) -> Caller | None:
    token = ApiToken.find(text)
    if token is None:
        return None
    rights = {"read"} if token.scope == ApiToken.Scope.READ else {"read", "trade"}
    return Caller(token.user, frozenset(rights), by_cookie=False, key=f"token:{token.pk}")


def of_request(request: HttpRequest) -> Caller | None:
    """The caller of an API request; None when nobody is signed in. Raises CsrfRefused."""
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, text = header.partition(" ")
        caller = by_token(text.strip()) if scheme.lower() == "bearer" else None
        if caller is not None:
            request.user = caller.user
        return caller
    user = request.user
    if not user.is_authenticated:
        return None
    if request.method not in SAFE:
        _check_csrf(request)
    return Caller(user, rights_of(user), by_cookie=True, key=f"session:{request.session.session_key}")


class _Checker(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def _check_csrf(request: HttpRequest) -> None:
    checker = _Checker(lambda _: None)  # type: ignore[arg-type]
    checker.process_request(request)
    if checker.process_view(request, None, (), {}) is not None:  # type: ignore[arg-type]
        raise CsrfRefused
