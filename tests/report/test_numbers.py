"""How numbers are printed, one row per rule."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logit_inference.report.numbers import KINDS, format_column, format_number, parse_number

NUMERIC = [kind for kind in KINDS if kind != "text"]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("estimate", 1.5641229, "1.5641"),
        ("estimate", -0.0224783, "-0.0225"),
        ("estimate", 0.00638583, "0.00639"),
        ("estimate", 0.000123456, "0.000123"),
        ("estimate", 0.0000999, "9.990e-05"),
        ("estimate", -0.00000804, "-8.040e-06"),
        ("estimate", 6.4e7, "6.400e+07"),
        ("estimate", 12345.678, "12345.6780"),
        ("estimate", -123456.789, "-123456.79"),
        ("estimate", 9999999.9, "9999999.90"),
        ("estimate", 0.0, "0"),
        ("estimate", -0.0, "0"),
        ("statistic", -2.3816438, "-2.382"),
        ("statistic", 999.9, "999.900"),
        ("statistic", -1234.567, "-1234.57"),
        ("statistic", 1.5e9, "1.500e+09"),
        ("statistic", -0.0001, "0.000"),
        ("p_value", 0.0498, "0.050"),
        ("p_value", 0.001, "0.001"),
        ("p_value", 0.00099999, "<0.001"),
        ("p_value", 0.0, "<0.001"),
        ("p_value", 1.0, "1.000"),
        ("integer", 9999, "9999"),
        ("integer", 10000, "10,000"),
        ("integer", -1204118.0, "-1,204,118"),
        ("integer", 183.25, "183.2500"),
        ("integer", 10**18, "1e+18"),
        ("percent", 0.125, "12.5%"),
        ("percent", 0.0, "0.0%"),
        ("percent", 0.0001, "<0.1%"),
        ("fixed", -107.28862, "-107.289"),
        ("text", 0.1 + 0.2, "0.3"),
        ("text", 120.0, "120"),
        ("text", 3, "3"),
        ("text", True, "True"),
        ("text", "a\tb\nc", r"a\tb\nc"),
    ],
)
def test_format_of_a_number(kind, value, text):
    assert format_number(value, kind) == text


@pytest.mark.parametrize("kind", KINDS)
def test_infinite_missing_and_absent(kind):
    assert format_column([inf, -inf, nan, None], kind) == ("∞", "-∞", "—", "")


@pytest.mark.parametrize("kind", NUMERIC)
def test_numpy_scalars_print_as_python_numbers(kind):
    assert format_number(np.float64(0.25), kind) == format_number(0.25, kind)
    assert format_number(np.int64(12), kind) == format_number(12, kind)


def test_estimates_share_their_decimals():
    assert format_column([1.1670, 0.0064, 0.3800], "estimate") == ("1.16700", "0.00640", "0.38000")
    assert format_column([-12345.678, 234.5], "estimate") == ("-12345.678", "234.500")


def test_one_odd_estimate_does_not_spoil_the_column():
    printed = format_column([0.0445, -0.2181, -9.6588e-6], "estimate")
    assert printed == ("0.0445", "-0.2181", "-9.659e-06")


def test_an_empty_column_prints_nothing():
    assert format_column([], "estimate") == ()


finite = st.floats(-1e300, 1e300)


@given(st.lists(finite, min_size=1, max_size=8))
def test_every_estimate_is_short_and_right_to_three_digits(values):
    for value, text in zip(values, format_column(values, "estimate"), strict=True):
        assert len(text) <= 11  # a power of ten with three digits has one more than 10
        if abs(value) > 1e-300:
            assert float(text) == pytest.approx(value, rel=0.5e-2)


@given(st.sampled_from(NUMERIC), finite)
def test_no_printed_number_is_a_negative_zero(kind, value):
    assert format_number(value, kind) not in ("-0.000", "-0.00", "-0.0%", "-0")


@given(st.sampled_from(NUMERIC), finite)
def test_every_printed_number_is_recognised_as_one(kind, value):
    assert parse_number(format_number(value, kind))


@pytest.mark.parametrize("text", ["low = 1", "5 / 183", "20.1, p = 0.001", "-", "1-2", ""])
def test_other_text_is_not_taken_for_a_number(text):
    assert parse_number(text) is None
