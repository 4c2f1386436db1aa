"""Seals API secrets under CREDENTIALS_KEY, which lives outside the database and its backups."""

import base64
import hashlib

from cryptography.fernet import Fernet
from django.conf import settings


def _fernet() -> Fernet:
    # Fernet wants 32 bytes; hashing lets the owner choose any long random text as the key.
    digest = hashlib.sha256(settings.CREDENTIALS_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def seal(secret: str) -> bytes:
    """Ciphertext of the secret, authenticated, fit for the database."""
    return _fernet().encrypt(secret.encode())


def unseal(sealed: bytes) -> str:
    """The secret again. Raises cryptography.fernet.InvalidToken when the key is not the one it was sealed under."""
    return _fernet().decrypt(sealed).decode()
