"""Hypotheses as text, names and matrices."""

import numpy as np
import pytest

from logit_inference.errors import HypothesisError
from logit_inference.inference.hypothesis import read_hypothesis

NAMES = [
    "Intercept",
    "age",
    "age:smoke",
    "smoke",
    "C(race)[T.2]",
    "C(race)[T.3]",
    "C(g, contr.sum)[S.a]:h[T.b]",
    "I(age ** 2)",
    "odd name",
    "e1",
    "lwt",
]
TERMS = {"age": [1], "C(race)": [4, 5], "smoke": [3]}


def read(hypothesis):
    got = read_hypothesis(hypothesis, NAMES, TERMS)
    rows = [{NAMES[j]: w for j, w in enumerate(row) if w} for row in got.matrix.tolist()]
    return list(zip(rows, got.value.tolist(), strict=True))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("age", [({"age": 1}, 0)]),
        ("age = 0.1, smoke = 0", [({"age": 1}, 0.1), ({"smoke": 1}, 0)]),
        ("age == 1", [({"age": 1}, 1)]),
        ("smoke = 2*lwt", [({"smoke": 1, "lwt": -2}, 0)]),
        ("smoke = lwt*2 - 1", [({"smoke": 1, "lwt": -2}, -1)]),
        ("(age + smoke)/2 = 1e-1", [({"age": 0.5, "smoke": 0.5}, 0.1)]),
        ("-age = - -3", [({"age": -1}, 3)]),
        ("2*(age - 3*(smoke + 1)) = 0", [({"age": 2, "smoke": -6}, 6)]),
        (
            "C(race)[T.2] = C(race)[T.3] = 0",
            [({"C(race)[T.2]": 1, "C(race)[T.3]": -1}, 0), ({"C(race)[T.3]": 1}, 0)],
        ),
        ("C(race)", [({"C(race)[T.2]": 1}, 0), ({"C(race)[T.3]": 1}, 0)]),
        ("C(race) = 0", [({"C(race)[T.2]": 1}, 0), ({"C(race)[T.3]": 1}, 0)]),
        ("C(race), age", [({"C(race)[T.2]": 1}, 0), ({"C(race)[T.3]": 1}, 0), ({"age": 1}, 0)]),
        ("C(race) = 1", [({"C(race)[T.2]": 1}, 1), ({"C(race)[T.3]": 1}, 1)]),
        ("age:smoke + age = 1", [({"age:smoke": 1, "age": 1}, 1)]),
        (
            "C(g, contr.sum)[S.a]:h[T.b] = 0, age",
            [({"C(g, contr.sum)[S.a]:h[T.b]": 1}, 0), ({"age": 1}, 0)],
        ),
        ("C( g,contr.sum )[S.a]:h[T.b]", [({"C(g, contr.sum)[S.a]:h[T.b]": 1}, 0)]),
        ("I(age^2) = age", [({"I(age ** 2)": 1, "age": -1}, 0)]),
        ("I(age**2)", [({"I(age ** 2)": 1}, 0)]),
        ("odd name = `age`", [({"odd name": 1, "age": -1}, 0)]),
        ("`odd name`", [({"odd name": 1}, 0)]),
        ("e1 = 1e1", [({"e1": 1}, 10)]),
        (["age = 1", "smoke"], [({"age": 1}, 1), ({"smoke": 1}, 0)]),
    ],
)
def test_text_is_read_as_it_is_meant(text, rows):
    assert read(text) == rows


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("agee = 0", "no coefficient 'agee'.*Did you mean 'age'"),
        ("age = ", "an expression was expected"),
        ("age = 0,", "an expression was expected"),
        ("", "an expression was expected"),
        ("age * smoke = 0", "product of two coefficients"),
        ("1/age = 0", "only division by a number"),
        ("age / 0 = 0", "only division by a number other than 0"),
        ("(age = 0", "parenthesis is not closed"),
        ("`age = 0", "backtick is not closed"),
        ("age) = 0", "was not expected here"),
        ("1 = 0", "no coefficient"),
        ("age = age", "no coefficient"),
        ("C(race) + age = 0", "has several columns"),
        ("`C(race)`", "no coefficient"),
        ("2 age = 0", "was not expected here"),
    ],
)
def test_what_cannot_be_read_says_why(text, words):
    with pytest.raises(HypothesisError, match=words):
        read(text)


def test_matrices_and_their_values():
    matrix = np.zeros((1, len(NAMES)))
    matrix[0, 1] = 1
    assert read(matrix) == [({"age": 1}, 0)]
    assert read(matrix[0].tolist()) == [({"age": 1}, 0)]
    assert read((matrix, [2.0])) == [({"age": 1}, 2)]
    assert read_hypothesis((matrix, 2.0), NAMES, TERMS).text == ("age = 2",)


@pytest.mark.parametrize(
    "bad", [np.zeros((1, 3)), [[1, 2], [3]], np.full((1, 11), np.nan), 3, None]
)
def test_matrices_that_do_not_fit_are_refused(bad):
    with pytest.raises(HypothesisError):
        read(bad)


def test_the_text_of_a_matrix_says_what_is_tested():
    matrix = np.zeros((2, len(NAMES)))
    matrix[0, [1, 3]] = [1, -2]
    matrix[1, 3] = -1
    got = read_hypothesis((matrix, [0.5, 0]), NAMES, TERMS)
    assert got.text == ("age - 2*smoke = 0.5", "-smoke = 0")
