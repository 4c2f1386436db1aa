"""Sizes: rounded down, and never more than what a person agreed to spend or lose."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.errors import RuleBroken
from orders.sizing import Basis, size

D = Decimal
BASIS = Basis(
    price=D(50000),
    step=D("0.001"),
    fee_rate=D("0.0005"),
    leverage=D(10),
    available=D(1000),
    equity=D(2000),
    stop_loss=D(49000),
    side="Buy",
)


@pytest.mark.parametrize(
    ("by", "amount", "found"),
    [
        ("base", "0.0159", "0.015"),
        ("quote", "1000", "0.020"),
        ("quote", "1049", "0.020"),
        # 5,000 of margin and 50 of fees for each coin.
        ("percent", "100", "0.198"),
        ("percent", "25", "0.049"),
        # A thousand and 49.5 of fees lost with each coin.
        ("risk", "100", "0.095"),
        ("risk_percent", "5", "0.095"),
    ],
)
def test_by_hand(by: Any, amount: str, found: str) -> None:
    assert size(by, D(amount), BASIS) == D(found)


money = st.decimals("0.01", "100000", places=2)


@given(money, money, st.decimals("0", "0.01", places=5), st.decimals("0.001", "0.9", places=3))
def test_a_size_by_risk_never_loses_more_than_agreed(
    risk: Decimal, price: Decimal, fee: Decimal, part: Decimal
) -> None:
    away = price * part
    basis = replace(BASIS, price=price, fee_rate=fee, stop_loss=price - away, step=D("0.001"))
    try:
        qty = size("risk", risk, basis)
    except RuleBroken as error:
        assert error.code == "below_min"
        return
    stop = price - away
    lost = qty * away + qty * fee * (price + stop)
    assert lost <= risk
    more = qty + basis.step
    assert more * away + more * fee * (price + stop) > risk


@given(st.decimals("0.01", "100", places=2), money, st.sampled_from(["1", "3", "12.5", "100"]).map(D))
def test_a_part_of_what_is_available_leaves_the_fees_of_both_sides(
    percent: Decimal, available: Decimal, leverage: Decimal
) -> None:
    basis = replace(BASIS, available=available, leverage=leverage)
    try:
        qty = size("percent", percent, basis)
    except RuleBroken as error:
        assert error.code == "below_min"
        return
    bound = qty * basis.price / leverage + 2 * qty * basis.price * basis.fee_rate
    assert bound <= available * percent / 100


@pytest.mark.parametrize(
    ("by", "changes", "rule"),
    [
        ("risk", {"stop_loss": None}, "sizing"),
        ("risk", {"stop_loss": D(51000)}, "sizing"),
        ("risk", {"side": "Sell"}, "sizing"),
        ("risk_percent", {"equity": None}, "sizing"),
        ("percent", {"available": None}, "sizing"),
        ("percent", {"available": D(0)}, "sizing"),
        ("percent", {"leverage": None}, "sizing"),
        ("base", {"step": D(1000)}, "below_min"),
    ],
)
def test_what_is_not_known_is_said_and_not_guessed(by: Any, changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(RuleBroken) as raised:
        size(by, D(50), replace(BASIS, **changes))
    assert raised.value.code == rule
    assert "Nothing was sent" in raised.value.message


def test_more_than_all_of_it_is_refused() -> None:
    with pytest.raises(RuleBroken, match="at most 100"):
        size("percent", D("100.01"), BASIS)
