"""The seeded bugs still apply (every day), and every suite still catches its own (`make test-long`)."""

import shutil

import pytest

from tests.conftest import ROOT
from tests.seeded.__main__ import Bug, bugs, wrong_with, wrong_without

BUGS = bugs()


@pytest.mark.skipif(shutil.which("git") is None, reason="git applies the patches")
@pytest.mark.parametrize("bug", BUGS, ids=[bug.path.stem for bug in BUGS])
def test_each_seeded_bug_still_applies(bug: Bug) -> None:
    assert bug.applies(ROOT, check=True), "make it anew: the code it breaks has changed"
    assert all((ROOT / test.partition("::")[0]).exists() for test in bug.claimed_by)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("bug", BUGS, ids=[bug.path.stem for bug in BUGS])
def test_each_seeded_bug_is_caught_by_the_suite_that_claims_it(bug: Bug) -> None:
    assert not (wrong_without(bug.claimed_by) or wrong_with(bug))
