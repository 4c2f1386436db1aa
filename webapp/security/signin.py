"""The doors: password, then a second factor where there is one; a one-time link; the first owner of an empty house,
and who was asked in.
Each try is counted, each success and failure is in the audit log."""

import hashlib
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, get_user_model, logout
from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from webapp.security import audit, factors, passkeys, refusals, sessions, throttle
from webapp.security.addresses import network_of
from webapp.security.models import SignInLink
from webapp.security.throttle import Door

# Between password and code.
PENDING_SECONDS = 600
SETUP_SECONDS = 3600
SETUP_SALT = "tradepost.setup"
SETUP_LOCK = 0x7365_7475_70
INVITE_SALT, INVITED = "tradepost.invite", "invite."
BAD_SETUP = "This set-up link is not right, was used already, or is older than an hour. Ask for a new one."


class Wrong(Exception):
    """The proof is not right. The text tells a person, and tells a guesser nothing."""


class NoPasskeys(Exception):
    """There can be none at this address, or whoever asks has none."""


class NotOpen(Exception):
    """There is an owner already."""


class Weak(Exception):
    """A password that is too easy to guess. The text tells a person why."""


def by_password(request: HttpRequest, username: str, password: str) -> bool:
    """True when the caller is signed in; False when a code is needed too. Raises Wrong and TooManyTries."""
    user_id = get_user_model().objects.filter(username=username).values_list("pk", flat=True).first()
    doors = sessions.doors_of(request, username, user_id)
    throttle.knock(*doors)
    # Django hashes for an unknown name too: the time tells nothing.
    user = authenticate(request, username=username, password=password)
    if user is None:
        # A name that is nobody's may be a password, typed into the wrong field.
        audit.record(
            "sign_in_failed", request=request, who=username if user_id else "(unknown)", by="password"
        )
        raise Wrong("Name and password do not fit.")
    throttle.forget(*doors)
    if factors.has_factor(user):
        request.session.flush()
        mark = user.get_session_auth_hash()
        request.session[sessions.PENDING] = [user.pk, int(time.time()), mark]
        return False
    _enter(request, user, verified=False, by="password")
    return True


def pending_user(request: HttpRequest) -> Any:
    """Who has given the password and owes the code; None when nobody does, or for too long."""
    told = request.session.get(sessions.PENDING)
    if not told or time.time() - told[1] > PENDING_SECONDS:
        return None
    user = get_user_model().objects.filter(pk=told[0], is_active=True).first()
    fits = user is not None and sessions.mark_fits(user, told[2])
    return user if fits else None


def by_code(request: HttpRequest, code: str) -> None:
    """The second step. Raises Wrong and TooManyTries (a minute at most)."""
    user = pending_user(request)
    if user is None:
        refusals.note("code_without_password", request, "sign_in_code")
        raise Wrong("Sign in with your name and password first.")
    # A recovery code cannot be guessed: who guesses at the six digits does not close its door.
    kind = "recovery" if factors.is_recovery_code(code) else "code"
    doors = sessions.second_doors(request, kind, user.pk)
    throttle.knock(*doors)
    by = _proven(request, user, code=code)
    throttle.forget(*doors)
    _enter(request, user, verified=True, recovered=by == "recovery", by=f"password and {by}")


def ask_passkey(request: HttpRequest) -> dict[str, Any]:
    """What the browser's passkey is to sign: of who owes the second step, else of whoever has one here. Raises
    NoPasskeys and TooManyTries."""
    user = pending_user(request)
    if passkeys.host(request) is None or (user is not None and not passkeys.has_any(user)):
        raise NoPasskeys
    if user is None:
        throttle.knock(_passkey_door(request))
    return passkeys.begin_proof(request, user)


def by_passkey(request: HttpRequest, answer: dict[str, Any]) -> Any:
    """The second step by a passkey; or both steps, by one that has verified who holds it. Returns the user. Raises
    Wrong and TooManyTries."""
    user, door = pending_user(request), _passkey_door(request)
    throttle.knock(door)
    found = _passkey(request, user, answer).user
    throttle.forget(door)
    _enter(request, found, verified=True, by="passkey" if user is None else "password and passkey")
    return found


def _passkey_door(request: HttpRequest) -> Door:
    """Nobody guesses a signature: this only keeps an address from filling the tables."""
    return Door(f"passkey:{network_of(request)}", gentle=True)


def _passkey(request: HttpRequest, user: Any | None, answer: dict[str, Any]) -> Any:
    who = "" if user is None else user.get_username()
    try:
        row = passkeys.prove(request, user, answer)
    except passkeys.Refused as error:
        audit.record("passkey_refused", request=request, who=who, why=str(error))
        raise Wrong("This passkey was not accepted. Try again, or use another way to sign in.") from error
    audit.record("passkey_used", request=request, who=row.user.get_username(), passkey=row.pk, name=row.name)
    return row


def prove(
    request: HttpRequest,
    *,
    code: str | None = None,
    password: str | None = None,
    passkey: dict[str, Any] | None = None,
) -> str:
    """By what whoever is signed in has shown to be here just now: `app`, `recovery`, `password` or `passkey`. Tries are
    this session's own: who guesses elsewhere, with the password, does not keep the owner from it. Raises Wrong and
    TooManyTries (a minute at most)."""
    user = request.user
    door = Door(f"{'proof' if passkey is None else 'signed'}:{request.session.session_key}", gentle=True)
    throttle.knock(door)
    if passkey is None:
        by = _proven(request, user, code=code, password=password)
    else:
        _passkey(request, user, passkey)
        by = "passkey"
    throttle.forget(door)
    audit.record("step_up", request=request, by=by)
    return by


def _proven(request: HttpRequest, user: Any, *, code: str | None = None, password: str | None = None) -> str:
    """What this proof was: `app`, `recovery` or `password`. Raises Wrong."""
    by_password = "password" if code is None and user.check_password(password) else None
    found = factors.verify(user, code) if code is not None else by_password
    if found is None:
        by = "code" if code is not None else "password"
        audit.record("proof_failed", request=request, who=user.get_username(), by=by)
        raise Wrong(
            "This code is wrong, too old, or was used already." if code else "This password is wrong."
        )
    if found == "recovery":
        audit.record(
            "recovery_code_used", request=request, who=user.get_username(), left=factors.codes_left(user)
        )
    return found


def confirm_app(request: HttpRequest, authenticator_id: int, code: str) -> bool:
    """Takes a new authenticator into use by its first right code. Raises TooManyTries (a minute at most)."""
    door = Door(f"confirm:{request.session.session_key}", gentle=True)
    throttle.knock(door)
    if not factors.confirm(request.user, authenticator_id, code):
        return False
    throttle.forget(door)
    return True


def by_link(request: HttpRequest, token: str) -> None:
    """Whoever made the link has the server's shell, and is the owner. On real servers it shows no second factor where
    there is none: that session may look, and enrol one. Raises Wrong and TooManyTries."""
    door = Door(f"link:{network_of(request)}", gentle=True)
    throttle.knock(door)
    user = SignInLink.use(token)
    if user is None:
        audit.record("sign_in_failed", request=request, by="link")
        raise Wrong("This link was used already or is older than 15 minutes. Ask for a new one.")
    throttle.forget(door)
    _enter(request, user, verified=factors.has_factor(user) or not settings.REAL_SERVERS, by="link")


def _enter(request: HttpRequest, user: Any, *, verified: bool, by: str, recovered: bool = False) -> None:
    device = sessions.enter(request, user, verified=verified, recovered=recovered)
    audit.record("sign_in", request=request, who=user.get_username(), by=by, device=device.name)


def out(request: HttpRequest) -> None:
    """Signs this browser out."""
    audit.record("sign_out", request=request)
    for device in request.user.devices.filter(session_key=request.session.session_key):  # type: ignore[union-attr]
        device.delete()
    logout(request)


# ---- the first owner, and who is asked in later


def is_open() -> bool:
    """Whether nobody lives here yet."""
    return not get_user_model().objects.exists()


def setup_token() -> str:
    """Lets whoever holds it make the first owner, within an hour."""
    return signing.TimestampSigner(salt=SETUP_SALT).sign("owner")


def invitation(user: Any) -> str:
    """Lets whoever holds it choose the password of a user who has none, once, within an hour."""
    return signing.TimestampSigner(salt=INVITE_SALT).sign(f"{INVITED}{user.pk}.{_seal_of(user)}")


def _seal_of(user: Any) -> str:
    """Another one with every password, an unusable one too: whatever was signed with it ends."""
    return hashlib.sha256(user.password.encode()).hexdigest()[:16]


def set_up(request: HttpRequest, *, token: str, username: str, password: str) -> None:
    """Makes the first owner, or lets somebody in who was asked in, and signs them in; the second factor comes next.
    Raises Wrong, Weak, NotOpen and TooManyTries."""
    throttle.knock(Door(f"address:{network_of(request)}"))
    begin = _accept if token.startswith(INVITED) else _make_owner
    try:
        user = begin(request, token, username, password)
    except Wrong:
        refusals.note("bad_setup_link", request, "make_owner")
        raise
    _enter(request, user, verified=False, by="set-up")


def _unsigned(token: str, salt: str) -> str:
    try:
        return signing.TimestampSigner(salt=salt).unsign(token, max_age=SETUP_SECONDS)
    except signing.BadSignature as error:
        raise Wrong(BAD_SETUP) from error


def _check_password(password: str, user: Any) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Weak(" ".join(error.messages)) from error


def _make_owner(request: HttpRequest, token: str, username: str, password: str) -> Any:
    _unsigned(token, SETUP_SALT)
    User = get_user_model()  # noqa: N806
    _check_password(password, User(username=username))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SETUP_LOCK])
        if not is_open():
            raise NotOpen
        user = User.objects.create_superuser(username=username, password=password)
        audit.record("owner_made", request=request, who=username)
    return user


def _accept(request: HttpRequest, token: str, username: str, password: str) -> Any:
    key, _, seal = _unsigned(token, INVITE_SALT).removeprefix(INVITED).partition(".")
    with transaction.atomic():
        # Held, so that of two who open one link the second finds it used.
        user = get_user_model().objects.select_for_update().filter(pk=int(key), is_active=True).first()
        if user is None or not constant_time_compare(seal, _seal_of(user)):
            raise Wrong(BAD_SETUP)
        if user.get_username() != username:
            raise Wrong("This link is for another user name. Ask whoever sent it for yours.")
        _check_password(password, user)
        user.set_password(password)
        user.save(update_fields=["password"])
        audit.record("invitation_used", request=request, who=username)
    return user
