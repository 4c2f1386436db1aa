"""The ticket's mathematics against an oracle in Python's Decimal (tests/browser/oracle.py), on the page's modules."""

from __future__ import annotations

import json
import subprocess

from tests.conftest import ROOT

from .oracle import tickets


def test_forty_tickets_come_to_the_same_to_the_last_digit() -> None:
    asked = tickets()
    assert len(asked) == 40
    done = subprocess.run(
        [str(ROOT / ".venv/bin/node"), "--no-warnings", str(ROOT / "frontend/test/tools/figures.ts")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    said = json.loads(done.stdout)
    for ticket, got in zip(asked, said, strict=True):
        assert got == ticket["wanted"], f"{ticket['market']['symbol']} {ticket['side']} {ticket['typed']}"
