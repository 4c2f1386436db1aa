"""F01 to F05: what one answer, or none, proves about an order that was sent once."""

import time
from typing import Any

import pytest

from bybit.errors import DUPLICATE, GONE, REFUSED
from tests.conftest import Stack, wait_for
from tests.faults.play import SMALL, creates, ends_as_bybit_has_it, send
from tests.house.orders import body, flatten, market, until

LOST: dict[str, Any] = {
    "dropped": {"reply": "drop"},
    "reset": {"reply": "rst"},
    "hanging": {"reply": "hang", "ms": 30_000},
}
UNREADABLE: dict[str, Any] = {
    "status 500": {"reply": "status", "code": 500},
    "status 502": {"reply": "status", "code": 502},
    "status 503": {"reply": "status", "code": 503},
    "status 504": {"reply": "status", "code": 504},
    "an html page with 200": {"reply": "html"},
    "garbage with 200": {"reply": "garbage"},
    "half an answer": {"reply": "truncate"},
}
# Codes that say nothing of whether the order exists, and one that nobody has ever seen.
AMBIGUOUS = (
    *(429, 10000, 10006, 10014, 10016, 10019, 10403, 10429, 20003, 20006, 500000),
    *(170001, 170005, 170007, 170032, 170035, 170146, 170147, 170149, 170234, 170310, 424242),
)
CODES: dict[str, Any] = {str(code): {"reply": "ret", "code": code} for code in AMBIGUOUS}
DEFINITE = (110007, 110094, 110003, 10001, 10003, 10004, 10005)


@pytest.mark.parametrize("what", LOST)
def test_f01_a_lost_answer_is_unknown_and_ends_as_bybit_has_it(stack: Stack, what: str) -> None:
    order = body(stack, qty=SMALL)
    ends_as_bybit_has_it(stack, order, send(stack, order, accept="before", **LOST[what]), what=what)


@pytest.mark.parametrize("what", UNREADABLE)
def test_f03_an_unreadable_answer_is_ambiguous(stack: Stack, what: str) -> None:
    order = body(stack, qty=SMALL)
    ends_as_bybit_has_it(stack, order, send(stack, order, accept="before", **UNREADABLE[what]), what=what)


def test_f04_no_ambiguous_code_is_called_a_refusal_when_bybit_took_the_order(stack: Stack) -> None:
    assert not {str(code) for code in AMBIGUOUS} & (REFUSED | DUPLICATE | GONE)
    sent = []
    for code, fault in CODES.items():
        order = body(stack, qty=SMALL)
        answer = send(stack, order, accept="before", **fault)
        assert answer.status_code in (201, 202), (code, answer.text)
        assert answer.json()["state"] in ("unknown", "working"), code
        sent.append((code, order))
    for code, order in sent:
        found = until(stack, order["id"], "working", seconds=12)
        kept = next(event["body"] for event in found["events"] if event["kind"] == "answer")
        assert kept["code"] == code
        assert creates(stack, order) == 1
    flatten(stack)


@pytest.fixture(scope="module")
def unplaced(stack_process: Stack) -> dict[str, dict[str, Any]]:
    """Every ambiguous answer for an order that Bybit did not take, all waiting for their verdict at once."""
    stack = stack_process
    stack.paper.clear()
    wait_for(lambda: stack.ready() and stack.live(), 40)
    ended: dict[str, dict[str, Any]] = {}
    sent = []
    for what, fault in {"reset": LOST["reset"], **UNREADABLE, **CODES}.items():
        order = body(stack, qty=SMALL)
        at = time.monotonic()
        answer = send(stack, order, accept="never", **fault)
        assert (answer.status_code, answer.json()["state"]) == (202, "unknown"), (what, answer.text)
        sent.append((what, order, at))
    for what, order, at in sent:
        found = until(stack, order["id"], "rejected", seconds=25)
        ended[what] = {**found, "age": time.monotonic() - at, "creates": creates(stack, order)}
    return ended


def _never_arrived_with_proof(stack: Stack, found: dict[str, Any]) -> None:
    assert (found["reject_code"], found["creates"]) == ("never_arrived", 1)
    assert found["age"] >= stack.settle_seconds
    verdict = next(event["body"] for event in found["events"] if event["kind"] == "verdict")
    assert verdict["negatives"] >= 3
    assert [verdict[name] for name in ("realtime", "history", "executions")] == ["nothing"] * 3


def test_f02_a_request_that_never_arrived_is_said_so_with_proof(
    stack: Stack, unplaced: dict[str, Any]
) -> None:
    _never_arrived_with_proof(stack, unplaced["reset"])


def test_f03_an_unreadable_answer_to_what_never_arrived_ends_by_proof(
    stack: Stack, unplaced: dict[str, Any]
) -> None:
    for what in UNREADABLE:
        _never_arrived_with_proof(stack, unplaced[what])


def test_f04_an_ambiguous_code_for_what_was_not_placed_ends_by_proof(
    stack: Stack, unplaced: dict[str, Any]
) -> None:
    for code in CODES:
        _never_arrived_with_proof(stack, unplaced[code])


@pytest.mark.parametrize("code", DEFINITE)
def test_f05_a_definite_refusal_is_said_at_once_with_bybit_s_code(stack: Stack, code: int) -> None:
    order = market()
    start = time.monotonic()
    answer = send(stack, order, accept="never", reply="ret", code=code)
    assert time.monotonic() - start < 1
    assert (answer.status_code, answer.json()["state"]) == (201, "rejected")
    assert answer.json()["reject_code"] == str(code)
    assert creates(stack, order) == 1
