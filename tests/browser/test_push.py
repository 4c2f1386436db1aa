"""Notifications: the worker that shows them, the badge, and the sheet that asks for them. Nothing of the house is
played; the browser's own push service, which is nobody's here, is (`PushManager`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, CDPSession, Page, Worker, expect

from tests.conftest import wait_for
from tests.push import PushService, Receiver

from .conftest import CHROMIUM_ARGS, PHONE, Site
from .played import go

SHOWN = """async () => {
  const { getNotifications } = ServiceWorkerRegistration.prototype;
  const found = await getNotifications.call(await navigator.serviceWorker.ready);
  return found.map(({ title, body, tag, data }) => ({ title, body, tag, data }));
}"""
# Every notification that the worker asks for, and whether the browser has taken it: `getNotifications()` forgets what
# it is asked for while that is still being put on the screen.
COUNT = """() => {
  self.calls = [];
  self.taken = 0;
  const { showNotification } = ServiceWorkerRegistration.prototype;
  ServiceWorkerRegistration.prototype.showNotification = async function (title, options) {
    self.calls.push(title);
    await showNotification.call(this, title, options);
    self.taken += 1;
  };
}"""
# The browser's own half, with keys that the test holds: what `subscribe()` gives where there is a push service.
OWN = """keys => {
  let mine = null;
  const unsubscribe = async () => { mine = null; return true; };
  const made = { toJSON: () => ({ endpoint: keys.endpoint, keys }), unsubscribe };
  PushManager.prototype.subscribe = async () => (mine = made);
  PushManager.prototype.getSubscription = async () => mine;
}"""
NEVER = "PushManager.prototype.subscribe = () => new Promise(() => undefined);"
# A synthetic click may focus nothing; what would be focused or opened is kept.
CLICK = """async at => {
  self.done = {};
  WindowClient.prototype.focus = async function () { self.done.focused = this.url; return this; };
  Clients.prototype.openWindow = async url => { self.done.opened = url; return null; };
  const [notification] = await self.registration.getNotifications({ tag: at });
  const waited = [];
  const event = new NotificationEvent('notificationclick', { notification });
  event.waitUntil = work => waited.push(work);
  self.dispatchEvent(event);
  await Promise.all(waited);
  return self.done;
}"""


class Phone:
    """An installed console, and what reaches it."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.context, self.site = context, site
        self.page = context.pages[0] if context.pages else context.new_page()
        self.cdp: CDPSession = context.new_cdp_session(self.page)
        self._registrations: list[str] = []
        self.cdp.on("ServiceWorker.workerRegistrationUpdated", self._note)
        self.cdp.send("ServiceWorker.enable")

    def _note(self, told: dict[str, Any]) -> None:
        self._registrations += [found["registrationId"] for found in told["registrations"]]

    def open(self) -> Page:
        self.page.goto(self.site.link())
        expect(self.page.locator(".head .chip[data-kind=live]")).to_be_visible(timeout=15_000)
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        self.worker.evaluate(COUNT)
        return self.page

    @property
    def worker(self) -> Worker:
        (found,) = self.context.service_workers
        return found

    def push(self, text: str) -> list[str]:
        """Delivers one push, and waits until something is shown for it. The titles of all that was ever shown."""
        before = self.worker.evaluate("self.taken")
        self.cdp.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": self.site.url, "registrationId": self._registrations[-1], "data": text},
        )
        wait_for(lambda: self.worker.evaluate("self.taken") > before, 6, f"a notification for {text!r}")
        found: list[str] = self.worker.evaluate("self.calls")
        return found

    def shown(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.evaluate(SHOWN)
        return found

    def install(self) -> None:
        app = {"manifestId": f"{self.site.url}/", "installUrlOrBundleUrl": f"{self.site.url}/"}
        self.cdp.send("PWA.install", app)

    def badge(self) -> int:
        told = self.cdp.send("PWA.getOsAppState", {"manifestId": f"{self.site.url}/"})
        return int(told["badgeCount"])


@pytest.fixture
def phone(
    site: Site, browser_type: BrowserType, browser_type_launch_args: dict[str, Any], tmp_path: Path
) -> Iterator[Phone]:
    own = {**browser_type_launch_args, "args": CHROMIUM_ARGS, "permissions": ["notifications"]}
    context = browser_type.launch_persistent_context(tmp_path, **own, **PHONE)
    complaints: list[str] = []
    context.on("weberror", lambda found: complaints.append(str(found.error)))
    yield Phone(context, site)
    context.close()
    assert complaints == []


def declared(title: str, tag: str, screen: str = "/positions", **more: Any) -> str:
    shown = {"title": title, "body": "BTCUSDT Buy", "tag": tag, "navigate": f"NAV/#{screen}", **more}
    return json.dumps({"web_push": 8030, "notification": shown})


def test_each_push_shows_one_notification_and_the_same_tag_replaces(phone: Phone, site: Site) -> None:
    """Check 10."""
    phone.open()
    odd = [
        "{not json",
        "",
        "[]",
        "null",
        '{"web_push":8030}',
        '{"web_push":1,"notification":{"title":"Other"}}',
    ]
    pushed = [
        (declared("Part filled", "order:1").replace("NAV", site.url), "Part filled"),
        (
            declared("No news from Bybit", "stream:paper", "/more").replace("NAV", site.url),
            "No news from Bybit",
        ),
        *((text, "Tradepost") for text in odd),
        (declared("Order filled", "order:1").replace("NAV", site.url), "Order filled"),
    ]
    for count, (text, title) in enumerate(pushed, 1):
        told = phone.push(text)
        assert (len(told), told[-1]) == (count, title), "one each, whatever it is"
    titles = sorted(one["title"] for one in phone.shown())
    assert titles == ["No news from Bybit", "Order filled", "Tradepost"], "same tag, one notification"


def test_a_tap_goes_to_the_page_that_is_open_and_to_the_right_screen(phone: Phone, site: Site) -> None:
    """Check 10."""
    page = phone.open()
    page.evaluate("window.same = true")
    phone.push(declared("Order rejected", "order:2", "/orders").replace("NAV", site.url))
    phone.push(declared("Elsewhere", "order:3").replace("NAV", "https://evil.example"))
    assert sorted(one["tag"] for one in phone.shown()) == ["order:2", "order:3"]
    worker = phone.worker
    done = worker.evaluate(CLICK, "order:2")
    assert done["focused"].startswith(site.url)
    assert "opened" not in done
    expect(page.get_by_role("heading", name="Orders", level=1)).to_be_attached()
    assert page.evaluate("window.same") is True, "the page that was open, not a new one"
    assert [one["tag"] for one in phone.shown()] == ["order:3"], "what was tapped is gone"
    page.goto("about:blank")
    done = worker.evaluate(CLICK, "order:3")
    assert done == {"opened": f"{site.url}/"}, "no page: a new one, and never another house's"


def test_allowing_a_test_and_the_badge(phone: Phone, site: Site, push_service: PushService) -> None:
    """Check 11, and the way to it."""
    mine: Receiver = push_service.receiver(f"browser-{id(phone)}")
    keys = {**mine.body()}
    phone.page.add_init_script(f"({OWN})({json.dumps(keys)})")
    page = phone.open()
    phone.install()
    go(page, "More")
    page.get_by_role("button", name="Open notifications").click()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("Off on this device.")
    sheet.get_by_role("button", name="Allow on this device").click()
    expect(sheet).to_contain_text("On: this device is told")
    sheet.get_by_role("button", name="Send a test").click()
    expect(sheet).to_contain_text("It arrives within a few seconds")
    wait_for(lambda: push_service.of(mine), what="the house's own push")
    (sent,) = push_service.of(mine)
    shown = sent.notification(mine)
    assert (shown["title"], shown["app_badge"]) == ("Tradepost can reach this device", 1)
    phone.push(mine.open(sent.body).decode())
    wait_for(lambda: phone.badge() == 1, what="one unread")
    assert [one["title"] for one in phone.shown()] == ["Tradepost can reach this device"]
    phone.push(declared("Order filled", "order:1", app_badge=2).replace("NAV", site.url))
    wait_for(lambda: phone.badge() == 2, what="two unread")
    with page.expect_response("**/api/v1/push/read"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wait_for(lambda: phone.badge() == 0, what="an empty badge once opened")
    expect(sheet.get_by_role("group", name="Fills")).to_be_visible()
    amounts = sheet.get_by_role("group", name="Amounts and prices")
    for choice in ("On", "Off"):
        with page.expect_response("**/api/v1/push/preferences") as answered:
            amounts.get_by_text(choice, exact=True).click()
        assert answered.value.json()["amounts"] is (choice == "On")
        expect(amounts.get_by_role("radio", name=choice, exact=True)).to_be_checked()
    sheet.get_by_role("button", name="Send a test").click()
    wait_for(lambda: len(push_service.of(mine)) == 2, what="the second test")
    assert push_service.of(mine)[1].notification(mine)["app_badge"] == 1, "counted anew since it was opened"
    sheet.get_by_role("button", name="Turn off on this device").click()
    expect(sheet).to_contain_text("Off on this device.")
    assert page.evaluate("navigator.serviceWorker.ready.then(r => r.pushManager.getSubscription())") is None


def test_subscribing_cannot_hang(phone: Phone) -> None:
    """Check 12."""
    phone.page.add_init_script(NEVER)
    phone.page.clock.install()
    page = phone.open()
    go(page, "More")
    page.get_by_role("button", name="Open notifications").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="Allow on this device").click()
    expect(sheet).to_contain_text("Waiting for the browser")
    expect(sheet.get_by_role("button", name="Allow on this device")).to_be_disabled()
    page.clock.run_for(16_000)
    expect(sheet.get_by_role("alert").first).to_contain_text("did not answer within 15 seconds")
    expect(sheet.get_by_role("button", name="Allow on this device")).to_be_enabled()
    page.keyboard.press("Escape")
    go(page, "Positions")


def test_a_refusal_is_explained(phone: Phone) -> None:
    phone.page.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })")
    page = phone.open()
    go(page, "More")
    page.get_by_role("button", name="Open notifications").click()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("Only you can change that")
    expect(sheet.get_by_role("button", name="Allow on this device")).to_have_count(0)


SEND = """async ([method, path, body]) => {
  const csrf = (await (await fetch('/api/v1/session')).json()).csrf;
  const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': csrf };
  const answer = await fetch(`/api/v1/push/${path}`, { method, headers, body: JSON.stringify(body) });
  return answer.status;
}"""
CHANGE = """async ({ endpoint, ...keys }) => {
  const made = { toJSON: () => ({ endpoint, keys }) };
  PushManager.prototype.getSubscription = async () => null;
  PushManager.prototype.subscribe = async asked => { self.asked = asked; return made; };
  self.dispatchEvent(new ExtendableEvent('pushsubscriptionchange'));
}"""


def test_a_browser_that_changes_its_subscription_tells_the_house(
    phone: Phone, push_service: PushService
) -> None:
    page = phone.open()
    old, new = (push_service.receiver(f"{name}-{id(phone)}") for name in ("old", "new"))
    assert page.evaluate(SEND, ["POST", "devices", old.body()]) == 200
    phone.worker.evaluate(CHANGE, new.body())
    wait_for(lambda: phone.worker.evaluate("self.asked?.userVisibleOnly") is True, what="a new subscription")

    def reached() -> bool:
        assert page.evaluate(SEND, ["POST", "test", {}]) == 200
        return bool(push_service.of(new))

    wait_for(reached, what="a push at the new endpoint")
