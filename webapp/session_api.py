"""Routes of signing in and out, of the second step, of fresh proofs, and of the first owner."""

from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from ninja import Router, Schema
from pydantic import ConfigDict, Field, model_validator

from bybit.forms import ErrorOut
from webapp.errors import error_response
from webapp.security import factors, passkeys, sessions, signin
from webapp.security.callers import CsrfRefused, of_request, rights_of, role_of

router = Router(tags=["session"], auth=None)
LAST_FACTOR = "This is the last second factor. Add another one first. Nothing was changed."
NO_NUL = r"^[^\x00]*$"
ERRORS = dict.fromkeys((401, 403, 409, 413, 415, 422, 429), ErrorOut)
Name = Annotated[str, Field(min_length=1, max_length=150, pattern=NO_NUL)]
Password = Annotated[str, Field(max_length=200, pattern=NO_NUL)]
# As much as a passkey's answer ever is, in base64url.
Bytes = Annotated[str, Field(min_length=1, max_length=16_000, pattern=r"^[A-Za-z0-9_-]+$")]
Label = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]*$")]
Code = Annotated[str, Field(min_length=6, max_length=30, pattern=r"^[A-Za-z0-9 -]+$")]


class SessionOut(Schema):
    """`needs`: `otp` when the password was right and the second step is owed (`passkey`: one would do for it);
    `second_factor` when one has to be enrolled before anything can be traded; `re_enrol` when a recovery code was used
    and none was enrolled since; null when nothing is missing."""

    signed_in: bool
    user: str | None
    rights: list[str]
    csrf: str | None
    role: str | None
    needs: str | None
    passkey: bool


class Body(Schema):
    model_config = ConfigDict(extra="forbid")


class SignInBody(Body):
    link: Annotated[str, Field(max_length=100, pattern=NO_NUL)] | None = None
    username: Annotated[str, Field(max_length=150, pattern=NO_NUL)] | None = None
    password: Password | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "SignInBody":
        if (self.link is None) == (self.username is None or self.password is None):
            raise ValueError("send a link, or a username and a password")
        return self


class CodeBody(Body):
    code: Code


class PasskeyAnswer(Body):
    """What `navigator.credentials.get()` answered, its bytes in base64url."""

    id: Bytes
    client_data: Bytes
    authenticator_data: Bytes
    signature: Bytes
    user_handle: Bytes | None = None

    def as_library(self) -> dict[str, Any]:
        response = {
            "clientDataJSON": self.client_data,
            "authenticatorData": self.authenticator_data,
            "signature": self.signature,
            "userHandle": self.user_handle,
        }
        return {"id": self.id, "rawId": self.id, "type": "public-key", "response": response}


class ProofBody(Body):
    """A code, a passkey's answer, or the password of who has no second factor."""

    code: Code | None = None
    password: Password | None = None
    passkey: PasskeyAnswer | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "ProofBody":
        if sum(given is not None for given in (self.code, self.password, self.passkey)) != 1:
            raise ValueError("send one of code, passkey and password")
        return self


class DoneOut(Schema):
    done: bool


class ConfirmedOut(Schema):
    """The codes are shown once: with the first factor, or when a recovery code was used, as the others end with it. An
    empty list otherwise."""

    recovery_codes: list[str]


class AskedOut(Schema):
    """What the browser's `navigator.credentials` is to be given; its bytes are base64url."""

    options: dict[str, Any]


def same_origin(request: HttpRequest) -> None:
    """Before there is a session there is no token to ask for: the page must be ours. Raises CsrfRefused."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.get_host()}":
        raise CsrfRefused("foreign_origin")


def shown(request: HttpRequest) -> SessionOut:
    """Who is signed in on this browser."""
    user = request.user
    if not user.is_authenticated:
        owes = signin.pending_user(request)
        if owes is None:
            return _nobody()
        return _nobody(needs="otp", passkey=passkeys.host(request) is not None and passkeys.has_any(owes))
    verified = bool(request.session.get(sessions.VERIFIED))
    rights = rights_of(user, verified=verified)
    missing = settings.REAL_SERVERS and (not verified or not factors.has_factor(user))
    return SessionOut(
        signed_in=True,
        user=user.get_username(),
        rights=sorted(rights & {"read", "trade"}),
        csrf=get_token(request),
        role=role_of(user),
        needs="second_factor" if missing else "re_enrol" if sessions.is_recovered(request) else None,
        passkey=False,
    )


def _nobody(needs: str | None = None, *, passkey: bool = False) -> SessionOut:
    return SessionOut(
        signed_in=False, user=None, rights=[], csrf=None, role=None, needs=needs, passkey=passkey
    )


@router.get("/session", operation_id="get_session", response=SessionOut)
def get_session(request: HttpRequest) -> SessionOut:
    """Who is signed in on this browser."""
    if request.user.is_authenticated:
        sessions.touch(request)
    return shown(request)


@router.post("/session", operation_id="sign_in", response={200: SessionOut, **ERRORS})
def sign_in(request: HttpRequest, response: HttpResponse, body: SignInBody) -> Any:
    """Signs in by a one-time link, or by name and password. `needs: "otp"` asks for the second step."""
    same_origin(request)
    try:
        if body.link is not None:
            signin.by_link(request, body.link)
        elif not signin.by_password(request, body.username or "", body.password or ""):
            return shown(request)
    except signin.Wrong as error:
        return error_response(401, "unauthenticated", str(error))
    sessions.know(response, request.user)
    return shown(request)


@router.post("/session/otp", operation_id="sign_in_code", response={200: SessionOut, **ERRORS})
def sign_in_code(request: HttpRequest, response: HttpResponse, body: CodeBody) -> Any:
    """The second step: a code of the authenticator, or a recovery code."""
    same_origin(request)
    try:
        signin.by_code(request, body.code)
    except signin.Wrong as error:
        return error_response(401, "unauthenticated", str(error))
    sessions.know(response, request.user)
    return shown(request)


@router.post("/session/passkey/ask", operation_id="ask_passkey", response={200: AskedOut, **ERRORS})
def ask_passkey(request: HttpRequest) -> Any:
    """What a passkey is to sign: for the second step, or, before any, for both at once."""
    same_origin(request)
    try:
        return AskedOut(options=signin.ask_passkey(request))
    except signin.NoPasskeys:
        return error_response(409, "no_passkeys", "There is no passkey for this here. Use another way.")


@router.post("/session/passkey", operation_id="sign_in_passkey", response={200: SessionOut, **ERRORS})
def sign_in_passkey(request: HttpRequest, response: HttpResponse, body: PasskeyAnswer) -> Any:
    """The second step by a passkey; or both steps, when it has verified who holds it (a finger, a face, a PIN)."""
    same_origin(request)
    try:
        user = signin.by_passkey(request, body.as_library())
    except signin.Wrong as error:
        return error_response(401, "unauthenticated", str(error))
    sessions.know(response, user)
    return shown(request)


@router.delete("/session", operation_id="sign_out", response={200: SessionOut, **ERRORS})
def sign_out(request: HttpRequest, response: HttpResponse) -> SessionOut:
    """Signs this browser out, and tells it to drop what it has cached. Its storage stays: it holds no answer of ours,
    but the ids of orders without one, which the next to sign in must be told of."""
    caller = of_request(request)
    if caller is not None and caller.by_cookie:
        signin.out(request)
        response["Clear-Site-Data"] = '"cache"'
    return _nobody()


class SetupOut(Schema):
    open: bool


class OwnerBody(Body):
    token: Annotated[str, Field(max_length=200, pattern=NO_NUL)]
    username: Annotated[str, Field(min_length=1, max_length=150, pattern=r"^[\w.@+-]+$")]
    password: Password


@router.get("/setup", operation_id="get_setup", response=SetupOut)
def get_setup(request: HttpRequest) -> dict[str, bool]:
    """Whether this house waits for its first owner."""
    return {"open": signin.is_open()}


@router.post("/setup", operation_id="make_owner", response={200: SessionOut, **ERRORS})
def make_owner(request: HttpRequest, response: HttpResponse, body: OwnerBody) -> Any:
    """Makes the first owner, by the token of `manage.py setuplink`, or sets the password of who was asked in, by that
    of `manage.py adduser`; and signs them in. Enrol a second factor next."""
    same_origin(request)
    try:
        signin.set_up(request, token=body.token, username=body.username, password=body.password)
    except signin.Wrong as error:
        return error_response(401, "unauthenticated", str(error))
    except signin.Weak as error:
        return error_response(422, "weak_password", str(error), rule="password")
    except signin.NotOpen:
        return error_response(409, "not_open", "There is an owner already. Sign in instead.")
    sessions.know(response, request.user)
    return shown(request)
