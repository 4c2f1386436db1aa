"""daphne, with a limit on what may pile up for a reader that does not read: daphne itself buffers without end."""

import logging
import socket
from typing import Any

import daphne.server
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

log = logging.getLogger("tradepost.live")

MAX_BACKLOG = 1024 * 1024
# What the kernel may hold for a reader beside that, in bytes: left to itself it takes megabytes, unseen by the limit.
KERNEL_BACKLOG = 128 * 1024
TOO_SLOW = 4408
FAREWELL_SECONDS = 10


class BoundedProtocol(WebSocketProtocol):  # type: ignore[misc]
    """Closes a socket with 4408 once a megabyte waits for its reader; the page reconnects and takes a snapshot."""

    _slow = False

    def connectionMade(self) -> None:  # noqa: N802  # twisted's name
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            self.transport.getHandle().setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, KERNEL_BACKLOG
            )
        super().connectionMade()

    def _backlog(self) -> int:
        transport = self.transport
        return int(len(transport.dataBuffer) - transport.offset + transport._tempDataLen)

    def serverSend(self, content: Any, binary: bool = False) -> None:  # noqa: N802  # daphne's name
        if self._slow:
            return
        if self._backlog() > MAX_BACKLOG:
            self._slow = True
            log.warning("a socket was closed: its reader is too slow")
            # The close frame stands behind the backlog; a reader that never comes is cut.
            self.closeHandshakeTimeout = FAREWELL_SECONDS
            self.serverClose(code=TOO_SLOW)
            return
        super().serverSend(content, binary)


class PlainRequest(WebRequest):  # type: ignore[misc]
    """Leaves the body to Django. twisted would parse forms by itself first, and answer a broken one with a bare 400
    that nobody here has written."""

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802  # twisted's name
        self.content.seek(0, 0)
        self.args: dict[bytes, list[bytes]] = {}
        self.method, self.uri, self.clientproto = command, path, version
        self.path = path.split(b"?", 1)[0]
        self.process()


class PlainFactory(HTTPFactory):  # type: ignore[misc]
    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802  # twisted's name
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = PlainRequest
        return protocol


class BoundedServer(Server):  # type: ignore[misc]
    def run(self) -> None:
        WebSocketFactory.protocol = BoundedProtocol
        daphne.server.HTTPFactory = PlainFactory
        super().run()
