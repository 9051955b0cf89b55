"""A sum of names and calls is read without the parser, and must be what the parser would make."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logit_inference.design import formula
from logit_inference.design.formula import parse_formula
from logit_inference.design.notation import plain_sum
from logit_inference.errors import LogitInferenceError

COLUMNS = ["y", "age", "lwt", "race", "offset", "C", "a.b", "class", "my col", "µ", "t_1", "exp(x)"]
PARTS = [
    *("age", "lwt", "race", "offset", "C", "t_1", "a.b", "class", "`my col`", "µ", "μ", "nowhere"),
    *("C(race)", "C( race )", "C(race, contr.sum)", "C(race, contr.treatment('a + b'))"),
    *("log(age)", "np.log(age)", "I(age^2)", "I(age**2)", "I((age) ** 2)", "I(age + lwt)"),
    *("poly(lwt, 2)", "exp(`my col`)", "exp(x)", "log (age)", "log(age)(lwt)", "log(age)[0]"),
    *("offset(lwt)", "offset( log(lwt) )", "offset(lwt, age)", "offset(log(lwt))", "offset"),
    *("1", "0", "-1", "", ".", "2", "age:lwt", "age*lwt", "(age)", "age^2", "'age'", "None"),
    *("log(age", "log(age))", "log(age lwt)", "log()", "log(age, base=2)", "log(**age)", "f(age)"),
    *("I(not age)", "I(age if lwt else race)", "lambda: age", "I([age)", "C(race)\n", "print(age)"),
    *("I(age > 3)", "np.isin(race, ['a', 'b+c'])", "age.lwt", "age # lwt", "C(race) # x", "a b"),
]


def outcome(text, columns=COLUMNS):
    expressions = {}
    try:
        read = parse_formula(text, columns, ("lwt",), {"k": 1}, expressions)
    except LogitInferenceError as error:
        return type(error), str(error)
    return read, {text: made.columns for text, made in expressions.items()}


def both(text, columns=COLUMNS):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formula, "plain_sum", lambda right, available: None)
        by_parser = outcome(text, columns)
    return outcome(text, columns), by_parser


@pytest.mark.parametrize("part", PARTS)
def test_one_part(part):
    mine, parsed = both(f"y ~ {part}")
    assert mine == parsed
    mine, parsed = both(f"y ~ age + {part}")
    assert mine == parsed


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4))
def test_several_parts(parts):
    mine, parsed = both("y ~ " + " + ".join(parts))
    assert mine == parsed


def test_what_is_read_without_the_parser():
    for right, terms in (
        ("age", ["age"]),
        (" age+lwt ", ["age", "lwt"]),
        ("C(race, contr.sum) + log(age)", ["C(race, contr.sum)", "log(age)"]),
        ("I(age + lwt) + np.log(lwt)", ["I(age + lwt)", "np.log(lwt)"]),
    ):
        assert [factor[0] for term in plain_sum(right, COLUMNS) for factor in term] == terms


@pytest.mark.parametrize(
    "right", ["1", "0 + age", "age - 1", ".", "age:lwt", "age + nowhere", "age +", "`age`", "µ"]
)
def test_what_is_not(right):
    assert plain_sum(right, COLUMNS) is None


def test_a_formula_read_once_evaluates_as_one_read_twice():
    from logit_inference.design.design import build_design

    table = {"y": [0, 1, 0, 1], "age": [1.0, 2, 3, 4], "race": ["a", "b", "b", "a"]}
    design, encoded = build_design("y ~ log(age) + C(race) + I(age^2)", table)
    again = design.encode(table)
    np.testing.assert_array_equal(encoded.block.X, again.X)
