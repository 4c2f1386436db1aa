"""One socket: its topics, and its queue of frames, each with a time before which it may not leave."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

from aiohttp import WSCloseCode, web

from ..rest.server import reset

# Answers to auth and subscribe wait this long (s): pybit sends before it has noted what it is waiting for.
ACK_DELAY = 0.02
# A reader this many frames behind is cut off.
_MOST_WAITING = 20_000


class Connection:
    """A client's socket. Frames leave in the order in which they were put in. `category` is that of its topics; ""
    on private sockets, which have all."""

    def __init__(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        stream: str,
        conn_id: str,
        category: str = "",
    ) -> None:
        self.request, self.socket, self.stream, self.conn_id = request, socket, stream, conn_id
        self.category = category
        self.account = ""
        # The key that signed in, and that of the last try.
        self.key = ""
        self.topics: set[str] = set()
        self.silent = False
        self._frames: deque[tuple[float, str | bytes]] = deque()
        self._wake = asyncio.Event()
        self._writer = asyncio.create_task(self._write())

    def send(self, frame: str | bytes, delay: float = 0) -> None:
        """Queues a text frame, or (bytes) the answer to a protocol ping, to leave in `delay` s or later."""
        if self.silent:
            return
        self._frames.append((asyncio.get_running_loop().time() + delay if delay else 0, frame))
        self._wake.set()
        if len(self._frames) > _MOST_WAITING:
            self.abort()

    def fall_silent(self) -> None:
        """Sends nothing any more, not even pongs, and keeps the connection open."""
        self.silent = True
        self._frames.clear()

    def abort(self) -> None:
        """Resets the connection."""
        self._writer.cancel()
        if self.request.transport is not None:
            reset(self.request.transport)

    async def close(self, code: int = WSCloseCode.GOING_AWAY) -> None:
        """Closes with a code; does not wait for a client that never answers."""
        self._writer.cancel()
        with suppress(TimeoutError, ConnectionError):
            await asyncio.wait_for(self.socket.close(code=code, drain=False), 0.3)

    def stop(self) -> None:
        """The reading side has ended."""
        self._writer.cancel()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while True:
                while not self._frames:
                    self._wake.clear()
                    await self._wake.wait()
                wait = self._frames[0][0] - loop.time()
                if wait > 0:
                    await asyncio.sleep(wait)
                if self._frames:
                    await self._send(self._frames.popleft()[1])

    async def _send(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            await self.socket.pong(frame)
        else:
            await self.socket.send_str(frame)
