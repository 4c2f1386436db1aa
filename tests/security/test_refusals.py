"""What is refused leaves a line, without the secret; and knocking fills no disk. What concerns somebody's safety is in
the audit log too."""

import asyncio
import getpass
import io
import logging
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from tests.security.people import PASSWORD, App, Page, person
from webapp.asgi import application
from webapp.security.addresses import origins_at
from webapp.security.models import ApiToken, AuditEntry, Device, SignInLink
from webapp.security.refusals import MOST, Refusals

CANARY = "canary7f3a91c2d4"


class Lines:
    """What the log of refusals says, one address a test: the lines of a minute are counted by address."""

    def __init__(self, caplog: Any, address: str) -> None:
        self._caplog, self.address = caplog, address

    def kinds(self) -> list[str]:
        said = [row.getMessage() for row in self._caplog.records if row.name == "tradepost.refused"]
        assert not any(CANARY in line for line in said), said
        mine = [line for line in said if f"address={self.address} " in line]
        return [
            word.removeprefix("kind=") for line in mine for word in line.split() if word.startswith("kind=")
        ]


@pytest.fixture
def lines(caplog: Any, request: Any) -> Lines:
    caplog.set_level(logging.INFO)
    return Lines(caplog, f"203.0.113.{sum(request.node.name.encode()) % 250}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "call"),
    [
        ("csrf", lambda page: page.call("POST", "/orders", {}, **{"X-CSRFToken": CANARY})),
        ("foreign_origin", lambda page: page.call("POST", "/orders", {}, Origin=f"http://{CANARY}.example")),
        (
            "foreign_origin",
            lambda page: page.call("POST", "/session", {"link": "x"}, Origin="http://evil.example"),
        ),
        ("bad_token", lambda page: page.call("GET", "/orders", Authorization=f"Bearer {CANARY}")),
        ("bad_token", lambda page: page.call("GET", "/orders", Authorization=f"Basic {CANARY}")),
        ("forbidden", lambda page: page.call("POST", "/accounts", {"id": CANARY})),
        ("csrf", lambda page: page.client.post("/admin/orders/order/", {"action": CANARY})),
        (
            "bad_setup_link",
            lambda page: page.call("POST", "/setup", {"token": CANARY, "username": "x", "password": CANARY}),
        ),
        (
            "code_without_password",
            lambda page: Page(page.address).call("POST", "/session/otp", {"code": "123456"}),
        ),
    ],
)
def test_a_refusal_leaves_one_line_and_no_secret(lines: Lines, kind: str, call: Any) -> None:
    person("bob", "trader")
    page = Page(lines.address)
    page.sign_in("bob")
    for _ in range(3):
        assert call(page).status_code in (401, 403)
    assert lines.kinds() == [kind]


@pytest.mark.django_db
def test_too_many_tries_leave_a_line(lines: Lines) -> None:
    for n in range(12):
        Page(lines.address).sign_in(f"name{n}", CANARY)
    assert lines.kinds() == ["too_many_tries"]


def _socket(address: str, host: str, origin: str, *more: tuple[bytes, bytes]) -> bool:
    """Whether the live socket takes this Origin; nobody is signed in on it."""
    headers = [(b"host", host.encode()), (b"origin", origin.encode()), *more]

    async def ask() -> bool:
        page = WebsocketCommunicator(application, "/ws/live", headers=headers)
        page.scope["client"] = [address, 50_000]
        taken, _ = await page.connect()
        await page.disconnect()
        return bool(taken)

    return asyncio.run(ask())


def test_a_socket_from_elsewhere_leaves_a_line(lines: Lines) -> None:
    assert _socket(lines.address, "localhost:8000", f"http://{CANARY}.example") is False
    assert lines.kinds() == ["foreign_origin"]


@pytest.mark.django_db(transaction=True)
def test_a_socket_with_a_bad_token_leaves_a_line(lines: Lines) -> None:
    bearer = (b"authorization", f"Bearer {CANARY}".encode())
    assert _socket(lines.address, "localhost:8000", "", bearer) is True, "taken, and closed with 4401"
    assert lines.kinds() == ["bad_token"]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 300), st.floats(0, 40)), max_size=400))
def test_every_knock_is_told(knocks: list[tuple[str, int, float]]) -> None:
    refusals, now, lines = Refusals(), 0.0, []
    for kind, number, wait in knocks:
        now += wait
        lines += refusals.note(kind, f"10.0.0.{number}", "x", now)
    # An hour later the next one brings whatever was not told yet.
    lines += refusals.note("last", "10.1.1.1", "x", now + 3600)
    assert sum(int(line.rpartition("count=")[2]) for line in lines) == len(knocks) + 1


def test_a_thousand_addresses_at_once_are_some_lines() -> None:
    refusals = Refusals()
    lines = [
        line for n in range(1000) for line in refusals.note("csrf", f"10.0.{n // 250}.{n % 250}", "x", 1.0)
    ]
    assert len(lines) == MOST + 1
    (rest,) = refusals.note("late", "10.9.9.9", "x", 100.0)[:1]
    assert ("address=(others)" in rest, rest.endswith(f"count={1000 - MOST - 1}")) == (True, True)


# ---- the server's own pages


@pytest.mark.parametrize(
    ("host", "origin", "more", "taken"),
    [
        ("tradepost.example", "https://tradepost.example", (), True),
        ("localhost:8000", "http://localhost:8000", (), True),
        ("127.0.0.1:8000", "http://127.0.0.1:8000", (), True),
        ("[::1]:8000", "http://[::1]:8000", (), True),
        ("localhost:8000", "http://localhost:8001", (), False),
        ("localhost:8000", "https://localhost:8000", (), False),
        ("localhost:8000", "http://127.0.0.1:8000", (), False),
        ("localhost:8000", "http://evil.example", (), False),
        ("localhost:8000", "null", (), False),
        ("tradepost.example", "http://localhost:8000", (), False),
        ("tradepost.example", "http://tradepost.example", (), False),
        # A proxy that names us by our own address: the page is not on this machine.
        ("localhost:8000", "http://localhost:8000", ((b"x-forwarded-for", b"192.0.2.1"),), False),
        ("localhost:8000", "https://tradepost.example", ((b"x-forwarded-for", b"192.0.2.1"),), True),
        ("evil.example", "http://evil.example", (), False),
    ],
)
def test_behind_a_public_origin_the_socket_takes_it_and_the_loopback_page_exactly(
    settings: Any, host: str, origin: str, more: Any, taken: bool
) -> None:
    settings.PUBLIC_ORIGIN = "https://tradepost.example"
    settings.ALLOWED_HOSTS = ["tradepost.example", "localhost", "127.0.0.1", "[::1]"]
    assert _socket("192.0.2.1", host, origin, *more) is taken


def test_without_a_public_origin_it_is_what_was_opened(settings: Any) -> None:
    settings.PUBLIC_ORIGIN = ""
    assert origins_at("box.lan:8000", proxied=False) == {"http://box.lan:8000"}


# ---- what the shell does with a password


@pytest.mark.django_db
@pytest.mark.parametrize("keep", [False, True])
def test_a_password_that_was_lost_takes_devices_links_and_tokens_with_it(
    monkeypatch: Any, keep: bool
) -> None:
    ann = person()
    app = App.enrolled(ann)
    thief = Page()
    thief.sign_in()
    assert thief.call("POST", "/session/otp", {"code": app.next()}).json()["signed_in"]
    _, text = ApiToken.make(ann, "trade")
    SignInLink.make(ann)
    # A terminal asks; here nobody types.
    monkeypatch.setattr(getpass, "getpass", lambda prompt="": "another long password")
    out = io.StringIO()
    call_command("changepassword", "ann", *(["--keep-tokens"] if keep else []), stdout=out)
    assert f"{0 if keep else 1} API tokens ended" in out.getvalue()
    assert thief.call("GET", "/orders").status_code == 401
    assert Page().call("GET", "/orders", Authorization=f"Bearer {text}").status_code == (200 if keep else 401)
    assert not Device.objects.exists() and not SignInLink.objects.exists()
    entry = AuditEntry.objects.latest("number")
    assert (entry.kind, entry.who, entry.detail["by"]) == ("password_changed", "ann", "shell")
    assert Page().sign_in("ann", PASSWORD).status_code == 401
    assert Page().sign_in("ann", "another long password").json()["needs"] == "otp"
    with pytest.raises(CommandError, match="does not exist"):
        call_command("changepassword", "nobody")
