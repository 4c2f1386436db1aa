"""S2: the stateful model, a little of it every day and much of it in `make test-long`."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bybit import gateway as bybit
from bybit import instruments
from bybit.models import Account, Link
from tests.conftest import Paper
from tests.stateful.machine import Trading
from tests.witness import Witness, of_test_database

QUICK = {
    "SEND_OVER_SECONDS": 0.1,
    "SEND_VOID_SECONDS": 0.1,
    "SETTLE_SECONDS": 0.3,
    "NEGATIVE_GAP_SECONDS": 0.05,
    "QUIET_SECONDS": 0.0,
    "RECONCILED_SECONDS": 3600.0,
    "BAN_SECONDS": 0.1,
    "CLOCK_SECONDS": 0.2,
}


@pytest.fixture
def machine(
    transactional_db: None, django_user_model: Any, paper: Paper, settings: Any
) -> Callable[[], type[Trading]]:
    """The machine, on a fast clock, with an account of its own for each run."""
    for name, value in QUICK.items():
        setattr(settings, name, value)
    user = django_user_model.objects.create_user("owner")

    def fresh() -> Account:
        paper.clear()
        key = f"key-{uuid4().hex[:12]}"
        made = paper.control("key", {"key": key, "secret": "secret"})
        account = Account(
            id=key, label=made["account"], environment="paper", paper_url=paper.url, api_key=key
        )
        account.set_secret("secret")
        account.save()
        account.members.add(user)
        Link.objects.create(account=account)
        instruments.refresh(account, bybit.for_account(account))
        return account

    def witness_of(account: Account) -> Witness:
        return Witness(
            of_test_database(),
            paper.url,
            account=account.pk,
            venue_account=account.label,
            settle=timedelta(seconds=QUICK["SETTLE_SECONDS"]),
            since_ns=time.time_ns(),
        )

    def make() -> type[Trading]:
        return type(
            "Run",
            (Trading,),
            {"paper": paper, "fresh": staticmethod(fresh), "witness_of": staticmethod(witness_of)},
        )

    return make


def _run(machine: Callable[[], type[Trading]], examples: int, steps: int) -> None:
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    )
    run_state_machine_as_test(machine(), settings=how)


def test_whatever_happens_in_whatever_order_the_record_is_bybit_s(
    machine: Callable[[], type[Trading]],
) -> None:
    _run(machine, examples=4, steps=25)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_great_deal_of_it(machine: Callable[[], type[Trading]]) -> None:
    _run(machine, examples=400, steps=50)
