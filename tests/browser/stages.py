"""The pages that scenes are shown on: what is held there, what the server answers, and how it breaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from .journal import keep_journal
from .locks import keep_locks
from .market import ACCOUNT
from .played import T0, Played

ID = "00000000-0000-4000-8000-00000000000"
POSITION = f"{ACCOUNT}:linear:BTCUSDT:0"
ORDER: dict[str, Any] = {
    "id": f"{ID}1",
    "account": ACCOUNT,
    "category": "linear",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "order_type": "Limit",
    "qty": "0.02",
    "price": "64248",
    "time_in_force": "GTC",
    "reduce_only": False,
    "position_idx": 0,
}
FIGURES = {
    "margin": "64.25",
    "fee_maker": "0.13",
    "fee_taker": "0.35",
    "liq_before": "58464",
    "liq_after": "58034.1",
    "loss_at_stop": "12.9",
    "profit_at_take": "24.1",
}
LOOK: dict[str, Any] = {
    **{name: {"value": value, "source": "bybit"} for name, value in FIGURES.items()},
    **{
        name: {"value": None, "source": "unknown"}
        for name in ("im_before", "im_after", "mm_before", "mm_after")
    },
    "position_after": "0.06",
    "price": "64249.9",
    "qty": "0.01",
    "value": "642.49",
    "rules": [],
    "warnings": [],
}


def bare(played: Played) -> None:
    keep_journal(played)
    keep_locks(played)
    played.answers["POST /orders/preview"] = lambda *_: (200, LOOK)
    start(played)


SPOT_LOOK: dict[str, Any] = {
    **{name: {"value": None, "source": "not available"} for name in LOOK if isinstance(LOOK[name], dict)},
    **{name: {"value": "0.65", "source": "computed"} for name in ("fee_maker", "fee_taker")},
    "margin": {"value": "650", "source": "computed"},
    "position_after": None,
    "price": "64300.25",
    "qty": "650",
    "value": "650",
    "rules": [],
    "warnings": [],
}


def spot(played: Played) -> None:
    """Some BTC, some USDT, a perpetual position of the same name, and an order of each kind on both markets."""
    keep_journal(played)
    keep_locks(played)
    played.answers["POST /orders/preview"] = lambda *_: (200, SPOT_LOOK)
    market = played.market
    market.hold("USDT", "97114.02", "97000.5")
    market.hold("BTC", "0.0523401217", "0.0323401217")
    market.position("BTCUSDT", "Buy", "0.05", "64246")
    market.order(ORDER, state="working")
    mine = {**ORDER, "category": "spot", "qty": "0.02", "price": "64300.11"}
    market.order({**mine, "id": f"{ID}4", "side": "Sell"}, state="working", filled_qty="0.008")
    waits = {"order_type": "Market", "price": None, "time_in_force": "IOC", "market_unit": "quoteCoin"}
    market.order(
        {**mine, **waits, "id": f"{ID}5", "qty": "650.5"},
        state="working",
        exchange_status="Untriggered",
        trigger_price="66000",
        stop_order_type="Stop",
    )
    played.open_spot()
    played.book_spot()
    expect(played.page.locator(".chart[data-state=there]")).to_be_visible()


def start(played: Played) -> None:
    played.open()
    played.book()
    expect(played.page.locator(".chart[data-state=there]")).to_be_visible()


def over(played: Played) -> None:
    """Orders that ended before the page came, each in its own way."""

    def end(number: int, **how: Any) -> dict[str, Any]:
        order = played.market.order({**ORDER, "id": f"{ID[:-1]}1{number}"}, **how)
        # The server heard of them later than they ended, and not in that order.
        order["ended_at"] = f"2026-11-20T10:0{number}:00.000Z"
        order["updated_at"] = f"2026-11-21T10:0{9 - number}:00.000Z"
        return played.market.orders.pop(order["id"])

    late = {"reject_code": "never_arrived", "reject_message": "Bybit never had this order. Nothing was sent."}
    played.market.ended = [
        end(1, state="filled", filled_qty="0.02", avg_price="62890"),
        end(2, state="cancelled", filled_qty="0.004", avg_price="62900", cancel_type="CancelByReduceOnly"),
        end(3, state="rejected", reject_code="110007", reject_message="ab not enough"),
        end(4, state="rejected", **late),
    ]


def held(played: Played) -> None:
    """Long BTC behind a stop, short of a small coin, an order of each kind, and some that are over."""
    over(played)
    keep_journal(played)
    keep_locks(played)
    played.answers["POST /orders/preview"] = lambda *_: (200, LOOK)
    market = played.market
    market.position("BTCUSDT", "Buy", "0.05", "64246")["stop_loss"] = "64243"
    market.position("1000PEPEUSDT", "Sell", "1250000", "0.011512")
    row = market.order(ORDER, state="working", filled_qty="0.008")
    stop = {
        **ORDER,
        "id": f"{ID}2",
        "side": "Sell",
        "order_type": "Market",
        "price": None,
        "reduce_only": True,
    }
    waits = {"state": "working", "exchange_status": "Untriggered"}
    market.order({**stop, "time_in_force": "IOC"}, **waits, trigger_price="66000", stop_order_type="Stop")
    guard = market.order(
        {**stop, "id": f"{ID}3"},
        **waits,
        trigger_price="64243",
        stop_order_type="StopLoss",
        source="external",
    )
    whole = {"position": POSITION, "pairs": [], "trailing": [], "others": [guard], "unprotected": "0"}
    played.answers["GET /protection"] = lambda *_: (200, {"items": [whole], "orphans": []})
    story = [("intent", {"by": "demo"}), ("sent", {}), ("fill", {"execQty": "0.008", "execPrice": "64248"})]
    events = [{"at": played.at(), "kind": kind, "source": "x", "body": body} for kind, body in story]
    times = {
        "tap": "2026-11-22T10:00:00.000Z",
        "acked": "2026-11-22T10:00:00.045Z",
        "sent": None,
        "first_fill": None,
    }
    detail = {**row, "user": "demo", "times": times, "fills": [], "events": events}
    played.answers[f"GET /orders/{ORDER['id']}"] = lambda *_: (200, detail)
    start(played)
    played.tick("1000PEPEUSDT", last="0.01142", mark="0.01142", bid="0.011419", ask="0.01142")
    played.run(1_000, beating=True)


def real(played: Played) -> None:
    played.market.account |= {"environment": "live", "label": "Main account"}
    held(played)


def unsettled(played: Played) -> None:
    known, other = f"{ID}a", f"{ID}b"
    kept = json.dumps([{"id": known, "at": T0 - 5_000}, {"id": other, "at": T0 - 20_000}])
    played.page.add_init_script(f"localStorage.setItem('unsettled', {json.dumps(kept)})")
    row = played.market.order({**ORDER, "id": known}, state="filled", filled_qty="0.02")
    played.answers[f"GET /orders/{known}"] = lambda *_: (200, row)
    played.open()


def silent(played: Played) -> None:
    played.run(7_000)
    expect(played.chip("stale")).to_be_visible()


def drop(played: Played) -> None:
    played.refuse_sockets = True
    played.sockets[-1].close(code=1012)


def cut(played: Played) -> None:
    drop(played)
    expect(played.chip("reconnecting")).to_be_visible()


def away(played: Played) -> None:
    played.answers["GET /session"] = lambda route, _: route.abort()
    drop(played)
    played.run(11_000)
    expect(played.chip("offline")).to_be_visible()


def failing(played: Played) -> None:
    played.answers["GET /session"] = lambda *_: (500, {})
    drop(played)
    expect(played.chip("error")).to_be_visible()
    played.run(11_000)


def paused(played: Played) -> None:
    played.market.account["paused"] = {"at": played.at(), "by": "ann"}
    played.beat()
    expect(played.page.locator(".paused")).to_be_visible()


def resyncing(played: Played) -> None:
    played.say({"type": "status", "account": ACCOUNT, "stream": "resyncing"})
    played.run(500, beating=True)


def barred(played: Played) -> None:
    why = "Bybit takes this key no more (API key is invalid.). Nothing can be sent: bring in a new one."
    status = {"type": "status", "account": ACCOUNT, "stream": "down", "read_only": True}
    played.say({**status, "read_only_reason": why})
    played.run(500, beating=True)


def outdated(played: Played) -> None:
    played.min_build = "99990101000000-ffffffff"
    played.page.goto("/")
    expect(played.chip("update")).to_be_visible()


def unmet(played: Played) -> None:
    """Signed in, and nothing has come on the socket yet."""
    played.welcome = False
    played.page.goto("/")
    expect(played.chip("loading")).to_be_visible()


def signed_out(played: Played) -> None:
    played.sockets[-1].close(code=4401)
    expect(played.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()


def nobody(needs: str | None = None, fragment: str = "") -> Callable[[Played], None]:
    def lay(played: Played) -> None:
        keep_locks(played)
        out = {"signed_in": False, "user": None, "rights": [], "csrf": "token", "role": None}
        played.answers["GET /session"] = lambda *_: (
            200,
            {**out, "needs": needs, "passkey": needs is not None},
        )
        played.page.goto(f"/{fragment}")
        expect(played.page.get_by_role("heading", level=1)).to_be_visible()
        played.page.locator("input").first.wait_for()

    return lay
