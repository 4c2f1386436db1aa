"""Failpoints: inert unless armed, loud when misspelt, and never beside a live account."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from bybit import failpoints
from bybit.failpoints import Crash, armed, failpoint, is_armed
from bybit.models import Account
from tests.conftest import ROOT


def test_nothing_happens_unless_armed() -> None:
    assert not is_armed()
    for name in failpoints.NAMES:
        failpoint(name)


def test_it_raises_what_no_except_exception_takes_for_an_error() -> None:
    with armed("after_claim=raise"), pytest.raises(Crash, match="after_claim"):
        failpoint("news_locked")
        try:
            failpoint("after_claim")
        except Exception:  # noqa: BLE001
            pytest.fail("a crash was handled")
    failpoint("after_claim")


def test_a_count_and_a_chance_bound_how_often() -> None:
    with armed("after_claim=raise*2"):
        for _ in range(2):
            with pytest.raises(Crash):
                failpoint("after_claim")
        failpoint("after_claim")
    with armed("after_claim=raise%0"):
        failpoint("after_claim")


def test_it_pauses() -> None:
    with armed("after_claim=pause:60"):
        start = time.monotonic()
        failpoint("after_claim")
        assert time.monotonic() - start >= 0.06


def test_a_file_arms_a_running_process_once(tmp_path: Path) -> None:
    file = tmp_path / "trap"
    with armed(f"@{file}"):
        failpoint("after_claim")
        file.write_text("after_claim=raise")
        failpoint("news_locked")
        with pytest.raises(Crash):
            failpoint("after_claim")
        assert not file.exists()
        failpoint("after_claim")


@pytest.mark.parametrize("text", ["nowhere=kill", "after_claim", "after_claim=explode", "after_claim=pause"])
def test_a_slip_of_the_pen_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a failpoint"), armed(text):
        pass


def _process(**environment: str) -> "subprocess.CompletedProcess[str]":
    words = [
        sys.executable,
        "-c",
        "from bybit.failpoints import failpoint as f; f('after_claim'); print('alive')",
    ]
    return subprocess.run(
        words, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_the_environment_arms_a_process() -> None:
    assert _process().stdout == "alive\n"
    killed = _process(TRADEPOST_FAILPOINTS="after_claim=kill")
    assert (killed.returncode, killed.stdout) == (-9, "")
    assert _process(TRADEPOST_FAILPOINTS="after_claim=kil").returncode == 1


def test_a_live_account_and_failpoints_refuse_each_other(settings: Any) -> None:
    settings.REAL_SERVERS = True
    account = Account(id="real", label="Real", environment="live", api_key="k")
    account.set_secret("s")
    assert account.secret().reveal() == "s"
    with armed("after_claim=kill%0"):
        with pytest.raises(ValueError, match="failpoints are armed"):
            account.save()
        with pytest.raises(ValueError, match="failpoints are armed"):
            account.secret()
        assert "tradepost.E006" in [message.id for message in run_checks()]
    assert "tradepost.E006" not in [message.id for message in run_checks()]


def test_every_name_stands_in_the_code_exactly_once() -> None:
    texts = [
        path.read_text()
        for package in ("bybit", "orders", "positions", "webapp")
        for path in (ROOT / package).rglob("*.py")
        if path.name != "failpoints.py"
    ]
    counts = {name: sum(text.count(f'failpoint("{name}")') for text in texts) for name in failpoints.NAMES}
    assert set(counts.values()) == {1}, counts
