"""What is done to the house: kill -9, a freeze, faults of the wire, and kills at named places of the code."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from bybit.failpoints import NAMES
from tests.conftest import TRAP, Stack, answers, wait_for

PROCESSES = ("web", "stream", "worker", "resolver", "beat", "alerts", "valkey", "postgres", "paper")
FREEZABLE = ("web", "stream", "worker", "resolver", "valkey", "postgres", "paper")
WRITES = ("/v5/order/create", "/v5/order/cancel", "/v5/order/*")
READS = ("/v5/order/realtime", "/v5/order/history", "/v5/execution/list", "/v5/position/list", "/v5/*")
REPLIES: tuple[dict[str, Any], ...] = (
    {"reply": "drop"},
    {"reply": "rst"},
    {"reply": "hang", "ms": 7000},
    {"reply": "drip"},
    {"reply": "status", "code": 502},
    {"reply": "garbage"},
    {"reply": "html"},
    {"reply": "truncate"},
    {"reply": "ret", "code": 10016},
    {"reply": "ret", "code": 10006},
    {"reply": "ret", "code": 424242},
)
FRAMES = ("dup", "reorder", "delay", "drop", "bad_json", "unknown_topic", "new_enum")
SOCKETS = ("close", "abort", "silent", "refuse", "accept_then_close", "auth_fail", "sub_fail")


@dataclass(frozen=True, slots=True)
class Harm:
    """What was done; `over` is when nothing was broken any more but for what must recover by itself."""

    name: str
    over: float


class Harmer:
    def __init__(self, stack: Stack, rng: random.Random, look: Callable[[], None]) -> None:
        self._stack, self._rng, self._look = stack, rng, look
        self._pause = threading.Event()
        self.frozen: set[int] = set()

    def strike(self, between: Callable[[], None]) -> Harm:
        """Does one thing at random; `between` runs while it is broken."""
        kinds = {self._kill: 40, self._freeze: 12, self._rest: 20, self._socket: 16, self._trip: 12}
        (kind,) = self._rng.choices(list(kinds), weights=list(kinds.values()))
        return kind(between)

    def calm(self) -> None:
        """Ends everything that was done."""
        (self._stack.data / TRAP).unlink(missing_ok=True)
        for pid in self.frozen:
            self._signal(pid, signal.SIGCONT)
        wait_for(lambda: answers(f"{self._stack.paper_url}/v5/market/time"), 30, "the paper exchange")
        self._stack.paper.clear()
        self._stack.paper.control("limits", {"scale": "off"})

    @staticmethod
    def _signal(pid: int, number: signal.Signals) -> bool:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True

    def _kill(self, between: Callable[[], None]) -> Harm:
        name = self._rng.choice(PROCESSES)
        if name == "paper":
            self._look()
        pid = self._stack.children().get(name)
        if pid is None or not self._signal(pid, signal.SIGKILL):
            return Harm(f"kill {name} (was down)", time.monotonic())
        start = time.monotonic()
        if name == "paper":
            wait_for(lambda: answers(f"{self._stack.paper_url}/v5/market/time"), 30, "the paper exchange")
            self._stack.paper.control("limits", {"scale": "off"})
            start = time.monotonic()
        between()
        return Harm(f"kill {name}", start)

    def _freeze(self, between: Callable[[], None]) -> Harm:
        name = self._rng.choice(FREEZABLE)
        pid = self._stack.children().get(name)
        if pid is None or not self._signal(pid, signal.SIGSTOP):
            return Harm(f"freeze {name} (was down)", time.monotonic())
        self.frozen.add(pid)
        try:
            if name != "paper":
                between()
            self._pause.wait(self._rng.uniform(1, 6))
        finally:
            self._signal(pid, signal.SIGCONT)
            self.frozen.discard(pid)
        if name == "paper":
            between()
        return Harm(f"freeze {name}", time.monotonic())

    def _rest(self, between: Callable[[], None]) -> Harm:
        """A few requests, or all for some seconds."""
        endpoint = self._rng.choice(WRITES if self._rng.random() < 0.6 else READS)
        body = {"endpoint": endpoint, **self._rng.choice(REPLIES)}
        accept = self._rng.choice(["before", "before", "never", "late"]) if endpoint in WRITES else "before"
        if accept == "late":
            body = {"endpoint": endpoint, "reply": "drop", "ms": self._rng.choice([500, 3500, 5500])}
        self._stack.paper.fault(accept=accept, count=self._rng.choice([1, 3, 20]), **body)
        between()
        self._pause.wait(self._rng.uniform(1, 5))
        self._stack.paper.clear()
        return Harm(f"rest {body['reply']}", time.monotonic())

    def _socket(self, between: Callable[[], None]) -> Harm:
        do = self._rng.choice(FRAMES + SOCKETS)
        ms = self._rng.randint(500, 5000)
        self._stack.paper.fault(stream="private", do=do, ms=ms)
        if do in ("refuse", "accept_then_close", "auth_fail", "sub_fail"):
            self._stack.paper.fault(stream="private", do="abort")
        between()
        self._pause.wait(ms / 1000)
        self._stack.paper.clear()
        return Harm(f"socket {do}", time.monotonic())

    def _trip(self, between: Callable[[], None]) -> Harm:
        """A kill at a named place of the code, by whichever process gets there first."""
        name = self._rng.choice(sorted(NAMES))
        self._stack.trap(f"{name}=kill")
        try:
            wait_for(self._stack.sprung, 6, name)
        except AssertionError:
            (self._stack.data / TRAP).unlink(missing_ok=True)
            return Harm(f"trip {name} (not reached)", time.monotonic())
        start = time.monotonic()
        between()
        return Harm(f"trip {name}", start)


def quietly(work: Callable[[], None]) -> None:
    """While the exchange is down, or answers nonsense because it was told to, nothing can be done there."""
    try:
        work()
    except (requests.RequestException, AssertionError, LookupError, ValueError):
        return
