"""The bootstrap: what estimates vary by when units are drawn with replacement.

Draws are made and fitted some at a time, so that the weights of all replicates are never held at
once. Where all columns take few values, rows are copies of few distinct ones, and how often each of
these is drawn is multinomial: the same distribution, at a cost that does not grow with the rows.
What intervals are made of replicates, this file does not ask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.covariance import Covariance
from logit_inference.covariance.limits import limit_coefficients
from logit_inference.covariance.refits import refits
from logit_inference.covariance.sandwich import WRITTEN_OUT, cluster_scores
from logit_inference.covariance.units import Draws, Units
from logit_inference.likelihood.evaluation import Total
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.rows.basis import Basis
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.levels import LevelSums
from logit_inference.rows.product import dense
from logit_inference.rows.source import ArraySource
from logit_inference.solve.fit import Fit
from logit_inference.solve.solution import Outcome

AT_ONCE = 1 << 24  # weights held at a time: with fewer replicates products are of little use
MOST_AT_ONCE = 1024  # replicates whose steps are taken together

Advance = Callable[[int], None]


@dataclass(frozen=True)
class Replications:
    """Estimates of B replicates.

    Parameters
    ----------
    coef : (B, p) array
        Where a replicate is separated ±inf for what goes there, NaN for what may go either way,
        and the limiting model's for others, if that was asked for; else NaN throughout where a
        replicate has no estimate.
    outcomes : tuple of B Outcome
        How each search ended: ``DIVERGING`` for a replicate that is separated, ``SINGULAR`` for one
        whose rows do not tell the columns apart.
    """

    coef: Floats
    outcomes: tuple[Outcome, ...]

    @property
    def estimated(self) -> NDArray[np.bool_]:
        """Which replicates have finite estimates, shape (B,)."""
        return np.array([outcome.converged for outcome in self.outcomes], dtype=bool)

    def count(self, outcome: Outcome) -> int:
        """Return how many searches ended so."""
        return sum(own is outcome for own in self.outcomes)


def bootstrap_replicates(
    fit: Fit, units: Units, seed: int, n_replicates: int, advance: Advance
) -> Replications:
    """Return the estimates of draws with replacement.

    Parameters
    ----------
    fit : Fit
    units : Units
        What is drawn.
    seed : int
    n_replicates : int
    advance : function of int
        Told how many replicates more are done.

    Notes
    -----
    Cost: that of `refit_weights`, some 15 µs for each replicate of 200 rows and 5 columns and
    about 0.2 s for one of a million rows and 10 columns, and 10 ns for each unit drawn. Memory:
    weights of 64 MB, of 128 MB where rows have weights of their own, however many replicates.

    References
    ----------
    Efron (1979), *Annals of Statistics* 7. Davison and Hinkley (1997), *Bootstrap Methods and their
    Application*, chapters 2, 3 and 7.
    """
    found = cells(fit, units)
    fit, units = (fit, units) if found is None else found
    draws = Draws(units, seed)
    return replications(fit, draws.weights, n_replicates, advance, limits=True)


def replications(
    fit: Fit,
    weights: Callable[[int, int], NDArray[Any]],
    n_replicates: int,
    advance: Advance,
    *,
    limits: bool = False,
) -> Replications:
    """Return the estimates of weightings that are made some at a time.

    Parameters
    ----------
    fit : Fit
    weights : function of first and last replicate
        Returns their weights, one row each.
    n_replicates : int
    advance : function of int
    limits : bool
        Whether to find where the estimates of separated replicates lie.
    """
    step = min(max(AT_ONCE // max(fit.source.n_rows, 1), 1), MOST_AT_ONCE)
    coef = np.empty((n_replicates, len(fit.names)))
    outcomes: list[Outcome] = []
    for start in range(0, n_replicates, step):
        stop = min(start + step, n_replicates)
        drawn = weights(start, stop)
        coef[start:stop], ended = refits(fit, drawn)
        for b, outcome in enumerate(ended if limits and fit.estimator.is_ml else ()):
            if outcome is Outcome.DIVERGING:
                coef[start + b] = limit_coefficients(fit, drawn[b])
        del drawn  # before the next are made
        outcomes += ended
        advance(stop - start)
    return Replications(coef, tuple(outcomes))


def cells(fit: Fit, units: Units) -> tuple[Fit, Units] | None:
    """Return the fit over its distinct rows, and these as copies; None where that is no gain.

    Each combination of columns, offset and outcome is one unit, with as many copies as there are
    rows of it.
    """
    rows, source = fit.solved, fit.source
    alike = units.codes is None and units.strata is None and units.prior is None
    if rows is source or not alike:
        return None
    if not (isinstance(rows, ArraySource) and isinstance(source, ArraySource)):
        return None
    if source.data.trials is not None:  # a unit is a group, and its trials are not drawn singly
        return None
    table = rows.data
    assert table.trials is not None, "distinct rows come with their trials"
    copies = np.concatenate([table.y, table.trials - table.y])
    held = np.flatnonzero(copies > 0)
    row = held % table.n_rows
    offset = None if table.offset is None else table.offset[row]
    y = (held < table.n_rows).astype(np.float64)
    split = Block(y, table.X[row], None, None, offset)
    drawn = Units(units.name, len(held), None, len(held), copies[held])
    return replace(fit, source=replace(rows, data=split)), drawn


# --- what replicates say ------------------------------------------------------------------------


def replicate_covariance(
    basis: Basis,
    deviations: Floats,
    kind: str,
    n_clusters: int | None,
    correction: str = "none",
) -> Covariance:
    """Return the covariance ``D'D`` of deviations D (m, p), already divided as they are to be.

    It is brought to the basis of the fit, where the coefficients of its estimate are.
    """
    inner = np.array([basis.inner(row) for row in np.nan_to_num(deviations)])
    triangle: Any = np.linalg.qr(inner, mode="r")  # D'D in so many columns, without squaring
    return Covariance(np.ascontiguousarray(triangle.T), basis, kind, correction, n_clusters)


def accelerations(fit: Fit, units: Units) -> Floats:
    """Return the acceleration (p,) of each coefficient, by the infinitesimal jackknife.

    ``a = Σ d³ / (6 (Σ d²)^(3/2))``, with d what a unit's weight moves the coefficient by, to first
    order: the inverse information times the unit's score, less its mean in the stratum.

    Parameters
    ----------
    fit : Fit
    units : Units
        One for each stratum of those drawn.

    Returns
    -------
    (p,) array
        NaN where a column cannot be estimated, and for estimators with a penalty, whose scores are
        not sums over rows.

    Notes
    -----
    One pass. Efron (1987), *Journal of the American Statistical Association* 82, section 7; with
    strata Davison and Hinkley (1997), section 5.3.
    """
    if not fit.estimator.is_ml:
        return np.full(len(fit.names), np.nan)
    root = fit.information_root()
    outer = fit.basis.root(root) @ root.T
    if units.codes is None:
        moments = fit.rows.fold(
            row_moments, fit.likelihood, fit.solution.coef, outer, units.copies, units.strata
        ).values
    else:
        # Rows that do not count have no score, and so may go with any unit.
        scores = cluster_scores(fit, np.maximum(units.codes, 0), units.n_units)
        if units.copies is not None:
            scores /= units.copies[:, np.newaxis]
        moments = _moments(scores @ outer.T, units.copies, units.strata, units.n_strata)
    one, two, three = moments
    size = units.stratum_sizes[:, np.newaxis]
    mean = one / size
    squares = (two - one * mean).sum(axis=0)
    cubes = (three - 3.0 * mean * two + 2.0 * one * mean**2).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = cubes / (6.0 * squares**1.5)
    found[~fit.basis.estimable] = np.nan
    return found


def row_moments(
    block: Block,
    likelihood: Likelihood,
    coef: Floats,
    outer: Floats,
    copies: Floats | None,
    strata: NDArray[np.int64] | None,
) -> Total:
    """Return sums (3, strata, p) of what a block's rows move coefficients by, and of its powers.

    Parameters
    ----------
    block : Block
    likelihood : Likelihood
    coef : (q,) array
    outer : (p, q) array
        From a score to what it moves coefficients by.
    copies, strata : arrays of all rows, or None
    """
    n_strata = 1 if strata is None else int(strata.max(initial=-1)) + 1
    total = np.zeros((3, n_strata, len(outer)))
    residual = likelihood.residual(block, coef)
    step = max(WRITTEN_OUT // max(len(coef), 1), 1)
    for start in range(0, block.n_rows, step):
        part = slice(start, min(start + step, block.n_rows))
        rows = slice(block.first_row + part.start, block.first_row + part.stop)
        own = None if copies is None else copies[rows]
        moved = residual[part, np.newaxis] * (dense(block.X[part]) @ outer.T)
        if own is not None:  # a row of weight w is w rows of weight one
            moved = np.divide(moved, own[:, None], out=np.zeros_like(moved), where=own[:, None] > 0)
        total += _moments(moved, own, None if strata is None else strata[rows], n_strata)
    return Total(total)


def _moments(
    values: Floats, copies: Floats | None, strata: NDArray[np.int64] | None, n_strata: int
) -> Floats:
    """Return sums (3, strata, p) of values (m, p), of their squares and cubes."""
    codes = np.zeros(len(values), dtype=np.int64) if strata is None else strata
    weights = np.ones(len(values)) if copies is None else copies
    by_stratum = LevelSums(len(values)).of
    return np.array([by_stratum(codes, weights, n_strata, values**k) for k in (1, 2, 3)])
