"""The table of pooled imputations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from logit_inference.inference.wald import Coefficients
from logit_inference.report.inference import ODDS_RATIOS
from logit_inference.report.table import Column, Table

Floats = NDArray[np.float64]


def pooled_table(
    names: Sequence[str],
    table: Coefficients,
    df: Floats,
    fmi: Floats,
    level: float,
    facts: Sequence[tuple[str, str]],
    notes: Sequence[str],
    *,
    odds_ratios: bool,
    title: str = "Pooled Logit Regression Results",
) -> Table:
    """Return one row for each coefficient, with its degrees of freedom and missing information.

    Parameters
    ----------
    names : sequence of p str
    table : Coefficients
        On the scale to print.
    df, fmi : (p,) arrays
    level : float
        Of the intervals.
    facts, notes
        What stands above and below.
    odds_ratios : bool
    title : str
    """
    low, high = (1.0 - level) / 2, (1.0 + level) / 2
    head = "odds ratio" if odds_ratios else "coef"
    return Table(
        title,
        (
            Column("term", list(names), header=""),
            Column("estimate", table.estimate, header=head, kind="estimate"),
            Column("std_error", table.std_error, header="std err", kind="estimate"),
            Column("statistic", table.statistic, header="t", kind="statistic"),
            Column("df", df, kind="fixed"),
            Column("p_value", table.p_value, header="P>|t|", kind="p_value"),
            Column("conf_low", table.conf_low, header=f"[{low:.4g}", kind="estimate"),
            Column("conf_high", table.conf_high, header=f"{high:.4g}]", kind="estimate"),
            Column("fmi", fmi, kind="fixed"),
        ),
        facts=tuple(facts),
        notes=(*notes, *((ODDS_RATIOS,) if odds_ratios else ())),
    )
