"""The key pair that this house signs its pushes with: made at first use, its private half sealed."""

import secrets

from cryptography.hazmat.primitives.asymmetric import ec

from bybit.secrets import seal, unseal
from webapp.alerts.envelope import CURVE, bytes_of, point_of, text_of
from webapp.alerts.models import VapidKey

ABOUT = "vapid key"


def _row() -> VapidKey:
    found = VapidKey.objects.first()
    if found is None:
        made = ec.generate_private_key(CURVE)
        number = made.private_numbers().private_value.to_bytes(32, "big")
        # Two that come at once: the first one's stays, for both.
        row = VapidKey(
            public=text_of(point_of(made.public_key())), sealed_private=seal(text_of(number), ABOUT)
        )
        VapidKey.objects.bulk_create([row], ignore_conflicts=True)
        found = VapidKey.objects.get()
    return found


def public() -> str:
    """What a browser is told to take pushes of: 65 bytes in base64url."""
    return _row().public


def private() -> ec.EllipticCurvePrivateKey:
    """For signing alone. Raises Unsealable."""
    text = unseal(bytes(_row().sealed_private), ABOUT).reveal()
    return ec.derive_private_key(int.from_bytes(bytes_of(text), "big"), CURVE)


def once() -> tuple[bytes, ec.EllipticCurvePrivateKey]:
    """The salt and the key pair of one push."""
    return secrets.token_bytes(16), ec.generate_private_key(CURVE)
