"""Columns are judged by what rounding does to their variances, and centred where that helps."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest

from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Block
from logit_inference.rows.coded import Coded, Layout, Part, dense
from logit_inference.rows.source import ArraySource
from logit_inference.solve.condition import (
    condition_numbers,
    error_growth,
    is_resolved,
    score_growth,
)
from logit_inference.solve.elimination import cross_product
from logit_inference.solve.factor import factorize

N = 400


def design(numbers, *, intercept=True, slopes=(), full=False, contrasts=None, rare=False, seed=3):
    """Numbers and a factor of six levels, with slopes within its levels for some of the numbers."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(1, 6, N)
    codes[:: N // 2 if rare else 6] = 0
    first = [] if intercept else [-1]
    places = np.array(first + list(range(len(numbers) + intercept)), dtype=np.intp)
    stop, parts = len(numbers) + int(intercept), []
    for multiplier in (0, *slopes):
        levels = np.arange(0 if full or not intercept else 1, 6)
        width = len(levels) if contrasts is None else contrasts.shape[1]
        own = np.arange(stop, stop + width)
        parts.append(Part(0, own, levels if contrasts is None else None, contrasts, multiplier))
        stop += width
    X = np.column_stack([np.ones(N), *numbers])
    return Coded(X, (codes,), Layout(stop, places, (6,), tuple(parts)))


def source_of(X):
    return ArraySource(Block(np.zeros(len(X)), X), 150)


def cross(X):
    return source_of(X).fold_runs(cross_product).values


def exact_variances(X):
    """The diagonal of the inverse cross-product, in forty digits."""
    with mpmath.workdps(40):
        rows = mpmath.matrix(dense(X).tolist())
        inverse = (rows.T * rows) ** -1
        return [inverse[j, j] for j in range(rows.cols)]


NORMAL = np.random.default_rng(8).normal(size=(2, N))
HARD = {
    "centred": design(NORMAL),
    "a rare reference level": design(NORMAL, rare=True),
    "a year": design(2000 + 5 * NORMAL),
    "mean 2000, sd 0.05": design(2000 + 0.05 * NORMAL),
    "mean 1e6, sd 1": design(1e6 + NORMAL),
    "mean 1e6, no intercept": design(1e6 + NORMAL, intercept=False),
    "slopes": design(2000 + 0.1 * NORMAL, slopes=(1,)),
    "nearly constant within levels": design(
        NORMAL * 1e-4 + np.random.default_rng(3).integers(1, 6, N)
    ),
}


@pytest.mark.parametrize("name", HARD)
def test_the_growth_of_rounding_is_about_that_of_the_variances(name):
    X = HARD[name]
    factor = factorize(cross(X))
    root = factor.inverse_root()
    variances = np.einsum("ij,ij->i", root, root)
    exact = exact_variances(X)
    error = max(abs(mpmath.mpf(v) / w - 1) for v, w in zip(variances.tolist(), exact, strict=True))
    growth = error_growth(factor, root)
    assert float(error) <= 2.0**-52 * growth
    assert growth < 100 or float(error) >= 1e-4 * 2.0**-52 * growth


def centred_cross(X):
    source = source_of(X)
    centring = condition_numbers(source, X.layout, cross(X))
    p = X.shape[1]
    return in_basis(source, Basis(p, tuple(range(p)), centring)).fold_runs(cross_product).values


HELMERT = np.array([[-1.0] * 5, *(np.tril(np.full((5, 5), -1.0), -1).T + np.diag(range(1, 6))).T])
SUM = np.vstack([np.eye(5), -np.ones(5)])
YEAR = np.random.default_rng(9).integers(1990, 2021, N).astype(float)
CENTRED = {
    "numbers": design(1e6 + NORMAL),
    "no intercept": design(1e6 + NORMAL, intercept=False),
    "numbers and slopes": design(1e6 + NORMAL, slopes=(1, 2)),
    "slopes, contrasts": design(1e6 + NORMAL, slopes=(1, 2), contrasts=SUM),
    "slopes, other contrasts": design(1e6 + NORMAL, slopes=(2,), contrasts=HELMERT),
    "powers": design([YEAR, YEAR**2]),
    "near copies": design([NORMAL[0], NORMAL[0] + 1e-6 * NORMAL[1]]),
    "near copies of large mean": design([1e5 + NORMAL[0], 1e5 + NORMAL[0] + 1e-4 * NORMAL[1]]),
    "nearly constant within levels": HARD["nearly constant within levels"],
}


@pytest.mark.parametrize("name", CENTRED)
def test_what_centring_can_condition_it_conditions(name):
    factor = factorize(centred_cross(CENTRED[name]))
    assert factor.condition < 1e5
    assert is_resolved(factor)


def test_slopes_at_the_level_without_an_indicator():
    # y ~ g + g:a: indicators for all levels but one, slopes for all.
    X = design(1e6 + NORMAL[:1], slopes=(1,))
    slopes = Part(0, np.arange(6, 12), np.arange(6), None, 1)
    layout = Layout(12, np.array([0, -1]), (6,), (X.layout.parts[0], slopes))
    indicators = replace(layout.parts[0], columns=np.arange(1, 6))
    X = replace(X, layout=replace(layout, parts=(indicators, slopes)))
    assert factorize(centred_cross(X)).condition < 1e5
    # Without the constant that level's indicator is no combination, and its slope is left alone.
    parts = (replace(indicators, columns=np.arange(5)), replace(slopes, columns=np.arange(5, 11)))
    X = replace(X, layout=Layout(11, np.array([-1, -1]), (6,), parts))
    centring = condition_numbers(source_of(X), X.layout, cross(X))
    assert centring.changed.tolist() == [6, 7, 8, 9, 10]
    # With indicators for all levels all slopes are centred.
    parts = (
        Part(0, np.arange(6), np.arange(6)),
        replace(slopes, columns=np.arange(6, 12), levels=np.arange(6)),
    )
    X = replace(X, layout=Layout(12, np.array([-1, -1]), (6,), parts))
    assert factorize(centred_cross(X)).condition < 1e5


def test_what_needs_no_centring_is_left_as_it_is():
    for X in (HARD["centred"], HARD["a rare reference level"], design([])):
        assert condition_numbers(source_of(X), X.layout, cross(X)) is None
    weights = np.random.default_rng(1).uniform(size=N) ** 8
    few = Block(np.zeros(N), HARD["centred"], weights=weights)
    assert condition_numbers(ArraySource(few), few.X.layout, cross(few.X)) is None


def test_columns_that_depend_on_each_other_are_no_reason_to_centre():
    level = np.random.default_rng(3).integers(1, 6, N)
    level[::6] = 0
    for numbers in ([2.5 * level], [NORMAL[0], NORMAL[0]], [np.zeros(N)], [np.full(N, 3.0)]):
        X = design(numbers)
        centring = condition_numbers(source_of(X), X.layout, cross(X))
        assert centring is None or not is_sound(X, centring)


def is_sound(X, centring):
    p = X.shape[1]
    basis = Basis(p, tuple(range(p)), centring)
    factor = factorize(in_basis(source_of(X), basis).fold_runs(cross_product).values)
    return factor is not None and is_resolved(factor)


@pytest.mark.parametrize("scale", [1.0, 1e150, 1e-150])
def test_what_shows_of_the_rounding_of_a_score(scale):
    # A score that is off by the root of the information of each column, signs at random, moves an
    # estimate by this many standard errors: the root of their mean square over all signs.
    rng = np.random.default_rng(8)
    X = rng.standard_normal((40, 6))
    X[:, 3] = X[:, 2] + 1e-3 * X[:, 3]
    A = X.T @ X
    V, sizes = np.linalg.inv(A), np.sqrt(A.diagonal())
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 6)).reshape(6, -1)
    moved = V @ (sizes[:, np.newaxis] * signs) / np.sqrt(V.diagonal())[:, np.newaxis]
    want = np.square(moved).mean(axis=1).max()
    scales = np.array([1.0, 1.0, scale, 1.0, 1.0, 1.0])
    factor = factorize(A * scales * scales[:, np.newaxis])
    assert score_growth(factor) == pytest.approx(want, rel=1e-8)  # the condition is 1e7
    assert 1e5 < want < factor.condition
