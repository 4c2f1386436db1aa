"""Second factors: authenticator apps and recovery codes. What is right once is wrong the second time."""

import base64
import hashlib
import io
import re
import secrets
from datetime import timedelta
from typing import Any

import django_otp
import segno
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from webapp.security import passkeys
from webapp.security.models import Authenticator, RecoveryCode

ISSUER = "Tradepost"
CODES = 10
# Ten random bytes each: 80 bits, so that a plain hash keeps them.
CODE_BYTES = 10
CONFIRM_WITHIN = timedelta(minutes=10)
_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)
_LETTERS = re.compile(r"[A-Z2-7]{16}", re.ASCII)


def has_factor(user: Any) -> bool:
    """Whether a second factor guards this user: an authenticator or a passkey."""
    return has_app(user) or passkeys.has_any(user)


def has_app(user: Any) -> bool:
    return bool(Authenticator.objects.filter(user=user.pk, confirmed=True).exists())


def how_many(user: Any) -> int:
    """Authenticators and passkeys together."""
    apps = Authenticator.objects.filter(user=user.pk, confirmed=True).count()
    return int(apps) + len(passkeys.of_user(user))


def is_recovery_code(code: str) -> bool:
    """Whether this has the form of a recovery code, right or wrong."""
    return _LETTERS.fullmatch(_plain(code)) is not None


def _plain(code: str) -> str:
    return re.sub(r"[\s-]", "", code).upper()


def verify(user: Any, code: str) -> str | None:
    """`app` or `recovery`, by what the code is; None when it is wrong, old or used."""
    text = _plain(code)
    if _DIGITS.fullmatch(text):
        for row in Authenticator.objects.filter(user=user.pk, confirmed=True):
            if django_otp.verify_token(user, row.persistent_id, text):
                return "app"
    elif _LETTERS.fullmatch(text):
        fresh = RecoveryCode.objects.filter(user=user.pk, hash=_hash(text), used_at=None)
        if fresh.update(used_at=timezone.now()):
            return "recovery"
    return None


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def confirm(user: Any, authenticator_id: int, code: str) -> bool:
    """Takes a new app into use once it has shown one right code, within ten minutes."""
    prune()
    row = Authenticator.objects.filter(user=user.pk, confirmed=False, pk=authenticator_id).first()
    if (
        row is None
        or not _DIGITS.fullmatch(code)
        or not django_otp.verify_token(user, row.persistent_id, code)
    ):
        return False
    Authenticator.objects.filter(pk=row.pk).update(confirmed=True)
    Authenticator.objects.filter(user=user.pk, confirmed=False).delete()
    return True


def prune() -> None:
    """Drops authenticators that were begun with and never confirmed: a seed that was seen does not wait for ever."""
    Authenticator.objects.filter(confirmed=False, created_at__lte=timezone.now() - CONFIRM_WITHIN).delete()


def new_recovery_codes(user: Any) -> list[str]:
    """Ten new codes, shown once; the old ones are void."""
    codes = [base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode() for _ in range(CODES)]
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user.pk).delete()
        RecoveryCode.objects.bulk_create([RecoveryCode(user_id=user.pk, hash=_hash(code)) for code in codes])
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


def codes_left(user: Any) -> int:
    return RecoveryCode.objects.filter(user=user.pk, used_at=None).count()


def picture(address: str) -> str:
    """A QR code as a data address of an SVG: it is made here, and no script makes it."""
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=5, border=2, dark="#000", light="#fff")
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()


def give_up(row: Any) -> bool:
    """Takes an authenticator or a passkey away. On real servers the last second factor stays, however many go at
    the same moment; False then."""
    with transaction.atomic():
        user = get_user_model().objects.select_for_update().get(pk=row.user_id)
        if settings.REAL_SERVERS and how_many(user) == 1:
            return False
        row.delete()
    return True


def remove_all(user: Any) -> None:
    """For the server's shell alone: the way back in when phone and codes are lost."""
    Authenticator.objects.filter(user=user.pk).delete()
    for row in passkeys.of_user(user):
        row.delete()
    RecoveryCode.objects.filter(user=user.pk).delete()
