"""Many tests at once: p-values adjusted so that the error rate holds for all of them together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from logit_inference.errors import ArgumentError
from logit_inference.inference.simultaneous import joint_tails
from logit_inference.rows.block import Floats

METHODS = ("holm", "bonferroni", "bh", "by", "single-step")


def adjust(p: Sequence[float] | Floats, method: str) -> Floats:
    """Return p-values adjusted for their number, shape (m,).

    Parameters
    ----------
    p : (m,) array
        NaN is a test that was not made: it stays NaN and does not count.
    method : {"holm", "bonferroni", "bh", "by"}
        Holm and Bonferroni bound the probability of any false rejection, whatever the dependence;
        Benjamini–Hochberg (``"bh"``) the expected share of false ones among rejections of tests
        that are independent or positively dependent, Benjamini–Yekutieli (``"by"``) of any.

    References
    ----------
    Holm (1979), *Scandinavian Journal of Statistics* 6. Benjamini and Hochberg (1995), *JRSS B* 57.
    Benjamini and Yekutieli (2001), *Annals of Statistics* 29.

    Examples
    --------
    >>> adjust([0.01, 0.04, 0.03], "holm").round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    raw = np.asarray(p, dtype=np.float64)
    if method not in METHODS[:4]:
        raise ArgumentError("adjust", method, '"holm", "bonferroni", "bh" or "by"')
    adjusted = np.full(raw.shape, np.nan)
    made = np.flatnonzero(~np.isnan(raw))
    m = len(made)
    if method == "bonferroni":
        adjusted[made] = np.minimum(raw[made] * m, 1.0)
        return adjusted
    order = made[np.argsort(raw[made], kind="stable")]
    rank = np.arange(1, m + 1)
    if method == "holm":
        stepped = np.maximum.accumulate(raw[order] * (m + 1 - rank))
    else:
        price = float((1.0 / rank).sum()) if method == "by" else 1.0
        stepped = np.minimum.accumulate((raw[order] * (price * m / rank))[::-1])[::-1]
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def single_step(
    p: Sequence[float] | Floats, axes: Sequence[Floats], df: float | None = None
) -> tuple[Floats, float]:
    """Return p-values adjusted by the joint distribution of the tests, and the error of these.

    The adjusted one is the probability that the smallest p-value of all is as small, the estimates
    being normal (or t) with their covariance and all hypotheses true.

    Parameters
    ----------
    p : (m,) array
        NaN is a test that was not made.
    axes : sequence of (r, k) arrays
        For each test, orthonormal directions: its statistic is the sum of squares along them.
    df : float, optional
        Of the t reference.

    Notes
    -----
    See `joint_tails`. Likelihood-ratio and score statistics have the same joint distribution in
    large samples.

    References
    ----------
    Hothorn, Bretz and Westfall (2008), *Biometrical Journal* 50.
    """
    raw = np.asarray(p, dtype=np.float64)
    adjusted, made = np.full(raw.shape, np.nan), np.flatnonzero(~np.isnan(raw)).tolist()
    if not made:
        return adjusted, 0.0
    tails, error = joint_tails(raw[made], [axes[j] for j in made], df)
    adjusted[made] = np.maximum(tails, raw[made])
    return adjusted, error
