"""pybit's sockets, watched. The callback does one thing: it puts the raw message on a queue. Reconnecting is ours:
pybit gives up for good after half a second of refused connections and says nothing (docs/decisions/pybit.md)."""

import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import websocket
from django.conf import settings
from pybit.unified_trading import WebSocket

from bybit.models import Account

# (ping every, pong within), in seconds. A page calls prices stale after five: a quiet market's pongs must come sooner.
PUBLIC_PINGS = (2.5, 2.2)
READY_SECONDS = 8.0
# Spot takes at most ten topics in one request.
TOPICS_AT_ONCE = 10
AUTH_LIFE_SECONDS = 10
PRIVATE_TOPICS = ("order", "execution", "position", "wallet")

# websocket-client waits for ever in a handshake unless told otherwise.
websocket.setdefaulttimeout(10)


class FeedDown(Exception):
    """The socket could not be opened, or stopped being trustworthy. The text says why."""


@dataclass(frozen=True, slots=True)
class Message:
    """One data message: topic, Bybit's time in ms, and its rows (or the object of a public topic)."""

    topic: str
    kind: str
    at_ms: int
    data: Any


@dataclass(frozen=True, slots=True)
class Bad:
    """A frame that is not what Bybit documents, to be kept as evidence."""

    reason: str
    raw: str


class _Wire(WebSocket):  # type: ignore[misc]  # pybit is untyped
    def __init__(self, *, base: str, frames: "queue.SimpleQueue[str]", **options: Any) -> None:
        self._base = base
        self._frames = frames
        self.last_heard = time.monotonic()
        super().__init__(**options)

    def _connect(self, url: str) -> None:
        if self._base and "{SUBDOMAIN}" in url:
            url = self._base + url[url.index("/v5/") :]
        super()._connect(url)

    def _on_message(self, message: str) -> None:
        self.last_heard = time.monotonic()
        self._frames.put(message)

    def _on_pong(self) -> None:
        self.last_heard = time.monotonic()
        super()._on_pong()

    def _on_error(self, error: Exception) -> None:
        # No second life of pybit's making: the supervisor sees a dead thread and builds a new socket.
        self.exited = True

    def __repr__(self) -> str:
        return "<Bybit socket>"


class Feed:
    """One socket of one account: `private`, or a category's public topics. Not thread-safe but for `heard_age`."""

    def __init__(self, account: Account, channel: str, topics: tuple[str, ...] = ()) -> None:
        self._account = account
        self._private = channel == "private"
        self._channel = channel
        self._topics = topics or (PRIVATE_TOPICS if self._private else ())
        self._frames: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._wire: _Wire | None = None
        # When something was last asked for that must be acknowledged: sign-in, subscriptions.
        self._asked_at = 0.0
        self._authorised = False
        self._asked = 0
        # Subscriptions without an answer, by the id of their request.
        self._pending: dict[str, list[str]] = {}
        self._refused = ""
        self._refused_topics: list[str] = []

    def __repr__(self) -> str:
        return f"<Feed {self._channel} of {self._account.pk}>"

    def open(self) -> None:
        """Connects, signs in and subscribes. Raises FeedDown. Readiness shows in `ready` once the acks are read."""
        live_prices = not self._private
        interval, timeout = self._private_pings() if self._private else PUBLIC_PINGS
        try:
            self._wire = _Wire(
                base=self._account.base(stream=True),
                frames=self._frames,
                channel_type=self._channel,
                testnet=self._account.environment == Account.Environment.TESTNET,
                # The demo environment has no prices of its own; they come from the main site.
                demo=self._account.environment == Account.Environment.DEMO and not live_prices,
                api_key=self._account.api_key if self._private else None,
                api_secret=self._account.secret().reveal() if self._private else None,
                ping_interval=interval,
                ping_timeout=timeout,
                retries=2,
                restart_on_error=False,
                private_auth_expire=AUTH_LIFE_SECONDS,
            )
            self._asked_at = time.monotonic()
            for topic in self._topics:
                self._subscribe([topic])
        except (OSError, websocket.WebSocketException) as error:
            raise FeedDown(f"{self._channel}: {type(error).__name__}") from None

    @staticmethod
    def _private_pings() -> tuple[float, float]:
        return settings.PING_SECONDS, settings.PING_SECONDS * 0.8

    def add(self, topics: list[str]) -> None:
        """Subscribes to more topics of an open public feed. Raises FeedDown. What Bybit refuses of them is told by
        `refused`."""
        with self._alive():
            for first in range(0, len(topics), TOPICS_AT_ONCE):
                self._subscribe(topics[first : first + TOPICS_AT_ONCE])

    def drop(self, topics: list[str]) -> None:
        """Unsubscribes. pybit's own method drops whatever shares a request with the topic, so it is not used. Raises
        FeedDown."""
        with self._alive():
            for first in range(0, len(topics), TOPICS_AT_ONCE):
                self._send({"op": "unsubscribe", "args": topics[first : first + TOPICS_AT_ONCE]})

    def refused(self) -> list[str]:
        """The public topics that Bybit refused since the last call. One that it does not know spoils no other."""
        found, self._refused_topics = self._refused_topics, []
        return found

    @contextmanager
    def _alive(self) -> Iterator[None]:
        try:
            yield
        except (OSError, websocket.WebSocketException) as error:
            raise FeedDown(f"{self._channel}: {type(error).__name__}") from None

    def _subscribe(self, topics: list[str]) -> None:
        self._asked += 1
        self._asked_at = time.monotonic()
        self._pending[f"s{self._asked}"] = topics
        self._send({"op": "subscribe", "req_id": f"s{self._asked}", "args": topics})

    def _send(self, frame: dict[str, Any]) -> None:
        if self._wire is not None:
            self._wire.ws.send(json.dumps(frame))

    def close(self) -> None:
        """Ends the socket; safe to call twice."""
        wire, self._wire = self._wire, None
        if wire is not None:
            # exit() waits for the read thread and can hang on a dead peer: it ends on a thread of its own.
            threading.Thread(target=wire.exit, name="feed-exit", daemon=True).start()

    @property
    def ready(self) -> bool:
        """True once the sign-in and every subscription were acknowledged, which pybit never checks."""
        return not self._pending and (self._authorised or not self._private)

    @property
    def backlog(self) -> int:
        return self._frames.qsize()

    def heard_age(self) -> float:
        """Seconds since the last frame or pong."""
        return time.monotonic() - self._wire.last_heard if self._wire else float("inf")

    def check(self) -> None:
        """Raises FeedDown when the socket is dead, silent, refused or not acknowledged in time."""
        wire = self._wire
        if wire is None or wire.exited or not wire.wst.is_alive() or not wire.is_connected():
            raise FeedDown("the connection ended")
        if self._refused:
            raise FeedDown(self._refused)
        if self.heard_age() > settings.SILENT_SECONDS:
            raise FeedDown("no sign of life")
        if not self.ready and time.monotonic() - self._asked_at > READY_SECONDS:
            raise FeedDown("sign-in or subscription was not acknowledged")

    def read(self, timeout: float) -> Message | Bad | None:
        """The next data message; None when there is none in `timeout` seconds. Control frames are taken in here."""
        try:
            raw = self._frames.get(timeout=timeout) if timeout > 0 else self._frames.get_nowait()
        except queue.Empty:
            return None
        return self._take(raw)

    def _take(self, raw: str) -> Message | Bad | None:
        try:
            frame = json.loads(raw)
        except (ValueError, RecursionError):
            return Bad("not JSON", raw)
        if not isinstance(frame, dict):
            return Bad("not an object", raw)
        if "topic" in frame:
            return self._data(frame, raw)
        if "op" in frame or "success" in frame:
            self._control(frame)
            return None
        return Bad("neither data nor control", raw)

    def _data(self, frame: dict[str, Any], raw: str) -> Message | Bad:
        at_ms = frame.get("creationTime", frame.get("ts"))
        if not isinstance(frame["topic"], str) or not isinstance(at_ms, int) or "data" not in frame:
            return Bad("a data message without topic, time or data", raw)
        return Message(frame["topic"], str(frame.get("type", "")), at_ms, frame["data"])

    def _control(self, frame: dict[str, Any]) -> None:
        op, success = frame.get("op"), frame.get("success")
        if op == "auth":
            self._authorised = success is True
            if success is not True:
                self._refused = "Bybit refused the sign-in of the private socket"
        elif op == "subscribe":
            self._subscribed(str(frame.get("req_id", "")), success=success is True)

    def _subscribed(self, request: str, *, success: bool) -> None:
        """Takes an answer to a subscription. Bybit refuses a request as a whole: of several public topics each is then
        asked for by itself. Answers come in the order of the requests, should one not name its own."""
        topics = self._pending.pop(request if request in self._pending else next(iter(self._pending), ""), [])
        if success:
            return
        if self._private or not topics:
            self._refused = "Bybit refused a subscription"
        elif len(topics) == 1:
            self._refused_topics += topics
        else:
            with self._alive():
                for topic in topics:
                    self._subscribe([topic])
