"""Cells of an export: no text is taken for a formula, every number stays one."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.export import RISKY, cell, csv_text, json_text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("plain", "plain"),
        ("", ""),
        (None, ""),
        (Decimal("-12.50"), "-12.5"),
        (Decimal("1E-7"), "0.0000001"),
        (-3, "-3"),
        (True, "True"),
        (datetime(2026, 11, 25, 1, 2, 3, 4000, UTC), "2026-11-25T01:02:03.004Z"),
        ({"BTC": "-0.1"}, '{"BTC":"-0.1"}'),
    ],
)
def test_a_cell(value: object, shown: str) -> None:
    assert cell(value) == shown


@given(st.text())
def test_no_text_begins_like_a_formula(text: str) -> None:
    assert not cell(text).startswith(RISKY)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8))
def test_a_number_is_never_defused(value: Decimal) -> None:
    assert Decimal(cell(value)) == value


def test_an_empty_record_is_a_heading_or_an_empty_list() -> None:
    assert "".join(csv_text("days", iter([]))).splitlines() == [
        "account,day,category,symbol,coin,realised,fees,funding,volume,fills,trips,wins"
    ]
    assert "".join(json_text("days", iter([]))) == '{"kind":"days","items":[]}'
