"""The envelope against RFC 8291's own example, and against a receiver that was written by itself."""

from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.push import CURVE, Push, Receiver, packed, unpacked
from webapp.alerts import envelope


def _private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unpacked(text), "big"), CURVE)


def test_the_example_of_rfc_8291() -> None:
    """https://www.rfc-editor.org/rfc/rfc8291#appendix-A"""
    browser = Receiver(
        "", _private("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), unpacked("BTBZMqHH6r4Tts7J_aSIgg")
    )
    body = envelope.encrypt(
        b"When I grow up, I want to be a watermelon",
        p256dh=browser.point,
        auth=browser.auth,
        salt=unpacked("DGv6ra1nlYgDCS1FRnbzlw"),
        once=_private("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
    )
    assert packed(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl"
        "95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=1, max_size=envelope.MOST).filter(lambda text: not text.endswith(b"\x00")))
def test_whatever_is_put_in_comes_out(text: bytes) -> None:
    browser = Receiver("")
    body = envelope.encrypt(
        text, p256dh=browser.point, auth=browser.auth, salt=b"s" * 16, once=ec.generate_private_key(CURVE)
    )
    assert browser.open(body) == text
    assert len(body) <= 4096, "no service takes more"


def test_the_signature_is_this_house_s_for_this_service_alone() -> None:
    key = ec.generate_private_key(CURVE)
    header = envelope.signature(
        key, audience="https://push.example", subject="mailto:a@example.com", now=1_000_000
    )
    public, claims = Push("", {"authorization": header}, b"").signed()
    assert public == packed(envelope.point_of(key.public_key()))
    assert claims == {
        "aud": "https://push.example",
        "exp": 1_000_000 + 12 * 3600,
        "sub": "mailto:a@example.com",
    }
