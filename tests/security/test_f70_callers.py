"""F70: what the OpenAPI document allows, and what it does not, put by schemathesis to every route by five kinds of
caller. Nobody is ever served what `webapp/rights.py` does not give them, and nothing makes the house stumble."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from tests.security.people import Page, person
from tests.security.test_f70_rights import BY_PAGE, DOCUMENT, OPERATIONS
from webapp.rights import RIGHTS
from webapp.security.models import ApiToken, Attempt

pytestmark = pytest.mark.django_db
Call = Callable[[str, str, Any], Any]
# Whoever signs out is another caller afterwards: that comes last. Nobody signs in by what was made up.
ORDER = sorted(OPERATIONS, key=lambda name: name == "sign_out")
NO_DOOR = {"sign_in", "sign_in_code", "sign_in_passkey", "make_owner"}
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
HOW = settings(
    max_examples=2,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def _callers() -> dict[str, tuple[set[str], Call]]:
    """Each caller's rights, and how it calls."""
    found: dict[str, tuple[set[str], Call]] = {"anonymous": (set(), Page().call)}
    for role, rights in BY_PAGE.items():
        person(role, role)
        page = Page()
        assert page.sign_in(role).json()["signed_in"]
        found[role] = (rights, page.call)
    _, token = ApiToken.make(person("script"), "read")
    found["read token"] = (
        {"read"},
        lambda method, path, body: Page().call(method, path, body, Authorization=f"Bearer {token}"),
    )
    return found


def _asked(case: Case) -> tuple[str, Any]:
    """The case's address and body, as a page would send them; a body that is no JSON has its own tests."""
    told = case.as_transport_kwargs(base_url="http://testserver")
    path = told["url"].removeprefix("http://testserver").removeprefix("/api/v1")
    query = "&".join(f"{name}={value}" for name, value in (told.get("params") or {}).items())
    return f"{path}?{query}" if query else path, told.get("json")


def _ask(name: str, mode: GenerationMode, callers: dict[str, tuple[set[str], Call]]) -> set[str]:
    """Puts a few cases of one operation to everybody; who was served."""
    served: set[str] = set()
    method, path = OPERATIONS[name]

    @HOW
    @given(case=SCHEMA[f"/api/v1{path}"][method].as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        address, body = _asked(case)
        for caller, (rights, call) in callers.items():
            answer = call(method, address, body)
            said = (caller, name, address, str(body)[:300], getattr(answer, "content", b"")[:200])
            assert answer.status_code != 500, said
            needs = RIGHTS[name]
            if needs is not None and needs not in rights:
                assert answer.status_code in (401, 403), said
            elif answer.status_code < 300:
                assert name not in NO_DOOR, said
                served.add(caller)
        Attempt.objects.all().delete()

    with suppress(Unsatisfiable):
        # There may be nothing about an operation that could be wrong.
        ask()
    return served


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, pytest.param(GenerationMode.NEGATIVE, marks=pytest.mark.long)]
)
def test_f70_five_callers_are_answered_by_right_and_nothing_stumbles(mode: GenerationMode) -> None:
    callers = _callers()
    served = set().union(*(_ask(name, mode, callers) for name in ORDER))
    if mode is GenerationMode.POSITIVE:
        assert served == set(callers), "each of them was served something"
