"""The softmax kernel against its definition, complex steps and the logistic kernel."""

from __future__ import annotations

import numpy as np
import pytest

from logit_inference.likelihood import logistic, softmax
from logit_inference.rows.block import Block
from logit_inference.rows.source import ArraySource


def rows(n=60, p=3, n_classes=4, seed=0, weights=True, offset=True):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    X[:, 0] = 1.0
    y = rng.integers(0, n_classes, n).astype(float)
    w = rng.uniform(0.0, 2.0, n) if weights else None
    o = rng.normal(size=(n, n_classes)) if offset else None
    return Block(y, X, None, w, o), rng.normal(size=(n_classes - 1) * p)


def log_likelihood(block, coef):
    """The definition; analytic, so that complex steps go through it."""
    eta = np.zeros((block.n_rows, len(coef) // block.n_columns + 1), dtype=coef.dtype)
    eta[:, 1:] = block.X @ coef.reshape(-1, block.n_columns).T
    if block.offset is not None:
        eta = eta + block.offset
    w = 1.0 if block.weights is None else block.weights
    own = eta[np.arange(block.n_rows), block.y.astype(int)]
    return (w * (own - np.log(np.exp(eta).sum(axis=1)))).sum()


@pytest.mark.parametrize(("p", "n_classes"), [(1, 2), (3, 4), (2, 9), (45, 3)])
def test_score_and_information_against_complex_steps(p, n_classes):
    block, coef = rows(p=p, n_classes=n_classes)
    at = softmax.evaluate([block], coef)
    steps = 1e-30j * np.eye(len(coef))
    score = np.array([log_likelihood(block, coef + step).imag for step in steps]) * 1e30
    np.testing.assert_allclose(at.log_likelihood, log_likelihood(block, coef), rtol=1e-13)
    np.testing.assert_allclose(at.score, score, rtol=1e-11, atol=1e-12)
    # A complex step of the score: central differences of it are right to 1e-9.
    h = 1e-6
    slopes = [
        (softmax.slope([block], coef + h * e).score - softmax.slope([block], coef - h * e).score)
        / (2 * h)
        for e in np.eye(len(coef))
    ]
    np.testing.assert_allclose(at.information, -np.array(slopes), rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(softmax.slope([block], coef).score, at.score)


def test_two_classes_are_the_logistic_kernel():
    block, coef = rows(n_classes=2, p=4)
    of_two = Block(block.y, block.X, None, block.weights, block.offset[:, 1] - block.offset[:, 0])
    ours, theirs = softmax.evaluate([block], coef), logistic.evaluate([of_two], coef)
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, rel=1e-14)
    np.testing.assert_allclose(ours.score, theirs.score, rtol=1e-13)
    np.testing.assert_allclose(ours.information, theirs.information, rtol=1e-13)
    assert ours.smallest_weight == pytest.approx(theirs.smallest_weight, rel=1e-13)


def test_nothing_is_lost_at_800():
    X = np.array([[800.0], [-800.0], [800.0], [0.0]])
    block = Block(np.array([1.0, 0.0, 2.0, 1.0]), X)
    at = softmax.evaluate([block], np.array([1.0, -1.0]))
    # Rows: certain; certain against class 1 but sure of class 2; 1600 from the likely class; even.
    assert at.log_likelihood == pytest.approx(-800.0 - 1600.0 - np.log(3), rel=1e-15)
    assert np.isfinite(at.score).all()
    assert np.isfinite(at.information).all()
    one = softmax.evaluate([Block(np.array([1.0]), np.array([[40.0]]))], np.array([1.0, -1.0]))
    # 1 − mu of a row that is nearly certain keeps its digits: exp(−40), not 0.
    assert one.score[0] == pytest.approx(40.0 * np.exp(-40.0), rel=1e-13)
    assert one.information[0, 0] == pytest.approx(1600.0 * np.exp(-40.0), rel=1e-13)
    assert -one.log_likelihood == pytest.approx(np.exp(-40.0), rel=1e-13)


def test_a_class_with_an_offset_of_minus_infinity_is_not_there():
    block, coef = rows(n_classes=3, p=2, offset=False)
    without = np.zeros((block.n_rows, 3))
    without[:, 2] = -np.inf
    kept = block.y != 2
    three = Block(block.y[kept], block.X[kept], None, block.weights[kept], without[kept])
    two = Block(three.y, three.X, None, three.weights)
    ours, theirs = softmax.evaluate([three], coef), softmax.evaluate([two], coef[:2])
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, rel=1e-14)
    np.testing.assert_allclose(ours.score, np.append(theirs.score, [0.0, 0.0]), rtol=1e-13)
    np.testing.assert_allclose(ours.information[:2, :2], theirs.information, rtol=1e-13)
    assert not ours.information[2:].any()


def test_any_split_of_the_rows_adds_up():
    block, coef = rows(n=500)
    whole = softmax.evaluate([block], coef)
    parts = ArraySource(block, block_rows=37).fold_runs(softmax.evaluate, coef)
    assert parts.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(parts.information, whole.information, rtol=1e-12)
