"""A Chromium, a place that serves the console, and a server that the test plays itself.

Everything here depends on `site` alone: an object with `.url` and `.link()`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .played import Played

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 20
PATIENCE_MS = 6_000
CHROMIUM_ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True)
class Site:
    url: str

    def link(self) -> str:
        """A sign-in link, fresh each time."""
        return f"{self.url}/#link=demo-link"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    pytest.fail(f"nothing answers at {url}")


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "tests.browser.mock.server", str(port)], cwd=ROOT) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/", process)
            yield Site(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def base_url(site: Site) -> str:
    return site.url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    own = {"executable_path": found} if found else {}
    return {**browser_type_launch_args, **own, "args": CHROMIUM_ARGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    # A worker would answer before the test could; the tests of the worker open contexts of their own.
    return {**browser_context_args, **PHONE, "color_scheme": "dark", "service_workers": "block"}


@pytest.fixture
def played(page: Any) -> Iterator[Played]:
    """A signed-in console whose API and socket are this test's; anything the page complains of fails the test."""
    complaints: list[str] = []
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
    server = Played(page)
    yield server
    known = ("Failed to load resource", "net::ERR_")
    assert [text for text in complaints if not any(part in text for part in known)] == []
