"""Installed, offline, updated: the parts of the console that outlive a page. Nothing is played here."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect

from tests.conftest import Stack
from tests.house.orders import body, until

from .conftest import CHROMIUM_ARGS, PHONE, Site
from .played import go

NEVER_KEPT = ("/api", "/ws", "/login", "/admin", "/webauthn")
KEPT = """async () => {
  const entries = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const answer = await cache.match(request);
      entries.push({ cache: name, path: new URL(request.url).pathname, text: await answer.text() });
    }
  }
  const databases = await indexedDB.databases();
  const names = databases.map(found => found.name);
  const syncs = await (await navigator.serviceWorker.ready).sync.getTags();
  return { entries, local: { ...localStorage }, session: { ...sessionStorage }, databases: names, syncs };
}"""
NEXT_WORKER = """async () => {
  const registration = await navigator.serviceWorker.register('/sw.js?next', { updateViaCache: 'none' });
  const found = registration.installing ?? registration.waiting;
  const change = () => new Promise(done => found.addEventListener('statechange', done, { once: true }));
  while (found.state === 'installing') await change();
}"""
WORKER_READY = "navigator.serviceWorker.ready.then(found => found.scope)"


@pytest.fixture
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    opened = browser.new_context(**PHONE, base_url=site.url)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, site: Site) -> Page:
    page = context.new_page()
    page.goto(site.link())
    expect(page.locator(".head .chip[data-kind=live]")).to_be_visible()
    page.evaluate(WORKER_READY)
    return page


def png_size(body: bytes) -> str:
    assert body[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", body[16:24])
    return f"{width}x{height}"


def test_it_can_be_installed(
    site: Site, browser_type: BrowserType, browser_type_launch_args: dict[str, Any], tmp_path: Path
) -> None:
    context = browser_type.launch_persistent_context(
        tmp_path, **{**browser_type_launch_args, "args": CHROMIUM_ARGS}
    )
    page = context.new_page()
    page.goto(site.url)
    cdp = context.new_cdp_session(page)
    assert cdp.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    found = cdp.send("Page.getAppManifest")
    assert found["errors"] == []
    manifest = found["manifest"]
    assert manifest["id"].endswith("/")
    assert manifest["scope"] == f"{site.url}/"
    assert len(manifest["shortcuts"]) >= 2
    assert {shot["formFactor"] for shot in manifest["screenshots"]} == {"kNarrow", "kWide"}
    context.close()


def test_installed_it_stands_alone_and_offers_itself_no_more(
    site: Site, browser_type: BrowserType, browser_type_launch_args: dict[str, Any], tmp_path: Path
) -> None:
    context = browser_type.launch_persistent_context(
        tmp_path, **{**browser_type_launch_args, "args": CHROMIUM_ARGS}
    )
    page = context.new_page()
    page.goto(site.link())
    go(page, "More")
    install = page.get_by_role("heading", name="Install on this device")
    expect(install).to_be_visible()
    cdp = context.new_cdp_session(page)
    which = {"manifestId": f"{site.url}/"}
    cdp.send("PWA.install", {**which, "installUrlOrBundleUrl": f"{site.url}/"})
    cdp.send("PWA.openCurrentPageInApp", which)
    page.wait_for_function("matchMedia('(display-mode: standalone)').matches")
    page.reload()
    expect(page.get_by_role("heading", name="About")).to_be_visible()
    expect(install).to_have_count(0)
    context.close()


def test_icons_and_screenshots_are_what_they_say(page: Page, site: Site) -> None:
    manifest = page.request.get("/manifest.webmanifest")
    assert manifest.headers["content-type"].startswith("application/manifest+json")
    listed = manifest.json()
    purposes = [icon["purpose"] for icon in listed["icons"]]
    assert sorted(purposes) == ["any", "any", "maskable", "monochrome"]
    for picture in [*listed["icons"], *listed["screenshots"]]:
        answer = page.request.get(picture["src"])
        assert answer.headers["content-type"] == "image/png", picture
        assert png_size(answer.body()) == picture["sizes"], picture


def test_the_worker_covers_the_origin_and_is_always_asked_for(page: Page, site: Site) -> None:
    answer = page.request.get("/sw.js", max_redirects=0)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    assert page.evaluate(WORKER_READY) == f"{site.url}/"


def test_the_shell_holds_nothing_of_anybody_and_runs_under_a_strict_policy(page: Page) -> None:
    shell = page.request.get("/", max_redirects=0)
    assert "default-src 'none'" in shell.headers["content-security-policy"]
    assert "csrf" not in shell.text().lower()
    assert "demo" not in shell.text()


@pytest.fixture
def resting(stack: Stack) -> Iterator[dict[str, Any]]:
    """An order in the book, of a size that nothing else has."""
    order = body(stack, qty="0.137")
    assert stack.api("POST", "/orders", order).status_code == 201
    until(stack, order["id"], "working")
    yield order
    stack.api("DELETE", f"/orders/{order['id']}")
    until(stack, order["id"], "cancelled")


def test_without_a_network_the_shell_opens_and_shows_no_account(
    page: Page, context: BrowserContext, resting: dict[str, Any]
) -> None:
    go(page, "Positions")
    equity = page.locator(".strip dd").first.inner_text()
    assert any(character.isdigit() for character in equity)
    go(page, "Orders")
    cancel = page.get_by_role("button", name=re.compile("^Cancel Buy Limit"))
    expect(cancel).to_be_enabled()
    context.set_offline(True)
    # Still open it keeps what it knows, dated, and nothing can be done with it.
    expect(page.locator(".head .chip[data-kind=offline]")).to_be_visible(timeout=15_000)
    expect(cancel).to_be_disabled()
    expect(page.locator(".banner")).to_contain_text("Figures as of ")
    answer = page.reload()
    assert answer
    assert answer.status == 200
    assert answer.from_service_worker
    expect(page.locator(".head .chip[data-kind=offline]")).to_have_text("Offline: read only", timeout=10_000)
    go(page, "Trade")
    expect(page.get_by_role("button", name="Buy / Long")).to_be_disabled()
    go(page, "Positions")
    assert not any(character.isdigit() for character in page.locator(".strip").inner_text())
    expect(page.locator("article")).to_have_count(0)
    go(page, "Orders")
    expect(page.get_by_role("button", name=re.compile("^Cancel "))).to_have_count(0)
    whole = page.content()
    assert not any(figure in whole for figure in (equity, "0.137", resting["id"], "paper"))
    go(page, "Trade")
    context.set_offline(False)
    expect(page.locator(".head .chip[data-kind=live]")).to_be_visible(timeout=20_000)


def test_nothing_of_the_account_is_kept_on_the_device(page: Page, resting: dict[str, Any]) -> None:
    for name in ("Positions", "Orders", "Journal", "More", "Trade"):
        go(page, name)
    page.get_by_role("button", name="Buy / Long").click()
    page.locator("#ticket-size").fill("0.01")
    page.keyboard.press("Escape")
    go(page, "Positions")
    equity = page.locator(".strip dd").first.inner_text()
    go(page, "Orders")
    page.locator(".order-title").first.click()
    expect(page.get_by_role("dialog").locator(".timeline")).to_be_visible()
    page.keyboard.press("Escape")
    kept = page.evaluate(KEPT)
    assert kept["entries"]
    for entry in kept["entries"]:
        assert not entry["path"].startswith(NEVER_KEPT), entry["path"]
        assert not any(part in entry["text"] for part in (equity, resting["id"], "paper-key", "0.137"))
    assert kept["local"] == {}
    assert kept["session"] == {}
    assert kept["databases"] == []
    assert kept["syncs"] == []


def test_a_new_version_waits_for_a_tap_and_for_an_empty_ticket(page: Page) -> None:
    # The page takes no other address for a worker than its own (Trusted Types); this test plays an update by one.
    page.context.new_cdp_session(page).send("Page.setBypassCSP", {"enabled": True})
    page.reload()
    expect(page.locator(".head .chip[data-kind=live]")).to_be_visible()
    page.get_by_role("button", name="Buy / Long").click()
    page.locator("#ticket-size").fill("0.01")
    page.keyboard.press("Escape")
    # The same worker under another address is a new one to the browser; a cache stands for an older build's.
    page.evaluate(
        "caches.open('shell-of-an-older-build').then(cache => cache.put('/old', new Response('old')))"
    )
    page.evaluate(NEXT_WORKER)
    bar = page.get_by_text("New version ready.")
    expect(bar).to_have_count(0)
    page.get_by_role("button", name="Buy / Long").click()
    expect(page.locator("#ticket-size")).to_have_value("0.01")
    page.locator("#ticket-size").fill("")
    page.keyboard.press("Escape")
    expect(bar).to_be_visible()
    assert len(page.evaluate("caches.keys()")) == 2
    page.evaluate("window.before = true")
    with page.expect_navigation():
        page.get_by_role("button", name="Reload").click()
    expect(page.locator(".head .chip[data-kind=live]")).to_be_visible()
    assert page.evaluate("window.before") is None
    assert len(page.evaluate("caches.keys()")) == 1
