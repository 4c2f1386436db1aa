"""The server's side of a console, played by the test: what it says on the socket, and what it answers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from playwright.sync_api import Page, Request, Route, WebSocketRoute, expect

from .market import ACCOUNT, INSTRUMENTS, SPOT, Market, instrument, plain, spot_instrument

T0 = 1_795_000_000_000
# A server that is well goes on beating while the test's own machine takes its time: once a second, by a timer and a
# clock that the test does not move, the last heartbeat comes again with the time that has really passed. What the test
# lets pass beyond that (`run`, `jump`) is time in which the server was silent.
REAL_TIME = "window.realTime ??= { every: setInterval.bind(window), now: performance.now.bind(performance) };"
HEART = """(() => {
  const { every, now } = window.realTime;
  const mine = new WeakSet();
  const heart = (socket) => {
    let last = null, since = 0;
    socket.addEventListener('message', (event) => {
      if (mine.has(event) || !String(event.data).startsWith('{"type": "heartbeat"')) return;
      last = JSON.parse(event.data);
      since = now();
    });
    every(() => {
      if (!last || socket.readyState !== 1) return;
      const at = new Date(Date.parse(last.at) + now() - since).toISOString();
      const event = new MessageEvent('message', { data: JSON.stringify({ ...last, at }) });
      mine.add(event);
      socket.dispatchEvent(event);
    }, 1000);
  };
  window.WebSocket = new Proxy(window.WebSocket, {
    construct(target, args) {
      const socket = new target(...args);
      heart(socket);
      return socket;
    },
  });
})();"""
Answer = tuple[int, Any]
STEP_MS = 500


def text_of(ms: float) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def error(code: str, message: str = "No.", **detail: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "detail": detail}}


def go(page: Page, name: str) -> None:
    """To another screen, and waits until it is the one that is shown."""
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_attached()


def notes(page: Page) -> list[dict[str, Any]]:
    """What the page keeps of its taps that have no answer yet."""
    return json.loads(page.evaluate("localStorage.getItem('unsettled') ?? '[]'"))


class Played:
    """Accepts the page's calls and sockets. Replies that a test wants different are put into `answers`."""

    def __init__(self, page: Page, environment: str = "paper") -> None:
        self.page = page
        self.market = Market(environment)
        self.sockets: list[WebSocketRoute] = []
        self.heard: list[dict[str, Any]] = []
        self.calls: list[Request] = []
        self.answers: dict[str, Callable[[Route, Request], Answer | None]] = {}
        self.welcome = True
        self.refuse_sockets = False
        self.build: str | None = None
        self.min_build: str | None = None
        self.epoch = "1"
        self._advanced = 0.0
        self._started = time.monotonic()
        page.context.add_init_script(REAL_TIME)
        page.clock.install(time=T0 / 1000)
        # The clock is the browser context's: paused by one test, it would stand still for all that come after.
        page.clock.resume()
        page.route("**/api/v1/**", self._call)
        page.route_web_socket(re.compile(r"/ws/live$"), self._socket)
        page.add_init_script(HEART)

    # ---- time

    def now(self) -> float:
        return T0 + (time.monotonic() - self._started) * 1000 + self._advanced

    def at(self, ago_ms: float = 0) -> str:
        return text_of(self.now() - ago_ms)

    def run(self, ms: int, *, beating: bool = False) -> None:
        """Lets the page's time run, with a heartbeat twice a second if the server is to be well meanwhile."""
        for done in range(0, ms, STEP_MS):
            step = min(STEP_MS, ms - done)
            self.page.clock.run_for(step)
            self._advanced += step
            if beating:
                self.beat()

    def stand_still(self) -> None:
        """From here on the page's time is the test's alone: however slow the machine, none passes but by `run`."""
        self.page.clock.pause_at(self.page.evaluate("Date.now()") / 1000 + 1)
        self.beat()

    def jump(self, ms: int) -> None:
        self.page.clock.fast_forward(ms)
        self._advanced += ms

    # ---- the socket

    def _socket(self, socket: WebSocketRoute) -> None:
        if self.refuse_sockets:
            socket.close(code=1011)
            return
        self.sockets.append(socket)
        socket.on_message(lambda text: self._hear(json.loads(text)))
        if self.welcome:
            self.greet()

    def _hear(self, message: dict[str, Any]) -> None:
        self.heard.append(message)
        # Who begins to watch gets the last message at once.
        if message["type"] == "watch" and message.get("category") == "spot" and message["focus"]:
            self.tick_spot(message["focus"])

    def say(self, message: dict[str, Any]) -> None:
        self.sockets[-1].send(json.dumps(message))

    def greet(self) -> None:
        self.hello()
        self.say(self.market.snapshot())
        self.beat()
        self.tick()

    def hello(self) -> None:
        self.say(
            {
                "type": "hello",
                "build": self.build,
                "min_build": self.min_build,
                "epoch": self.epoch,
                "at": self.at(),
            }
        )

    def beat(
        self, ago_ms: float = 0, *, seq: int | None = None, public: int | None = 90, private: int = 300
    ) -> None:
        self.say(
            {
                "type": "heartbeat",
                "seq": {ACCOUNT: self.market.seq if seq is None else seq},
                "at": self.at(ago_ms),
                "up": {
                    ACCOUNT: {
                        "public_age_ms": public,
                        "private_age_ms": private,
                        "paused": self.market.account["paused"],
                    }
                },
                "seen": f"seen at {self.market.seq}",
            }
        )

    def tick(self, symbol: str = "BTCUSDT", ago_ms: float = 0, **prices: str) -> None:
        known = {"last": "64250", "mark": "64249.8", "bid": "64249.9", "ask": "64250"}
        self.say({"type": "ticker", "symbol": symbol, **known, **prices, "at": self.at(ago_ms)})

    def tick_spot(self, symbol: str = "BTCUSDT", **prices: str) -> None:
        last, tick = Decimal(SPOT[symbol]["price"]), Decimal(SPOT[symbol]["tick_size"])
        known = {"last": plain(last), "mark": None, "bid": plain(last - tick), "ask": plain(last)}
        known |= {"bid_size": "0.523847", "ask_size": "11.004"}
        day = {"change_24h": "0.0045", "high_24h": plain(last + 9 * tick), "low_24h": plain(last - 99 * tick)}
        told = {"type": "ticker", "category": "spot", "symbol": symbol, **known, **day, **prices}
        self.say({**told, "at": self.at()})

    def book(
        self, symbol: str = "BTCUSDT", *, bid: str = "64249.9", ask: str = "64250", levels: int = 15
    ) -> None:
        """Levels a tick apart, each of half a coin."""
        tick = Decimal(INSTRUMENTS[symbol]["tick_size"])
        sides = {
            "bids": [[plain(Decimal(bid) - at * tick), "0.5"] for at in range(levels)],
            "asks": [[plain(Decimal(ask) + at * tick), "0.5"] for at in range(levels)],
        }
        self.say({"type": "book", "symbol": symbol, **sides, "at": self.at()})

    def book_spot(self) -> None:
        price, tick = Decimal("64300.24"), Decimal("0.01")
        sides = {
            "bids": [[plain(price - at * tick), "0.123456"] for at in range(15)],
            "asks": [[plain(price + (at + 1) * tick), "0.654321"] for at in range(15)],
        }
        self.say({"type": "book", "category": "spot", "symbol": "BTCUSDT", **sides, "at": self.at()})

    def said(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.heard if message["type"] == kind]

    # ---- the API

    def _call(self, route: Route, request: Request) -> None:
        self.calls.append(request)
        path = request.url.split("/api/v1", 1)[1].split("?")[0]
        asked = f"{request.method} {path}"
        # Asked all the time: only an answer of its own stands for it.
        known = [self.answers.get(asked)] if path == "/orders/preview" else self._answers(asked)
        handler = next((found for found in known if found), self._usual)
        answer = handler(route, request)
        if answer is not None:
            status, body = answer
            route.fulfill(status=status, json=body)

    def _answers(self, asked: str) -> list[Any]:
        return [handler for prefix, handler in self.answers.items() if asked.startswith(prefix)]

    def _usual(self, route: Route, request: Request) -> Answer | None:
        path, _, query = request.url.split("/api/v1", 1)[1].partition("?")
        spot = "category=spot" in query
        if path == "/session":
            return 200, {"signed_in": True, "user": "demo", "rights": ["read", "trade"], "csrf": "token"}
        if path == "/instruments":
            of = [spot_instrument(symbol) for symbol in SPOT] if spot else [*map(instrument, INSTRUMENTS)]
            return 200, {"items": of, "next": None}
        if request.method == "GET" and path == "/orders":
            return 200, {"items": self.market.ended if "state=closed" in query else [], "next": None}
        if path == "/protection":
            return 200, {"items": [], "orphans": []}
        if path == "/executions":
            return 200, {"items": [], "next": None}
        if path == "/health":
            return 200, {"status": "ok"}
        if path == "/markets":
            rows = map(self.market.listed_spot, SPOT) if spot else map(self.market.listed, INSTRUMENTS)
            only = "favourites=true" in query
            return 200, {"items": [row for row in rows if row["favourite"] or not only], "next": None}
        if path.endswith("/candles"):
            return 200, self.market.candles(path.split("/")[2], T0, SPOT if spot else INSTRUMENTS)
        if path.startswith("/favourites"):
            _, _, category, symbol = path.split("/")
            name = symbol if category == "linear" else f"{category}/{symbol}"
            (self.market.favourites.add if request.method == "PUT" else self.market.favourites.discard)(name)
            return 200, {"items": [], "next": None}
        if request.method == "POST" and path == "/orders":
            return 201, self.market.order(request.post_data_json)
        return 404, error("not_found")

    def posts(self, path: str = "/orders") -> list[dict[str, Any]]:
        found = [call for call in self.calls if call.method == "POST" and call.url.endswith(f"/api/v1{path}")]
        return [call.post_data_json for call in found]

    # ---- the page

    def open(self, fragment: str = "") -> Played:
        self.page.goto(f"/{fragment}")
        expect(self.chip("live")).to_be_visible()
        expect(self.page.locator(".last-large .number")).to_have_text("64,250.0")
        return self

    def go(self, name: str) -> None:
        go(self.page, name)

    def open_spot(self, symbol: str = "BTCUSDT", last: str = "64,300.25") -> Played:
        self.page.goto(f"/#/trade/spot/{symbol}")
        expect(self.chip("live")).to_be_visible()
        expect(self.page.locator(".last-large .number")).to_have_text(last)
        return self

    def chip(self, kind: str) -> Any:
        return self.page.locator(f".head .chip[data-kind={kind}]")

    def ticket(
        self, *, side: str = "Buy / Long", kind: str = "Limit", size: str = "0.01", price: str | None = None
    ) -> None:
        self.page.get_by_role("button", name=side).click()
        self.page.get_by_role("radio", name=kind).check()
        if price is not None:
            self.page.locator("#ticket-price").fill(price)
        self.page.locator("#ticket-size").fill(size)

    def review(self) -> None:
        self.page.get_by_role("button", name=re.compile("^Review")).click()

    def place(self) -> Any:
        """The button that sends, in Review."""
        return self.page.locator("dialog [data-confirm]")

    def outcome(self, name: str) -> Any:
        return self.page.locator(f".outcome[data-outcome={name}]")
