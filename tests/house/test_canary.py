"""F60: secrets put into a running house, and then looked for in everything that leaves a process: Redis (all that is in
it, and all that passes through it), Celery's messages, the database's dump, exports, pages and logs. A text that is no
secret goes the same ways and must be found, so that a search that finds nothing is known to look."""

import base64
import binascii
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
import requests
from celery import Celery

from tests.conftest import ROOT, Stack, wait_for
from tests.security.people import App
from webapp.embedded import Embedded
from webapp.postgres import binaries

CANARY, PLANTED = "canary7f3a91c2d4", "planted5e0b77a1"
KINDS = ("fills", "orders", "trips", "closed_pnl", "cash", "days", "notes")
FORMS = ("csv", "json")
BODY = re.compile(r'\\?"body\\?": ?\\?"([A-Za-z0-9+/=]{8,})')


def _opened(text: str) -> str:
    """The text, and what stands in it in base64 as Celery packs its arguments."""
    found = [text]
    for packed in BODY.findall(text):
        try:
            found.append(base64.b64decode(packed).decode(errors="replace"))
        except binascii.Error:
            continue
    return "\n".join(found)


@contextmanager
def _listening_in(client: "redis.Redis") -> Iterator[list[str]]:
    """Every command that any process sends to Redis meanwhile."""
    heard: list[str] = []
    over = threading.Event()

    def listen() -> None:
        with client.monitor() as monitor:
            while not over.is_set():
                heard.append(str(monitor.next_command()["command"]))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    wait_for(lambda: heard, what="the first command")
    yield heard
    over.set()
    thread.join(10)


def _in_redis(client: "redis.Redis") -> str:
    """Every key with all that it holds."""
    read = {
        b"string": client.get,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        b"stream": client.xrange,
    }
    found = []
    for key in client.scan_iter(count=500):
        kind = client.type(key)
        if kind in read:
            found.append(f"{key!r} {read[kind](key)!r}")
    return "\n".join(found)


def _dumped(embedded: Embedded) -> str:
    """The database as pg_dump writes it, bytes too."""
    words = [str(binaries() / "bin" / "pg_dump"), "--host", str(embedded.postgres_sockets)]
    done = subprocess.run(
        [*words, "--username", "tradepost", "--inserts", "tradepost"],
        check=True,
        capture_output=True,
        text=True,
    )
    raw = [
        bytes.fromhex(part).decode(errors="replace")
        for part in re.findall(r"\\x((?:[0-9a-f]{2})+)", done.stdout)
    ]
    return "\n".join([done.stdout, *raw])


class Browser:
    def __init__(self, stack: Stack) -> None:
        self._url, self._session, self.csrf = stack.url, requests.Session(), ""

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        answer = self._session.request(
            method, f"{self._url}/api/v1{path}", json=body, headers={"X-CSRFToken": self.csrf}, timeout=20
        )
        if path.startswith("/session") and answer.ok:
            self.csrf = answer.json().get("csrf") or self.csrf
        return answer

    def page(self, path: str) -> str:
        return self._session.get(f"{self._url}{path}", timeout=20).text


def _live_with_secrets(stack: Stack, page: Browser) -> tuple[list[requests.Response], list[str]]:
    """An owner's first minutes; every answer, and every secret that was in play."""
    name, password, secret = f"canary{os.getpid()}", f"pw-{CANARY}", f"secret-{CANARY}"
    subprocess.run(
        [sys.executable, "manage.py", "createsuperuser", "--noinput", "--username", name, "--email", "", "--data",
         str(stack.data)],
        cwd=ROOT, env={**os.environ, "DJANGO_SUPERUSER_PASSWORD": password}, check=True, capture_output=True,
    )  # fmt: skip
    said = [page.call("POST", "/session", {"username": name, "password": f"wrong-{CANARY}"})]
    said += [page.call("POST", "/session", {"username": name, "password": password, "link": password})]
    assert page.call("POST", "/session", {"username": name, "password": password}).json()["signed_in"]
    started = page.call("POST", "/second-factors", {"name": "Phone"}).json()
    app = App(started["secret"])
    told = page.call("POST", f"/second-factors/{started['id']}/confirm", {"code": app.next()}).json()
    token = page.call("POST", "/tokens", {"name": PLANTED, "scope": "trade"}).json()["token"]
    pair = {"key": "canary-key-1", "secret": secret}
    stack.paper.control("key", {**pair, "account": "canary"})
    account = {"id": "canary", "label": "Canary", "environment": "paper", **pair}
    said += [page.call("POST", "/accounts", account), page.call("POST", "/accounts", {**account, "key": "x"})]
    assert said[-2].status_code == 201, said[-2].text
    said += [page.call("PUT", "/accounts/canary/key", {**pair, "secret": f"{secret}-not"})]
    said += [page.call("GET", "/push"), page.call("GET", "/push/preferences")]
    for reply in ("garbage", "html", "ret"):
        stack.paper.fault(endpoint="/v5/user/query-api", accept="never", reply=reply, code=10004)
        said += [page.call("POST", "/accounts/canary/check")]
        stack.paper.clear()
    said += [
        page.call("GET", path) for path in ("/tokens", "/second-factors", "/accounts/canary/key", "/status")
    ]
    recovery = told["recovery_codes"]
    return said, [CANARY, token, started["secret"], *recovery, *(code.replace("-", "") for code in recovery)]


def test_f60_nothing_that_leaves_a_process_holds_a_secret(stack: Stack) -> None:
    embedded = Embedded(stack.data)
    client = redis.Redis(unix_socket_path=str(embedded.valkey_socket))
    page = Browser(stack)
    with _listening_in(client) as heard:
        said, secrets = _live_with_secrets(stack, page)
        # The stream signs in with the key, the resolver and the backfill ask with it.
        wait_for(
            lambda: page.call("GET", "/status").json()["items"][0]["stream"] == "live",
            20,
            "the account's stream",
        )
        _plant(client, embedded)
        # In Celery's own packing, and behind it whatever the workers said meanwhile.
        wait_for(
            lambda: all(
                any(name in text for text in heard) for name in ("resolve_account", "backfill_account")
            ),
            20,
            "both tasks",
        )
        wait_for(
            lambda: any(PLANTED in _opened(text) and "body" in text for text in heard), 5, "the planted task"
        )
    note = {"account": "canary", "kind": "day", "key": "2026-11-01", "text": PLANTED}
    assert page.call("PUT", "/journal/notes", note).ok
    exports = [
        page.call("GET", path)
        for path in (
            "/executions?format=csv",
            "/closed-pnl?format=csv",
            *(
                f"/journal/export?account=canary&kind={kind}&format={form}"
                for kind in KINDS
                for form in FORMS
            ),
        )
    ]
    assert {answer.status_code for answer in exports} == {200}
    for form in FORMS:
        (notes,) = [answer.text for answer in exports if f"kind=notes&format={form}" in str(answer.url)]
        assert PLANTED in notes, f"the search did not look into what leaves as {form}"
    tables = (
        "bybit/account",
        "security/apitoken",
        "security/auditentry",
        "security/device",
        "security/authenticator",
    )
    places = {
        "answers": "\n".join(answer.text for answer in said),
        "passing through Redis": "\n".join(map(_opened, heard)),
        "left in Redis": _opened(_in_redis(client)),
        "dump": _dumped(embedded),
        "exports": "\n".join(answer.text for answer in exports),
        "pages": "\n".join([page.page("/"), *(page.page(f"/admin/{name}/") for name in tables)]),
        "logs": "\n".join(stack.lines),
    }
    stack.paper.control(
        "key", {"key": "canary-key-1", "secret": "gone", "account": "canary", "expiredAt": 1_000}
    )
    for place, text in places.items():
        assert len(text) > 100, place
        for secret in secrets:
            for form in (
                secret,
                secret.encode().hex(),
                base64.b64encode(secret.encode()).decode().rstrip("="),
            ):
                assert form not in text, f"a secret is in: {place}"
    for place in ("answers", "passing through Redis", "left in Redis", "dump", "pages"):
        assert PLANTED in places[place], f"the search did not look into: {place}"


def _plant(client: "redis.Redis", embedded: Embedded) -> None:
    """A task's argument, as Celery packs it; a stream's entry."""
    broker = Celery(broker=f"redis+socket://{embedded.valkey_socket}")
    broker.send_task("orders.resolve_account", (PLANTED,), queue="resolver", expires=30)
    client.xadd("planted", {"body": PLANTED}, maxlen=1)
    client.expire("planted", 60)
