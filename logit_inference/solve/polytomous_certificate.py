"""The proof that a multinomial maximum exists, and how far given coefficients are from it.

The log-likelihood of a row along a direction v is ``eta_o − log Σ exp(eta_k)``, of which the
derivatives are the cumulants of the variable that takes the value ``a_k = x'v_k`` with probability
``mu_k`` (zero for the reference): minus the second is its variance, minus the third its third
central moment. That is at most ``max|a_k − ā| ≤ max a − min a`` times the variance, and so, more
generally, are the mixed moments: along u, no quadratic form of the information changes faster than

    ``max a − min a = max_{k,l} x'(u_k − u_l) ≤ M·‖u‖,   M = max sqrt(c' I⁻¹ c)``

times itself, where c runs over the contrasts ``(e_k − e_l) ⊗ x`` of all rows x with positive weight
and all pairs of classes, and ‖u‖ is in the metric of the information I. Two classes have one pair,
and M is that of `solve.certificate`. From there on the proof is the same: along a ray of unit speed
the information falls no faster than ``exp(−M t)``, so that the slope of the log-likelihood is at
most ``λ − (1 − exp(−M t))/M`` with ``λ = sqrt(u' I⁻¹ u)`` of the score u. If ``M λ < 1`` it is
negative from ``t = −log(1 − M λ)/M`` on, on every ray: the maximum exists, is unique, and lies
within that distance; no coefficient is further from it than that many of its standard errors.

Rounding enters as there: through λ (`softmax.score_sums` bounds it) and the root of I⁻¹.
"""

from __future__ import annotations

import math

import numpy as np

from logit_inference.likelihood.rounding import RESIDUAL, UNIT, ScoreSums
from logit_inference.likelihood.softmax import score_sums
from logit_inference.rows.basis import Basis
from logit_inference.rows.block import Floats
from logit_inference.rows.lengths import squared_lengths
from logit_inference.rows.source import Source
from logit_inference.solve.certificate import (
    BLOCK_ELEMENTS,
    DOUBLED_IS_CHEAP,
    EXACT_FROM,
    EXACT_IS_CHEAP,
    LARGEST_ERROR,
    MARGIN,
    ROWS_AT_ONCE,
    Certificate,
    undecided,
)
from logit_inference.solve.factor import Factor, column_reach
from logit_inference.solve.polytomous import (
    SoftmaxFit,
    contrast_bound,
    contrast_reach,
    of_equations,
)


def certify_softmax_fit(fit: SoftmaxFit) -> Certificate:
    """Return the certificate of a multinomial fit, at the coefficients that it prints.

    Notes
    -----
    One pass at about three times the price of a score; a second for the exact M where that is
    needed or cheap.
    """
    solution = fit.solution
    if solution.factor is None:
        return undecided("the information matrix is singular at the coefficients")
    # The factor is that of one Newton step before the coefficients, where the search converged.
    moved = solution.decrement if solution.outcome.converged else 0.0
    basis = of_equations(fit.basis, fit.n_classes - 1)
    return certify_softmax(fit.solved_rows, solution.coef, solution.factor, moved, basis)


def certify_softmax(
    rows: Source, coef: Floats, factor: Factor, moved: float = 0.0, basis: Basis | None = None
) -> Certificate:
    """Return what the rows prove of some coefficients.

    Parameters
    ----------
    rows : Source
        In the basis of the coefficients.
    coef : (q,) array
    factor : Factor
        Of the information at the coefficients, or not far from there.
    moved : float
        How far from there, in the metric of that information: on the way it changes by a factor of
        no more than ``exp(M moved)``, with which λ is multiplied.
    basis : Basis, optional
        Turns the coefficients into those that are printed, which rounds them once more.
    """
    root, diagonal = factor.inverse_root(), factor.matrix.diagonal()
    return _certified(rows, coef, root, diagonal, moved, basis)


def certify_class_limit(fit: SoftmaxFit, root: Floats) -> Certificate:
    """Return what the rows of a limiting model prove of the coefficients that it estimates.

    The others are held, so that the proof is one in the space of those: the rows of the root of
    what is held are zero. Contrasts with classes that a row cannot have only make M larger.

    Parameters
    ----------
    fit : SoftmaxFit
        Of the limiting model, over rows with offsets of minus infinity.
    root : (q, r) array
    """
    solution = fit.solution
    free = root.any(axis=1)
    if not np.isfinite(root).all():
        return undecided("the information matrix is singular at the coefficients")
    if not free.any():
        return undecided("nothing is left to estimate")
    diagonal = np.zeros(len(solution.coef))
    diagonal[free] = solution.evaluation.upper.diagonal()
    basis = of_equations(fit.basis, fit.n_classes - 1)
    return _certified(fit.rows, solution.coef, root, diagonal, solution.decrement, basis)


def certify_held(
    rows: Source, coef: Floats, root: Floats, diagonal: Floats, moved: float
) -> Certificate:
    """Return what rows prove of coefficients of which some are held: zero in root and diagonal."""
    return _certified(rows, coef, root, diagonal, moved, None)


def _certified(
    rows: Source,
    coef: Floats,
    root: Floats,
    diagonal: Floats,
    moved: float,
    basis: Basis | None,
) -> Certificate:
    """Return the certificate, from a root of the inverse information and its diagonal."""
    with np.errstate(all="ignore"):
        doubled = rows.n_rows * len(coef) <= DOUBLED_IS_CHEAP
        sums = rows.fold(score_sums, coef, doubled)
        errors: Floats = np.sqrt(squared_lengths(root))
        error = _information_error(rows.n_rows, errors, diagonal, sums)
        if not error <= LARGEST_ERROR:
            return undecided("the information is too ill-conditioned for a proof in doubles")
        decrement = float(np.linalg.norm(root.T @ sums.score))
        rounding = sums.allowance(errors)
        rounding += (len(coef) + 2) * UNIT * float(errors @ np.abs(sums.score))
        length = (decrement + rounding) / (1.0 - error) * MARGIN
        longest = contrast_bound(root, rows.fold(column_reach).values, rows) / (1.0 - error)
        cheap = rows.n_rows * float(len(coef)) ** 2 <= EXACT_IS_CHEAP
        if cheap or not longest * max(length, moved) <= EXACT_FROM:
            longest = rows.fold(contrast_reach, root).value / (1.0 - error)
        longest *= MARGIN
        product = longest * length * math.exp(min(longest * moved, 700.0))
        if not product < 1.0:
            reason = f"M·λ is {product:.3g} at the coefficients, where less than 1 would prove it"
            return undecided(reason, decrement, longest, rounding)
        distance = -math.log1p(-product) / longest * MARGIN
        if basis is not None and basis.matrix is not None:
            printed = np.sqrt(squared_lengths(basis.root(root)))
            known = basis.estimable & (printed > 0)
            distance += float((basis.rounding(coef)[known] / printed[known]).max(initial=0.0))
    return Certificate(True, distance, decrement, longest, rounding)


def _information_error(n: int, errors: Floats, diagonal: Floats, sums: ScoreSums) -> float:
    """Return ε: the matrix whose root measures is within ``ε I`` of the information.

    Working weights are off by what predictors and residuals are. An element of a sum over the rows
    and pairs of classes is off by its depth times the unit times ``sqrt(I_jj I_ll)``, by Cauchy and
    Schwarz: ``mu_k mu_l <= sqrt(mu_k(1 − mu_k) mu_l(1 − mu_l))``.
    """
    q = len(errors)
    weights = sums.predictor * sums.largest + RESIDUAL * UNIT
    kappa = float(errors @ np.sqrt(diagonal))
    blocks = 1 + n * q // BLOCK_ELEMENTS
    return weights + (min(n, ROWS_AT_ONCE) + blocks + 4 * q) * UNIT * kappa**2
