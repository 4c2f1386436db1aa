"""Headers that every answer carries, and the one error shape for what the API's own handlers never see."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware, get_user
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from webapp import rights
from webapp.errors import error_response
from webapp.security import audit, sessions

CONSOLE_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'"
)
# Texts become markup or scripts nowhere in the console; the one policy is the worker's address. Chromium holds it,
# others ignore it. Django's admin writes markup by itself, so it goes without; it has no script of ours.
TRUSTED_TYPES = "; require-trusted-types-for 'script'; trusted-types tradepost"
NOT_USED = (
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), midi=(), "
    "accelerometer=(), gyroscope=(), magnetometer=(), display-capture=(), browsing-topics=()"
)
_PLAIN = {
    400: ("invalid", "The request cannot be read. Nothing was sent."),
    404: ("not_found", "There is nothing at this address."),
    405: ("not_allowed", "Not with this method."),
}


class SecurityHeaders:
    """Strict CSP, no sniffing, no framing, no referrer, nothing of the API in any cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        api = request.path.startswith("/api/")
        if api and response.status_code in _PLAIN and "json" not in response.get("Content-Type", ""):
            code, text = _PLAIN[response.status_code]
            response = error_response(response.status_code, code, text)
        headers = response.headers
        admin = request.path.startswith("/admin/")
        headers.setdefault("Content-Security-Policy", CONSOLE_CSP + ("" if admin else TRUSTED_TYPES))
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", NOT_USED)
        if api:
            headers.setdefault("Cache-Control", "no-store")
        return response


class Authentication(AuthenticationMiddleware):
    """Django's own, for sessions that were made under an earlier SECRET_KEY too."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: self._user(request))  # type: ignore[assignment]

    @staticmethod
    def _user(request: HttpRequest) -> Any:
        sessions.carry_over(request)
        return get_user(request)


class Audited:
    """Writes settings that were changed and exports that were taken into the audit log, once they are done."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if response.status_code < 300 and request.path.startswith("/api/"):
            operation = rights.operation_of(request)
            if operation in rights.AUDITED or rights.is_export(request, operation):
                audit.record(operation, request=request, path=request.path, asked=_asked(request))
        return response


def _asked(request: HttpRequest) -> dict[str, Any]:
    """What was asked for: these routes' bodies and queries hold settings, never a secret. A query may hold more than
    the route reads, PostgreSQL's JSON no NUL."""
    if request.method != "GET":
        return dict(json.loads(request.body))
    pairs = list(request.GET.items())[:20]
    return {name[:100].replace("\0", ""): str(value)[:100].replace("\0", "") for name, value in pairs}
