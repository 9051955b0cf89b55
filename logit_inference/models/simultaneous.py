"""Intervals that hold for several coefficients or combinations at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from logit_inference.errors import ArgumentError, HypothesisError
from logit_inference.inference.combination import Combinations, read_combinations
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.simultaneous import joint_quantile
from logit_inference.inference.wald import Coefficients, check_level
from logit_inference.models.inference import common_df
from logit_inference.rows.block import Floats

if TYPE_CHECKING:
    import pandas as pd

    from logit_inference.models.result import LogitResult


def joint_critical(estimate: Estimate, matrix: Floats, level: float) -> tuple[float, float]:
    """Return the critical value that holds for combinations (k, p) at once, and its error."""
    root = estimate.combine(matrix)[1]
    axes = [(row / np.linalg.norm(row))[:, np.newaxis] for row in root]
    return joint_quantile(level, axes, common_df(estimate, "simultaneous", True))


def check_wald(method: str | None) -> None:
    """Raise where simultaneous intervals are asked for by another method than Wald's."""
    if method not in (None, "wald"):
        reason = "simultaneous intervals are Wald intervals"
        raise ArgumentError.refused("method", method, reason, '"wald"')


def simultaneous_intervals(
    result: LogitResult,
    level: float,
    method: str | None,
    wanted: bool | str | Sequence[str],
    among: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return Wald intervals that hold for several coefficients at once.

    The critical value, and the error of the integration that found it, are in the frame's
    ``attrs``.

    Parameters
    ----------
    result : LogitResult
    level : float
        Probability that all intervals hold.
    method : str or None
        ``"wald"`` or None.
    wanted : True, str or sequence of str
        All coefficients with a finite estimate (the others are missing), or those named; a term
        means its columns.
    among : str or sequence of str, optional
        Those named, where ``wanted`` is True.

    Raises
    ------
    ArgumentError
        For names given twice.
    HypothesisError
        For a name without an estimate.
    """
    import pandas as pd

    check_wald(method)
    estimate, level = result.estimate, check_level(level)
    names = list(estimate.names)
    if among is not None and not isinstance(wanted, bool):
        raise ArgumentError("simultaneous", wanted, "names in names= or in simultaneous=, not both")
    wanted = wanted if among is None else among
    if isinstance(wanted, bool):
        chosen, shown = np.flatnonzero(estimate.estimable).tolist(), names
    else:
        chosen = named_coefficients(result, wanted, "simultaneous")
        shown = [names[j] for j in chosen]
    lost = [j for j in chosen if not estimate.estimable[j]]
    if lost:
        raise HypothesisError.not_joint(names[lost[0]])
    if not chosen:
        raise HypothesisError.nothing_finite()
    rows = np.eye(len(names))[chosen]
    critical, error = joint_critical(estimate, rows, level)
    half = critical * estimate.std_errors[chosen]
    value = estimate.coef[chosen]
    frame = pd.DataFrame(
        {"conf_low": value - half, "conf_high": value + half}, index=[names[j] for j in chosen]
    ).reindex(shown)  # coefficients without a finite estimate keep their row
    frame.attrs.update(
        method="wald",
        covariance=estimate.covariance.label,
        critical_value=critical,
        integration_error=error,
        notes=[
            f"The intervals hold at once for {len(chosen)} coefficients.",
            *_left_out(estimate, shown),
        ],
    )
    return frame


def _left_out(estimate: Estimate, shown: Sequence[str]) -> Iterator[str]:
    """Yield why coefficients that are shown have no interval."""
    infinite = [
        name
        for name, finite in zip(estimate.names, estimate.finite, strict=True)
        if name in shown and not finite
    ]
    if infinite:
        yield (
            f"No normal distribution, and so no interval that holds with others: "
            f"{', '.join(infinite)} (at infinity, or undetermined); likelihood-ratio limits are "
            "in conf_int() without simultaneous=."
        )


def named_coefficients(result: LogitResult, names: str | Sequence[str], argument: str) -> list[int]:
    """Return the columns of coefficients, or of all those of a term; each once.

    Raises
    ------
    ArgumentError
        For no name at all, or a combination.
    HypothesisError
        For a name that the fit does not have, or that it cannot estimate.
    """
    asked = [names] if isinstance(names, str) else names
    if not isinstance(asked, (list, tuple)) or not asked:
        known = ", ".join(result.estimate.names[-3:])
        raise ArgumentError(argument, names, f"names of coefficients or terms, such as {known}")
    matrix = read(result, asked).matrix
    single = (np.count_nonzero(matrix, axis=1) == 1) & (matrix.max(axis=1) == 1.0)
    if not single.all():
        allowed = "names of coefficients or terms; lincom() takes combinations"
        raise ArgumentError(argument, names, allowed)
    return list(dict.fromkeys(np.argmax(matrix, axis=1).tolist()))


def read(result: LogitResult, combination: object) -> Combinations:
    """Return combinations of the coefficients of a result, from text, names or rows."""
    at = result.estimate
    return read_combinations(combination, at.names, result.terms, at.identified)


def widened_jointly(
    table: Coefficients, estimate: Estimate, called: Sequence[str], matrix: Floats, level: float
) -> tuple[Coefficients, str]:
    """Return a table with intervals that hold at once, and what is said of them.

    Raises
    ------
    HypothesisError
        Where a combination goes to infinity.
    """
    infinite = estimate.infinite_in(matrix)
    if infinite.any():
        raise HypothesisError.not_joint(called[int(np.argmax(infinite))])
    critical, error = joint_critical(estimate, matrix, level)
    half = critical * table.std_error
    joint = replace(table, conf_low=table.estimate - half, conf_high=table.estimate + half)
    return joint, (
        f"The intervals hold at once for {len(matrix)} combinations: critical value "
        f"{critical:.4f}, integration error {error:.1g}."
    )
