"""Who may call: tokens, sessions, CSRF, and the stamp of what a person saw."""

import base64
import json
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.core import signing

from tests.conftest import ROOT, Stack, wait_for
from tests.house.live import Page
from tests.house.orders import body, flatten, market

SAMPLES = {
    "order_id": str(uuid.UUID(int=1)),
    "position_id": "paper:linear:BTCUSDT:0",
    "category": "linear",
    "symbol": "NOSUCH",
    "device_id": "1",
    "token_id": "1",
    "factor_id": "1",
    "passkey_id": "1",
    "push_id": "1",
    "account_id": "paper",
}
# Every route that changes anything, out of the document itself, so that a new one cannot be forgotten here.
UNSAFE = [
    (method.upper(), path.removeprefix("/api/v1").format(**SAMPLES))
    for path, methods in json.loads((ROOT / "frontend" / "openapi.json").read_text())["paths"].items()
    for method in methods
    if method != "get"
    and not path.endswith(("/session", "/session/otp", "/session/passkey", "/session/passkey/ask", "/setup"))
]
READS = [
    "/status",
    "/accounts",
    "/instruments",
    "/markets",
    "/favourites",
    "/orders",
    "/positions",
    "/wallet",
    "/executions",
    "/events?account=paper",
]


class Browser:
    """A signed-in page without a screen."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.http = requests.Session()
        self.http.trust_env = False
        link = urlsplit(stack.signin_link()).fragment.removeprefix("link=")
        answer = self.http.post(f"{stack.url}/api/v1/session", json={"link": link}, timeout=10)
        assert answer.status_code == 200, answer.text
        self.link, self.csrf = link, answer.json()["csrf"]

    def call(self, method: str, path: str, json: Any = None, **headers: str) -> requests.Response:
        headers.setdefault("X-CSRFToken", self.csrf)
        kept = {name: value for name, value in headers.items() if value}
        return self.http.request(
            method, f"{self.stack.url}/api/v1{path}", json=json, headers=kept, timeout=20
        )

    def cookies(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies)}

    def page(self) -> Page:
        return Page(self.stack, headers={**self.cookies(), "Origin": self.stack.url})


@pytest.fixture
def signed_in(stack: Stack) -> Browser:
    return Browser(stack)


@pytest.fixture(scope="module")
def refused(stack_process: Stack) -> Browser:
    """A page all of whose calls are refused, so that one does for them all."""
    return Browser(stack_process)


@pytest.mark.parametrize(("method", "path"), UNSAFE)
def test_unsafe_routes_refuse_everyone_without_the_right(refused: Browser, method: str, path: str) -> None:
    stack = refused.stack
    address = f"{stack.url}/api/v1{path}"

    def code(answer: requests.Response) -> tuple[int, str]:
        return answer.status_code, answer.json()["error"]["code"]

    def call(**headers: str) -> tuple[int, str]:
        return code(requests.request(method, address, json={}, headers=headers, timeout=10))

    assert call() == (401, "unauthenticated")
    assert call(Authorization="Bearer nonsense") == (401, "unauthenticated")
    assert call(Authorization=f"Basic {stack.token()}") == (401, "unauthenticated")
    # A user's own list of favourites is changed by whoever may read.
    if not path.startswith("/favourites/"):
        assert call(Authorization=f"Bearer {stack.token('read')}") == (403, "forbidden")
    assert code(refused.call(method, path, {}, **{"X-CSRFToken": ""})) == (403, "csrf")
    assert code(refused.call(method, path, {}, **{"X-CSRFToken": "x" * 64})) == (403, "csrf")
    assert code(refused.call(method, path, {}, Origin="http://evil.example")) == (403, "csrf")
    # A header means Bearer only: the cookie beside it counts for nothing.
    assert code(refused.call(method, path, {}, Authorization="Bearer nonsense")) == (401, "unauthenticated")


@pytest.mark.parametrize("path", READS)
def test_reads_need_a_caller_and_take_a_read_token(stack: Stack, path: str) -> None:
    assert requests.get(f"{stack.url}/api/v1{path}", timeout=10).status_code == 401
    answer = stack.api("GET", path, headers={"Authorization": f"Bearer {stack.token('read')}"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_only_json_is_taken(stack: Stack, kind: str) -> None:
    headers = {"Authorization": f"Bearer {stack.token()}", "Content-Type": kind}
    answer = requests.post(f"{stack.url}/api/v1/orders", data=b'{"id": "x"}', headers=headers, timeout=10)
    assert answer.status_code == 415
    assert set(answer.json()) == {"error"}


def test_a_link_signs_in_once(stack: Stack, signed_in: Browser) -> None:
    again = requests.post(f"{stack.url}/api/v1/session", json={"link": signed_in.link}, timeout=10)
    assert again.status_code == 401
    answer = signed_in.call("GET", "/session").json()
    expected = {
        "signed_in": True,
        "user": "demo",
        "rights": ["read", "trade"],
        "role": "owner",
        "needs": None,
        "passkey": False,
    }
    assert answer == {**expected, "csrf": answer["csrf"]}
    cookie = next(cookie for cookie in signed_in.http.cookies if cookie.name == f"tp_session_{stack.port}")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") in ("Lax", "Strict")
    assert signed_in.call("DELETE", "/session").json()["signed_in"] is False
    assert signed_in.call("GET", "/orders").status_code == 401


def test_wrong_ways_to_sign_in(stack: Stack) -> None:
    address = f"{stack.url}/api/v1/session"
    for wrong, status in (
        ({"username": "demo", "password": "wrong"}, 401),
        ({"link": "nonsense"}, 401),
        ({"username": "a\x00b", "password": "x"}, 422),
        ({}, 422),
        ({"link": "a", "username": "b", "password": "c"}, 422),
    ):
        assert requests.post(address, json=wrong, timeout=10).status_code == status
    foreign = requests.post(
        address, json={"link": "x"}, headers={"Origin": "http://evil.example"}, timeout=10
    )
    assert foreign.status_code == 403


def test_what_you_saw_travels_with_an_order_that_adds_risk(stack: Stack, signed_in: Browser) -> None:
    flatten(stack)
    missing = signed_in.call("POST", "/orders", market())
    assert (missing.status_code, missing.json()["error"]["code"]) == (422, "seen_invalid")
    with signed_in.page() as page:
        stamp = page.wait("heartbeat")["seen"]
        placed = signed_in.call("POST", "/orders", market(seen=stamp))
        assert placed.status_code == 201, placed.text
        page.wait("position", lambda message: message["position"]["size"] == "0.01")
        changed = signed_in.call("POST", "/orders", market(seen=stamp))
        assert (changed.status_code, changed.json()["error"]["code"]) == (409, "seen_changed")
        assert changed.json()["error"]["detail"]["position"]["size"] == "0.01"
        # Another market's position has not changed, and reducing needs no stamp.
        other = signed_in.call("POST", "/orders", market(symbol="ETHUSDT", qty="0.1", seen=stamp))
        assert other.status_code == 201, other.text
        reduce = signed_in.call("POST", "/orders", market(side="Sell", reduce_only=True))
        assert reduce.status_code == 201, reduce.text
        page.wait("heartbeat", lambda message: message["seen"] != stamp)
    flatten(stack)


def test_a_stamp_is_bound_to_its_user_and_to_ten_seconds(stack: Stack, signed_in: Browser) -> None:
    secret = (stack.data / "django.secret").read_text()
    signer = signing.Signer(key=secret, salt="tradepost.seen")

    def forged(at_ms: int | None = None, user: int = 1) -> str:
        at = int(time.time() * 1000) if at_ms is None else at_ms
        content = json.dumps([user, at, {"paper": 10**9}]).encode()
        return signer.sign(base64.urlsafe_b64encode(content).decode().rstrip("="))

    now = int(time.time() * 1000)
    old = signed_in.call("POST", "/orders", body(stack, seen=forged(at_ms=now - 10_500)))
    assert (old.status_code, old.json()["error"]["code"]) == (409, "seen_expired")
    foreign = signed_in.call("POST", "/orders", body(stack, seen=forged(user=999)))
    assert (foreign.status_code, foreign.json()["error"]["code"]) == (422, "seen_invalid")
    order = body(stack, seen=forged(at_ms=now - 5000))
    assert signed_in.call("POST", "/orders", order).status_code == 201
    # On a repeat the stamp does not matter: nothing is sent.
    assert signed_in.call("POST", "/orders", {**order, "seen": "gone"}).status_code == 200
    flatten(stack)


def test_a_revoked_session_loses_its_socket_within_five_seconds(stack: Stack, signed_in: Browser) -> None:
    with signed_in.page() as page:
        page.wait("heartbeat")
        start = time.monotonic()
        signed_in.call("DELETE", "/session")
        assert page.wait_closed() == 4401
        assert time.monotonic() - start < 5


def test_the_shell_is_public_strict_and_says_nothing_of_any_account(stack: Stack) -> None:
    for path, kind in (
        ("/", "text/html"),
        ("/sw.js", "text/javascript"),
        ("/manifest.webmanifest", "application/manifest+json"),
    ):
        answer = wait_for(lambda p=path: requests.get(f"{stack.url}{p}", timeout=10))
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(kind)
        assert answer.headers["Cache-Control"] == "no-cache"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "Set-Cookie" not in answer.headers
        assert "paper" not in answer.text or path != "/"
