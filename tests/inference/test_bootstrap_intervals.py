"""Intervals from replicates: order statistics, scipy's BCa, and infinite replicates."""

from inspect import signature

import numpy as np
import pytest

import logit_inference as li
from logit_inference.inference.bootstrap import bca_levels, bootstrap_intervals, order_quantiles

TAILS = np.array([0.025, 0.975])


def test_with_999_replicates_ends_are_the_25th_and_the_975th():
    values = np.sort(np.random.default_rng(0).normal(size=999))
    assert order_quantiles(values, TAILS).tolist() == [values[24], values[974]]
    fit = li.logit("low ~ lwt", li.datasets.load("birthwt"))
    boot = fit.bootstrap(999, seed=1)
    low, high = np.sort(boot.coef, axis=0)[[24, 974]]
    estimate = fit.params.to_numpy()
    assert np.array_equal(boot.conf_int().T, [low, high])
    assert np.allclose(boot.conf_int("basic").T, [2 * estimate - high, 2 * estimate - low])
    assert np.allclose(
        boot.conf_int("normal", level=0.9), np.c_[estimate, estimate] + np.outer(boot.bse, [-1, 1])
        * 1.6448536269514722,
    )  # fmt: skip


def test_bca_is_scipys():
    stats = pytest.importorskip("scipy.stats")
    fit = li.logit("low ~ lwt + smoke", li.datasets.load("birthwt"))
    n = fit.n_rows_used

    def smoke(rows, axis):
        W = np.apply_along_axis(np.bincount, axis, rows.astype(int), minlength=n)
        return fit.refit_weights(W.reshape(-1, n)).coef[:, 2].reshape(rows.shape[:-1])

    theirs = stats.bootstrap(
        (np.arange(n),),
        smoke,
        n_resamples=499,
        method="BCa",
        vectorized=True,
        **{"rng" if "rng" in signature(stats.bootstrap).parameters else "random_state": 1},
    )
    replicates = theirs.bootstrap_distribution
    left_out = fit.refit_weights(1.0 - np.eye(n)).coef[:, 2]
    influence = left_out.mean() - left_out
    acceleration = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)
    levels = bca_levels(fit.params["smoke"], replicates, acceleration, TAILS)
    # scipy takes numpy's quantiles, at place 1 + (B - 1)·level; ours are those of (B + 1)·level.
    assert np.quantile(replicates, levels) == pytest.approx(theirs.confidence_interval, rel=1e-10)
    # Ours is the infinitesimal jackknife's: the same but for terms of order 1/n.
    ours = fit.bootstrap(2, seed=1).accelerations[2]
    assert ours == pytest.approx(acceleration, abs=2 / n)


def test_infinite_replicates_are_larger_than_all_others():
    replicates = np.r_[np.arange(1.0, 90.0), [np.inf] * 10][:, None]
    one = np.ones(1)
    low, high = bootstrap_intervals(20 * one, replicates, one, 0 * one, "percentile", 0.95)
    assert (low[0], high[0]) == pytest.approx((2.5, np.inf))
    low, high = bootstrap_intervals(20 * one, replicates, one, 0 * one, "basic", 0.95)
    assert (low[0], high[0]) == pytest.approx((-np.inf, 37.5))
    low, high = bootstrap_intervals(20 * one, replicates, one, 0 * one, "percentile", 0.5)
    assert (low[0], high[0]) == pytest.approx((25.0, 75.0))
    both = np.array([-np.inf, -np.inf, np.inf])
    assert order_quantiles(both, np.array([0.4, 0.55, 0.7])).tolist() == [-np.inf, np.inf, np.inf]


def test_what_is_unknown_stays_so():
    replicates = np.array([[np.nan, 1.0], [2.0, np.nan], [4.0, 3.0], [3.0, 2.0]])
    estimate, one = np.array([3.0, np.nan]), np.ones(2)
    for method in ("percentile", "basic", "bca"):
        low, high = bootstrap_intervals(estimate, replicates, one, 0 * one, method, 0.5)
        assert np.isfinite([low[0], high[0]]).all()
        assert np.isnan([low[1], high[1]]).all()
    # All replicates to one side of the estimate: BCa has no levels to offer.
    assert np.isnan(bca_levels(9.0, replicates[1:, 0], 0.0, TAILS)).all()
