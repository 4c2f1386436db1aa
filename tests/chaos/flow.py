"""A steady flow of orders of mixed kinds, by people, by scripts and in the exchange's own app, through a house that
is being hit."""

import random
import threading
import time
import uuid
from collections import Counter, deque
from decimal import Decimal
from typing import Any

import requests

from tests.conftest import Stack

SYMBOLS = {"BTCUSDT": ("0.1", "0.001"), "ETHUSDT": ("0.01", "0.01")}
KINDS = {
    "limit": 40,
    "market": 16,
    "post_only": 4,
    "ioc": 4,
    "twice": 4,
    "close": 5,
    "cancel": 18,
    "fill": 6,
    "external": 3,
    "cancel_all": 0.3,
}


class Flow:
    """`rate` commands a second from a few threads, until stopped. Counts what came back and keeps every id that was
    answered for: such an order must never be lost."""

    def __init__(self, stack: Stack, rate: float, seed: int) -> None:
        self._stack, self._rate, self._seed = stack, rate, seed
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._prices = dict.fromkeys(SYMBOLS, Decimal(0))
        self._threads: list[threading.Thread] = []
        self.answers: Counter[str] = Counter()
        self.answered: set[str] = set()
        self.resting: deque[str] = deque(maxlen=200)
        self.seconds: list[float] = []

    def start(self, threads: int = 4) -> None:
        self._stack.token()
        for number in range(threads):
            thread = threading.Thread(target=self._run, args=(number, self._rate / threads), daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, number: int, rate: float) -> None:
        rng = random.Random(f"{self._seed}-{number}")
        while not self._stopping.wait(rng.expovariate(rate)):
            (kind,) = rng.choices(list(KINDS), weights=list(KINDS.values()))
            try:
                outcome = getattr(self, f"_{kind}")(rng)
            except (requests.RequestException, AssertionError, KeyError, ValueError) as error:
                # The house or the exchange is down just now, or answers with what is no JSON.
                outcome = type(error).__name__
            with self._lock:
                self.answers[f"{kind} {outcome}"] += 1

    # ---- what people and scripts do

    def _price(self, symbol: str) -> Decimal:
        try:
            self._prices[symbol] = Decimal(self._stack.paper.last(symbol))
        except (requests.RequestException, KeyError, IndexError, ValueError):
            if not self._prices[symbol]:
                raise
        return self._prices[symbol]

    def _wish(self, rng: random.Random, **changes: Any) -> dict[str, Any]:
        symbol = rng.choice(list(SYMBOLS))
        tick, step = (Decimal(text) for text in SYMBOLS[symbol])
        wish = {
            "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "account": "paper",
            "category": "linear",
            "symbol": symbol,
            "side": rng.choice(["Buy", "Sell"]),
            "order_type": "Limit",
            "qty": format(step * rng.randint(4, 12), "f"),
            **changes,
        }
        if wish["order_type"] == "Limit":
            away = Decimal(rng.randint(5, 200)) / 10_000
            away = away if wish["side"] == "Sell" else -away
            crossing = wish.get("time_in_force") in ("PostOnly", "IOC")
            price = self._price(symbol) * (1 - away if crossing else 1 + away)
            wish["price"] = format((price / tick).to_integral_value() * tick, "f")
        return wish

    def _post(self, wish: dict[str, Any], path: str = "/orders") -> str:
        start = time.monotonic()
        answer = self._stack.api("POST", path, wish)
        if answer.status_code in (200, 201, 202):
            with self._lock:
                self.answered.add(wish["id"])
                self.seconds.append(time.monotonic() - start)
                if answer.json()["state"] == "working":
                    self.resting.append(wish["id"])
        return str(answer.status_code)

    def _limit(self, rng: random.Random) -> str:
        wish = self._wish(rng)
        outcome = self._post(wish)
        with self._lock:
            self.resting.append(wish["id"])
        return outcome

    def _market(self, rng: random.Random) -> str:
        return self._post(self._wish(rng, order_type="Market"))

    def _post_only(self, rng: random.Random) -> str:
        return self._post(self._wish(rng, time_in_force="PostOnly"))

    def _ioc(self, rng: random.Random) -> str:
        return self._post(self._wish(rng, time_in_force="IOC"))

    def _twice(self, rng: random.Random) -> str:
        """Two taps at once, and a third when the first has its answer or has lost it."""
        wish = self._wish(rng)
        other = threading.Thread(target=self._quietly, args=(wish,), daemon=True)
        other.start()
        self._quietly(wish)
        other.join(30)
        return self._post(wish)

    def _quietly(self, wish: dict[str, Any]) -> None:
        try:
            self._post(wish)
        except (requests.RequestException, ValueError):
            return

    def _close(self, rng: random.Random) -> str:
        positions = self._stack.api("GET", "/positions").json()["items"]
        if not positions:
            return "flat"
        wish = {"id": str(uuid.UUID(int=rng.getrandbits(128), version=4))}
        return self._post(wish, f"/positions/{rng.choice(positions)['id']}/close")

    def _taken(self, rng: random.Random) -> str | None:
        with self._lock:
            if not self.resting:
                return None
            index = rng.randrange(len(self.resting))
            found = self.resting[index]
            del self.resting[index]
            return found

    def _cancel(self, rng: random.Random) -> str:
        order_id = self._taken(rng)
        if order_id is None:
            return "none"
        return str(self._stack.api("DELETE", f"/orders/{order_id}").status_code)

    def _cancel_all(self, rng: random.Random) -> str:
        return str(self._stack.api("POST", "/orders/cancel-all", {"account": "paper"}).status_code)

    # ---- what happens at the exchange

    def _fill(self, rng: random.Random) -> str:
        order_id = self._taken(rng)
        if order_id is None:
            return "none"
        body = {"orderLinkId": order_id, "qty": "0.001" if rng.random() < 0.5 else None}
        body = {name: value for name, value in body.items() if value is not None}
        answer = requests.post(f"{self._stack.paper_url}/_paper/fill", json=body, timeout=5)
        with self._lock:
            self.resting.append(order_id)
        return str(answer.status_code)

    def _external(self, rng: random.Random) -> str:
        wish = self._wish(rng)
        body = {
            "symbol": wish["symbol"],
            "side": wish["side"],
            "orderType": "Limit",
            "qty": wish["qty"],
            "price": wish["price"],
            "positionIdx": 0,
        }
        answer = requests.post(f"{self._stack.paper_url}/_paper/external", json=body, timeout=5)
        return str(answer.status_code)
