"""The cone of recession of likelihoods whose rows stand alone, or in sets.

Rows that stand alone are separated by themselves. Of a matched set the likelihood rises along d for
ever where no case is below another row, ``(x_case − x_other)'d >= 0`` for all pairs, and some pair
is strictly apart: the cone is that of these contrasts, as rows of events. In the limit a row that
is strictly apart in all of its pairs is a case, or is none, for certain; the others are a set of
their own, with as many cases less. Contrasts are differences of doubles, rounded once: what is
decided holds of them exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.rows.source import Source
from logit_inference.solve import recession as rows_alone
from logit_inference.solve.integers import Integers
from logit_inference.solve.recession import Recession

TOO_MANY = "the sets have too many pairs of a case and another row to look at"


def find_recession(
    likelihood: Likelihood, source: Source, within: Integers | None = None, *, held: bool = False
) -> Recession:
    """Return the recession cone of the likelihood of some rows; see `solve.recession`."""
    if likelihood.contrasts is None:
        return rows_alone.find_recession(source, within, held=held)
    pairs = likelihood.contrasts(source)
    if pairs is None:
        zero = np.zeros(source.n_columns)
        none = np.zeros((source.n_columns, 0))
        whole = (0,) * source.n_columns
        return Recession(None, zero, whole, none, zero, False, 0, source.n_rows, TOO_MANY)
    return rows_alone.find_recession(pairs.source, within, held=held)


def separated_rows(
    likelihood: Likelihood, source: Source, recession: Recession
) -> NDArray[np.bool_]:
    """Return which rows of a source (n,) the cone separates from all others that they meet."""
    if likelihood.contrasts is None:
        return rows_alone.separated_rows(source, recession)
    pairs = likelihood.contrasts(source)
    assert pairs is not None, "they were written out when the cone was found"
    return pairs.of_rows(rows_alone.separated_rows(pairs.source, recession), source.n_rows)


def separable_rows(
    likelihood: Likelihood, source: Source, within: Integers | None = None, *, held: bool = False
) -> tuple[NDArray[np.bool_], int] | None:
    """Return which rows the cone separates, and its dimension; None where that is undecided."""
    if likelihood.contrasts is None:
        return rows_alone.separable_rows(source, within, held=held)
    pairs = likelihood.contrasts(source)
    found = None if pairs is None else rows_alone.separable_rows(pairs.source, within, held=held)
    if found is None or pairs is None:
        return None
    return pairs.of_rows(found[0], source.n_rows), found[1]
