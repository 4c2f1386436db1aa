"""Passkeys (WebAuthn): a key that a phone, a computer or a stick keeps, bound to this house's name. The ceremonies and
the rows are django-otp-webauthn's; which challenge is taken, by whom and how often, is decided here.
https://www.w3.org/TR/webauthn-3/"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils import timezone
from django_otp_webauthn.helpers import WebAuthnHelper
from django_otp_webauthn.models import WebAuthnCredential
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.structs import UserVerificationRequirement

from webapp.security.addresses import origins_at
from webapp.security.models import PasskeyChallenge

LIFE = timedelta(seconds=300)
REGISTER, PROVE, ALONE = "register", "prove", "alone"


class Refused(Exception):
    """The answer of a passkey is not right. The text is for the audit log, not for who tried."""


class AlreadyKnown(Exception):
    """This passkey is enrolled already."""


class _Helper(WebAuthnHelper):  # type: ignore[misc]  # untyped
    """As a second step the key may ask for a finger or a PIN, where it can: one left lying about is worth less."""

    def get_relying_party_domain(self) -> str:
        return _place(self.request)[0]

    def get_allowed_origins(self) -> list[str]:
        return _place(self.request)[1]

    def get_generate_authentication_options_kwargs(self, **given: Any) -> dict[str, Any]:
        told: dict[str, Any] = super().get_generate_authentication_options_kwargs(**given)
        if not given["require_user_verification"]:
            told["user_verification"] = UserVerificationRequirement.PREFERRED
        return told


def host(request: HttpRequest) -> str | None:
    """The name that passkeys are bound to; None where browsers make none: at a bare IP address, or without TLS."""
    return _place(request)[0] if settings.PASSKEY_HOST or _at_localhost(request) else None


def _place(request: HttpRequest) -> tuple[str, list[str]]:
    """The name that passkeys are bound to here, and the origins that may use them. Those that were made at
    `localhost`, on the server itself, are apart from those of PUBLIC_ORIGIN: browsers see to that."""
    if _at_localhost(request):
        return "localhost", [f"http://{request.get_host()}"]
    return settings.OTP_WEBAUTHN_RP_ID, settings.OTP_WEBAUTHN_ALLOWED_ORIGINS


def _at_localhost(request: HttpRequest) -> bool:
    """Whether a house that has a PUBLIC_ORIGIN was opened at `localhost` instead."""
    opened = f"http://{request.get_host()}"
    proxied = "X-Forwarded-For" in request.headers or "X-Forwarded-Proto" in request.headers
    known = settings.PUBLIC_ORIGIN and opened in origins_at(request.get_host(), proxied=proxied)
    return bool(known) and split_domain_port(request.get_host())[0] == "localhost"


def of_user(user: Any) -> list[WebAuthnCredential]:
    """The passkeys of a user, the oldest first."""
    return list(WebAuthnCredential.objects.filter(user=user.pk, confirmed=True).order_by("pk"))


def has_any(user: Any) -> bool:
    return bool(WebAuthnCredential.objects.filter(user=user.pk, confirmed=True).exists())


def begin_registration(request: HttpRequest, user: Any) -> dict[str, Any]:
    """What `navigator.credentials.create()` is given. The challenge is good once, in this session, for five minutes."""
    options, state = _Helper(request).register_begin(user)
    _keep(request, REGISTER, state["challenge"], user)
    return dict(options)


def register(request: HttpRequest, user: Any, name: str, given: dict[str, Any]) -> int:
    """Takes a new passkey in; its row's id. Raises Refused and AlreadyKnown."""
    state = {"challenge": _take(request, REGISTER, user), "require_user_verification": False}
    try:
        with transaction.atomic():
            row = _attempt(lambda: _Helper(request).register_complete(user, state, given))
            row.name = name
            row.save(update_fields=["name"])
    except IntegrityError as error:
        raise AlreadyKnown from error
    return int(row.pk)


def begin_proof(request: HttpRequest, user: Any | None) -> dict[str, Any]:
    """What `navigator.credentials.get()` is given. Without a user any passkey of the house may answer, if it verifies
    who holds it: it then stands for password and second factor together."""
    options, state = _Helper(request).authenticate_begin(user=user, require_user_verification=user is None)
    _keep(request, ALONE if user is None else PROVE, state["challenge"], user)
    return dict(options)


def prove(request: HttpRequest, user: Any | None, given: dict[str, Any]) -> WebAuthnCredential:
    """The passkey that has answered the challenge. A sign counter that does not rise is a copied key, and refused.
    Raises Refused."""
    purpose = ALONE if user is None else PROVE
    state = {"challenge": _take(request, purpose, user), "require_user_verification": user is None}
    with transaction.atomic():
        # Held, so that of two answers with one counter the second is compared with what the first has left.
        _hold(given)
        row = _attempt(lambda: _Helper(request).authenticate_complete(user, state, given))
        if not row.confirmed or not row.user.is_active:
            raise Refused("the passkey or its user is switched off")
    return row


def _hold(given: dict[str, Any]) -> None:
    def find() -> None:
        digest = WebAuthnCredential.get_credential_id_sha256(base64url_to_bytes(given["rawId"]))
        list(WebAuthnCredential.objects.select_for_update().filter(credential_id_sha256=digest))

    _attempt(find)


def _attempt(work: Any) -> Any:
    """Bytes from outside are parsed in here: whatever a parser stumbles over is a refusal. Raises Refused."""
    try:
        return work()
    except DatabaseError:
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {error}".replace("\0", "")
        raise Refused(why[:200]) from error


# ---- challenges


def _keep(request: HttpRequest, purpose: str, challenge: str, user: Any | None) -> None:
    if request.session.session_key is None:
        # Nobody is signed in: the browser gets a session that knows nothing but that it has asked.
        request.session.create()
        request.session.set_expiry(int(LIFE.total_seconds()))
    key = request.session.session_key or ""
    PasskeyChallenge.objects.filter(session_key=key, purpose=purpose).delete()
    PasskeyChallenge.objects.create(
        challenge=challenge,
        session_key=key,
        purpose=purpose,
        user=user,
        expires_at=timezone.now() + LIFE,
    )


def _take(request: HttpRequest, purpose: str, user: Any | None) -> str:
    """The challenge that this session was given. It is gone before the answer is looked at: of two requests one gets
    it. Raises Refused."""
    mine = PasskeyChallenge.objects.filter(
        session_key=request.session.session_key or "",
        purpose=purpose,
        user=user,
        expires_at__gt=timezone.now(),
    )
    row = mine.first()
    if row is None or not PasskeyChallenge.objects.filter(pk=row.pk).delete()[0]:
        raise Refused("no challenge was asked for, or it was used already")
    return row.challenge


def prune() -> None:
    """Drops challenges that nobody answered."""
    PasskeyChallenge.objects.filter(expires_at__lte=timezone.now()).delete()
