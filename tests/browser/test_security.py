"""Signing in with a second factor, and the security screens, on the real house. Nothing is played here."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ROOT, Stack
from tests.security.people import App

from .conftest import PHONE
from .ways import set_up

NUMBERS = itertools.count(1)
PASSWORD = "correct horse battery"


@pytest.fixture
def ann(stack_process: Stack) -> str:
    """An owner with a password on the running house."""
    name = f"ann{os.getpid()}_{next(NUMBERS)}"
    subprocess.run(
        [sys.executable, "manage.py", "createsuperuser", "--noinput", "--username", name, "--email", "", "--data",
         str(stack_process.data)],
        cwd=ROOT, env={**os.environ, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}, check=True, capture_output=True,
    )  # fmt: skip
    return name


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(**PHONE, color_scheme="dark", service_workers="block")
    found = context.new_page()
    complaints: list[str] = []
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.on("console", lambda line: line.type == "error" and complaints.append(line.text))
    yield found
    context.close()
    assert [text for text in complaints if "Failed to load resource" not in text] == []


def test_somebody_who_was_asked_in_chooses_a_password_enrols_and_sees_their_account(
    page: Page, stack_process: Stack
) -> None:
    name = f"bob{os.getpid()}_{next(NUMBERS)}"
    link = stack_process.manage("adduser", name, "viewer")
    assert link.startswith(f"{stack_process.url}/#setup=invite.")
    stack_process.manage("member", "paper", name)
    page.goto(link)
    expect(page.get_by_role("heading", name="Welcome to Tradepost")).to_be_visible()
    assert page.url == f"{stack_process.url}/", "the link has left the address bar"
    set_up(page, name)
    page.get_by_role("link", name="More").or_(page.get_by_role("button", name="More")).first.wait_for()
    told = page.request.get(f"{stack_process.url}/api/v1/accounts").json()["items"]
    assert [row["id"] for row in told] == ["paper"]


def _sign_in(page: Page, url: str, name: str) -> None:
    page.goto(url)
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def _security(page: Page) -> Any:
    page.get_by_role("link", name="More").or_(page.get_by_role("button", name="More")).first.click()
    page.get_by_role("button", name="Open security").click()
    return page.get_by_role("dialog")


def test_a_person_enrols_signs_in_with_a_code_makes_a_token_and_sees_the_device(
    page: Page, stack_process: Stack, ann: str
) -> None:
    _sign_in(page, stack_process.url, ann)
    sheet = _security(page)
    sheet.get_by_role("button", name="Add an authenticator").click()
    sheet.get_by_label("Name of the phone").fill("My phone")
    sheet.get_by_role("button", name="Add an authenticator").click()
    expect(sheet.get_by_alt_text("QR code for your authenticator")).to_be_visible()
    assert sheet.get_by_alt_text("QR code").evaluate("image => image.naturalWidth") > 50
    found = re.search(r"[A-Z2-7]{32}", sheet.get_by_text("Or type it in").inner_text())
    assert found
    app = App(found[0])
    sheet.get_by_label("Code of your authenticator").fill(app.next())
    sheet.get_by_role("button", name="Confirm the code").click()
    expect(sheet.locator("ol li")).to_have_count(10)
    sheet.get_by_role("button", name="I have written them down").click()
    expect(sheet.get_by_text("10 recovery codes left.")).to_be_visible()
    sheet.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Sign out").click()

    _sign_in(page, stack_process.url, ann)
    page.get_by_label("Code of your authenticator").fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("This code is wrong")).to_be_visible()
    page.get_by_label("Code of your authenticator").fill(app.next())
    page.get_by_role("button", name="Confirm").click()

    sheet = _security(page)
    expect(sheet.get_by_text("this one")).to_be_visible()
    sheet.get_by_label("What it is for").fill("My bot")
    sheet.get_by_role("button", name="Make a token").click()
    token = sheet.locator(".security-mono").inner_text()
    answer = page.request.get(
        f"{stack_process.url}/api/v1/session", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.ok
    assert token not in json.dumps(page.context.storage_state())
    sheet.get_by_role("button", name="End My bot").click()
    expect(sheet.get_by_text("My bot")).to_have_count(0)
    expect(sheet.get_by_role("heading", name="Accounts and keys")).to_be_visible()


@pytest.fixture
def keys(page: Page) -> Any:
    """A passkey holder in the browser (CDP's virtual authenticator): what it is told, and its credentials."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    told = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    found = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": told})["authenticatorId"]

    def ask(method: str, **more: Any) -> Any:
        return cdp.send(f"WebAuthn.{method}", {"authenticatorId": found, **more})

    return ask


def _add_passkey(sheet: Any, name: str) -> None:
    sheet.get_by_label("Name of the passkey").fill(name)
    sheet.get_by_role("button", name="Add a passkey").click()


def _sign_out(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Sign out").click()


def _age_proofs(data: Any) -> None:
    """Every session's last proof was long ago."""
    code = (
        "from django.contrib.sessions.models import Session\n"
        "for row in Session.objects.all():\n"
        "    told = row.get_decoded()\n"
        "    if 'tp_stepped' in told:\n"
        "        told['tp_stepped'] = 0\n"
        "        row.session_data = Session.get_session_store_class()().encode(told)\n"
        "        row.save()\n"
    )
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", code], cwd=ROOT, check=True, capture_output=True,
        env={**os.environ, "TRADEPOST_DATA": str(data)},
    )  # fmt: skip


def test_a_passkey_is_added_signs_in_proves_and_when_it_is_gone_is_refused(
    page: Page, stack_process: Stack, ann: str, keys: Any
) -> None:
    page.set_default_timeout(10_000)
    _sign_in(page, stack_process.url, ann)
    sheet = _security(page)
    _add_passkey(sheet, "This phone")
    expect(sheet.locator("ol li")).to_have_count(10)
    codes = sheet.locator("ol li").all_inner_texts()
    sheet.get_by_role("button", name="I have written them down").click()
    expect(sheet.get_by_role("button", name="End This phone")).to_be_visible()
    _add_passkey(sheet, "Again")
    expect(sheet.get_by_text("This device holds a passkey of yours already.")).to_be_visible()
    _sign_out(page)

    # As the second step, and then both steps at once.
    _sign_in(page, stack_process.url, ann)
    page.get_by_role("button", name="Use your passkey").click()
    sheet = _security(page)
    _age_proofs(stack_process.data)
    sheet.get_by_label("What it is for").fill("My bot")
    sheet.get_by_role("button", name="Make a token").click()
    sheet.get_by_role("button", name="Use your passkey").click()
    expect(sheet.locator(".security-mono")).to_be_visible()
    _sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    sheet = _security(page)

    # Nobody's finger, nobody's passkey.
    _sign_out(page)
    keys("setUserVerified", isUserVerified=False)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("No passkey was used.")).to_be_visible()
    keys("setUserVerified", isUserVerified=True)

    # A copy of it whose counter lags behind.
    (credential,) = keys("getCredentials")["credentials"]
    keys("removeCredential", credentialId=credential["credentialId"])
    keys("addCredential", credential={**credential, "signCount": 0})
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("This passkey was not accepted.")).to_be_visible()
    keys("removeCredential", credentialId=credential["credentialId"])
    keys("addCredential", credential={**credential, "signCount": 100})

    # A recovery code looks; a passkey shown, after all, lets everything be done again. Then it is taken away.
    _sign_in(page, stack_process.url, ann)
    page.get_by_label("Or a code").fill(codes[0])
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("A recovery code signed you in.")).to_be_visible()
    page.get_by_role("button", name="Later").click()
    sheet = _security(page)
    sheet.get_by_role("button", name="End This phone").click()
    expect(sheet.get_by_text("show the second factor that you still have")).to_be_visible()
    sheet.get_by_role("button", name="Use your passkey").click()
    expect(sheet.get_by_role("button", name="End This phone")).to_have_count(0)
    _sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("This passkey was not accepted.")).to_be_visible()


def test_at_an_ip_address_it_says_that_passkeys_need_a_name(
    page: Page, stack_process: Stack, ann: str
) -> None:
    url = stack_process.url.replace("localhost", "127.0.0.1")
    page.goto(url)
    expect(page.get_by_text("No passkey at this address: they need a name with HTTPS")).to_be_visible()
    expect(page.get_by_role("button", name="Use a passkey")).to_have_count(0)
    _sign_in(page, url, ann)
    sheet = _security(page)
    expect(
        sheet.get_by_text("Passkeys are bound to localhost, and this page is open at 127.0.0.1.")
    ).to_be_visible()
    expect(sheet.get_by_role("button", name="Add a passkey")).to_have_count(0)
