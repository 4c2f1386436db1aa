"""Routes of one's own locks: fresh proofs, password, devices, second factors, API tokens."""

from typing import Annotated, Any, Literal

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Router, Schema

from bybit.forms import ErrorOut, Time
from webapp.errors import error_response
from webapp.security import audit, factors, sessions, signin
from webapp.security.models import ApiToken, Authenticator, Device
from webapp.session_api import LAST_FACTOR, Body, Code, ConfirmedOut, DoneOut, Label, Password, ProofBody

router = Router(tags=["security"])
ERRORS = dict.fromkeys((401, 403, 404, 409, 413, 415, 422, 429), ErrorOut)
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


DONE = {"done": True}


def _missing(what: str) -> Any:
    return error_response(404, "not_found", f"There is no such {what}, or it is not yours.")


@router.post("/session/step-up", operation_id="step_up", response={200: DoneOut, **ERRORS})
def step_up(request: HttpRequest, body: ProofBody) -> Any:
    """Proves that the owner is here: good for two minutes, and for trading until twelve hours without a trade. A
    recovery code is good for enrolling a second factor, and for nothing else."""
    if body.password is not None and factors.has_factor(request.user):
        return error_response(
            422, "code_needed", "Give a code of your authenticator, or use your passkey.", rule="by"
        )
    try:
        passkey = None if body.passkey is None else body.passkey.as_library()
        by = signin.prove(request, code=body.code, password=body.password, passkey=passkey)
    except signin.Wrong as error:
        return error_response(403, "wrong_proof", str(error))
    sessions.stepped_up(request, by)
    return DONE


class PasswordBody(Body):
    password: Password


@router.put("/password", operation_id="change_password", response={200: DoneOut, **ERRORS})
def change_password(request: HttpRequest, body: PasswordBody) -> Any:
    """Sets a new password and signs out every other device."""
    user: Any = request.user
    try:
        validate_password(body.password, user)
    except ValidationError as error:
        return error_response(422, "weak_password", " ".join(error.messages), rule="password")
    user.set_password(body.password)
    user.save(update_fields=["password"])
    sessions.end_others(user, request.session.session_key)
    # Keeps this session, under a new mark; its key changes, and the device's row with it.
    before = request.session.session_key
    # All at once: a session that is empty for a moment would be one that was signed out.
    with transaction.atomic():
        update_session_auth_hash(request, user)
        request.session.save()
        Device.objects.filter(session_key=before).update(session_key=request.session.session_key)
    audit.record("password_changed", request=request)
    return DONE


# ---- devices


class DeviceOut(Schema):
    id: int
    name: str
    address: str
    created_at: Time
    used_at: Time
    current: bool


class DeviceList(Schema):
    items: list[DeviceOut]
    next: str | None


class NameBody(Body):
    name: Label


@router.get("/devices", operation_id="list_devices", response={200: DeviceList, **ERRORS})
def list_devices(request: HttpRequest) -> DeviceList:
    """The browsers that are signed in as this user, the last used first."""
    items = [
        DeviceOut(
            id=row.pk,
            name=row.name,
            address=row.address,
            created_at=row.created_at,
            used_at=row.used_at,
            current=row.session_key == request.session.session_key,
        )
        for row in sessions.devices_of(request.user)
    ]
    return DeviceList(items=items, next=None)


@router.patch("/devices/{device_id}", operation_id="rename_device", response={200: DoneOut, **ERRORS})
def rename_device(request: HttpRequest, device_id: Id, body: NameBody) -> Any:
    """Gives a device a name."""
    if not Device.objects.filter(pk=device_id, user=request.user.pk).update(name=body.name):
        return _missing("device")
    return DONE


@router.delete("/devices/{device_id}", operation_id="revoke_device", response={200: DoneOut, **ERRORS})
def revoke_device(request: HttpRequest, device_id: Id) -> Any:
    """Signs a device out at once; its live sockets close within five seconds."""
    device = Device.objects.filter(pk=device_id, user=request.user.pk).first()
    if device is None:
        return _missing("device")
    audit.record("device_revoked", request=request, device=device.name)
    sessions.end(device)
    return DONE


# ---- second factors


class FactorOut(Schema):
    id: int
    name: str
    created_at: Time
    used_at: Time | None


class FactorList(Schema):
    items: list[FactorOut]
    recovery_codes_left: int
    next: str | None


class StartedOut(Schema):
    """`secret` and `address` (which the QR code `picture` shows, a data URL) are told once."""

    id: int
    secret: str
    address: str
    picture: str


class CodeBody(Body):
    code: Code


@router.get("/second-factors", operation_id="list_factors", response={200: FactorList, **ERRORS})
def list_factors(request: HttpRequest) -> FactorList:
    """The authenticators of this user, and how many recovery codes are left."""
    rows = Authenticator.objects.filter(user=request.user.pk, confirmed=True).order_by("pk")
    items = [
        FactorOut(id=row.pk, name=row.name, created_at=row.created_at, used_at=row.used_at) for row in rows
    ]
    return FactorList(items=items, recovery_codes_left=factors.codes_left(request.user), next=None)


@router.post("/second-factors", operation_id="start_factor", response={200: StartedOut, **ERRORS})
def start_factor(request: HttpRequest, body: NameBody) -> Any:
    """Begins with a new authenticator. It counts once it has shown a right code."""
    row, seed = Authenticator.start(request.user, body.name)
    address = Authenticator.address(seed, request.user.get_username(), factors.ISSUER)
    return StartedOut(id=row.pk, secret=seed, address=address, picture=factors.picture(address))


@router.post(
    "/second-factors/{factor_id}/confirm",
    operation_id="confirm_factor",
    response={200: ConfirmedOut, **ERRORS},
)
def confirm_factor(request: HttpRequest, factor_id: Id, body: CodeBody) -> Any:
    """Takes a new authenticator into use by one right code of it, within ten minutes."""
    first = not factors.has_factor(request.user)
    if not signin.confirm_app(request, factor_id, body.code):
        return error_response(
            403,
            "wrong_proof",
            "This code does not fit. Check the phone's clock, and try the next. After ten minutes begin anew.",
        )
    audit.record("factor_added", request=request, factor=factor_id)
    return ConfirmedOut(recovery_codes=sessions.enrolled(request, first=first))


@router.delete("/second-factors/{factor_id}", operation_id="remove_factor", response={200: DoneOut, **ERRORS})
def remove_factor(request: HttpRequest, factor_id: Id) -> Any:
    """Takes an authenticator away. On real servers the last one stays until there is another."""
    mine = Authenticator.objects.filter(user=request.user.pk, confirmed=True)
    row = mine.filter(pk=factor_id).first()
    if row is None:
        return _missing("authenticator")
    if not factors.give_up(row):
        return error_response(409, "last_factor", LAST_FACTOR)
    audit.record("factor_removed", request=request, factor=factor_id)
    return DONE


@router.post("/recovery-codes", operation_id="new_recovery_codes", response={200: ConfirmedOut, **ERRORS})
def new_recovery_codes(request: HttpRequest) -> Any:
    """Ten new recovery codes; the old ones are void."""
    if not factors.has_factor(request.user):
        return error_response(409, "no_factor", "Recovery codes stand in for a second factor. Add one first.")
    codes = factors.new_recovery_codes(request.user)
    audit.record("recovery_codes_made", request=request)
    return ConfirmedOut(recovery_codes=codes)


# ---- tokens


class TokenOut(Schema):
    id: int
    name: str
    scope: str
    created_at: Time
    used_at: Time | None


class TokenList(Schema):
    items: list[TokenOut]
    next: str | None


class NewTokenBody(Body):
    name: Label
    scope: Literal["read", "trade"]


class NewTokenOut(TokenOut):
    """`token` is told once."""

    token: str


@router.get("/tokens", operation_id="list_tokens", response={200: TokenList, **ERRORS})
def list_tokens(request: HttpRequest) -> TokenList:
    """The API tokens of this user that are in force, newest first."""
    rows = ApiToken.objects.filter(user=request.user.pk, revoked_at=None).order_by("-pk")
    return TokenList(items=[TokenOut(**_token(row)) for row in rows], next=None)


def _token(row: ApiToken) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("name", "scope", "created_at", "used_at")} | {"id": row.pk}


@router.post("/tokens", operation_id="make_token", response={200: NewTokenOut, **ERRORS})
def make_token(request: HttpRequest, body: NewTokenBody) -> Any:
    """Makes a token for a script. It never may more than its user."""
    if body.scope not in request.auth.rights:  # type: ignore[attr-defined]
        return error_response(
            403, "forbidden", "You may not trade, and so no token of yours may. None was made."
        )
    row, text = ApiToken.make(request.user, body.scope, body.name)  # type: ignore[arg-type]
    audit.record("token_made", request=request, token=row.pk, name=row.name, scope=row.scope)
    return NewTokenOut(**_token(row), token=text)


@router.delete("/tokens/{token_id}", operation_id="revoke_token", response={200: DoneOut, **ERRORS})
def revoke_token(request: HttpRequest, token_id: Id) -> Any:
    """Ends a token at once; its live sockets close within five seconds."""
    mine = ApiToken.objects.filter(pk=token_id, user=request.user.pk, revoked_at=None)
    if not mine.update(revoked_at=timezone.now()):
        return _missing("token")
    audit.record("token_revoked", request=request, token=token_id)
    return DONE
