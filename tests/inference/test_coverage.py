"""Intervals cover, and tests reject, about as often as they say: simulations."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import logit_inference as li

pytestmark = pytest.mark.slow


def data(rng, n, effect):
    x = rng.normal(size=n)
    z = 0.7 * x + rng.normal(size=n)
    y = rng.random(n) < expit(-0.3 + 0.8 * x + effect * z)
    return pd.DataFrame({"y": y.astype(int), "x": x, "z": z})


def test_bootstrap_intervals_cover():
    rng, runs = np.random.default_rng(1), 600
    covered = dict.fromkeys(("percentile", "basic", "bca", "normal"), 0)
    for seed in range(runs):
        boot = li.logit("y ~ x + z", data(rng, 150, 0.5)).bootstrap(399, seed=seed)
        for method in covered:
            low, high = boot.conf_int(method).loc["z"]
            covered[method] += low <= 0.5 <= high
    # Nominal 0.95; found 0.945, 0.973, 0.960, 0.967 (Wald's interval 0.957): at 150 rows estimates
    # are a little too far from zero. Four standard errors of a share of 600 are 0.036.
    for method, count in covered.items():
        assert 0.90 < count / runs < 0.985, (method, count / runs)


def test_permutation_tests_reject_at_their_level():
    rng, runs = np.random.default_rng(2), 1500
    small = [
        li.logit("y ~ x + z", data(rng, 40, 0.0)).permutation_test("z", 99, seed=seed).p_value
        for seed in range(runs)
    ]
    for level in (0.05, 0.1, 0.5):
        share = np.mean(np.array(small) <= level)
        assert abs(share - level) < 4 * np.sqrt(level * (1 - level) / runs) + 0.01, (level, share)


def test_pooled_intervals_cover_where_values_are_missing_at_random():
    rng, runs, covered, naive = np.random.default_rng(3), 400, 0, 0
    for _ in range(runs):
        table = data(rng, 200, 0.5)
        gone = rng.random(200) < expit(-0.8 + 0.8 * table["x"])
        frames = [table.assign(z=own) for own in imputations(rng, table, gone, 8)]
        pooled = li.logit_imputed("y ~ x + z", frames)
        low, high = pooled.conf_int().loc["z"]
        covered += low <= 0.5 <= high
        low, high = pooled.fits[0].conf_int().loc["z"]
        naive += low <= 0.5 <= high
    # Four standard errors of a share of 400 are 0.044.
    assert 0.91 < covered / runs < 0.99, covered / runs
    assert naive < covered


def imputations(rng, table, gone, m):
    """Proper imputations of z by a normal regression on x and y: parameters drawn, then values."""
    X = np.column_stack([np.ones(len(table)), table["x"], table["y"]])
    seen, z = X[~gone], table["z"].to_numpy()
    coef, *_ = np.linalg.lstsq(seen, z[~gone], rcond=None)
    rest = z[~gone] - seen @ coef
    inverse = np.linalg.inv(seen.T @ seen)
    for _ in range(m):
        variance = rest @ rest / rng.chisquare(len(seen) - 3)
        drawn = rng.multivariate_normal(coef, variance * inverse)
        noise = rng.normal(scale=np.sqrt(variance), size=len(table))
        yield np.where(gone, X @ drawn + noise, z)
