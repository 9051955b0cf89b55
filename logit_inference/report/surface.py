"""A drawing of fitted probabilities over two predictors, with the boundary of a decision rule.

It draws numbers that it is handed; the drawing library (matplotlib) is imported then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import MissingPackageError

MOST_POINTS = 4000  # of rows that are drawn one by one
LEVELS = np.linspace(0.0, 1.0, 11)


@dataclass(frozen=True, eq=False)
class Points:
    """Rows to draw: two coordinates (n,), and whether each is an event."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    event: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Surface:
    """Probabilities on a grid of two predictors.

    Parameters
    ----------
    names : tuple of two str
    grids : tuple of arrays (k,) and (m,)
    probability : (m, k) array
    threshold : float
        Of the rule: an event from there on.
    event : str
        What the probability is of.
    held : mapping
        Values of the other predictors.
    points : Points or None
    """

    names: tuple[str, str]
    grids: tuple[NDArray[np.float64], NDArray[np.float64]]
    probability: NDArray[np.float64]
    threshold: float
    event: str
    held: Mapping[str, Any]
    points: Points | None


def plot_surface(surface: Surface) -> Any:
    """Return a figure: shades of the fitted probability, the boundary as a line, rows as points.

    Raises
    ------
    MissingPackageError
        Where matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise MissingPackageError("matplotlib", "plots", "a drawing") from missing
    figure = Figure(figsize=(6.6, 5.0), layout="constrained")
    axes = figure.subplots()
    p = surface.probability
    shades = axes.contourf(*surface.grids, p, levels=LEVELS, cmap="RdBu_r", alpha=0.75)
    bar = figure.colorbar(shades, ax=axes)
    bar.set_label(f"fitted {surface.event}")
    title = f"Classified as an event from p = {surface.threshold:g} on"
    if float(np.nanmax(p)) < surface.threshold:
        title = f"Nowhere classified as an event: p < {surface.threshold:g}"
    elif float(np.nanmin(p)) >= surface.threshold:
        title = f"Everywhere classified as an event: p is at least {surface.threshold:g}"
    else:
        line = axes.contour(*surface.grids, p, levels=[surface.threshold], colors="black")
        axes.clabel(line, fmt=f"p = {surface.threshold:g}", fontsize=9)
    if surface.points is not None:
        _draw(axes, surface.points)
    axes.set_xlabel(surface.names[0])
    axes.set_ylabel(surface.names[1])
    (left, right), (low, high) = (_roomy(grid) for grid in surface.grids)
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)
    held = ", ".join(f"{name} = {_told(value)}" for name, value in surface.held.items())
    axes.set_title(title + (f"\nat {held}" if held else ""), fontsize=10)
    return figure


def _draw(axes: Any, points: Points) -> None:
    every = max(1, -(-len(points.x) // MOST_POINTS))
    for event, face, label in ((False, "white", "non-event"), (True, "black", "event")):
        rows = np.flatnonzero(points.event == event)[::every]
        axes.scatter(
            points.x[rows], points.y[rows], s=18, c=face, edgecolors="black", linewidths=0.6,
            label=label, zorder=3,
        )  # fmt: skip
    axes.legend(loc="upper right", fontsize=9, framealpha=0.9)


def _roomy(grid: NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of a range and a little more, so that points at its ends are whole."""
    room = 0.02 * float(grid[-1] - grid[0])
    return float(grid[0]) - room, float(grid[-1]) + room


def _told(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
