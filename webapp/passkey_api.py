"""Routes of passkeys: the list, a new one, one that goes, and what a passkey is to sign as a fresh proof. Signing in by
one is with the other doors, in session_api."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django_otp_webauthn.models import WebAuthnCredential
from ninja import Path, Router, Schema
from pydantic import Field

from bybit.forms import ErrorOut, Time
from webapp.errors import error_response
from webapp.security import audit, factors, passkeys, sessions
from webapp.session_api import LAST_FACTOR, AskedOut, Body, Bytes, ConfirmedOut, DoneOut, Label

router = Router(tags=["security"])
ERRORS = dict.fromkeys((401, 403, 404, 409, 413, 415, 422, 429), ErrorOut)
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]
NOT_HERE = (
    "Passkeys need a name with HTTPS, or localhost: browsers make none for a bare IP address. Set PUBLIC_ORIGIN to the "
    "name that people open (README, “Run it for real”), and open that. Nothing was stored."
)


class PasskeyOut(Schema):
    """`synced`: its maker keeps a copy (a phone's account), so that losing the device does not lose it."""

    id: int
    name: str
    created_at: Time
    used_at: Time | None
    synced: bool


class PasskeyList(Schema):
    """`host`: the name that this house's passkeys are bound to; null where there can be none (a bare IP address)."""

    items: list[PasskeyOut]
    next: str | None
    host: str | None


class NewPasskeyBody(Body):
    """What `navigator.credentials.create()` answered, its bytes in base64url."""

    name: Label
    id: Bytes
    client_data: Bytes
    attestation: Bytes
    transports: Annotated[
        list[Literal["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"]], Field(max_length=10)
    ] = []

    def as_library(self) -> dict[str, Any]:
        response = {
            "clientDataJSON": self.client_data,
            "attestationObject": self.attestation,
            "transports": self.transports,
        }
        return {"id": self.id, "rawId": self.id, "type": "public-key", "response": response}


@router.get("/passkeys", operation_id="list_passkeys", response={200: PasskeyList, **ERRORS})
def list_passkeys(request: HttpRequest) -> PasskeyList:
    """The passkeys of this user."""
    items = [
        PasskeyOut(
            id=row.pk,
            name=row.name,
            created_at=row.created_at,
            used_at=row.last_used_at,
            synced=row.backup_state,
        )
        for row in passkeys.of_user(request.user)
    ]
    return PasskeyList(items=items, next=None, host=passkeys.host(request))


@router.post("/passkeys", operation_id="start_passkey", response={200: AskedOut, **ERRORS})
def start_passkey(request: HttpRequest) -> Any:
    """Begins with a new passkey: what the browser is to be given, within five minutes."""
    if passkeys.host(request) is None:
        return error_response(409, "no_passkeys", NOT_HERE)
    return AskedOut(options=passkeys.begin_registration(request, request.user))


@router.post("/passkeys/confirm", operation_id="confirm_passkey", response={200: ConfirmedOut, **ERRORS})
def confirm_passkey(request: HttpRequest, body: NewPasskeyBody) -> Any:
    """Takes a new passkey into use. The first second factor brings recovery codes."""
    first = not factors.has_factor(request.user)
    try:
        made = passkeys.register(request, request.user, body.name, body.as_library())
    except passkeys.Refused as error:
        audit.record("passkey_refused", request=request, why=str(error))
        return error_response(
            403, "wrong_proof", "This passkey was not accepted, and none was stored. Begin again."
        )
    except passkeys.AlreadyKnown:
        return error_response(409, "passkey_known", "This passkey is enrolled already. None was stored.")
    audit.record("passkey_added", request=request, passkey=made, name=body.name)
    return ConfirmedOut(recovery_codes=sessions.enrolled(request, first=first))


@router.delete("/passkeys/{passkey_id}", operation_id="remove_passkey", response={200: DoneOut, **ERRORS})
def remove_passkey(request: HttpRequest, passkey_id: Id) -> Any:
    """Takes a passkey away: it signs in no more. On real servers the last second factor stays."""
    row = WebAuthnCredential.objects.filter(user=request.user.pk, pk=passkey_id).first()
    if row is None:
        return error_response(404, "not_found", "There is no such passkey, or it is not yours.")
    if not factors.give_up(row):
        return error_response(409, "last_factor", LAST_FACTOR)
    audit.record("passkey_removed", request=request, passkey=passkey_id, name=row.name)
    return {"done": True}


@router.post("/session/step-up/ask", operation_id="ask_proof", response={200: AskedOut, **ERRORS})
def ask_proof(request: HttpRequest) -> Any:
    """What a passkey of this user is to sign, as a fresh proof for `POST /session/step-up`."""
    if passkeys.host(request) is None or not passkeys.has_any(request.user):
        return error_response(409, "no_passkeys", "There is no passkey for this here. Use another way.")
    return AskedOut(options=passkeys.begin_proof(request, request.user))
