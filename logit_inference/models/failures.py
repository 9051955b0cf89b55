"""Profiles that were not found: who is told, and why.

One coefficient whose profile fails does not cost the others theirs. Its numbers are NaN; frames and
tables of combinations come with a warning that names it and says why, the summary with a note.
Where nothing that was asked for was found, that is an error.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from logit_inference.errors import ProfileError, ProfileWarning
from logit_inference.inference.likelihood_ratio import profile_coefficients
from logit_inference.inference.wald import Coefficients
from logit_inference.models.inference import coefficient_inference, method_of
from logit_inference.rows.block import Floats

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult


def told_inference(result: LogitResult, level: float | None, method: str | None) -> Coefficients:
    """Return inference of all coefficients, having warned of profiles that were not found."""
    table = coefficient_inference(result, level, method)
    names = result.estimate.names
    if method_of(result, method) == "profile":
        tell_of_lost(result, names, np.eye(len(names)), table, level)
    return table


def tell_of_lost(
    result: LogitResult,
    called: Sequence[str],
    matrix: Floats,
    table: Coefficients,
    level: float | None,
) -> None:
    """Warn of combinations (k, p) whose profile was not found, with the reason.

    Raises
    ------
    ProfileError
        Where none of them was.

    Notes
    -----
    Nothing where all were found; else one search again for each that was not. Warns of profiles
    with several branches too.
    """
    if table.branched is not None and table.branched.any():
        split = [name for name, is_split in zip(called, table.branched, strict=True) if is_split]
        warnings.warn(ProfileWarning.branched(split), stacklevel=4)
    lost = np.flatnonzero(np.isnan(table.conf_low) & np.isfinite(table.estimate)).tolist()
    if not lost:
        return
    level = result.level if level is None else level
    reasons: dict[str, str] = {}
    for j in lost:
        reasons[called[j]] = ""
        if result.fit is None:
            continue
        fit, at, one = result.fit, result.estimate, [called[j]]
        try:
            profile_coefficients(fit, at, level, matrix=matrix[[j]], called=one)
        except ProfileError as problem:
            if len(lost) == len(called):
                raise
            reasons[called[j]] = str(problem)
    warnings.warn(ProfileWarning(reasons), stacklevel=4)
