"""Products of slices, against fractions."""

from fractions import Fraction

import numpy as np
import pytest

from logit_inference.rows.slices import TOGETHER, SlicedProduct


def product(A, B):
    out = np.full((len(A), B.shape[1]), np.nan)
    for columns, values in SlicedProduct(B).of(A):
        out[:, columns] = values
    return out


def exact(row, column):
    terms = [Fraction(a) * Fraction(b) for a, b in zip(row, column, strict=True)]
    return sum(terms), max(map(abs, terms))


@pytest.mark.parametrize("k", [1, 2, 9, 64, 257])
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_cancels_to_thirteen_digits_keeps_the_others(k, order):
    rng = np.random.default_rng(k)
    sizes = 10.0 ** rng.integers(-6, 7, k)
    A = np.array(rng.standard_normal((6, k)) * sizes, order=order)
    B = rng.standard_normal((k, 3)) / sizes[:, np.newaxis]
    if k > 1:  # the last term is the sum of the others, but for rounding and a little more
        A[:, -1] = -(A[:, :-1] @ B[:-1, 0]) * (1 + 1e-13)
        B[-1] = 1.0
    found = product(A, B)
    for i in range(6):
        for j in range(3):
            sum_, _ = exact(A[i], B[:, j])
            # The bound of the docstring: elements of A and B are what they are after scaling.
            scale = 2.0 ** np.ceil(np.log2(np.abs(A).max(axis=0)))
            most = np.abs(A[i] / scale).max() * np.abs(B[:, j] * scale).max()
            bound = abs(sum_) * Fraction(2.0**-52) + Fraction(4 * k**2 * 2.0**-106 * most)
            assert abs(Fraction(found[i, j]) - sum_) <= bound


def test_whole_numbers_are_exact_in_any_number_of_columns():
    rng = np.random.default_rng(1)
    for m, k, s in ((1, 1, 1), (3, 40, TOGETHER + 1), (50, 300, 3 * TOGETHER)):
        A = rng.integers(-999, 1000, size=(m, k)).astype(float)
        B = np.triu(rng.integers(-999, 1000, size=(k, s))).astype(float)
        assert (product(A, B) == A @ B).all()


def test_nothing_but_zeros_and_nothing_at_all():
    assert (product(np.zeros((4, 5)), np.ones((5, 3))) == 0.0).all()
    assert (product(np.ones((4, 5)), np.zeros((5, 3))) == 0.0).all()
    assert product(np.ones((4, 5)), np.ones((5, 0))).shape == (4, 0)


def test_one_product_serves_blocks_of_any_length():
    rng = np.random.default_rng(2)
    B = rng.standard_normal((20, 7))
    serves = SlicedProduct(B)
    for m in (3, 50, 1, 50):
        A = rng.standard_normal((m, 20))
        ((columns, values),) = serves.of(A)
        assert columns == slice(0, 7)
        assert (values == product(A, B)).all()
