"""Orders as a script that knows only the contract makes them."""

import uuid
from decimal import Decimal
from typing import Any

from tests.conftest import Stack, wait_for

SYMBOL = "BTCUSDT"

FINAL = ("filled", "cancelled", "rejected")


def body(stack: Stack, **changes: Any) -> dict[str, Any]:
    """A limit buy far enough below the market to rest."""
    symbol = changes.get("symbol", SYMBOL)
    tick = Decimal("0.1") if symbol == "BTCUSDT" else Decimal("0.01")
    price = (Decimal(stack.paper.last(symbol)) * Decimal("0.98") / tick).to_integral_value() * tick
    return {
        "id": str(uuid.uuid4()),
        "account": "paper",
        "category": "linear",
        "symbol": symbol,
        "side": "Buy",
        "order_type": "Limit",
        "qty": "0.01",
        "price": format(price, "f"),
        **changes,
    }


def market(**changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "account": "paper",
        "category": "linear",
        "symbol": SYMBOL,
        "side": "Buy",
        "order_type": "Market",
        "qty": "0.01",
        **changes,
    }


def until(stack: Stack, order_id: str, *states: str, seconds: float = 15) -> dict[str, Any]:
    def look() -> Any:
        order = stack.order(order_id)
        return order if order.get("state") in states else None

    found: dict[str, Any] = wait_for(look, seconds, f"{order_id} to be {states}")
    return found


def flatten(stack: Stack) -> None:
    """No open order, no position."""
    stack.api("POST", "/orders/cancel-all", {"account": "paper"})
    closing: dict[str, str] = {}

    def flat() -> bool:
        held = stack.api("GET", "/positions").json()["items"]
        for position in held:
            # One close at a time; another once that ended, for what was shown may not have been all of it.
            last = closing.get(position["id"])
            if last is None or stack.order(last).get("state") in FINAL:
                order_id = str(uuid.uuid4())
                if stack.api("POST", f"/positions/{position['id']}/close", {"id": order_id}).ok:
                    closing[position["id"]] = order_id
        return not held

    wait_for(flat, 15, "no position")
    wait_for(lambda: not stack.api("GET", "/orders?state=open").json()["items"], 15, "no open order")


def agrees_with_the_exchange(stack: Stack) -> None:
    """What Tradepost holds equals the exchange's ledger: fills by execId, positions, wallet."""

    def same() -> bool:
        truth = stack.paper.truth()
        theirs = {
            (row["execId"], Decimal(row["execQty"]), Decimal(row["execPrice"]), Decimal(row["execFee"]))
            for row in truth["executions"]
        }
        ours, cursor = set(), ""
        while True:
            page = stack.api("GET", f"/executions?limit=200{cursor}").json()
            ours |= {
                (row["exec_id"], Decimal(row["qty"]), Decimal(row["price"]), Decimal(row["fee"]))
                for row in page["items"]
            }
            if not page["next"]:
                break
            cursor = f"&cursor={page['next']}"
        held = {
            (row["symbol"], row["side"], Decimal(row["size"]))
            for row in truth["positions"]
            if Decimal(row["size"]) != 0
        }
        positions = stack.api("GET", "/positions").json()["items"]
        shown = {(row["symbol"], row["side"], Decimal(row["size"])) for row in positions}
        return theirs == ours and held == shown and all(row["ours"]["complete"] for row in positions)

    wait_for(same, 20, "Tradepost and the exchange to agree")
