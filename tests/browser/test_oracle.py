"""The tickets' mathematics against an oracle in Python's Decimal (tests/browser/oracle.py), on the page's modules."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.conftest import ROOT

from .oracle import spot_tickets, tickets


def reckoned(asked: list[dict[str, Any]], tool: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [str(ROOT / ".venv/bin/node"), "--no-warnings", str(ROOT / "frontend/test/tools" / tool)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    said: list[dict[str, Any]] = json.loads(done.stdout)
    return said


def test_forty_tickets_come_to_the_same_to_the_last_digit() -> None:
    asked = tickets()
    assert len(asked) == 40
    for ticket, got in zip(asked, reckoned(asked, "figures.ts"), strict=True):
        assert got == ticket["wanted"], f"{ticket['market']['symbol']} {ticket['side']} {ticket['typed']}"


def test_forty_spot_tickets_come_to_the_same_to_the_last_digit() -> None:
    asked = spot_tickets()
    assert len(asked) == 40
    for ticket, got in zip(asked, reckoned(asked, "spot.ts"), strict=True):
        where = f"{ticket['market']['symbol']} {ticket['side']} {ticket['type']} {ticket['unit']} {ticket['typed']}"
        assert got == ticket["wanted"], where
    assert {ticket["wanted"]["short"] for ticket in asked} == {"", "now"}
