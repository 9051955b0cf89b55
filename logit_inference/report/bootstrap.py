"""The table of a bootstrap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from logit_inference.report.table import Column, Table

Floats = NDArray[np.float64]

METHODS = {
    "percentile": "quantiles of the replicates",
    "basic": "twice the estimate less quantiles of the replicates",
    "bca": (
        "BCa: quantiles corrected for bias and acceleration, the latter by the infinitesimal "
        "jackknife"
    ),
    "normal": "normal, with the standard error of the replicates and no correction for bias",
}


def bootstrap_table(
    names: Sequence[str],
    columns: Sequence[Floats],
    level: float,
    method: str,
    drawn: str,
    left_out: tuple[int, int, int, int],
) -> Table:
    """Return one row for each coefficient: estimate, bias, standard error, interval.

    Parameters
    ----------
    names : sequence of p str
    columns : five (p,) arrays
        Estimate, bias, standard error, interval ends.
    level : float
    method : {"percentile", "basic", "bca", "normal"}
    drawn : str
        How many replicates of what.
    left_out : (int, int, int, int)
        Replicates, and how many of them are separated, are separated so that a coefficient may go
        either way, and cannot tell the columns apart.
    """
    estimate, bias, std_error, low, high = columns
    ends = (1.0 - level) / 2, (1.0 + level) / 2
    n_replicates, n_separated, n_open, n_lost = left_out
    notes = [f"{drawn}.", f"Intervals: {METHODS[method]}."]
    if n_separated:
        kept = n_replicates - n_separated - n_lost
        notes.append(
            f"{n_separated:,} replicates are separated: intervals other than normal count them "
            f"at the infinity where they lie, bias and standard errors are of the {kept:,} others."
        )
    if n_open:
        notes.append(
            f"{n_open:,} of these leave open to which infinity some coefficient goes: they are in "
            "no interval of that coefficient."
        )
    if n_lost:
        notes.append(
            f"{n_lost:,} replicates cannot tell the columns apart (a level is lost, say) or were "
            "not fitted: they are in no number of this table."
        )
    return Table(
        "Bootstrap of Logit Coefficients",
        (
            Column("term", list(names), header=""),
            Column("estimate", estimate, header="coef", kind="estimate"),
            Column("bias", bias, kind="estimate"),
            Column("std_error", std_error, header="std err", kind="estimate"),
            Column("conf_low", low, header=f"[{ends[0]:.4g}", kind="estimate"),
            Column("conf_high", high, header=f"{ends[1]:.4g}]", kind="estimate"),
        ),
        notes=tuple(notes),
    )
