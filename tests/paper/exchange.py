"""The paper exchange as a real process, and the ways in which a stranger talks to it."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import requests
from pybit.unified_trading import HTTP, WebSocket

PATIENCE = 5.0


def eventually(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first true value of a condition."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition never came true"
        pause.wait(0.01)
    return value


class Exchange:
    """One running process of bybit.paper."""

    def __init__(self, *options: str, port: int = 0) -> None:
        command = [sys.executable, "-m", "bybit.paper", "--port", str(port), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.web = requests.Session()
        self.web.trust_env = False
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        found = re.fullmatch(r"paper exchange on (http://127\.0\.0\.1:([0-9]+)) seed=-?[0-9]+\n", self.line)
        assert found is not None, f"it did not start, exit code {self.process.wait(5)}"
        self.base, self.port = found[1], int(found[2])

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(5)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait(5)

    def control(self, call: str, **body: Any) -> dict[str, Any]:
        """A control call that must succeed."""
        reply = self.web.post(f"{self.base}/_paper/{call}", json=body, timeout=10)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def truth(self, account: str = "paper") -> dict[str, Any]:
        return dict(self.web.get(f"{self.base}/_paper/truth", params={"account": account}, timeout=10).json())

    def journal(self, link: str) -> list[dict[str, Any]]:
        reply = self.web.get(f"{self.base}/_paper/journal", params={"orderLinkId": link}, timeout=10)
        return list(reply.json()["items"])

    def clear_faults(self) -> None:
        assert self.web.delete(f"{self.base}/_paper/fault", timeout=10).status_code == 200

    def public(self, path: str, **query: Any) -> dict[str, Any]:
        return dict(self.web.get(f"{self.base}{path}", params=query, timeout=10).json())

    def open_trader(self, **more: Any) -> Trader:
        """A new key; with a new account unless one is named."""
        key, secret = f"key-{uuid4().hex[:12]}", uuid4().hex
        account = self.control("key", key=key, secret=secret, **more)["account"]
        return Trader(self, key, secret, account)


class Trader:
    """One key: raw signed requests, pybit's HTTP session, pybit's sockets."""

    def __init__(self, exchange: Exchange, key: str, secret: str, account: str) -> None:
        self.exchange, self.key, self.secret, self.account = exchange, key, secret, account
        self.http = HTTP(api_key=key, api_secret=secret, max_retries=1, retry_codes={-999999}, timeout=5)
        self.http.endpoint = exchange.base
        self.http.client.trust_env = False
        self.open: list[WebSocket] = []

    def sign(self, payload: str, stamp: int | str, window: str = "5000") -> str:
        text = f"{stamp}{self.key}{window}{payload}"
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    def headers(self, payload: str, **changes: str) -> dict[str, str]:
        """The signed headers of a payload; changes replace them after signing, "" leaves one out."""
        stamp = changes.get("X-BAPI-TIMESTAMP") or str(int(time.time() * 1000))
        window = changes.get("X-BAPI-RECV-WINDOW") or "5000"
        values = {
            "X-BAPI-API-KEY": self.key,
            "X-BAPI-TIMESTAMP": stamp,
            "X-BAPI-RECV-WINDOW": window,
            "X-BAPI-SIGN": self.sign(payload, stamp, window),
            "Content-Type": "application/json",
            **changes,
        }
        return {name: value for name, value in values.items() if value}

    def post_raw(self, path: str, body: str, timeout: float = 10, **changes: str) -> requests.Response:
        headers = self.headers(body, **changes)
        url = self.exchange.base + path
        with requests.Session() as session:
            session.trust_env = False
            return session.post(url, data=body.encode(), headers=headers, timeout=timeout)

    def get_raw(self, path: str, query: str = "", **changes: str) -> requests.Response:
        headers = self.headers(query, **changes)
        return self.exchange.web.get(f"{self.exchange.base}{path}?{query}", headers=headers, timeout=10)

    def post(self, path: str, timeout: float = 10, **body: Any) -> dict[str, Any]:
        """A signed POST; the document, whatever its retCode."""
        return dict(self.post_raw(path, json.dumps(body, separators=(",", ":")), timeout).json())

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        text = "&".join(f"{name}={value}" for name, value in query.items())
        return dict(self.get_raw(path, text).json())

    def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        document = self.get(path, category="linear", **query)
        assert document["retCode"] == 0, document
        return list(document["result"]["list"])

    def order(
        self, side: str = "Buy", qty: str = "0.010", price: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """POST /v5/order/create for BTCUSDT; the document."""
        kind = {"orderType": "Market"} if price is None else {"orderType": "Limit", "price": price}
        body = {"category": "linear", "symbol": "BTCUSDT", "side": side, "qty": qty, **kind, **more}
        return self.post("/v5/order/create", **body)

    def placed(self, *args: Any, **more: Any) -> str:
        """An order that must be taken; its orderId."""
        document = self.order(*args, **more)
        assert document["retCode"] == 0, document
        return str(document["result"]["orderId"])

    def row(self, order_id: str) -> dict[str, Any]:
        """The order as realtime shows it."""
        return self.rows("/v5/order/realtime", orderId=order_id)[0]

    def position(self, symbol: str = "BTCUSDT") -> dict[str, Any]:
        return self.rows("/v5/position/list", symbol=symbol)[0]

    def wallet(self) -> dict[str, Any]:
        return dict(self.get("/v5/account/wallet-balance", accountType="UNIFIED")["result"]["list"][0])

    def listen(self, *topics: str) -> Inbox:
        """pybit's private socket, subscribed and answered."""
        inbox = Inbox(self.exchange, "private", self.key, self.secret)
        self.open.append(inbox.socket)
        inbox.subscribe(*topics)
        return inbox

    def close(self) -> None:
        for socket_ in self.open:
            socket_.exit()


class Rebased(WebSocket):
    """pybit's socket with nothing changed but the base URL."""

    base = ""

    def _connect(self, url: str) -> None:
        if "{SUBDOMAIN}" in url:
            url = self.base + url[url.index("/v5/") :]
        super()._connect(url)


class Inbox:
    """A pybit socket whose pushes land in a queue."""

    def __init__(
        self, exchange: Exchange, channel: str, key: str | None = None, secret: str | None = None
    ) -> None:
        kind = type("Here", (Rebased,), {"base": f"ws://127.0.0.1:{exchange.port}"})
        self.socket = kind(channel, testnet=False, api_key=key, api_secret=secret, private_auth_expire=10)
        self.frames: queue.Queue[tuple[int, dict[str, Any]]] = queue.Queue()
        self._kept: list[dict[str, Any]] = []

    def put(self, frame: dict[str, Any]) -> None:
        self.frames.put((time.time_ns(), json.loads(json.dumps(frame))))

    def subscribe(self, *topics: str) -> None:
        """Subscribes and waits for the acknowledgements, as far as pybit lets one see them."""
        for topic in topics:
            self.socket.subscribe(topic, self.put, "x") if "." in topic else getattr(
                self.socket, f"{topic}_stream"
            )(self.put)

    def next(self, topic: str = "", seconds: float = PATIENCE) -> dict[str, Any]:
        """The next frame of a topic (of any when it is empty); others are kept for later."""
        for frame in self._kept:
            if topic in ("", frame["topic"]):
                self._kept.remove(frame)
                return frame
        while True:
            frame = self.frames.get(timeout=seconds)[1]
            if topic in ("", frame["topic"]):
                return frame
            self._kept.append(frame)

    def until(self, topic: str, name: str, value: Any) -> dict[str, Any]:
        """The next row of a topic that has this value."""
        while True:
            for row in self.next(topic)["data"]:
                if row[name] == value:
                    return dict(row)
