"""What a person reads of an order that Bybit never had."""

from decimal import Decimal
from typing import Any

import pytest

from bybit.models import Account
from orders import verdicts

from .test_news import ours

AGAIN = "Bybit never received this order. Nothing was traded. You can place it again."
CLOSE = "Bybit never received this order. Nothing was traded: the position is still open. Close it again."


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        ({}, AGAIN),
        ({"reduce_only": True, "order_type": "Market", "price": None}, CLOSE),
        ({"reduce_only": True, "trigger_price": Decimal(50000)}, AGAIN),
    ],
)
def test_a_close_that_never_arrived_says_that_the_position_is_open(
    account: Account, terms: dict[str, Any], text: str
) -> None:
    order = ours(account, state="unknown", **terms)
    verdicts.note_negative(order.pk, {"open": "nothing"}, verdict="never_arrived")
    order.refresh_from_db()
    assert (order.state, order.reject_message) == ("rejected", text)
