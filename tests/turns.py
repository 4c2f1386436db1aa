"""Who runs which file. A house takes some fifteen seconds of a core to start and goes on taking its share of one, so
with three workers and more one of them does what needs no house, for as long as there is some of it."""

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

LIVE_IN_A_HOUSE = ("tests/api/", "tests/browser/", "tests/faults/", "tests/house/")
# Starts houses of its own and needs none of the session.
BUILDS = "tests/house/test_supervisor.py"


def in_a_house(file: str) -> bool:
    return file.startswith(LIVE_IN_A_HOUSE) and file != BUILDS


class Turns(LoadFileScheduling):
    """Whole files, the largest first; the last worker's are those without a house."""

    def _assign_work_unit(self, node: Any) -> None:
        outdoors = self.numnodes > 2 and node.gateway.id == f"gw{self.numnodes - 1}"
        for file in self.workqueue:
            if in_a_house(file) is not outdoors:
                self.workqueue.move_to_end(file, last=False)
                break
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Turns | None:
    return Turns(config, log) if config.getvalue("dist") == "loadfile" else None
