"""The cone of recession of likelihoods whose rows stand alone, or in sets.

Rows that stand alone are separated by themselves. Of a matched set the likelihood rises along d for
ever where no case is below another row, ``(x_case − x_other)'d >= 0`` for all pairs, and some pair
is strictly apart: the cone is that of these contrasts, as rows of events. In the limit a row that
is strictly apart in all of its pairs is a case, or is none, for certain; the others are a set of
their own, with as many cases less. Contrasts are differences of doubles, rounded once: what is
decided holds of them exactly.

Where the rows of a large set stand against a bound of their own, the cone has a coordinate more for
each bound, which the others determine to within where they leave it free, and which is dropped.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.rows.block import Floats
from logit_inference.rows.sets import Contrasts
from logit_inference.rows.source import Source
from logit_inference.solve import recession as rows_alone
from logit_inference.solve.integers import Integers, null_space
from logit_inference.solve.recession import Recession

TOO_MANY = "the sets have too many pairs of a case and another row to look at"


def find_separated(
    likelihood: Likelihood, source: Source, within: Integers | None = None, *, held: bool = False
) -> tuple[Recession, NDArray[np.bool_]]:
    """Return the recession cone of the likelihood of some rows, and which rows (n,) it separates.

    Parameters
    ----------
    likelihood : Likelihood
    source, within, held
        As in `solve.recession`.
    """
    if likelihood.contrasts is None:
        alone = rows_alone.find_recession(source, within, held=held)
        return alone, rows_alone.separated_rows(source, alone)
    p, n = source.n_columns, source.n_rows
    pairs = likelihood.contrasts(source)
    if pairs is None:
        zero, none = np.zeros(p), np.zeros((p, 0))
        unknown = Recession(None, zero, (0,) * p, none, zero, False, 0, n, TOO_MANY)
        return unknown, np.zeros(n, dtype=bool)
    found = rows_alone.find_recession(pairs.source, _widened(within, pairs, p), held=held)
    apart = rows_alone.separated_rows(pairs.source, found)
    return _of_coefficients(found, pairs, p), pairs.of_rows(apart, n)


def separable_rows(
    likelihood: Likelihood, source: Source, within: Integers | None = None, *, held: bool = False
) -> tuple[NDArray[np.bool_], Floats] | None:
    """Return which rows (n,) the cone separates, and its span (p, r); None if undecided."""
    if likelihood.contrasts is None:
        return rows_alone.separable_rows(source, within, held=held)
    pairs = likelihood.contrasts(source)
    if pairs is None:
        return None
    if pairs.n_bounds:  # of which the span is not to count any
        cone, separated = find_separated(likelihood, source, within, held=held)
        return None if cone.exists is None else (separated, cone.span)
    found = rows_alone.separable_rows(pairs.source, within, held=held)
    return None if found is None else (pairs.of_rows(found[0], source.n_rows), found[1])


def _of_coefficients(found: Recession, pairs: Contrasts, p: int) -> Recession:
    """Return a cone of p coefficients and of bounds without the latter."""
    if not (pairs.n_bounds and found.exists):
        return replace(
            found,
            direction=found.direction[:p],
            whole=found.whole[:p],
            span=found.span[:p],
            ends=found.ends[:p],
        )
    span = np.array(found.whole_span, dtype=object)[:p]
    # Directions that differ in bounds only are one.
    _, own = null_space(span.T)
    return replace(
        found,
        direction=found.direction[:p],
        whole=found.whole[:p],
        span=found.span[:p, own],
        ends=found.ends[:p],
        whole_span=tuple(tuple(row) for row in span[:, own].tolist()),
        facets=None,  # those of bounds say nothing of coefficients alone
    )


def _widened(within: Integers | None, pairs: Contrasts, p: int) -> Integers | None:
    """Return a basis (p, r) of coefficients as one of coefficients and free bounds."""
    if within is None or not pairs.n_bounds:
        return within
    r, b = within.shape[1], pairs.n_bounds
    wide = np.zeros((p + b, r + b), dtype=object)
    wide[:p, :r] = within
    wide[np.arange(p, p + b), np.arange(r, r + b)] = 1
    return wide
