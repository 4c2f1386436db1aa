"""The web application: sockets, control calls, and REST for everything else."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress

from aiohttp import web

from .control.routes import ControlServer
from .rest.server import RestServer
from .sockets.server import STREAMS, SocketServer
from .venue import Settings, Venue

_SHUTDOWN_SECONDS = 0.2


def application(venue: Venue) -> web.Application:
    """The aiohttp application of a venue."""
    app = web.Application(client_max_size=8 << 20)
    sockets, rest, control = SocketServer(venue), RestServer(venue), ControlServer(venue)
    for path in STREAMS:
        app.router.add_get(path, sockets.serve)
    app.router.add_route("*", "/_paper/{tail:.*}", control.serve)
    app.router.add_route("*", "/{tail:.*}", rest.serve)
    return app


async def run(port: int, settings: Settings, host: str = "127.0.0.1") -> None:
    """Serves until SIGTERM or SIGINT; port 0 takes a free one. Raises OSError when the port is taken."""
    venue = Venue(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(application(venue), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        taken = runner.addresses[0][1]
        sys.stdout.write(f"paper exchange on http://{host}:{taken} seed={venue.seed}\n")
        sys.stdout.flush()
        market = asyncio.create_task(venue.run())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([market, stopped], return_when=asyncio.FIRST_COMPLETED)
        market.cancel()
        # A market that died by itself must not look like a clean end.
        with suppress(asyncio.CancelledError):
            await market
    finally:
        await venue.close()
        await runner.cleanup()
