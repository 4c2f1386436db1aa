"""Headers on everything, nothing to complain of before a real start, and no secret anywhere that it should not be."""

import logging
import os
import re
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT, Paper
from tests.security.people import App, Page, code_of, person
from tests.security.test_f59_accounts import add, new_key
from webapp.redaction import Redacting, redacted
from webapp.security.callers import by_session
from webapp.security.models import ApiToken

CANARY = "canary7f3a91c2d4"
REAL = {
    "DATABASE_URL": "postgres://u:p@127.0.0.1:1/x",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "x9!" * 30 + "abcdefghijklmnopqrstuvwxyz",
    "CREDENTIALS_KEY": "another long random text, kept elsewhere",
    "ALLOWED_HOSTS": "tradepost.example",
    "PUBLIC_ORIGIN": "https://tradepost.example",
}


def _check(**variables: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    environment = {**os.environ, **REAL, **variables}
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_check_deploy_has_nothing_to_say() -> None:
    done = _check()
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    "wrong",
    [
        {"SECRET_KEY": ("short", "E007")},
        {
            "DEBUG": ("1", "E003"),
            "ALLOWED_HOSTS": ("*", "E004"),
            "CREDENTIALS_KEY": (REAL["SECRET_KEY"], "E008"),
            "PUBLIC_ORIGIN": ("http://tradepost.example", "E010"),
            "PUSH_TEST_SERVICE": ("http://127.0.0.1:9000", "E011"),
            "PUSH_SUBJECT": ("me@tradepost.example", "E012"),
        },
    ],
    ids=["short-key", "the-others"],
)
def test_it_refuses_to_start_unsafely_and_names_all_that_is_wrong(wrong: dict[str, tuple[str, str]]) -> None:
    done = _check(**{name: value for name, (value, _) in wrong.items()})
    assert done.returncode == 1
    assert set(re.findall(r"tradepost\.(E\d+)", done.stderr)) == {code for _, code in wrong.values()}


@pytest.mark.django_db
def test_f63_every_answer_carries_the_headers(client: Any) -> None:
    for path in (
        "/",
        "/sw.js",
        "/admin/",
        "/api/v1/session",
        "/api/v1/orders",
        "/nothing",
        "/api/v1/openapi.json",
    ):
        answer = client.get(path)
        policy = answer["Content-Security-Policy"]
        for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
            assert part in policy, path
        assert "unsafe" not in policy
        assert ("require-trusted-types-for 'script'" in policy) is (path != "/admin/")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in answer["Permissions-Policy"]
        if path.startswith("/api/"):
            assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "line",
    [
        f"Authorization: Bearer {CANARY}",
        f"{{'api_secret': '{CANARY}', 'x': 1}}",
        f"HTTP(api_key='{CANARY}', api_secret='{CANARY}')",
        f"X-BAPI-SIGN: {CANARY}",
        f"password={CANARY}&next=/",
        f"https://h/#link={CANARY}",
        f"https://h/#setup=owner:1abc:{CANARY}",
        f"subprotocols bearer.{CANARY}",
        f'{{"token":"{CANARY}"}}',
        f"Set-Cookie: {CANARY}",
    ],
)
def test_f60_what_looks_like_a_secret_is_blotted_out(line: str) -> None:
    assert CANARY not in redacted(line)
    record = logging.makeLogRecord({"msg": "%s", "args": (line,), "levelname": "ERROR", "name": "x"})
    assert CANARY not in Redacting("%(message)s").format(record)


@given(st.text(alphabet="abcdefghij 0123456789.:{}", max_size=80))
def test_plain_lines_stay_as_they_are(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.django_db
def test_f60_no_canary_is_left_anywhere(paper: Paper, settings: Any, caplog: Any, tmp_path: Path) -> None:
    """A whole life of secrets, with forced failures, then a search of logs, tables, answers and files."""
    settings.PAPER_URL = paper.url
    settings.DEBUG = False
    caplog.set_level(logging.DEBUG)
    password, secret = f"pw-{CANARY}", f"secret-{CANARY}"
    user = person()
    user.set_password(password)
    user.save()
    app = App.enrolled(user)
    page = Page()
    said = [page.sign_in("ann", f"wrong-{CANARY}")]
    page.sign_in("ann", password)
    said += [page.call("POST", "/session/otp", {"code": app.next()})]
    token = page.call("POST", "/tokens", {"name": "bot", "scope": "trade"}).json()["token"]
    pair = {**new_key(paper), "secret": secret}
    paper.control("key", {**pair})
    said += [add(page, pair)]
    for reply in ("rst", "garbage", "html", "ret"):
        paper.fault(endpoint="/v5/user/query-api", accept="never", reply=reply, code=10004)
        said += [page.call("POST", "/accounts/mine/check")]
        said += [page.call("PUT", "/accounts/mine/key", {"key": pair["key"], "secret": secret})]
        paper.clear()
    said += [
        page.call(*words)
        for words in (("GET", "/accounts/mine/key"), ("GET", "/tokens"), ("GET", "/devices"))
    ]
    said += [
        page.call(
            "POST",
            "/accounts",
            {"id": "x", "label": "x", "environment": "paper", "key": "short", "secret": secret},
        )
    ]
    said += [page.call("POST", "/session", {"username": "ann", "password": password, "link": password})]
    assert code_of(said[-1]) == (422, "invalid")
    everything = {
        "answers": " ".join(answer.content.decode() for answer in said),
        "logs": caplog.text,
        "tables": _dump(),
    }
    for place, text in everything.items():
        assert len(text) > 20 or place == "logs"
        for canary in (CANARY, token, app.seed):
            assert canary not in text, f"{canary} is in the {place}"


def _shown(log: Any) -> str:
    """What the log says, tracebacks with every frame's variables, as our formatter writes it."""
    found = []
    for record in log.records:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            told = traceback.TracebackException.from_exception(record.exc_info[1], capture_locals=True)
            text += "".join(told.format())
        found.append(Redacting("%(message)s").format(logging.makeLogRecord({"msg": "%s", "args": (text,)})))
    return "\n".join(found)


@pytest.mark.django_db
@pytest.mark.parametrize("door", ["sign_in", "account", "key", "code", "token"])
def test_f60_a_crash_shows_no_secret_even_with_every_variable(
    paper: Paper, settings: Any, caplog: Any, door: str
) -> None:
    settings.PAPER_URL = paper.url
    caplog.set_level(logging.DEBUG)
    user = person()
    page, secret = Page(), f"secret-{CANARY}"
    page.sign_in()
    pair = {**new_key(paper), "secret": secret}
    paper.control("key", pair)
    if door == "key":
        add(page, pair)
    text = ApiToken.make(user, "trade")[1]
    words: dict[str, Any] = {
        "sign_in": lambda: Page().call("POST", "/session", {"username": "ann", "password": secret}),
        "account": lambda: add(page, pair),
        "key": lambda: page.call("PUT", "/accounts/mine/key", pair),
        "code": lambda: page.call("POST", "/session/step-up", {"password": secret}),
        "token": lambda: Page().call("GET", "/orders", Authorization=f"Bearer {text}"),
    }
    table = {
        "sign_in": "auth_user",
        "account": "bybit_account",
        "key": "bybit_account",
        "token": "security_apitoken",
    }

    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if table.get(door, "security_attempt") in sql:
            raise RuntimeError("a forced crash")
        return execute(sql, *rest)

    caplog.clear()
    with connection.execute_wrapper(fail):
        answer = words[door]()
    assert answer.status_code == 500
    shown = _shown(caplog)
    assert "a forced crash" in shown
    assert "self = " in shown or "request = " in shown, "the variables are there"
    for canary in (CANARY, text):
        assert canary not in shown + answer.content.decode()


def _dump() -> str:
    """Every row of every table, as text; bytes too, as they would be read by who looks for text in them."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608  # names of our own tables
            found += [row[0] for row in cursor.fetchall()]
        for table, column in (("bybit_account", "sealed_secret"), ("security_authenticator", "sealed_seed")):
            cursor.execute(f"SELECT encode({column}, 'escape') FROM {table}")  # noqa: S608
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


@pytest.mark.parametrize("cookie", ['"abcdefgh\\000ijk"', "x" * 31, "A" * 32, "é" * 32])
def test_f63_a_cookie_that_is_no_session_of_ours_is_nobody(cookie: str) -> None:
    """Among them a NUL, which no database takes."""
    page = Page()
    page.client.cookies.load(f"{settings.SESSION_COOKIE_NAME}={cookie}")
    answer = page.client.get("/api/v1/session")
    assert (answer.status_code, answer.json()["signed_in"]) == (200, False)
    assert page.client.get("/api/v1/orders").status_code == 401
    assert by_session("abcdefgh\x00ijk") is None
