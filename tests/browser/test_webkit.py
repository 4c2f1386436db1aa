"""The console in WebKit's engine, as Debian ships it: signs in, goes live, places an order at market and closes it. A
look at syntax, styles and sockets in an engine of another make; it is no iPhone."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.conftest import Stack, answers, end, free_port, wait_for
from tests.house.orders import flatten

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"
WHERE_FROM = "`apt-get install webkit2gtk-driver xvfb` would get it"

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not (shutil.which("WebKitWebDriver") and shutil.which("Xvfb")),
        reason=f"no WebKit with a driver here; {WHERE_FROM}",
    ),
]


class Driven:
    """A session of the W3C WebDriver protocol: https://www.w3.org/TR/webdriver2/"""

    def __init__(self, url: str) -> None:
        self._web = requests.Session()
        self._web.trust_env = False
        self._url = url
        options = {"webkitgtk:browserOptions": {"binary": _browser(), "args": ["--automation"]}}
        made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": options}})
        self._url = f"{url}/session/{made['sessionId']}"

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._web.request(method, f"{self._url}{path}", json=body, timeout=60)
        value = answer.json()["value"]
        assert answer.ok, value
        return value

    def go(self, url: str) -> None:
        self._call("POST", "/url", {"url": url})

    def run(self, script: str) -> Any:
        return self._call("POST", "/execute/sync", {"script": script, "args": []})

    def find(self, css: str, words: str = "") -> Any:
        """The first that is there and can be pressed, of those that say `words`."""
        return self.run(
            f"return [...document.querySelectorAll({css!r})].find(one => !one.disabled && "
            f"(one.textContent + (one.ariaLabel ?? '')).includes({words!r})) ?? null"
        )

    def press(self, css: str, words: str = "") -> None:
        """By the page's own click: this driver takes what lies in a modal dialog for covered."""
        wait_for(lambda: self._pressed(css, words), 20, f"{css} {words}")

    def _pressed(self, css: str, words: str) -> bool:
        found = self.find(css, words)
        if found is not None:
            self._call("POST", "/execute/sync", {"script": "arguments[0].click()", "args": [found]})
        return found is not None

    def write(self, css: str, text: str) -> None:
        found = wait_for(lambda: self.find(css), 20, css)
        self._call("POST", f"/element/{found[ELEMENT]}/value", {"text": text})

    def leave(self) -> None:
        self._call("DELETE", "")


def _browser() -> str:
    return os.environ.get("MINIBROWSER", BROWSER)


@pytest.fixture
def webkit(stack: Stack) -> Iterator[Driven]:
    port, screen = free_port(), f":{90 + os.getpid() % 900}"
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    shown = subprocess.Popen(["Xvfb", screen, "-screen", "0", "1440x900x24"], **quiet)
    # Its own sandbox wants name spaces that a container does not give.
    surroundings = {
        **os.environ,
        "DISPLAY": screen,
        "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }
    driver = subprocess.Popen(["WebKitWebDriver", f"--port={port}"], env=surroundings, **quiet)
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/status"), 15, "WebKitWebDriver")
        driven = Driven(f"http://127.0.0.1:{port}")
        yield driven
        driven.leave()
    finally:
        end(driver)
        end(shown)


def live(webkit: Driven) -> bool:
    return webkit.find(".head .chip[data-kind=live]") is not None


def test_it_signs_in_goes_live_places_and_closes(stack: Stack, webkit: Driven) -> None:
    stack.paper.control("pause", {"on": True})
    flatten(stack)
    webkit.go(stack.signin_link())
    wait_for(lambda: live(webkit), 30, "Live in WebKit")
    webkit.run("window.complaints = []; addEventListener('error', told => complaints.push(told.message))")
    if webkit.run("return innerWidth < 768"):
        webkit.press(".bar button", "Buy")
    webkit.press("label.segment-option", "Market")
    webkit.write("#ticket-size", "0.01")
    webkit.press("button", "Review buy")
    webkit.press("dialog [data-confirm]")
    wait_for(lambda: stack.api("GET", "/positions").json()["items"], 20, "the position")
    # What the review has to tell is put away first.
    webkit.press("dialog[open] button[aria-label=Close]")
    wait_for(lambda: not webkit.find("dialog[open]"), 10, "the sheet to go")
    webkit.press("button", "Close… BTCUSDT")
    webkit.press("dialog [data-confirm]")
    wait_for(lambda: not stack.api("GET", "/positions").json()["items"], 20, "no position")
    assert webkit.run("return document.documentElement.scrollWidth <= innerWidth")
    assert webkit.run("return window.complaints") == []
