"""Where the estimates of a separated replicate lie: at which infinities, and the others where.

The maximum of a separated sample exists on the extended line, coefficient by coefficient, in the
limiting model of Geyer (2009). A replicate that is separated is so no missing value: quantiles can
count it. Which replicates they are, and what is made of it, this file does not ask.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import DataError, RankError
from logit_inference.likelihood.evaluation import Total
from logit_inference.likelihood.objective import objective
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import dense
from logit_inference.rows.source import Source
from logit_inference.rows.variant import variant
from logit_inference.solve.certificate import certify_fit
from logit_inference.solve.fit import Fit, fit_rows
from logit_inference.solve.limit import limit_fit
from logit_inference.solve.peeling import peeled
from logit_inference.solve.rank import find_rank
from logit_inference.solve.recession import find_recession, separated_rows


def limit_coefficients(fit: Fit, weights: NDArray[Any]) -> Floats:
    """Return the coefficients (p,) of the rows of a fit under weights that leave them separated.

    ±inf for one that goes there, NaN for one that may go to either infinity, or where it was not
    decided; for the others those of the limiting model.

    Parameters
    ----------
    fit : Fit
        Of all rows, at a maximum.
    weights : (n,) array

    Notes
    -----
    Where all that is separated is in columns that separate rows by themselves (a level with one
    outcome, as a rule) the time of one fit; else that of `find_recession` too: some milliseconds up
    to ten columns, a second for forty.
    """
    p, kept = fit.source.n_columns, fit.basis.kept
    nothing = np.full(p, np.nan)
    rows = variant(fit.source, weights=np.asarray(weights, dtype=np.float64))
    counts = rows.without_columns().fold(fit.likelihood.tally)
    seen = in_basis(rows, Basis(p, kept))
    if counts.events in (0.0, counts.trials):  # nobody has asked yet whether columns are told apart
        at = objective(seen, fit.likelihood)(np.zeros(len(kept)))
        if len(find_rank(seen, at).basis.kept) < len(kept):
            return nothing
    simple = _beside_empty_cells(fit, seen)
    if simple is not None:
        nothing[list(kept)] = simple
        return nothing
    recession = find_recession(seen)
    if not recession.exists:
        return nothing
    recession = recession.spread(p, kept)
    known = recession.estimable & fit.basis.estimable
    if not known.any():
        return np.where(fit.basis.estimable, recession.ends, np.nan)
    own = replace(fit, source=rows, solved=rows, tally=counts)
    separated = separated_rows(rows, recession)
    limit = limit_fit(own, recession, separated, tolerance=1e-8, limit=100)
    inside = limit.coef if limit.solution.outcome.converged else nothing
    ends = np.where(fit.basis.estimable, recession.ends, np.nan)
    return np.where(known, inside, ends)


def _beside_empty_cells(fit: Fit, rows: Source) -> Floats | None:
    """Return the coefficients (q,) where each infinite one belongs to a column with its own rows.

    Such a column holds its sign by itself where all others that are infinite are zero. None where
    the rest is separated too, or there is no such column.
    """
    found = peeled(rows)
    if len(found.layers) != 1:
        return None
    q, (columns, signs) = rows.n_columns, (found.layers[0].columns, found.layers[0].signs)
    alone = in_basis(rows, Basis(q, tuple(columns.tolist()))).fold(_own_rows).values
    if not (alone.all() and len(found.left)):
        return None
    rest = in_basis(found.rest, Basis(q, tuple(found.left.tolist())))
    names = [str(column) for column in range(len(found.left))]
    try:
        again = fit_rows(rest, fit.likelihood, names)
    except (DataError, RankError):
        return None
    if again.relations or not again.solution.outcome.converged or not certify_fit(again).exists:
        return None
    coef = np.empty(q)
    coef[found.left], coef[columns] = again.coef, np.where(signs > 0, np.inf, -np.inf)
    return coef


def _own_rows(block: Block) -> Total:
    """Return in how many rows that count each column is the only one that is not zero."""
    counts = block.counts
    touched = dense(block.X) != 0
    if counts is not None:
        touched &= counts[:, np.newaxis]
    own = touched & (touched.sum(axis=1) == 1)[:, np.newaxis]
    return Total(own.sum(axis=0).astype(np.float64))
