"""P-values adjusted for the number of tests that a table of a result reports.

The joint distribution of single-step adjustment is that of the estimates: by the covariance of the
result for Wald tests, by the information for likelihood-ratio and score tests, which know of no
other. What the tests are of, terms, coefficients or combinations, is the caller's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from logit_inference.covariance.penalized import fit_covariance
from logit_inference.errors import ArgumentError, DetachedError
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.multiplicity import METHODS, adjust, single_step
from logit_inference.inference.terms import Comparison
from logit_inference.inference.wald import Coefficients, wald_direction
from logit_inference.models.inference import common_df
from logit_inference.models.testing import OF_THE_CRITERION
from logit_inference.rows.block import Floats

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult


@dataclass(frozen=True)
class Adjusted:
    """Adjusted p-values, NaN where there was no test, and the sentence that says how."""

    values: Floats
    note: str


def adjusted_tests(
    p: Floats,
    adjustment: str,
    axes: Callable[[], Sequence[Floats]],
    df: float | None = None,
) -> Adjusted:
    """Return the adjusted p-values of m tests.

    Parameters
    ----------
    p : (m,) array
        NaN is a test that was not made: it does not count.
    adjustment : str
        One of `multiplicity.METHODS`.
    axes : callable
        Returns for each test its directions (r, k); asked for single-step adjustment only.
    df : float, optional
        Of a t reference.
    """
    if adjustment not in METHODS:
        wanted = '"holm", "bonferroni", "bh", "by" or "single-step"'
        raise ArgumentError("adjust", adjustment, wanted)
    n_tests = int((~np.isnan(p)).sum())
    if not n_tests:
        return Adjusted(p, "There is no test whose p-value could be adjusted.")
    told = f"Adjusted for {n_tests} test{'s' if n_tests != 1 else ''}"
    if adjustment != "single-step":
        return Adjusted(adjust(p, adjustment), f"{told} ({adjustment}).")
    values, error = single_step(p, axes(), df)
    return Adjusted(
        values,
        f"{told} by the joint distribution of the tests (single-step; integration "
        f"error {error:.1g}).",
    )


def own_estimate(result: LogitResult, test: str) -> Estimate:
    """Return the estimate with the covariance that the tests of that method agree with."""
    estimate = result.estimate
    if test == "wald" or estimate.covariance.kind in OF_THE_CRITERION:
        return estimate
    if result.fit is None:
        raise DetachedError('adjust="single-step" of tests that do not use the covariance')
    return replace(estimate, covariance=fit_covariance(result.fit))


def single_df(result: LogitResult, method: str, adjustment: str) -> float | None:
    """Return the degrees of freedom of the joint distribution of tests, where one is asked for."""
    if method != "wald" or adjustment != "single-step":
        return None
    return common_df(result.estimate, "adjust", adjustment)


def comparison_axes(
    estimate: Estimate, comparisons: Sequence[Comparison], p: Floats
) -> list[Floats]:
    """Return the directions of tests of terms; none for tests that were not made."""
    axes = []
    for one, value in zip(comparisons, p.tolist(), strict=True):
        if np.isnan(value):
            axes.append(np.zeros((0, 0)))
            continue
        if estimate.infinite_in(one.null).any():
            raise at_infinity(one.term)
        axes.append(wald_direction(estimate, one.null, one.alternative).axes)
    return axes


def adjusted_combinations(
    result: LogitResult,
    called: Sequence[str],
    matrix: Floats,
    p: Floats,
    method: str,
    adjustment: str,
) -> Adjusted:
    """Return the adjusted p-values of combinations (k, p) of coefficients, each tested by itself.

    Parameters
    ----------
    result : LogitResult
    called : sequence of k str
    matrix : (k, p) array
    p : (k,) array
    method : {"wald", "profile"}
    adjustment : str
    """
    none = np.zeros((0, matrix.shape[1]))
    comparisons = [
        Comparison(name, row[np.newaxis], none) for name, row in zip(called, matrix, strict=True)
    ]
    df = single_df(result, method, adjustment)

    def axes() -> list[Floats]:
        return comparison_axes(own_estimate(result, method), comparisons, p)

    return adjusted_tests(p, adjustment, axes, df)


def adjusted_coefficients(
    result: LogitResult, table: Coefficients, method: str, adjustment: str | None
) -> Adjusted | None:
    """Return the adjusted p-values of all coefficients, None where none are wanted.

    The intercept's test, which nobody looks for, does not count.
    """
    if adjustment is None:
        return None
    names, p, left = result.estimate.names, table.p_value.copy(), ""
    if result.design.constant is not None:
        p[result.design.constant] = np.nan
        left = f" {names[result.design.constant]} does not count."
    matrix = np.eye(len(names))
    found = adjusted_combinations(result, names, matrix, p, method, adjustment)
    return replace(found, note=found.note + left)


def at_infinity(name: str) -> ArgumentError:
    """Return the error for a joint distribution of what has no finite estimate."""
    reason = f"{name!r} goes to infinity and has no normal distribution"
    return ArgumentError.refused("adjust", "single-step", reason, '"holm"')
