"""Matched sets whose cases some direction puts apart: found, described, fitted in the limit."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.diagnostics.separation import Separation, no_separation, undecided
from logit_inference.errors import SeparationError, SeparationWarning, shorten
from logit_inference.models.request import ResultRequest
from logit_inference.models.separated import Limit, limit_of
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import dense, times
from logit_inference.rows.sets import SETS
from logit_inference.solve.fit import Fit
from logit_inference.solve.recession import Recession

if TYPE_CHECKING:
    from logit_inference.design.design import Design

Cone = tuple[Recession, NDArray[np.bool_]]
"""What separates the sets, and which rows it separates."""


def examine_sets(
    fit: Fit, cone: Cone | None, design: Design, labels: Any, how: ResultRequest
) -> tuple[Separation, Limit | None]:
    """Return what the sets say of separation, and the limiting model where they are separated."""
    names = fit.names
    if cone is None:
        return no_separation(names, fit.tally.n_rows), None
    recession, separated = cone
    if recession.exists is None:
        return undecided(names, fit.tally.n_rows, recession.reason), None
    if not recession.exists:
        return no_separation(names, fit.tally.n_rows), None
    recession = recession.spread(fit.source.n_columns, fit.basis.kept)
    separation = _described(fit, recession, separated, design, labels)
    if how.separation == "raise":
        raise SeparationError(separation)
    warnings.warn(SeparationWarning(separation), stacklevel=4)
    search = how.search
    most = max(search.max_iterations, 50)
    limit = limit_of(fit, recession, separated, how.level, search.tolerance, most)
    return separation, limit


def _described(
    fit: Fit, recession: Recession, separated: NDArray[np.bool_], design: Design, labels: Any
) -> Separation:
    """Return the record of a cone, of which it is known what rows (n,) it separates."""
    ends = recession.ends
    terms = [name for name, own in design.term_columns if any(ends[j] != 0 for j in own)]
    return Separation(
        "complete" if recession.complete else "quasi-complete",
        fit.names,
        recession.direction,
        ends,
        tuple(terms),
        int(separated.sum()),
        fit.source.n_rows,
        tuple(_evidence(fit, recession)),
        rows=labels[separated],
    )


def _evidence(fit: Fit, recession: Recession) -> Iterator[str]:
    """Yield clauses about single columns, or one about a combination."""
    numbers, y = fit.source.map(_numbers), fit.source.map(_outcomes)
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))

    def orders(values: Floats) -> tuple[bool, str]:
        """Say whether no case is below another row of its set, and in how many sets one is above.

        A difference that may be rounding is none.
        """
        little = 1e-12 * float(np.abs(values).max(initial=0.0))
        case, other = np.where(y > 0, values, np.nan), np.where(y > 0, np.nan, values)
        lowest, highest = np.fmin.reduceat(case, starts), np.fmax.reduceat(other, starts)
        above = np.fmax.reduceat(case, starts) > np.fmin.reduceat(other, starts) + little
        told = f"strictly so in {int(above.sum()):,} of {len(starts):,} sets"
        return bool((lowest >= highest).all()), told

    simple = []
    for j in np.flatnonzero(np.isinf(recession.ends)).tolist():
        side = float(np.sign(recession.ends[j]))
        holds, told = orders(side * fit.source.map(_column, j))
        if holds:
            less = "lower" if side > 0 else "higher"
            simple.append(
                f"no case has a {less} {fit.names[j]} than another row of its set, {told}"
            )
    if simple:
        yield from simple
        return
    used = [name for name, value in zip(fit.names, recession.direction, strict=True) if value]
    _, told = orders(fit.source.map(_combined, recession.direction))
    yield f"a combination of {shorten(used)} puts no case below another row of its set, {told}"


def _numbers(block: Block) -> Any:
    return block.groups[SETS]


def _outcomes(block: Block) -> Floats:
    return block.y


def _column(block: Block, j: int) -> Floats:
    return dense(block.X)[:, j]


def _combined(block: Block, direction: Floats) -> Floats:
    return times(block.X, direction)
