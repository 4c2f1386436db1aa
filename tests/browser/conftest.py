"""A Chromium, the house's own pages, and a server that the test plays itself.

Every test opens the real shell, served by the real house with its real headers. Most then play the API and the socket
themselves, so that each state of `docs/frontend.md` can be brought about at will; `test_console_e2e` plays nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from .journal import keep_journal
from .market import ACCOUNT
from .played import Played

PATIENCE_MS = 6_000
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--process-per-site",
    "--in-process-gpu",
]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
NO_CHROMIUM = "no Chromium here; `.venv/bin/python -m playwright install chromium` would get one"


def system_chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def own_chromium() -> bool:
    """Whether Playwright's own was downloaded."""
    default = Path.home() / ".cache" / "ms-playwright"
    return any(Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", default)).glob("chromium*"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    found = system_chromium() or own_chromium()
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not found:
                item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


class House(Protocol):
    """What is needed of the running house."""

    @property
    def url(self) -> str: ...

    def signin_link(self) -> str: ...


class Site:
    def __init__(self, house: House) -> None:
        self.house = house
        self.url = house.url

    def link(self) -> str:
        """A sign-in link, fresh each time."""
        return self.house.signin_link()


@pytest.fixture(scope="session")
def site(stack_process: House) -> Site:
    return Site(stack_process)


@pytest.fixture(scope="session")
def base_url(site: Site) -> str:
    return site.url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = system_chromium()
    own = {"executable_path": found} if found else {}
    return {**browser_type_launch_args, **own, "args": CHROMIUM_ARGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    # A worker would answer before the test could; the tests of the worker open contexts of their own.
    return {**browser_context_args, **PHONE, "color_scheme": "dark", "service_workers": "block"}


class Windows:
    """Pages for the tests of one file. Those that ask for the same device share a browser context, in which one page
    stays open: opening the console costs a third of what it costs in a context of its own."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self.browser, self.origin = browser, origin
        self.contexts: dict[str, BrowserContext] = {}

    def open(self, device: dict[str, Any]) -> Page:
        """A new page, with nothing kept of the one before."""
        context = self.contexts.get(repr(device))
        if context is None:
            context = self.contexts[repr(device)] = self.browser.new_context(**device)
            context.new_page().goto(self.origin)
        page = context.new_page()
        context.clear_cookies()
        everything = {"origin": self.origin, "storageTypes": "all"}
        context.new_cdp_session(page).send("Storage.clearDataForOrigin", everything)
        return page


@pytest.fixture(scope="module")
def windows(browser: Browser, base_url: str) -> Iterator[Windows]:
    opened = Windows(browser, base_url)
    yield opened
    for context in opened.contexts.values():
        context.close()


@pytest.fixture
def page(
    windows: Windows, browser_context_args: dict[str, Any], request: pytest.FixtureRequest
) -> Iterator[Page]:
    marked = request.node.get_closest_marker("browser_context_args")
    opened = windows.open(browser_context_args | (marked.kwargs if marked else {}))
    yield opened
    opened.close()


@pytest.fixture
def played(page: Page) -> Iterator[Played]:
    """A signed-in console whose API and socket are this test's; anything the page complains of fails the test."""
    complaints: list[str] = []
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
    server = Played(page)
    yield server
    known = ("Failed to load resource", "net::ERR_")
    assert [text for text in complaints if not any(part in text for part in known)] == []


@pytest.fixture
def desk(played: Played) -> Played:
    return played.open()


@pytest.fixture
def real_money(played: Played) -> Played:
    """Review of a market order on a live account, where placing means holding."""
    played.market.account["environment"] = "live"
    played.open().ticket(kind="Market")
    played.review()
    expect(played.place()).to_have_text("Hold to buy")
    return played


@pytest.fixture
def full(played: Played) -> Played:
    keep_journal(played)
    played.market.account["label"] = "Main account"
    played.market.position("BTCUSDT", "Buy", "0.05", "63800")
    played.market.position("1000PEPEUSDT", "Sell", "1250000", "0.011512")
    for number, side in enumerate(("Buy", "Sell")):
        played.market.order(
            {
                "id": f"00000000-0000-4000-8000-00000000000{number}",
                "account": ACCOUNT,
                "category": "linear",
                "symbol": "BTCUSDT",
                "side": side,
                "order_type": "Limit",
                "qty": "0.02",
                "price": "62900",
                "time_in_force": "PostOnly",
                "reduce_only": True,
                "position_idx": 0,
            },
            state="working",
            filled_qty="0.008",
        )
    return played
