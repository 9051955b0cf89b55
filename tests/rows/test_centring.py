"""Numbers less what other columns make of them: the same rows as X @ T, and codes stay codes."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logit_inference.rows.basis import Basis
from logit_inference.rows.centring import Centring, centred, centred_layout, constant_parts
from logit_inference.rows.coded import Coded, Layout, Part, dense, times
from logit_inference.rows.doubled import DoubledSum

HELMERT = np.array([[-1.0, -1.0], [1.0, -1.0], [0.0, 2.0]])


def columns(n=40, seed=0, mean=1e6):
    """An intercept, numbers a and b, a factor of four levels, one of three by contrasts.

    Columns: 1, a, b, g1 g2 g3, h' h", a·(g0 g1 g2 g3), b·(h' h").
    """
    rng = np.random.default_rng(seed)
    numbers = np.column_stack([np.ones(n), mean + rng.normal(size=n), rng.normal(size=n)])
    codes = rng.integers(0, 4, n).astype(np.int8), rng.integers(0, 3, n).astype(np.int16)
    parts = (
        Part(0, np.array([3, 4, 5]), np.array([1, 2, 3])),
        Part(1, np.array([6, 7]), None, HELMERT),
        Part(0, np.array([8, 9, 10, 11]), np.arange(4), None, 1),
        Part(1, np.array([12, 13]), None, HELMERT, 2),
    )
    return Coded(numbers, codes, Layout(14, np.array([0, 1, 2]), (4, 3), parts))


def centring(elements, size=14):
    """A `Centring` of (row, column): value."""
    places = np.array(list(elements), dtype=np.intp)
    return Centring.of(size, places[:, 0], places[:, 1], np.array(list(elements.values())))


# a less 2 b, and less a value for each level of both factors; within the levels of the factor, the
# one without an indicator among them; and the same multiple of contrasts.
SHARES = centring(
    {
        **{(0, 1): -1e6 + 0.3, (2, 1): -2.0, (3, 1): 0.25, (5, 1): -1.5, (6, 1): 1 / 3},
        **{(3, 9): -1e6, (4, 10): -1e6 - 0.5, (5, 11): -1e6 + 0.1},
        **{(0, 8): -999_999.0, (3, 8): 999_999.0, (4, 8): 999_999.0, (5, 8): 999_999.0},
        **{(6, 12): -0.7, (7, 13): -0.7},
    }
)


def as_matrix(shares):
    return shares.beside_diagonal().toarray() + np.eye(shares.size)


def test_the_columns_are_those_of_the_product():
    X = columns()
    exact = dense(X).astype(object)
    matrix = as_matrix(SHARES).astype(object)
    Z = dense(centred(X, SHARES))
    for i in range(5):
        for j in range(14):
            want = sum(Fraction(exact[i, k]) * Fraction(matrix[k, j]) for k in range(14))
            assert abs(Fraction(Z[i, j]) - want) <= Fraction(2.0**-51) * abs(want)


def test_codes_stay_codes_and_numbers_that_serve_no_longer_are_left_out():
    X = columns()
    Z = centred(X, SHARES)
    assert all(new is old for new, old in zip(Z.codes, X.codes, strict=True))
    # The constant, a and b as columns, a and b as multipliers.
    assert Z.numbers.shape == (40, 5)
    assert Z.numbers.flags.c_contiguous
    layout = centred_layout(X.layout, SHARES)
    assert layout.places.tolist() == Z.layout.places.tolist()
    assert [part.multiplier for part in layout.parts] == [0, 0, 3, 4]


def test_a_multiplier_that_is_not_centred_is_shared_with_its_column():
    Z = centred(columns(), centring({(0, 2): -0.5}))
    assert [part.multiplier for part in Z.layout.parts] == [0, 0, 1, 3]
    assert Z.layout.places.tolist() == [0, 1, 2, -1]


def test_plain_rows_and_new_rows_agree_with_codes():
    X = columns()
    basis = Basis(14, tuple(range(14)), SHARES)
    assert np.allclose(basis.rows(dense(X)), dense(basis.rows(X)), rtol=1e-12, atol=0)
    few = basis.rows(X[3:5])
    assert np.array_equal(dense(few), dense(basis.rows(X))[3:5])


def test_a_missing_row_stays_missing():
    X = columns()
    X.numbers[2, 0] = np.nan
    eta = times(centred(X, SHARES), np.ones(14))
    assert np.flatnonzero(np.isnan(eta)).tolist() == [2]


def test_coefficients_go_there_and_back():
    basis = Basis(14, tuple(range(14)), SHARES)
    coef = np.random.default_rng(1).normal(size=14)
    assert np.allclose(basis.coefficients(coef), as_matrix(SHARES) @ coef, rtol=1e-14)
    assert np.allclose(basis.inner(basis.coefficients(coef)), coef, rtol=0, atol=1e-9)
    assert np.allclose(basis.root(np.eye(14)), as_matrix(SHARES))
    # What takes a share of something that is changed itself.
    chain = centring({(0, 1): 2.0, (1, 2): 3.0}, size=3)
    assert chain.solve(chain @ np.array([1.0, 5.0, 7.0])).tolist() == [1.0, 5.0, 7.0]


def test_an_array_as_the_matrix_writes_codes_out():
    X = columns(mean=0.0)
    matrix = np.random.default_rng(2).normal(size=(14, 14))
    basis = Basis(14, tuple(range(14)), matrix)
    assert np.allclose(basis.rows(X), dense(X) @ matrix)
    assert basis.layout(X.layout) is None


def test_elements_are_found_where_they_are():
    rows, cols = np.array([0, 2, 3, 13]), np.array([1, 1, 2, 0])
    assert SHARES.at(rows, cols).tolist() == [-1e6 + 0.3, -2.0, 0.0, 0.0]
    assert SHARES.changed.tolist() == [1, 8, 9, 10, 11, 12, 13]
    assert Centring.of(3, rows[:0], cols[:0], np.empty(0)).at(rows[:1], cols[:1]).tolist() == [0.0]


def test_constant_parts_are_those_coded_alike():
    layout = columns().layout
    assert [part.columns[0] for part in constant_parts(layout, layout.parts[2])] == [3]
    assert [part.columns[0] for part in constant_parts(layout, layout.parts[3])] == [6]
    indicators = Part(1, np.array([12, 13]), np.array([1, 2]), None, 2)
    assert not list(constant_parts(layout, indicators))


terms = st.lists(st.floats(-1e8, 1e8, allow_subnormal=False), min_size=1, max_size=12)


@given(terms, st.floats(-10, 10, allow_subnormal=False))
@settings(deadline=None)
def test_a_doubled_sum_and_its_rest(values, factor):
    total = DoubledSum(np.zeros(1))
    for value in values:
        total.add(np.array([value]))
        total.add_product(np.array([value]), factor)
    exact = sum(Fraction(value) + Fraction(value) * Fraction(factor) for value in values)
    sizes = sum(abs(Fraction(value)) * (1 + abs(Fraction(factor))) for value in values)
    room = Fraction(2.0**-98) * sizes + Fraction(2.0**-1000)
    assert abs(Fraction(total.rounded()[0]) - exact) <= Fraction(2.0**-52) * abs(exact) + room
    both = Fraction(total.rounded()[0]) + Fraction(total.rest()[0])
    assert abs(both - exact) <= Fraction(2.0**-98) * abs(exact) + room


@pytest.mark.parametrize("mean", [0.0, 1e3, 1e9])
def test_contrasts_of_uneven_numbers_are_subtracted_exactly(mean):
    table = np.array([[0.1, 1 / 3], [-0.7, 1 / 7], [0.6, -10 / 21]])
    numbers = np.column_stack([np.ones(3), mean + np.array([0.1, 0.2, 0.3])])
    part = Part(0, np.array([2, 3]), None, table)
    X = Coded(numbers, (np.arange(3),), Layout(4, np.array([0, 1]), (3,), (part,)))
    weights = {(0, 1): -mean / 3, (2, 1): -mean * 0.9, (3, 1): mean * 1.1}
    got = centred(X, centring(weights, size=4)).numbers[:, 1]
    for level in range(3):
        terms = (Fraction(X.numbers[level, 1]), Fraction(-mean / 3))
        contrasts = zip(table[level], (-mean * 0.9, mean * 1.1), strict=True)
        want = sum(terms) + sum(Fraction(x) * Fraction(w) for x, w in contrasts)
        assert abs(Fraction(got[level]) - want) <= Fraction(2.0**-51) * abs(want)
