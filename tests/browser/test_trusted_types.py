"""F63: no text becomes markup or a script. The policy is in force, and no screen runs into it."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from .conftest import PHONE, Site
from .played import Played

WATCH = """() => {
  window.violations = [];
  document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective));
}"""
SINKS = {
    "innerHTML": "document.body.innerHTML = '<b>x</b>'",
    "script text": "document.createElement('script').text = 'x'",
    "script address": "document.createElement('script').src = '/static/x.js'",
    "another policy": "trustedTypes.createPolicy('other', { createHTML: (text) => text })",
    "eval": "setTimeout('1', 0)",
}


def test_f63_every_screen_keeps_to_it(played: Played, page: Page) -> None:
    page.add_init_script(f"({WATCH})()")
    desk = played.open()
    for name in ("Positions", "Orders", "Journal", "More", "Trade"):
        desk.go(name)
        page.wait_for_function("document.querySelector('[aria-busy=true]') === null")
    expect(page.locator("canvas").first).to_be_visible()
    desk.ticket(kind="Market")
    desk.review()
    assert page.evaluate("window.violations") == []


def test_f63_a_text_is_no_markup_and_the_worker_registers(browser: Browser, site: Site) -> None:
    context = browser.new_context(**PHONE)
    page = context.new_page()
    page.goto(site.url)
    expect(page.get_by_label("User name")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    for name, line in SINKS.items():
        told = _tried(page, line)
        assert told in ("TypeError", "EvalError"), name
    context.close()


def _tried(page: Page, line: str) -> str:
    """What a page's own code would meet: the name of the error, or `taken`."""
    return str(
        page.evaluate(f"() => {{ try {{ {line}; return 'taken'; }} catch (error) {{ return error.name; }} }}")
    )
