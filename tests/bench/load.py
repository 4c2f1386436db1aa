"""`resolve` and `events`: what a pass costs with many open orders, and whether a busy account is kept up with."""

import json
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import requests
from websockets.sync.client import connect

from tests.conftest import Stack, wait_for

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT")
SIZES = {"BTCUSDT": "0.001", "ETHUSDT": "0.01", "SOLUSDT": "0.1", "XRPUSDT": "10", "DOGEUSDT": "100"}
PASSES = 9
EVENTS_PER_SECOND = 500
BURST = 1_000
SENDERS = 6
# A fill is one execution event and one order event.
EVENTS_PER_FILL = 2
ORDERS = 25


class Load:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.rules = {
            row["symbol"]: row for row in stack.api("GET", "/instruments?category=linear").json()["items"]
        }

    def resting(self, count: int, *, qty: str | None = None, symbols: tuple[str, ...] = SYMBOLS) -> list[str]:
        """Open orders "made in Bybit's own app", spread over the markets. Returns Bybit's ids."""
        made = []
        for number in range(count):
            symbol = symbols[number % len(symbols)]
            tick = Decimal(self.rules[symbol]["tick_size"])
            price = (
                Decimal(self.stack.paper.last(symbol)) * Decimal("0.985") / tick
            ).to_integral_value() * tick
            body = {
                "symbol": symbol,
                "side": "Buy",
                "orderType": "Limit",
                "qty": qty or SIZES[symbol],
                "price": format(price, "f"),
            }
            made.append(self.stack.paper.control("external", {"category": "linear", **body})["orderId"])
        return made

    # ---- resolve

    def resolve(self) -> dict[str, Any]:
        raw: dict[str, Any] = {}
        worst = 0.0
        for count in (100, 1_000):
            self.resting(count - self._open())
            wait_for(lambda n=count: self._open() == n, 60, f"{count} open orders")
            wait_for(self.stack.live, 30, "a live stream")
            costs = [self._one_pass() for _ in range(PASSES)]
            asked = [cost for cost, _ in costs]
            raw[str(count)] = {
                "requests_median": statistics.median(asked),
                "requests_max": max(asked),
                "seconds_median": round(statistics.median(seconds for _, seconds in costs), 2),
                "ratio": round(max(asked) / (count / 50), 3),
            }
            worst = raw[str(count)]["ratio"]
        self.stack.api("POST", "/orders/cancel-all", {"account": "paper"})
        return {"ratio": worst, "raw": raw, "n": PASSES}

    def _open(self) -> int:
        truth = self.stack.paper.truth()["orders"]
        return sum(row["orderStatus"] in ("New", "PartiallyFilled") for row in truth)

    def _one_pass(self) -> tuple[int, float]:
        from bybit.models import Account
        from orders.resolver import resolve

        account = Account.objects.get(pk="paper")
        while True:
            before = time.time_ns()
            result = resolve(account)
            after = time.time_ns()
            if result is not None:
                break
        assert result.complete, result.trouble
        journal = requests.get(f"{self.stack.paper_url}/_paper/journal", timeout=30).json()["items"]
        asked = [row for row in journal if row["method"] == "GET" and before <= row["at_ns"] <= after]
        private = [row for row in asked if not row["path"].startswith("/v5/market/instruments")]
        return len(private), (after - before) / 1e9

    # ---- events

    def events(self, seconds: int = 120) -> dict[str, Any]:
        """Fills of resting orders, spread evenly, and then a burst at once."""
        per_second = EVENTS_PER_SECOND // EVENTS_PER_FILL
        orders = self.resting(ORDERS, qty=str(per_second * seconds // ORDERS + 500), symbols=("DOGEUSDT",))
        watcher = Watcher(self.stack)
        started = time.time()
        made = self.fills(orders, per_second * seconds, per_second)
        ended = time.time()
        wait_for(lambda: watcher.has(made), 120, "every fill on the page's socket")
        burst_at = time.time()
        burst = self.fills(orders, BURST // EVENTS_PER_FILL, BURST)
        wait_for(lambda: watcher.has(burst), 60, "the burst on the page's socket")
        watcher.stop()
        pushed = [(watcher.shown[name] - at) * 1000 for name, at in made.items()]
        lag = max(0.0, max(watcher.shown[name] for name in made) - ended)
        self.stack.api("POST", "/orders/cancel-all", {"account": "paper"})
        return {
            "ratio": round((ended - started) / (ended - started + lag), 2),
            "raw": {
                "events_per_second": round(len(made) * EVENTS_PER_FILL / (ended - started), 1),
                "apply": quantiles(self._applied(made)),
                "push": quantiles(pushed),
                "burst_of_1000_seconds": round(max(watcher.shown[name] for name in burst) - burst_at, 2),
            },
            "n": len(made) * EVENTS_PER_FILL,
        }

    def fills(self, orders: list[str], count: int, per_second: float) -> dict[str, float]:
        """Fills one unit `count` times. Returns when each was matched, by execId."""
        made: dict[str, float] = {}
        local = threading.local()
        start = time.perf_counter()

        def fill(number: int) -> None:
            if not hasattr(local, "http"):
                local.http = requests.Session()
                local.http.trust_env = False
            time.sleep(max(0.0, start + number / per_second - time.perf_counter()))
            body = {"orderId": orders[number % len(orders)], "qty": "1"}
            answer = local.http.post(f"{self.stack.paper_url}/_paper/fill", json=body, timeout=30)
            assert answer.ok, answer.text
            told = answer.json()
            made[told["execId"]] = int(told["at_ns"]) / 1e9

        with ThreadPoolExecutor(SENDERS) as pool:
            list(pool.map(fill, range(count), chunksize=1))
        return made

    def _applied(self, made: dict[str, float]) -> list[float]:
        """Milliseconds from the match to the row, fill by fill."""
        from orders.models import Fill

        rows = Fill.objects.filter(account="paper", symbol="DOGEUSDT").values_list("exec_id", "recorded_at")
        return [(at.timestamp() - made[name]) * 1000 for name, at in rows if name in made]


class Watcher:
    """A page's socket that notes when each fill was shown."""

    def __init__(self, stack: Stack) -> None:
        self.shown: dict[str, float] = {}
        protocols: list[Any] = ["tradepost.v1", f"bearer.{stack.token()}"]
        self._socket = connect(f"ws://localhost:{stack.port}/ws/live", subprotocols=protocols, max_size=2**24)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for text in self._socket:
            if text[:14] == '{"type":"fill"':
                self.shown[json.loads(text)["fill"]["exec_id"]] = time.time()

    def has(self, names: dict[str, float]) -> bool:
        return names.keys() <= self.shown.keys()

    def stop(self) -> None:
        self._socket.close()


def quantiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    at = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "max_ms": 1.0}
    return {name: round(ordered[max(0, int(len(ordered) * part) - 1)], 1) for name, part in at.items()}
