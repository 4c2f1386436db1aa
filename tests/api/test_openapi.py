"""S7: the OpenAPI document, taken at its word by schemathesis: what it allows is answered as it says, what it does not
allow is refused, and nothing makes the house stumble. By a trader, a reader and nobody."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from tests.conftest import ROOT, Stack, wait_for
from tests.house.orders import flatten

load_all_checks()
# Left out: `positive_data_acceptance` (a well-formed order may break a market's rule), and those about links.
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
# `make check` holds it equal to what the house serves.
DOCUMENT = json.loads((ROOT / "frontend" / "openapi.json").read_text())
# Guessing at the door has its own tests; and a sign-out ends nothing for a token.
DOORS = {"sign_in", "sign_in_code", "ask_passkey", "sign_in_passkey", "sign_out", "make_owner"}
OPERATIONS = {
    operation["operationId"]: (method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if operation["operationId"] not in DOORS
}
FOR_ALL = {"health", "ready", "get_session", "get_setup"}
# A reader's own list.
OWN = {"put_favourite", "delete_favourite"}
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
schemathesis_schema = schemathesis.openapi.from_dict(DOCUMENT)


def _play(
    stack: Stack, name: str, scope: str | None, examples: int, also: Callable[[Case, Any], None]
) -> None:
    method, path = OPERATIONS[name]
    operation = schemathesis_schema[path][method]
    headers = {"Authorization": f"Bearer {stack.token(scope)}"} if scope else {}
    checks = CHECKS.get_by_names(list(CHECKED))
    how = settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    for mode in MODES:

        @how
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Case) -> None:
            answer = case.call(base_url=stack.url, headers=headers)
            case.validate_response(answer, checks=checks)
            also(case, answer)

        try:
            ask()
        except Unsatisfiable:
            # There is nothing about this operation that could be wrong.
            continue


@pytest.fixture(scope="module")
def house(stack_process: Stack) -> Stack:
    """The house, live before the first call. That it is whole is looked at once, after the last."""
    stack_process.paper.clear()
    stack_process.paper.control("limits", {"scale": "off"})
    wait_for(lambda: stack_process.ready() and stack_process.live(), 40, what="a house that is live")
    return stack_process


def _anything(case: Case, answer: Any) -> None:
    assert answer.status_code != 500


def _refused(case: Case, answer: Any) -> None:
    assert answer.status_code in (401, 403), answer.text


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_trader_is_answered_as_the_document_says(house: Stack, name: str) -> None:
    _play(house, name, "trade", 5, _anything)


@pytest.mark.parametrize(
    "name", [name for name, (method, _) in OPERATIONS.items() if method != "GET" and name not in OWN]
)
def test_a_reader_changes_nothing(house: Stack, name: str) -> None:
    _play(house, name, "read", 2, _refused)


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in FOR_ALL])
def test_nobody_is_told_nothing(house: Stack, name: str) -> None:
    _play(house, name, None, 2, _refused)


@pytest.mark.long
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_trader_for_long(house: Stack, name: str) -> None:
    _play(house, name, "trade", 600, _anything)


def test_afterwards_the_house_is_whole(stack: Stack) -> None:
    flatten(stack)
    assert stack.ready()
