"""Cholesky factors: a packed matrix's against that of the square, and what both say of it."""

import pickle

import numpy as np
import pytest

from logit_inference.rows.blas import add_square
from logit_inference.rows.packed import packed_size
from logit_inference.solve.factor import PackedFactor, condition_bound, factorize


def both(p, spread=0):
    """A matrix of any scale, as a square and packed."""
    rng = np.random.default_rng(p)
    rows = rng.normal(size=(3 * p, p)) * 10.0 ** rng.integers(-spread, spread + 1, p)
    square, packed = np.zeros((p, p), order="F"), np.zeros(packed_size(p))
    add_square(rows, square)
    add_square(rows, packed)
    return square, packed


@pytest.mark.parametrize("rests", [False, True])
@pytest.mark.parametrize("spread", [0, 5])
@pytest.mark.parametrize("p", [1, 2, 3, 20, 61])
def test_a_packed_factor_says_the_same(p, spread, rests):
    square, packed = both(p, spread)
    plain, found = factorize(square), factorize(packed)
    assert isinstance(found, PackedFactor)
    found = found.at_rest if rests else found
    # The sums were added up in other orders; scaled, the condition is below 100.
    same = {"rtol": 1e-12, "atol": 0.0}
    np.testing.assert_allclose(found.diagonal, plain.diagonal, **same)
    np.testing.assert_allclose(found.scale, plain.scale, **same)
    np.testing.assert_allclose(found.left, plain.left, **same)
    np.testing.assert_allclose(found.inverse_norm, plain.inverse_norm, **same)
    np.testing.assert_allclose(found.condition, plain.condition, **same)
    right = np.sqrt(square.diagonal())
    scale = plain.scale
    np.testing.assert_allclose(
        found.solve(right) / scale, plain.solve(right) / scale, rtol=0, atol=1e-12
    )
    several = right[:, np.newaxis] * np.arange(3.0)
    assert found.solve(several).shape == several.shape
    np.testing.assert_allclose(
        found.solve(several)[:, 2] / scale, 2 * plain.solve(right) / scale, rtol=0, atol=1e-12
    )
    root, expected = found.inverse_root(), plain.inverse_root()
    assert root.flags.c_contiguous
    assert not np.tril(root, -1).any()
    lengths = np.linalg.norm(expected, axis=1)[:, np.newaxis]
    np.testing.assert_allclose(root / lengths, expected / lengths, rtol=0, atol=1e-12)
    np.testing.assert_allclose(condition_bound(packed, root), condition_bound(square, expected))


@pytest.mark.parametrize("limit", [1.0, 2.0, 50.0, 1e4])
def test_a_condition_is_within_a_limit_or_not_whichever_way(limit):
    square, packed = both(20)
    plain, found = factorize(square), factorize(packed)
    assert found.condition_within(limit) == plain.condition_within(limit)
    assert found.condition_within(limit) == (plain.condition <= limit)


def test_a_packed_matrix_that_is_singular_has_no_factor():
    rows = np.ones((3, 4))
    packed = np.zeros(packed_size(4))
    add_square(rows, packed)
    assert factorize(packed) is None
    assert factorize(np.full(packed_size(4), np.nan)) is None


def test_the_matrix_is_only_read():
    _, packed = both(9)
    before = packed.copy()
    found = factorize(packed)
    found.inverse_root()
    found.at_rest.inverse_root()
    assert found.matrix is packed
    assert (packed == before).all()


def test_single_precision_has_a_factor_in_double():
    square, packed = both(9)
    found = factorize(packed.astype(np.float32))
    assert found.upper.dtype == np.float64
    np.testing.assert_allclose(found.condition, factorize(square).condition, rtol=1e-4)


def test_a_factor_at_rest_is_pickled_without_its_triangle():
    _, packed = both(30)
    found = factorize(packed)
    assert len(pickle.dumps(found.at_rest)) < 0.6 * len(pickle.dumps(found))
    again = pickle.loads(pickle.dumps(found.at_rest))
    assert (again.solve(np.ones(30)) == found.solve(np.ones(30))).all()
