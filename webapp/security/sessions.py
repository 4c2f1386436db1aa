"""What a session knows beside its user, the list of devices, and what asks for a fresh proof.

A device stays signed in for thirty days of use. Trading on it after twelve hours without a trade asks once for a code;
keys, tokens, factors and exports ask each time (two minutes). Cancelling, closing and the panic button never ask.

A recovery code is somebody without their phone, or with a stolen sheet of paper: its session looks, cancels and closes,
and changes nothing else before a second factor was enrolled anew, or shown after all."""

import re
import secrets
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model, login
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from webapp.security import factors, passkeys
from webapp.security.addresses import address_of, network_of
from webapp.security.models import Device
from webapp.security.throttle import Door

BACKEND = "webapp.security.backend.Backend"
# Keys in the session. Times are seconds since 1970.
VERIFIED, PENDING, STEPPED, ACTED, TOUCHED, RECOVERED = (
    "tp_verified",
    "tp_pending",
    "tp_stepped",
    "tp_acted",
    "tp_touched",
    "tp_recovered",
)
FRESH_SECONDS = 120
IDLE_SECONDS = 12 * 3600
# Noting every trade or read would make each of them a write.
NOTE_SECONDS = 600
KNOWN_COOKIE = "__Host-tp_known" if settings.HTTPS else f"tp_known_{settings.PORT}"
KNOWN_SECONDS = 365 * 24 * 3600


class StepUp(Exception):
    """A fresh proof is asked for first. `reason` is `fresh`, `idle` or `recovered`; `by` is `code`, `passkey`,
    `password` or `link`, and `passkey` tells whether one would do too."""

    def __init__(self, reason: str, by: str, *, passkey: bool) -> None:
        super().__init__(reason)
        self.reason, self.by, self.passkey = reason, by, passkey


def enter(request: HttpRequest, user: Any, *, verified: bool, recovered: bool = False) -> Device:
    """Signs this browser in, with a new session key. `recovered`: by a recovery code."""
    request.session.flush()
    login(request, user, backend=BACKEND)
    now = int(time.time())
    request.session.update({VERIFIED: verified, STEPPED: now, ACTED: now, TOUCHED: now})
    if recovered:
        request.session[RECOVERED] = True
    request.session.save()
    return Device.objects.create(
        user_id=user.pk,
        session_key=request.session.session_key or "",
        name=device_name(request.headers.get("User-Agent", "")),
        address=address_of(request),
    )


def mark_fits(user: Any, mark: str) -> bool:
    """Whether a session's mark is of this user's password as it is, under SECRET_KEY or one that was in force
    before."""
    marks = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(mark, one) for one in marks)


def carry_over(request: HttpRequest) -> None:
    """After a change of SECRET_KEY the session gets its mark anew and keeps its key. Django would give it another key:
    the device's row would lose it, and of a page's parallel calls all but the first would be signed out."""
    if not settings.SECRET_KEY_FALLBACKS or HASH_SESSION_KEY not in request.session:
        return
    mark, user_id = request.session[HASH_SESSION_KEY], request.session.get(SESSION_KEY, "")
    user = get_user_model().objects.filter(pk=user_id).first()
    if user is not None and mark != user.get_session_auth_hash() and mark_fits(user, mark):
        request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()


def device_name(agent: str) -> str:
    """A first name for a device, out of what its browser says of itself."""
    system = next(
        (name for mark, name in (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Mac OS", "Mac"),
         ("Windows", "Windows"), ("Linux", "Linux")) if mark in agent), ""
    )  # fmt: skip
    browser = next(
        (name for mark, name in (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
         ("Safari/", "Safari")) if mark in agent), ""
    )  # fmt: skip
    return " on ".join(part for part in (browser, system) if part) or "A program"


def touch(request: HttpRequest) -> None:
    """Notes that the device is in use, at most every ten minutes: its thirty days begin anew."""
    now = int(time.time())
    if now - request.session.get(TOUCHED, 0) < NOTE_SECONDS:
        return
    request.session[TOUCHED] = now
    Device.objects.filter(session_key=request.session.session_key).update(
        used_at=timezone.now(), address=address_of(request)
    )


def end(device: Device) -> None:
    """Signs a device out: its sockets close with the next heartbeat that looks, within three seconds."""
    Session.objects.filter(session_key=device.session_key).delete()
    device.delete()


def end_others(user: Any, but: str | None) -> None:
    """Signs out all devices of a user but one."""
    for device in Device.objects.filter(user=user.pk).exclude(session_key=but):
        end(device)


def devices_of(user: Any) -> list[Device]:
    """The devices whose sessions live."""
    rows = list(Device.objects.filter(user=user.pk))
    keys = [row.session_key for row in rows]
    alive = set(
        Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now()).values_list(
            "session_key", flat=True
        )
    )
    return [row for row in rows if row.session_key in alive]


# ---- fresh proofs


def proof_of(user: Any) -> str:
    """By what this user can prove to be here: `code`, `passkey`, `password`, else `link`."""
    if factors.has_app(user):
        return "code"
    if passkeys.has_any(user):
        return "passkey"
    return "password" if user.has_usable_password() else "link"


def _asks(request: HttpRequest, reason: str) -> None:
    by = proof_of(request.user)
    # On the embedded servers there is only paper money, and the demo's user has neither factor nor password.
    if by != "link" or settings.REAL_SERVERS:
        raise StepUp(reason, by, passkey=passkeys.has_any(request.user))


def is_recovered(request: HttpRequest) -> bool:
    """Whether this session was opened by a recovery code, and no second factor was shown or enrolled since."""
    return bool(request.session.get(RECOVERED))


def require_enrolled(request: HttpRequest) -> None:
    """Raises StepUp after a recovery code, until a second factor was shown or enrolled anew."""
    if is_recovered(request):
        _asks(request, "recovered")


def require_fresh(request: HttpRequest, *, enrolling: bool = False) -> None:
    """Raises StepUp unless there was a proof within two minutes, and, but for who is `enrolling`, no recovery code."""
    if not enrolling:
        require_enrolled(request)
    if int(time.time()) - request.session.get(STEPPED, 0) >= FRESH_SECONDS:
        _asks(request, "fresh")


def is_asleep(request: HttpRequest) -> bool:
    """Whether nobody traded on this device for twelve hours."""
    return bool(int(time.time()) - request.session.get(ACTED, 0) >= IDLE_SECONDS)


def require_awake(request: HttpRequest) -> None:
    """Raises StepUp when nobody traded on this device for twelve hours, or after a recovery code. Else notes that
    somebody does."""
    require_enrolled(request)
    if is_asleep(request):
        _asks(request, "idle")
    now = int(time.time())
    if now - request.session.get(ACTED, 0) >= NOTE_SECONDS:
        request.session[ACTED] = now


def stepped_up(request: HttpRequest, by: str) -> None:
    """A proof was right just now (`app`, `passkey`, `recovery` or `password`). The session keeps its key: the page's
    socket goes on."""
    now = int(time.time())
    request.session.update({STEPPED: now, ACTED: now})
    if by == "recovery":
        request.session[RECOVERED] = True
    elif by != "password":
        request.session.pop(RECOVERED, None)
    request.session.save()


def enrolled(request: HttpRequest, *, first: bool) -> list[str]:
    """A second factor was taken into use in this session. New recovery codes, shown once, if it is the first, or if
    one of the old opened this session: the sheet may be in other hands, so the rest of it is void."""
    codes = factors.new_recovery_codes(request.user) if first or is_recovered(request) else []
    request.session[VERIFIED] = True
    request.session.pop(RECOVERED, None)
    if first:
        # Whoever else is signed in has shown no second factor.
        end_others(request.user, request.session.session_key)
    return codes


# ---- a browser that has signed in before


def know(response: HttpResponse, user: Any) -> None:
    """Lets this browser be recognised when it signs in again: its tries are counted apart from strangers'."""
    response.set_signed_cookie(
        KNOWN_COOKIE,
        f"{user.pk}.{secrets.token_hex(8)}",
        salt="tradepost.known",
        max_age=KNOWN_SECONDS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Strict",
    )


def _known_as(request: HttpRequest, user_id: int | None) -> str:
    """What this browser is known by, if it has signed in as this user before; else ""."""
    known = request.get_signed_cookie(KNOWN_COOKIE, "", salt="tradepost.known", max_age=KNOWN_SECONDS) or ""
    return known if user_id is not None and re.fullmatch(rf"{user_id}\.[0-9a-f]{{16}}", known) else ""


def doors_of(request: HttpRequest, username: str, user_id: int | None) -> tuple[Door, ...]:
    """What a try to sign in as this user is counted by."""
    known = _known_as(request, user_id)
    if known:
        return (Door(f"known:{known}", gentle=True),)
    return Door(f"user:{username.casefold()}"), Door(f"address:{network_of(request)}")


def second_doors(request: HttpRequest, kind: str, user_id: int) -> tuple[Door, ...]:
    """What a try at the second step (`code` or `recovery`) is counted by: strangers by account and by address, a
    browser that is known by itself. Whoever has the password and guesses from elsewhere closes the strangers' doors,
    and only those."""
    known = _known_as(request, user_id)
    if known:
        return (Door(f"{kind}:known:{known}", gentle=True),)
    by_address = Door(f"{kind}:address:{network_of(request)}", gentle=True)
    return (Door(f"{kind}:user:{user_id}", gentle=True), by_address) if kind == "code" else (by_address,)
