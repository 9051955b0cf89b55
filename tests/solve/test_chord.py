"""Score-only steps: the points they visit, when they end, and what they never do."""

from types import SimpleNamespace

import numpy as np
import pytest

from logit_inference.likelihood.evaluation import Slope
from logit_inference.solve.chord import LONGEST, chord
from logit_inference.solve.factor import factorize
from logit_inference.solve.pace import Pace

GOAL = 1e-9
PATIENT = Pace(goal=GOAL, price=1e-3, bend=1.0)  # an evaluation is never worth its price before
HASTY = Pace(goal=GOAL, price=1.0, bend=1e-9)  # a score-only step is never worth its price


class Quadratic:
    """``−(b − 1)'A(b − 1)/2``, which remembers where it was asked."""

    def __init__(self, A):
        self.A, self.points = A, []

    def __call__(self, coef):
        self.points.append(coef)
        fall = self.A @ (1.0 - coef)
        return Slope(float(-0.5 * (1.0 - coef) @ fall), fall)


def problem(q=5, seed=0, spread=0.3):
    """An objective, and the factor of a matrix that is not quite its own."""
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(3 * q, q))
    other = half * (1 + spread * rng.normal(size=(3 * q, 1)))
    return Quadratic(half.T @ half), factorize(other.T @ other)


def run(objective, factor, pace=PATIENT, ratio=0.1, least=-np.inf, start=None):
    start = np.zeros(len(objective.A)) if start is None else start
    return chord(objective, start, factor, pace, ratio, least)


def test_the_matrix_of_a_quadratic_leads_to_its_maximum():
    objective, _ = problem()
    found = run(objective, factorize(objective.A))
    np.testing.assert_allclose(found.coef, 1.0, rtol=1e-12)
    assert found.served
    assert found.n_passes == 2  # where it starts, and the maximum


def test_the_points_are_those_of_quasi_newton_with_a_full_matrix():
    objective, factor = problem()
    found = run(objective, factor)
    H = factor.solve(np.eye(5))
    for here, ahead in zip(objective.points, [*objective.points[1:], found.coef], strict=True):
        score = objective.A @ (1.0 - here)
        np.testing.assert_allclose(ahead - here, H @ score, rtol=1e-8, atol=1e-13)
        move = ahead - here
        fall = objective.A @ move
        across = np.eye(5) - np.outer(move, fall) / (move @ fall)  # Nocedal and Wright (6.17)
        H = across @ H @ across.T + np.outer(move, move) / (move @ fall)


def test_every_step_is_recorded_with_what_it_was_taken_from():
    objective, factor = problem()
    found = run(objective, factor)
    assert found.n_passes == len(objective.points) == len(found.steps)
    for step, point in zip(found.steps, objective.points, strict=True):
        at = Quadratic(objective.A)(point)
        assert (step.kind, step.size) == ("score", 1.0)
        assert step.log_likelihood == at.log_likelihood
    values = [step.log_likelihood for step in found.steps]
    assert values == sorted(values)
    np.testing.assert_allclose(found.coef, 1.0, rtol=1e-9)


def test_where_evaluating_is_cheap_one_step_is_taken():
    objective, factor = problem()
    found = run(objective, factor, HASTY)
    assert found.n_passes == 1
    np.testing.assert_allclose(found.coef, factor.solve(objective.A @ np.ones(5)), rtol=1e-12)


@pytest.mark.parametrize("least", [0.0, np.inf])
def test_a_start_that_is_no_better_is_dropped(least):
    objective, factor = problem()
    found = run(objective, factor, least=least)
    assert (found.coef, found.steps, found.n_passes, found.served) == (None, (), 1, False)


def test_a_start_without_a_value_is_dropped():
    objective, factor = problem()
    assert run(objective, factor, start=np.full(5, np.nan)).coef is None


@pytest.mark.parametrize("times", [2.1, 30.0])
def test_a_step_that_goes_too_far_is_not_taken(times):
    """Of a matrix that many times too small the first step lands beyond twice the way."""
    objective, _ = problem()
    found = run(objective, factorize(objective.A / times))
    assert (found.coef == 0.0).all()
    assert found.steps == ()
    assert found.n_passes == 2
    assert not found.served


def test_steps_end_where_they_hardly_help():
    objective, _ = problem(q=40, spread=0.0)
    rng = np.random.default_rng(3)
    far = np.diag(np.diag(objective.A)) * 10.0 ** rng.uniform(0, 3, 40)
    found = run(objective, factorize(far))
    assert not found.served
    assert found.steps[-1].decrement > 0.5 * found.steps[-2].decrement


def test_there_is_an_end_to_it(monkeypatch):
    monkeypatch.setattr("logit_inference.solve.chord.SLOW", np.inf)
    objective, _ = problem(q=60, spread=0.0)
    far = np.diag(np.diag(objective.A)) * 100

    def never(decrement, ratio):
        return False

    endless = SimpleNamespace(ends_chord=never, arrives=never)
    found = run(objective, factorize(far), endless)
    assert len(found.steps) == found.n_passes == LONGEST


def test_at_the_maximum_there_is_nothing_to_do():
    objective, factor = problem()
    found = run(objective, factor, start=np.ones(5))
    assert (found.coef == 1.0).all()
    assert found.n_passes == 1
