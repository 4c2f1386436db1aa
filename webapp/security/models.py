"""API tokens and one-time sign-in links. Only hashes are kept."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.utils import timezone

from bybit import rows
from webapp.security.audit_models import AuditEntry
from webapp.security.factor_models import (
    Access,
    Attempt,
    Authenticator,
    Device,
    PasskeyChallenge,
    RecoveryCode,
)

__all__ = [
    "Access",
    "ApiToken",
    "Attempt",
    "AuditEntry",
    "Authenticator",
    "Device",
    "PasskeyChallenge",
    "RecoveryCode",
    "SignInLink",
]

LINK_LIFE = timedelta(minutes=15)
# Writing "last used" on every request would make each read a write.
USED_STEP = timedelta(minutes=1)


def digest(text: str) -> str:
    """Tokens are long and random, so a plain hash keeps them."""
    return hashlib.sha256(text.encode()).hexdigest()


class ApiToken(models.Model):
    """A key for scripts: `read` sees, `trade` also acts."""

    class Scope(models.TextChoices):
        READ = "read"
        TRADE = "trade"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60, blank=True)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.scope} token {self.pk} of {self.user}"

    @classmethod
    def make(cls, user: AbstractBaseUser, scope: str, name: str = "") -> tuple["ApiToken", str]:
        """Makes a token. Its text is returned once and can never be shown again."""
        text = secrets.token_urlsafe(32)
        return cls.objects.create(user_id=user.pk, scope=scope, name=name, hash=digest(text)), text

    @classmethod
    def find(cls, token: str) -> "ApiToken | None":
        found = rows.find(cls, "hash = %s AND revoked_at IS NULL", [digest(token)])
        if not found:
            return None
        (row,) = found
        user = rows.find(get_user_model(), "id = %s AND is_active", [row.user_id])
        if not user:
            return None
        row.user = user[0]
        now = timezone.now()
        if row.used_at is None or now - row.used_at > USED_STEP:
            cls.objects.filter(pk=row.pk).update(used_at=now)
        return row


class SignInLink(models.Model):
    """A link that signs its user in once, within fifteen minutes."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="signin_links")
    hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"sign-in link {self.pk} of {self.user}"

    @classmethod
    def make(cls, user: AbstractBaseUser) -> str:
        text = secrets.token_urlsafe(32)
        cls.objects.create(user_id=user.pk, hash=digest(text), expires_at=timezone.now() + LINK_LIFE)
        return text

    @classmethod
    def use(cls, token: str) -> AbstractBaseUser | None:
        """The link's user, once. Two requests with one link: exactly one wins."""
        now = timezone.now()
        fresh = cls.objects.filter(hash=digest(token), used_at=None, expires_at__gt=now)
        if not fresh.filter(user__is_active=True).update(used_at=now):
            return None
        return cls.objects.select_related("user").get(hash=digest(token)).user
