"""Plots of predictions, comparisons and slopes along one variable, in groups of a second and third.

They ask for the effects of a grid, or for averages, and hand what they get to `report.plots`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.design.grid import DataGrid, column_values, has_levels
from logit_inference.errors import ArgumentError, EffectError
from logit_inference.models.answerable import check_one_probability
from logit_inference.models.contrasts import weighted_quantile
from logit_inference.models.effect_notes import NO_INTERVAL
from logit_inference.models.effect_rows import fitted_rows
from logit_inference.models.effect_table import Effects
from logit_inference.models.effects import (
    avg_comparisons,
    avg_predictions,
    avg_slopes,
    comparisons,
    predictions,
    slopes,
)
from logit_inference.report.plots import Curve, Picture, draw, new_axes, open_span

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult

POINTS = 61  # of a line


def plot_predictions(
    result: LogitResult,
    condition: Any = None,
    *,
    by: str | Sequence[str] | None = None,
    kind: str = "response",
    level: float | None = None,
    covariance: Any = None,
    uncertainty: str | None = None,
    ax: Any = None,
) -> Any:
    """Return axes with predictions along a variable.

    Parameters
    ----------
    result : LogitResult
    condition : str, list of str, or mapping of name to values, optional
        Variables of the grid, the others being typical: the first along the x axis, the second in
        lines or markers, the third in panels. Numbers run over their range (the second and third
        stand at their quartiles), levels are all there.
    by : str or list of str, optional
        Instead of ``condition``: averages over the rows of the fit, in groups of these variables.
    kind, level, covariance, uncertainty
        As in `predictions`.
    ax : matplotlib Axes, or several, optional
        Where to draw.

    Returns
    -------
    matplotlib Axes, or a list of them where there are panels

    Raises
    ------
    MissingPackageError
        Where matplotlib is not installed: ``pip install 'logit-inference[plots]'``.
    """
    options = {"kind": kind, "level": level, "covariance": covariance, "uncertainty": uncertainty}
    names, grid = _where(result, condition, by)
    if grid is None:
        found = avg_predictions(result, by=names, **options)
    else:
        found = predictions(result, newdata=grid, **options)
    return _plot(result, found, names, found.header, None, ax)


def plot_comparisons(
    result: LogitResult,
    variables: Any,
    condition: Any = None,
    *,
    by: str | Sequence[str] | None = None,
    contrast: str = "difference",
    kind: str = "response",
    level: float | None = None,
    covariance: Any = None,
    uncertainty: str | None = None,
    ax: Any = None,
) -> Any:
    """Return axes with comparisons along a variable; one panel for each comparison.

    Parameters
    ----------
    result : LogitResult
    variables : str, list of str, or mapping of name to contrast
        As in `comparisons`.
    condition, by, ax
        As in `plot_predictions`, but for the third variable.
    contrast, kind, level, covariance, uncertainty
        As in `comparisons`.

    Returns
    -------
    matplotlib Axes, or a list of them where there are several comparisons
    """
    options = {
        "contrast": contrast,
        "kind": kind,
        "level": level,
        "covariance": covariance,
        "uncertainty": uncertainty,
    }
    names, grid = _where(result, condition, by, most=2)
    if grid is None:
        found = avg_comparisons(result, variables, by=names, **options)
    else:
        found = comparisons(result, variables, newdata=grid, **options)
    null = 1.0 if contrast in ("ratio", "odds-ratio") else None if contrast == "nnt" else 0.0
    return _plot(result, found, names, found.header, null, ax)


def plot_slopes(
    result: LogitResult,
    variables: Any,
    condition: Any = None,
    *,
    by: str | Sequence[str] | None = None,
    slope: str = "dydx",
    kind: str = "response",
    level: float | None = None,
    covariance: Any = None,
    uncertainty: str | None = None,
    ax: Any = None,
) -> Any:
    """Return axes with slopes along a variable; one panel for each slope.

    Parameters
    ----------
    result : LogitResult
    variables : str or list of str
        Whose slopes.
    condition, by, ax
        As in `plot_predictions`, but for the third variable.
    slope, kind, level, covariance, uncertainty
        As in `slopes`.

    Returns
    -------
    matplotlib Axes, or a list of them where there are several slopes
    """
    options = {
        "slope": slope,
        "kind": kind,
        "level": level,
        "covariance": covariance,
        "uncertainty": uncertainty,
    }
    names, grid = _where(result, condition, by, most=2)
    if grid is None:
        found = avg_slopes(result, variables, by=names, **options)
    else:
        found = slopes(result, variables, newdata=grid, **options)
    return _plot(result, found, names, found.header, 0.0, ax)


# --- grids ----------------------------------------------------------------------------------------


def _where(
    result: LogitResult, condition: Any, by: Any, *, most: int = 3
) -> tuple[list[str], DataGrid | None]:
    """Return the variables of a plot in order, and the grid; None for averages."""
    check_one_probability(result)
    if (condition is None) == (by is None):
        raise ArgumentError("condition", condition, "either condition= or by=, one of them")
    asked = by if condition is None else condition
    names = [asked] if isinstance(asked, str) else list(asked)
    if not 1 <= len(names) <= most:
        what = "condition" if by is None else "by"
        raise ArgumentError(what, asked, f"one to {most} variables")
    if condition is None:
        return names, None
    fitted = fitted_rows(result)
    for name in names:
        if name not in fitted.rows.names:
            raise EffectError.unknown(str(name), fitted.rows.names, "condition")
    given = condition if isinstance(condition, Mapping) else dict.fromkeys(names)
    values = {}
    for place, name in enumerate(names):
        asked = given[name]
        if asked is None:
            asked = _spread(fitted.rows, name, fitted.weights, place)
        values[name] = asked
    return names, DataGrid(values)


def _spread(rows: Any, name: str, weights: Any, place: int) -> list[Any]:
    """Return the values of a variable in a plot: all levels, a range, or quartiles."""
    levels = rows.levels(name)
    if levels:
        return list(levels)
    if has_levels(rows, name):
        return sorted(set(column_values(rows.columns[name])))
    numbers = rows.columns[name].numbers()
    if place:
        return [weighted_quantile(numbers, weights, share) for share in (0.25, 0.5, 0.75)]
    found: list[float] = np.linspace(numbers.min(), numbers.max(), POINTS).tolist()
    return found


# --- pictures -------------------------------------------------------------------------------------


def _plot(
    result: LogitResult,
    found: Effects,
    names: Sequence[str],
    header: str,
    null: float | None,
    ax: Any,
) -> Any:
    frame = found.to_frame()
    frame["panel"] = _panels(frame, names)
    x, group = names[0], names[1] if len(names) > 1 else None
    numeric = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in frame[x])
    numeric = numeric and frame[x].nunique() > 2
    levels = None if numeric else list(dict.fromkeys(map(str, frame[x])))
    panels = list(dict.fromkeys(frame["panel"]))
    axes = new_axes(len(panels), ax)
    if len(axes) < len(panels):
        raise ArgumentError("ax", ax, f"{len(panels)} axes, one for each panel")
    pictures = []
    for panel in panels:
        part = frame[frame["panel"] == panel]
        groups = [("", part)] if group is None else list(part.groupby(group, sort=False))
        curves = [_curve(_text(label), own, x, found.header == "NNT") for label, own in groups]
        title = panel if len(panels) > 1 else ""
        y_label = header if null is None or len(panels) > 1 or not panel else f"{header}: {panel}"
        log = null == 1.0
        whole = Picture(curves, x, y_label, title, group or "", null, levels, log)
        way_out = not any(NO_INTERVAL in line for line in found.notes)
        pictures.append(replace(whole, note=_not_drawn(part, way_out)))
    span = open_span([curve for picture in pictures for curve in picture.curves])
    for place, picture in enumerate(pictures):
        spanned = replace(picture, span=span)
        draw(axes[place], spanned, legend=place == len(panels) - 1, y_label=place == 0)
    return axes[0] if len(panels) == 1 else axes[: len(panels)]


def _panels(frame: Any, names: Sequence[str]) -> list[str]:
    if "contrast" in frame:
        return [f"{t}, {c}" for t, c in zip(frame["term"], frame["contrast"], strict=True)]
    if len(names) == 3:
        return [f"{names[2]} = {_text(value)}" for value in frame[names[2]]]
    return [""] * len(frame)


def _not_drawn(frame: Any, way_out: bool) -> str:
    """Return what a picture lacks: infinite estimates, and intervals that were not computed.

    ``way_out`` is whether likelihood intervals may be asked for.
    """
    ends = frame[["conf_low", "conf_high"]].to_numpy(dtype=float)
    estimates, K = frame["estimate"].to_numpy(dtype=float), len(frame)
    endless, without = int((~np.isfinite(estimates)).sum()), int(np.isnan(ends).any(axis=1).sum())
    lines = []
    if endless:
        lines.append(f"Not drawn: {endless} of {K} estimates, which are infinite or undetermined.")
    if without:
        more = 'uncertainty="likelihood" has them.' if way_out else "the table says why."
        lines.append(f"Without an interval: {without} of {K} points, at the boundary;\n{more}")
    return "\n".join(lines)


def _curve(label: str, frame: Any, x: str, pole: bool) -> Curve:
    names = ("estimate", "conf_low", "conf_high")
    estimate, low, high = (frame[name].to_numpy(dtype=float) for name in names)
    return Curve(label, frame[x].tolist(), estimate, low, high, pole)


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
