"""The live socket: authorise, snapshot, forward. Nothing is decided here, and orders are never placed here.

A new socket joins its groups first and buffers, reads one snapshot, drops what the snapshot holds, then forwards.
Each event is sent once and in seq order; what the channel layer dropped is read from the log before a heartbeat.
A page's consumer has no channel of its own: webapp.hub listens once for all of them.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from channels.exceptions import DenyConnection
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError
from django.http.cookie import parse_cookie
from django.http.request import split_domain_port, validate_host
from django.utils import timezone

from bybit.forms import time_text
from orders import seen, selectors
from orders.marks import watch_of
from orders.schemas import message_text
from orders.topics import account_group, market_group
from webapp import status
from webapp.hub import hub
from webapp.pulse import Told, Watched, in_thread, pulse
from webapp.security import refusals
from webapp.security.addresses import network_of_scope, origins_at
from webapp.security.callers import Caller, by_session, by_token
from webapp.views import build

log = logging.getLogger("tradepost.live")

PROTOCOL = "tradepost.v1"
BEARER = "bearer."
SIGNED_OUT = 4401
MAX_FRAME = 4096
LOG_PAGE = 500
# What waits while a page is busy; what comes on top of it is read from the log.
MOST_HELD = 200
# Who asks for more of the past than this gets a picture of now.
MOST_REPLAYED = 2_000
ASK_SECONDS = 0.1
MOST_WATCHED = 120


# seq, kind, message
Items = list[tuple[int, str, str]]


class NoSuchSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    async def connect(self) -> None:
        raise DenyConnection


class Live(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One page's socket."""

    channel_layer_alias = None

    async def connect(self) -> None:
        self._ready = False
        self._held: list[tuple[str, Items]] = []
        self._catching: asyncio.Task[None] | None = None
        self._next_ask = 0.0
        self._lock = asyncio.Lock()
        self._groups: set[str] = set()
        self.seqs: dict[str, int] = {}
        self.watched: set[Watched] = set()
        self._environment = ""
        self.caller: Caller | None = None
        offered = list(self.scope.get("subprotocols", ()))
        token = next((item.removeprefix(BEARER) for item in offered if item.startswith(BEARER)), None)
        header = dict(self.scope["headers"]).get(b"authorization")
        if token is None and header is not None:
            # As on the API, a header means Bearer and nothing else: the cookie beside it counts for nothing.
            scheme, _, text = header.decode("latin1").partition(" ")
            token = text.strip() if scheme.lower() == "bearer" else ""
        try:
            self._check_origin(by_cookie=token is None)
        except DenyConnection:
            refusals.note_from("foreign_origin", network_of_scope(self.scope), "socket")
            raise
        if token is None:
            self.caller = await in_thread(by_session, self.scope_cookie())
        else:
            self.caller = await in_thread(by_token, token)
            if self.caller is None:
                refusals.note_from("bad_token", network_of_scope(self.scope), "socket")
        chosen = PROTOCOL if PROTOCOL in offered else (offered[0] if len(offered) == 1 else None)
        await self.accept(subprotocol=chosen)
        if self.caller is None or "read" not in self.caller.rights:
            await self.close(code=SIGNED_OUT)
            return
        await self._open()

    def scope_cookie(self) -> str:
        header = dict(self.scope["headers"]).get(b"cookie", b"").decode("latin1")
        return parse_cookie(header).get(settings.SESSION_COOKIE_NAME, "")

    def _check_origin(self, *, by_cookie: bool) -> None:
        """A foreign page must not ride on the owner's cookie. Raises DenyConnection (403 in the handshake)."""
        headers = dict(self.scope["headers"])
        host = headers.get(b"host", b"").decode("latin1")
        if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
            raise DenyConnection
        origin = headers.get(b"origin", b"").decode("latin1")
        wanted = origins_at(host, proxied=b"x-forwarded-for" in headers or b"x-forwarded-proto" in headers)
        if origin not in wanted and (origin or by_cookie):
            raise DenyConnection

    async def _open(self) -> None:
        epoch = await self._take_accounts()
        await self._json(
            type="hello",
            build=build(),
            min_build=settings.MIN_BUILD,
            epoch=epoch,
            at=time_text(timezone.now()),
        )
        async with self._alone():
            await self._snapshot()
            self._ready = True
        # The page may say "live" at once, not after the next full second.
        await self.beat(await pulse.told(list(self.seqs)))
        pulse.add(self)

    async def _join(self, group: str) -> None:
        if group not in self._groups:
            self._groups.add(group)
            await hub.join(group, self)

    def _leave(self, group: str) -> None:
        self._groups.discard(group)
        hub.leave(group, self)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """However it ends (a handler that raised, daphne that waited no longer): nothing keeps a page that is gone."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        pulse.remove(self)
        self._ready = False
        catching = getattr(self, "_catching", None)
        if catching is not None:
            # It might join groups again.
            catching.cancel()
        for group in list(getattr(self, "_groups", ())):
            self._leave(group)

    # ---- from the house to the page

    async def _json(self, **message: Any) -> None:
        await self.send(text_data=json.dumps(message, separators=(",", ":")))

    async def _snapshot(self) -> None:
        assert self.caller is not None  # noqa: S101  # only reached on an open socket
        text, seqs = await in_thread(_snapshot_text, self.caller.user.pk, list(self.seqs))
        self.seqs = seqs
        await self.send(text_data=text)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """While the page is brought up to date, its events wait; whatever waited is sent at the end."""
        async with self._lock:
            yield
            while self._held:
                await self._forward(*self._held.pop(0))

    async def told(self, message: dict[str, Any]) -> None:
        """From the hub, which serves other pages after this one: what takes a look at the log is done by itself."""
        if message["type"] == "events":
            await self._events(message["account"], message["items"])
        elif not self._ready:
            return
        elif message["type"] == "status" or self._watches(message):
            await self.send(text_data=message["text"])

    async def _events(self, account_id: str, items: Items) -> None:
        """Some committed changes of one account, in order."""
        missing = self._ready and items[0][0] > self.seqs.get(account_id, 0) + 1
        if self._ready and not self._lock.locked() and not missing:
            await self._forward(account_id, items)
        elif len(self._held) < MOST_HELD:
            self._held.append((account_id, items))
            if missing and not self._busy():
                self._work(self._catch_up())

    async def _catch_up(self, told: Told | None = None) -> None:
        """In a task of its own: nobody else waits while this page has the log read."""
        try:
            async with self._alone():
                for account_id in list(self.seqs) if told else ():
                    if told and told.top.get(account_id, 0) > self.seqs[account_id]:
                        await self._fill(account_id)
            if told and self._ready:
                await self._say(told)
        except DatabaseError:
            log.warning("a page was not brought up to date: the database is away")

    def _work(self, work: Coroutine[Any, Any, None]) -> None:
        self._catching = asyncio.create_task(work)

    def _busy(self) -> bool:
        return self._lock.locked() or (self._catching is not None and not self._catching.done())

    async def _forward(self, account_id: str, items: Items) -> None:
        if account_id not in self.seqs:
            return
        for seq, kind, text in items:
            if seq > self.seqs[account_id] + 1:
                await self._fill(account_id)
            if seq == self.seqs[account_id] + 1:
                await self._send_event(account_id, seq, kind, text)

    async def _send_event(self, account_id: str, seq: int, kind: str, text: str) -> None:
        self.seqs[account_id] = seq
        if kind == "position" and self.caller is not None:
            text = f'{text[:-1]},"seen":"{seen.stamp(self.caller.user.pk, self.seqs)}"}}'
        await self.send(text_data=text)

    async def _fill(self, account_id: str) -> None:
        """Sends from the log what the channel layer lost."""
        while True:
            items = await in_thread(_log_texts, account_id, self.seqs[account_id])
            if items is None:
                await self._snapshot()
                return
            for seq, kind, text in items:
                await self._send_event(account_id, seq, kind, text)
            if len(items) < LOG_PAGE:
                return

    def _watches(self, message: dict[str, Any]) -> bool:
        return (self._environment, message["category"], message["mark"]) in self.watched

    async def beat(self, told: Told) -> None:
        """From the pulse, every second, which waits for no page: says how fresh everything is, after what was missed.
        A page that is still being brought up to date has its heartbeat when that is done, or the next."""
        if not self._ready or self._busy():
            return
        behind = [name for name, seq in self.seqs.items() if told.top.get(name, 0) > seq]
        if behind:
            told.missed.update(behind)
            self._work(self._catch_up(told))
        else:
            await self._say(told)

    async def _say(self, told: Told) -> None:
        if self.caller is not None:
            await self.send(text_data=told.text(self.caller.user.pk, self.seqs))

    def renew(self) -> None:
        """The user's accounts are others than when this page came: it begins anew with them."""
        if not self._busy():
            self._work(self._begin_anew())

    async def _begin_anew(self) -> None:
        try:
            async with self._alone():
                await self._take_accounts()
                await self._snapshot()
        except DatabaseError:
            log.warning("a page was not begun anew: the database is away")

    async def _take_accounts(self) -> str:
        """Joins the groups of all accounts that are the user's now. Returns the log's epoch."""
        assert self.caller is not None  # noqa: S101  # only reached on an open socket
        accounts, epoch = await in_thread(_welcome, self.caller.user.pk)
        gone = self.seqs.keys() - {account["id"] for account in accounts}
        self.seqs = {account["id"]: self.seqs.get(account["id"], 0) for account in accounts}
        environment = accounts[0]["environment"] if accounts else ""
        if environment != self._environment:
            # The page says anew what it watches, after each snapshot.
            for item in self.watched:
                self._leave(market_group(*item))
            self._environment, self.watched = environment, set()
        for account_id in gone:
            self._leave(account_group(account_id))
        for account_id in self.seqs:
            await self._join(account_group(account_id))
        return epoch

    async def sign_out(self) -> None:
        self._let_go()
        await self.close(code=SIGNED_OUT)

    # ---- from the page to the house

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        message = _parse(text_data)
        if message is None or not self._ready:
            return
        await self._pace()
        if message["type"] == "snapshot":
            async with self._alone():
                await self._snapshot()
        elif message["type"] == "since":
            await self._since(message)
        elif message["type"] == "watch":
            await self._watch(message)

    async def _pace(self) -> None:
        """What a page asks costs others as well: who asks without end is answered a few times a second."""
        loop = asyncio.get_running_loop()
        wait = self._next_ask - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        self._next_ask = max(loop.time(), self._next_ask) + ASK_SECONDS

    async def _since(self, message: dict[str, Any]) -> None:
        account_id, seq = message.get("account"), message.get("seq")
        if not isinstance(account_id, str) or account_id not in self.seqs or type(seq) is not int:
            return
        async with self._alone():
            if self.seqs[account_id] - seq > MOST_REPLAYED:
                await self._snapshot()
                return
            self.seqs[account_id] = seq
            await self._fill(account_id)

    async def _watch(self, message: dict[str, Any]) -> None:
        """Watches exactly this of the message's category from now on; the other category stays as it is."""
        wish = watch_of(message)
        if wish is None or not self._environment:
            return
        others = {item for item in self.watched if item[1] != wish.category}
        # The feed follows only so many at once: one session's pages must not push out everybody else's.
        room = max(0, MOST_WATCHED - pulse.watched_beside(self) - len(others))
        marks = sorted(wish.marks, key=lambda mark: (mark.startswith("ticker."), mark))[:room]
        wanted = {(self._environment, wish.category, mark) for mark in marks}
        for item in self.watched - wanted - others:
            self._leave(market_group(*item))
        for item in wanted:
            await self._join(market_group(*item))
        fresh = wanted - self.watched
        self.watched = wanted | others
        for item, text in await pulse.show_interest(wanted):
            if item in fresh:
                await self.send(text_data=text)


def _parse(text: str | None) -> dict[str, Any] | None:
    if text is None or len(text) > MAX_FRAME:
        return None
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None


# ---- what runs in a thread, because it reads the database


def _welcome(user_id: int) -> tuple[list[dict[str, Any]], str]:
    return status.accounts(user_id), selectors.epoch()


def _snapshot_text(user_id: int, account_ids: list[str]) -> tuple[str, dict[str, int]]:
    found = selectors.snapshot(account_ids)
    parts = {
        "orders": [row.model_dump_json() for row in found.orders],
        "positions": [row.model_dump_json() for row in found.positions],
        "wallet": [row.model_dump_json() for row in found.wallets],
        "status": [row.model_dump_json() for row in status.of_accounts(account_ids)],
    }
    lists = "".join(f',"{name}":[{",".join(rows)}]' for name, rows in parts.items())
    head = json.dumps(
        {
            "type": "snapshot",
            "seq": found.seqs,
            "at": time_text(timezone.now()),
            "accounts": status.accounts(user_id),
        },
        separators=(",", ":"),
    )
    return f"{head[:-1]}{lists}}}", found.seqs


def _log_texts(account_id: str, seq: int) -> list[tuple[int, str, str]] | None:
    events = selectors.events_after(account_id, seq, LOG_PAGE)
    return None if events is None else [(row.seq, row.kind, message_text(row)) for row in events]
