"""Hypotheses as text, names and matrices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import logit_inference as li
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


def read(hypothesis, names=NAMES, terms=TERMS, estimable=None):
    got = read_hypothesis(hypothesis, names, terms, estimable)
    rows = [{names[j]: w for j, w in enumerate(row) if w} for row in got.matrix.tolist()]
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
        ("age + -smoke = 0", [({"age": 1, "smoke": -1}, 0)]),
        ("age - -smoke = 0", [({"age": 1, "smoke": 1}, 0)]),
        ("age - +smoke = 0", [({"age": 1, "smoke": -1}, 0)]),
        ("age = 0.5 + -0.25", [({"age": 1}, 0.25)]),
        ("Intercept + -2 = 0", [({"Intercept": 1}, 2)]),
        ("age*-2 = +4/-2", [({"age": -2}, -2)]),
        ("age - smoke - lwt", [({"age": 1, "smoke": -1, "lwt": -1}, 0)]),
        ("8/2/2*age", [({"age": 2}, 0)]),
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
        ("odd  name", [({"odd name": 1}, 0)]),
        ("`C(race)`", [({"C(race)[T.2]": 1}, 0), ({"C(race)[T.3]": 1}, 0)]),
        (
            "`C(race)` = 1, `age`",
            [({"C(race)[T.2]": 1}, 1), ({"C(race)[T.3]": 1}, 1), ({"age": 1}, 0)],
        ),
        ("smoke:age", [({"age:smoke": 1}, 0)]),
        ("smoke : `age` = 1", [({"age:smoke": 1}, 1)]),
        ("h[T.b]:C(g,contr.sum)[S.a]", [({"C(g, contr.sum)[S.a]:h[T.b]": 1}, 0)]),
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
        ("-C(race)", r"'C\(race\)' has several columns, so it stands alone.*C\(race\)\[T.2\]"),
        ("2*C(race)", "stands alone"),
        ("`C(race)`*2", "stands alone"),
        ("C(race) = C(race)", "cannot be set equal"),
        ("C(race)[T.2] = C(race)[T.9] = 0", r"no coefficient 'C\(race\)\[T.9\]'.*mean 'C\(race\)"),
        ("age = smok:lwt", "no coefficient 'smok:lwt'"),
        ("od name = 0", "no coefficient 'od name'.*Did you mean 'odd name'"),
        ("2 age = 0", "no coefficient '2 age'.*Did you mean 'age'"),
        ("2age = 0", "no coefficient '2age'.*Did you mean 'age'"),
        ("age 2", "no coefficient 'age 2'"),
        ("age * / 2", "an expression was expected at '/ 2'"),
        ("age / * 2", "an expression was expected at '\\* 2'"),
        ("age = = 1", "an expression was expected at '= 1'"),
        ("age ** 2 = 0", "a power is not linear"),
        ("age^2 = 0", "a power is not linear"),
        ("age < 0", "'< 0' was not expected here"),
        ("age = 1e400", "too large"),
        ("age = 1/1e400", "too large"),
        ("age = 1e200*1e200", "too large"),
        ("age = inf", "no coefficient 'inf'"),
        ("(" * 60 + "age" + ")" * 60, "more than 50 parentheses"),
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
    "bad", [np.zeros((1, 3)), [[1, 2], [3]], np.full((1, 11), np.nan), np.zeros((2, 11)), 3, None]
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


@pytest.mark.parametrize(
    ("names", "text", "rows"),
    [
        (["g[T.yes]", "g[T.yes ]"], "g[T.yes] = 0", [({"g[T.yes]": 1}, 0)]),
        (["g[T.yes]", "g[T.yes ]"], "g[T.yes ] = 0", [({"g[T.yes ]": 1}, 0)]),
        (["g[T.yes ]"], "g[T.yes] = 0", [({"g[T.yes ]": 1}, 0)]),
        (["x", "x "], "x = 0", [({"x": 1}, 0)]),
        (["x", "x "], "`x ` = 0", [({"x ": 1}, 0)]),
        (["x 1", "x1"], "x1 = x 1", [({"x1": 1, "x 1": -1}, 0)]),
        (["x 1:z", "z"], "z:`x 1` = z", [({"x 1:z": 1, "z": -1}, 0)]),
        (["C(`k 1`)[T.b]", "z"], "C(`k 1`)[T.b] = z", [({"C(`k 1`)[T.b]": 1, "z": -1}, 0)]),
        (["I(a ^ 2)", "I(a ** 2)"], "I(a ** 2)", [({"I(a ** 2)": 1}, 0)]),
        (["a", "b", "a-b"], "a - b", [({"a": 1, "b": -1}, 0)]),
        (["a", "b", "a-b"], "a-b", [({"a-b": 1}, 0)]),
        (["0", "1"], "`0` = 1", [({"0": 1}, 1)]),
        (["0", "x"], "x = 0", [({"x": 1}, 0)]),
        (["18-24", "x"], "`18-24` = x", [({"18-24": 1, "x": -1}, 0)]),
        (["2nd", "0:x"], "2nd = x:0", [({"2nd": 1, "0:x": -1}, 0)]),
        (["x`q"], "`x``q` = 0", [({"x`q": 1}, 0)]),
        (["cut[T.(0, 10]]", "x"], "cut[T.(0,10]] = x", [({"cut[T.(0, 10]]": 1, "x": -1}, 0)]),
        (["é", "x.1", "x"], "é = x.1", [({"é": 1, "x.1": -1}, 0)]),
        (["g[T.no:way]:x"], "x:g[T.no:way]", [({"g[T.no:way]:x": 1}, 0)]),
        (["a:b", "b:a"], "b : a", [({"b:a": 1}, 0)]),
    ],
)
def test_an_exact_name_wins_over_one_that_resembles_it(names, text, rows):
    assert read(text, names, {}) == rows


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["g[T.yes]", "g[T.yes ]"], "g[ T.yes ]"),
        (["I(a ^ 2)", "I(a ** 2)"], "I(a**2) = 0"),
        (["a:b:c", "c:b:a"], "b:a:c"),
    ],
)
def test_a_name_that_resembles_several_is_refused(names, text):
    with pytest.raises(HypothesisError, match="can mean") as caught:
        read(text, names, {})
    assert all(repr(name) in str(caught.value) for name in names)


def test_a_number_is_not_a_name():
    with pytest.raises(HypothesisError, match="begins with a number needs backticks: `18-24`"):
        read("18-24 = 0", ["18", "18-24"], {})
    with pytest.raises(HypothesisError) as caught:
        read("1 = 0", NAMES)
    assert "backticks" not in str(caught.value)


CODED = "C(g, contr.treatment('b'))"


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("blank", ["", " "])
def test_a_coding_is_found_with_either_quote(quote, blank):
    names = [f"{CODED}[T.a]", f"{CODED}[T.c]"]
    written = f"C(g,{blank}contr.treatment({quote}b{quote}))"
    both = [({names[0]: 1}, 0), ({names[1]: 1}, 0)]
    assert read(written, names, {CODED: [0, 1]}) == both
    assert read(f"{written}[T.c] = 1", names, {CODED: [0, 1]}) == [({names[1]: 1}, 1)]


def test_a_term_means_its_columns_that_can_be_estimated():
    names, terms = ["a", "g[T.b]", "g[T.c]", "h[T.v]"], {"g": [1, 2], "h": [3], "a": [0]}
    some = np.array([True, True, False, False])
    assert read("g", names, terms, some) == [({"g[T.b]": 1}, 0)]
    with pytest.raises(HypothesisError, match="'h' cannot be estimated") as caught:
        read("a, h", names, terms, some)
    assert caught.value.name == "h"
    # How many columns a term has is a matter of the formula, not of the data.
    with pytest.raises(HypothesisError, match="stands alone"):
        read("g + a = 0", names, terms, some)
    assert read("2*h = a", names, terms) == [({"h[T.v]": 2, "a": -1}, 0)]


@st.composite
def restrictions(draw):
    """Names of any kind, terms among them, and a matrix and values."""
    pieces = st.sampled_from([*"abxT019eE.:;^*/+-=,()[]{}`'\" ²é", "**", "C(", "[T.", "I(", " - "])
    name = st.lists(pieces, min_size=1, max_size=7).map("".join)
    known = draw(st.lists(name, min_size=2, max_size=8, unique=True))
    count = draw(st.integers(1, len(known)))
    terms = {term: [0, count - 1] for term in known[count:]}
    weight = st.sampled_from([0.0, 1.0, -1.0, 2.0, 1 / 3, -1e-9, 1e22, 123456789.0])
    row = st.lists(weight, min_size=count, max_size=count).filter(any)
    matrix = draw(st.lists(row, min_size=1, max_size=3))
    values = st.lists(weight, min_size=len(matrix), max_size=len(matrix))
    return known[:count], terms, np.array(matrix), np.array(draw(values))


@settings(max_examples=300, deadline=None)
@given(restrictions())
def test_the_printed_text_reads_back_to_the_same_restrictions(stated):
    names, terms, matrix, value = stated
    printed = read_hypothesis((matrix, value), names, terms).text
    for text in (printed, ", ".join(printed)):
        again = read_hypothesis(text, names, terms)
        assert np.array_equal(again.matrix, matrix)
        assert np.array_equal(again.value, value)
        assert again.text == printed


@settings(max_examples=200, deadline=None)
@given(st.text("ab01.*/+-=,()[]^` :'", max_size=12))
def test_any_text_is_read_or_refused(text):
    try:
        got = read_hypothesis(text, ["a", "b", "a:b", "0"], {"ab": [0, 1]})
    except HypothesisError:
        return
    assert got.matrix.any(axis=1).all()


def test_thousands_of_names_are_told_apart():
    names = [f"C(g, contr.sum)[S.level {j}]:x" for j in range(5000)]
    text = f"{names[7]} = {names[4999]}, x : C(g,contr.sum)[S.level 40]"
    assert read(text, names, {}) == [({names[7]: 1, names[4999]: -1}, 0), ({names[40]: 1}, 0)]


def test_a_fit_is_asked_in_the_words_of_its_formula():
    rng = np.random.default_rng(0)
    group, side, x = rng.choice(list("abc"), 200), rng.choice(["u", "v"], 200), rng.normal(size=200)
    data = {"0": x, "g": group, "h": side, "y": (rng.uniform(size=200) < 0.5).astype(int)}
    fit = li.logit('y ~ `0`*h + C(g, contr.treatment("b"))', data)
    assert fit.test('C(g, contr.treatment("b"))').df == 2
    assert fit.test("h:`0` = `0`").null == ("-`0` + 0:h[T.v] = 0",)
    assert fit.test("`0` = 1 + -1").null == ("`0` = 0",)
