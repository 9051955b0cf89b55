"""The conditional likelihood against its definition: a sum over all choices of cases."""

import itertools

import mpmath
import numpy as np
import pytest

from logit_inference.likelihood.conditional import (
    CONDITIONAL,
    evaluate,
    fitted,
    residual,
    score_sums,
    slope,
    span,
)
from logit_inference.rows.block import Block
from logit_inference.rows.sets import SETS, contrasts, gather_sets
from logit_inference.rows.source import ArraySource


def by_enumeration(y, X, offset, codes, coef):
    """Log-likelihood, score and information, each choice of cases written out."""
    value, score, information = 0.0, np.zeros(len(coef)), np.zeros((len(coef), len(coef)))
    for g in np.unique(codes):
        x, own, eta = X[codes == g], y[codes == g], (X @ coef + offset)[codes == g]
        choices = [list(c) for c in itertools.combinations(range(len(own)), int(own.sum()))]
        sums = np.array([x[c].sum(axis=0) for c in choices])
        logs = np.array([eta[c].sum() for c in choices])
        chance = np.exp(logs - logs.max())
        value += own @ eta - logs.max() - np.log(chance.sum())
        chance /= chance.sum()
        mean = chance @ sums
        score += own @ x - mean
        information += ((sums - mean) * chance[:, None]).T @ (sums - mean)
    return value, score, information


def sample(seed, n_sets=14, largest=9, q=3):
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.repeat(np.arange(n_sets), rng.integers(1, largest, n_sets)))
    y = (rng.random(len(codes)) < rng.choice([0.2, 0.5, 0.8])).astype(float)
    X = rng.normal(size=(len(codes), q)) + codes[:, None]
    return y, X, rng.normal(size=len(codes)), codes, 2 * rng.normal(size=q)


@pytest.mark.parametrize("seed", range(8))
def test_value_score_and_information_are_those_of_the_definition(seed):
    y, X, offset, codes, coef = sample(seed)
    rows = gather_sets(Block(y, X, offset=offset), codes).source
    value, score, information = by_enumeration(y, X, offset, codes, coef)
    at, by_slope = rows.fold_runs(evaluate, coef), rows.fold_runs(slope, coef)
    assert at.log_likelihood == pytest.approx(value, rel=1e-12)
    assert by_slope.log_likelihood == pytest.approx(value, rel=1e-12)
    # Sums over sets of numbers of size about ten, which the enumeration rounds as well.
    assert np.allclose(at.score, score, atol=1e-11)
    assert np.allclose(by_slope.score, at.score, rtol=1e-13, atol=1e-13)
    assert np.allclose(at.information, information, atol=1e-11 * np.abs(information).max())


def test_cut_between_sets_it_is_the_same():
    y, X, offset, codes, coef = sample(3, n_sets=60)
    whole = gather_sets(Block(y, X, offset=offset), codes).source
    numbers = whole.data.groups[SETS]
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    parts = ArraySource(whole.data, cuts=starts[::7], threads=2)
    one, many = whole.fold_runs(evaluate, coef), parts.fold_runs(evaluate, coef)
    assert many.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-13)
    assert np.allclose(many.information, one.information, rtol=1e-12)
    assert np.allclose(parts.map(fitted, coef), whole.map(fitted, coef), rtol=1e-13)


def test_chances_add_up_to_the_number_of_cases():
    y, X, offset, codes, coef = sample(5)
    rows = gather_sets(Block(y, X, offset=offset), codes).source
    numbers, chance = rows.data.groups[SETS], rows.map(fitted, coef)
    assert np.allclose(np.bincount(numbers, chance), np.bincount(numbers, rows.data.y), rtol=1e-12)
    assert ((chance > 0) & (chance < 1)).all()
    assert np.allclose(rows.data.y - chance, rows.map(residual, coef), atol=1e-15)


def test_rows_without_weight_are_not_part_of_their_sets():
    y, X, offset, codes, coef = sample(7)
    rng = np.random.default_rng(0)
    whole = gather_sets(Block(y, X, offset=offset), codes).source.data
    weights = (rng.random(len(whole.y)) < 0.7).astype(float)
    part = ArraySource(Block(whole.y, whole.X, None, weights, whole.offset, whole.groups))
    kept = weights > 0
    value, score, information = by_enumeration(
        whole.y[kept], whole.X[kept], whole.offset[kept], whole.groups[SETS][kept], coef
    )
    at = part.fold_runs(evaluate, coef)
    assert at.log_likelihood == pytest.approx(value, rel=1e-12)
    assert np.allclose(at.score, score, atol=1e-11)
    assert np.allclose(at.information, information, atol=1e-11 * np.abs(information).max())


def test_two_thousand_rows_with_a_thousand_cases_against_forty_digits():
    """With equal predictors the choices are a binomial coefficient, and the rest is known too."""
    rng = np.random.default_rng(1)
    n, m = 2000, 1000
    y = rng.permutation(np.repeat([1.0, 0.0], [m, n - m]))
    X = np.column_stack([rng.normal(size=n), rng.integers(0, 2, n).astype(float)])
    rows = gather_sets(Block(y, X), np.zeros(n, dtype=int)).source
    at = rows.fold_runs(evaluate, np.zeros(2))
    assert at.log_likelihood == pytest.approx(-float(mpmath.log(mpmath.binomial(n, m))), rel=1e-12)
    # Drawing m of n without replacement: a share of the variance of the column.
    variance = m * (n - m) / (n - 1) * np.cov(X.T, bias=True)
    assert np.allclose(at.information, variance, rtol=1e-11)
    # One column of zeros and ones: Fisher's noncentral hypergeometric distribution.
    ones, beta = int(X[:, 1].sum()), 0.7
    inside = range(max(0, m - (n - ones)), min(m, ones) + 1)
    with mpmath.workdps(40):
        terms = [
            mpmath.binomial(ones, k) * mpmath.binomial(n - ones, m - k) * mpmath.exp(beta * k)
            for k in inside
        ]
        total = mpmath.fsum(terms)
        mean = mpmath.fsum(k * t for k, t in zip(inside, terms, strict=True)) / total
        square = mpmath.fsum((k - mean) ** 2 * t for k, t in zip(inside, terms, strict=True))
        exact = beta * (y @ X[:, 1]) - mpmath.log(total)
    at = rows.fold_runs(evaluate, np.array([0.0, beta]))
    assert at.log_likelihood == pytest.approx(float(exact), rel=1e-12)
    assert at.score[1] == pytest.approx(float(y @ X[:, 1] - mean), abs=1e-10)
    assert at.information[1, 1] == pytest.approx(float(square / total), rel=1e-11)
    far = rows.fold_runs(evaluate, np.array([300.0, -800.0]))
    assert np.isfinite(far.log_likelihood)
    assert np.isfinite(far.upper).all()


@pytest.mark.parametrize("seed", range(6))
def test_the_third_derivative_is_bounded_by_the_span(seed):
    """Along v, |l'''| <= (range of the chosen sum) l''; the span in the metric of I bounds that."""
    y, X, offset, codes, coef = sample(seed, n_sets=8, largest=7, q=2)
    source = gather_sets(Block(y, X, offset=offset), codes).source
    at = source.fold_runs(evaluate, coef)
    root = np.linalg.inv(np.linalg.cholesky(at.information)).T
    longest = source.fold(span, root).value
    rng, step = np.random.default_rng(seed), 1e-4
    for _ in range(20):
        v = root @ (u := rng.normal(size=2)) / np.linalg.norm(u)
        ahead, behind = (source.fold_runs(evaluate, coef + s * step * v) for s in (1, -1))
        third = (v @ (ahead.information - behind.information) @ v) / (2 * step)
        assert abs(third) <= longest * (v @ at.information @ v) * (1 + 1e-6)


@pytest.mark.parametrize("size", [4, 40])
def test_the_bound_on_rounding_holds(size):
    rng = np.random.default_rng(size)
    n = 6 * size
    codes = np.repeat(np.arange(6), size)
    y, X = (rng.random(n) < 0.4).astype(float), rng.normal(size=(n, 2))
    source = gather_sets(Block(y, X), codes).source
    coef = np.array([1.3, -0.7])
    sums = source.fold(score_sums, coef, True)
    at = source.fold_runs(evaluate, coef)
    root = np.linalg.inv(np.linalg.cholesky(at.information)).T
    exact = score_in_digits(source.data, coef)
    gap = np.linalg.norm(root.T @ (sums.score - exact))
    errors = np.sqrt(np.diag(root @ root.T))
    # Far above what happens: it holds of the worst case.
    assert gap <= sums.allowance(errors) < 1e-8


def score_in_digits(block, coef):
    """The score in forty digits, by the recursion as it was published."""
    with mpmath.workdps(40):
        b = [mpmath.mpf(float(v)) for v in coef]
        total = [mpmath.mpf(0)] * len(b)
        for g in np.unique(block.groups[SETS]):
            own = block.groups[SETS] == g
            X = [[mpmath.mpf(float(v)) for v in row] for row in block.X[own]]
            m = int(block.y[own].sum())
            ways = [mpmath.mpf(1)] + [mpmath.mpf(0)] * m
            slopes = [[mpmath.mpf(0)] * len(b) for _ in range(m + 1)]
            for x in X:
                r = mpmath.exp(mpmath.fdot(x, b))
                for k in range(m, 0, -1):
                    slopes[k] = [
                        s + r * (t + c * ways[k - 1])
                        for s, t, c in zip(slopes[k], slopes[k - 1], x, strict=True)
                    ]
                    ways[k] += r * ways[k - 1]
            for j in range(len(b)):
                cases = mpmath.fsum(x[j] for x, c in zip(X, block.y[own], strict=True) if c)
                total[j] += cases - slopes[m][j] / ways[m]
        return np.array([float(v) for v in total])


def test_contrasts_are_pairs_of_a_case_and_another_row(monkeypatch):
    y, X = np.array([1.0, 0, 0, 1, 0]), np.arange(5.0)[:, None]
    source = gather_sets(Block(y, X), np.array([0, 0, 0, 1, 1])).source
    found = contrasts(source)
    assert sorted(found.source.data.X[:, 0].tolist()) == [-2.0, -1.0, -1.0]
    monkeypatch.setattr("logit_inference.rows.sets.MANY_PAIRS", 0)
    bounded = contrasts(source)
    assert bounded.n_bounds == 2
    assert sorted(map(tuple, bounded.source.data.X)) == sorted(
        [(0, -1, 0), (-1, 1, 0), (0, 0, -1), (-1, 0, 1), (-2, 0, 1)]
    )
    monkeypatch.setattr("logit_inference.rows.sets.MOST_ELEMENTS", 2)
    assert contrasts(source) is None
    with pytest.raises(TypeError, match="not sampled"):
        source.sample(2, None)
    with pytest.raises(TypeError, match="working weights"):
        CONDITIONAL.working_weights(source.data, np.zeros(1))


def test_sets_too_large_to_hold_are_computed_in_runs(monkeypatch):
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(3), 60)
    y, X = (rng.random(180) < 0.5).astype(float), rng.normal(size=(180, 3))
    source, coef = gather_sets(Block(y, X), codes).source, np.array([1.0, -2.0, 0.5])
    whole = source.fold_runs(evaluate, coef)
    monkeypatch.setattr("logit_inference.likelihood.choices.HELD", 100)
    parts = source.fold_runs(evaluate, coef)
    assert parts.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-14)
    assert np.allclose(parts.score, whole.score, rtol=1e-13)
    assert np.allclose(parts.upper, whole.upper, rtol=1e-13)
