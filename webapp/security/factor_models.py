"""Who may do what, what proves it, and from which devices: roles, authenticators, recovery codes, sessions, tries."""

import base64
import hmac
import secrets
import time
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import models
from django.utils import timezone
from django_otp.models import Device as OtpDevice
from django_otp.oath import hotp

from bybit.secrets import seal, unseal

STEP_SECONDS = 30
# Clocks drift: the code before and the one after are taken too.
TOLERANCE = (0, -1, 1)


class Access(models.Model):
    """A user's role. Without a row a superuser is an owner, and anybody else may only look."""

    class Role(models.TextChoices):
        OWNER = "owner"
        TRADER = "trader"
        VIEWER = "viewer"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="access"
    )
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        app_label = "security"

    def __str__(self) -> str:
        return f"{self.role} {self.user_id}"


class Authenticator(OtpDevice):  # type: ignore[misc]  # django_otp is untyped
    """An app that shows six digits every half minute (RFC 6238). Its seed is sealed, unlike django_otp's own. Codes are
    checked by `django_otp.verify_token()` alone, which holds the row: two requests with one code have one winner."""

    sealed_seed = models.BinaryField(editable=False)
    last_step = models.BigIntegerField(default=-1)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "security"

    def __str__(self) -> str:
        return f"{self.name} of {self.user_id}"

    @classmethod
    def start(cls, user: Any, name: str) -> tuple["Authenticator", str]:
        """A new one, not yet confirmed, and its seed in base32, which is shown once."""
        row = cls.objects.create(user_id=user.pk, name=name, confirmed=False, sealed_seed=b"")
        seed = base64.b32encode(secrets.token_bytes(20)).decode()
        row.sealed_seed = seal(seed, row.about)
        row.save(update_fields=["sealed_seed"])
        return row, seed

    @property
    def about(self) -> str:
        return f"authenticator {self.pk}"

    @staticmethod
    def address(seed: str, user: str, issuer: str) -> str:
        """What the QR code holds: https://github.com/google/google-authenticator/wiki/Key-Uri-Format"""
        query = urlencode({"secret": seed, "issuer": issuer, "digits": 6, "period": STEP_SECONDS})
        return f"otpauth://totp/{quote(f'{issuer}:{user}')}?{query}"

    def verify_token(self, token: str) -> bool:
        """Only for django_otp.verify_token(), which has locked the row. Each step's code works once."""
        seed = base64.b32decode(unseal(bytes(self.sealed_seed), self.about).reveal())
        now = int(time.time()) // STEP_SECONDS
        fits = [
            now + drift
            for drift in TOLERANCE
            if hmac.compare_digest(f"{hotp(seed, now + drift):06d}".encode(), token.encode())
        ]
        fresh = [step for step in fits if step > self.last_step]
        if not fresh:
            return False
        self.last_step, self.used_at = max(fresh), timezone.now()
        self.save(update_fields=["last_step", "used_at"])
        return True


class RecoveryCode(models.Model):
    """The hash of a code that stands in for the authenticator, once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    hash = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "security"

    def __str__(self) -> str:
        return f"recovery code {self.pk}"


class PasskeyChallenge(models.Model):
    """What a passkey was asked to sign: good once, within minutes, in the session that asked; see
    webapp.security.passkeys. `user` is null when nobody is signed in yet."""

    challenge = models.CharField(max_length=120, unique=True)
    session_key = models.CharField(max_length=40, db_index=True)
    purpose = models.CharField(max_length=10)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()

    class Meta:
        app_label = "security"

    def __str__(self) -> str:
        return f"challenge {self.pk} ({self.purpose})"


class Device(models.Model):
    """A browser that is signed in: one session, with a name that a person knows it by."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="devices")
    session_key = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    address = models.CharField(max_length=45, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "security"
        ordering = ["-used_at"]

    def __str__(self) -> str:
        return self.name


class Attempt(models.Model):
    """A try at a door, kept for a quarter of an hour; see webapp.security.throttle."""

    key = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        app_label = "security"
        indexes = [models.Index(fields=["key", "at"], name="tries_by_key")]

    def __str__(self) -> str:
        return self.key
