"""What a person at a desk does with the house: place, look, and what somebody else does on the same account."""

from decimal import Decimal
from typing import Any

from tests.conftest import Stack

D = Decimal


def everything() -> dict[str, Any]:
    return {"account": "paper", "include": ["orders", "conditional", "protective"]}


def at(stack: Stack, factor: str, symbol: str = "BTCUSDT") -> str:
    tick = D("0.1") if symbol == "BTCUSDT" else D("0.01")
    return format((D(stack.paper.last(symbol)) * D(factor) / tick).to_integral_value() * tick, "f")


def place(stack: Stack, order: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = stack.api("POST", "/orders", order)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sent(stack: Stack, order_id: str) -> dict[str, Any]:
    """The one create that left for Bybit."""
    (entry,) = stack.paper.journal(order_id)
    found: dict[str, Any] = entry["params"]
    return found


def open_rows(stack: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.api("GET", "/orders?state=open&limit=200").json()["items"]
    return found


def position(stack: Stack, symbol: str = "BTCUSDT") -> dict[str, Any]:
    rows = stack.api("GET", "/positions").json()["items"]
    return next((row for row in rows if row["symbol"] == symbol), {})


class Signed:
    """Somebody's own client on the same account: Bybit's app, so to speak."""

    def __init__(self, stack: Stack) -> None:
        from pybit.unified_trading import HTTP

        self._http = HTTP(api_key="paper-key", api_secret="paper-secret", max_retries=1)
        self._http.endpoint = stack.paper_url

    def post(self, path: str, **params: Any) -> dict[str, Any]:
        found: dict[str, Any] = self._http._submit_request(
            method="POST", path=f"{self._http.endpoint}{path}", query=params, auth=True
        )
        return found
