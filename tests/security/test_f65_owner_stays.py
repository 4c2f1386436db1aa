"""F65: whoever has the password, and guesses, does not keep the owner out: of the second step, of fresh proofs, of a
passkey, of a recovery code. What is begun with and never confirmed ends by itself."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.security.authenticator import Passkey
from tests.security.people import App, Page, code_of, person
from tests.security.test_passkeys import asked, enrol, options
from webapp.security import factors
from webapp.security.models import Attempt, AuditEntry, Authenticator

pytestmark = pytest.mark.django_db


def _wrong(app: App) -> str:
    return f"{(int(app.at(0)) + 500_000) % 1_000_000:06d}"


def _guess(app: App, address: str, times: int = 12) -> list[int]:
    """Somebody with the password, at the second step."""
    page = Page(address)
    page.sign_in()
    return [page.call("POST", "/session/otp", {"code": _wrong(app)}).status_code for _ in range(times)]


@pytest.fixture
def ann() -> Any:
    return person()


@pytest.fixture
def app(ann: Any) -> App:
    return App.enrolled(ann)


def test_f65_a_browser_that_is_known_has_tries_of_its_own_at_the_second_step_too(app: App) -> None:
    phone = Page("192.0.2.7")
    phone.sign_in()
    assert phone.call("POST", "/session/otp", {"code": app.at(-1)}).json()["signed_in"]
    phone.call("DELETE", "/session")
    assert _guess(app, "198.51.100.1") == [401] * 10 + [429] * 2
    phone.sign_in()
    assert phone.call("POST", "/session/otp", {"code": app.at(0)}).json()["signed_in"] is True
    phone.call("DELETE", "/session")
    phone.sign_in()
    wrong = [phone.call("POST", "/session/otp", {"code": _wrong(app)}) for _ in range(11)]
    assert [answer.status_code for answer in wrong] == [401] * 10 + [429]
    assert wrong[-1].json()["error"]["detail"]["retry_after"] <= 61


def test_f65_strangers_have_ten_tries_together_and_ten_from_one_address(app: App, ann: Any) -> None:
    assert sum(_guess(app, f"198.51.100.{n}", 2).count(401) for n in range(8)) == 10
    Attempt.objects.all().delete()
    bob = App.enrolled(person("bob"))
    assert _guess(app, "198.51.100.1", 10) == [401] * 10
    page = Page("198.51.100.1")
    page.sign_in("bob")
    assert page.call("POST", "/session/otp", {"code": bob.at(0)}).status_code == 429


def test_f65_neither_a_recovery_code_nor_a_passkey_waits_for_who_guesses_at_digits(
    ann: Any, app: App
) -> None:
    codes, key, page = factors.new_recovery_codes(ann), Passkey(), Page("192.0.2.7")
    page.sign_in()
    page.call("POST", "/session/otp", {"code": app.at(-1)})
    assert enrol(page, key).status_code == 200
    assert _guess(app, "198.51.100.1")[-1] == 429
    # The same address, a browser that nobody knows.
    late = Page("198.51.100.1")
    late.sign_in()
    assert late.call("POST", "/session/otp", {"code": app.at(0)}).status_code == 429
    assert late.call("POST", "/session/passkey", key.get(asked(late))).json()["signed_in"] is True
    last = Page("198.51.100.1")
    last.sign_in()
    assert last.call("POST", "/session/otp", {"code": codes[0]}).json()["signed_in"] is True


def test_f65_fresh_proofs_are_counted_by_session_and_passkeys_apart(ann: Any, app: App) -> None:
    page, thief, key = Page("192.0.2.7"), Page("198.51.100.1"), Passkey()
    page.sign_in()
    page.call("POST", "/session/otp", {"code": app.at(-1)})
    assert enrol(page, key).status_code == 200
    thief.sign_in()
    assert thief.call("POST", "/session/otp", {"code": app.at(0)}).json()["signed_in"]
    body = {"code": _wrong(app)}
    tried = [thief.call("POST", "/session/step-up", body).status_code for _ in range(12)]
    assert tried == [403] * 10 + [429] * 2
    assert _guess(app, "198.51.100.2")[-1] == 429
    assert page.call("POST", "/session/step-up", {"code": app.at(1)}).status_code == 200
    assert AuditEntry.objects.latest("number").kind == "step_up"
    proof = key.get(options(thief, "/session/step-up/ask"))
    assert thief.call("POST", "/session/step-up", {"passkey": proof}).status_code == 200


def _begun() -> tuple[Page, App, str]:
    page = Page()
    page.sign_in()
    started = page.call("POST", "/second-factors", {"name": "Phone"}).json()
    return page, App(started["secret"]), f"/second-factors/{started['id']}/confirm"


def test_a_new_authenticator_is_guessed_at_ten_times_and_then_waits(ann: Any) -> None:
    page, app, path = _begun()
    body = {"code": _wrong(app)}
    assert [page.call("POST", path, body).status_code for _ in range(12)] == [403] * 10 + [429] * 2
    Attempt.objects.update(at=timezone.now() - timedelta(seconds=61))
    assert page.call("POST", path, {"code": app.at(0)}).status_code == 200


def test_a_seed_that_was_never_confirmed_ends_after_ten_minutes(ann: Any) -> None:
    page, app, path = _begun()
    Authenticator.objects.update(created_at=timezone.now() - timedelta(minutes=10, seconds=1))
    assert code_of(page.call("POST", path, {"code": app.at(0)})) == (403, "wrong_proof")
    assert not Authenticator.objects.exists()
    assert factors.has_factor(ann) is False
