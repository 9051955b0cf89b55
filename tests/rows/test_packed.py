"""Packed matrices against the squares that they stand for."""

import numpy as np
import pytest
from scipy.linalg.lapack import dtrttf

from logit_inference.rows.packed import (
    diagonal,
    mapped_zeros,
    packed_order,
    packed_size,
    scaled_sums,
    unpacked,
)

ORDERS = [1, 2, 3, 4, 5, 8, 31, 50]


def square(p):
    """A symmetric matrix of whole numbers, and the same packed by LAPACK."""
    whole = np.random.default_rng(p).integers(-9, 10, size=(p, p)).astype(float)
    matrix = whole + whole.T
    packed, failed = dtrttf(np.asfortranarray(matrix))
    assert not failed
    return matrix, packed


@pytest.mark.parametrize("p", ORDERS)
def test_a_packed_triangle_is_that_of_the_square(p):
    matrix, packed = square(p)
    assert len(packed) == packed_size(p)
    assert packed_order(packed) == p
    found = unpacked(packed)
    assert (found == np.triu(matrix)).all()
    assert found.flags.c_contiguous
    assert (diagonal(packed) == matrix.diagonal()).all()
    assert (diagonal(matrix) == matrix.diagonal()).all()


@pytest.mark.parametrize("p", ORDERS)
def test_the_sums_of_scaled_columns(p):
    matrix, packed = square(p)
    scale = 2.0 ** np.arange(p) / 2.0 ** (p // 2)  # exact
    expected = np.abs(matrix * scale * scale[:, np.newaxis]).sum(axis=0)
    np.testing.assert_allclose(scaled_sums(packed, scale), expected, rtol=1e-14)  # other orders


def test_single_precision_is_packed_alike():
    matrix, packed = square(7)
    assert (unpacked(packed.astype(np.float32)) == np.triu(matrix)).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(0,), (5,), (3, 1000)])
def test_mapped_memory_is_zero_and_can_be_written(shape, dtype):
    zeros = mapped_zeros(shape, dtype)
    assert zeros.shape == shape
    assert zeros.dtype == dtype
    assert not zeros.any()
    zeros += 1
    assert zeros.all()
