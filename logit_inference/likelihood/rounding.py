"""How far rounding can have moved a computed score: sums over the rows that bound it.

With u = 2⁻⁵³, the unit roundoff of doubles, a row's linear predictor of k terms is off by at most
``(k + 4)·u·a`` with ``a = Σ|x_j b_j| + |offset|``, which moves its residual by that times the
working weight; exp, log and the divisions behind it move the residual by a few u of its own size;
and adding up d terms costs a column of the score at most ``d·u`` times the sum of their sizes. The
sums that these bounds need cost about as much as the score. Higham (2002), *Accuracy and Stability
of Numerical Algorithms*, sections 3.1 and 4.2.

What the bounds say of a maximum stands in `solve.certificate`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import addends, careful_sums, magnitudes, times, transposed_times

UNIT = 2.0**-53
# Units of rounding in a residual beside that of its linear predictor: exp and the terms of 1/(1+t)
# two each, products with weights and trials the others, and room.
RESIDUAL = 16
PREDICTOR = 4  # beside one for each term: the offset, and X itself where it was rounded once


@dataclass(frozen=True, slots=True)
class ScoreSums:
    """A score and what bounds its rounding, of q columns.

    Parameters
    ----------
    score : (q,) array
    sizes : (q,) array
        ``Σ|x_ij|(|r⁺| + |r⁻|)`` over the rows, where the residual is ``r⁺ − r⁻``, both positive.
    spread : float
        ``Σ w_i a_i²`` with the working weights w and ``a_i = Σ_j|x_ij b_j| + |offset|``.
    misfit : float
        ``Σ (r⁺ + r⁻)²/w``: with one trial a row, Pearson's statistic.
    largest : float
        The largest a_i.
    terms : int
        Numbers that are added up for a linear predictor.
    depths : (q,) array
        Additions that a term of each element of the score goes through.
    """

    score: Floats
    sizes: Floats
    spread: float
    misfit: float
    largest: float
    terms: int
    depths: Floats

    def __add__(self, other: ScoreSums) -> ScoreSums:
        return ScoreSums(
            self.score + other.score,
            self.sizes + other.sizes,
            self.spread + other.spread,
            self.misfit + other.misfit,
            max(self.largest, other.largest),
            max(self.terms, other.terms),
            np.maximum(self.depths, other.depths) + 1.0,
        )

    @property
    def predictor(self) -> float:
        """Bound on the relative rounding of a linear predictor, as a share of a_i."""
        return (self.terms + PREDICTOR) * UNIT

    def allowance(self, errors: Floats) -> float:
        """Return how much rounding may have changed the length of the score, ``sqrt(u' I⁻¹ u)``.

        Parameters
        ----------
        errors : (q,) array
            Standard errors: square roots of the diagonal of I⁻¹.

        Notes
        -----
        What changes residuals by ρ contributes ``X'ρ``, and since the columns of ``√W X I^(−1/2)``
        are orthonormal, its length is at most ``sqrt(Σ ρ_i²/w_i)``: with the linear predictors'
        ``ρ_i = w_i δ_i`` the root of the spread, with a share of the residuals that of the misfit.
        What is lost in a column j adds at most its size times the standard error s_j, which is the
        length of the j-th row of ``I^(−1/2)``; that bounds the residuals' share too, should some
        weights be so small that the misfit does not. Infinite where rounding may change a working
        weight by more than a factor of e: nothing can be said there.
        """
        shift = self.predictor * self.largest
        if not shift <= 1.0:
            return math.inf
        from_predictors = math.exp(shift) * self.predictor * math.sqrt(self.spread)
        lost = UNIT * errors * self.sizes
        from_residuals = RESIDUAL * min(UNIT * math.sqrt(self.misfit), float(lost.sum()))
        return from_predictors + from_residuals + float(self.depths @ lost)


def score_sums(block: Block, coef: Floats, doubled: bool) -> ScoreSums:
    """Return the score of a block at ``coef`` (q,), and what bounds its rounding.

    Parameters
    ----------
    block : Block
    coef : (q,) array
    doubled : bool
        Whether columns are added up in twice the working precision, at ten times the price of a
        score; otherwise pairwise, at three times.
    """
    X, sizes = block.X, magnitudes(block.X)
    eta, reach = times(X, coef), times(sizes, np.abs(coef))
    if block.offset is not None:
        eta += block.offset
        reach += np.abs(block.offset)
    t = np.exp(-np.abs(eta))
    small, large = t / (1.0 + t), 1.0 / (1.0 + t)
    mu, nu = np.where(eta >= 0, large, small), np.where(eta >= 0, small, large)
    trials = np.ones_like(eta) if block.trials is None else block.trials
    above, below = block.y * nu, (trials - block.y) * mu
    weight = trials * mu * nu
    if block.weights is not None:
        above *= block.weights
        below *= block.weights
        weight *= block.weights
        counted = block.weights > 0
        reach = np.where(counted, reach, 0.0)
    score, depths = careful_sums(X, above - below, doubled=doubled)
    both = above + below
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        misfit = np.where(both > 0.0, np.square(both) / weight, 0.0).sum()
    return ScoreSums(
        score,
        transposed_times(sizes, both),
        float(weight @ np.square(reach)),
        float(misfit) if np.isfinite(misfit) else math.inf,
        float(reach.max(initial=0.0)),
        addends(X),
        depths,
    )
