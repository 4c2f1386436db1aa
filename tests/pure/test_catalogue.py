"""Every failure of the catalogue is played, and docs/testing.md says truly where."""

from tests.catalogue import FAILURES, files_of, table, written


def test_every_failure_is_played_by_some_test() -> None:
    # F50 to F55 are the page's, and are played in tests/browser; the others have tests of their own names.
    assert list(FAILURES) == [*range(1, 50), *range(56, 62), 63, 64, 65, 67, 70]
    assert set(FAILURES) - set(files_of()) == set()


def test_the_document_s_table_is_the_tests_own() -> None:
    assert written() == table(), "run `.venv/bin/python -m tests.catalogue`"
