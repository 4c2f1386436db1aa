"""A push as it goes over the wire: encrypted for one browser (RFC 8291, aes128gcm) and signed as coming from this house
(RFC 8292, VAPID). Pure: whoever calls gives the time and the randomness."""

import base64
import json
import struct
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
# One record holds all: what services take at most, RFC 8030, 7.2.
RECORD = 4096
# Its header (86 bytes), the cipher's tag (16) and the mark of the last record are taken off.
MOST = RECORD - 86 - 16 - 1
# RFC 8292 allows a day; half of it, so that a clock apart does not matter.
SIGNED_SECONDS = 12 * 3600


def text_of(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def bytes_of(text: str) -> bytes:
    """Raises ValueError for what is no base64url."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def point_of(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def public_key(point: bytes) -> ec.EllipticCurvePublicKey:
    """Raises ValueError for what is no point of P-256."""
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)


def encrypt(
    text: bytes, *, p256dh: bytes, auth: bytes, salt: bytes, once: ec.EllipticCurvePrivateKey
) -> bytes:
    """The body for a browser whose public key and authentication secret are given. `salt` (16 bytes) and `once`, a key
    pair, are fresh for each body. Raises ValueError for a text that is too long, and for a key that is none."""
    if len(text) > MOST:
        raise ValueError(f"{len(text)} bytes are more than a push holds")
    ours = point_of(once.public_key())
    shared = once.exchange(ec.ECDH(), public_key(p256dh))
    secret = _derive(shared, auth, b"WebPush: info\0" + p256dh + ours, 32)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    sealed = AESGCM(key).encrypt(nonce, text + b"\x02", None)
    return salt + struct.pack(">IB", RECORD, len(ours)) + ours + sealed


def signature(key: ec.EllipticCurvePrivateKey, *, audience: str, subject: str, now: int) -> str:
    """The Authorization header for a push service. `audience` is its origin, `subject` says whom it may write to
    (`mailto:` or `https:`; Apple refuses others), `now` is seconds since 1970."""
    head = {"typ": "JWT", "alg": "ES256"}
    claims: dict[str, Any] = {"aud": audience, "exp": now + SIGNED_SECONDS, "sub": subject}
    signed = ".".join(text_of(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    mark = text_of(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={signed}.{mark}, k={text_of(point_of(key.public_key()))}"
