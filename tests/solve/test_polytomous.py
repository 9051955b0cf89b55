"""The multinomial maximum in closed form, its certificate in fifty digits, its separation."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import pytest
from scipy.optimize import linprog

from logit_inference.likelihood.softmax import score_sums
from logit_inference.rows.block import Block
from logit_inference.rows.source import ArraySource
from logit_inference.solve import polytomous
from logit_inference.solve.factor import factorize
from logit_inference.solve.polytomous import (
    SoftmaxSearch,
    contrast_bound,
    contrast_reach,
    fit_softmax,
    softmax_objective,
)
from logit_inference.solve.polytomous_certificate import certify_softmax, certify_softmax_fit
from logit_inference.solve.polytomous_cone import find_class_recession


def fitted(block, n_classes):
    names = [f"x{j}" for j in range(block.n_columns)]
    return fit_softmax(block, names, n_classes, SoftmaxSearch(), constant=0)


def simulated(n, p, n_classes, seed, size=1.0):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])
    eta = np.column_stack([np.zeros(n), X @ rng.normal(size=(p, n_classes - 1)) * size])
    y = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1).astype(float)
    return Block(y, X)


def test_a_saturated_table_in_closed_form():
    counts = np.array([[12.0, 7.0, 30.0], [5.0, 9.0, 4.0]])  # groups by classes
    group, label = np.meshgrid([0, 1], [0, 1, 2], indexing="ij")
    X = np.column_stack([np.ones(6), group.ravel().astype(float)])
    fit = fitted(Block(label.ravel().astype(float), X, None, counts.ravel()), 3)
    odds = np.log(counts[:, 1:] / counts[:, :1])
    closed = np.column_stack([odds[0], odds[1] - odds[0]])
    np.testing.assert_allclose(fit.solution.coef.reshape(2, 2), closed, rtol=1e-13)
    variances = 1 / counts[:, 1:] + 1 / counts[:, :1]
    root = fit.solution.factor.inverse_root()
    errors = np.sqrt((root**2).sum(axis=1)).reshape(2, 2)
    np.testing.assert_allclose(errors[:, 0], np.sqrt(variances[0]), rtol=1e-12)
    np.testing.assert_allclose(errors[:, 1], np.sqrt(variances.sum(axis=0)), rtol=1e-12)
    total = counts.sum(axis=0)
    null = float(total @ np.log(total / total.sum()))
    assert fit.null_log_likelihood == pytest.approx(null, rel=1e-14)


def test_shortcuts_lead_to_the_same_maximum(monkeypatch):
    block = simulated(40_000, 11, 3, 6, 0.3)
    short = fitted(block, 3)
    assert {step.kind for step in short.solution.steps} >= {"sample", "score", "newton"}
    monkeypatch.setattr(polytomous, "MANY_ROWS", 10**9)
    monkeypatch.setattr(polytomous, "MANY_ELEMENTS", 10**9)
    plain = fitted(block, 3)
    assert {step.kind for step in plain.solution.steps} == {"newton"}
    np.testing.assert_allclose(short.solution.coef, plain.solution.coef, rtol=1e-11, atol=1e-13)
    errors = [np.diag(fit.solution.factor.inverse_root()) for fit in (short, plain)]
    np.testing.assert_allclose(*errors, rtol=1e-9)


# --- the certificate ------------------------------------------------------------------------------


def maximum(block, start, n_classes):
    """The exact maximum, by Newton's method in fifty digits."""
    with mpmath.workdps(50):
        n, p = block.X.shape
        q = p * (n_classes - 1)
        X = [[mpmath.mpf(float(v)) for v in row] for row in block.X]
        beta = mpmath.matrix([mpmath.mpf(float(v)) for v in start])
        for _ in range(60):
            score, information = mpmath.zeros(q, 1), mpmath.zeros(q, q)
            for i in range(n):
                eta = [mpmath.mpf(0)] + [
                    mpmath.fsum(X[i][j] * beta[k * p + j] for j in range(p))
                    for k in range(n_classes - 1)
                ]
                total = mpmath.fsum(mpmath.exp(v) for v in eta)
                mu = [mpmath.exp(v) / total for v in eta]
                for k, j in itertools.product(range(n_classes - 1), range(p)):
                    score[k * p + j] += X[i][j] * ((block.y[i] == k + 1) - mu[k + 1])
                    for m, h in itertools.product(range(n_classes - 1), range(p)):
                        weight = mu[k + 1] * ((k == m) - mu[m + 1])
                        information[k * p + j, m * p + h] += weight * X[i][j] * X[i][h]
            step = mpmath.lu_solve(information, score)
            beta += step
            if max(abs(v) for v in step) <= mpmath.mpf(10) ** -35 * (1 + max(map(abs, beta))):
                return beta, information
    raise AssertionError("the exact maximum was not found")


def exact_gap(block, coef, n_classes):
    """The distance from the exact maximum in the metric of the information at ``coef``."""
    exact, _ = maximum(block, coef, n_classes)
    at = softmax_objective(ArraySource(block))(np.asarray(coef, dtype=float))
    with mpmath.workdps(50):
        gap = mpmath.matrix([mpmath.mpf(float(c)) - e for c, e in zip(coef, exact, strict=True)])
        metric = mpmath.matrix(at.information.tolist())
        return float(mpmath.sqrt((gap.T * metric * gap)[0]))


@pytest.mark.parametrize(("seed", "size"), [(0, 1.0), (1, 1.0), (3, 3.0)])
def test_the_bound_is_no_smaller_than_the_distance(seed, size):
    block = simulated(40, 2, 3, seed, size)
    fit = fitted(block, 3)
    proof = certify_softmax_fit(fit)
    assert proof.exists
    assert exact_gap(block, fit.solution.coef, 3) <= proof.distance
    assert proof.distance < 1e-10
    # From further away the bound is that of the theorem, not of rounding.
    rng = np.random.default_rng(seed)
    for shift in (1e-6, 1e-3, 0.05):
        coef = fit.solution.coef + shift * rng.normal(size=4)
        factor = factorize(softmax_objective(fit.source)(coef).upper)
        proof = certify_softmax(fit.source, coef, factor)
        assert proof.exists is not False
        if proof.exists:
            gap = exact_gap(block, coef, 3)
            assert gap <= proof.distance
            assert proof.distance <= 3.0 * gap + 1e-10
    far = fit.solution.coef + 5.0
    factor = factorize(softmax_objective(fit.source)(far).upper)
    assert factor is None or certify_softmax(fit.source, far, factor).exists is None


def test_the_third_derivative_is_bounded_by_the_range():
    """The lemma: |third central moment| <= range times variance, of any discrete variable."""
    rng = np.random.default_rng(5)
    for _ in range(200):
        mu, a = rng.dirichlet(rng.uniform(0.05, 2.0, 5)), rng.normal(size=5) * rng.exponential()
        centred = a - mu @ a
        assert abs(mu @ centred**3) <= np.ptp(a) * (mu @ centred**2) * (1 + 1e-12)


def test_reach_is_the_largest_over_rows_and_pairs_of_classes():
    block = simulated(30, 3, 4, 9)
    source = ArraySource(block, 8)
    root = factorize(softmax_objective(source)(np.zeros(9)).upper).inverse_root()
    unit = np.vstack([np.zeros(3), np.eye(3)])
    direct = max(
        float(np.linalg.norm(np.kron(unit[k] - unit[m], x) @ root))
        for x in block.X
        for k, m in itertools.combinations(range(4), 2)
    )
    assert source.fold(contrast_reach, root).value == pytest.approx(direct, rel=1e-12)
    assert contrast_bound(root, np.abs(block.X).max(axis=0), source) >= direct


def test_rounding_of_the_score_stays_within_the_allowance():
    block = simulated(60, 3, 4, 11)
    coef = np.random.default_rng(3).normal(size=9) * 2.0
    sums = score_sums(block, coef, True)
    with mpmath.workdps(50):
        exact = [mpmath.mpf(0)] * 9
        for x, y in zip(block.X, block.y, strict=True):
            eta = [mpmath.mpf(0)] + [
                mpmath.fsum(mpmath.mpf(v) * mpmath.mpf(c) for v, c in zip(x, own, strict=True))
                for own in coef.reshape(3, 3)
            ]
            total = mpmath.fsum(mpmath.exp(v) for v in eta)
            for k, j in itertools.product(range(3), range(3)):
                exact[3 * k + j] += mpmath.mpf(x[j]) * (
                    (y == k + 1) - mpmath.exp(eta[k + 1]) / total
                )
        gap = np.array([float(mpmath.mpf(s) - e) for s, e in zip(sums.score, exact, strict=True)])
    root = factorize(softmax_objective(ArraySource(block))(coef).upper).inverse_root()
    allowed = sums.allowance(np.sqrt((root**2).sum(axis=1)))
    assert np.linalg.norm(root.T @ gap) <= allowed < 1e-11


# --- separation -----------------------------------------------------------------------------------


def separates(block, n_classes):
    """Whether some direction separates, by the plain linear program in floating point."""
    n = block.n_rows
    unit = np.vstack([np.zeros(n_classes - 1), np.eye(n_classes - 1)])
    Z = np.array(
        [
            np.kron(unit[int(block.y[i])] - unit[k], block.X[i])
            for i in range(n)
            for k in range(n_classes)
            if k != block.y[i]
        ]
    )
    found = linprog(-Z.sum(axis=0), A_ub=-Z, b_ub=np.zeros(len(Z)), bounds=[(-1, 1)] * Z.shape[1])
    return -found.fun > 1e-7


def test_separation_is_that_of_the_linear_program():
    rng = np.random.default_rng(4)
    told = []
    for _ in range(60):
        n = int(rng.integers(6, 16))
        X = np.column_stack([np.ones(n), rng.integers(0, 4, n)]).astype(float)
        y = np.append([0.0, 1.0, 2.0], rng.integers(0, 3, n - 3))
        if len(np.unique(X[:, 1])) < 2:
            continue
        block = Block(y, X)
        recession, out = find_class_recession(fitted(block, 3))
        told.append(recession.exists)
        assert recession.exists == separates(block, 3)
        if recession.exists:
            # The direction is right for every row, and strictly so where a class is taken out.
            eta = np.column_stack([np.zeros(n), X @ recession.direction.reshape(2, 2).T])
            margins = eta[np.arange(n), y.astype(int)][:, np.newaxis] - eta
            assert margins.min() > -1e-12
            np.testing.assert_array_equal(out, margins > 1e-12)
    assert {True, False} == set(told)
