"""Many pages at once, in a process of their own: `python -m tests.bench.crowd ADDRESS TOKEN COUNT`.

Prints `open` once all of them have their first picture, reads until its input is closed, and prints when each socket
had each fill as JSON: `{shown: {execId: [seconds, …]}, closed: [code, …]}`."""

import asyncio
import contextlib
import json
import sys
import time
from collections import defaultdict
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

# So many at once are let in; the others wait their turn, as people do who come one after the other.
AT_ONCE = 20
FILL = '{"type":"fill"'

Shown = dict[str, list[float]]
# With what code the server ended those that it ended.
CLOSED: list[int | None] = []


async def read(socket: ClientConnection, shown: Shown) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for text in socket:
            if text[: len(FILL)] == FILL:
                shown[json.loads(text)["fill"]["exec_id"]].append(time.time())
    CLOSED.append(socket.close_code)


async def enter(address: str, token: str, gate: asyncio.Semaphore) -> ClientConnection:
    protocols: list[Any] = ["tradepost.v1", f"bearer.{token}"]
    async with gate:
        # A page does not ping; its reader must not give up by itself when the machine is busy.
        options: dict[str, Any] = {
            "max_size": 2**24,
            "open_timeout": 60,
            "compression": None,
            "ping_interval": None,
        }
        socket = await connect(address, subprotocols=protocols, **options)
        async for text in socket:
            if str(text).startswith('{"type":"snapshot"'):
                break
        return socket


async def main(address: str, token: str, count: int) -> None:
    shown: Shown = defaultdict(list)
    gate = asyncio.Semaphore(AT_ONCE)
    sockets = await asyncio.gather(*(enter(address, token, gate) for _ in range(count)))
    readers = [asyncio.create_task(read(socket, shown)) for socket in sockets]
    sys.stdout.write("open\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    sys.stdout.write(json.dumps({"shown": shown, "closed": CLOSED}) + "\n")
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*(socket.close() for socket in sockets), return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
