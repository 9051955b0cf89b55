"""The fit of a conditional likelihood: matched sets instead of rows that stand alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from logit_inference.likelihood.conditional import CONDITIONAL
from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source
from logit_inference.rows.threads import blas_pinned
from logit_inference.solve.fit import Fit
from logit_inference.solve.search import Search, find_maximum


def fit_sets(
    source: Source,
    names: Sequence[str],
    *,
    start: Floats | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 50,
) -> Fit:
    """Return the maximum of the conditional likelihood over a source of whole sets.

    Parameters
    ----------
    source : Source
        See `rows.sets`.
    names : sequence of p str
    start : (p,) array, optional
        By default zero, which is the null model.
    tolerance, max_iterations
        As in `newton`.

    Raises
    ------
    RankError
        Where every column is constant within every set.

    Notes
    -----
    Passes: those of Newton's method, one more for the null model, one or two for the curvature at
    convergence; one QR fold where columns are dependent or ill-conditioned.
    """
    likelihood = CONDITIONAL
    with blas_pinned(source.n_rows, source.n_columns):
        counts = source.fold(likelihood.tally)
        zero = np.zeros(source.n_columns)
        null = source.fold_runs(likelihood.slope, zero).log_likelihood
        first = zero if start is None else np.array(start, np.float64)
        search = Search(likelihood, first, tolerance, max_iterations)
        rank, solution = find_maximum(source, search, counts, None)
    return Fit(
        source,
        source,
        rank.basis,
        likelihood,
        replace(solution, n_trials=counts.trials),
        tuple(names),
        None,
        rank.relations,
        counts,
        null,
    )
