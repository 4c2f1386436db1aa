"""A `requests` session for orders: bounded in total time, shared between threads, deaf to proxy variables."""

import heapq
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class _Deadlines:
    """One thread that cuts the connection of every request that outlives its time."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._done: set[int] = set()
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def within(self, seconds: float, cut: Callable[[], None]) -> Iterator[None]:
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            number = next(self._numbers)
            heapq.heappush(self._heap, (time.monotonic() + seconds, number, cut))
            if self._heap[0][1] == number:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._done.add(number)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._heap or self._heap[0][0] > time.monotonic():
                    self._changed.wait(self._heap[0][0] - time.monotonic() if self._heap else None)
                _, number, cut = heapq.heappop(self._heap)
                over = number in self._done
                self._done.discard(number)
                if not over:
                    # Under the lock, so that a request that has just ended is never cut by mistake.
                    cut()


_deadlines = _Deadlines()
_current = threading.local()


class _PlainConnection(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _current.connection = self
        super().request(*args, **kwargs)


class _TlsConnection(HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _current.connection = self
        super().request(*args, **kwargs)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}


class Client(requests.Session):
    """requests' session with a deadline for the whole exchange, shared safely between threads."""

    def __init__(self) -> None:
        super().__init__()
        # What Bybit last said that it allows of each path in a second (the header X-Bapi-Limit).
        self.caps: dict[str, int] = {}
        # A proxy variable in the environment must not carry signed orders elsewhere.
        self.trust_env = False
        adapter = _Adapter(pool_connections=4, pool_maxsize=32)
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        holder = _current
        holder.connection = None
        local = holder.__dict__

        def cut() -> None:
            connection = local.get("connection")
            sock = getattr(connection, "sock", None)
            if sock is not None:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    return

        with _deadlines.within(settings.REQUEST_SECONDS, cut):
            response = super().send(request, **kwargs)
        self._note_cap(urlsplit(request.url or "").path, response)
        return response

    def _note_cap(self, path: str, response: requests.Response) -> None:
        """Only the last answer counts: one of Bybit's without the header takes the limit away."""
        cap = response.headers.get("X-Bapi-Limit", "")
        if cap.isdigit():
            self.caps[path] = int(cap)
        elif response.ok:
            self.caps.pop(path, None)
