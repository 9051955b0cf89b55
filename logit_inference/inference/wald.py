"""Wald inference: what an estimate and its covariance say of coefficients and combinations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from logit_inference.errors import ArgumentError, HypothesisError
from logit_inference.inference.distribution import chi_square_tail, critical_value, two_sided
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.hypothesis import Hypothesis
from logit_inference.inference.result import TestResult
from logit_inference.rows.block import Floats


@dataclass(frozen=True)
class Coefficients:
    """Estimates of k quantities with their Wald inference, arrays of shape (k,)."""

    estimate: Floats
    std_error: Floats
    statistic: Floats
    p_value: Floats
    conf_low: Floats
    conf_high: Floats


def check_level(level: float) -> float:
    """Return the confidence level, or raise an ArgumentError where it is no probability."""
    if not 0.0 < level < 1.0:
        raise ArgumentError("level", level, "a confidence level between 0 and 1, such as 0.95")
    return float(level)


def coefficients(estimate: Estimate, level: float) -> Coefficients:
    """Return Wald inference for each coefficient.

    Examples
    --------
    >>> from logit_inference.covariance.covariance import Covariance
    >>> root = np.array([[0.5]])
    >>> one = Estimate(("x",), np.array([1.0]), Covariance(root, np.array([True]), "model"), {})
    >>> coefficients(one, 0.95).statistic.tolist()
    [2.0]
    """
    covariance = estimate.covariance
    std_error = covariance.std_errors
    half = critical_value(check_level(level), covariance.df) * std_error
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = estimate.coef / std_error
    return Coefficients(
        estimate.coef,
        std_error,
        statistic,
        two_sided(statistic, covariance.df),
        estimate.coef - half,
        estimate.coef + half,
    )


def wald_test(estimate: Estimate, hypothesis: Hypothesis) -> TestResult:
    """Return the Wald test of ``matrix @ coef = value``.

    The statistic is ``d' (R V R')⁻¹ d`` with ``d = R coef − r``; chi-square with the number of
    restrictions as degrees of freedom, F where the covariance has a t reference.

    Raises
    ------
    HypothesisError
        Where a restriction involves a coefficient that cannot be estimated, or restrictions are
        redundant or contradict each other.
    """
    matrix = hypothesis.matrix
    unknown = (matrix != 0) & ~estimate.covariance.estimable
    if unknown.any():
        name = estimate.names[int(np.flatnonzero(unknown.any(axis=0))[0])]
        raise HypothesisError(
            f"the coefficient of {name!r} cannot be estimated from these data, so nothing can be "
            "tested about it. Leave it out of the hypothesis."
        )
    value, root = estimate.combine(matrix)
    distance = value - hypothesis.value
    # |R V R'| through a triangular factor of its root: the restrictions may be of any scale.
    scale = np.linalg.norm(root, axis=1)
    if not (scale > 0).all():
        raise HypothesisError("a restriction has no coefficient with any variance in it.")
    triangle: Any = np.linalg.qr((root / scale[:, np.newaxis]).T, mode="r")
    if len(triangle) < len(scale) or np.abs(np.diagonal(triangle)).min() < 1e-10:
        raise HypothesisError(
            f"the {len(scale)} restrictions are not independent of each other: leave out those "
            "that follow from, or contradict, the rest."
        )
    standardized = np.linalg.solve(triangle.T, distance / scale)
    statistic = float(standardized @ standardized)
    df, denominator = float(len(scale)), estimate.covariance.df
    tail = chi_square_tail(statistic, df, denominator)
    shown = statistic if denominator is None else statistic / df
    return TestResult("wald", hypothesis.text, shown, df, denominator, tail)
