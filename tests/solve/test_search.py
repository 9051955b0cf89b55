"""Where the search ends does not depend on the shortcuts that lead there.

The oracle is Newton's method alone, on the same rows, from the same start.
"""

import tracemalloc
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pytest

import logit_inference as li
from logit_inference.covariance.model import model_covariance
from logit_inference.likelihood.evaluation import Objectives
from logit_inference.likelihood.logistic import LOGISTIC, fitted
from logit_inference.likelihood.objective import objectives
from logit_inference.rows import packed, product
from logit_inference.rows.block import Block
from logit_inference.rows.sample import stretch_rows
from logit_inference.rows.source import ArraySource
from logit_inference.solve import factor, rank, root, schedule, search
from logit_inference.solve.certificate import certify_fit
from logit_inference.solve.fit import fit_rows
from logit_inference.solve.pace import pace_of
from logit_inference.solve.schedule import MANY_ROWS, NO_OPENING, SAMPLE_ROWS, SPARSEST
from logit_inference.solve.solution import Outcome

N = max(MANY_ROWS, SPARSEST * SAMPLE_ROWS)  # a sample is as sparse as it gets


@contextmanager
def plain_newton():
    """Newton's method and nothing else."""
    kept = search.open_search, search.follow_up
    search.open_search, search.follow_up = lambda *_: NO_OPENING, lambda *_: None
    try:
        yield
    finally:
        search.open_search, search.follow_up = kept


def fit(block, constant=0, threads=1, **options):
    names = [f"x{j}" for j in range(block.n_columns)]
    offset = block.offset is not None
    source = ArraySource(block, threads=threads)
    return fit_rows(source, LOGISTIC, names, constant=constant, offset=offset, **options)


def kinds(found):
    return [step.kind for step in found.solution.steps]


def columns(rng, n=N, p=6, spread=1.0, intercept=0.0):
    """An intercept and normal columns; coefficients such that the linear predictor spreads so."""
    X = rng.normal(size=(n, p))
    X[:, 0] = 1.0
    coef = rng.normal(size=p) / np.sqrt(p) * spread
    coef[0] = intercept
    return X, coef


def draw(rng, eta):
    return (rng.random(len(eta)) < 1 / (1 + np.exp(-np.clip(eta, -700, 700)))).astype(float)


# --- hard inputs ------------------------------------------------------------------------------


def badly_scaled(rng):
    X, coef = columns(rng)
    scale = 10.0 ** rng.integers(-8, 9, size=6)
    scale[0] = 1.0
    return Block(draw(rng, X @ coef), X * scale)


def badly_centred(rng):
    X, coef = columns(rng)
    return Block(draw(rng, X @ coef), X + np.array([0, 1e3, -1e4, 1e5, 50, 3]))


def heavy_tails(rng, make):
    X, coef = columns(rng)
    X[:, 1:] = make(rng, (N, 5))
    return Block(draw(rng, X @ coef * 0.3), X)


def spread(rng, by):
    X, coef = columns(rng, spread=by)
    return Block(draw(rng, X @ coef), X)


def rare(rng, n, intercept):
    X, coef = columns(rng, n=n, spread=0.8, intercept=intercept)
    return Block(draw(rng, X @ coef), X)


def nearly_separated(rng):
    X, coef = columns(rng, spread=40.0)
    y = (X @ coef > 0).astype(float)
    y[:3] = 1.0 - y[:3]
    return Block(y, X)


def weights_over_ten_orders(rng):
    X, coef = columns(rng)
    return Block(draw(rng, X @ coef), X, weights=10.0 ** rng.uniform(-5, 5, size=N))


def ordered(rng, by):
    X, coef = columns(rng)
    y = draw(rng, X @ coef)
    order = np.argsort(by(y, X), kind="stable")
    return Block(y[order], X[order])


def with_period(rng, period):
    """Rows in time: a trend, a wave, and what happens once in a period."""
    t = np.arange(N)
    wave, once = np.sin(2 * np.pi * t / 24), (t % period == 0).astype(float)
    X = np.column_stack([np.ones(N), t / N, wave, once])
    return Block(draw(rng, X @ np.array([-1, 2, 0.5, 0.7])), X)


def with_dummy(rng, rows, outcome=None):
    """A column that is one in a few rows, with that outcome in all of these but one."""
    X, coef = columns(rng)
    y, dummy = draw(rng, X @ coef), np.zeros(N)
    dummy[rows] = 1.0
    if outcome is not None:
        y[rows] = outcome
        y[rows[-1]] = 1.0 - outcome
    return Block(y, np.column_stack([X, dummy]))


def misleading(rng):
    """The rows of the sample say the opposite of all others."""
    X, coef = columns(rng)
    y, rows = draw(rng, X @ coef), stretch_rows(N, SPARSEST)
    y[rows] = 1.0 - y[rows]
    return Block(y, X)


def with_last(rng, last):
    X, coef = columns(rng)
    return Block(draw(rng, X @ coef), np.column_stack([X, last(rng, X)]))


def grouped(rng):
    X, coef = columns(rng)
    trials = rng.integers(0, 8, size=N)
    y = rng.binomial(trials, 1 / (1 + np.exp(-X @ coef)))
    return Block(y.astype(float), X, trials.astype(float))


def with_offset(rng):
    X, coef = columns(rng)
    offset = 3 * rng.normal(size=N)
    return Block(draw(rng, X @ coef + offset), X, offset=offset)


def wide(rng, n, p, spread=1.0, intercept=0.0, heavy=False):
    X, coef = columns(rng, n, p, spread, intercept)
    if heavy:
        X[:, 1:] = rng.standard_t(2, size=(n, p - 1))
    return Block(draw(rng, X @ coef), X)


SEEN, UNSEEN = stretch_rows(N, SPARSEST)[:40], stretch_rows(N, SPARSEST)[:40] + 1
HARD = {
    "badly scaled columns": badly_scaled,
    "badly centred columns": badly_centred,
    "tails of t(1.5)": partial(heavy_tails, make=lambda rng, n: rng.standard_t(1.5, n)),
    "log-normal tails": partial(heavy_tails, make=lambda rng, n: np.exp(3 * rng.normal(size=n))),
    "linear predictors of standard deviation 6": partial(spread, by=6.0),
    "linear predictors of standard deviation 15": partial(spread, by=15.0),
    "200 events in a million": partial(rare, n=N, intercept=-8.8),
    "200 non-events in a million": partial(rare, n=N, intercept=8.8),
    "0.3 % of events": partial(rare, n=N, intercept=-6.0),
    "nearly separated": nearly_separated,
    "weights over ten orders": weights_over_ten_orders,
    "sorted by outcome": partial(ordered, by=lambda y, X: y),
    "sorted by a column": partial(ordered, by=lambda y, X: X[:, 1]),
    "a period that is the thinning": partial(with_period, period=SPARSEST),
    "a period of 7": partial(with_period, period=7),
    "a level in the first 40 rows": partial(with_dummy, rows=np.arange(40)),
    "a level in two rows": partial(with_dummy, rows=np.array([100, 101]), outcome=1.0),
    "a sample that is separated": partial(with_dummy, rows=np.append(SEEN, 1), outcome=1.0),
    "a sample with dependent columns": partial(with_dummy, rows=UNSEEN),
    "a sample that misleads": misleading,
    "dependent columns": partial(with_last, last=lambda rng, X: X[:, 1] + X[:, 2]),
    "nearly dependent columns": partial(
        with_last, last=lambda rng, X: X[:, 1] + 1e-6 * rng.normal(size=N)
    ),
    "trials": grouped,
    "an offset": with_offset,
    "60 columns": partial(wide, n=20_000, p=60),
    "150 columns": partial(wide, n=10_000, p=150, spread=3.0),
    "200 columns": partial(wide, n=6_000, p=200, spread=2.0),
    "20 columns": partial(wide, n=60_000, p=20, spread=2.0),
    "heavy tails of 150 columns": partial(wide, n=10_000, p=150, heavy=True),
    "rare events and 150 columns": partial(wide, n=10_000, p=150, intercept=-5.0),
}


def assert_same_fit(one, other):
    """Same outcome and basis, coefficients to 1e-9 standard errors, these to 1e-9."""
    assert one.solution.outcome is other.solution.outcome is Outcome.CONVERGED
    assert one.basis.kept == other.basis.kept
    errors = model_covariance(other).std_errors
    gap = np.abs(one.coef - other.coef) / errors
    assert np.nanmax(gap) <= 1e-9
    np.testing.assert_allclose(model_covariance(one).std_errors, errors, rtol=1e-9)
    np.testing.assert_allclose(one.log_likelihood, other.log_likelihood, rtol=1e-12)
    assert (np.isnan(one.coef) == ~one.basis.estimable).all()


def seeded(case):
    return HARD[case](np.random.default_rng(1))


@pytest.mark.parametrize("case", HARD)
def test_hard_inputs_end_where_newton_alone_ends(case):
    block = seeded(case)
    found = fit(block, threads=2)  # where numpy's warnings would be another thread's
    with plain_newton():
        assert_same_fit(found, fit(block))
    assert found.solution.n_passes <= 25


def test_without_a_constant():
    X, coef = columns(np.random.default_rng(1))
    block = Block(draw(np.random.default_rng(2), X @ coef), X[:, 1:])
    found = fit(block, constant=None)
    with plain_newton():
        assert_same_fit(found, fit(block, constant=None))


@pytest.mark.slow
@pytest.mark.parametrize("intercept", [-11.2, 11.2])
def test_twenty_events_in_a_million(intercept):
    block = rare(np.random.default_rng(1), 1_000_000, intercept)
    found = fit(block)
    with plain_newton():
        assert_same_fit(found, fit(block))
    assert found.solution.n_passes <= 8


def test_separated_data_diverge_with_shortcuts_and_without():
    block = with_dummy(np.random.default_rng(1), np.arange(60))
    block.y[:60] = 1.0
    assert fit(block).solution.outcome is Outcome.DIVERGING
    with plain_newton():
        assert fit(block).solution.outcome is Outcome.DIVERGING


@pytest.fixture
def eager(monkeypatch):
    """Shortcuts for small problems too, so that many can be tried."""
    monkeypatch.setattr(schedule, "MANY_ROWS", 200)
    monkeypatch.setattr(schedule, "SAMPLE_ROWS", 60)
    monkeypatch.setattr(schedule, "ROWS_PER_COLUMN", 8)
    monkeypatch.setattr(schedule, "MANY_ELEMENTS", 300)
    monkeypatch.setattr("logit_inference.rows.source.rows_per_block", lambda p: 37)
    monkeypatch.setattr("logit_inference.rows.source.is_small", lambda n, p: False)
    # A score as cheap as it is with many columns.
    monkeypatch.setattr(schedule, "MANY_COLUMNS", 2)
    monkeypatch.setattr(
        schedule, "pace_of", lambda p, price, *rest, **more: pace_of(p, price / p, *rest, **more)
    )


def small_problem(seed):
    """Rows of one of many kinds, with or without a maximum."""
    rng = np.random.default_rng(seed)
    n, p = int(rng.integers(250, 1500)), int(rng.integers(2, 10))
    X, coef = columns(rng, n, p, rng.choice([0.3, 1.0, 3.0, 10.0]), rng.choice([0.0, -4.0, 3.0]))
    kind = rng.integers(6)
    if kind == 1:
        X[:, 1:] = rng.standard_t(1.5, size=(n, p - 1))
    if kind == 2:
        X[:, 1:] = rng.random(size=(n, p - 1)) < 0.02
    if kind == 3:
        X[:, p - 1] = X[:, 1] + 1e-5 * rng.normal(size=n) * (p > 2)
    if kind == 4:
        X[:, 1:] += 100 * rng.normal(size=p - 1)
        coef[0] -= X[:, 1:].mean(axis=0) @ coef[1:]
    y = draw(rng, X @ coef)
    if kind == 5:
        order = np.argsort(y + 0.1 * X[:, 1])
        X, y = X[order], y[order]
    y[:2] = 0.0, 1.0
    weights = 10.0 ** rng.uniform(-3, 3, size=n) if rng.random() < 0.3 else None
    return Block(y, X, weights=weights)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("seed", range(120))
def test_shortcuts_lead_where_newton_alone_leads(seed):
    block = small_problem(seed)
    found = fit(block, threads=2)
    with plain_newton():
        expected = fit(block)
    assert found.solution.outcome is expected.solution.outcome
    if expected.solution.outcome.converged:
        assert_same_fit(found, expected)


# --- what a search tells ----------------------------------------------------------------------


def test_ordinary_rows_need_few_passes():
    block = spread(np.random.default_rng(1), by=1.0)
    found = fit(block)
    assert found.solution.n_passes <= 6
    told = kinds(found)
    assert told == sorted(told, key=["sample", "score", "newton"].index)
    assert told.count("sample") >= 2
    assert told.count("score") >= 1
    assert told[-1] == "newton"
    assert found.solution.steps[-1].decrement <= 1e-8


def test_few_rows_and_a_given_start_mean_newton_alone():
    rng = np.random.default_rng(1)
    small = Block(*(part[:2000] for part in (seeded("an offset").y, seeded("an offset").X)))
    assert set(kinds(fit(small))) == {"newton"}
    block = spread(rng, by=1.0)
    assert "sample" not in kinds(fit(block, start=np.zeros(6)))
    assert_same_fit(fit(block, start=np.zeros(6)), fit(block))


def test_a_start_where_all_probabilities_are_zero_is_left_or_told():
    """From there no step is known; the outcome says so, and nothing overflows."""
    X, coef = columns(np.random.default_rng(1), n=200, p=3)
    block = Block(draw(np.random.default_rng(2), X @ coef), X)
    found = fit(block, start=np.array([800.0, 0.0, 0.0]))
    assert not found.solution.outcome.converged
    assert np.isfinite(found.coef).all()


@dataclass(frozen=True)
class Counting:
    """A source that counts how many of its rows are read for their columns."""

    source: ArraySource
    read: list[float] = field(default_factory=list)

    only_block = small_block = None

    def __getattr__(self, name):
        return getattr(self.source, name)

    def fold(self, kernel, *args):
        if kernel is not LOGISTIC.tally:  # which reads the outcome only
            self.read.append(self.source.n_rows)
        return self.source.fold(kernel, *args)

    def fold_runs(self, kernel, *args):
        self.read.append(self.source.n_rows)
        return self.source.fold_runs(kernel, *args)

    def sample(self, every, rare):
        return Counting(self.source.sample(every, rare), self.read)

    def distinct(self):
        return None


@pytest.mark.parametrize(
    "case",
    [
        "linear predictors of standard deviation 6",
        "sorted by a column",
        "a sample that is separated",
        "a sample that misleads",
        "a level in two rows",
        "nearly separated",
        "badly centred columns",
        "dependent columns",
        "nearly dependent columns",
        "150 columns",
        "20 columns",
        "heavy tails of 150 columns",
    ],
)
@pytest.mark.parametrize("alone", [False, True])
def test_passes_are_the_rows_that_were_read(case, alone):
    block = seeded(case)
    source = Counting(ArraySource(block))
    names = [str(j) for j in range(block.n_columns)]
    if alone:
        with plain_newton():
            found = fit_rows(source, LOGISTIC, names, constant=0)
    else:
        found = fit_rows(source, LOGISTIC, names, constant=0)
    assert found.solution.n_passes == pytest.approx(sum(source.read) / block.n_rows, rel=1e-12)


def test_a_closer_look_at_the_columns_after_an_opening_is_counted(monkeypatch):
    find_rank, looked = search.find_rank, []

    def look(source, at, *args, **known):
        looked.append(at)
        return replace(find_rank(source, at, *args, **known), n_passes=1)

    block = spread(np.random.default_rng(1), by=1.0)
    before = fit(block).solution.n_passes
    monkeypatch.setattr(search, "find_rank", look)
    assert fit(block).solution.n_passes == before + 1
    assert len(looked) == 1


def test_steps_of_a_sample_that_is_dropped_are_shown_as_such():
    block = spread(np.random.default_rng(1), by=1.0)
    rare = np.zeros(block.n_rows)
    rare[:7] = 1.0  # in next to no row of a sample
    told = kinds(fit(block.with_columns(np.column_stack([block.X, rare]))))
    assert told[0] == "sample, dropped"
    assert told == sorted(told, key=lambda kind: not kind.endswith("dropped"))
    assert told[-1] == "newton"


def test_badly_centred_columns_of_many_rows_have_an_opening_in_theirs():
    block = badly_centred(np.random.default_rng(1))
    found = fit(block)
    assert found.basis.matrix is not None
    told = kinds(found)
    assert told[0] == "sample, dropped"
    assert {"sample", "score"} < set(told)
    assert told == sorted(told, key=lambda kind: not kind.endswith("dropped"))
    # Beside the opening the look at the start and the factor of the rows.
    assert found.solution.n_passes <= 9
    with plain_newton():
        assert found.solution.n_passes < fit(block).solution.n_passes


def test_an_opening_in_another_basis_that_misleads_is_dropped_too():
    block = badly_centred(np.random.default_rng(1))
    block.y[::2] = draw(np.random.default_rng(2), -3.0 * (block.X[::2, 5] - 3.0))
    rare = np.zeros(block.n_rows)
    rare[:7] = 1.0  # in next to no row of a sample
    block = block.with_columns(np.column_stack([block.X, rare]))
    found = fit(block)
    assert found.basis.matrix is not None
    assert not {"sample", "score"} & set(kinds(found)[:6])
    with plain_newton():
        assert_same_fit(found, fit(block))


# --- information in single precision ----------------------------------------------------------


def many(n, p):
    rng = np.random.default_rng(0)
    X, coef = columns(rng, n=n, p=p)
    return draw(rng, X @ coef), X


@pytest.mark.parametrize(("n", "p"), [(30_000, 40), (100_000, 20), (4_000, 150)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_rough_information_leads_to_the_same_maximum(n, p, order, monkeypatch):
    y, X = many(n, p)
    block = Block(y, np.asarray(X, order=order))
    found = fit(block)
    assert "rough" in kinds(found)
    assert kinds(found)[-1] == "newton"
    monkeypatch.setattr(schedule, "MANY_COLUMNS", np.inf)
    expected = fit(block)
    assert "rough" not in kinds(expected)
    assert_same_fit(found, expected)


@pytest.mark.parametrize("scale", [1e25, 1e-25])
def test_columns_beyond_single_precision_have_no_rough_information(scale):
    y, X = many(4_000, 150)
    expected = fit(Block(y, X))
    scales = np.where(np.arange(150) % 2, scale, 1.0)
    found = fit(Block(y, X * scales))
    assert "rough" not in kinds(found)
    errors = model_covariance(expected).std_errors
    assert (np.abs(found.coef * scales - expected.coef) < 1e-9 * errors).all()


@pytest.mark.parametrize(("n", "p"), [(60_000, 20), (4_000, 150)])
def test_columns_that_single_precision_confuses_have_no_rough_information(n, p):
    y, X = many(n, p)
    X[:, 5] = X[:, 4] + 1e-3 * X[:, 5]
    found = fit(Block(y, X))
    assert "rough" not in kinds(found)
    assert found.solution.outcome is Outcome.CONVERGED


def test_a_rough_step_that_is_too_long_is_not_looked_at_again():
    rng = np.random.default_rng(1)
    X, coef = columns(rng, n=20_000, p=200, spread=1.2, intercept=-6.0)
    block = Block(draw(rng, X @ coef), X)
    found = fit(block)
    looks = [step.log_likelihood for step in found.solution.steps if step.kind == "rough"]
    assert len(looks) <= 2  # the first is a longer step
    assert found.solution.n_passes <= 16  # it was 28
    with plain_newton():
        assert_same_fit(found, fit(block))


@pytest.mark.parametrize("seed", [0, 1])
def test_a_search_of_many_steps_does_not_take_them_twice(seed):
    """Few rows that count for many columns: it takes some twenty steps, and is stopped after ten.

    To see whether a column separates by itself.
    """
    rng = np.random.default_rng(seed)
    X, coef = columns(rng, n=3_000, p=300, spread=1.2)
    block = Block(draw(rng, X @ coef), X, weights=10.0 ** rng.uniform(-5, 5, len(X)))
    found = fit(block)
    assert len(found.solution.steps) > search.ENOUGH_TO_SEE
    assert not [kind for kind in kinds(found) if "dropped" in kind]
    assert found.solution.n_passes <= 45  # it was 80
    with plain_newton():
        assert_same_fit(found, fit(block))


# --- information in half of the memory --------------------------------------------------------

HEAVY = (6_000, 200)  # rows and columns: beside so few rows squares of the columns weigh


def nearly_singular(X):
    return np.column_stack([X[:, :-1], X[:, 4] + 1e-6 * X[:, -1]])


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(
    "change",
    [
        lambda X: X,
        lambda X: X * 10.0 ** (np.arange(200) % 9 - 4),
        lambda X: X + 1e4 * (np.arange(200) > 190),
        nearly_singular,
        lambda X: np.column_stack([X[:, :-1], X[:, 4] - X[:, 7]]),
    ],
    ids=["as they are", "badly scaled", "badly centred", "nearly dependent", "dependent"],
)
def test_packed_information_leads_to_the_same_maximum(change, order, monkeypatch):
    y, X = many(*HEAVY)
    block = Block(y, np.asarray(change(X), order=order))
    found = fit(block)
    assert found.solution.evaluation.upper.ndim == 1
    assert not len(found.solution.factor.upper)  # it is at rest
    monkeypatch.setattr(schedule, "LARGE", np.inf)
    expected = fit(block)
    assert expected.solution.evaluation.upper.ndim == 2
    assert found.basis.kept == expected.basis.kept
    assert_same_fit(found, expected)
    same = expected.solution.evaluation.information
    # The evaluations may be a step apart, which changes weights by less than this.
    assert (np.abs(found.solution.evaluation.information - same) <= 1e-6 * np.abs(same).max()).all()
    for certificate in (certify_fit(found), certify_fit(expected)):
        assert certificate.exists
        assert certificate.distance < 1e-9


@pytest.mark.parametrize("spread", [6.0, 20.0])
def test_packed_information_of_nearly_separated_rows(spread, monkeypatch):
    rng = np.random.default_rng(3)
    X, coef = columns(rng, *HEAVY, spread=spread)
    block = Block(draw(rng, X @ coef), X)
    found = fit(block)
    monkeypatch.setattr(schedule, "LARGE", np.inf)
    expected = fit(block)
    assert found.solution.outcome is expected.solution.outcome
    if found.solution.outcome.converged:
        assert_same_fit(found, expected)


def test_beside_few_rows_for_each_column_a_fit_needs_a_tenth_of_them(monkeypatch):
    for module in (packed, product, factor):  # memory that is mapped is not traced
        monkeypatch.setattr(module, "mapped_zeros", np.zeros)
    n, p = 12_000, 600
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, p))
    y = draw(rng, X[:, 1])
    peaks = []
    for _ in range(2):
        tracemalloc.start()
        try:
            result = li.logit_arrays(y, X, threads=1)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert result.solution.outcome is Outcome.CONVERGED
        assert np.isfinite(model_covariance(result.fit).std_errors).all()
        monkeypatch.setattr(schedule, "LARGE", np.inf)
    assert peaks[0] < 0.095 * X.nbytes < 0.15 * X.nbytes < peaks[1]


# --- bits, memory orders, memory --------------------------------------------------------------


def everything(found):
    """All numbers of a fit, to the last bit."""
    covariance = model_covariance(found)
    return [
        part.tobytes()
        for part in (
            found.coef,
            found.solution.evaluation.information,
            covariance.std_errors,
            found.map(fitted),
        )
    ]


@pytest.mark.parametrize(
    "case",
    [
        "linear predictors of standard deviation 6",
        "trials",
        "nearly dependent columns",
        "150 columns",
        "200 columns",
        "20 columns",
    ],
)
def test_threads_and_repeats_change_no_bit(case):
    block = seeded(case)
    once = everything(fit(block))
    for threads in (1, 2, 3):
        assert everything(fit(block, threads=threads)) == once


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


LAYOUTS = {
    "column by column": np.asfortranarray,
    "every other row": lambda X: np.repeat(X, 2, axis=0)[::2],
    "every other column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": lambda X: X[::-1].copy()[::-1],
    "read-only": read_only,
    "float32": lambda X: X.astype(np.float32),
    "int16": lambda X: X.astype(np.int16),
}


@pytest.fixture(scope="module")
def whole_numbers():
    """Rows that every type can hold, and their fit."""
    rng = np.random.default_rng(1)
    X = rng.integers(-500, 500, size=(100_000, 20)).astype(float)
    X[:, 0] = 1.0
    y = draw(rng, X[:, 1:4].sum(axis=1) / 300)
    return y, X, fit(Block(y, X))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_gives_the_same_fit_without_a_copy(layout, whole_numbers):
    y, X, expected = whole_numbers
    block = Block(y, LAYOUTS[layout](X))
    tracemalloc.start()
    try:
        found = fit(block)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert_same_fit(found, expected)
    assert peak < 0.4 * X.nbytes  # the sample, and blocks of a megabyte


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["column by column", "float32", "int16"])
@pytest.mark.parametrize("threads", [1, 2])
def test_beside_a_large_matrix_a_fit_needs_a_tenth_of_it(layout, threads):
    rng = np.random.default_rng(1)
    X = rng.integers(-500, 500, size=(1_000_000, 20)).astype(float)
    y = draw(rng, X[:, 1:4].sum(axis=1) / 300)
    given = LAYOUTS[layout](X)
    tracemalloc.start()
    try:
        result = li.logit_arrays(y, given, intercept=True, threads=threads)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert result.solution.outcome is Outcome.CONVERGED
    assert peak < 0.1 * X.nbytes


def test_in_another_basis_a_fit_needs_the_space_of_a_block_more():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(100_000, 20)) + 1e5
    X[:, 0] = 1.0
    y = draw(rng, X[:, 1] - 1e5)
    tracemalloc.start()
    try:
        result = li.logit_arrays(y, X, threads=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert result.solution.outcome is Outcome.CONVERGED
    assert result.fit.basis.matrix is not None
    assert peak < 0.13 * X.nbytes  # it was 0.28 with a new one for each block


# --- values that are missing ------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("row", [0, 77_777, 99_999])
@pytest.mark.parametrize("layout", ["column by column", "float32"])
def test_a_value_that_is_not_finite_is_named(value, row, layout, whole_numbers):
    y, X, _ = whole_numbers
    X = LAYOUTS[layout](X).copy(order="K")
    X[row, 7] = value
    with pytest.raises(li.errors.DataError, match="'x7'") as caught:
        li.logit_arrays(y, X, names=[f"x{j}" for j in range(20)])
    assert f"row {row}" in str(caught.value)
    assert str(value) in str(caught.value)


def test_every_pass_is_counted(monkeypatch):
    """Nearly or quite separated, with columns that nearly repeat: all that care may cost."""
    calls = Counter()

    def counting(module, name):
        kernel = getattr(module, name)

        def counted(*args):
            calls[name] += 1
            return kernel(*args)

        monkeypatch.setattr(module, name, counted)

    def counted_objectives(source, likelihood):
        found = objectives(source, likelihood)
        counted = {
            way: lambda given, way=way, call=call: (calls.update([way]), call(given))[1]
            for way, call in found._asdict().items()
            if call is not None
        }
        return Objectives(**counted)

    def counted_objective(source, likelihood):
        return counted_objectives(source, likelihood).at

    counting(root, "working_triangle")
    counting(rank, "column_triangle")
    for name in ("row_leverage", "column_reach", "resolved_factor"):
        counting(search, name)
    monkeypatch.setattr(search, "objective", counted_objective)
    monkeypatch.setattr(search, "objectives", counted_objectives)
    folded = 0
    for seed in range(160):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(int(rng.integers(30, 300)), 4))
        X[:, 0] = 1.0
        X[:, 2] = X[:, 1] + 10.0 ** rng.uniform(-5, -2) * X[:, 2]
        chance = 1 / (1 + np.exp(-rng.uniform(5, 40) * X[:, 1]))
        y = (rng.random(len(X)) < chance).astype(float)
        calls.clear()
        rows = ArraySource(Block(y, X), block_rows=1000)  # in one block: kernels are called once
        solution = fit_rows(rows, LOGISTIC, list("abcd"), constant=0).solution
        assert solution.n_passes == calls.total()
        folded += calls["working_triangle"] > 0
    assert folded > 10
