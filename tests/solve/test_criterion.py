"""What estimators maximise, by definition: values, gradients and curvatures against differences."""

import numpy as np
import pytest

from logit_inference.likelihood.estimator import Estimator
from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.likelihood.logistic import LOGISTIC
from logit_inference.rows.basis import Basis
from logit_inference.rows.block import Block
from logit_inference.rows.source import ArraySource
from logit_inference.solve.criterion import criterion, positive, restrict

rng = np.random.default_rng(20170001)
N, P = 40, 3
X = np.column_stack([np.ones(N), rng.normal(size=(N, P - 1))])
TRIALS = rng.integers(1, 5, N).astype(float)
Y = np.floor(rng.random(N) * (TRIALS + 1))
WEIGHTS, OFFSET = rng.random(N) * 2, rng.normal(size=N) / 2
ROWS = ArraySource(Block(Y, X, TRIALS, WEIGHTS, OFFSET))
COEF = np.array([0.3, -0.8, 0.5])
BASIS = Basis.identity(P)
ESTIMATORS = (
    Estimator("firth", 0.5),
    Estimator("jeffreys", 0.2),
    Estimator("jeffreys", 1.5),
    Estimator("log-f", amounts=(0.0, 1.0, 2.5)),
    Estimator("ridge", amounts=(0.0, 0.7, 3.0)),
)


def written_out(estimator, coef):
    """The criterion in plain numpy."""
    eta = X @ coef + OFFSET
    mu = 1 / (1 + np.exp(-eta))
    value = WEIGHTS @ (Y * np.log(mu) + (TRIALS - Y) * np.log(1 - mu))
    w = WEIGHTS * TRIALS * mu * (1 - mu)
    if estimator.power:
        value += estimator.power * np.linalg.slogdet(X.T @ (X * w[:, None]))[1]
    amounts = np.array(estimator.amounts or (0.0,) * P)
    if estimator.kind == "log-f":
        value += amounts @ (coef / 2 - np.log(1 + np.exp(coef)))
    if estimator.kind == "ridge":
        value -= amounts @ coef**2 / 2
    return value


def differences(function, at, step=1e-5):
    """Central differences along each coefficient."""
    moves = step * np.eye(len(at))
    return np.array([(function(at + d) - function(at - d)) / (2 * step) for d in moves])


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: f"{e.kind} {e.power}")
def test_value_gradient_and_curvature(estimator):
    whole = criterion(ROWS, LOGISTIC, estimator, BASIS, exact=True)
    at = whole(COEF)
    assert at.log_likelihood == pytest.approx(written_out(estimator, COEF), rel=1e-13)
    by_values = differences(lambda b: written_out(estimator, b), COEF)
    np.testing.assert_allclose(at.score, by_values, rtol=1e-7, atol=1e-8)
    by_scores = -differences(lambda b: whole(b).score, COEF)
    np.testing.assert_allclose(at.information, by_scores, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("estimator", ESTIMATORS[:3], ids=lambda e: f"{e.kind} {e.power}")
def test_curvature_with_leverages_fixed_is_never_too_small(estimator):
    for coef in rng.normal(size=(20, P)) * 2:
        fixed = criterion(ROWS, LOGISTIC, estimator, BASIS, exact=False)(coef)
        by_scores = -differences(
            lambda b: criterion(ROWS, LOGISTIC, estimator, BASIS)(b).score, coef
        )
        assert np.linalg.eigvalsh(fixed.information - by_scores).min() > -1e-6


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: f"{e.kind} {e.power}")
def test_the_basis_does_not_matter(estimator):
    matrix = np.array([[1.0, 0.4, -2.0], [0.0, 2.0, 0.3], [0.0, 0.0, 0.5]])
    basis = Basis(P, (0, 1, 2), matrix)
    inside = ArraySource(Block(Y, X @ matrix, TRIALS, WEIGHTS, OFFSET))
    plain = criterion(ROWS, LOGISTIC, estimator, BASIS)(COEF)
    turned = criterion(inside, LOGISTIC, estimator, basis)(np.linalg.solve(matrix, COEF))
    assert turned.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(turned.score, matrix.T @ plain.score, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(
        turned.information, matrix.T @ plain.information @ matrix, rtol=1e-9, atol=1e-10
    )


def test_a_restriction_is_a_composition():
    whole = criterion(ROWS, LOGISTIC, ESTIMATORS[0], BASIS)
    origin, span = np.array([0.1, 0.0, -0.2]), rng.normal(size=(P, 2))
    line = restrict(whole, origin, span)
    at = line(np.array([0.3, -0.1]))
    by_values = differences(lambda b: line(b).log_likelihood, np.array([0.3, -0.1]))
    np.testing.assert_allclose(at.score, by_values, rtol=1e-7)


def test_where_no_information_is_left_the_value_is_minus_infinity():
    at = criterion(ROWS, LOGISTIC, ESTIMATORS[0], BASIS)(np.array([3000.0, 0.0, 0.0]))
    assert at.log_likelihood == -np.inf


@pytest.mark.parametrize("triples", [1, 2, 3])
def test_third_derivatives_may_be_summed_some_at_a_time(triples, monkeypatch):
    firth = Estimator("firth", 0.5)
    whole = criterion(ROWS, LOGISTIC, firth, BASIS, exact=True)(COEF)
    monkeypatch.setattr("logit_inference.solve.criterion.CACHED", 0)
    monkeypatch.setattr("logit_inference.solve.criterion.TRIPLES", triples)
    parts = criterion(ROWS, LOGISTIC, firth, BASIS, exact=True)(COEF)
    np.testing.assert_allclose(parts.upper, whole.upper, rtol=1e-13, atol=1e-14)


def test_a_curvature_that_is_not_positive_takes_as_much_of_the_larger_as_it_needs():
    larger, exact = np.diag([4.0, 2.0]), np.diag([4.0, -0.5])
    at = Evaluation(0.0, np.zeros(2), exact, 1.0, larger)
    np.testing.assert_allclose(positive(at).upper, np.diag([4.0, 0.5]))  # 0.2 of it: exactly zero
