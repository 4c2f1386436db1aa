"""The API's root: who may call, one error shape, and the routers of the floors below."""

import json
import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser

from orders.api import router as orders_router
from orders.errors import DatabaseAway, TradeError
from orders.journal_api import router as journal_router
from orders.position_api import router as position_router
from webapp import rights
from webapp.account_api import router as account_router
from webapp.console_api import health_router
from webapp.console_api import router as console_router
from webapp.errors import Forbidden, error_response
from webapp.market_api import router as market_router
from webapp.passkey_api import router as passkey_router
from webapp.push_api import router as push_router
from webapp.security import refusals, sessions
from webapp.security.callers import Caller, CsrfRefused, of_request
from webapp.security.throttle import TooManyTries
from webapp.security_api import router as security_router
from webapp.session_api import router as session_router

log = logging.getLogger("tradepost.api")
MAX_BODY = 64 * 1024
NOT_JSON = "Send JSON, with Content-Type: application/json."


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


class StrictParser(Parser):
    """JSON as the standard has it: no NaN, no name twice, no other content type, no huge body."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type != "application/json":
            raise HttpError(415, NOT_JSON)
        if len(request.body) > MAX_BODY:
            raise HttpError(422, "The body is too large.")
        try:
            text = request.body.decode("utf-8")
            return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise HttpError(422, "The body is not valid JSON.") from error


def authenticate(request: HttpRequest) -> Caller:
    """Raises AuthenticationError (401), CsrfRefused, Forbidden or StepUp (403), DatabaseAway (503)."""
    try:
        caller = of_request(request)
    except OperationalError as error:
        raise DatabaseAway from error
    if caller is None:
        raise AuthenticationError
    operation = rights.operation_of(request)
    needs = rights.RIGHTS.get(operation, "trade")
    if needs is not None and needs not in caller.rights:
        raise Forbidden
    if caller.by_cookie:
        _ask_for_proof(request, operation)
    # Before anything else looks into the body: Django itself stumbles over a broken form.
    if (
        request.method in ("POST", "PUT", "PATCH")
        and _has_body(request)
        and (request.content_type != "application/json")
    ):
        raise HttpError(415, NOT_JSON)
    return caller


def _ask_for_proof(request: HttpRequest, operation: str) -> None:
    """Some things ask a person for a fresh proof. A token has no person to ask: its scope is all it has."""
    reduces = operation in rights.REDUCING and _only_reduces(request)
    if request.method != "GET" and operation not in rights.RECOVERED and not reduces:
        sessions.require_enrolled(request)
    if operation in rights.FRESH or rights.is_export(request, operation):
        sessions.require_fresh(request, enrolling=operation in rights.ENROLLING)
    elif operation in rights.RISKY and not reduces:
        sessions.require_awake(request)


def _only_reduces(request: HttpRequest) -> bool:
    """Whether every order of the body is reduce-only: getting out never asks. Looked at only when it would ask."""
    if not sessions.is_asleep(request) and not sessions.is_recovered(request):
        return False
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return False
    items = body.get("items", [body]) if isinstance(body, dict) else []
    return bool(items) and all(isinstance(item, dict) and item.get("reduce_only") is True for item in items)


def _has_body(request: HttpRequest) -> bool:
    """What has none needs no type; a route that wants one says so itself."""
    return (
        request.META.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in request.META
    )


api = NinjaAPI(
    title="Tradepost",
    version="1",
    auth=authenticate,
    docs_url=None,
    openapi_url="/openapi.json",
    parser=StrictParser(),
    urls_namespace="api",
)
api.add_router("", health_router)
api.add_router("", session_router)
api.add_router("", security_router)
api.add_router("", passkey_router)
api.add_router("", push_router)
api.add_router("", account_router)
api.add_router("", console_router)
api.add_router("", market_router)
api.add_router("", position_router)
api.add_router("", orders_router)
api.add_router("", journal_router)
rights.bind(api, "api/v1")


@api.exception_handler(TradeError)
def _on_trade_error(request: HttpRequest, error: TradeError) -> HttpResponse:
    return error_response(error.status, error.code, error.message, **error.detail)


@api.exception_handler(ValidationError)
def _on_validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = {_field(item): str(item.get("msg", "")).removeprefix("Value error, ") for item in error.errors}
    named = "; ".join(f"{name}: {text}" if name else text for name, text in fields.items())
    return error_response(
        422, "invalid", f"The request does not fit: {named}. Nothing was sent.", fields=fields
    )


def _field(item: dict[str, Any]) -> str:
    place = [str(part) for part in item.get("loc", ()) if part not in ("body", "query", "path")]
    return ".".join(place[1:] if len(place) > 1 and place[0] == "body" else place)


def _refused(kind: str, request: HttpRequest) -> None:
    refusals.note(kind, request, rights.operation_of(request))


@api.exception_handler(AuthenticationError)
def _on_unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    if "Authorization" in request.headers:
        _refused("bad_token", request)
    return error_response(401, "unauthenticated", "Sign in first. Nothing was sent.")


@api.exception_handler(CsrfRefused)
def _on_csrf(request: HttpRequest, error: CsrfRefused) -> HttpResponse:
    _refused(error.kind, request)
    return error_response(
        403, "csrf", "The page's token is missing or old. Nothing was sent. Reload the page."
    )


@api.exception_handler(Forbidden)
def _on_forbidden(request: HttpRequest, error: Forbidden) -> HttpResponse:
    _refused("forbidden", request)
    return error_response(403, "forbidden", "You have no right to do this. Nothing was sent.")


@api.exception_handler(sessions.StepUp)
def _on_step_up(request: HttpRequest, error: sessions.StepUp) -> HttpResponse:
    what = {
        "code": "a code of your authenticator",
        "passkey": "your passkey",
        "password": "your password",
        "link": "a new sign-in link, and then a second factor of your own",
    }[error.by]
    why = {
        "idle": "Nobody traded on this device for twelve hours.",
        "fresh": "This asks each time.",
        "recovered": "You signed in with a recovery code: add a second factor anew under More, Security, "
        "or, if you still have the old one:",
    }[error.reason]
    text = f"{why} Give {what}. Nothing was sent. Cancelling and closing never ask."
    return error_response(403, "step_up", text, reason=error.reason, by=error.by, passkey=error.passkey)


@api.exception_handler(TooManyTries)
def _on_too_many_tries(request: HttpRequest, error: TooManyTries) -> HttpResponse:
    _refused("too_many_tries", request)
    text = f"Too many tries. This one was not looked at; try again in {error.seconds} s."
    response = error_response(429, "too_many_tries", text, retry_after=error.seconds)
    response["Retry-After"] = str(error.seconds)
    return response


@api.exception_handler(HttpError)
def _on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    # Ninja hides what our parser said behind a 400 of its own.
    shown = error.__cause__ if isinstance(error.__cause__, HttpError) else error
    status = 422 if shown.status_code == 400 else shown.status_code
    code = {415: "unsupported_media_type", 422: "invalid"}.get(status, "refused")
    return error_response(status, code, f"{shown} Nothing was sent.")


@api.exception_handler(RequestDataTooBig)
def _on_too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return error_response(413, "too_large", "The body is larger than 64 KB. Nothing was sent.")


@api.exception_handler(Http404)
def _on_not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return error_response(404, "not_found", "There is nothing at this address.")


@api.exception_handler(OperationalError)
def _on_database(request: HttpRequest, error: OperationalError) -> HttpResponse:
    if request.method in ("GET", "HEAD"):
        return _on_trade_error(request, DatabaseAway())
    # Of a command nobody can say here how far it came.
    return _on_crash(request, error)


@api.exception_handler(Exception)
def _on_crash(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("%s %s failed", request.method, request.path)
    return error_response(
        500,
        "internal",
        "Tradepost failed here. If this was an order, look it up by its id before anything else: it may have "
        "been sent.",
    )
