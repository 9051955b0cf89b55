"""Wald inference: what an estimate and its covariance say of coefficients and combinations."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.satterthwaite import Satterthwaite
from logit_inference.errors import ArgumentError, HypothesisError
from logit_inference.inference.distribution import chi_square_tail, critical_values, two_sided
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.hypothesis import Hypothesis
from logit_inference.inference.result import TestResult
from logit_inference.rows.block import Floats

# Covariances that trust the model, penalty and all: tests need not name them.
OF_THE_INFORMATION = ("model", "penalized information", "augmented information")


@dataclass(frozen=True)
class Coefficients:
    """Estimates of k quantities with their inference, arrays of shape (k,).

    ``branched`` says whose profiles have several branches; None where none was looked at.
    """

    estimate: Floats
    std_error: Floats
    statistic: Floats
    p_value: Floats
    conf_low: Floats
    conf_high: Floats
    branched: NDArray[np.bool_] | None = None


def check_level(level: float) -> float:
    """Return the confidence level, or raise an ArgumentError where it is no probability."""
    if not (isinstance(level, (float, Real)) and 0.0 < level < 1.0):
        raise ArgumentError("level", level, "a confidence level between 0 and 1, such as 0.95")
    return float(level)


def coefficients(estimate: Estimate, level: float) -> Coefficients:
    """Return Wald inference for each coefficient.

    Examples
    --------
    >>> from logit_inference.covariance.covariance import Covariance
    >>> from logit_inference.rows.basis import Basis
    >>> covariance = Covariance(np.array([[0.5]]), Basis.identity(1), "model")
    >>> one = Estimate(("x",), np.array([1.0]), covariance, {})
    >>> coefficients(one, 0.95).statistic.tolist()
    [2.0]
    """
    df = estimate.covariance.coefficient_df
    return _inference(df, estimate.coef, estimate.std_errors, level)


def combinations(estimate: Estimate, matrix: Floats, level: float) -> Coefficients:
    """Return Wald inference for combinations ``matrix @ coef`` of coefficients.

    Parameters
    ----------
    estimate : Estimate
    matrix : (k, p) array
    level : float
        Of the intervals.

    Returns
    -------
    Coefficients
        Infinite, or NaN, and without a standard error where the data are separated and the
        combination has no finite value; NaN where it involves what cannot be estimated.
    """
    value, root = estimate.combine(matrix)
    std_error = np.linalg.norm(root, axis=1)
    if estimate.recession is not None:
        sides = estimate.recession.sides(matrix)
        with np.errstate(invalid="ignore"):
            value = np.where(sides == 0, value, sides * np.inf)
        std_error = np.where(sides == 0, std_error, np.nan)
    unknown = ((matrix != 0) & ~estimate.identified).any(axis=1)
    value, std_error = np.where(unknown, np.nan, value), np.where(unknown, np.nan, std_error)
    return _inference(estimate.covariance.degrees(matrix), value, std_error, level)


def _inference(
    df: float | Floats | None, value: Floats, std_error: Floats, level: float
) -> Coefficients:
    half = critical_values(check_level(level), df) * std_error
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = value / std_error
        low, high = value - half, value + half
    return Coefficients(value, std_error, statistic, two_sided(statistic, df), low, high)


def wald_test(estimate: Estimate, hypothesis: Hypothesis) -> TestResult:
    """Return the Wald test of ``matrix @ coef = value``.

    The statistic is ``d' (R V R')⁻¹ d`` with ``d = R coef − r``; chi-square with the number of
    restrictions as degrees of freedom, F where the covariance has a t reference.

    Raises
    ------
    HypothesisError
        Where a restriction involves a coefficient that cannot be estimated or goes to infinity, or
        restrictions are redundant or contradict each other.
    """
    matrix = hypothesis.matrix
    infinite = estimate.infinite_in(matrix)
    if infinite.any():
        column = int(np.argmax((matrix[infinite][0] != 0) & ~estimate.finite))
        raise HypothesisError.infinite(estimate.names[column])
    check_restrictions(estimate, matrix)
    value, root = estimate.combine(matrix)
    check_rank(estimate, root)
    if len(matrix) > (rank := largest_rank(estimate)):
        raise HypothesisError.too_low_rank(len(matrix), rank)
    distance = value - hypothesis.value
    # |R V R'| through a triangular factor of its root: the restrictions may be of any scale.
    scale = np.linalg.norm(root, axis=1)
    triangle: Any = np.linalg.qr((root / scale[:, np.newaxis]).T, mode="r")
    standardized = np.linalg.solve(triangle.T, distance / scale)
    statistic = float(standardized @ standardized)
    found = wald_reference(estimate, matrix, statistic)
    if found.df_denominator is not None and found.df_denominator <= 0.0:
        raise HypothesisError.too_few_df(len(scale), found.df_denominator + len(scale) - 1.0)
    df, notes = float(len(scale)), covariance_note(estimate, joint=len(scale) > 1)
    shown = found.statistic, df, found.df_denominator, found.p_value
    return TestResult("wald", hypothesis.text, *shown, notes)


@dataclass(frozen=True)
class Reference:
    """A Wald statistic as its reference distribution takes it: chi-square, or F."""

    statistic: float
    df_denominator: float | None
    p_value: float


def wald_reference(estimate: Estimate, matrix: Floats, statistic: float) -> Reference:
    """Return the reference of the Wald statistic of ``matrix @ coef``, k rows.

    F of ``statistic/k`` where the covariance has a t reference. Where degrees of freedom differ
    from combination to combination and there are several, ν of the covariance as a whole, and
    ``(ν − k + 1)/(ν k) · statistic`` is F with k and ν − k + 1: Hotelling's T² (clubSandwich's
    HTZ); NaN where ν is not above k − 1.
    """
    k, df = len(matrix), estimate.covariance.joint_degrees(matrix)
    if df is None:
        return Reference(statistic, None, chi_square_tail(statistic, float(k)))
    share, denominator = 1.0, df
    if isinstance(estimate.covariance.df, Satterthwaite):
        denominator = df - k + 1.0
        share = denominator / df
    if not denominator > 0.0:
        return Reference(np.nan, denominator, np.nan)
    tail = chi_square_tail(share * statistic, float(k), denominator)
    return Reference(share * statistic / k, denominator, tail)


def covariance_note(estimate: Estimate, *, joint: bool = False) -> tuple[str, ...]:
    """Return which covariance a Wald test rests on, where it is not that of the model."""
    covariance = estimate.covariance
    if covariance.kind in OF_THE_INFORMATION:
        return ()
    if not isinstance(covariance.df, Satterthwaite):
        return (f"Covariance: {covariance.label}.",)
    how = "Hotelling's T² (HTZ)" if joint else "Satterthwaite"
    return (f"Covariance: {covariance.description}; degrees of freedom: {how}.",)


def largest_rank(estimate: Estimate) -> int:
    """Return the rank that a covariance has at most, and so restrictions that are tested together.

    Scores of G clusters sum to zero, so that their covariance has rank G − 1 at most. Negative
    eigenvalues that were set to zero take their directions with them.
    """
    covariance = estimate.covariance
    rank = int(np.count_nonzero(covariance.root.any(axis=0)))
    return rank if covariance.n_clusters is None else min(rank, covariance.n_clusters - 1)


def check_rank(estimate: Estimate, root: Floats) -> None:
    """Raise where a covariance of few units has no variance for so many restrictions.

    Raises
    ------
    HypothesisError
    """
    if root.shape[1] < len(root) or not np.linalg.norm(root, axis=1).all():
        rank = root.shape[1] if root.any() else 0
        raise HypothesisError.no_variance(len(root), rank, estimate.covariance.kind)


def check_restrictions(estimate: Estimate, matrix: Floats) -> None:
    """Raise where restrictions are not about what the data can tell apart, or not independent.

    Independence is judged on the restrictions themselves, each coefficient in units of its standard
    error where it has one: how nearly collinear the estimates are must not matter.

    Raises
    ------
    HypothesisError
    """
    unknown = (matrix != 0) & ~estimate.identified
    if unknown.any():
        raise HypothesisError.not_estimable(estimate.names[int(np.argmax(unknown.any(axis=0)))])
    std_errors = estimate.std_errors
    known = np.isfinite(std_errors) & (std_errors > 0)
    scaled = matrix * np.where(known, std_errors, 1.0)
    scaled = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    triangle: Any = np.linalg.qr(scaled.T, mode="r")
    if len(triangle) < len(matrix) or np.abs(np.diagonal(triangle)).min() < 1e-10:
        raise HypothesisError.dependent(len(matrix))


@dataclass(frozen=True)
class Direction:
    """What a Wald test tests, as directions in the space of standardised estimates.

    Parameters
    ----------
    standardized : (df,) array
        Independent with unit variance; the statistic is the sum of their squares.
    axes : (r, df) array
        Orthonormal: the same of the columns of the root of the covariance.
    matrix : (df, p) array
        The same of the coefficients: ``standardized`` is ``matrix @ coef``.
    """

    standardized: Floats
    axes: Floats
    matrix: Floats

    @property
    def statistic(self) -> float:
        """The Wald statistic."""
        return float(self.standardized @ self.standardized)


def wald_direction(estimate: Estimate, null: Floats, alternative: Floats) -> Direction:
    """Return the Wald test of ``null @ coef = 0`` within ``alternative @ coef = 0``.

    Of the space of restrictions it is the part that is orthogonal, in the metric of the covariance,
    to those that hold either way: the statistic is the difference of the two Wald statistics.

    Parameters
    ----------
    estimate : Estimate
    null : (k, p) array
    alternative : (m, p) array
        Combinations of the rows of ``null``; none where all of them are under test.

    Examples
    --------
    >>> from logit_inference.covariance.covariance import Covariance
    >>> from logit_inference.rows.basis import Basis
    >>> covariance = Covariance(np.eye(2), Basis.identity(2), "model")
    >>> two = Estimate(("x", "z"), np.array([3.0, 4.0]), covariance, {})
    >>> wald_direction(two, np.eye(2), np.eye(2)[:1]).statistic
    16.0
    """
    value, root = estimate.combine(null)
    check_rank(estimate, root)
    scale = np.linalg.norm(root, axis=1)
    axes, triangle = np.linalg.qr((root / scale[:, np.newaxis]).T)
    standardized: Floats = np.linalg.solve(triangle.T, value / scale)
    matrix: Floats = np.linalg.solve(triangle.T, null / scale[:, np.newaxis])
    if len(alternative):
        held = estimate.combine(alternative)[1]
        inside = axes.T @ np.linalg.qr((held / np.linalg.norm(held, axis=1)[:, None]).T)[0]
        left = np.linalg.qr(inside, mode="complete")[0][:, len(alternative) :]
        standardized, axes, matrix = left.T @ standardized, axes @ left, left.T @ matrix
    return Direction(standardized, axes, matrix)
