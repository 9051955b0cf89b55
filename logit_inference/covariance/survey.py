"""Covariances of a sampling design: Taylor linearisation of the scores over stages and strata.

The estimate of a total is a sum over first-stage units, and what it varies by is how the totals of
units differ within their strata; at later stages, how those of subunits differ within units, times
the fraction of units that were sampled. A coefficient moves as the total of its scores does. What
a stratum is called, where weights come from and which rows a model left out, this file does not
know: it sees codes and counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.covariance import Covariance
from logit_inference.covariance.sandwich import WRITTEN_OUT, cluster_scores
from logit_inference.errors import SurveyError
from logit_inference.likelihood.evaluation import Total
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import dense
from logit_inference.solve.fit import Fit

Codes = NDArray[np.int64]
LONELY = ("fail", "remove", "adjust", "average", "certainty")
SAMPLED_ALL = 1e-7  # of 1 − f: a stratum with all its units in the sample does not vary


@dataclass(frozen=True)
class Stage:
    """One stage of a design, at some rows of it.

    Parameters
    ----------
    units : (n,) codes or None
        Units of the stage, numbered through all strata; None where each row is one.
    strata : (n,) codes or None
        Of the stage; in later stages strata lie inside units of the stage before. None where there
        is one.
    sampled : (H,) array
        Units in the sample of each stratum, of the whole design.
    population : (H,) array or None
        Units in the population of each stratum; None, or inf, where drawn with replacement.
    share : (H,) array
        Fraction sampled of the units above: the product over the stages before, one at the first.
    parents : (H,) codes
        The unit of the stage before in which each stratum lies.
    """

    units: Codes | None
    strata: Codes | None
    sampled: Floats
    population: Floats | None
    share: Floats
    parents: Codes

    @property
    def left(self) -> Floats:
        """The part ``1 − f`` of each stratum that is not in the sample, shape (H,)."""
        if self.population is None:
            return np.ones(len(self.sampled))
        left: Floats = 1.0 - self.sampled / self.population
        return left

    def at(self, rows: NDArray[np.intp] | None) -> Stage:
        """Return the stage at some rows; its counts stay those of the whole design."""
        if rows is None:
            return self
        units = None if self.units is None else self.units[rows]
        strata = None if self.strata is None else self.strata[rows]
        return Stage(units, strata, self.sampled, self.population, self.share, self.parents)

    def present(self, n_rows: int) -> NDArray[np.bool_]:
        """Say which strata have a row here, shape (H,)."""
        if self.strata is None:
            return np.full(1, n_rows > 0)
        return np.bincount(self.strata, minlength=len(self.sampled)) > 0


def linearized(
    fit: Fit,
    stages: Sequence[Stage],
    lonely: str,
    names: Sequence[Sequence[object]] = (),
) -> tuple[Covariance, bool]:
    """Return the design-based covariance of a fit by Taylor linearisation.

    ``V M V`` with V the inverse information and ``M = Σ_s Σ_h share (1 − f) n/(n − 1)
    Σ_j (z_j − z̄)(z_j − z̄)'`` over stages s, their strata h and the n units j of each, z being the
    totals of weighted scores. Units of which no row is in the fit (another domain, a missing
    variable) have z = 0 and count.

    Parameters
    ----------
    fit : Fit
        Of rows with sampling weights.
    stages : sequence of Stage
        At the rows of the fit, in their order.
    lonely : {"fail", "remove", "adjust", "average", "certainty"}
        What to do with strata of one unit that is not all of its population: nothing of it is a
        variance (``"remove"`` and ``"certainty"``), the square of its distance from zero, where
        all scores have their mean (``"adjust"``), or the average of the other strata.
    names : sequence of sequences, optional
        Of the strata of each stage, for messages.

    Returns
    -------
    covariance : Covariance
        Without a t reference, which depends on what is tested.
    adjusted : bool
        Whether the policy for strata of one unit mattered.

    Raises
    ------
    SurveyError
        For a stratum of one unit under ``"fail"``.

    Notes
    -----
    One pass for each stage whose units are several rows, and memory of its units times columns;
    two passes and no such memory where each row is a unit. R's survey 4.1: ``svyrecvar``, with its
    default ``survey.adjust.domain.lonely=FALSE``.

    References
    ----------
    Binder (1983), *International Statistical Review* 51. Lumley (2004), *Journal of Statistical
    Software* 9(8).
    """
    scales, adjusted = _scales(stages, fit.source.n_rows, lonely, names)
    meat = np.zeros((len(fit.solution.coef),) * 2)
    for stage, scale in zip(stages, scales, strict=True):
        meat += _meat(fit, stage, scale, lonely == "adjust")
    if len(stages) == 1 and len(stages[0].sampled) == 1:
        factor = "n/(n-1)" if stages[0].units is None else "n/(n-1) for n PSUs"
    else:
        factor = "n/(n-1) for the n units of each stratum"
    if any(stage.population is not None for stage in stages):
        factor += ", finite population correction"
    root = fit.information_root()
    return Covariance(root_of(root, meat), fit.basis, "survey linearisation", factor), adjusted


def variance_of_totals(
    values: Floats,
    stages: Sequence[Stage],
    lonely: str,
    names: Sequence[Sequence[object]] = (),
) -> Floats:
    """Return the design-based covariance (K, K) of the sums over rows of values (n, K).

    The values are those of rows of the fit, with their weights: influences on K estimates, say. As
    `linearized` of scores; other arguments and errors as there.

    Notes
    -----
    Memory of as many numbers again as the values for each stage.
    """
    n_rows, n_values = values.shape
    scales, _ = _scales(stages, n_rows, lonely, names)
    total = np.zeros((n_values, n_values))
    for stage, scale in zip(stages, scales, strict=True):
        strata = np.zeros(n_rows, dtype=np.int64) if stage.strata is None else stage.strata
        if stage.units is None:
            sums, homes = values.copy(), strata
        else:
            all_homes, here = _homes(stage.units, strata)
            size = len(all_homes)
            columns = [np.bincount(stage.units, weights=v, minlength=size) for v in values.T]
            sums = np.column_stack(columns)[here].astype(np.float64)
            homes = all_homes[here]
        means, absent = _means(sums, homes, stage, lonely == "adjust")
        total += _squares(sums, homes, means, absent, scale)
    return total


def _scales(
    stages: Sequence[Stage], n_rows: int, lonely: str, names: Sequence[Sequence[object]]
) -> tuple[list[Floats], bool]:
    """Return what squares of each stage's strata count, and whether the policy mattered."""
    scales, adjusted = [], False
    for number, stage in enumerate(stages):
        policy = _Lonely.of(stage, n_rows, lonely)
        if policy.alone.any():
            adjusted = True
            if lonely == "fail":
                which = np.flatnonzero(policy.alone)
                told = [names[number][h] if names else h for h in which.tolist()]
                raise SurveyError.lonely(number + 1, told)
        scales.append(policy.scale(stage, lonely, number + 1))
    return scales, adjusted


@dataclass(frozen=True)
class _Lonely:
    """Which strata (H,) have rows, and which of these a single unit that shows no variance."""

    present: NDArray[np.bool_]
    alone: NDArray[np.bool_]

    @classmethod
    def of(cls, stage: Stage, n_rows: int, lonely: str) -> _Lonely:
        present = stage.present(n_rows)
        return cls(present, present & (stage.sampled == 1) & (stage.left >= SAMPLED_ALL))

    def scale(self, stage: Stage, lonely: str, number: int) -> Floats:
        """Return what squares of each stratum count (H,)."""
        n, left = stage.sampled, stage.left
        scale: Floats = stage.share * left * np.where(n > 1, n / np.maximum(n - 1.0, 1.0), 1.0)
        scale[left < SAMPLED_ALL] = 0.0
        if lonely != "adjust":
            scale[self.alone] = 0.0
        if lonely == "average" and self.alone.any():
            size = int(stage.parents.max()) + 1
            strata = np.bincount(stage.parents[self.present], minlength=size)
            alone = np.bincount(stage.parents[self.alone], minlength=size)
            if ((alone > 0) & (alone == strata)).any():
                raise SurveyError.no_average(number)
            scale *= (strata / np.maximum(strata - alone, 1))[stage.parents]
        return scale


def _meat(fit: Fit, stage: Stage, scale: Floats, adjust: bool) -> Floats:
    """Return ``Σ_h scale_h Σ_j (z_j − z̄)(z_j − z̄)'`` (q, q) of a stage."""
    if not scale.any():
        return np.zeros((len(fit.solution.coef),) * 2)
    n_rows, H = fit.source.n_rows, len(scale)
    strata = np.zeros(n_rows, dtype=np.int64) if stage.strata is None else stage.strata
    if stage.units is None:
        means = cluster_scores(fit, strata, H) / stage.sampled[:, np.newaxis]
        absent = stage.sampled - np.bincount(strata, minlength=H)
        if adjust:  # a unit alone is compared with zero
            means[stage.sampled == 1] = 0.0
        kernel = partial(_squares_of_rows, strata=strata, means=means, scale=scale)
        meat: Floats = fit.rows.fold_runs(kernel, fit.likelihood, fit.solution.coef).values
        meat += (means * (scale * absent)[:, np.newaxis]).T @ means
        return meat
    homes, here = _homes(stage.units, strata)
    totals = cluster_scores(fit, stage.units, len(homes))[here]
    means, absent = _means(totals, homes[here], stage, adjust)
    return _squares(totals, homes[here], means, absent, scale)


def _homes(units: Codes, strata: Codes) -> tuple[Codes, NDArray[np.bool_]]:
    """Return the stratum of each unit, and which have a row: others are counted, not summed."""
    homes = np.full(int(units.max(initial=-1)) + 1, -1, dtype=np.int64)
    homes[units] = strata
    return homes, homes >= 0


def _means(totals: Floats, homes: Codes, stage: Stage, adjust: bool) -> tuple[Floats, Floats]:
    """Return the means of units' totals in strata (H, k), and how many units have no row (H,)."""
    H = len(stage.sampled)
    sums = [np.bincount(homes, weights=column, minlength=H) for column in totals.T]
    means: Floats = np.column_stack(sums) / stage.sampled[:, np.newaxis]
    if adjust:  # a unit alone is compared with zero
        means[stage.sampled == 1] = 0.0
    return means, stage.sampled - np.bincount(homes, minlength=H)


def _squares(totals: Floats, homes: Codes, means: Floats, absent: Floats, scale: Floats) -> Floats:
    """Return the scaled squares of what totals, which are overwritten, differ from their means."""
    totals -= means[homes]
    meat: Floats = (totals * scale[homes, np.newaxis]).T @ totals
    meat += (means * (scale * absent)[:, np.newaxis]).T @ means
    return meat


def _squares_of_rows(
    run: Iterable[Block],
    likelihood: Likelihood,
    coef: Floats,
    *,
    strata: Codes,
    means: Floats,
    scale: Floats,
) -> Total:
    """Return the scaled squares (q, q) of what scores of rows differ from their stratum's mean."""
    total = np.zeros((len(coef), len(coef)))
    for block in run:
        residual = likelihood.residual(block, coef)
        step = max(WRITTEN_OUT // max(len(coef), 1), 1)
        for start in range(0, block.n_rows, step):
            part = slice(start, min(start + step, block.n_rows))
            scores = dense(block.X[part]) * residual[part, np.newaxis]
            own = strata[block.first_row + part.start : block.first_row + part.stop]
            scores -= means[own]
            total += (scores * scale[own, np.newaxis]).T @ scores
    return Total(total)


def root_of(root: Floats, meat: Floats) -> Floats:
    """Return a root of ``B B' meat B B'``, which is the covariance.

    In the columns of B the meat is near the identity if the model is right: nothing is lost there.
    As many columns as its rank: fewer units than coefficients leave directions without variance,
    and what rounding makes of these must not pass for a small one.
    """
    inside = root.T @ meat @ root
    values, vectors = np.linalg.eigh((inside + inside.T) / 2.0)
    some = values > 10.0 * len(values) * np.finfo(float).eps * values.max(initial=0.0)
    if not some.any():
        return np.zeros((len(root), 1))
    half: Floats = root @ (vectors[:, some] * np.sqrt(values[some]))
    return half


def simple_random(fit: Fit) -> Floats:
    """Return the covariance root (q, r) as if the rows were a simple random sample.

    ``V (Σ w r² x x') V · n/(n − 1)`` with weights w of mean one: the design-weighted estimate of
    what scores vary by in the population, over n draws with replacement. With equal weights it is
    HC0 times n/(n − 1). One pass.
    """
    n = float(fit.tally.n_rows)
    kernel = partial(_weighted_squares, factor=n / (n - 1.0))
    meat: Floats = fit.rows.fold_runs(kernel, fit.likelihood, fit.solution.coef).values
    return root_of(fit.information_root(), meat)


def _weighted_squares(
    run: Iterable[Block], likelihood: Likelihood, coef: Floats, *, factor: float
) -> Total:
    total = np.zeros((len(coef), len(coef)))
    for block in run:
        squares = np.square(likelihood.residual(block, coef))
        if block.weights is not None:
            some = block.weights > 0
            squares = np.divide(squares, block.weights, out=np.zeros_like(squares), where=some)
        step = max(WRITTEN_OUT // max(len(coef), 1), 1)
        for start in range(0, block.n_rows, step):
            part = slice(start, min(start + step, block.n_rows))
            rows = dense(block.X[part])
            total += (rows * (factor * squares[part, np.newaxis])).T @ rows
    return Total(total)
