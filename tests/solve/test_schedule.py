"""What comes before Newton's method: taken where it helps, dropped where it misleads."""

import numpy as np
import pytest

from logit_inference.covariance.model import model_covariance
from logit_inference.likelihood.logistic import LOGISTIC
from logit_inference.likelihood.objective import objective, slope_objective
from logit_inference.rows.block import Block
from logit_inference.rows.sample import stretch_rows
from logit_inference.rows.source import ArraySource
from logit_inference.solve.factor import factorize
from logit_inference.solve.fit import fit_rows
from logit_inference.solve.pace import pace_of
from logit_inference.solve.schedule import (
    DENSEST,
    MANY_ELEMENTS,
    MANY_PRODUCTS,
    MANY_ROWS,
    NO_OPENING,
    SAMPLE_ROWS,
    SPARSEST,
    Opening,
    follow_up,
    open_search,
)

N = max(MANY_ROWS, SPARSEST * SAMPLE_ROWS)  # a sample is as sparse as it gets


def simulated(n=N, p=4, seed=0):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])
    return (rng.random(n) < 1 / (1 + np.exp(-X @ rng.normal(size=p)))).astype(float), X


def opened(block, start=None, least=None):
    """What is proposed for a block, and the source and pace it is proposed for."""
    source = ArraySource(block)
    start = np.zeros(source.n_columns) if start is None else start
    value = objective(source, LOGISTIC)(start).log_likelihood
    counts = source.fold(LOGISTIC.tally)
    pace = pace_of(source.n_columns, source.score_price, counts, 1e-8, 3e-10)
    least = value if least is None else least
    return open_search(source, LOGISTIC, start, least, counts, pace), source


def assert_dropped(found):
    assert found.coef is None
    assert all(step.kind == "sample" for step in found.steps)
    assert found.n_passes < 2 * 50 / SPARSEST + 2  # fifty iterations that ask how curved it is


def test_a_sample_leads_near_the_maximum_in_a_third_of_a_pass_and_a_few_scores():
    block = Block(*simulated())
    found, source = opened(block)
    fit = fit_rows(source, LOGISTIC, list("abcd"), start=np.zeros(4))
    assert fit.solution.outcome.converged
    assert (np.abs(found.coef - fit.coef) < model_covariance(fit).std_errors).all()
    kinds = [step.kind for step in found.steps]
    assert kinds == sorted(kinds)  # the sample, then all rows
    assert set(kinds) == {"sample", "score"}
    assert 0 < found.n_passes - kinds.count("score") < 0.5


def test_steps_on_a_sample_estimate_the_numbers_of_all_rows():
    block = Block(*simulated())
    found, source = opened(block)
    first = objective(source, LOGISTIC)(np.zeros(4))
    assert found.steps[0].log_likelihood == pytest.approx(first.log_likelihood, rel=1e-3)
    decrement = np.sqrt(first.score @ factorize(first.upper).solve(first.score))
    assert found.steps[0].decrement == pytest.approx(decrement, rel=0.1)


@pytest.mark.parametrize(("n", "p"), [(MANY_ROWS - 1, 1), (200, 5), (DENSEST * SAMPLE_ROWS - 1, 2)])
def test_no_sample_is_taken_of_few_rows(n, p):
    block = Block(np.resize([0.0, 1.0], n), np.broadcast_to(np.ones(1), (n, p)))
    counts = LOGISTIC.tally(block)
    pace = pace_of(p, 0.1, counts, 1e-8, 3e-10)
    found = open_search(ArraySource(block), LOGISTIC, np.zeros(p), -np.inf, counts, pace)
    assert found == NO_OPENING


def test_of_few_rows_for_their_columns_rough_information_takes_the_place_of_a_sample():
    block = Block(*simulated(n=8_000, p=200))
    found, source = opened(block)
    kinds = [step.kind for step in found.steps]
    assert kinds[0] == "rough"
    assert set(kinds) <= {"rough", "score"}
    assert found.n_passes == len(kinds)
    fit = fit_rows(source, LOGISTIC, [str(j) for j in range(200)], start=np.zeros(200))
    assert (np.abs(found.coef - fit.coef) < 1e-3 * model_covariance(fit).std_errors).all()


def test_dependent_columns_have_no_rough_information():
    y, X = simulated(n=8_000, p=200)
    X[:, 7] = X[:, 3]
    found, _ = opened(Block(y, X))
    assert found == Opening(None, (), 1.0)


def test_a_separated_sample_is_dropped():
    y, X = simulated()
    rows = stretch_rows(N, SPARSEST)[:40]
    z = np.zeros(N)
    z[rows] = y[rows] = 1.0
    z[rows + 1] = 1.0  # all rows together are not separated
    assert_dropped(opened(Block(y, np.column_stack([X, z])))[0])


def test_a_sample_with_dependent_columns_is_dropped():
    y, X = simulated()
    z = np.zeros(N)
    z[np.setdiff1d(np.arange(N), stretch_rows(N, SPARSEST))[:50]] = 1.0  # in no row of the sample
    assert_dropped(opened(Block(y, np.column_stack([X, z])))[0])


def test_a_misleading_sample_is_dropped():
    """The rows that it sees say the opposite of all others."""
    y, X = simulated(seed=1)
    rows = stretch_rows(N, SPARSEST)
    y[rows] = 1.0 - y[rows]
    found, _ = opened(Block(y, X))
    assert_dropped(found)
    assert found.n_passes > 1  # a score was spent to find out


def test_what_does_not_exceed_the_usual_start_is_dropped():
    block = Block(*simulated())
    assert_dropped(opened(block, least=0.0)[0])
    assert_dropped(opened(block, least=np.inf)[0])


@pytest.mark.parametrize("event", [0.0, 1.0])
def test_of_rare_events_a_sample_has_all(event):
    rng = np.random.default_rng(2)
    X = np.column_stack([np.ones(N), rng.normal(size=N)])
    chance = 1 / (1 + np.exp(8 - X[:, 1]))
    y = np.where(rng.random(N) < chance, event, 1 - event)
    start = np.array([np.log(y.mean() / (1 - y.mean())), 0.0])
    found, source = opened(Block(y, X), start)
    fit = fit_rows(source, LOGISTIC, list("ab"), start=start)
    assert (np.abs(found.coef - fit.coef) < model_covariance(fit).std_errors).all()


def test_follow_ups_are_for_many_rows_and_columns():
    pace = pace_of(10, 0.3, LOGISTIC.tally(Block(*simulated(n=1000))), 1e-8, 3e-10)

    def follows(n, p):
        source = ArraySource(Block(np.zeros(n), np.broadcast_to(np.ones(1), (n, p))))
        return follow_up(source, LOGISTIC, pace) is not None

    assert not follows(MANY_ELEMENTS // 5 - 1, 5)
    assert follows(MANY_ELEMENTS // 5, 5)
    assert not follows(MANY_PRODUCTS // 100**2 - 1, 100)
    assert follows(MANY_PRODUCTS // 100**2, 100)


def test_a_follow_up_leads_up_from_a_newton_step():
    n, p = MANY_ELEMENTS // 100, 100
    source = ArraySource(Block(*simulated(n, p)))
    at = objective(source, LOGISTIC)(np.zeros(p))
    factor = factorize(at.upper)
    move = factor.solve(at.score)
    decrement = float(np.sqrt(at.score @ move))
    cheap = pace_of(p, 0.01, source.fold(LOGISTIC.tally), 1e-8, 3e-10)
    told = follow_up(source, LOGISTIC, cheap)(move, factor, at, decrement)
    slope = slope_objective(source, LOGISTIC)
    assert told.n_passes == len(told.steps) or not told.served
    assert slope(told.coef).log_likelihood > slope(move).log_likelihood > at.log_likelihood
