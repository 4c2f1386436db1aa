"""All sockets, and the faults through which every push has to pass."""

from __future__ import annotations

import asyncio
from collections import Counter

from ..control.faults import Faults, StreamFault
from ..wire import dump
from .connection import Connection

_DELAY_MS, _REORDER_MS = 1_000, 200
_NEW_VALUES = {
    "orderStatus": "HeldForReview", "execType": "TradeOfTomorrow", "positionStatus": "Frozen",
    "accountType": "UNIFIED3", "L": "SideTick", "curPreListingPhase": "NotYetKnown",
}  # fmt: skip
Frame = dict[str, object]


class Hub:
    """The open connections of each stream ("private", "public")."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._connections: set[Connection] = set()
        # Tries to sign in, right or not, by the key that they named.
        self.sign_ins: Counter[str] = Counter()
        self._held: list[tuple[Connection, str]] = []

    def add(self, connection: Connection) -> None:
        """A new connection."""
        self._connections.add(connection)
        if self._faults.take_stream(connection.stream, "silent") is not None:
            connection.fall_silent()

    def remove(self, connection: Connection) -> None:
        """A connection has ended."""
        self._connections.discard(connection)

    def of(self, stream: str) -> list[Connection]:
        """The connections of a stream."""
        return [connection for connection in self._connections if connection.stream == stream]

    def push(self, connection: Connection, frame: Frame) -> None:
        """Sends a frame of a topic, if no fault takes hold of it."""
        stream, faults = connection.stream, self._faults
        if not faults.streams:
            connection.send(dump(frame))
            return
        if faults.take_stream(stream, "drop") is not None:
            return
        if faults.take_stream(stream, "new_enum") is not None:
            frame = _with_new_value(frame)
        text = dump(frame)
        copies = 2 if faults.take_stream(stream, "dup") is not None else 1
        reorder = faults.take_stream(stream, "reorder")
        delay = faults.take_stream(stream, "delay")
        for _ in range(copies):
            if reorder is not None:
                self._hold(connection, text, (reorder.ms or _REORDER_MS) / 1000)
            else:
                connection.send(text, (delay.ms or _DELAY_MS) / 1000 if delay is not None else 0)

    def _hold(self, connection: Connection, text: str, seconds: float) -> None:
        """Collects frames and lets them go in reverse order."""
        if not self._held:
            asyncio.get_running_loop().call_later(seconds, self._release)
        self._held.append((connection, text))

    def _release(self) -> None:
        held, self._held = self._held, []
        for connection, text in reversed(held):
            connection.send(text)

    async def strike(self, fault: StreamFault) -> None:
        """Faults that act on the connections there are now."""
        connections = self.of(fault.stream)
        if fault.do in ("close", "refuse", "accept_then_close"):
            await asyncio.gather(*(connection.close() for connection in connections))
        elif fault.do == "abort":
            for connection in connections:
                connection.abort()
        elif fault.do == "silent":
            self._silence(connections, fault)
        elif fault.do in ("unknown_topic", "bad_json"):
            for connection in connections:
                for _ in range(fault.count or 1):
                    connection.send(_STRANGE[fault.do])

    def _silence(self, connections: list[Connection], fault: StreamFault) -> None:
        for connection in connections:
            connection.fall_silent()
        if fault.ms is not None:
            asyncio.get_running_loop().call_later(fault.ms / 1000, self.end_silence)

    def end_silence(self) -> None:
        """A silent connection never speaks again: it has missed frames. It is reset instead."""
        for connection in list(self._connections):
            if connection.silent:
                connection.abort()

    async def close_all(self) -> None:
        """Says goodbye to everyone."""
        await asyncio.gather(*(connection.close() for connection in list(self._connections)))


_STRANGE = {
    "unknown_topic": '{"topic":"order.of.merit","id":"x","creationTime":1,"data":[{"symbol":"BTCUSDT"}]}',
    "bad_json": '{"topic":"order","data":[{"orderId":',
}


def _with_new_value(frame: Frame) -> Frame:
    """The frame with values that no documentation lists."""
    data = frame.get("data")
    rows = data if isinstance(data, list) else [data]
    changed = [
        {**row, **{name: value for name, value in _NEW_VALUES.items() if name in row}}
        for row in rows
        if isinstance(row, dict)
    ]
    return {**frame, "data": changed if isinstance(data, list) else changed[0]}
