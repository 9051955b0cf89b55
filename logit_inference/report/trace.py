"""A drawing of the way that a search took: what each step cost, and how far it still had to go.

It takes the trace as a table and draws it; where the numbers come from it must not know. The
drawing library (matplotlib) is imported when something is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.errors import MissingPackageError

if TYPE_CHECKING:
    from logit_inference.report.table import Table

LEAST = 1e-17  # of a cost above the least, where the axis of logarithms ends


def plot_trace(trace: Table) -> Any:
    """Return a figure of a trace: above, the cost of a sample; below, the distance that was left.

    Parameters
    ----------
    trace : Table
        With columns ``cost`` and ``distance`` (see `Solution.to_table`).

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    MissingPackageError
        Where matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise MissingPackageError("matplotlib", "plots", "a drawing") from missing
    values = {column.name: np.asarray(column.values) for column in trace.columns}
    cost = values["cost"].astype(float)
    distance = values["distance"].astype(float)
    marker = "o" if len(cost) <= 60 else ""
    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(cost, marker=marker, markersize=3.5, color="C0")
    above.set_ylabel("cost of a sample, −ℓ/n")
    shown = np.where(distance > LEAST, distance, np.nan)
    below.plot(shown, marker=marker, markersize=3.5, color="C3")
    below.set_yscale("log")
    below.axhline(1.0, color="0.6", linewidth=0.8, linestyle="--")
    below.set_ylabel("distance, in standard errors")
    below.set_xlabel("step")
    for axes in (above, below):
        axes.grid(alpha=0.25)
    above.set_title(trace.title)
    return figure
