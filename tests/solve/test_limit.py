"""The limiting model against rows dropped by hand, and suprema against a search without a limit."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.special import chdtrc, chdtri, xlogy

import logit_inference as li
from logit_inference.solve.integers import integer_rows, null_space
from tests.solve.exact_cone import decide

pytestmark = pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")


def supremum(y, X, offset=0.0, weights=1.0, trials=1.0):
    """The supremum of the log-likelihood by an independent search, which may run far."""
    y, m, w = (np.broadcast_to(np.asarray(v, float), len(X)) for v in (y, trials, weights))

    def cost(b):
        eta = X @ b + offset
        log_mu, log_nu = -np.logaddexp(0, -eta), -np.logaddexp(0, eta)
        mu = np.exp(log_mu)
        return -w @ (y * log_mu + (m - y) * log_nu), -X.T @ (w * (y - m * mu))

    if not X.shape[1]:
        return -cost(np.zeros(0))[0]
    best = minimize(cost, np.zeros(X.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-11})
    best = minimize(
        cost,
        best.x,
        jac=True,
        method="L-BFGS-B",
        options={"gtol": 1e-13, "ftol": 1e-16, "maxiter": 5000},
    )
    return -best.fun


def designs(seed, count):
    """Small separated designs: factors and numbers, trials and weights, few rows."""
    rng = np.random.default_rng(seed)
    found = 0
    while found < count:
        p, n = int(rng.integers(2, 5)), int(rng.integers(6, 12))
        X = np.where(
            rng.random(p) < 0.5, rng.random((n, p)) < 0.4, np.round(rng.normal(size=(n, p)), 1)
        )
        X[:, 0] = 1.0
        y = (rng.random(n) < 0.5).astype(float)
        trials = rng.integers(1, 4, n).astype(float) if rng.random() < 0.3 else np.ones(n)
        weights = rng.integers(1, 4, n).astype(float)
        y = np.where(rng.random(n) < 0.3, np.minimum(1, trials), y * trials)
        offset = np.round(rng.normal(size=n), 1) if rng.random() < 0.5 else np.zeros(n)
        if null_space(integer_rows(X))[0].size or y.sum() in (0, trials.sum()):
            continue
        exists, signs, separated = decide(X, y, trials)
        if exists:
            found += 1
            yield y, X, trials, weights, offset, signs, np.array(separated)


def fit_of(y, X, trials, weights, offset):
    names = [f"x{j}" for j in range(X.shape[1])]
    options = {"names": names, "weights": weights, "weights_kind": "frequency", "offset": offset}
    return li.logit_arrays(y, X, trials=trials, **options)


@pytest.mark.parametrize("seed", range(6))
def test_the_limiting_model_is_that_of_the_rows_left(seed):
    for y, X, trials, weights, offset, signs, separated in designs(seed, 8):
        fit = fit_of(y, X, trials, weights, offset)
        left = ~separated
        value = supremum(y[left], X[left], offset[left], weights[left], trials[left])
        ours = fit.llf - fit.account.tally.log_binomial
        assert ours == pytest.approx(value, abs=1e-9)
        forms = {"": np.isfinite, "+": np.isposinf, "-": np.isneginf, "+-": np.isnan}
        assert [bool(forms[s](b)) for s, b in zip(signs, fit.params, strict=True)] == [True] * len(
            signs
        )
        np.testing.assert_array_equal(fit.fitted[separated], y[separated] / trials[separated])
        np.testing.assert_array_equal(fit.separation.rows, np.flatnonzero(separated))
        # Information of the rows left, in the columns that they can tell apart.
        m, w, mu = trials[left], weights[left], fit.fitted.to_numpy()[left]
        assert np.allclose(X[left].T @ (w * (y[left] - m * mu)), 0, atol=1e-8)
        root = X[left] * np.sqrt(w * m * mu * (1 - mu))[:, None]
        inverse = np.linalg.pinv(root.T @ root) if left.any() else np.zeros((X.shape[1],) * 2)
        for j, (sign, error) in enumerate(zip(signs, fit.bse, strict=True)):
            if sign:
                assert np.isnan(error)
            else:
                assert error == pytest.approx(np.sqrt(inverse[j, j]), rel=1e-6)


def ratio(fit, data, j, at):
    """Twice the distance from the supremum, with coefficient j held."""
    y, X, trials, weights, offset = data
    best = fit.llf - fit.account.tally.log_binomial
    shifted = offset + at * X[:, j]
    return 2 * (best - supremum(y, np.delete(X, j, axis=1), shifted, weights, trials))


@pytest.mark.parametrize("seed", range(3))
def test_limits_invert_the_likelihood_ratio_test(seed):
    for *data, signs, _ in designs(seed + 50, 5):
        fit = fit_of(*data)
        for j, sign in enumerate(signs):
            low, high = fit.conf_int().iloc[j]
            p_value = fit.pvalues.iloc[j]
            if sign == "+-":
                assert (low, high, p_value) == (-np.inf, np.inf, 1.0)
                assert ratio(fit, data, j, 1.7) == pytest.approx(0.0, abs=1e-6)
            elif sign:
                assert {"+": high, "-": -low}[sign] == np.inf
                end = ratio(fit, data, j, low if sign == "+" else high)
                assert end == pytest.approx(chdtri(1, 0.05), abs=1e-5)
                at_zero = chdtrc(1, max(ratio(fit, data, j, 0.0), 0))
                assert p_value == pytest.approx(at_zero, rel=1e-4, abs=1e-9)


def test_a_two_by_two_table_with_an_empty_cell_in_closed_form():
    # Of 12 exposed all have the event, of 20 others 8: NV-like, by the supremum at b held.
    y, x = np.repeat([1.0, 1, 0], [12, 8, 12]), np.repeat([1.0, 0, 0], [12, 8, 12])
    fit = li.logit_arrays(y, x[:, None], intercept=True)
    assert fit.params.iloc[0] == pytest.approx(np.log(8 / 12), rel=1e-12)
    assert fit.bse.iloc[0] == pytest.approx(np.sqrt(1 / 8 + 1 / 12), rel=1e-9)
    best = xlogy(8, 8 / 20) + xlogy(12, 12 / 20)
    assert fit.llf == pytest.approx(best, rel=1e-13)
    at_zero = xlogy(20, 20 / 32) + xlogy(12, 12 / 32)

    assert fit.pvalues.iloc[1] == pytest.approx(chdtrc(1, 2 * (best - at_zero)), rel=1e-10)

    def held(b):
        """The maximum over the intercept by its own score equation."""

        def score(a):
            return 20 - 12 / (1 + np.exp(-a - b)) - 20 / (1 + np.exp(-a))

        a = brentq(score, -20, 20, xtol=1e-14)
        return -12 * np.logaddexp(0, -a - b) + 8 * a - 20 * np.logaddexp(0, a)

    low = brentq(lambda b: 2 * (best - held(b)) - chdtri(1, 0.05), 0, 20, xtol=1e-13)
    assert fit.conf_int().iloc[1].tolist() == [pytest.approx(low, rel=1e-9), np.inf]
    wider = brentq(lambda b: 2 * (best - held(b)) - chdtri(1, 0.01), 0, 20, xtol=1e-13)
    assert fit.conf_int(level=0.99).iloc[1, 0] == pytest.approx(wider, rel=1e-9)
