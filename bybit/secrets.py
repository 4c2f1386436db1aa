"""Seals secrets under CREDENTIALS_KEY, which lives outside the database and its backups: AES-256-GCM, each ciphertext
bound to the record it belongs to, so that one row's cannot be put into another. CREDENTIALS_KEY_OLD still opens what
was sealed before the key was changed; `manage.py resealkeys` seals it anew."""

import os
from functools import cache
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_VERSION = b"\x01"
_MARK, _NONCE = 4, 12


class Unsealable(Exception):
    """The ciphertext was not made under any key that is here, or not for this record."""


class Secret:
    """A secret that does not show itself: not in a log line, a traceback, a template or a pickle."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text, for the one call that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "<secret>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


@cache
def _key(text: str) -> tuple[bytes, AESGCM]:
    """A mark that tells keys apart without telling them, and the cipher. Any long random text is a key."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tradepost.credentials").derive(
        text.encode()
    )
    mark = Hash(SHA256())
    mark.update(b"mark" + derived)
    return mark.finalize()[:_MARK], AESGCM(derived)


def seal(secret: str, about: str) -> bytes:
    """Ciphertext of the secret, fit for the database, that opens only for the record that `about` names."""
    mark, cipher = _key(settings.CREDENTIALS_KEY)
    nonce = os.urandom(_NONCE)
    return _VERSION + mark + nonce + cipher.encrypt(nonce, secret.encode(), about.encode())


def unseal(sealed: bytes, about: str) -> Secret:
    """The secret again. Raises Unsealable."""
    head = len(_VERSION) + _MARK
    mark, nonce, body = sealed[1:head], sealed[head : head + _NONCE], sealed[head + _NONCE :]
    for text in (settings.CREDENTIALS_KEY, settings.CREDENTIALS_KEY_OLD):
        if not text or sealed[:1] != _VERSION or _key(text)[0] != mark:
            continue
        try:
            return Secret(_key(text)[1].decrypt(nonce, body, about.encode()).decode())
        except InvalidTag as error:
            raise Unsealable(f"what is sealed for {about} was changed or belongs elsewhere") from error
    raise Unsealable(f"what is sealed for {about} needs a CREDENTIALS_KEY that is not here")


def is_current(sealed: bytes) -> bool:
    """Whether it is sealed under CREDENTIALS_KEY itself, not under the old one."""
    return sealed[1 : 1 + _MARK] == _key(settings.CREDENTIALS_KEY)[0]
