"""The straight way of small fits: the maximum that Newton's method finds, or none at all."""

import numpy as np
import pytest

from logit_inference.likelihood.logistic import LOGISTIC
from logit_inference.likelihood.objective import objectives
from logit_inference.rows.block import Block
from logit_inference.rows.source import ArraySource
from logit_inference.solve import search
from logit_inference.solve.fit import fit_rows
from logit_inference.solve.lean import lean_newton
from logit_inference.solve.schedule import Opening
from logit_inference.solve.solution import Outcome, Solution

SAME = 1e-11  # standard errors, twice what Newton's last step leaves of 1e-8 (M·λ² and rounding)


def draw(seed):
    """Few rows of one of many kinds: scales, tails, offsets, weights, trials, duplicates."""
    rng = np.random.default_rng(seed)
    n, p = int(rng.integers(8, 300)), int(rng.integers(1, 8))
    X = rng.standard_t(3, size=(n, p)) * 10.0 ** rng.uniform(-4, 4, size=p)
    X[:, 0] = 1.0
    if seed % 3 == 0:
        X[:, 1:] = np.round(X[:, 1:] / (1 + np.abs(X[:, 1:]).max(axis=0)) * 3)
    coef = rng.normal(size=p) * rng.uniform(0, 3) / np.abs(X).max(axis=0).clip(1e-9)
    chance = 1 / (1 + np.exp(-X @ coef))
    trials = rng.integers(1, 9, size=n).astype(float) if seed % 5 == 0 else None
    y = rng.binomial(1 if trials is None else trials.astype(int), chance).astype(float)
    y[:2] = [0.0, 1.0 if trials is None else trials[1]]
    weights = np.floor(4 * rng.random(n)) + (np.arange(n) < 2) if seed % 4 == 0 else None
    offset = rng.normal(size=n) if seed % 7 == 0 else None
    return Block(y, X, trials, weights, offset)


def fitted(block):
    names = [f"x{j}" for j in range(block.n_columns)]
    offset = block.offset is not None
    return fit_rows(ArraySource(block), LOGISTIC, names, constant=0, offset=offset)


def test_both_ways_lead_to_the_same_maximum(monkeypatch):
    taken = 0
    for seed in range(300):
        block = draw(seed)
        lean = fitted(block)
        at = objectives(ArraySource(block), LOGISTIC)
        with monkeypatch.context() as patch:
            patch.setattr(search, "is_plain", lambda source, ways: False)
            usual = fitted(block)
        assert lean.solution.outcome is usual.solution.outcome
        assert lean.basis.kept == usual.basis.kept
        if lean.solution.outcome is not Outcome.CONVERGED or not lean.basis.is_identity:
            continue
        options = {"tolerance": 1e-8, "reach": None, "move": None}
        found = lean_newton(at, np.zeros(block.n_columns), **options)
        taken += isinstance(found, Solution)
        errors = np.linalg.norm(usual.information_root(), axis=1)
        distance = np.abs(lean.solution.coef - usual.solution.coef) / errors
        assert distance.max() < SAME
        np.testing.assert_allclose(
            np.linalg.norm(lean.information_root(), axis=1), errors, rtol=1e-9
        )
    assert taken > 100  # the others are separated, dependent or nearly so


def known(y, X):
    return objectives(ArraySource(Block(np.array(y, float), np.array(X, float))), LOGISTIC)


@pytest.mark.parametrize(
    ("y", "columns"),
    [
        ([0, 0, 1, 1], [1, 2, 3, 4]),  # complete separation
        ([0, 0, 1, 1], [1, 2, 2, 3]),  # quasi-complete
        ([0, 1, 0, 1], [2, 2, 2, 2]),  # a column that is a multiple of the constant
        ([0, 1, 0, 1], [1e9, 1e9 + 1, 1e9 + 2, 1e9 + 1]),  # nearly one
        ([0, 1, 0, 1], [0, 0, 0, 0]),
    ],
)
def test_what_needs_care_is_handed_back(y, columns):
    at = known(y, np.column_stack([np.ones(4), columns]))
    lost = lean_newton(at, np.zeros(2), tolerance=1e-8, reach=None, move=None)
    assert isinstance(lost, Opening)
    assert len(lost.steps) < lost.n_passes


def test_the_search_goes_on_from_where_the_straight_way_ended(monkeypatch):
    y, X = np.array([0.0, 0, 1, 1, 0]), np.column_stack([np.ones(5), [1, 2, 3, 4, 2.9]])
    calls = []

    def counted(source, likelihood):
        ways = objectives(source, likelihood)
        return ways._replace(at=lambda coef: (calls.append(coef), ways.at(coef))[1])

    block = Block(y, X)
    with monkeypatch.context() as patch:
        patch.setattr(search, "objectives", counted)
        fit = fitted(block)
    with monkeypatch.context() as patch:
        patch.setattr(search, "is_plain", lambda source, ways: False)
        usual = fitted(block)
    assert fit.solution.outcome is usual.solution.outcome
    # The same steps; the one at which care begins is looked at again, as is the start.
    assert {step.kind for step in fit.solution.steps} == {"newton"}
    ours, theirs = ([step.decrement for step in at.solution.steps] for at in (fit, usual))
    np.testing.assert_allclose(ours[:30], theirs[:30], rtol=1e-6)
    assert fit.solution.n_passes == usual.solution.n_passes + 2
    assert len(calls) <= fit.solution.n_passes


def test_where_few_steps_are_allowed_none_is_spent_on_it():
    y, X = np.array([0.0, 1, 0, 1]), np.array([[1.0, 0], [1, 0], [1, 1], [1, 3]])
    fit = fit_rows(ArraySource(Block(y, X)), LOGISTIC, ["one", "x"], constant=0, max_iterations=2)
    assert [step.kind for step in fit.solution.steps] == ["newton"] * 2
    at, start = known(y, X), np.zeros(2)
    found = lean_newton(at, start, tolerance=1e-8, reach=None, move=None)
    assert found.outcome is Outcome.CONVERGED
    bends = sum(step.kind == "chebyshev" for step in found.steps)
    assert found.n_passes == len(found.steps) + bends == 6


def test_a_wild_start_is_handed_back():
    at = known([0, 1, 0, 1], [[1, 0], [1, 0], [1, 1], [1, 3]])
    start = np.array([0.0, 900.0])
    lost = lean_newton(at, start, tolerance=1e-8, reach=None, move=None)
    assert (lost.coef is start, lost.steps) == (True, ())


def test_how_far_a_step_moves_a_row_saves_an_evaluation():
    # The last decrement is small, but a row that hardly counts might move far by it, for all that
    # the smallest working weight says.
    rng = np.random.default_rng(2)
    X = np.column_stack([np.ones(4000), rng.normal(size=(4000, 5))])
    y = (rng.random(4000) < 1 / (1 + np.exp(-X @ np.array([-1.0, 1, 1, 1, 1, 1])))).astype(float)
    at, moves = known(y, X), []

    def move(step):
        moves.append(np.abs(X @ step).max())
        return float(moves[-1])

    options = {"tolerance": 1e-8, "reach": None, "trials": 4000.0}
    start = np.zeros(6)
    usual, asked = (
        lean_newton(at, start, **options, move=None),
        lean_newton(at, start, **options, move=move),
    )
    assert len(moves) == 1
    assert moves[0] <= 6e-11
    assert len(asked.steps) < len(usual.steps)
    errors = np.linalg.norm(usual.root, axis=1)
    assert np.abs((asked.coef - usual.coef) / errors).max() < SAME
    np.testing.assert_allclose(np.linalg.norm(asked.root, axis=1), errors, rtol=6e-11)
