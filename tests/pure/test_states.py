"""The merge law: whatever the order, the duplicates and the gaps, the same news ends in the same facts."""

import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bybit.types import FINAL_STATUSES, STATUS_RANK
from orders import states
from orders.states import Facts, merge, state_of

D = Decimal
statuses = st.sampled_from(sorted(STATUS_RANK))
quantities = st.integers(0, 4).map(D)


@st.composite
def reports(draw: st.DrawFn) -> Facts:
    cum = draw(quantities)
    return Facts(
        status=draw(statuses),
        cum=cum,
        status_cum=cum,
        updated_ms=draw(st.integers(1, 4)),
        content=(draw(st.sampled_from(["a", "b"])),),
    )


def fold(news: list[Facts]) -> Facts:
    known = Facts()
    for item in news:
        known = merge(known, item)
    return known


@settings(max_examples=500, deadline=None)
@given(st.lists(reports(), min_size=1, max_size=7), st.randoms(use_true_random=False), st.data())
def test_any_order_and_duplicates_end_in_the_same_facts(
    news: list[Facts], rng: random.Random, data: st.DataObject
) -> None:
    again = news + data.draw(st.lists(st.sampled_from(news), max_size=5))
    rng.shuffle(again)
    first, second = fold(news), fold(again)
    assert (first.status, first.cum, first.status_cum, first.updated_ms, first.content) == (
        second.status,
        second.cum,
        second.status_cum,
        second.updated_ms,
        second.content,
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(reports(), max_size=6), st.data())
def test_any_subset_and_one_read_by_id_end_in_the_exchange_s_truth(
    news: list[Facts], data: st.DataObject
) -> None:
    """The read by id returns the exchange's last word, which is at least as great as anything it sent before."""
    top = max([states.key(item) for item in news], default=(False, D(0), 0, 0))
    truth = Facts(
        status="Filled", cum=max(top[1], D(4)), status_cum=max(top[1], D(4)), updated_ms=9, content=("truth",)
    )
    heard = data.draw(st.lists(st.sampled_from(news), max_size=6)) if news else []
    known = merge(fold(heard), truth, by_id=True)
    assert (known.status, known.cum, known.content, known.doubt) == ("Filled", truth.cum, ("truth",), False)


@settings(max_examples=500, deadline=None)
@given(st.lists(reports(), min_size=1, max_size=8))
def test_executed_quantity_never_falls_and_a_final_status_never_reopens(news: list[Facts]) -> None:
    known = Facts()
    for item in news:
        before, known = known, merge(known, item)
        assert known.cum >= before.cum
        if before.status in FINAL_STATUSES:
            assert known.status in FINAL_STATUSES


@given(st.lists(reports(), min_size=1, max_size=6))
def test_known_news_changes_nothing(news: list[Facts]) -> None:
    known = fold(news)
    for item in news:
        assert merge(known, item) is known


@pytest.mark.parametrize(
    ("known", "news", "status", "cum"),
    [
        ("New", "PartiallyFilled", "PartiallyFilled", 1),
        ("PartiallyFilled", "New", "PartiallyFilled", 1),
        ("Filled", "PartiallyFilled", "Filled", 1),
        ("Cancelled", "New", "Cancelled", 1),
        ("Untriggered", "Triggered", "Triggered", 1),
        ("Triggered", "Untriggered", "Triggered", 1),
    ],
)
def test_rank_decides_when_the_quantity_is_equal(known: str, news: str, status: str, cum: int) -> None:
    facts = [Facts(s, D(1), D(1), 5, ("x",)) for s in (known, news)]
    merged = merge(facts[0], facts[1])
    assert (merged.status, merged.cum) == (status, D(cum))


def test_a_final_report_with_less_executed_gives_its_status_and_asks_for_a_read() -> None:
    partly = Facts("PartiallyFilled", D(5), D(5), 9, ("x",))
    cancelled = Facts("Cancelled", D(3), D(3), 10, ("x",))
    merged = merge(partly, cancelled)
    assert (merged.status, merged.cum, merged.doubt) == ("Cancelled", D(5), True)


def test_a_final_report_with_more_executed_beats_a_final_one() -> None:
    cancelled = Facts("Cancelled", D(3), D(3), 10, ("x",))
    filled = Facts("Filled", D(5), D(5), 9, ("x",))
    assert merge(cancelled, filled).status == "Filled"
    assert merge(filled, cancelled).status == "Filled"


def test_equal_keys_with_other_content_ask_for_a_read_and_the_read_settles_it() -> None:
    first, second = Facts("New", D(0), D(0), 7, ("100",)), Facts("New", D(0), D(0), 7, ("99",))
    merged = merge(first, second)
    assert merged.doubt
    settled = merge(merged, second, by_id=True)
    assert (settled.content, settled.doubt) == (("99",), False)


def test_a_status_newer_than_the_code_is_kept_out_and_asks_for_a_read() -> None:
    known = Facts("New", D(0), D(0), 7, ("x",))
    merged = merge(known, Facts("SomethingNew", D(2), D(2), 9, ("x",)))
    assert (merged.status, merged.doubt) == ("New", True)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Untriggered", "working"),
        ("Triggered", "working"),
        ("New", "working"),
        ("PartiallyFilled", "working"),
        ("Filled", "filled"),
        ("Cancelled", "cancelled"),
        ("PartiallyFilledCanceled", "cancelled"),
        ("Deactivated", "cancelled"),
        ("Rejected", "rejected"),
    ],
)
def test_what_each_status_is_shown_as(status: str, state: str) -> None:
    assert state_of(status, "acked") == state
    assert state_of("", "sending") == "sending"


def test_our_own_steps_never_go_backwards_nor_out_of_an_end() -> None:
    rank = {
        "new": 0,
        "sending": 1,
        "unknown": 2,
        "acked": 3,
        "working": 4,
        "filled": 5,
        "cancelled": 5,
        "rejected": 5,
    }
    for state, nexts in states.TRANSITIONS.items():
        assert all(rank[to] > rank[state] for to in nexts)
        assert not (state in states.FINAL and nexts)
    assert set(states.TRANSITIONS) == states.FINAL | states.OPEN
