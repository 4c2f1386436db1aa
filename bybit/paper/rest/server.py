"""The web side of REST: receives a request, answers it, or spoils the answer as a fault asks."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from aiohttp import web

from ..control.faults import RestFault
from ..journal import Entry
from ..wire import dump
from .call import Answer, Call, Params, envelope
from .pipeline import answer

if TYPE_CHECKING:
    from ..venue import Venue

_HANG_MS = 30_000
_HTML = (
    "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>"
)
_GARBAGE = b'\x00\xff{"retCode":0,,"retMsg":\xfe'


class RestServer:
    """Serves /v5/ for one venue."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Any request outside of the sockets and the control calls."""
        arrived_ns = time.time_ns()
        call = await _receive(request)
        entry = self._venue.journal.add(call.method, call.path, call.params, arrived_ns)
        fault = self._venue.faults.take(call.path)
        if fault is None:
            reply = answer(self._venue, call, entry)
            self._venue.settle()
            return await self._send(request, reply, reply.status, dump(reply.document).encode())
        entry.fault = f"{fault.accept}/{fault.reply}"
        return await self._spoil(request, fault, await self._carry_out(call, entry, fault))

    async def _carry_out(self, call: Call, entry: Entry, fault: RestFault) -> Answer:
        if fault.accept == "never":
            return _pretended(call, self._venue.clock.now().ms)
        if fault.accept == "late":
            await asyncio.sleep((fault.ms or 0) / 1000)
        reply = answer(self._venue, call, entry)
        self._venue.settle()
        return reply

    async def _send(
        self, request: web.Request, reply: Answer, status: int, body: bytes, kind: str = "application/json"
    ) -> web.StreamResponse:
        """Sends the answer first and publishes afterwards: the ack comes before the pushes."""
        headers = {**reply.headers, "Server": "paper", "Traceid": uuid4().hex, "Timenow": str(_time(reply))}
        response = web.Response(status=status, body=body, headers=headers, content_type=kind, charset="utf-8")
        try:
            await response.prepare(request)
            await response.write_eof()
        finally:
            self._venue.publish()
        return response

    async def _spoil(self, request: web.Request, fault: RestFault, reply: Answer) -> web.StreamResponse:
        body = dump(reply.document).encode()
        if fault.reply not in ("drop", "rst", "hang") and fault.accept != "late" and fault.code != 10006:
            self._venue.publish()
            await asyncio.sleep((fault.ms or 0) / 1000)
        match fault.reply:
            case "drop" | "rst" | "hang" | "truncate" | "drip":
                self._venue.publish()
                return await _break(request, fault, body)
            case "status":
                status = fault.code or 503
                text = envelope(status, "", {}, self._venue.clock.now().ms)
                return await self._send(request, reply, status, dump(text).encode())
            case "garbage":
                return await self._send(request, reply, 200, _GARBAGE)
            case "html":
                return await self._send(request, reply, fault.code or 200, _HTML.encode(), "text/html")
            case "ret":
                return await self._send_code(request, fault, reply)
            case _:
                return await self._send(request, reply, reply.status, body)

    async def _send_code(self, request: web.Request, fault: RestFault, reply: Answer) -> web.StreamResponse:
        """A retCode of the operator's choice; for 10006 `ms` is how far the reset is away (default 1000)."""
        code, now_ms = fault.code or 10016, self._venue.clock.now().ms
        document = envelope(code, "", {}, now_ms)
        if code == 10006:
            reset = now_ms + (1_000 if fault.ms is None else fault.ms)
            limits = {"X-Bapi-Limit-Status": "0", "X-Bapi-Limit-Reset-Timestamp": str(reset)}
            reply = reply._replace(headers={"X-Bapi-Limit": "10", **reply.headers, **limits})
        return await self._send(request, reply, 200, dump(document).encode())


async def _receive(request: web.Request) -> Call:
    path, _, raw_query = request.raw_path.partition("?")
    body = await request.read()
    call = Call(request.method, path, raw_query, body, request.headers, request.remote or "")
    call.read_params()
    return call


def _pretended(call: Call, now_ms: int) -> Answer:
    """What an exchange that lost the request would have said: for order commands ids that mean nothing."""
    result: dict[str, object] = {}
    ext: dict[str, object] = {}
    if call.path.startswith("/v5/order/") and call.method == "POST":
        requests = call.params.get("request")
        result = _pretended_ids(call.params)
        if call.path.endswith("-batch") and isinstance(requests, list):
            items = [item for item in requests if isinstance(item, dict)]
            shared = {"category": str(call.params.get("category") or "")}
            rows = [
                {**shared, "symbol": str(item.get("symbol") or ""), **_pretended_ids(item)} for item in items
            ]
            if call.path == "/v5/order/create-batch":
                rows = [{**row, "createAt": str(now_ms)} for row in rows]
            result, ext = {"list": rows}, {"list": [{"code": 0, "msg": "OK"} for _ in items]}
    return Answer(200, envelope(0, "OK", result, now_ms, ext), {})


def _pretended_ids(params: Params) -> dict[str, object]:
    order_id = str(params.get("orderId") or uuid4())
    return {"orderId": order_id, "orderLinkId": str(params.get("orderLinkId") or "")}


def _time(reply: Answer) -> int:
    return int(reply.document["time"])


async def _break(request: web.Request, fault: RestFault, body: bytes) -> web.StreamResponse:
    """Answers that never arrive whole: nothing, a reset, half of it, or a byte a second."""
    transport = request.transport
    if transport is None:
        return web.Response()
    if fault.reply == "hang":
        await asyncio.sleep((_HANG_MS if fault.ms is None else fault.ms) / 1000)
    elif fault.reply == "rst":
        reset(transport)
    elif fault.reply in ("truncate", "drip"):
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        transport.write(head.encode())
        await _write_part(transport, fault, body)
    transport.close()
    return web.Response()


async def _write_part(transport: asyncio.Transport, fault: RestFault, body: bytes) -> None:
    if fault.reply == "truncate":
        transport.write(body[: len(body) // 2])
        return
    for byte in body:
        if transport.is_closing():
            return
        transport.write(bytes([byte]))
        await asyncio.sleep(1)


def reset(transport: asyncio.BaseTransport) -> None:
    """Closes with a TCP RESET: no lingering, nothing flushed."""
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
