"""Cross-products under many weightings, and rows as contrasts of classes."""

from __future__ import annotations

import numpy as np
import pytest

from logit_inference.rows.block import Block
from logit_inference.rows.coded import Coded, Layout, Part, dense
from logit_inference.rows.contrasts import ContrastSource
from logit_inference.rows.pairs import PairSums
from logit_inference.rows.source import ArraySource

RNG = np.random.default_rng(1)


def coded(n=50):
    group = Part(0, columns=np.array([2, 3]), levels=np.array([1, 2]))
    layout = Layout(4, np.array([0, 1]), (3,), (group,))
    numbers = np.column_stack([np.ones(n), RNG.normal(size=n)])
    return Coded(numbers, (RNG.integers(0, 3, n).astype(np.int8),), layout)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    "X", [RNG.normal(size=(50, 4)), np.asfortranarray(RNG.normal(size=(50, 60))), coded()]
)
def test_sums_are_those_of_the_definition(X, signed):
    weights = RNG.normal(size=(3, 50)) if signed else RNG.uniform(size=(3, 50))
    sums = PairSums(X, 3, signed=signed)
    for part in (slice(0, 30), slice(30, 50)):
        sums.add(X[part], np.ascontiguousarray(weights[:, part]))
    full = dense(X) if isinstance(X, Coded) else X
    direct = np.einsum("jn,ni,nk->jik", weights, full, full)
    np.testing.assert_allclose(list(sums.squares()), direct, rtol=1e-12, atol=1e-12)


def test_contrasts_are_differences_of_linear_predictors():
    n, p, k = 40, 3, 4
    X, y = RNG.normal(size=(n, p)), RNG.integers(0, k, n).astype(float)
    source = ContrastSource(ArraySource(Block(y, X, None, np.arange(n) + 1.0), 7), k)
    D = RNG.normal(size=(k - 1, p))
    eta = np.column_stack([np.zeros(n), X @ D.T])
    direct = [eta[i, int(y[i])] - eta[i, j] for i in range(n) for j in range(k) if j != y[i]]
    found = source.map(lambda block: block.X @ D.ravel())
    np.testing.assert_allclose(found, direct, rtol=1e-12, atol=1e-14)
    assert source.n_rows == len(direct)
    np.testing.assert_array_equal(
        source.map(lambda block: block.weights), np.repeat(np.arange(n) + 1.0, k - 1)
    )
