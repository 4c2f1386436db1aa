from collections.abc import Iterator

import pytest

from tests.conftest import Stack
from tests.house.desk import everything
from tests.house.orders import agrees_with_the_exchange, flatten


@pytest.fixture
def desk(stack: Stack) -> Iterator[Stack]:
    """The house with a market that stands still, flat before and after."""
    stack.paper.control("pause", {"on": True})
    flatten(stack)
    yield stack
    stack.paper.clear()
    stack.api("POST", "/orders/cancel-all", everything())
    flatten(stack)
    agrees_with_the_exchange(stack)
    stack.paper.control("pause", {"on": False})
