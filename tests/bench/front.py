"""`page` and `sockets`: what a first visit downloads until positions are on the screen, and what a thousand open pages
do to the delay of each."""

import json
import statistics
import subprocess
import sys
import time
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.bench.load import Load, quantiles
from tests.browser.conftest import CHROMIUM_ARGS, NO_CHROMIUM, PHONE, own_chromium, system_chromium
from tests.conftest import ROOT, Stack

MOST_BYTES = 62_000
VISITS = 5
CROWD = 1_000
ROUNDS = 2
# With one socket each fill is one sample, so it takes more of them for a p99.
FILLS = {1: 150, CROWD: 15}
# A fill is four messages to each page, and a heartbeat a second comes beside them: with a thousand pages as many as one
# server of ours is meant for.
PER_SECOND = {1: 5, CROWD: 0.25}
SETTLE_SECONDS = 3
ARRIVE_SECONDS = 10

# When the first card of a position was there, and what had been asked for by then.
NOTE = """
new MutationObserver((_, watch) => {
  if (!document.querySelector("article.card[aria-label]")) return;
  watch.disconnect();
  window.shownAt = performance.now();
}).observe(document, { subtree: true, childList: true });
"""
SIZES = """() => performance.getEntriesByType("resource")
  .filter(row => row.startTime <= window.shownAt && /\\.(js|css)$/.test(new URL(row.name).pathname))
  .map(row => [new URL(row.name).pathname.split("/").at(-1), row.encodedBodySize])"""


class Front:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        # Sockets that the server gave up as too slow, which on a busy machine may be the fault of the one that reads.
        self.closed: list[int | None] = []

    # ---- page

    def page(self) -> dict[str, Any]:
        """First visits of a phone, signed in and with nothing in its cache, to the first screen and to Positions."""
        assert system_chromium() or own_chromium(), NO_CHROMIUM
        self.stack.paper.control(
            "external", {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01"}
        )
        raw: dict[str, Any] = {}
        with sync_playwright() as playwright:
            found = system_chromium()
            browser = playwright.chromium.launch(
                args=CHROMIUM_ARGS, **({"executable_path": found} if found else {})
            )
            first = browser.new_context(**PHONE, service_workers="block")
            entered = first.new_page()
            entered.goto(self.stack.signin_link())
            entered.wait_for_selector(".chip[data-kind=live]")
            state = first.storage_state()
            for name, path in (("first_screen", "/"), ("positions", "/#/positions")):
                loads = []
                for _ in range(VISITS):
                    context = browser.new_context(**PHONE, service_workers="block", storage_state=state)
                    loads.append(self._visit(context.new_page(), path))
                    context.close()
                sizes = dict(loads[-1]["files"])
                raw[name] = {
                    "bytes": max(sum(size for _, size in load["files"]) for load in loads),
                    "shown_ms": round(statistics.median(load["shown_ms"] for load in loads), 1),
                    "files": sizes,
                }
            browser.close()
        most = max(raw[name]["bytes"] for name in raw)
        return {"ratio": round(most / MOST_BYTES, 3), "raw": raw, "n": VISITS}

    def _visit(self, page: Page, path: str) -> dict[str, Any]:
        page.add_init_script(NOTE)
        page.goto(f"{self.stack.url}{path}")
        page.wait_for_selector("article.card[aria-label]", state="attached")
        # Sizes are known when the files are here.
        page.wait_for_load_state("networkidle")
        return {"files": page.evaluate(SIZES), "shown_ms": page.evaluate("window.shownAt")}

    # ---- sockets

    def sockets(self) -> dict[str, Any]:
        """Match to the page's socket, over every socket there is, by turns with one page and with a thousand."""
        load = Load(self.stack)
        orders = load.resting(2, qty="5000", symbols=("DOGEUSDT",))
        delays: dict[int, list[float]] = {1: [], CROWD: []}
        for _ in range(ROUNDS):
            for count in delays:
                delays[count] += self._delays(load, orders, count)
        self.stack.api("POST", "/orders/cancel-all", {"account": "paper"})
        raw: dict[str, Any] = {str(count): quantiles(found) for count, found in delays.items()}
        raw["closed"] = len(self.closed)
        return {
            "ratio": round(raw[str(CROWD)]["p99_ms"] / raw["1"]["p99_ms"], 2),
            "raw": raw,
            "n": len(delays[CROWD]),
        }

    def _delays(self, load: Load, orders: list[str], count: int) -> list[float]:
        words = [sys.executable, "-m", "tests.bench.crowd", f"ws://localhost:{self.stack.port}/ws/live"]
        crowd = subprocess.Popen(
            [*words, self.stack.token(), str(count)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert crowd.stdin and crowd.stdout
        assert crowd.stdout.readline() == "open\n", "the crowd did not get in"
        # What letting them in has left to do is not what is measured.
        time.sleep(SETTLE_SECONDS)
        made = load.fills(orders, FILLS[count], PER_SECOND[count])
        time.sleep(ARRIVE_SECONDS)
        crowd.stdin.close()
        told = json.loads(crowd.stdout.read())
        shown, staying = told["shown"], count - len(told["closed"])
        self.closed += told["closed"]
        crowd.wait(60)
        missing = {name: len(shown.get(name, ())) for name in made if len(shown.get(name, ())) < staying}
        assert not missing, f"fills that did not reach all of {count} sockets: {missing}"
        return [(at - made[name]) * 1000 for name in made for at in shown[name]]
