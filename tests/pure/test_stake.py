"""What was at risk at a trip's first stop, and R."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from positions.stake import SOON_MS, Entry, Stop, stake

D = Decimal
T = 1_767_000_000_000


def entry(qty: str, price: str, at: int = 0) -> Entry:
    return Entry(T + at, D(qty), D(price))


def stop(price: str, at: int = 0) -> Stop:
    return Stop(T + at, D(price))


@pytest.mark.parametrize(
    ("side", "entries", "stops", "found"),
    [
        ("Buy", [entry("2", "100")], [stop("95")], ("95", "10")),
        ("Sell", [entry("2", "100")], [stop("105")], ("105", "10")),
        # Entered in two within the five minutes: both are at risk; what is added later is not.
        ("Buy", [entry("1", "100"), entry("1", "102", SOON_MS)], [stop("95")], ("95", "12")),
        ("Buy", [entry("1", "100"), entry("1", "102", SOON_MS + 1)], [stop("95")], ("95", "5")),
        # The first one counts, however the list is sorted, and wherever it was moved to later.
        ("Buy", [entry("1", "100")], [stop("99", 60_000), stop("90", 1_000)], ("90", "10")),
        ("Buy", [entry("1", "100")], [stop("95", SOON_MS)], ("95", "5")),
        # Too late, none, or nothing at risk at it.
        ("Buy", [entry("1", "100")], [stop("95", SOON_MS + 1)], None),
        ("Buy", [entry("1", "100")], [], None),
        ("Buy", [entry("1", "100")], [stop("100")], None),
        ("Sell", [entry("1", "100")], [stop("95")], None),
        ("Buy", [entry("1", "100")], [stop("101"), stop("98", 2_000)], ("98", "2")),
        ("Buy", [], [stop("95")], None),
    ],
)
def test_the_first_stop_says_what_was_at_risk(
    side: str, entries: list[Entry], stops: list[Stop], found: tuple[str, str] | None
) -> None:
    told = stake(side, entries, stops)
    assert (told and (told.stop, told.at_risk)) == (found and (D(found[0]), D(found[1])))


PRICES = st.decimals("0.01", "99999", places=2)
SIZES = st.decimals("0.001", "999", places=3)


@given(st.lists(st.tuples(SIZES, PRICES), min_size=1, max_size=5), PRICES, st.sampled_from(["Buy", "Sell"]))
def test_being_stopped_at_the_first_stop_is_minus_one(
    entered: list[tuple[Decimal, Decimal]], at: Decimal, side: str
) -> None:
    entries = [Entry(T, qty, price) for qty, price in entered]
    told = stake(side, entries, [Stop(T, at)])
    lost = sum((qty * (price - at if side == "Buy" else at - price) for qty, price in entered), D(0))
    if told is None:
        assert lost <= 0
    else:
        assert told.multiple(-lost) == -1
        assert told.multiple(2 * lost) == 2
