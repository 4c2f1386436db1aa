"""`make bench`: the ratios of the contract, each from two things measured in turns in one run. Prints one JSON
document and writes var/bench.json."""

import json
import os
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests
from pybit.unified_trading import HTTP, WebSocket
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.bench.front import Front
from tests.bench.load import Load
from tests.conftest import ROOT, Stack, start_stack, two_free_ports, wait_for

SUBMITS = 300
SLOW_SUBMITS = 40
FILLS = 200
SYMBOL = "BTCUSDT"
QTY = "0.001"
# Under this name a reader notes that its socket is open.
OPEN = "open"


def timed(work: Callable[[], Any]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median_ms": round(statistics.median(ordered), 3),
        "p95_ms": round(ordered[int(len(ordered) * 0.95) - 1], 3),
    }


class Bench:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.web = requests.Session()
        self.web.trust_env = False
        self.web.headers["Authorization"] = f"Bearer {stack.token()}"
        self.bare = HTTP(api_key="paper-key", api_secret="paper-secret", log_requests=False)
        self.bare.endpoint = stack.paper_url
        self.bare.client.trust_env = False
        stack.paper.control("pause", {"on": True})
        last = float(stack.paper.last(SYMBOL))
        # Far enough to rest, near enough for the price band.
        self.price = str(round(last * 0.985, 1))

    # ---- the things that are timed

    def post(self) -> str:
        order_id = str(uuid.uuid4())
        body = {
            "id": order_id,
            "account": "paper",
            "category": "linear",
            "symbol": SYMBOL,
            "side": "Buy",
            "order_type": "Limit",
            "qty": QTY,
            "price": self.price,
        }
        answer = self.web.post(f"{self.stack.url}/api/v1/orders", json=body)
        assert answer.status_code == 201, answer.text
        return order_id

    def pybit_order(self) -> None:
        self.bare.place_order(
            category="linear",
            symbol=SYMBOL,
            side="Buy",
            orderType="Limit",
            qty=QTY,
            price=self.price,
            timeInForce="GTC",
            positionIdx=0,
            reduceOnly=False,
            orderLinkId=str(uuid.uuid4()),
        )

    def empty_view(self) -> None:
        assert self.web.get(f"{self.stack.url}/bench/empty").status_code == 204

    def clean(self) -> None:
        self.bare.cancel_all_orders(category="linear", symbol=SYMBOL)
        wait_for(lambda: not self.stack.api("GET", "/orders?state=open").json()["items"], 30, "no open order")

    # ---- the benchmarks

    def submit(self) -> dict[str, Any]:
        posts, bares, empties = [], [], []
        for number in range(SUBMITS):
            posts.append(timed(self.post))
            bares.append(timed(self.pybit_order))
            empties.append(timed(self.empty_view))
            if number % 100 == 99:
                self.clean()
        post, bare, empty = (statistics.median(values) for values in (posts, bares, empties))
        raw = {"post": spread(posts), "bare_pybit": spread(bares), "empty_view": spread(empties)}
        return {"ratio": round((post - bare) / empty, 3), "raw": raw, "n": SUBMITS}

    def submit_80ms(self) -> dict[str, Any]:
        self.stack.paper.fault(endpoint="/v5/order/create", accept="before", reply="ok", ms=80)
        posts, bares = [], []
        for _ in range(SLOW_SUBMITS):
            posts.append(timed(self.post))
            bares.append(timed(self.pybit_order))
        self.stack.paper.clear()
        self.clean()
        ratio = statistics.median(posts) / statistics.median(bares)
        return {
            "ratio": round(ratio, 3),
            "raw": {"post": spread(posts), "bare_pybit": spread(bares)},
            "n": len(posts),
        }

    def fill(self) -> dict[str, Any]:
        called: dict[str, int] = {}
        shown: dict[str, int] = {}
        marks: dict[str, int] = {}
        arrived = threading.Condition()

        def on_execution(message: dict[str, Any]) -> None:
            now = time.time_ns()
            with arrived:
                called.update({row["execId"]: now for row in message["data"]})
                arrived.notify_all()

        private = bare_stream(self.stack.paper_url)
        private.execution_stream(on_execution)
        stopping = threading.Event()
        for reads in (read_page, read_plain):
            args = (self.stack, marks if reads is read_plain else shown, arrived, stopping)
            threading.Thread(target=reads, args=args, daemon=True).start()
        wait_for(lambda: OPEN in shown and OPEN in marks, 10, "both sockets")
        to_row, to_callback, through = [], [], []
        for number in range(FILLS):
            order_id = self.post()
            self._resting(order_id)
            answer = self.stack.paper.control("fill", {"orderLinkId": order_id, "qty": QTY})
            exec_id, at_ns = answer["execId"], int(answer["at_ns"])
            with arrived:
                assert arrived.wait_for(lambda e=exec_id: e in called and e in shown, 10), exec_id
            to_row.append((shown[exec_id] - at_ns) / 1e6)
            to_callback.append((called[exec_id] - at_ns) / 1e6)
            through.append(self._through_layer(f"m{number}", marks, arrived))
        stopping.set()
        private.exit()
        row, callback, layer = (statistics.median(values) for values in (to_row, to_callback, through))
        raw = {
            "match_to_row": spread(to_row),
            "match_to_pybit": spread(to_callback),
            "layer": spread(through),
        }
        return {"ratio": round((row - callback) / layer, 3), "raw": raw, "n": FILLS}

    def _resting(self, order_id: str) -> None:
        wait_for(lambda: self.stack.order(order_id)["state"] == "working", 10, "a resting order")

    def _through_layer(self, mark: str, marks: dict[str, int], arrived: threading.Condition) -> float:
        from tests.bench.asgi import GROUP

        start = time.time_ns()
        layer_loop().group_send(GROUP, {"type": "mark", "text": mark})
        with arrived:
            assert arrived.wait_for(lambda: mark in marks, 10), mark
        return (marks[mark] - start) / 1e6


_loops: list[Any] = []


def layer_loop() -> Any:
    from orders.topics import Loop

    if not _loops:
        _loops.append(Loop())
    return _loops[0]


def bare_stream(url: str) -> Any:
    class Rebased(WebSocket):  # type: ignore[misc]
        def _connect(self, template: str) -> None:
            where = url.replace("http", "ws") + template[template.index("/v5/") :]
            super()._connect(where if "{" in template else template)

    return Rebased(
        channel_type="private",
        testnet=False,
        api_key="paper-key",
        api_secret="paper-secret",
        private_auth_expire=10,
    )


def read_page(
    stack: Stack, shown: dict[str, int], arrived: threading.Condition, stopping: threading.Event
) -> None:
    """Notes when the page's socket showed each fill."""
    protocols: list[Any] = ["tradepost.v1", f"bearer.{stack.token()}"]
    with connect(f"ws://localhost:{stack.port}/ws/live", subprotocols=protocols) as socket:
        for text, now in texts(socket, stopping):
            message = json.loads(text)
            if message["type"] in ("fill", "snapshot"):
                with arrived:
                    shown[message["fill"]["exec_id"] if message["type"] == "fill" else OPEN] = now
                    arrived.notify_all()


def read_plain(
    stack: Stack, marks: dict[str, int], arrived: threading.Condition, stopping: threading.Event
) -> None:
    """Notes when the plain socket had each mark."""
    with connect(f"ws://localhost:{stack.port}/bench/socket") as socket:
        marks[OPEN] = time.time_ns()
        for text, now in texts(socket, stopping):
            with arrived:
                marks[text] = now
                arrived.notify_all()


def texts(socket: Any, stopping: threading.Event) -> Iterator[tuple[str, int]]:
    while not stopping.is_set():
        try:
            text = socket.recv(timeout=0.5)
        except TimeoutError:
            continue
        except ConnectionClosed:
            return
        yield text, time.time_ns()


def main() -> None:
    chosen = sys.argv[1:] or ["submit", "submit_80ms", "fill", "resolve", "events", "sockets", "page"]
    data = Path(tempfile.mkdtemp(prefix="tradepost-bench-"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"
    # Nothing armed: a look at each failpoint costs.
    stack = start_stack(data, two_free_ports(), TRADEPOST_FAILPOINTS="", TRADEPOST_BACKFILL_DAYS="0")
    try:
        wait_for(lambda: any(line.startswith("SIGN-IN ") for line in stack.lines), 90, "READY")
        os.environ["TRADEPOST_DATA"] = str(data)
        import django

        django.setup()
        stack.paper.control("limits", {"scale": "off"})
        parts = (Bench(stack), Load(stack), Front(stack))
        found = {
            name: next(getattr(part, name) for part in parts if hasattr(part, name))() for name in chosen
        }
    finally:
        stack.stop()
    target = ROOT / "var" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    text = json.dumps(found, indent=2)
    target.write_text(text + "\n")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
