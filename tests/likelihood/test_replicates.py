"""Many weightings at once have the derivatives of each alone."""

import numpy as np
import pytest

from logit_inference.likelihood.logistic import LOGISTIC
from logit_inference.likelihood.objective import objective
from logit_inference.likelihood.replicates import (
    Replicates,
    replicate_log_likelihoods,
    replicate_sums,
)
from logit_inference.rows.block import Block
from logit_inference.rows.coded import Coded, Layout, Part, dense
from logit_inference.rows.source import ArraySource


def block(n=90, *, trials=False, offset=False, scale=1.0):
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(n), scale * rng.normal(size=(n, 2))])
    m = rng.integers(0, 5, n).astype(float) if trials else None
    y = rng.binomial(1 if m is None else m.astype(int), 0.4, n).astype(float)
    return Block(y, X, m, None, rng.normal(size=n) if offset else None)


def assert_alike(source, data, weights, coef, root=None):
    at = Replicates(weights, np.array([3, 0, 5]), coef, root)
    sums = source.fold(replicate_sums, at)
    values = source.fold(replicate_log_likelihoods, at).values
    X = dense(data.X) if isinstance(data.X, Coded) else data.X
    X = X if root is None else X @ root
    assert sums.reach == pytest.approx(np.sqrt((X**2).sum(axis=1).max()))
    for place, replicate in enumerate(at.chosen):
        own = Block(data.y, X, data.trials, weights[replicate].astype(float), data.offset)
        source = ArraySource(own)
        wanted = objective(source, LOGISTIC)(coef[place % len(coef)])
        constant = source.fold(LOGISTIC.tally).log_binomial
        assert np.allclose(sums.scores[place], wanted.score, rtol=1e-11, atol=1e-11)
        upper = wanted.information[np.triu_indices(X.shape[1])]
        assert np.allclose(sums.information[place], upper, rtol=1e-11, atol=1e-300)
        assert values[place] == pytest.approx(wanted.log_likelihood + constant, rel=1e-12)


@pytest.mark.parametrize("block_rows", [None, 7, 89])
@pytest.mark.parametrize("offset", [False, True])
@pytest.mark.parametrize("trials", [False, True])
@pytest.mark.parametrize("scale", [1.0, 300.0])  # linear predictors up to about 1,000
def test_sums_are_those_of_each_weighting(trials, offset, scale, block_rows):
    rng = np.random.default_rng(1)
    data = block(trials=trials, offset=offset, scale=scale)
    weights = rng.integers(0, 3, (6, data.n_rows))
    source = ArraySource(data, block_rows)
    assert_alike(source, data, weights, rng.normal(size=(3, 3)))
    assert_alike(source, data, weights, rng.normal(size=(1, 3)))
    assert_alike(source, data, weights, rng.normal(size=(3, 3)) / scale, np.triu(np.ones((3, 3))))


def test_a_replicate_sees_its_columns_whichever_way_they_are_kept():
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 3, 90).astype(np.int8)
    part = Part(0, np.array([1, 2]), levels=np.array([1, 2]))
    X = Coded(np.ones((90, 1)), (codes,), Layout(3, np.array([0]), (3,), (part,)))
    data = Block(block().y, X)
    assert_alike(ArraySource(data), data, rng.random((6, 90)), rng.normal(size=(3, 3)))
