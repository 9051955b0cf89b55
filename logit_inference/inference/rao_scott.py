"""The working likelihood-ratio test of Rao and Scott: for likelihoods that weights made working.

Twice the fall of a pseudo-log-likelihood is, in large samples, a sum of independent chi-squares
``Σ λ_i χ²(1)``. The λ, eigenvalues of ``(C V C')(C V₀ C')⁻¹`` with V the design's covariance and V₀
the inverse information, are how much more the design lets the restrictions vary than the likelihood
believes: generalised design effects. Over a χ² of the design's degrees of freedom the sum becomes
a ratio, like F.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import ndtr

from logit_inference.errors import HypothesisError
from logit_inference.inference.distribution import chi_square_tail
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.hypothesis import Hypothesis
from logit_inference.inference.result import TestResult
from logit_inference.inference.submodel import Whole, submodel
from logit_inference.inference.wald import check_restrictions
from logit_inference.rows.block import Floats

MIDDLE = 1e-4  # of the saddlepoint: so near to the mean its formula is 0/0 (survey does the same)
NEAR_POLE = 1e-12  # of the way to a pole of the cumulant function


def rao_scott_test(whole: Whole, estimate: Estimate, hypothesis: Hypothesis, by: str) -> TestResult:
    """Return the working likelihood-ratio test of ``matrix @ coef = value``; one restricted fit.

    Parameters
    ----------
    whole : Whole
        Of a fit with weights of mean one: the statistic is that of as many rows.
    estimate : Estimate
        With the covariance of the design.
    hypothesis : Hypothesis
    by : {"rao-scott", "rao-scott-f"}
        The tail of the sum itself, by a saddlepoint approximation, as R's ``regTermTest(method =
        "LRT")``; or Satterthwaite's F of ``X²/Σλ`` with ``(Σλ)²/Σλ²`` and the design's degrees of
        freedom. For one restriction the latter is exact given λ.

    Returns
    -------
    TestResult
        Its notes hold λ.

    References
    ----------
    Rao and Scott (1984), *Annals of Statistics* 12. Lumley and Scott (2014), *Australian & New
    Zealand Journal of Statistics* 56. Kuonen (1999), *Biometrika* 86, for the saddlepoint.
    """
    check_restrictions(estimate, hypothesis.matrix)
    null = submodel(whole, hypothesis.matrix, hypothesis.value)
    statistic = max(2.0 * (whole.value - null.maximum), 0.0)
    scales = design_effects_of(whole, estimate, hypothesis.matrix)
    if not scales.any():
        raise HypothesisError.no_variance(len(hypothesis.matrix), 0, estimate.covariance.kind)
    k = float(len(hypothesis.matrix))
    denominator = estimate.covariance.joint_degrees(hypothesis.matrix)
    told = ", ".join(f"{scale:.4g}" for scale in scales)
    kind = estimate.covariance.kind
    if by == "rao-scott-f":
        total, squares = float(scales.sum()), float(scales @ scales)
        df = total * total / squares
        tail = chi_square_tail(statistic * df / total, df, denominator)
        shown = statistic / total if denominator is not None else statistic * df / total
        note = (
            f"Satterthwaite's approximation of Σ λ χ²(1), with λ = {told} by the covariance "
            f"({kind}); working 2 log LR = {statistic:.4g}."
        )
        return TestResult(by, hypothesis.text, shown, df, denominator, tail, (note,))
    tail = mixture_tail(statistic, scales.tolist(), denominator)
    over = "" if denominator is None else f" over χ²({denominator:g})/{denominator:g}"
    note = (
        f"p: saddlepoint approximation of the tail of Σ λ χ²(1){over}, with λ = {told} by the "
        f"covariance ({kind}), as R's regTermTest."
    )
    return TestResult(by, hypothesis.text, statistic, k, denominator, tail, (note,))


def design_effects_of(whole: Whole, estimate: Estimate, matrix: Floats) -> Floats:
    """Return the eigenvalues λ (k,) of the restrictions, largest first; fewer by a poorer rank."""
    believed = whole.fit.basis.of(matrix) @ whole.fit.information_root()
    found = estimate.combine(matrix)[1]
    triangle: Any = np.linalg.qr(believed.T, mode="r")
    ratios: Any = np.linalg.solve(triangle.T, found)
    values: Floats = np.linalg.svd(ratios, compute_uv=False)
    return np.square(values)


def mixture_tail(statistic: float, scales: Sequence[float], df: float | None = None) -> float:
    """Return the upper tail of ``Σ λ_i χ²(1)``, or of that over an independent ``χ²(df)/df``.

    ``P(Σ λ χ² > x χ²(df)/df)`` is that of a difference of chi-squares at zero. With cumulant
    function K and saddlepoint s, ``K'(s) = x``, it is ``1 − Φ(w + log(v/w)/w)`` with ``w = ±√(2(s x
    − K(s)))`` and ``v = s √K''(s)``; next to the mean, where that is 0/0, Satterthwaite's.

    Examples
    --------
    >>> round(mixture_tail(5.99, [1.0, 1.0]), 3)  # chi-square(2), whose tail is 0.050
    0.051
    """
    if not statistic > 0:
        return 1.0
    if df is not None and not df > 0:
        return math.nan
    scaled = np.array(scales) / max(scales)
    at = statistic / max(scales)
    lambdas, counts = scaled, np.ones(len(scaled))
    if df is not None:
        lambdas, counts = np.append(lambdas, -at / df), np.append(counts, df)
        at = 0.0
    s = _saddlepoint(at, lambdas, counts)
    if abs(s) < MIDDLE:
        total, squares = sum(scales), sum(scale * scale for scale in scales)
        freedom = total * total / squares
        return chi_square_tail(statistic * freedom / total, freedom, df)
    value = -0.5 * float((counts * np.log1p(-2.0 * s * lambdas)).sum())
    curvature = 2.0 * float((counts * np.square(lambdas / (1.0 - 2.0 * s * lambdas))).sum())
    w = math.copysign(math.sqrt(2.0 * (s * at - value)), s)
    v = s * math.sqrt(curvature)
    return float(ndtr(-(w + math.log(v / w) / w)))


def _saddlepoint(at: float, lambdas: Floats, counts: Floats) -> float:
    """Return s with ``K'(s) = at`` between the poles of K."""
    high = 0.5 / lambdas.max() * (1.0 - NEAR_POLE)
    if lambdas.min() < 0:
        low = 0.5 / lambdas.min() * (1.0 - NEAR_POLE)
    else:  # K'(s) is at most counts/(−2 s)
        low = -0.5 * float(counts.sum()) / at - 1.0
    for _ in range(200):  # K' increases
        middle = 0.5 * (low + high)
        if float((counts * lambdas / (1.0 - 2.0 * middle * lambdas)).sum()) < at:
            low = middle
        else:
            high = middle
    return float(0.5 * (low + high))
