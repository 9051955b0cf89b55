"""Spline bases with R's knots: ``bs`` and ``ns`` of the package splines.

Each remembers its knots, so that new rows get the same functions. The B-splines themselves are
scipy's; what is here is where the knots go and what happens beyond the boundary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from logit_inference.errors import ExtrapolationWarning
from logit_inference.rows.block import Floats


def bs(
    x: Floats,
    df: int | None = None,
    knots: Sequence[float] | None = None,
    degree: int = 3,
    intercept: bool = False,
    boundary_knots: Sequence[float] | None = None,
    *,
    _state: dict[str, Any],
    _label: str,
) -> Floats:
    """Return the B-spline basis of a variable, as R's ``splines::bs``.

    Parameters
    ----------
    x : (n,) array
        The variable.
    df : int, optional
        Number of columns; fixes the number of knots, which stand at quantiles (R's type 7).
    knots : sequence of float, optional
        Inner knots, instead of ``df``.
    degree : int
        Degree of the pieces.
    intercept : bool
        Whether the basis includes the constant.
    boundary_knots : pair of float, optional
        Ends of the basis; the range of the variable by default.

    Returns
    -------
    (n, df) array

    Warns
    -----
    ExtrapolationWarning
        Where values lie beyond the boundary knots: the pieces at the ends are extended, as in R.
    """
    _learn_knots(x, df, knots, degree, 1 - intercept, boundary_knots, _state)
    low, high = _state["boundary"]
    outside = int(np.count_nonzero((x < low) | (x > high)))
    if outside:
        import warnings

        warnings.warn(ExtrapolationWarning(_label, low, high, outside), stacklevel=2)
    basis = _b_splines(x, _all_knots(_state, degree), degree)
    return basis if intercept else basis[:, 1:]


def ns(
    x: Floats,
    df: int | None = None,
    knots: Sequence[float] | None = None,
    intercept: bool = False,
    boundary_knots: Sequence[float] | None = None,
    *,
    _state: dict[str, Any],
    _label: str,
) -> Floats:
    """Return the natural cubic spline basis of a variable, as R's ``splines::ns``.

    The cubic B-splines are restricted to functions whose second derivative is zero at both
    boundary knots, by the orthogonal complement of those two constraints; beyond the boundary the
    functions go on in straight lines.

    Parameters
    ----------
    x : (n,) array
        The variable.
    df : int, optional
        Number of columns; fixes the number of knots, which stand at quantiles (R's type 7).
    knots : sequence of float, optional
        Inner knots, instead of ``df``.
    intercept : bool
        Whether the basis includes the constant.
    boundary_knots : pair of float, optional
        Ends of the basis; the range of the variable by default.

    Returns
    -------
    (n, df) array
    """
    _learn_knots(x, df, knots, 1, 1 - intercept, boundary_knots, _state)
    low, high = _state["boundary"]
    all_knots = _all_knots(_state, 3)
    inside = np.clip(x, low, high)
    basis = _b_splines(inside, all_knots, 3)
    for end, beyond in ((low, x < low), (high, x > high)):
        if beyond.any():
            slope = _b_splines(np.array([end]), all_knots, 3, 1)
            basis[beyond] += (x[beyond] - end)[:, None] * slope
    if not intercept:
        basis = basis[:, 1:]
    natural: Floats = basis @ _natural(low, high, all_knots, intercept)
    return natural


def _natural(low: float, high: float, all_knots: Floats, intercept: bool) -> Floats:
    """Return the combinations of cubic B-splines that do not bend at the boundary knots."""
    bending = _b_splines(np.array([low, high]), all_knots, 3, 2)
    if not intercept:
        bending = bending[:, 1:]
    rotation, _ = np.linalg.qr(bending.T, mode="complete")
    unbent: Floats = rotation[:, 2:]
    return unbent


def bs_slope(
    x: Floats,
    df: int | None = None,
    knots: Sequence[float] | None = None,
    degree: int = 3,
    intercept: bool = False,
    boundary_knots: Sequence[float] | None = None,
    *,
    _state: dict[str, Any],
    _label: str,
) -> Floats:
    """Return the derivative of each column of ``bs``, whose knots are known, by its variable."""
    slopes = _b_splines(x, _all_knots(_state, degree), degree, 1)
    return slopes if intercept else slopes[:, 1:]


def ns_slope(
    x: Floats,
    df: int | None = None,
    knots: Sequence[float] | None = None,
    intercept: bool = False,
    boundary_knots: Sequence[float] | None = None,
    *,
    _state: dict[str, Any],
    _label: str,
) -> Floats:
    """Return the derivative of each column of ``ns``; constant beyond the boundary knots."""
    low, high = _state["boundary"]
    all_knots = _all_knots(_state, 3)
    slopes = _b_splines(np.clip(x, low, high), all_knots, 3, 1)
    if not intercept:
        slopes = slopes[:, 1:]
    natural: Floats = slopes @ _natural(low, high, all_knots, intercept)
    return natural


def _learn_knots(
    x: Floats,
    df: int | None,
    knots: Sequence[float] | None,
    degree: int,
    without_constant: int,
    boundary_knots: Sequence[float] | None,
    state: dict[str, Any],
) -> None:
    """Put boundary and inner knots into the state, unless they are there."""
    if state:
        return
    if not isinstance(x, np.ndarray) or x.ndim != 1:
        raise ValueError("a spline needs one variable with a value for each row")
    if df is not None and knots is not None:
        raise ValueError("give df= or knots=, not both")
    given = x if boundary_knots is None else np.asarray(boundary_knots, dtype=float)
    low, high = float(given.min()), float(given.max())
    if not low < high:
        raise ValueError(f"all values are {low:g}: a spline needs a range")
    inner: list[float] = (
        [float(knot) for knot in np.sort(np.atleast_1d(knots))] if knots is not None else []
    )
    if df is not None:
        n_inner = int(df) - degree - 1 + without_constant
        if n_inner < 0:
            raise ValueError(f"df={df} is too small; at least {df - n_inner} is needed")
        within = x[(x >= low) & (x <= high)]
        inner = np.quantile(within, np.linspace(0, 1, n_inner + 2)[1:-1]).tolist()
    if inner and not (low <= inner[0] and inner[-1] <= high):
        raise ValueError(f"the knots must lie between {low:g} and {high:g}")
    if len(set(inner)) < len(inner) or low in inner or high in inner:
        raise ValueError(
            f"with these values the knots coincide ({', '.join(f'{knot:g}' for knot in inner)} "
            f"between {low:g} and {high:g}); choose a smaller df= or give knots="
        )
    state["boundary"] = [low, high]
    state["knots"] = inner


def _all_knots(state: dict[str, Any], degree: int) -> Floats:
    """Return the knots with the boundary repeated as often as the order."""
    low, high = state["boundary"]
    repeat = degree + 1
    return np.array([low] * repeat + list(state["knots"]) + [high] * repeat)


def _b_splines(x: Floats, all_knots: Floats, degree: int, derivative: int = 0) -> Floats:
    """Return all B-splines, or a derivative of them, at x; the end pieces are extended."""
    from scipy.interpolate import BSpline

    n_splines = len(all_knots) - degree - 1
    values: Floats = BSpline(all_knots, np.eye(n_splines), degree)(x, nu=derivative)
    return values
