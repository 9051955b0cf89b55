"""The range of each column, whatever the array is: type, order, stride, size."""

import numpy as np
import pytest

from logit_inference.rows.survey import BLOCK, COLUMN_BLOCK, SMALL, is_finite, survey

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
def test_ends_are_those_of_each_column(values, layout):
    X = LAYOUTS[layout](values)
    X.flags.writeable = False
    seen = survey(X)
    assert seen.minimum.dtype == seen.maximum.dtype == np.float64
    np.testing.assert_array_equal(seen.minimum, X.min(axis=0))
    np.testing.assert_array_equal(seen.maximum, X.max(axis=0))
    np.testing.assert_array_equal(seen.largest, np.abs(X.astype(float)).max(axis=0))
    assert seen.finite


@pytest.mark.parametrize("layout", ["row by row", "column by column", "every other row", "float32"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_one_value_that_is_not_finite_is_seen(values, layout, bad, place):
    X = LAYOUTS[layout](values).copy(order="K")
    row, column = int(place * (X.shape[0] - 1)), int(place * (X.shape[1] - 1))
    X[row, column] = bad
    seen = survey(X)
    assert not seen.finite
    others = np.arange(X.shape[1]) != column
    assert np.isfinite(seen.minimum[others]).all()
    if np.isnan(bad):
        assert np.isnan(seen.minimum[column])
        assert np.isnan(seen.maximum[column])


def test_the_column_of_ones(values):
    n, p = values.shape
    X = values.copy()
    assert survey(X).constant(1.0) is None
    X[:, p // 2] = 1.0
    assert survey(X).constant(1.0) == p // 2
    if n > 1:
        X[n // 3, p // 2] = 2.0
        assert survey(X).constant(1.0) is None


def test_no_rows():
    seen = survey(np.empty((0, 2)))
    assert seen.minimum.tolist() == [np.inf, np.inf]
    assert seen.constant(1.0) is None


def test_numbers_near_the_end_of_the_range_are_finite():
    for n in (3, SMALL + 1):
        assert is_finite(np.full(n, 1e300))
        assert is_finite(np.full((n, 2), -1e300))
        assert survey(np.full((n, 2), 1e300)).finite
        assert is_finite(np.full(n, 6e4, dtype=np.float16))
        assert is_finite(np.full(n, 2**62))
        assert not is_finite(np.append(np.full(n, 1e300), np.nan))
        assert not is_finite(np.append(np.zeros(n), -np.inf))
