"""Rows times a number each are the same to the last bit, whichever way numpy is asked for them."""

import numpy as np
import pytest

from logit_inference.rows.scaling import FEW, scale_rows


@pytest.mark.parametrize("p", [1, 2, FEW, FEW + 1, 50])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_each_row_is_multiplied_by_its_number(p, dtype, order):
    rng = np.random.default_rng(p)
    rows = np.array(rng.normal(size=(30, p)), dtype, order=order)[5:25]
    numbers = rng.normal(size=20).astype(dtype)
    out = np.full((20, p), np.nan, dtype, order=order)
    scale_rows(rows, numbers, out)
    assert out.tobytes() == (rows * numbers[:, np.newaxis]).tobytes()
    assert out.dtype == dtype


def test_rows_with_gaps_between_them_are_taken_as_they_are():
    table = np.arange(60.0).reshape(10, 6)
    out = np.empty((10, 3))
    scale_rows(table[:, 1:4], np.full(10, 2.0), out)
    assert (out == 2.0 * table[:, 1:4]).all()
