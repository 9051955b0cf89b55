"""The search: where it ends, how it says so, and that the end does not depend on the way."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from scipy.optimize import linprog

from logit_inference.covariance.model import model_covariance
from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.likelihood.logistic import LOGISTIC, evaluate
from logit_inference.rows.block import Block
from logit_inference.rows.source import ArraySource
from logit_inference.solve.chord import Chord
from logit_inference.solve.fit import fit_rows
from logit_inference.solve.newton import FRESH, newton
from logit_inference.solve.reach import leverage_bound
from logit_inference.solve.solution import Outcome, Step


def fit(y, X, *, block_rows=None, **options):
    names = [f"x{j}" for j in range(X.shape[1])]
    trials, weights, offset = (options.pop(k, None) for k in ("trials", "weights", "offset"))
    block = Block(np.asarray(y, float), np.asarray(X, float), trials, weights, offset)
    options.setdefault("constant", 0)
    return fit_rows(
        ArraySource(block, block_rows), LOGISTIC, names, offset=offset is not None, **options
    )


def sample(n=120, p=4, seed=0, spread=1.0):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])
    eta = X @ (spread * rng.normal(size=p))
    return (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float), X


def test_the_log_odds_ratio_of_a_two_by_two_table():
    a, b, c, d = 12, 5, 7, 20
    X = np.repeat([[1, 1], [1, 1], [1, 0], [1, 0]], [a, b, c, d], axis=0)
    y = np.repeat([1, 0, 1, 0], [a, b, c, d])
    result = fit(y, X)
    assert result.coef[1] == pytest.approx(np.log(a * d / (b * c)), rel=1e-14)
    assert result.coef[0] == pytest.approx(np.log(c / d), rel=1e-14)


@pytest.mark.parametrize("block_rows", [1, 7, 50, 119])
def test_block_size_does_not_change_the_fit(block_rows):
    y, X = sample()
    whole, parts = fit(y, X), fit(y, X, block_rows=block_rows)
    assert np.allclose(parts.coef, whole.coef, rtol=1e-13, atol=0)
    assert parts.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-13)


def test_the_same_source_gives_the_same_bits():
    y, X = sample()
    assert (fit(y, X, block_rows=11).coef == fit(y, X, block_rows=11).coef).all()


def test_the_maximum_does_not_depend_on_the_start():
    y, X = sample(seed=3)
    far = fit(y, X, start=np.array([4.0, -5.0, 3.0, 6.0]))
    assert far.solution.outcome is Outcome.CONVERGED
    assert np.allclose(far.coef, fit(y, X).coef, rtol=1e-12)
    assert any(step.kind == "halved" for step in far.solution.steps)


def test_a_step_is_recorded_for_each_move():
    y, X = sample()
    solution = fit(y, X).solution
    decrements = [step.decrement for step in solution.steps]
    assert decrements == sorted(decrements, reverse=True)
    assert decrements[-1] <= 1e-8
    assert solution.n_passes >= len(solution.steps)


def test_the_last_step_is_taken_where_no_more_are_allowed():
    # The fourth evaluation meets the tolerance, and none is left to freshen the covariance.
    y, X = sample()
    found = fit(y, X, max_iterations=4, tolerance=1e-3).solution
    assert found.outcome is Outcome.CONVERGED
    assert (found.steps[-1].decrement, len(found.steps)) == (found.decrement, 5)
    errors = np.sqrt(np.diag(np.linalg.inv(found.evaluation.information)))
    best = fit(y, X).solution.coef
    assert np.abs((found.coef - best) / errors).max() < found.decrement**1.5


def test_too_few_iterations_say_so():
    y, X = sample()
    solution = fit(y, X, max_iterations=1).solution
    assert solution.outcome is Outcome.ITERATION_LIMIT
    assert len(solution.steps) == 1


def test_complete_separation_diverges():
    x = np.linspace(-1, 1, 21)
    X = np.column_stack([np.ones(21), x])
    assert fit(x > 0.03, X).solution.outcome is Outcome.DIVERGING


def test_quasi_complete_separation_diverges_along_its_column():
    y, X = sample()
    z = (np.arange(120) < 6).astype(float)
    solution = fit(np.where(z == 1, 1.0, y), np.column_stack([X, z])).solution
    assert solution.outcome is Outcome.DIVERGING
    direction = np.abs(solution.direction)
    assert direction.argmax() == 4
    assert np.partition(direction, -2)[-2] < 1e-6 * direction.max()


@pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-8])
def test_one_overlapping_pair_is_fitted_not_declared(gap):
    # Separated but for one pair of rows that overlap by `gap`: the maximum is finite, and steep.
    x = np.concatenate([np.linspace(-2, -1, 10), np.linspace(1, 2, 10), [gap, -gap]])
    y = np.concatenate([np.zeros(10), np.ones(10), [0.0, 1.0]])
    result = fit(y, np.column_stack([np.ones(22), x]))
    assert result.solution.outcome is Outcome.CONVERGED
    # The score at the answer, in full: sum x (y - mu) = 0 by independent arithmetic.
    eta = result.coef[0] + result.coef[1] * x
    assert abs(np.sum(x * (y - 1 / (1 + np.exp(-eta))))) < 1e-9


@pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-6])
def test_standard_errors_are_fresh_where_the_data_are_nearly_separated(gap):
    x = np.concatenate([np.linspace(-2, -1, 10), np.linspace(1, 2, 10), [gap, -gap]])
    y = np.concatenate([np.zeros(10), np.ones(10), [0.0, 1.0]])
    result = fit(y, np.column_stack([np.ones(22), x]))
    with mpmath.workdps(50):
        b = mpmath.matrix([mpmath.mpf(float(c)) for c in result.coef])
        for _ in range(8):  # Newton with 50 digits, from our answer
            score, information = mpmath.zeros(2, 1), mpmath.zeros(2, 2)
            for xi, yi in zip(x, y, strict=True):
                row = mpmath.matrix([1, mpmath.mpf(float(xi))])
                mu = 1 / (1 + mpmath.exp(-(row.T * b)[0]))
                score += row * (mpmath.mpf(float(yi)) - mu)
                information += row * row.T * (mu * (1 - mu))
            inverse = information**-1
            b += inverse * score
        exact = [float(mpmath.sqrt(inverse[j, j])) for j in range(2)]
    assert np.allclose(model_covariance(result).std_errors, exact, rtol=1e-9, atol=0)


def test_rare_events():
    rng = np.random.default_rng(5)
    X = np.column_stack([np.ones(20000), rng.normal(size=20000)])
    y = np.zeros(20000)
    y[np.argsort(X[:, 1] + rng.normal(size=20000))[-3:]] = 1
    result = fit(y, X)
    assert result.solution.outcome is Outcome.CONVERGED
    assert result.solution.n_passes <= 15


def test_weights_over_ten_orders_of_magnitude():
    y, X = sample(n=400, seed=8)
    weights = 10.0 ** np.random.default_rng(1).uniform(-5, 5, 400)
    result = fit(y, X, weights=weights)
    assert result.solution.outcome is Outcome.CONVERGED
    mu = 1 / (1 + np.exp(-X @ result.coef))
    score = X.T @ (weights * (y - mu))
    information = X.T @ (X * (weights * mu * (1 - mu))[:, None])
    assert score @ np.linalg.solve(information, score) < 1e-16


def test_the_null_model_with_an_offset_solves_its_score_equation():
    y, X = sample(seed=2)
    offset = np.random.default_rng(3).normal(size=120)
    result = fit(y, X[:, :1], offset=offset)
    assert result.null_log_likelihood == pytest.approx(result.log_likelihood, rel=1e-14)


@pytest.mark.parametrize("far", [100.0, 800.0, 1e5])
def test_a_null_model_whose_mean_offset_leaves_no_weight_anywhere(far):
    # Half the rows are told by their offset alone; the others have three events in eight.
    offset = np.repeat([0.0, far], 8)
    y = np.r_[1.0, 1, 1, 0, 0, 0, 0, 0, np.ones(8)]
    result = fit(y, np.ones((16, 1)), offset=offset)
    assert result.solution.outcome is Outcome.CONVERGED
    assert result.coef[0] == pytest.approx(np.log(3 / 5), rel=1e-12)
    best = 3 * np.log(3 / 8) + 5 * np.log(5 / 8)
    assert result.null_log_likelihood == pytest.approx(best, rel=1e-12)
    mirrored = fit(1 - y, np.ones((16, 1)), offset=-offset)
    assert mirrored.coef[0] == pytest.approx(-np.log(3 / 5), rel=1e-12)


def test_offsets_beyond_all_numbers_leave_no_null_model():
    offset = np.repeat([-1.7e308, 0.0, 1.7e308], 4)
    with np.errstate(over="ignore"):
        result = fit(np.tile([0.0, 1.0], 6), np.ones((12, 1)), offset=offset)
    assert np.isnan(result.null_log_likelihood)


def test_the_null_model_keeps_its_intercept_when_the_fit_has_none():
    y, X = sample(seed=2)
    n, k = len(y), y.sum()
    closed = k * np.log(k / n) + (n - k) * np.log(1 - k / n)
    result = fit(y, X[:, 1:], constant=None)
    assert result.null_log_likelihood == pytest.approx(closed, rel=1e-14)


def test_information_that_rounding_feigns_is_no_convergence():
    # Quasi-completely separated, found by chance: the summed score is exactly zero while the
    # summed information still claims some along the direction that separates.
    columns = [
        [1, 2, -1, -2, 1, 0, -2, 0, -1, -2, -1, -2, 0, 1, -2, 2, 2],
        [1, 2, -2, 2, -1, 1, 1, 1, -1, -1, 2, -1, 1, 0, -2, -1, 2],
        [-1, 1, -2, 2, 2, 1, 0, 1, -2, 0, -1, 2, 2, 0, 1, -2, -1],
    ]
    y = [1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0]
    X = np.column_stack([np.ones(len(y)), *columns]).astype(float)
    assert fit(y, X).solution.outcome is Outcome.DIVERGING


def test_a_decrement_of_zero_by_rounding_is_no_convergence():
    """On separated data the sum of a vanished direction is noise, and so is the decrement."""
    upper = np.array([[1.0, 1.0], [0.0, 1.0 + 1e-14]])
    vanished = Evaluation(-10.0, np.zeros(2), upper, smallest_weight=1e-16)
    solution = newton(lambda coef: vanished, np.zeros(2), lambda *_: 500.0, max_iterations=3)
    assert solution.outcome is Outcome.DIVERGING


def separates(y, X):
    z = (2 * y - 1)[:, np.newaxis] * X
    found = linprog(-z.sum(0), -z, np.zeros(len(y)), bounds=[(-1, 1)] * X.shape[1])
    return -found.fun > 1e-9


@pytest.mark.parametrize("seed", range(150))
def test_a_fit_converges_if_and_only_if_a_linear_program_finds_no_separation(seed):
    rng = np.random.default_rng(seed)
    n, p = rng.integers(6, 40), rng.integers(1, 6)
    X = np.column_stack([np.ones(n), rng.integers(-2, 3, (n, p))]).astype(float)
    y = (rng.random(n) < 1 / (1 + np.exp(-2 * X[:, 1] * rng.normal()))).astype(float)
    y[:2] = 0.0, 1.0
    expected = Outcome.DIVERGING if separates(y, X) else Outcome.CONVERGED
    assert fit(y, X).solution.outcome is expected


# --- what newton is given beside the objective ------------------------------------------------


class Rows:
    """An objective and its curvature, which count how often they are asked."""

    def __init__(self, y, X):
        self.block = Block(y, X)
        self.evaluated = self.curved = self.looked = self.moved = 0

    def __call__(self, coef):
        self.evaluated += 1
        return evaluate((self.block,), coef)

    def curvature(self, factor, coef, now):
        self.curved += 1
        return self.longest(factor) * np.sqrt(now.score @ factor.solve(now.score))

    def longest(self, factor):
        """The M of M·λ."""
        return float(np.linalg.norm(self.block.X @ factor.inverse_root(), axis=1).max())

    def reach(self, factor):
        self.looked += 1
        return leverage_bound(factor, np.abs(self.block.X).max(axis=0)), 1

    def move(self, step):
        self.moved += 1
        return float(np.abs(self.block.X @ step).max())

    def search(self, start=None, objective=None, **options):
        start = np.zeros(self.block.n_columns) if start is None else start
        return newton(objective or self, start, self.curvature, **options)


def assert_maximum(rows, solution):
    """The score is zero to 1e-9 standard errors."""
    assert solution.outcome is Outcome.CONVERGED
    at = evaluate((rows.block,), solution.coef)
    assert np.sqrt(at.score @ np.linalg.solve(at.information, at.score)) < 1e-9


def test_every_evaluation_and_every_look_at_the_curvature_is_a_pass():
    for seed in range(5):
        rows = Rows(*sample(seed=seed, spread=4.0))
        assert rows.search().n_passes == rows.evaluated + rows.curved
    separated = Rows((np.arange(21) > 10).astype(float), np.vander(np.linspace(-1, 1, 21), 2))
    solution = separated.search()
    assert solution.outcome is Outcome.DIVERGING
    assert solution.n_passes == separated.evaluated + separated.curved


def test_a_point_that_a_follow_up_proposes_is_evaluated_and_gone_on_from():
    rows, plain = Rows(*sample()), Rows(*sample()).search()
    asked = []

    def follow(start, factor, now, decrement):
        asked.append(decrement)
        return Chord(plain.coef + 1e-6, (Step("score", -1.0, 0.1, 1.0),), 7, served=False)

    solution = rows.search(follow=follow)
    assert_maximum(rows, solution)
    assert [step.kind for step in solution.steps[:3]] == ["newton", "score", "newton"]
    assert len(solution.steps) < len(plain.steps)
    assert len(asked) == 1  # what did not serve is not asked again
    assert solution.n_passes == rows.evaluated + rows.curved + 7


def test_a_follow_up_that_serves_is_asked_again():
    rows, asked = Rows(*sample(spread=3.0)), []

    def follow(start, factor, now, decrement):
        asked.append(decrement)
        return Chord(start, (), 1, served=True)

    assert_maximum(rows, rows.search(follow=follow))
    assert len(asked) > 1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "astray",
    [
        lambda start: None,
        lambda start: start + 50.0,
        lambda start: start - 1e4,
        lambda start: np.full(4, 800.0),
        lambda start: np.full(4, np.nan),
    ],
    ids=["nowhere", "down", "far down", "where all weights vanish", "not a number"],
)
def test_a_proposal_that_does_not_raise_the_log_likelihood_is_dropped(seed, astray):
    rows = Rows(*sample(seed=seed))
    plain = rows.search()
    asked = []

    def follow(start, factor, now, decrement):
        asked.append(decrement)
        return Chord(astray(start), (), 1, served=True)

    solution = rows.search(follow=follow)
    assert solution.outcome is Outcome.CONVERGED
    assert solution.coef.tobytes() == plain.coef.tobytes()
    assert solution.steps == plain.steps
    assert solution.n_passes > plain.n_passes


@pytest.mark.parametrize("seed", range(20))
def test_the_bound_by_the_largest_of_each_column_holds(seed):
    """Where the bound says that the search is done, so does the curvature itself."""
    rng = np.random.default_rng(seed)
    y, X = sample(n=300, seed=seed, spread=rng.choice([1.0, 5.0, 20.0]))
    X = X * 10.0 ** rng.integers(-6, 7, 4)
    bounded, curved = Rows(y, X), Rows(y, X)
    one, other = bounded.search(reach=bounded.reach), curved.search()
    assert one.outcome is other.outcome
    if one.outcome.converged:
        assert bounded.longest(one.factor) * one.decrement <= 0.1
        np.testing.assert_allclose(one.coef, other.coef, rtol=1e-9)


def test_the_bound_by_the_largest_saves_the_curvature():
    y, X = sample(n=300, spread=16.0)
    plain, bounded = Rows(y, X), Rows(y, X)
    plain.search()
    solution = bounded.search(reach=bounded.reach)
    assert plain.curved > 0
    assert bounded.curved == 0
    assert solution.n_passes == bounded.evaluated + bounded.looked


def test_the_information_is_as_fresh_as_is_asked_for():
    y, X = sample(n=300, spread=4.0)
    stale, fresh = Rows(y, X).search(fresh=np.inf), Rows(y, X).search()
    assert stale.outcome is fresh.outcome is Outcome.CONVERGED
    assert len(stale.steps) <= len(fresh.steps)
    rows = Rows(y, X)
    assert rows.longest(fresh.factor) * fresh.decrement <= FRESH
    exact = evaluate((rows.block,), fresh.coef).information
    np.testing.assert_allclose(fresh.evaluation.information, exact, rtol=1e-9)


def test_how_far_the_last_step_moves_a_row_saves_evaluations():
    saved = 0
    for seed in range(80):
        y, X = sample(n=300, seed=seed, spread=2.0)
        plain, asked = Rows(y, X), Rows(y, X)
        one, other = plain.search(), asked.search(move=asked.move)
        if not one.outcome.converged:
            assert other.outcome is one.outcome
            continue
        saved += plain.evaluated - asked.evaluated
        assert other.n_passes == asked.evaluated + asked.curved + asked.moved
        np.testing.assert_allclose(other.coef, one.coef, rtol=1e-9, atol=1e-12)
        exact = evaluate((asked.block,), other.coef).information
        scale = np.sqrt(np.outer(exact.diagonal(), exact.diagonal()))
        assert (np.abs(other.evaluation.information - exact) / scale).max() < FRESH / 5
    assert saved > 5


def test_where_only_full_steps_are_allowed_a_far_start_is_given_up():
    y, X = sample(seed=3)
    far = np.array([4.0, -5.0, 3.0, 6.0])
    rows = Rows(y, X)
    assert rows.search(far).outcome is Outcome.CONVERGED
    before = rows.evaluated
    solution = rows.search(far, smallest_step=1.0)
    assert solution.outcome is Outcome.STALLED
    assert {step.kind for step in solution.steps} <= {"newton"}
    assert rows.evaluated - before <= 3
    assert_maximum(rows, rows.search(smallest_step=1.0))


@pytest.mark.parametrize("noise", [1e-13, 1e-11, 1e-9])
def test_an_increase_that_rounding_hides_is_believed_where_the_model_is_quadratic(noise):
    """Columns of 1e4 round linear predictors, and so the log-likelihood, far above its last digit.

    Here every evaluation seems a little worse than the one before.
    """
    rows = Rows(*sample(n=300))

    def rounded(coef):
        at = rows(coef)
        # Without the bound by the smallest weight, which would settle it.
        return replace(
            at,
            log_likelihood=at.log_likelihood * (1 + noise * rows.evaluated),
            smallest_weight=0.0,
        )

    solution = rows.search(objective=rounded)
    assert_maximum(rows, solution)
    assert {step.kind for step in solution.steps} == {"newton"}
    assert solution.n_passes <= 25


@pytest.mark.parametrize("seed", range(60))
def test_weights_over_ten_orders_of_magnitude_on_few_rows(seed):
    """Where a linear program finds no separation, the maximum is found, however uneven weights."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(6, 16))
    X = np.column_stack([np.ones(n), rng.integers(-2, 3, (n, 2))]).astype(float)
    y = rng.integers(0, 2, n).astype(float)
    y[:2] = 0.0, 1.0
    if np.linalg.matrix_rank(X) < 3 or separates(y, X):
        return
    found = fit(y, X, weights=10.0 ** rng.uniform(-5, 5, n))
    assert found.solution.outcome is Outcome.CONVERGED


def test_a_step_to_where_weights_vanish_is_taken_in_part():
    X = np.array([[1.0, 2], [1, 1], [1, 0], [1, 0], [1, 1], [1, 0]])
    weights = np.array([3.2e-2, 6.7e-5, 8.8e-2, 1.0e-4, 34.3, 2.5e-5])
    found = fit(np.array([0.0, 0, 1, 0, 1, 0]), X, weights=weights)
    assert found.solution.outcome is Outcome.CONVERGED
    assert any(step.kind == "halved" for step in found.solution.steps)
