"""Combinations of columns are rounded once, be their terms few or many."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logit_inference.rows.combinations import TOGETHER, Combinations

numbers = st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-6)


@given(st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=5), st.data())
def test_doubled_product_is_the_exact_product_rounded(table, data):
    X = np.array(table)
    upper = np.triu(np.array([[data.draw(numbers) for _ in range(3)] for _ in range(3)]))
    got = Combinations(upper).of(X)
    for i in range(len(X)):
        for j in range(3):
            exact = sum(Fraction(X[i, k]) * Fraction(upper[k, j]) for k in range(3))
            terms = sum(abs(Fraction(X[i, k]) * Fraction(upper[k, j])) for k in range(3))
            # Dot2: |error| <= eps |value| + gamma_n² sum of |terms| (Ogita, Rump and Oishi 2005)
            bound = Fraction(2.0**-52) * abs(exact) + Fraction(2.0**-96) * terms
            assert abs(Fraction(got[i, j]) - exact) <= bound


@given(
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5),
    st.tuples(numbers, numbers, numbers),
    st.booleans(),
)
def test_a_column_less_a_number_is_rounded_once(table, weights, by_columns):
    X = np.column_stack([np.ones(len(table)), np.array(table)])
    X = np.asfortranarray(X) if by_columns else X
    before = X.copy()
    first, second, last = weights
    matrix = np.array([[1.0, first, second], [0.0, 1.0, last], [0.0, 0.0, 1.0]])
    got = Combinations(matrix).of(X)
    assert (before == X).all()
    assert got.strides == X.strides
    assert (got[:, 0] == 1.0).all()
    assert (got[:, 1] == [float(Fraction(x) + Fraction(first)) for x in X[:, 1]]).all()
    for i in range(len(X)):
        terms = [Fraction(second), Fraction(X[i, 1]) * Fraction(last), Fraction(X[i, 2])]
        bound = Fraction(2.0**-52) * abs(sum(terms)) + Fraction(2.0**-96) * sum(map(abs, terms))
        assert abs(Fraction(got[i, 2]) - sum(terms)) <= bound


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("n", [0, 1, 7, 300, TOGETHER + 1])
def test_columns_of_few_and_many_terms(n, order):
    """Whole numbers: whatever is added up together, the product is exact."""
    rng, q = np.random.default_rng(n), 40
    X = np.array(rng.integers(-99, 100, size=(n, q)).astype(float), order=order)
    X[:, [0, 13]] = 1.0
    matrix = np.eye(q)
    matrix[0, 1:9] = rng.integers(-9, 10, 8)  # less a number
    matrix[5, 20:25] = rng.integers(-9, 10, 5)  # less a multiple of another column
    matrix[:, 30:] = np.triu(rng.integers(-9, 10, size=(q, q)))[:, 30:]
    matrix[:, 33] = 0.0
    out = np.full((n, q), np.nan)
    for found in (
        Combinations(matrix).of(X),
        Combinations(matrix).of(X, out),
    ):
        assert (found == X @ matrix).all()
    assert (out == X @ matrix).all()
