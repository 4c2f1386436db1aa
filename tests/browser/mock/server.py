"""Serves the built console with the headers it meets in earnest, and plays a small Tradepost behind it.

The state tests answer the API and the socket themselves and need only the shell from here.
Alone: `python -m tests.browser.mock.server PORT [ENVIRONMENT]`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from .market import ACCOUNT, INSTRUMENTS, Market, instrument, stamp

ROOT = Path(__file__).parents[3]
DIST = ROOT / "frontend" / "dist"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SESSION = "tp_session"
TOKEN = "demo-link"  # noqa: S105
FILL_AFTER_S = 0.25
MARKET, SOCKETS = web.AppKey("market", Market), web.AppKey("sockets", set[web.WebSocketResponse])


def index() -> str:
    """The template, with the two things Django would put into it."""
    manifest = json.loads((DIST / ".vite" / "manifest.json").read_text())["src/main.tsx"]
    build = json.loads((DIST / "build.json").read_text())["build"]
    styles = "".join(f'<link rel="stylesheet" href="/static/{name}">' for name in manifest.get("css", []))
    tags = f'{styles}<script type="module" src="/static/{manifest["file"]}"></script>'
    page = (ROOT / "templates" / "index.html").read_text()
    page = re.sub(r"{% load .*? %}", "", page).replace("{{ build }}", build)
    return re.sub(r"{% vite_asset .*? %}", lambda _: tags, page)


def signed_in(request: web.Request) -> bool:
    return SESSION in request.cookies


def session(yes: bool) -> dict[str, Any]:
    return {"signed_in": yes, "user": "demo" if yes else None, "rights": ["read", "trade"] if yes else [], "csrf": "token"}


def no(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message, "detail": {}}}, status=status)


@web.middleware
async def guard(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
    if request.path.startswith("/api/") and request.path != "/api/v1/session" and not signed_in(request):
        return no(401, "unauthenticated", "Sign in first.")
    return await handler(request)


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Content-Security-Policy"] = CSP
    response.headers.setdefault("Cache-Control", "no-cache")


async def shell(_: web.Request) -> web.Response:
    return web.Response(text=index(), content_type="text/html")


async def worker(_: web.Request) -> web.Response:
    return web.Response(text=(DIST / "sw.js").read_text(), content_type="text/javascript")


async def manifest(_: web.Request) -> web.Response:
    return web.Response(text=(DIST / "manifest.webmanifest").read_text(), content_type="application/manifest+json")


async def read_session(request: web.Request) -> web.Response:
    return web.json_response(session(signed_in(request)))


async def open_session(request: web.Request) -> web.Response:
    body = await request.json()
    if body.get("link") != TOKEN and body.get("password") != "demo":
        return no(403, "forbidden", "Not valid.")
    response = web.json_response(session(True))
    response.set_cookie(SESSION, "1", httponly=True, samesite="Lax")
    return response


async def end_session(_: web.Request) -> web.Response:
    response = web.json_response(session(False))
    response.del_cookie(SESSION)
    return response


async def instruments(_: web.Request) -> web.Response:
    return web.json_response({"items": [instrument(symbol) for symbol in INSTRUMENTS], "next": None})


async def tell(app: web.Application, *messages: dict[str, Any]) -> None:
    for message in messages:
        for socket in set(app[SOCKETS]):
            with contextlib.suppress(ConnectionError):
                await socket.send_json(message)


async def fill_later(app: web.Application, row: dict[str, Any]) -> None:
    await asyncio.sleep(FILL_AFTER_S)
    await tell(app, *app[MARKET].fill(row))


async def take(app: web.Application, body: dict[str, Any]) -> web.Response:
    market = app[MARKET]
    if body["id"] in market.orders:
        return web.json_response(market.orders[body["id"]])
    row = market.order(body)
    answer = dict(row)
    resting = body["order_type"] == "Limit"
    await tell(app, market.update(row, state="working"))
    if not resting:
        task = asyncio.create_task(fill_later(app, row))
        task.add_done_callback(lambda done: done.exception())
    return web.json_response(answer, status=201)


async def place(request: web.Request) -> web.Response:
    return await take(request.app, await request.json())


async def read_order(request: web.Request) -> web.Response:
    row = request.app[MARKET].orders.get(request.match_info["id"])
    return web.json_response(row) if row else no(404, "not_found", "No such order.")


async def cancel(request: web.Request) -> web.Response:
    market = request.app[MARKET]
    row = market.orders[request.match_info["id"]]
    await tell(request.app, market.update(row, state="cancelled"))
    return web.json_response(row)


async def cancel_all(request: web.Request) -> web.Response:
    market = request.app[MARKET]
    working = [row for row in market.orders.values() if row["state"] == "working"]
    for row in working:
        await tell(request.app, market.update(row, state="cancelled"))
    return web.json_response({"items": [{"order": row, "result": "cancelled", "code": None} for row in working]})


async def close(request: web.Request) -> web.Response:
    body = await request.json()
    held = request.app[MARKET].positions[request.match_info["id"]]
    return await take(request.app, {
        "id": body["id"], "account": ACCOUNT, "category": "linear", "symbol": held["symbol"], "side": "Sell" if held["side"] == "Buy" else "Buy",
        "order_type": body.get("order_type", "Market"), "qty": held["size"], "price": body.get("price"), "time_in_force": "IOC",
        "reduce_only": True, "position_idx": 0,
    })


async def beat(socket: web.WebSocketResponse, market: Market) -> None:
    for second in range(1_000_000):
        for _ in range(10):
            market.ticks += 1
            for symbol in INSTRUMENTS:
                await socket.send_json(market.ticker(symbol))
            await asyncio.sleep(0.1)
        up = {ACCOUNT: {"public_age_ms": 90, "private_age_ms": 400}}
        await socket.send_json({"type": "heartbeat", "seq": {ACCOUNT: market.seq}, "at": stamp(), "up": up, "seen": f"seen-{second}"})


async def live(request: web.Request) -> web.WebSocketResponse:
    app, market = request.app, request.app[MARKET]
    socket = web.WebSocketResponse(protocols=["tradepost.v1"])
    await socket.prepare(request)
    if not signed_in(request):
        await socket.close(code=4401)
        return socket
    build = json.loads((DIST / "build.json").read_text())["build"]
    await socket.send_json({"type": "hello", "build": build, "min_build": None, "epoch": "1", "at": stamp()})
    await socket.send_json(market.snapshot())
    up = {ACCOUNT: {"public_age_ms": 90, "private_age_ms": 400}}
    await socket.send_json({"type": "heartbeat", "seq": {ACCOUNT: market.seq}, "at": stamp(), "up": up, "seen": "seen"})
    app[SOCKETS].add(socket)
    beating = asyncio.create_task(beat(socket, market))
    try:
        async for message in socket:
            if message.type == WSMsgType.TEXT and json.loads(message.data)["type"] in {"snapshot", "since"}:
                await socket.send_json(market.snapshot())
    finally:
        beating.cancel()
        app[SOCKETS].discard(socket)
    return socket


def build_app(market: Market) -> web.Application:
    app = web.Application(middlewares=[guard])
    app[MARKET], app[SOCKETS] = market, set()
    app.on_response_prepare.append(add_headers)
    app.add_routes([
        web.get("/", shell), web.get("/sw.js", worker), web.get("/manifest.webmanifest", manifest), web.static("/static", DIST),
        web.get("/api/v1/session", read_session), web.post("/api/v1/session", open_session), web.delete("/api/v1/session", end_session),
        web.get("/api/v1/instruments", instruments), web.post("/api/v1/orders", place), web.post("/api/v1/orders/cancel-all", cancel_all),
        web.get("/api/v1/orders/{id}", read_order), web.delete("/api/v1/orders/{id}", cancel), web.post("/api/v1/positions/{id}/close", close),
        web.get("/ws/live", live),
    ])
    return app


def main() -> None:
    port, environment = int(sys.argv[1]), (sys.argv[2:] or ["paper"])[0]
    market = Market(environment)
    market.position("BTCUSDT", "Buy", "0.05", "63800")
    market.position("ETHUSDT", "Sell", "0.4", "3466.5")
    for number, (side, price) in enumerate([("Buy", "62900"), ("Sell", "66000")]):
        market.order({
            "id": f"00000000-0000-4000-8000-00000000000{number}", "account": ACCOUNT, "category": "linear", "symbol": "BTCUSDT", "side": side,
            "order_type": "Limit", "qty": "0.02", "price": price, "time_in_force": "GTC", "reduce_only": side == "Sell", "position_idx": 0,
        }, state="working", filled_qty="0.008" if number else "0")
    web.run_app(build_app(market), host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    main()
