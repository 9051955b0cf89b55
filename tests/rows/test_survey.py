"""What one look at an array shows, whatever it is: type, order, stride, size."""

import numpy as np
import pytest

from logit_inference.rows.survey import (
    BLOCK,
    COLUMN_BLOCK,
    SMALL,
    is_finite,
    largest,
    survey,
)

# Below and above each size at which another way is taken, and with rows left over.
SHAPES = [
    (1, 1),
    (3, 2),
    (200, 5),
    (SMALL // 5 + 1, 5),
    (SMALL + 7, 1),
    (30, 700),
    (COLUMN_BLOCK + 3, 2),
    (BLOCK // 3 + 5, 3),
]
LAYOUTS = {
    "row by row": np.ascontiguousarray,
    "column by column": np.asfortranarray,
    "backwards": lambda X: np.ascontiguousarray(X[::-1])[::-1],
    "every other row": lambda X: np.repeat(X, 2, axis=0)[::2],
    "every other column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "float32": lambda X: X.astype(np.float32),
    "float16": lambda X: X.astype(np.float16),
    "int64": lambda X: (10 * X).astype(np.int64),
    "int8": lambda X: (10 * X).astype(np.int8),
    "uint8": lambda X: np.abs(10 * X).astype(np.uint8),
    "bool": lambda X: X > 0,
}


@pytest.fixture(params=SHAPES, ids=str)
def values(request):
    return np.random.default_rng(0).normal(size=request.param)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_largest_is_that_of_each_column(values, layout):
    X = LAYOUTS[layout](values)
    X.flags.writeable = False
    reached = np.abs(X.astype(float)).max(axis=0)
    assert largest(X).dtype == np.float64
    np.testing.assert_array_equal(largest(X), reached)
    assert is_finite(X)
    assert survey(X)[0]


@pytest.mark.parametrize("layout", ["row by row", "column by column", "every other row", "float32"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_one_value_that_is_not_finite_is_seen(values, layout, bad, place):
    X = LAYOUTS[layout](values).copy(order="K")
    row, column = int(place * (X.shape[0] - 1)), int(place * (X.shape[1] - 1))
    X[row, column] = bad
    assert not is_finite(X)
    assert not survey(X)[0]
    np.testing.assert_array_equal(np.isfinite(largest(X)), np.arange(X.shape[1]) != column)
    assert np.isnan(largest(X)[column]) == np.isnan(bad)


def test_two_infinities_do_not_cancel(values):
    if values.size > 1:
        values.flat[0], values.flat[-1] = np.inf, -np.inf
        assert not is_finite(values)
        assert not survey(values)[0]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_column_of_ones(values, layout):
    n, p = values.shape
    X = LAYOUTS[layout](values).copy(order="K")
    X[0] = 0  # one row tells all columns apart from it
    assert survey(X)[1] is None
    X[:, p // 2 :] = 1
    assert survey(X)[1] == p // 2
    for row in {n // 5, n // 2, n - 1}:
        X[row, p // 2] = 0
        assert survey(X)[1] == (None if p // 2 + 1 == p else p // 2 + 1)
        X[row, p // 2] = 1
    X = X.astype(float)
    X[n // 5, p // 2 :] = np.nan
    assert survey(X)[1] is None


def test_no_rows():
    X = np.empty((0, 2))
    assert (is_finite(X), *survey(X)) == (True, True, None)


def test_numbers_near_the_end_of_the_range_are_finite():
    for n in (3, SMALL + 1):
        assert is_finite(np.full(n, 1e300))
        assert is_finite(np.full((n, 2), -1e300))
        assert is_finite(np.full((n, 2), 1e300))
        assert survey(np.full((n, 2), 1e300))[0]
        assert is_finite(np.full(n, 6e4, dtype=np.float16))
        assert is_finite(np.full(n, 2**62))
        assert not is_finite(np.append(np.full(n, 1e300), np.nan))
        assert not is_finite(np.append(np.zeros(n), -np.inf))
