"""Handshake and conversation: auth, subscribe, unsubscribe, ping, strictly in the order of arrival."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from aiohttp import WSMsgType, web

from ..wire import dump, load
from .connection import ACK_DELAY, Connection
from .private import TOPICS

if TYPE_CHECKING:
    from ..venue import Venue

STREAMS = {"/v5/private": "private", "/v5/public/linear": "public", "/v5/public/spot": "public"}
# Spot takes this many topics in one request.
_SPOT_ARGS = 10
_IDLE_SECONDS = 600
_ACTIVE_TIME = re.compile(r"([0-9]{1,4})([sm])")
Message = dict[str, Any]


class SocketServer:
    """Serves the sockets of one venue."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One socket, from handshake to close."""
        stream, faults = STREAMS[request.path], self._venue.faults
        if faults.take_stream(stream, "refuse") is not None:
            return web.Response(status=502, text="Bad Gateway")
        if stream == "private" and faults.maintenance_since_ms is not None:
            return web.Response(status=503, text="Service Unavailable")
        socket = web.WebSocketResponse(autoping=False, timeout=0.3, max_msg_size=1 << 20, compress=False)
        await socket.prepare(request)
        category = "" if stream == "private" else request.path.rpartition("/")[2]
        connection = Connection(request, socket, stream, uuid4().hex[:20], category)
        if faults.take_stream(stream, "accept_then_close") is not None:
            await connection.close()
            return socket
        self._venue.hub.add(connection)
        try:
            await self._converse(connection, _idle_limit(request))
        finally:
            self._venue.hub.remove(connection)
            connection.stop()
        return socket

    async def _converse(self, connection: Connection, idle: float) -> None:
        while True:
            try:
                message = await connection.socket.receive(timeout=idle)
            except TimeoutError:
                if connection.stream == "public" and connection.topics:
                    continue
                await connection.close()
                return
            if message.type is WSMsgType.TEXT:
                self._handle(connection, message.data)
            elif message.type is WSMsgType.PING:
                connection.send(bytes(message.data))
            elif message.type is not WSMsgType.PONG:
                return

    def _handle(self, connection: Connection, text: str) -> None:
        try:
            message = load(text)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            self._answer(connection, {}, "", False, "Params Error")
            return
        match message.get("op"):
            case "ping":
                self._pong(connection, message)
            case "auth":
                self._auth(connection, message)
            case "subscribe":
                self._subscribe(connection, message)
            case "unsubscribe":
                connection.topics -= set(_topics(message))
                self._answer(connection, message, "unsubscribe", True, "")
            case other:
                self._answer(connection, message, str(other), False, f"error:op not found,op:{other}")

    def _answer(self, connection: Connection, message: Message, op: str, success: bool, text: str) -> None:
        reply = {"success": success, "ret_msg": text, "conn_id": connection.conn_id}
        if "req_id" in message:
            reply["req_id"] = message["req_id"]
        connection.send(dump({**reply, "op": op}), ACK_DELAY)

    def _pong(self, connection: Connection, message: Message) -> None:
        request_id = message.get("req_id", "")
        if connection.stream == "private":
            args = [str(self._venue.clock.now().ms)]
            reply = {"req_id": request_id, "op": "pong", "args": args, "conn_id": connection.conn_id}
        else:
            reply = {"success": True, "ret_msg": "pong", "conn_id": connection.conn_id}
            if connection.category != "spot" or request_id:
                reply["req_id"] = request_id
            reply["op"] = "ping"
        connection.send(dump(reply))

    def _auth(self, connection: Connection, message: Message) -> None:
        account = self._signer(message) if connection.stream == "private" else ""
        key = _key_named(message)
        self._venue.hub.sign_ins[key] += 1
        if account and self._venue.faults.take_stream(connection.stream, "auth_fail") is not None:
            account = ""
        connection.account, connection.key = account, key if account else ""
        self._answer(connection, message, "auth", bool(account), "" if account else "Params Error")

    def _signer(self, message: Message) -> str:
        """The account whose key signed, "" when the signature, its end or the key is not right."""
        match message.get("args"):
            case [str(key_text), int() | str() as expires, str(signature)]:
                key = self._venue.keys.get(key_text)
                now_ms = self._venue.clock.now().ms
                digits = str(expires).isascii() and str(expires).isdigit()
                if key is None or not digits or int(expires) <= now_ms or key.expired(now_ms):
                    return ""
                return key.account if key.signs(f"GET/realtime{expires}".encode(), signature) else ""
            case _:
                return ""

    def _subscribe(self, connection: Connection, message: Message) -> None:
        topics = _topics(message)
        problem = self._problem(connection, topics)
        if problem:
            self._answer(connection, message, "subscribe", False, problem)
            return
        self._answer(
            connection, message, "subscribe", True, "subscribe" if connection.category == "spot" else ""
        )
        for topic in topics:
            connection.topics.add(topic)
            if connection.stream == "public":
                self._venue.public[connection.category].first_frame(connection, topic)

    def _problem(self, connection: Connection, topics: list[str]) -> str:
        """Why the subscription is refused, "" when it is not."""
        if self._venue.faults.take_stream(connection.stream, "sub_fail") is not None:
            return "error:subscription failed"
        if connection.stream == "private" and not connection.account:
            return "Request not authorized"
        if not topics:
            return "error:args is empty"
        if connection.category == "spot" and len(topics) > _SPOT_ARGS:
            return "args size >10"
        for topic in topics:
            stream = self._venue.public.get(connection.category)
            if not (topic in TOPICS if stream is None else stream.known(topic)):
                return f"error:handler not found,topic:{topic}"
            if topic in connection.topics:
                return f"error:already subscribed,topic:{topic}"
        return ""


def _key_named(message: Message) -> str:
    """The key that an auth frame names, right or not."""
    args = message.get("args")
    return args[0] if isinstance(args, list) and args and isinstance(args[0], str) else ""


def _topics(message: Message) -> list[str]:
    args = message.get("args")
    return [str(topic) for topic in args] if isinstance(args, list) else []


def _idle_limit(request: web.Request) -> float:
    """How long (s) a silent client is kept: max_active_time of the URL (30s to 600s, 1m), else 600."""
    found = _ACTIVE_TIME.fullmatch(request.query.get("max_active_time", ""))
    if found is None:
        return _IDLE_SECONDS
    seconds = int(found[1]) * (60 if found[2] == "m" else 1)
    return min(max(seconds, 30), _IDLE_SECONDS)
