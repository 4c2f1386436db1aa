"""Numbers and rows at the wire."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bybit import parse
from bybit.decimals import from_wire, is_multiple, round_down, to_wire
from bybit.errors import DUPLICATE, GONE, REFUSED, Duplicate, Gone, Refused, Unknown, classify

D = Decimal


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E-7", "0.0000001"),
        ("1E+3", "1000"),
        ("0.100", "0.1"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("100", "100"),
        ("-1.50", "-1.5"),
    ],
)
def test_numbers_go_out_plain(value: str, text: str) -> None:
    assert to_wire(D(value)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**15), max_value=10**15))
def test_out_and_in_again_is_the_same_number(value: Decimal) -> None:
    text = to_wire(value)
    assert from_wire(text) == value
    assert "E" not in text and not text.endswith(".")


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_what_is_no_number_never_goes_out(value: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        to_wire(D(value))


@pytest.mark.parametrize("value", [None, "", "UNKNOWN", "None"])
def test_bybits_empty_values_are_unknown_and_never_zero(value: object) -> None:
    assert from_wire(value) is None


@pytest.mark.parametrize(
    "value", [1, 1.5, "1e5", "NaN", "١", "1,5", " 1", "+1", "01", "1.", ".5", "9" * 61, True]
)
def test_nothing_else_is_taken_for_a_number(value: object) -> None:
    with pytest.raises(ValueError, match="decimal"):
        from_wire(value)


@given(st.decimals("0.001", "1000", places=9), st.sampled_from([D("0.001"), D("0.1"), D("5"), D("0.0005")]))
def test_rounding_down_stays_below_and_on_the_step(value: Decimal, step: Decimal) -> None:
    rounded = round_down(value, step)
    assert rounded <= value < rounded + step
    assert is_multiple(rounded, step)


@pytest.mark.parametrize("code", sorted(REFUSED))
def test_only_codes_with_a_source_are_refusals(code: str) -> None:
    assert isinstance(classify(code, "no"), Refused)


@pytest.mark.parametrize(
    "code",
    [
        "10000",
        "10006",
        "10014",
        "10016",
        "10019",
        "10429",
        "170007",
        "170146",
        "500000",
        "-1",
        "429",
        "999999",
    ],
)
def test_every_other_code_is_unknown(code: str) -> None:
    assert isinstance(classify(code, ""), Unknown)


def test_duplicates_and_gone_orders_have_names_of_their_own() -> None:
    assert all(isinstance(classify(code, ""), Duplicate) for code in DUPLICATE)
    assert all(isinstance(classify(code, ""), Gone) for code in GONE)


def order_row(**changes: object) -> dict[str, object]:
    return {
        "symbol": "BTCUSDT",
        "orderId": "1",
        "orderLinkId": "",
        "side": "Buy",
        "orderType": "Limit",
        "orderStatus": "New",
        "price": "61200.50",
        "qty": "0.010",
        "avgPrice": "",
        "cumExecQty": "0",
        "timeInForce": "GTC",
        "triggerPrice": "",
        "takeProfit": "",
        "stopLoss": "",
        "reduceOnly": False,
        "positionIdx": 0,
        "stopOrderType": "",
        "cancelType": "UNKNOWN",
        "rejectReason": "EC_NoError",
        "createdTime": "1767000000450",
        "updatedTime": "1767000003120",
        **changes,
    }


def test_a_row_becomes_a_report() -> None:
    report = parse.order(order_row(), "linear")
    assert (report.price, report.qty, report.avg_price, report.updated_ms) == (
        D("61200.5"),
        D("0.01"),
        None,
        1767000003120,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"qty": 0.01},
        {"qty": ""},
        {"orderId": None},
        {"updatedTime": "soon"},
        {"reduceOnly": "false"},
        {"price": "1e5"},
    ],
)
def test_a_row_with_the_wrong_kind_of_value_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(parse.Malformed):
        parse.order(order_row(**changes), "linear")


def test_an_unknown_enum_value_is_no_reason_to_refuse_a_row() -> None:
    assert parse.order(order_row(orderStatus="Pondering"), "linear").status == "Pondering"


@given(st.dictionaries(st.text(max_size=12), st.one_of(st.none(), st.text(), st.integers(), st.booleans())))
def test_whatever_comes_the_parser_answers_or_says_malformed(row: dict[str, object]) -> None:
    for read in (parse.order, parse.execution, parse.position):
        try:
            read(row, "linear")
        except parse.Malformed as error:
            assert json.dumps(str(error))
