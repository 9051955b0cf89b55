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

from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Floats
from logit_inference.rows.variant import variant
from logit_inference.solve.fit import Fit
from logit_inference.solve.limit import limit_fit
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
    The time of `find_recession` and of one fit: some milliseconds up to ten columns.
    """
    p, kept = fit.source.n_columns, fit.basis.kept
    nothing = np.full(p, np.nan)
    rows = variant(fit.source, weights=np.asarray(weights, dtype=np.float64))
    counts = rows.fold(fit.likelihood.tally)
    if counts.events in (0.0, counts.trials):  # all of one outcome: every sign is allowed
        return nothing
    recession = find_recession(in_basis(rows, Basis(p, kept)))
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
