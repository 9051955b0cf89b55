"""What the caller of a fit asks of the search and of the result, checked."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from logit_inference.errors import ArgumentError
from logit_inference.rows.block import Floats


class SearchRequest(NamedTuple):
    """Where the iteration starts, when it stops and who works on it, checked."""

    start: Floats | None
    tolerance: float
    max_iterations: int
    threads: int | None


def read_search(
    start: Any, tolerance: float, max_iterations: int, threads: int | None
) -> SearchRequest:
    """Return the request, or raise an ArgumentError that says what to write."""
    # The plain types stand first: asking an abstract class takes as long as a small product.
    if not (isinstance(tolerance, (float, Real)) and tolerance > 0):
        raise ArgumentError("tolerance", tolerance, "a number above 0, such as 1e-8")
    if not (isinstance(max_iterations, (int, Integral)) and max_iterations > 0):
        raise ArgumentError("max_iterations", max_iterations, "a whole number above 0")
    if threads is not None and (
        isinstance(threads, bool) or not isinstance(threads, Integral) or threads < 1
    ):
        raise ArgumentError("threads", threads, "a whole number above 0, or None for the default")
    return SearchRequest(_first(start), float(tolerance), int(max_iterations), threads)


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
