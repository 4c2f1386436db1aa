"""A small journal as the server would tell it: two days, one trip, a note."""

from __future__ import annotations

from typing import Any

from .market import ACCOUNT
from .played import Answer, Played

DAY = {
    "category": None,
    "coin": "USDT",
    "realised": "14",
    "fees": "1.5",
    "funding": "0.1",
    "net": "12.4",
    "volume": "6425",
    "fills": 3,
    "trips": 1,
    "wins": 1,
}
FILL = {
    "exec_id": "e1",
    "order": None,
    "account": ACCOUNT,
    "category": "linear",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "exec_type": "Trade",
    "price": "64000",
    "qty": "0.05",
    "fee": "1.76",
    "fee_currency": "USDT",
    "is_maker": False,
    "closed_size": "0",
    "at": "2026-11-17T10:00:00.000Z",
}
TRIP = {
    "id": 7,
    "account": ACCOUNT,
    "category": "linear",
    "symbol": "BTCUSDT",
    "position_idx": 0,
    "side": "Buy",
    "open": False,
    "flipped": False,
    "opened_at": "2026-11-17T10:00:00.000Z",
    "closed_at": "2026-11-17T12:00:00.000Z",
    "fills": 2,
    "max_size": "0.05",
    "entered_qty": "0.05",
    "left_qty": "0.05",
    "avg_entry": "64000",
    "avg_exit": "64280",
    "coin": "USDT",
    "realised": "14",
    "fees": "1.5",
    "funding": "0.1",
    "net": "12.4",
    "other_fees": {},
    "uncovered": "0",
    "note": None,
}

RISKED = {"first_stop": "63800", "at_risk": "10", "r": "1.24"}


def page_of(*items: Any, **more: Any) -> dict[str, Any]:
    return {"items": list(items), "next": None, **more}


def keep_journal(played: Played, *, zone: str = "UTC", done: int = 430) -> None:
    """Answers the journal's routes."""

    def days(_: Any, request: Any) -> Answer:
        if "by=symbol" in request.url:
            pair = [{**DAY, "key": "BTCUSDT", "category": category} for category in ("linear", "spot")]
            return 200, page_of(*pair, time_zone=zone)
        lost = {**DAY, "key": "2026-11-16", "net": "-3.2", "wins": 0}
        return 200, page_of({**DAY, "key": "2026-11-17"}, lost, time_zone=zone)

    detail = {"items": [{**FILL, "closed_qty": "0", "realised": "0"}], "next": None, "closed_pnl": []}
    curve = [
        {
            "day": f"2026-11-{at:02}",
            "coin": "USDT",
            "net": "1",
            "total": str(at - 12),
            "balance": None,
            "transfers": "0",
        }
        for at in range(10, 18)
    ]
    day = {
        "day": "2026-11-17",
        "time_zone": zone,
        "figures": [{**DAY, "key": "2026-11-17"}],
        "bybit_pnl": "12.5",
        "note": None,
    }
    played.answers |= {
        "GET /journal/figures": days,
        "GET /journal/days/": lambda *_: (200, page_of(FILL, **day)),
        "GET /journal/trips/": lambda *_: (
            200,
            {
                **TRIP,
                **detail,
                **RISKED,
                "bybit_pnl": "12.5",
                "difference": "0.1",
                "difference_because": "Funding.",
            },
        ),
        "GET /journal/trips": lambda *_: (200, page_of(TRIP)),
        "GET /journal/curve": lambda *_: (200, {"time_zone": zone, "days": curve, "equity": []}),
        "GET /journal/progress": lambda *_: (
            200,
            page_of({"account": ACCOUNT, "complete": done == 1000, "done": done, "rows": 3, "since": None}),
        ),
        "GET /holdings": lambda *_: (200, page_of()),
        "PUT /journal/": lambda *_: (200, {}),
    }
