"""A socket as a page would hold it: reads in a thread, keeps every message."""

import json
import threading
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.conftest import Stack, wait_for


class Page:
    def __init__(
        self,
        stack: Stack,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        protocols: list[str] | None = None,
    ) -> None:
        offered = ["tradepost.v1"] if protocols is None else protocols
        if token is not None:
            offered = [*offered, f"bearer.{token}"]
        # Kept open beyond this call: __exit__ closes it.
        self._socket = connect(
            f"ws://localhost:{stack.port}/ws/live",
            subprotocols=offered or None,  # type: ignore[arg-type]
            additional_headers=headers or {},
            max_size=2**24,
            legacy=True,
        )
        self.messages: list[dict[str, Any]] = []
        self.closed: int | None = None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            for text in self._socket:
                self.messages.append(json.loads(text))
        except ConnectionClosed:
            pass
        self.closed = self._socket.close_code

    def __enter__(self) -> "Page":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    @property
    def protocol(self) -> str | None:
        return self._socket.subprotocol

    def send(self, **message: Any) -> None:
        self._socket.send(json.dumps(message))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in list(self.messages) if message["type"] == kind]

    def wait(
        self, kind: str, fits: Callable[[dict[str, Any]], Any] = lambda _: True, seconds: float = 10
    ) -> Any:
        def look() -> Any:
            return next((message for message in self.of(kind) if fits(message)), None)

        return wait_for(look, seconds, f"{kind} on the socket")

    def wait_closed(self, seconds: float = 10) -> int:
        return int(wait_for(lambda: self.closed, seconds, "the socket's end"))
