"""Tables of sampling designs: stages, and what they do to standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.report.table import Column, Table

Floats = NDArray[np.float64]


def design_table(
    stages: Sequence[Any],
    names: Sequence[Sequence[str]],
    *,
    n_rows: int,
    weights: tuple[str, float],
    df: float,
    notes: Sequence[str],
) -> Table:
    """Return one row for each stage of a design: strata, units, and how many of them.

    Parameters
    ----------
    stages : sequence of Stage
    names : three sequences of str
        Columns of units, strata and population sizes by stage.
    n_rows : int
    weights : (str, float)
        Their column and their sum.
    df : float
    notes : sequence of str
    """
    units, layers, fpc = names
    numbers = range(len(stages))
    columns = (
        Column("stage", [str(k + 1) for k in numbers]),
        Column("units", [units[k] if k < len(units) else "rows" for k in numbers]),
        Column("strata", [layers[k] if k < len(layers) else "—" for k in numbers]),
        Column("n_strata", [len(stage.sampled) for stage in stages], "no. strata", "integer"),
        Column("n_units", [int(stage.sampled.sum()) for stage in stages], "no. units", "integer"),
        Column(
            "least_units",
            [int(stage.sampled.min()) for stage in stages],
            "per stratum ≥",
            "integer",
        ),
        Column("fpc", [fpc[k] if k < len(fpc) else "—" for k in numbers]),
    )
    facts = (
        ("Rows", f"{n_rows:,}"),
        ("Weights", weights[0]),
        ("Sum of weights", f"{weights[1]:,.10g}"),
        ("Design df", f"{df:g}"),
    )
    return Table("Survey Design", columns, facts=facts, notes=tuple(notes))


def effects_table(
    names: Sequence[str], std_error: Floats, simple: Floats, notes: Sequence[str]
) -> Table:
    """Return the design effect of each coefficient."""
    with np.errstate(invalid="ignore", divide="ignore"):
        root = std_error / simple
    columns = (
        Column("term", list(names), header=""),
        Column("std_error", std_error, "std err", "estimate"),
        Column("std_error_srs", simple, "SRS std err", "estimate"),
        Column("deff", np.square(root), "deff", "fixed"),
        Column("deft", root, "deft", "fixed"),
    )
    return Table("Design Effects", columns, notes=tuple(notes))
