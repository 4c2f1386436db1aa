"""Nothing that one test does to its page is there in the next one of its file, though they share a browser context."""

from __future__ import annotations

from typing import Any

from .conftest import Windows
from .played import T0, Played

LEAVE = """async () => {
  localStorage.left = sessionStorage.left = document.cookie = 'left=1';
  window.name = 'left';
  await caches.open('left');
  await new Promise((done) => (indexedDB.open('left').onsuccess = done));
}"""
LEFT = """async () => [
  ...Object.values(localStorage), ...Object.values(sessionStorage), document.cookie, window.name, window.left,
  ...(await caches.keys()), ...(await indexedDB.databases()).map(({ name }) => name),
  innerWidth > 500 && 'wide', matchMedia('(prefers-reduced-motion: reduce)').matches && 'still',
].filter(Boolean)"""


def test_a_page_keeps_nothing_of_the_one_before(
    windows: Windows, browser_context_args: dict[str, Any]
) -> None:
    first = windows.open(browser_context_args)
    first.add_init_script("window.left = 'script'")
    first.route("**/*.css", lambda route: route.abort())
    first.goto(windows.origin)
    first.evaluate(LEAVE)
    first.emulate_media(reduced_motion="reduce")
    first.set_viewport_size({"width": 1440, "height": 900})
    first.reload()
    assert len(first.evaluate(LEFT)) == 9
    first.close()
    second = windows.open(browser_context_args)
    assert second.context is windows.contexts[repr(browser_context_args)]
    second.goto(windows.origin)
    assert second.evaluate(LEFT) == []
    assert second.evaluate("document.styleSheets.length") > 0
    second.close()


def test_a_clock_that_a_test_stopped_runs_in_the_next(
    windows: Windows, browser_context_args: dict[str, Any]
) -> None:
    first = windows.open(browser_context_args)
    played = Played(first)
    played.open()
    first.clock.pause_at(T0 / 1000 + 3600)
    first.close()
    second = windows.open(browser_context_args)
    played = Played(second).open()
    second.wait_for_function("from => Date.now() > from", arg=second.evaluate("Date.now()"), polling=50)
    assert abs(second.evaluate("Date.now()") - played.now()) < 5_000
    second.close()
