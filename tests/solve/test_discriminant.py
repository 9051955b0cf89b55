"""The length of the first step: that of Fisher's discriminant, and what it saves."""

import numpy as np
import pytest

from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.likelihood.logistic import LOGISTIC
from logit_inference.likelihood.objective import objective
from logit_inference.rows.block import Block
from logit_inference.rows.source import ArraySource
from logit_inference.solve.discriminant import LONGEST, first_length
from logit_inference.solve.factor import factorize
from logit_inference.solve.fit import fit_rows
from logit_inference.solve.newton import newton


def simulated(n, p, spread, seed):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, p))])
    coef = rng.normal(size=p)
    eta = X[:, 1:] @ coef * spread / np.linalg.norm(coef)
    return (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float), X


@pytest.mark.parametrize("spread", [0.3, 1.0, 2.0])
def test_the_first_step_has_the_slopes_of_linear_discriminant_analysis(spread):
    """Fisher's are the inverse scatter within the outcomes times the difference of the means."""
    y, X = simulated(500, 4, spread, 0)
    start = np.zeros(5)
    start[0] = np.log(y.mean() / (1 - y.mean()))
    at = objective(ArraySource(Block(y, X)), LOGISTIC)(start)
    step = factorize(at.upper).solve(at.score)
    size = first_length(float(at.score @ step), len(y))
    events, others = X[y == 1, 1:], X[y == 0, 1:]
    within = sum(np.cov(part.T, bias=True) * len(part) for part in (events, others)) / len(y)
    fisher = np.linalg.solve(within, events.mean(axis=0) - others.mean(axis=0))
    np.testing.assert_allclose(size * step[1:], fisher, rtol=1e-10)


@pytest.mark.parametrize("n", [300, 5_000])
def test_it_saves_evaluations(n, monkeypatch):
    blocks = [Block(*simulated(n, 5, 1.5, seed)) for seed in range(20)]

    def passes():
        fits = [fit_rows(ArraySource(b), LOGISTIC, list("abcdef"), constant=0) for b in blocks]
        assert all(fit.solution.outcome.converged for fit in fits)
        return [fit.solution.n_passes for fit in fits]

    longer = passes()
    for module in ("lean", "newton"):
        name = f"logit_inference.solve.{module}.first_length"
        monkeypatch.setattr(name, lambda squared, trials: 1.0)
    usual = passes()
    assert all(a <= b for a, b in zip(longer, usual, strict=True))
    assert sum(longer) <= sum(usual) - 10  # every other one, at least


def test_a_start_of_the_users_own_is_followed_by_a_whole_step():
    y, X = simulated(300, 3, 1.0, 1)
    fit = fit_rows(ArraySource(Block(y, X)), LOGISTIC, list("abcd"), start=np.zeros(4))
    assert fit.solution.steps[0].size == 1.0


def test_where_the_longer_step_loses_the_whole_one_is_taken():
    def quadratic(coef):
        left = 1.0 - coef
        return Evaluation(float(-0.5 * left @ left), left, np.eye(2), 1.0)

    found = newton(quadratic, np.zeros(2), lambda *at: 0.0, trials=2.0)
    assert first_length(2.0, 2.0) == LONGEST
    assert found.steps[0].size == 1.0
    assert found.n_passes == 3  # the start, the step that lost, the maximum
    np.testing.assert_allclose(found.coef, 1.0)
