"""Stacked factors are those of each matrix alone."""

import numpy as np
import pytest

from logit_inference.solve.stack import (
    stacked_cholesky,
    stacked_solve,
    stacked_solve_transposed,
)


@pytest.mark.parametrize("q", [1, 2, 7])
def test_each_factor_is_its_matrix_own(q):
    rng = np.random.default_rng(q)
    roots = rng.normal(size=(9, q, q)) + 2 * np.eye(q)
    matrices = roots @ roots.transpose(0, 2, 1)
    first, second = np.triu_indices(q)
    lower = stacked_cholesky(matrices[:, first, second], q)
    assert np.allclose(lower.transpose(2, 0, 1), np.linalg.cholesky(matrices), rtol=1e-9)
    right = rng.normal(size=(q, 3, 9))
    x = stacked_solve_transposed(lower, stacked_solve(lower, right))
    wanted = np.linalg.solve(matrices, right.transpose(2, 0, 1)).transpose(1, 2, 0)
    assert np.allclose(x, wanted, rtol=1e-8)


def test_a_matrix_that_is_not_positive_definite_harms_no_other():
    packed = np.array([[1.0, 0.5, 1.0], [1.0, 2.0, 1.0], [0.0, 0.0, 0.0], [np.nan, 1.0, 1.0]])
    lower = stacked_cholesky(packed, 2)
    assert np.isfinite(lower[:, :, 0]).all()
    assert np.isnan(lower[1, 1, 1:]).all()
    assert np.isfinite(stacked_solve(lower, np.ones((2, 4)))[:, 0]).all()
