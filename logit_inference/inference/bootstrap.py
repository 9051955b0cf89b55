"""Intervals from the replicates of a bootstrap.

A replicate that is separated lies at an infinity: for quantiles that is a value like any other,
larger or smaller than all finite ones, and an interval may so have an infinite end. Means and
variances leave such replicates out. A replicate that says nothing of a coefficient (NaN) is left
out everywhere. How replicates were drawn, this file does not ask.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from logit_inference.errors import ArgumentError
from logit_inference.inference.distribution import critical_value
from logit_inference.rows.block import Floats

METHODS = ("percentile", "basic", "bca", "normal")


def bootstrap_intervals(
    estimate: Floats,
    replicates: Floats,
    std_errors: Floats,
    accelerations: Floats,
    method: str,
    level: float,
) -> tuple[Floats, Floats]:
    """Return the ends (p,) of intervals from replicates.

    Parameters
    ----------
    estimate : (p,) array
    replicates : (B, p) array
        Infinite where a replicate is separated, NaN where it says nothing.
    std_errors, accelerations : (p,) arrays
        The former are used by ``"normal"`` only, the latter by ``"bca"``.
    method : {"percentile", "basic", "bca", "normal"}
        Quantiles of the replicates; twice the estimate less the opposite quantile; quantiles at
        levels that are corrected for bias and acceleration; the estimate and normal multiples of
        the standard error, without a correction for bias.
    level : float

    Returns
    -------
    low, high : (p,) arrays
        NaN where there is no estimate.

    Raises
    ------
    ArgumentError
        For another method.

    References
    ----------
    Efron and Tibshirani (1993), *An Introduction to the Bootstrap*, chapters 13 and 14. Davison and
    Hinkley (1997), *Bootstrap Methods and their Application*, chapter 5.
    """
    if method not in METHODS:
        raise ArgumentError("method", method, f"one of {', '.join(map(repr, METHODS))}")
    if method == "normal":
        half = critical_value(level, None) * std_errors
        return estimate - half, estimate + half
    tails = np.array([(1.0 - level) / 2, (1.0 + level) / 2])
    ends = np.full((2, len(estimate)), np.nan)
    for j, value in enumerate(estimate):
        own = replicates[:, j]
        own = np.sort(own[~np.isnan(own)])
        if np.isnan(value) or not len(own):
            continue
        levels = tails
        if method == "bca":
            levels = bca_levels(float(value), own, float(accelerations[j]), tails)
        found = order_quantiles(own, levels)
        ends[:, j] = 2.0 * value - found[::-1] if method == "basic" else found
    return ends[0], ends[1]


def bca_levels(estimate: float, replicates: Floats, acceleration: float, tails: Floats) -> Floats:
    """Return the levels at which BCa takes quantiles: ``Φ(z₀ + (z₀ + z)/(1 − a(z₀ + z)))``.

    The bias correction z₀ is the normal quantile of the share of replicates below the estimate,
    ties counted by half.

    Parameters
    ----------
    estimate : float
    replicates : (B,) array
    acceleration : float
    tails : array
        Levels of an interval that needs no correction.

    Examples
    --------
    Nothing is corrected where half of the replicates lie on either side:

    >>> bca_levels(0.0, np.array([-1.0, 1.0]), 0.0, np.array([0.025, 0.975])).round(6).tolist()
    [0.025, 0.975]
    """
    below = ((replicates < estimate).mean() + (replicates <= estimate).mean()) / 2
    shift = ndtri(below)
    if np.isinf(shift):  # every replicate on one side: no end is known
        return np.array([np.nan, np.nan])
    z = shift + ndtri(tails)
    levels: Floats = ndtr(shift + z / (1.0 - acceleration * z))
    return levels


def order_quantiles(values: Floats, levels: Floats) -> Floats:
    """Return quantiles of sorted values, at place ``(B + 1)·level`` among them.

    Between two places it is interpolated in proportion, towards an infinite value at once; beyond
    the first and last place it is the extreme value, and NaN for a level that is not known.

    Parameters
    ----------
    values : (B,) array
        Sorted; may be infinite at the ends.
    levels : array

    Examples
    --------
    >>> order_quantiles(np.array([1.0, 2.0, np.inf]), np.array([0.25, 0.375, 0.5, 0.6])).tolist()
    [1.0, 1.5, 2.0, inf]
    """
    place = np.clip(levels * (len(values) + 1) - 1.0, 0.0, len(values) - 1.0)
    # 1000 times 0.025 is not whole in doubles: what is that near to an order statistic is one.
    near = np.round(place)
    place = np.where(np.abs(place - near) < 1e-9 * (1.0 + near), near, place)
    known = ~np.isnan(place)
    lower = np.floor(np.where(known, place, 0.0)).astype(int)
    upper = np.minimum(lower + 1, len(values) - 1)
    share, low, high = place - lower, values[lower], values[upper]
    with np.errstate(invalid="ignore"):
        between = low + share * (high - low)
    infinite = np.where(np.isinf(low) & (np.isfinite(high) | (levels < 0.5)), low, high)
    between = np.where(np.isfinite(low) & np.isfinite(high), between, infinite)
    found: Floats = np.where(known, np.where(share == 0, low, between), np.nan)
    return found
