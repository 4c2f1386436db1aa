"""Signing in with a second factor, and the security screens, on the real house. Nothing is played here."""

from __future__ import annotations

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

PASSWORD = "correct horse battery"


@pytest.fixture
def ann(stack_process: Stack) -> str:
    """An owner with a password on the running house."""
    name = f"ann{os.getpid()}"
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
