"""Who signed this, and may they? Checked over the bytes as received, in Bybit's order and codes."""

from __future__ import annotations

from ..engine.errors import Refusal, bad_parameter
from ..keys import ApiKey
from .call import Call, Route

DEFAULT_WINDOW_MS = 5_000
_AHEAD_MS = 1_000


def authenticate(call: Call, route: Route, keys: dict[str, ApiKey], now_ms: int) -> ApiKey:
    """The key that signed. Refuses with 10001, 10003, 33004, 10002, 10004 or 10005."""
    headers = call.headers
    key_text, signature = headers.get("X-BAPI-API-KEY", ""), headers.get("X-BAPI-SIGN", "")
    stamp, window = headers.get("X-BAPI-TIMESTAMP", ""), headers.get("X-BAPI-RECV-WINDOW", "")
    if not (key_text and signature and stamp):
        raise bad_parameter("empty value: apiTimestamp[] apiKey[] apiSignature[]")
    key = keys.get(key_text)
    if key is None:
        raise Refusal(10003, "API key is invalid.")
    if key.expired(now_ms):
        raise Refusal(33004, "Your api key has expired.")
    check_time(stamp, window, now_ms)
    signed = call.raw_query.encode("utf-8", "surrogateescape") if call.method == "GET" else call.body
    if not key.signs(f"{stamp}{key_text}{window}".encode() + signed, signature):
        raise Refusal(10004, "error sign! please check your signature generation algorithm.")
    right = "SpotTrade" if route.right == "Order" and call.params.get("category") == "spot" else route.right
    if call.method == "POST" and (key.read_only or (right and not key.may(right))):
        raise Refusal(10005, "Permission denied, please check your API key permissions.")
    return key


def check_time(stamp: str, window: str, now_ms: int) -> None:
    """server - recv_window <= timestamp < server + 1000, or 10002; 10001 when they are not whole numbers."""
    for text in (stamp, window):
        if text and not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise bad_parameter("error timestamp or recv_window, whole milliseconds expected")
    allowed = int(window) if window else DEFAULT_WINDOW_MS
    if not now_ms - allowed <= int(stamp) < now_ms + _AHEAD_MS:
        raise Refusal(
            10002,
            "invalid request, please check your server timestamp or recv_window param. "
            f"req_timestamp[{stamp}],server_timestamp[{now_ms}],recv_window[{allowed}]",
        )
