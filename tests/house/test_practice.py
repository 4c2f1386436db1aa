"""Starting a practice account over, through the contract alone."""

import uuid
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Stack, wait_for
from tests.house.desk import open_rows, place, position
from tests.house.orders import body, market

D = Decimal


def start_over(stack: Stack, account: str = "paper", asked: str | None = None) -> Any:
    return stack.api("POST", "/practice/start-over", {"id": asked or str(uuid.uuid4()), "account": account})


def equity(stack: Stack) -> Decimal:
    return D(wallet(stack)["total_equity"])


def wallet(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = stack.api("GET", "/wallet?account=paper").json()["items"][0]
    return found


def is_the_first_money(amount: Decimal) -> bool:
    """Books move eight decimals; what was traded before may have left something finer."""
    return abs(amount - 100_000) < D("0.001")


def has_its_first_money(stack: Stack) -> None:
    try:
        wait_for(lambda: is_the_first_money(equity(stack)), 30)
    except AssertionError:
        told = (wallet(stack), open_rows(stack), stack.api("GET", "/positions").json(), stack.paper.truth())
        raise AssertionError(f"the first money is not there: {told}") from None


def test_everything_ends_the_first_money_is_back_and_the_record_stays(desk: Stack) -> None:
    held = place(desk, market(qty="0.02"))
    wait_for(lambda: position(desk), what="a position")
    resting = place(desk, body(desk))
    row = position(desk)
    stop = format(D(row["entry_price"]) * D("0.9"), ".1f")
    assert desk.api("PUT", f"/positions/{row['id']}/trading-stop", {"stop_loss": stop}).status_code == 200
    asked = str(uuid.uuid4())
    done = start_over(desk, asked=asked)
    assert done.status_code == 200, done.text
    assert done.json()["cancelled"] >= 1
    [closed] = done.json()["closed"]
    assert closed["order"]["reduce_only"] is True
    has_its_first_money(desk)
    wait_for(lambda: not open_rows(desk) and not position(desk), what="nothing open in our record")
    truth = desk.paper.truth()
    balances = {row["coin"]: D(row["walletBalance"]) for row in truth["wallet"]["coin"]}
    assert is_the_first_money(balances.pop("USDT"))
    assert all(abs(left) < D("0.00000001") for left in balances.values()), balances
    # Nothing of what was is gone.
    assert desk.order(held["id"])["state"] == "filled"
    assert desk.order(resting["id"])["state"] == "cancelled"
    # Asked again with the same id, or anew, it changes nothing more.
    assert start_over(desk, asked=asked).json()["closed"] == []
    assert is_the_first_money(equity(desk))


def test_while_something_stays_open_the_balance_stays_as_it_was(desk: Stack) -> None:
    place(desk, market(qty="0.02"))
    wait_for(lambda: position(desk), what="a position")
    before = equity(desk)
    # The close never arrives, so the position stays.
    desk.paper.fault(endpoint="/v5/order/create", accept="never", reply="ret", code=110007, count=1)
    answer = start_over(desk)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "still_open")
    assert abs(equity(desk) - before) < D(10)
    assert position(desk)["side"] == "Buy"


@pytest.mark.parametrize("account", ["nobody"])
def test_only_ones_own(desk: Stack, account: str) -> None:
    assert start_over(desk, account).status_code == 404
