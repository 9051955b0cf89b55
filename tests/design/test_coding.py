"""Redundancy: independent columns that span what the formula says."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logit_inference.design.design import build_design
from logit_inference.errors import FormulaError, SchemaError

RNG = np.random.default_rng(7)
TABLE = pd.DataFrame(
    [(a, b, c) for a in "xyz" for b in "pq" for c in "mn" for _ in range(6)],
    columns=["a", "b", "c"],
)
TABLE["u"] = RNG.normal(size=len(TABLE))
TABLE["v"] = RNG.normal(size=len(TABLE))
TABLE["y"] = RNG.integers(0, 2, len(TABLE))
FACTORS = ("a", "b", "c", "u", "v")
TERMS = [":".join(names) for size in (1, 2, 3) for names in itertools.combinations(FACTORS, size)]


def full_expansion(terms: list[str], intercept: bool) -> np.ndarray:
    """Every term by products of all indicators: what the columns must span."""
    blocks = [np.ones((len(TABLE), 1))] if intercept else []
    for term in terms:
        block = np.ones((len(TABLE), 1))
        for name in term.split(":"):
            values = TABLE[name]
            own = (
                values.to_numpy()[:, None]
                if name in "uv"
                else pd.get_dummies(values).to_numpy(dtype=float)
            )
            block = (block[:, :, None] * own[:, None, :]).reshape(len(TABLE), -1)
        blocks.append(block)
    return np.hstack(blocks)


@given(st.lists(st.sampled_from(TERMS), min_size=1, max_size=6, unique=True), st.booleans())
@settings(max_examples=150, deadline=None)
def test_columns_are_independent_and_span_the_formula(terms, intercept):
    _, encoded = build_design(f"y ~ {'1' if intercept else '0'} + {' + '.join(terms)}", TABLE)
    X = encoded.block.X
    everything = full_expansion(terms, intercept)
    rank = np.linalg.matrix_rank(everything)
    assert X.shape[1] == np.linalg.matrix_rank(X) == rank
    assert np.linalg.matrix_rank(np.hstack([X, everything])) == rank


@pytest.mark.parametrize(
    ("right", "columns"),
    [
        ("a + b", "Intercept a[T.y] a[T.z] b[T.q]"),
        ("0 + a + b", "a[x] a[y] a[z] b[T.q]"),
        ("a * b", "Intercept a[T.y] a[T.z] b[T.q] a[T.y]:b[T.q] a[T.z]:b[T.q]"),
        ("a + a:u", "Intercept a[T.y] a[T.z] a[x]:u a[y]:u a[z]:u"),
        ("b * u", "Intercept b[T.q] u b[T.q]:u"),
        ("u:b", "Intercept u:b[p] u:b[q]"),
        ("u %in% b", "Intercept u:b[p] u:b[q]"),
        ("0 + u %in% b", "u:b[p] u:b[q]"),
        ("(u + v) %in% b", "Intercept u:b[p] u:b[q] v:b[p] v:b[q]"),
        ("b + c %in% b", "Intercept b[T.q] b[p]:c[T.n] b[q]:c[T.n]"),
        ("0 + b:c", "b[p]:c[m] b[q]:c[m] b[p]:c[n] b[q]:c[n]"),
        ("u * v", "Intercept u v u:v"),
        ("C(b, contr.sum)", "Intercept C(b, contr.sum)[S.p]"),
        ("C(a, contr.helmert)", "Intercept C(a, contr.helmert)[H.y] C(a, contr.helmert)[H.z]"),
        ("0 + C(b, contr.sum)", "C(b, contr.sum)[p] C(b, contr.sum)[q]"),
        ("I(u > 0) : b", "Intercept b[T.q] I(u > 0)[T.True]:b[p] I(u > 0)[T.True]:b[q]"),
    ],
)
def test_names(right, columns):
    design, _ = build_design(f"y ~ {right}", TABLE)
    assert " ".join(design.columns) == columns


def test_terms_own_their_columns():
    design, _ = build_design("y ~ a * u", TABLE)
    places = [(term.name, term.start, term.stop, term.variables) for term in design.terms]
    assert places == [
        ("Intercept", 0, 1, ()),
        ("a", 1, 3, ("a",)),
        ("u", 3, 4, ("u",)),
        ("a:u", 4, 6, ("a", "u")),
    ]


def test_reference_level_and_level_order_can_be_chosen():
    for term in ('C(a, contr.treatment("y"))', 'C(a, Treatment("y"))'):
        design, _ = build_design(f"y ~ {term}", TABLE)
        assert [name[-5:] for name in design.columns[1:]] == ["[T.x]", "[T.z]"]
    design, _ = build_design("y ~ C(a, levels=['z', 'x', 'y'])", TABLE)
    assert [name[-5:] for name in design.columns[1:]] == ["[T.x]", "[T.y]"]
    with pytest.raises(SchemaError, match=r"has no level 'w'.* Levels: 'x', 'y', 'z'"):
        build_design("y ~ C(a, contr.treatment('w'))", TABLE)
    with pytest.raises(SchemaError, match=r"levels= leaves out 'z'.*first at row 48"):
        build_design("y ~ C(a, levels=['x', 'y'])", TABLE)


@pytest.mark.parametrize(
    ("term", "complaint"),
    [
        ("C(a, 'Sum')", r"C\(a, 'Sum'\): 'Sum' is no coding. Write contr.treatment, contr.sum"),
        ("C(a, 3)", "3 is no coding"),
        ("C(a, u)", "a column is no coding"),
        ("C(a, [1, 2, 3])", "no coding"),
        ("C(a, {})", "no coding"),
        ("C(a, contr.treatment(u))", r"is a column, which is no level. Put the level in quotes"),
        ("C(a, contr.treatment(b))", r"is a column, which is no level. Put the level in quotes"),
        ("C(a, contr.treatment(['x']))", r"\['x'\], which is no level"),
        ("C(a, levels=b)", "levels= needs a list of all levels"),
        ("C(a, levels=3)", "levels= needs a list of all levels"),
    ],
)
def test_what_is_no_coding(term, complaint):
    with pytest.raises(FormulaError, match=complaint):
        build_design(f"y ~ {term}", TABLE)


def test_contrasts_have_a_weight_for_each_level():
    for term in ("C(a, {'linear': [-1, 1]})", "C(a, [[1, 0], [0, 1]])"):
        with pytest.raises(SchemaError, match="2 values and the table of levels has 3 rows"):
            build_design(f"y ~ {term}", TABLE)


@pytest.mark.parametrize(
    ("right", "taken"),
    [
        ("u*v + `u:v`", "columns of the design would be called 'u:v'"),
        ("a*v + `a:v`", "terms of the design would be called 'a:v'"),
        ("exp(u) + `exp(u)`", r"factors of the design would be called 'exp\(u\)'"),
        ("exp(u):v + `exp(u)`:a", r"factors of the design would be called 'exp\(u\)'"),
        ("Intercept", "columns of the design would be called 'Intercept'"),
    ],
)
def test_two_things_of_one_name(right, taken):
    odd = {"u:v": TABLE["u"], "a:v": TABLE["u"], "exp(u)": TABLE["v"], "Intercept": TABLE["u"]}
    with pytest.raises(SchemaError, match=f"two {taken}"):
        build_design(f"y ~ {right}", TABLE.assign(**odd))


def test_levels_of_integers_are_integers():
    big = 2**53
    values = [big, big + 1, big + 2, big]
    levels = (big, big + 1, big + 2)
    y = [0, 1, 0, 1]
    for column in (np.array(values), pd.Series(values, dtype="Int64"), list(values)):
        design, encoded = build_design("y ~ C(i)", {"y": y, "i": column})
        assert design.codings["C(i)"].levels == levels
        assert encoded.block.X[:, 1].tolist() == [0, 1, 0, 0]
        assert design.encode({"i": [big + 1]}).X.tolist() == [[1, 1, 0]]
        _, encoded = build_design(f"y ~ I(i == {big + 1})", {"y": y, "i": column})
        assert encoded.block.X[:, 1].tolist() == [0, 1, 0, 0]
        _, encoded = build_design(f"y ~ np.isin(i, [{big + 1}])", {"y": y, "i": column})
        assert encoded.block.X[:, 1].tolist() == [0, 1, 0, 0]
    missing = {"y": [*y, 1], "i": pd.Series([*values, None], dtype=object)}
    design, encoded = build_design("y ~ C(i)", missing)
    assert design.codings["C(i)"].levels == levels
    assert encoded.dropped == {"i": 1}


def test_small_integers_count_beyond_their_type():
    table = {"y": [0, 1, 0, 1], "i": np.array([1, 100, 120, 3], dtype=np.int8)}
    _, encoded = build_design("y ~ I(i * 2) + I(i > 110)", table)
    assert encoded.block.X[:, 1].tolist() == [2, 200, 240, 6]


def test_custom_contrasts():
    _, encoded = build_design("y ~ C(a, {'linear': [-1, 0, 1]})", TABLE)
    assert encoded.block.X[[0, 24, 48], 1].tolist() == [-1.0, 0.0, 1.0]


def test_polynomial_contrasts_are_those_of_contr_poly():
    _, encoded = build_design("y ~ C(a, contr.poly)", TABLE)
    half, sixth = 0.5**0.5, (1 / 6) ** 0.5
    expected = [[-half, sixth], [0.0, -2 * sixth], [half, sixth]]
    np.testing.assert_allclose(encoded.block.X[[0, 24, 48], 1:], expected, atol=1e-15)


def test_unused_levels_have_no_column_and_are_told():
    table = TABLE.assign(a=pd.Categorical(TABLE["a"], ["w", "x", "y", "z"]))
    design, _ = build_design("y ~ a", table)
    assert design.columns == ("Intercept", "a[T.y]", "a[T.z]")
    assert design.unused_levels == {"a": ("w",)}


def test_a_factor_needs_two_levels():
    with pytest.raises(SchemaError, match="a has only the level 'x' in the 24 rows used"):
        build_design("y ~ a", TABLE[TABLE["a"] == "x"])
    with pytest.raises(SchemaError, match=r"I\(u > 99\) has only the level False"):
        build_design("y ~ I(u > 99)", TABLE)
