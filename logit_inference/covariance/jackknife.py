"""The jackknife: what estimates vary by when one unit after the other is left out.

Each unit is left out and the model fitted again, exactly. Units that are alike are left out once
and counted as often as they are there. HC3 and CR3 are the same with one step in place of a fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.bootstrap import (
    Advance,
    Replications,
    replicate_covariance,
    replications,
)
from logit_inference.covariance.covariance import Covariance
from logit_inference.covariance.units import Units
from logit_inference.rows.block import Floats
from logit_inference.solve.fit import Fit


def jackknife_replicates(fit: Fit, units: Units, advance: Advance) -> Replications:
    """Return the estimates without each unit in turn.

    Parameters
    ----------
    fit : Fit
        Over its distinct rows (see `cells`) where they are copies of few.
    units : Units
        Without strata. Of those with copies one is left out.
    advance : function of int
        Told how many refits more are done.

    Notes
    -----
    One refit for each unit, so that the cost grows with the square of the rows where they are all
    different: 1 s for 5,000 rows and 5 columns.
    """

    def weights(start: int, stop: int) -> NDArray[Any]:
        """Return the weights of rows without each of some units."""
        left = np.empty((stop - start, units.n_rows))
        counts = np.ones(units.n_units) if units.copies is None else units.copies.copy()
        for unit in range(start, stop):
            counts[unit] -= 1.0
            units.spread(counts, left[unit - start])
            counts[unit] += 1.0
        return left

    return replications(fit, weights, units.n_units, advance)


def jackknife_covariance(
    fit: Fit, again: Replications, copies: Floats | None, kind: str, n_clusters: int | None
) -> Covariance:
    """Return ``(U − 1)/U Σ (b₍ᵢ₎ − b̄)(b₍ᵢ₎ − b̄)'`` of the U leave-one-out estimates.

    Parameters
    ----------
    fit : Fit
    again : Replications
        All of them with an estimate.
    copies : (B,) array or None
        How many units each stands for.
    kind : str
        What the covariance is called.
    n_clusters : int or None

    References
    ----------
    Efron and Stein (1981), *Annals of Statistics* 9; about the mean of the replicates, as Stata's
    ``vce(jackknife)`` without ``mse``.
    """
    weights = np.ones(len(again.coef)) if copies is None else copies
    total = weights.sum()
    mean = weights @ again.coef / total
    scale = np.sqrt(weights * (total - 1.0) / total)
    deviations = scale[:, np.newaxis] * (again.coef - mean)
    factor = "(n-1)/n" if n_clusters is None else "(G-1)/G"
    return replicate_covariance(fit.basis, deviations, kind, n_clusters, f"{factor} about the mean")
