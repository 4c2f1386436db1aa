"""Round trips, against an independent fold over exact fractions, and against the fold of positions.book."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from positions.book import Trade, fold
from positions.rounds import Fact, Fold, Trip, trips_of

D = Decimal
TINY = Fraction(1, 10**25)


@st.composite
def facts(draw: st.DrawFn) -> list[Fact]:
    found = []
    for at in range(draw(st.integers(0, 25))):
        kind = draw(st.sampled_from(["trade"] * 6 + ["funding", "other"]))
        found.append(
            Fact(
                key=(1_000 + at // 3, at, f"x{at:03}"),
                kind=kind,
                side=draw(st.sampled_from(["Buy", "Sell"])),
                qty=draw(st.sampled_from(["0.001", "0.5", "1", "1", "2", "3.7"]).map(D)),
                price=draw(st.decimals("0.0001", "99999", places=4)),
                fee=draw(st.decimals("-1", "1", places=8)),
                coin=draw(st.sampled_from(["USDT", "USDT", "MNT"])) if kind == "trade" else "USDT",
            )
        )
    return found


def lots(history: list[Fact]) -> list[dict[str, Fraction]]:
    """The trips another way: signed cost in fractions, a new dictionary at each opening."""
    found: list[dict[str, Fraction]] = []
    size = cost = Fraction(0)
    now: dict[str, Fraction] | None = None
    for fact in history:
        fee = Fraction(fact.fee)
        if fact.kind != "trade":
            if now is not None:
                now["funding" if fact.kind == "funding" else "fees"] += fee
            continue
        left = Fraction(fact.qty) * (1 if fact.side == "Buy" else -1)
        while left:
            if now is None:
                now = dict.fromkeys(("realised", "fees", "funding", "in", "out"), Fraction(0))
                found.append(now)
            same = size * left >= 0
            part = left if same else max(left, -size) if left < 0 else min(left, -size)
            now["fees"] += fee * abs(part) / Fraction(fact.qty)
            if same:
                cost, size = cost + part * Fraction(fact.price), size + part
                now["in"] += abs(part)
            else:
                share = cost * -part / size
                now["realised"] += -part * Fraction(fact.price) - share
                now["out"] += abs(part)
                cost, size = cost - share, size + part
            left -= part
            if size == 0:
                now = None
    return found


def paid(trip: Trip) -> Fraction:
    return sum((Fraction(fee) for fee in trip.fees.values()), Fraction(0))


@settings(max_examples=200, deadline=None)
@given(facts())
def test_trips_are_those_of_an_independent_exact_fold(history: list[Fact]) -> None:
    ours, theirs = trips_of(history), lots(history)
    assert len(ours) == len(theirs)
    for trip, lot in zip(ours, theirs, strict=True):
        assert (Fraction(trip.entered_qty), Fraction(trip.left_qty)) == (lot["in"], lot["out"])
        assert Fraction(trip.funding) == lot["funding"]
        assert abs(Fraction(trip.realised) - lot["realised"]) < TINY * 1000
        assert abs(paid(trip) - lot["fees"]) < Fraction(1, 10**16)
        assert trip.ended == (lot["in"] == lot["out"])


@settings(max_examples=120, deadline=None)
@given(facts())
def test_nothing_is_lost_or_counted_twice_between_trips(history: list[Fact]) -> None:
    trips = trips_of(history)
    traded = [fact for fact in history if fact.kind == "trade"]
    book = fold(Trade(fact.side, fact.qty, fact.price) for fact in traded)
    fees = sum((fact.fee for fact in traded), D(0))
    assert abs(sum((trip.realised for trip in trips), D(0)) - book.realised) < D("1e-25")
    # A flip shares its fee: the two parts are the whole, to the last digit.
    first = next((at for at, fact in enumerate(history) if fact.kind == "trade"), len(history))
    while_open = Fold(spot=False)
    held = D(0)
    for fact in history[first:]:
        if fact.kind == "other" and while_open.trip is not None:
            held += fact.fee
        while_open.take(fact)
    assert sum((sum(trip.fees.values(), D(0)) for trip in trips), D(0)) == fees + held
    assert all(trip.ended for trip in trips[:-1])


@settings(max_examples=80, deadline=None)
@given(facts(), st.integers(0, 25))
def test_a_fold_goes_on_where_it_was_kept(history: list[Fact], cut: int) -> None:
    whole, first = Fold(spot=False), Fold(spot=False)
    closed_whole = [whole.take(fact) for fact in history]
    closed = [first.take(fact) for fact in history[:cut]]
    rest = Fold(spot=False, book=first.book, trip=first.trip)
    closed += [rest.take(fact) for fact in history[cut:]]
    assert [(one.qty, one.realised) for one in closed if one] == [
        (one.qty, one.realised) for one in closed_whole if one
    ]
    ended = [trip for trip in first.trips if trip is not first.trip]
    assert ended + rest.trips == whole.trips


def trade(at: int, side: str, qty: str, price: str, fee: str = "0", coin: str = "USDT") -> Fact:
    return Fact(
        key=(at, at, str(at)), kind="trade", side=side, qty=D(qty), price=D(price), fee=D(fee), coin=coin
    )


def test_a_flip_ends_one_trip_and_begins_the_next() -> None:
    first, second = trips_of([trade(1, "Buy", "1", "100", "1"), trade(2, "Sell", "4", "110", "2")])
    assert (first.side, first.realised, first.flipped, first.fees) == ("Buy", D(10), True, {"USDT": D("1.5")})
    assert (second.side, second.entered_qty, second.ended, second.fees) == (
        "Sell",
        D(3),
        False,
        {"USDT": D("1.5")},
    )
    assert first.last == second.first


@pytest.mark.parametrize(
    ("sold", "realised", "uncovered", "ended"),
    [("1", "20", "0", False), ("1.998", "39.96", "0", True), ("5", "39.96", "3.002", True)],
)
def test_spot_pays_its_fee_in_coins_and_is_never_short(
    sold: str, realised: str, uncovered: str, ended: bool
) -> None:
    bought = Fact(
        key=(1, 1, "a"),
        kind="trade",
        side="Buy",
        qty=D(2),
        price=D("99.9"),
        fee=D("0.002"),
        coin="BTC",
        fee_in_base=True,
    )
    (trip,) = trips_of([bought, trade(2, "Sell", sold, "120")], spot=True)
    # 1.998 arrived for 199.8: 100 each.
    assert trip.entered_qty == D("1.998")
    assert trip.fees == {"BTC": D("0.002")}
    assert trip.realised.quantize(D("1e-9")) == D(realised)
    assert (trip.uncovered, trip.ended) == (D(uncovered), ended)


def test_coins_that_came_from_elsewhere_realise_nothing() -> None:
    first, second = trips_of([trade(1, "Sell", "1", "100", "0.1"), trade(2, "Buy", "1", "90")], spot=True)
    assert (first.uncovered, first.realised, first.ended) == (D(1), D(0), True)
    assert (second.side, second.entered_qty, second.ended) == ("Buy", D(1), False)
