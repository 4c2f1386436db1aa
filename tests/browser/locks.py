"""The sign-in and security routes as the server answers them: an owner with an authenticator, a passkey, a key."""

from __future__ import annotations

from typing import Any

from .journal import page_of
from .market import ACCOUNT
from .played import Played

AT = "2026-11-17T10:00:00.000Z"
PIXEL = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA4IDgiLz4="
KEY: dict[str, Any] = {
    "account": ACCOUNT,
    "label": "Main account",
    "environment": "live",
    "region": "global",
    "live": True,
    "read_only": False,
    "read_only_reason": None,
    "permissions": {},
    "ips": [],
    "expires_at": "2027-02-17T10:00:00.000Z",
    "checked_at": AT,
    "findings": [
        {
            "code": "unbound",
            "level": "warn",
            "text": "Bound to no address: whoever has it can use it from anywhere. Bind it to 203.0.113.7.",
        }
    ],
}


def keep_locks(played: Played) -> None:
    """Answers the routes of signing in, of the security sheet and of notifications."""
    row = {"created_at": AT, "used_at": AT}
    devices = (
        {**row, "id": 1, "name": "Chrome on Android", "address": "203.0.113.7", "current": True},
        {**row, "id": 2, "name": "Firefox on Linux", "address": "198.51.100.24", "current": False},
    )
    sites = (
        {"id": "global", "name": "bybit.com", "who": "most countries"},
        {"id": "eu", "name": "bybit.eu", "who": "the EEA"},
    )
    notice = "Use the site where your account was opened. Tradepost builds no way round regional limits."
    passkey = {**row, "id": 1, "name": "This phone", "synced": True}
    started = {
        "id": 2,
        "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        "address": "otpauth://totp/x",
        "picture": PIXEL,
    }
    session = {
        "signed_in": True,
        "user": "demo",
        "rights": ["read", "trade"],
        "csrf": "token",
        "role": "owner",
    }
    answers = {
        "GET /session": {**session, "needs": None, "passkey": True},
        "GET /second-factors": page_of({**row, "id": 1, "name": "My phone"}, recovery_codes_left=8),
        "POST /second-factors": started,
        "GET /passkeys": page_of(passkey, host="localhost"),
        "GET /devices": page_of(*devices),
        "GET /tokens": page_of({**row, "id": 1, "name": "Grid bot", "scope": "trade"}),
        f"GET /accounts/{ACCOUNT}/key": KEY,
        "GET /accounts": page_of(played.market.account),
        "GET /sites": page_of(*sites, address="203.0.113.7", notice=notice),
        "GET /setup": {"open": True},
        "GET /push/devices": page_of(
            {**row, "id": 1, "name": "Safari on iPhone", "current": False, "failures": 0}
        ),
        "GET /push/preferences": {"kinds": ["fill"], "amounts": False},
        "GET /push": {"key": "x", "running": False},
    }
    played.answers |= {asked: lambda *_, body=body: (200, body) for asked, body in answers.items()}
