"""Covariances from replicate weights: what coefficients vary by when they are estimated again.

A replicate leaves out or repeats a part of the sample as another sample would have; the variance is
a scaled sum of squares of what the replicates' coefficients differ by. Which scale belongs to which
kind of replicates is said here, and refits come from the batched engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.covariance import Covariance
from logit_inference.covariance.survey import Stage
from logit_inference.errors import SurveyError
from logit_inference.rows.block import Floats
from logit_inference.solve.batch import refit_weights
from logit_inference.solve.fit import Fit

Codes = NDArray[np.int64]
TYPES = ("BRR", "Fay", "JK1", "JKn", "bootstrap")
MOST_UNITS = 4096  # of which a jackknife is written out: a matrix of as many rows and columns
AT_ONCE = 1 << 22  # weights of rows that are written out at a time
DEPENDENT = 1e-5  # of a column of replicate weights: what R's qr() takes for a combination


@dataclass(frozen=True)
class Replicates:
    """Replicate weights and how their estimates make a variance.

    Parameters
    ----------
    type : {"BRR", "Fay", "JK1", "JKn", "bootstrap"}
    factors : (U, R) array
        What each replicate makes of the weight of a unit; of rows the replicate weights themselves
        where they were given in full.
    units : (n,) codes or None
        The unit of each row; None where each row is one.
    combined : bool
        Whether factors hold the sampling weights already.
    scale : float
    rscales : (R,) array
    mse : bool
        Whether squares are about the estimate, or about the mean of the replicates.
    """

    type: str
    factors: Floats
    units: Codes | None
    combined: bool
    scale: float
    rscales: Floats
    mse: bool

    @property
    def n_replicates(self) -> int:
        """Number of replicates."""
        return int(self.factors.shape[1])

    def at(self, rows: NDArray[np.intp] | None) -> Replicates:
        """Return the replicates of some rows."""
        if rows is None:
            return self
        units = rows.astype(np.int64) if self.units is None else self.units[rows]
        return Replicates(
            self.type, self.factors, units, self.combined, self.scale, self.rscales, self.mse
        )

    def weights(self, chosen: slice, base: Floats) -> Floats:
        """Return the weights (some of R, n) of some replicates."""
        factors = self.factors[:, chosen].T
        own = factors if self.units is None else factors[:, self.units]
        return own if self.combined else own * base

    def df(self, base: Floats) -> float:
        """Return the rank of the replicate weights less one, as R's ``degf``.

        Rows of a unit are proportional to each other, so that a row of each unit tells it.
        """
        if self.combined:
            rows = self.factors if self.units is None else self.factors[self.units]
        else:
            units = np.arange(len(base)) if self.units is None else self.units
            rows = self.factors[np.unique(units[base > 0])]
        return float(_rank(rows) - 1)


@dataclass(frozen=True)
class Replicated:
    """A covariance from replicates, and how many of these had an estimate."""

    covariance: Covariance
    n_used: int


def replicated(fit: Fit, replicates: Replicates, base: Floats) -> Replicated:
    """Return the covariance of a fit from replicate weights.

    ``scale Σ_r rscales_r (b_r − c)(b_r − c)'`` with c the estimate (``mse``) or the mean of the
    replicates with a positive rscale.

    Parameters
    ----------
    fit : Fit
        By maximum likelihood, with finite coefficients.
    replicates : Replicates
        At the rows of the fit.
    base : (n,) array
        Sampling weights of these rows.

    Raises
    ------
    SurveyError
        Where fewer than two replicates have an estimate.

    Notes
    -----
    See `solve.batch.refit_weights`: some six passes for each chunk of replicates. Replicates
    without an estimate are left out, as R's survey 4.1 does (``svrVar``), and counted.

    References
    ----------
    Wolter (2007), *Introduction to Variance Estimation*, chapters 3 to 5. Judkins (1990), *Journal
    of Official Statistics* 6, for Fay's method.
    """
    R = replicates.n_replicates
    step = max(AT_ONCE // max(fit.source.n_rows, 1), 1)
    mean = base.sum() / np.count_nonzero(base)  # so that information is that of as many rows
    kept = list(fit.basis.kept)
    found = []
    for start in range(0, R, step):
        W = replicates.weights(slice(start, min(start + step, R)), base) / mean
        found.append(refit_weights(fit, W).coef[:, kept])
    coef = np.concatenate(found)
    known = np.isfinite(coef).all(axis=1)
    if np.count_nonzero(known & (replicates.rscales > 0)) < 2:
        raise SurveyError.replicates(
            f"{int(known.sum())} of {R} replicates have an estimate, too few for a variance: the "
            "others are separated or lose a level. Leave out sparse terms, or take the design's "
            "linearisation."
        )
    coef, rscales = coef[known], replicates.rscales[known]
    centre = fit.coef[kept] if replicates.mse else coef[rscales > 0].mean(axis=0)
    inner = _inside(fit, coef - centre)
    root = np.ascontiguousarray((inner * np.sqrt(replicates.scale * rscales)[:, np.newaxis]).T)
    about = "about the estimate" if replicates.mse else "about their mean"
    kind = f"survey replicates ({replicates.type})"
    return Replicated(Covariance(root, fit.basis, kind, f"squares {about}"), len(coef))


def jackknife(stage: Stage, n_rows: int, type: str, *, mse: bool = False) -> Replicates:
    """Return the weights that leave out each unit of a first stage once.

    The other ``n − 1`` units of its stratum count ``n/(n − 1)`` times, and its square the share
    ``(1 − f)(n − 1)/n``. A unit that is alone in its stratum stays in.

    Parameters
    ----------
    stage : Stage
        At all rows of the design.
    n_rows : int
    type : {"JK1", "JKn"}
        Without strata, and with them.
    mse : bool
        As in `Replicates`.

    Raises
    ------
    SurveyError
        For a type that is not the design's, and for so many units that nobody would refit.

    References
    ----------
    Wolter (2007), *Introduction to Variance Estimation*, section 4.5.
    """
    if type not in ("JK1", "JKn"):
        raise SurveyError.replicates(
            f"type={type!r} cannot be made of strata and units here: write "
            '"JK1" or "JKn". survey_replicates() takes weights of other types.'
        )
    H, G = len(stage.sampled), int(stage.sampled.sum())
    if type == "JK1" and H > 1:
        raise SurveyError.replicates(
            f'type="JK1" is for a design without strata, and this has {H}: write "JKn".'
        )
    if G > MOST_UNITS:
        raise SurveyError.replicates(
            f"{G:,} primary sampling units would be as many refits: the design's linearisation, "
            f"which is the default, takes one pass. A jackknife is for {MOST_UNITS:,} at most."
        )
    homes = np.zeros(G, dtype=np.int64)
    homes[np.arange(n_rows) if stage.units is None else stage.units] = (
        0 if stage.strata is None else stage.strata
    )
    n, left = stage.sampled[homes], stage.left[homes]
    grown = n / np.maximum(n - 1.0, 1.0)
    factors = np.where(homes[:, np.newaxis] == homes, grown[:, np.newaxis], 1.0)
    np.fill_diagonal(factors, 0.0)
    several = n > 1
    factors, rscales = factors[:, several], ((n - 1.0) / n * left)[several]
    if type == "JK1":
        ones = np.ones(len(rscales))
        return Replicates(type, factors, stage.units, False, float(rscales[0]), ones, mse)
    return Replicates(type, factors, stage.units, False, 1.0, rscales, mse)


def _inside(fit: Fit, coef: Floats) -> Floats:
    """Return coefficients (R, q) of the columns kept in the basis that was solved in."""
    if fit.basis.matrix is None:
        return coef
    full = np.zeros((len(coef), fit.basis.n_columns))
    full[:, list(fit.basis.kept)] = coef
    return np.array([fit.basis.inner(row) for row in full])


def _rank(columns: Floats) -> int:
    """Return the rank of columns, one after the other; those near the span of others do not count.

    A column is a combination where less than 1e-5 of its length is left (LINPACK's rule in R). Of
    many rows that shows in products of columns too, whose rounding is 1e-7 of a length.
    """
    if len(columns) > columns.shape[1]:
        products = columns.T @ columns
        scale = np.sqrt(np.maximum(np.diagonal(products), np.finfo(float).tiny))
        values, vectors = np.linalg.eigh(products / np.outer(scale, scale))
        columns = np.sqrt(np.maximum(values, 0.0))[:, np.newaxis] * vectors.T
    spanned = np.empty((len(columns), 0))
    for column in columns.T:
        size = float(np.linalg.norm(column))
        left = column - spanned @ (spanned.T @ column)
        left -= spanned @ (spanned.T @ left)
        length = float(np.linalg.norm(left))
        if size > 0 and length > DEPENDENT * size:
            spanned = np.column_stack([spanned, left / length])
    return int(spanned.shape[1])


def default_scales(
    type: str, R: int, rho: float | None, scale: float | None, rscales: Any
) -> tuple[float, Floats]:
    """Return scale and rscales (R,) of a type of replicates, as R's ``svrepdesign`` has them.

    BRR 1/R; Fay ``1/(R (1 − rho)²)``; JK1 ``(R − 1)/R``; bootstrap ``1/(R − 1)``; JKn 1, with
    ``(n − 1)/n`` of the stratum of each replicate, which only the survey's documentation knows.

    Raises
    ------
    SurveyError
        For a type without its numbers.

    Examples
    --------
    >>> default_scales("Fay", 4, 0.5, None, None)[0]
    1.0
    """
    if type in ("BRR", "Fay") and (scale is not None or rscales is not None):
        raise SurveyError.replicates(
            f'type="{type}" has the scale 1/R, with (1 − rho)² under it for Fay: leave scale= and '
            "rscales= out."
        )
    if (type == "Fay") != (rho is not None):
        raise SurveyError.replicates(
            "Fay's method needs rho=, the part of a weight that it keeps (0.3, say), and no other "
            'type has one: write type="Fay", rho=0.3.'
        )
    if type == "JKn" and rscales is None:
        raise SurveyError.replicates(
            'type="JKn" needs rscales=: (n − 1)/n for the stratum from which each replicate leaves '
            "out a unit, with its finite population correction. The survey's documentation has "
            "them."
        )
    defaults = {
        "BRR": 1.0 / R,
        "Fay": 1.0 / (R * (1.0 - (rho or 0.0)) ** 2),
        "JK1": (R - 1.0) / R,
        "bootstrap": 1.0 / max(R - 1.0, 1.0),
        "JKn": 1.0,
    }
    own = np.ones(R) if rscales is None else np.asarray(rscales, dtype=np.float64)
    if own.shape == ():
        own = np.full(R, float(own))
    if own.shape != (R,) or not np.isfinite(own).all() or (own < 0).any():
        raise SurveyError.replicates(
            f"rscales has shape {own.shape}: give {R} finite numbers, not negative, one for each "
            "replicate."
        )
    factor = defaults[type] if scale is None else float(scale)
    if not (np.isfinite(factor) and factor > 0):
        raise SurveyError.replicates(f"scale={scale!r} is no number above 0.")
    return factor, own
