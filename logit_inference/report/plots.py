"""Effects drawn on matplotlib axes: lines with bands over numbers, points with bars over levels.

The only file that knows matplotlib, which is an extra. Groups differ by shade, line and marker at
once, so that a page printed in grey can be read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import ArgumentError, MissingPackageError

Floats = NDArray[np.float64]
# From dark to light, of different lightness in grey too; a line and a marker for each.
SHADES = ("#111111", "#0b61a4", "#d1682b", "#3f9b74", "#8f8f8f", "#b08bd6")
LINES = ("-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1)), (0, (2, 1)))
WIDE, FEWEST_TICKS, MOST_TICKS = 6.0, 4, 8  # of a logarithmic axis
MARKERS = ("o", "s", "^", "D", "v", "P")


@dataclass(frozen=True)
class Curve:
    """Estimates of one group with their intervals.

    Parameters
    ----------
    label : str
        Of the group; empty where there is one.
    x : sequence of m values
        Numbers, or levels.
    estimate, low, high : (m,) arrays
        An interval whose ``low`` is above its ``high`` is two pieces, through infinity: from
        ``low`` up and from ``high`` down, as those of numbers needed to treat.
    pole : bool
        Whether values pass from plus to minus through infinity, never through zero: lines break.
    """

    label: str
    x: Sequence[Any]
    estimate: Floats
    low: Floats
    high: Floats
    pole: bool = False

    @property
    def through_infinity(self) -> NDArray[np.bool_]:
        """Which intervals (m,) are two pieces."""
        return self.low > self.high


@dataclass(frozen=True)
class Picture:
    """What is drawn on one pair of axes.

    Parameters
    ----------
    curves : sequence of Curve
    x_label, y_label, title, legend : str
    reference : float or None
        A line of no effect.
    levels : sequence of str or None
        Of the x axis, where it has no numbers.
    log : bool
        Whether the y axis is logarithmic, as befits ratios.
    span : (float, float) or None
        Ends of the y axis, from `open_span`: intervals of two pieces run to them.
    note : str
        What is not drawn, written under the axes.
    """

    curves: Sequence[Curve]
    x_label: str
    y_label: str
    title: str = ""
    legend: str = ""
    reference: float | None = None
    levels: Sequence[str] | None = None
    log: bool = False
    span: tuple[float, float] | None = None
    note: str = ""


def new_axes(n_panels: int, ax: Any) -> list[Any]:
    """Return axes to draw on: those given, or of a new figure, side by side.

    Raises
    ------
    MissingPackageError
        Where matplotlib is not installed.
    ArgumentError
        For what cannot be drawn on.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as missing:
        raise MissingPackageError("matplotlib", "plots", "a plot") from missing
    if ax is not None:
        given = list(np.ravel(ax))
        if not all(hasattr(one, "errorbar") for one in given):
            raise ArgumentError("ax", ax, "axes of matplotlib, such as those of plt.subplots()")
        return given
    size = (6.4 if n_panels == 1 else 3.6 * n_panels + 1.0, 4.2)
    _, axes = plt.subplots(1, n_panels, figsize=size, sharey=True, layout="constrained")
    return list(np.ravel(axes))


def draw(ax: Any, picture: Picture, *, legend: bool = True, y_label: bool = True) -> None:
    """Draw a picture on axes."""
    if picture.reference is not None:
        ax.axhline(picture.reference, color="0.55", linewidth=0.8, zorder=0)
    several = len(picture.curves) > 1
    span = picture.span
    if span is not None:
        ax.set_ylim(*span)
    for place, curve in enumerate(picture.curves):
        style = {"color": SHADES[place % len(SHADES)], "label": curve.label or None}
        if picture.levels is None:
            _draw_line(ax, curve, style, place, span)
        else:
            shift = (place - (len(picture.curves) - 1) / 2.0) * min(0.18, 0.7 / len(picture.curves))
            x = np.array([picture.levels.index(str(value)) for value in curve.x])
            _draw_points(ax, curve, x + (shift if several else 0.0), style, place, span)
    if picture.levels is not None:
        ax.set_xticks(range(len(picture.levels)), picture.levels)
        ax.set_xlim(-0.6, len(picture.levels) - 0.4)
    if picture.log:
        _set_log(ax)
    ax.set_xlabel(picture.x_label)
    if y_label:
        ax.set_ylabel(picture.y_label)
    if picture.note:
        own = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "top"}
        ax.annotate(picture.note, (0.0, 0.0), (0.0, -38.0), fontsize="small", **own)
    if picture.title:
        ax.set_title(picture.title, fontsize="medium")
    if several and legend:
        beside = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)} if picture.title else {}
        ax.legend(title=picture.legend, frameon=False, handlelength=3.2, **beside)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def _set_log(ax: Any) -> None:
    """Make the y axis logarithmic, with ticks as plain numbers, wherever its ends come to lie."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    class RoundLocator(LogLocator):  # as matplotlib wants it: ends move with panels and zooming
        def tick_values(self, low: float, high: float) -> list[float]:
            return log_ticks(low, high)

    ax.set_yscale("log")
    ax.yaxis.set_major_locator(RoundLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_minor_formatter(NullFormatter())


def log_ticks(low: float, high: float) -> list[float]:
    """Return three to eight round numbers between two positive ones, for a logarithmic axis.

    Over decades their powers of ten, with 2 and 5 or 3 between; over less, multiples of a round
    step, which are nearly even there.
    """
    if high > WIDE * low:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for digits in ((1, 2, 5), (1, 3), (1,)):
            found = [d * 10.0**power for power in powers for d in digits]
            found = [tick for tick in found if low <= tick <= high]
            if len(found) <= MOST_TICKS:
                break
        if len(found) >= FEWEST_TICKS - 1:
            return found[:: -(-len(found) // MOST_TICKS)]
    # The coarsest round step with enough ticks.
    size = 10.0 ** math.ceil(math.log10(high - low))
    ticks: list[float] = []
    for step in (size * share for power in (1.0, 0.1) for share in (power, power / 2, power / 5)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        ticks = [float(f"{step * k:.12g}") for k in range(first, last + 1)]
        if len(ticks) >= FEWEST_TICKS:
            break
    return ticks


def open_span(curves: Sequence[Curve]) -> tuple[float, float] | None:
    """Return the limits of an axis on which intervals leave it at both ends; None where none does.

    A fifth beyond all that is finite, so that what runs off the page is seen to.
    """
    if not any(curve.through_infinity.any() for curve in curves):
        return None
    numbers = np.concatenate([np.r_[c.estimate, c.low, c.high] for c in curves])
    numbers = np.append(numbers[np.isfinite(numbers)], 0.0)
    beyond = 0.2 * float(np.ptp(numbers))
    return float(numbers.min()) - beyond, float(numbers.max()) + beyond


def _draw_line(
    ax: Any,
    curve: Curve,
    style: Mapping[str, Any],
    place: int,
    span: tuple[float, float] | None,
) -> None:
    x = np.asarray(curve.x, dtype=np.float64)
    line, color = LINES[place % len(LINES)], style["color"]
    pole, apart = curve.pole, curve.through_infinity
    ax.plot(*_broken(x, curve.estimate, pole), linestyle=line, linewidth=1.8, **style)
    bands = [(curve.low, curve.high, ~apart)]
    if span is not None:
        bottom, top = (np.full(len(x), end) for end in span)
        bands += [(curve.low, top, apart), (bottom, curve.high, apart)]
    sides = [pole & (curve.low > 0) & ~apart, pole & (curve.high < 0) & ~apart]
    if pole:
        bands = [(curve.low, curve.high, side) for side in sides] + bands[1:]
    for low, high, where in bands:
        ax.fill_between(x, low, high, where=where, color=color, alpha=0.15, linewidth=0)
    for end in (curve.low, curve.high):  # bands that overlap stay apart in grey by their edges
        ax.plot(*_broken(x, end, pole), linestyle=line, linewidth=0.5, alpha=0.6, color=color)


def _broken(x: Floats, y: Floats, pole: bool) -> tuple[Floats, Floats]:
    """Return a line with a gap wherever it would join both sides of a pole at zero."""
    if not pole:
        return x, y
    with np.errstate(invalid="ignore"):
        places = np.flatnonzero(y[1:] * np.sign(y[:-1]) < 0.0) + 1
    return np.insert(x, places, x[places]), np.insert(y, places, np.nan)


def _draw_points(
    ax: Any,
    curve: Curve,
    x: Floats,
    style: Mapping[str, Any],
    place: int,
    span: tuple[float, float] | None,
) -> None:
    apart = curve.through_infinity
    bars = np.abs(np.vstack([curve.estimate - curve.low, curve.high - curve.estimate]))
    ax.errorbar(
        x,
        curve.estimate,
        yerr=np.where(np.isinf(bars) | apart, 0.0, bars),  # of a missing one nothing, not a point
        fmt=MARKERS[place % len(MARKERS)],
        markersize=6,
        capsize=3,
        linewidth=1.2,
        markerfacecolor="white" if place % 2 else style["color"],
        **style,
    )
    if span is not None:
        for start, stop in ((curve.low, span[1]), (curve.high, span[0])):
            ax.vlines(x[apart], start[apart], stop, color=style["color"], linewidth=1.2)
            ax.plot(x[apart], start[apart], "_", color=style["color"], markersize=6)
