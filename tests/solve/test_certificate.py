"""The certificate: its bound is never below the distance to a maximum in fifty digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from logit_inference.likelihood.logistic import LOGISTIC
from logit_inference.rows.block import Block
from logit_inference.rows.source import ArraySource
from logit_inference.solve.certificate import Certificate, certify, certify_fit
from logit_inference.solve.factor import factorize
from logit_inference.solve.fit import fit_rows
from logit_inference.solve.solution import Outcome


def maximum(block, start, digits=60):
    """The exact maximum (a list of mpf), by Newton's method in sixty digits."""
    with mpmath.workdps(digits):
        n, p = block.X.shape
        X = [[mpmath.mpf(float(v)) for v in row] for row in block.X]
        y = [mpmath.mpf(float(v)) for v in block.y]
        one = np.ones(n)
        m, w = (
            [mpmath.mpf(float(v)) for v in (one if given is None else given)]
            for given in (block.trials, block.weights)
        )
        o = np.zeros(n) if block.offset is None else block.offset
        shift = [mpmath.mpf(float(v)) for v in o]
        beta = mpmath.matrix([mpmath.mpf(float(v)) for v in start])
        for _ in range(60):
            score, information = mpmath.zeros(p, 1), mpmath.zeros(p, p)
            for i in range(n):
                eta = shift[i] + mpmath.fsum(X[i][j] * beta[j] for j in range(p))
                mu = 1 / (1 + mpmath.exp(-eta))
                residual, weight = w[i] * (y[i] - m[i] * mu), w[i] * m[i] * mu * (1 - mu)
                for j in range(p):
                    score[j] += X[i][j] * residual
                    for k in range(p):
                        information[j, k] += weight * X[i][j] * X[i][k]
            step = mpmath.lu_solve(information, score)
            longest = max(abs(v) for v in step)
            size = max(abs(v) for v in beta) + mpmath.mpf(10) ** -30
            beta += step if longest < 5 * size + 5 else step * (5 / longest)
            if longest <= mpmath.mpf(10) ** -32 * size:
                return list(beta)
    raise AssertionError("the exact maximum was not found")


def distance(block, coef, std_errors):
    """The largest distance from the exact maximum, in standard errors."""
    exact = maximum(block, coef)
    gaps = [abs(mpmath.mpf(float(c)) - e) for c, e in zip(coef, exact, strict=True)]
    return max(float(gap) / s for gap, s in zip(gaps, std_errors, strict=True))


KINDS = (
    "ordinary",
    "nearly separated",
    "heavy tails",
    "scaled",
    "centred",
    "weights",
    "offset",
    "grouped",
    "integers",
    "large",
)


def problem(kind, seed):
    """A small problem of a kind; now and then it has no maximum."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    n, p = int(rng.integers(12, 40)), int(rng.integers(2, 5))
    X = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])
    trials = weights = offset = None
    coef = rng.normal(size=p)
    if kind == "nearly separated":
        x = np.sort(rng.normal(size=n))
        gap = 10.0 ** -rng.integers(0, 8)
        X = np.column_stack([np.ones(n), x])  # a third column would often separate the rest
        y = (np.arange(n) >= n // 2).astype(float)
        k = n // 2
        y[[k - 1, k]] = 1.0, 0.0
        X[k, 1] = X[k - 1, 1] + gap
        return Block(y, X)
    if kind == "heavy tails":
        X[:, 1:] = rng.standard_t(1.2, size=(n, p - 1))
    if kind == "scaled":
        X[:, 1:] *= 10.0 ** rng.integers(-9, 10, p - 1)
        coef[1:] /= np.abs(X[:, 1:]).max(axis=0)
    if kind == "centred":
        X[:, 1:] += 10.0 ** rng.integers(1, 6, p - 1)
        coef[0] = -coef[1:] @ X[:, 1:].mean(axis=0)
    if kind == "integers":
        X[:, 1:] = rng.integers(-2, 3, (n, p - 1))
    if kind == "weights":
        weights = 10.0 ** rng.uniform(-5, 5, n)
        weights[rng.random(n) < 0.1] = 0.0
    if kind == "offset":
        offset = rng.normal(size=n) * 10.0 ** rng.integers(0, 3)
    if kind == "large":
        coef *= 2.5
    eta = X @ coef + (0.0 if offset is None else offset)
    chance = 1.0 / (1.0 + np.exp(-np.clip(eta, -700, 700)))
    y = (rng.random(n) < chance).astype(float)
    if kind == "grouped":
        trials = rng.integers(0, 20, n).astype(float)
        y = rng.binomial(trials.astype(int), chance).astype(float)
    return Block(y, X, trials, weights, offset)


def fit(block, **options):
    names = [f"x{j}" for j in range(block.X.shape[1])]
    constant = 0 if (block.X[:, 0] == 1.0).all() else None
    return fit_rows(
        ArraySource(block),
        LOGISTIC,
        names,
        constant=constant,
        offset=block.offset is not None,
        **options,
    )


def printed_errors(result):
    root = result.basis.root(result.information_root())
    return np.sqrt(np.einsum("ij,ij->i", root, root))


@pytest.mark.parametrize("kind", KINDS)
def test_the_true_distance_never_exceeds_the_bound(kind):
    """Twenty-five problems of each kind, at the maximum and where a search was stopped early."""
    proved = 0
    for seed in range(25):
        block = problem(kind, seed)
        if len(np.unique(block.y[block.counts if block.counts is not None else slice(None)])) < 2:
            continue
        result = fit(block)
        found = certify_fit(result)
        if not found.exists:
            continue
        proved += 1
        assert distance(block, result.coef, printed_errors(result)) <= found.distance
        early = fit(block, max_iterations=2 + seed % 3)
        said = certify_fit(early)
        if said.exists:
            assert distance(block, early.coef, printed_errors(early)) <= said.distance
    assert proved >= 12


@pytest.mark.parametrize("kind", ["ordinary", "offset", "grouped", "weights"])
def test_coefficients_from_elsewhere(kind):
    rng = np.random.default_rng(7)
    decided = 0
    for seed in range(8):
        block = problem(kind, seed)
        result = fit(block)
        if not result.solution.outcome.converged:
            continue
        coef = result.coef + rng.normal(size=len(result.coef)) * printed_errors(result) * 0.05
        rows = ArraySource(block)
        factor = factorize(rows.fold_runs(LOGISTIC.evaluate, coef).upper)
        if factor is None:  # the offset leaves no information there
            continue
        said = certify(rows, LOGISTIC, coef, factor)
        if said.exists:
            decided += 1
            root = factor.inverse_root()
            errors = np.sqrt(np.einsum("ij,ij->i", root, root))
            true = distance(block, coef, errors)
            assert true <= said.distance <= 100 * true
    assert decided >= 4


def test_separated_data_are_never_certified():
    x = np.linspace(-1.0, 1.0, 20)
    block = Block((x > 0).astype(float), np.column_stack([np.ones(20), x]))
    result = fit(block)
    assert result.solution.outcome is Outcome.DIVERGING
    assert certify_fit(result).exists is None


def test_the_bound_is_close_where_the_search_was_stopped_early():
    """A few steps before the end the bound is the distance, but for a factor of the dimension."""
    block = problem("ordinary", 3)
    ratios = []
    for limit in range(2, 5):
        early = fit(block, max_iterations=limit)
        said = certify_fit(early)
        if said.exists and said.distance > 1e-8:
            ratios.append(said.distance / distance(block, early.coef, printed_errors(early)))
    assert ratios
    assert max(ratios) < 10


def test_what_it_says():
    assert str(Certificate(True, 3.01e-14, 0.0, 1.0, 0.0)) == (
        "Certified: a unique maximum exists; coefficients within 4e-14 standard errors of it."
    )
    for value, text in (
        (9.1e-7, "1e-6"),
        (9e-7, "9e-7"),
        (0.0341, "0.035"),
        (0.3, "0.3"),
        (681.2, "682"),
        (3e9, "3e9"),
        (12, "12"),
    ):
        assert f" {text} standard" in str(Certificate(True, value, 0.0, 1.0, 0.0))
    # A decrement that is noise beside its rounding makes no difference.
    told = {
        str(Certificate(True, 1e-14 + noise, noise, 1.0, 1e-14)) for noise in (0.0, 1e-15, 9e-15)
    }
    assert told == {
        "Certified: a unique maximum exists; coefficients within 2e-14 standard errors of it."
    }
    limit = Certificate(True, 2e-14, 0.0, 1.0, 0.0)
    assert str(Certificate(False, np.inf, 0.0, 1.0, 0.0, "because", limit)) == (
        "Certified: no finite maximum exists; because. The limiting model: coefficients within "
        "2e-14 standard errors of its maximum."
    )
    assert str(Certificate(None, np.inf, 0.0, 1.0, 0.0, "why")) == "Not certified: why."
