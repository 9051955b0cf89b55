"""What the caller of a fit asks of the search and of the result, checked."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from logit_inference.errors import ArgumentError
from logit_inference.rows.block import Floats
from logit_inference.solve.first_order import METHODS, Descent

# The largest number of steps, where the caller names none.
MOST_STEPS = {"newton": 50, "gradient-descent": 10_000, "lbfgs": 1_000}


class SearchRequest(NamedTuple):
    """Where the iteration starts, how it goes, when it stops and who works on it, checked."""

    start: Floats | None
    tolerance: float
    max_iterations: int
    threads: int | None
    descent: Descent | None = None


def read_search(
    start: Any,
    tolerance: float,
    max_iterations: int | None,
    threads: int | None,
    solver: str = "newton",
    learning_rate: float | None = None,
) -> SearchRequest:
    """Return the request, or raise an ArgumentError that says what to write."""
    descent = _descent(solver, learning_rate)
    if max_iterations is None:
        max_iterations = MOST_STEPS[solver]
    # The plain types stand first: asking an abstract class takes as long as a small product.
    if not (isinstance(tolerance, (float, Real)) and tolerance > 0):
        raise ArgumentError("tolerance", tolerance, "a number above 0, such as 1e-8")
    if not (isinstance(max_iterations, (int, Integral)) and max_iterations > 0):
        raise ArgumentError("max_iterations", max_iterations, "a whole number above 0")
    if threads is not None and (
        isinstance(threads, bool) or not isinstance(threads, (int, Integral)) or threads < 1
    ):
        raise ArgumentError("threads", threads, "a whole number above 0, or None for the default")
    return SearchRequest(_first(start), float(tolerance), int(max_iterations), threads, descent)


def _descent(solver: object, learning_rate: object) -> Descent | None:
    """Return the first-order method that is asked for; None for Newton's."""
    if solver == "newton" and learning_rate is None:
        return None
    if solver not in MOST_STEPS:
        names = ", ".join(repr(name) for name in MOST_STEPS)
        raise ArgumentError("solver", solver, f"one of {names}")
    if learning_rate is None:
        return Descent(str(solver))
    if solver != METHODS[0]:
        allowed = 'it with solver="gradient-descent", which alone uses it'
        raise ArgumentError("learning_rate", learning_rate, allowed)
    is_number = isinstance(learning_rate, Real) and not isinstance(learning_rate, bool)
    if not (is_number and 0.0 < float(learning_rate) < np.inf):  # type: ignore[arg-type]  # a number
        allowed = "a number above 0 (each step is so many times score/n), or None for backtracking"
        raise ArgumentError("learning_rate", learning_rate, allowed)
    return Descent(METHODS[0], float(learning_rate))  # type: ignore[arg-type]


def _first(start: Any) -> Floats | None:
    if start is None:
        return None
    try:
        first = np.asarray(start, dtype=np.float64)
    except (TypeError, ValueError):
        first = np.array([np.nan])
    if not np.isfinite(first).all():
        raise ArgumentError("start", start, "finite coefficients, one for each column")
    return first


class ResultRequest(NamedTuple):
    """What the caller wants of a result."""

    level: float
    separation: str
    require_convergence: bool
    search: SearchRequest


def check_separation(separation: object) -> None:
    """Raise an ArgumentError for what is no way to treat separated data."""
    if separation not in ("limit", "raise"):
        raise ArgumentError("separation", separation, '"limit" or "raise"')
