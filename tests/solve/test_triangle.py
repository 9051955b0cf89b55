"""Triangular factors of rows: merged, they are those of all rows."""

from functools import reduce
from operator import add

import numpy as np
import pytest

from logit_inference.solve.triangle import triangle_of


@pytest.mark.parametrize("p", [1, 2, 7, 31, 32, 33, 80])
@pytest.mark.parametrize("size", [1, 5, 40, 200])
def test_the_factor_of_all_rows_is_merged_from_those_of_some(size, p):
    rng = np.random.default_rng(p)
    rows = rng.normal(size=(230, p)) * 10.0 ** rng.integers(-8, 9, p)
    parts = [triangle_of(rows[start : start + size]) for start in range(0, len(rows), size)]
    upper = reduce(add, parts).upper
    assert upper.shape == (p, p)
    assert not np.tril(upper, -1).any()
    whole = np.linalg.qr(rows, mode="r")
    # Alike but for the signs of rows; each column is right to its own length.
    lengths = np.linalg.norm(rows, axis=0)
    np.testing.assert_allclose(np.abs(upper / lengths), np.abs(whole / lengths), atol=1e-14)


def test_a_direction_that_is_next_to_nothing_is_resolved():
    """The sum of squares would not see it: it is 1e-10 of its columns."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 3))
    rows[:, 2] = rows[:, 0] + 1e-10 * rows[:, 2]
    upper = reduce(add, [triangle_of(part) for part in np.split(rows, 20)]).upper
    left = np.linalg.qr(rows, mode="r")[2, 2]
    assert abs(upper[2, 2]) == pytest.approx(abs(left), rel=1e-5)


def test_no_columns():
    assert (triangle_of(np.empty((3, 0))) + triangle_of(np.empty((2, 0)))).upper.shape == (0, 0)
