"""Many weightings of one design at once: what resampling stands on.

A replicate is a vector of weights for the rows of a fit. The replicates of a chunk take their
Newton steps together, from where the fit ended and in columns that are orthonormal there: the
information matrices of replicates are then all near one another, and none needs scaling. Steps are
full ones, and nothing but their end is checked: a decrement λ with M·λ small is at the maximum,
whichever way led there (see `solve.newton`). Replicates that do not get there are fitted one by one
by the damped search, which says what is wrong with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import ArgumentError, DataError, RankError, WeightsError, plain
from logit_inference.likelihood.replicates import (
    Replicates,
    replicate_log_likelihoods,
    replicate_sums,
)
from logit_inference.rows.basis import Basis, BasisSource, in_basis
from logit_inference.rows.block import Floats
from logit_inference.rows.lengths import squared_lengths
from logit_inference.rows.source import ArraySource, Source
from logit_inference.rows.threads import blas_pinned
from logit_inference.solve.fit import Fit, fit_rows
from logit_inference.solve.newton import FRESH
from logit_inference.solve.solution import Outcome
from logit_inference.solve.stack import (
    stacked_cholesky,
    stacked_solve,
    stacked_solve_transposed,
)

MOST_COLUMNS = 30  # beyond, products of columns are more memory than they are worth
CHUNK = 1024  # replicates whose steps are taken together
MOST_STEPS = 12  # of full Newton steps: whoever needs more needs a closer look
TOLERANCE = 1e-8  # of the decrement, as in `newton`
# Of an information matrix, up to which its sums lose no digits that show in standard errors (as in
# `covariance.model`). Above it the fit's columns are made orthonormal in twice the working
# precision; a replicate above it, in columns that are orthonormal for the fit, is fitted alone.
WELL_CONDITIONED = 1e6
Indices = NDArray[np.intp]


@dataclass(frozen=True, repr=False)
class BatchedFits:
    """Fits of one design under B weightings; NaN where a replicate has no estimate.

    Printed, it says how many have one, and how the others ended.

    Parameters
    ----------
    coef : (B, p) array
    std_errors : (B, p) array or None
        Model-based; None where they were not asked for.
    log_likelihood : (B,) array
        Weighted, binomial constants included.
    outcomes : tuple of B Outcome
        How each search ended: what has no estimate says why.
    """

    coef: Floats
    std_errors: Floats | None
    log_likelihood: Floats
    outcomes: tuple[Outcome, ...]

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Which replicates have estimates, shape (B,)."""
        return np.array([outcome.converged for outcome in self.outcomes], dtype=bool)

    def __repr__(self) -> str:
        B, p = self.coef.shape
        ends = Counter(outcome.name for outcome in self.outcomes if not outcome.converged)
        told = f"{B:,} refits of {p:,} coefficients, {B - ends.total():,} with estimates"
        others = ", ".join(f"{count:,} {name}" for name, count in ends.most_common())
        return f"<BatchedFits: {told}; {others}>" if others else f"<BatchedFits: {told}>"


def refit_weights(
    fit: Fit, W: Any, std_errors: bool = False, labels: Sequence[Any] | None = None
) -> BatchedFits:
    """Return the fits of the same design under many weightings of its rows.

    Parameters
    ----------
    fit : Fit
        Its trials and offset are kept, its own weights are not: where it had weights w that are
        to count, give ``W * w``.
    W : (B, n) array-like
        One row of prior weights for each replicate, one column for each row used in the fit, in
        their order; finite and not negative.
    std_errors : bool
        Whether to compute model-based standard errors.
    labels : sequence of length n, optional
        What the rows are called in messages; by default their numbers.

    Returns
    -------
    BatchedFits
        Each replicate is as good as a fit of its own: coefficients to 1e-9 standard errors,
        standard errors to 1e-9. One that has no estimate is NaN throughout, and its outcome says
        why: ``DIVERGING`` where its rows are separated or hold one outcome only, ``SINGULAR``
        where they do not tell the columns apart (a level that is lost, no weight at all).

    Raises
    ------
    ArgumentError
        For a fit by another estimator than maximum likelihood.
    DataError, WeightsError
        For weights of another shape, not numbers, missing, infinite or negative.

    Notes
    -----
    Columns that the fit could not estimate stay out, and NaN. Up to 30 columns, about six passes
    over the rows for each chunk of 1,024 replicates, some 10 ns per row and replicate in each, and
    memory of a few megabytes; beyond, and for replicates that do not converge in a dozen steps, one
    fit each. The same W gives the same bits. Other replicates in the same call can change the last
    bit of a replicate, through the sizes of matrix products.

    References
    ----------
    Efron and Tibshirani (1993), *An Introduction to the Bootstrap*, chapter 6.

    Examples
    --------
    The jackknife of a 2×2 table of 12, 5, 7 and 20; what leaves out rows of one cell agrees:

    >>> from logit_inference.likelihood.logistic import LOGISTIC
    >>> from logit_inference.rows.block import Block
    >>> X = np.repeat([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0], [1.0, 0.0]], [12, 5, 7, 20], axis=0)
    >>> y = np.repeat([1.0, 0.0, 1.0, 0.0], [12, 5, 7, 20])
    >>> fit = fit_rows(ArraySource(Block(y, X)), LOGISTIC, ["const", "x"], constant=0)
    >>> again = refit_weights(fit, 1.0 - np.eye(44))
    >>> len(np.unique(again.coef[:, 1].round(9))), bool(again.converged.all())
    (4, True)
    """
    if not fit.estimator.is_ml:
        wanted = '"ml" for the fit: refits in batches are maximum likelihood'
        raise ArgumentError("estimator", fit.estimator.kind, wanted)
    weights = checked_weights(W, fit.source.n_rows, labels)
    B, p = len(weights), len(fit.names)
    coef, errors, values = np.full((B, p), np.nan), np.full((B, p), np.nan), np.full(B, np.nan)
    outcomes = [Outcome.CONVERGED] * B
    frame = _orthonormal(fit)
    with blas_pinned(fit.source.n_rows * B, p):
        for start in range(0, B, CHUNK):
            left = np.arange(start, min(start + CHUNK, B))
            if frame is not None:
                done, inner, lower = _maximize(frame, weights, left)
                at = Replicates(weights, done, inner, frame.shown)
                values[done] = frame.source.fold(replicate_log_likelihoods, at).values
                coef[done] = inner @ frame.outer.T
                if std_errors:
                    errors[done] = _errors(frame.outer, lower)
                left = np.setdiff1d(left, done, assume_unique=True)
            for b in left:
                outcomes[b], coef[b], errors[b], values[b] = _alone(fit, weights[b], std_errors)
    unknown = ~fit.basis.estimable
    coef[:, unknown], errors[:, unknown] = np.nan, np.nan
    return BatchedFits(coef, errors if std_errors else None, values, tuple(outcomes))


def checked_weights(W: Any, n: int, labels: Sequence[Any] | None) -> NDArray[Any]:
    """Return weights (B, n) of replicates, or raise as `refit_weights` does."""
    weights: NDArray[Any] = np.asarray(W)
    if weights.dtype.kind not in "biuf":
        raise DataError.type("W", weights.dtype)
    if weights.ndim != 2 or weights.shape[1] != n:
        wanted = f"a row for each replicate and a column for each of the {n} rows used in the fit"
        raise DataError.shape("W", weights.shape, wanted)
    if weights.min(initial=0) >= 0 and weights.max(initial=0) < np.inf:
        return weights
    for replicate, row in enumerate(weights):
        bad = ~(np.isfinite(row) & (row >= 0))
        if bad.any():
            first = int(np.argmax(bad))
            label = first if labels is None else plain(labels[first])
            raise WeightsError.replicate(float(row[first]), replicate, label)
    return weights


# --- all at once ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Frame:
    """Columns in which the information of the fit is the identity.

    Parameters
    ----------
    source : Source
        The rows, in the basis of the fit or in that of the frame.
    shown : (q, q) array or None
        From the one to the other; None where the source has done it.
    outer : (p, q) array
        From coefficients in the frame to those of the p columns.
    start : (q,) array
        The fit, in the frame.
    """

    source: Source
    shown: Floats | None
    outer: Floats
    start: Floats


def _orthonormal(fit: Fit) -> _Frame | None:
    """Return the frame of a fit; None where it has too many columns, or none that is to be had."""
    solution, basis = fit.solution, fit.basis
    factor = solution.factor
    if len(solution.coef) > MOST_COLUMNS or factor is None or not solution.outcome.converged:
        return None
    root = factor.inverse_root()
    start: Any = np.linalg.solve(root, solution.coef)
    if factor.condition_within(WELL_CONDITIONED):
        return _Frame(fit.rows, root, basis.root(root), start)
    matrix = root if basis.matrix is None else basis.matrix @ root
    rows = in_basis(fit.source, Basis(basis.n_columns, basis.kept, matrix))
    return _Frame(rows, None, basis.root(root), start)


def _maximize(
    frame: _Frame, weights: NDArray[Any], chosen: Indices
) -> tuple[Indices, Floats, Floats]:
    """Return the replicates that converged, their coefficients in the frame, and their factors."""
    q = len(frame.start)
    coef = frame.start[np.newaxis]
    found = [(chosen[:0], np.empty((0, q)), np.empty((q, q, 0)))]
    for _ in range(MOST_STEPS):
        sums = frame.source.fold(replicate_sums, Replicates(weights, chosen, coef, frame.shown))
        lower = stacked_cholesky(sums.information, q)
        half = stacked_solve(lower, sums.scores.T)
        with np.errstate(over="ignore", invalid="ignore"):  # of replicates that are lost anyway
            decrement = np.sqrt((half * half).sum(axis=0))
            coef = coef + stacked_solve_transposed(lower, half).T
        done = np.flatnonzero(decrement <= TOLERANCE)
        done = done[_proven(lower[:, :, done], decrement[done], sums.reach)]
        found.append((chosen[done], coef[done], lower[:, :, done]))
        left = np.isfinite(decrement)
        left[done] = False
        chosen, coef = chosen[left], coef[left]
        if not len(chosen):
            break
    replicates, coefs, factors = zip(*found, strict=True)
    order = np.argsort(np.concatenate(replicates))
    return (
        np.concatenate(replicates)[order],
        np.concatenate(coefs)[order],
        np.concatenate(factors, axis=2)[:, :, order],
    )


def _proven(lower: Floats, decrement: Floats, reach: float) -> NDArray[np.bool_]:
    """Return where the maximum is reached and the information that of the maximum, to 1e-9.

    M, the largest ``sqrt(x' I⁻¹ x)``, is at most the longest row times the root of the trace of the
    inverse; the condition at most the product of the traces.
    """
    q = len(lower)
    inverse = stacked_solve(lower, np.broadcast_to(np.eye(q)[:, :, np.newaxis], lower.shape))
    trace = np.einsum("ijc,ijc->c", inverse, inverse)
    condition = trace * np.einsum("ijc,ijc->c", lower, lower)
    curvature = decrement * reach * np.sqrt(trace)
    fresh: NDArray[np.bool_] = (curvature <= FRESH) & (condition <= WELL_CONDITIONED)
    return fresh


def _errors(outer: Floats, lower: Floats) -> Floats:
    """Return the (C, p) standard errors of ``outer @ coef``, from factors (q, q, C)."""
    rows = outer.T[:, :, np.newaxis]
    reach = stacked_solve(lower, np.broadcast_to(rows, (*rows.shape[:2], lower.shape[2])))
    errors: Floats = np.sqrt(np.einsum("ijc,ijc->jc", reach, reach)).T
    return errors


# --- one by one -----------------------------------------------------------------------------------


def _alone(
    fit: Fit, weights: NDArray[Any], std_errors: bool
) -> tuple[Outcome, Floats, Floats, float]:
    """Return outcome, coefficients, standard errors and log-likelihood of one replicate."""
    nothing = np.full(len(fit.names), np.nan)
    rows = _reweighted(fit.rows, np.asarray(weights, dtype=np.float64))
    counts = rows.without_columns().fold(fit.likelihood.tally)
    if not counts.trials > 0:
        return Outcome.SINGULAR, nothing, nothing, np.nan
    if counts.events in (0.0, counts.trials):
        return Outcome.DIVERGING, nothing, nothing, np.nan
    solution = fit.solution
    start = solution.coef if solution.outcome.converged else None
    names = [str(column) for column in range(len(solution.coef))]
    try:
        again = fit_rows(rows, fit.likelihood, names, start=start)
    except RankError:
        return Outcome.SINGULAR, nothing, nothing, np.nan
    outcome = Outcome.SINGULAR if again.relations else again.solution.outcome
    if not outcome.converged:
        return outcome, nothing, nothing, np.nan
    errors = nothing
    if std_errors:
        outer = fit.basis.root(again.basis.root(again.information_root()))
        errors = np.sqrt(squared_lengths(outer))
    return outcome, fit.basis.coefficients(again.coef), errors, again.log_likelihood


def _reweighted(source: Source, weights: Floats) -> Source:
    """Return the rows of a source with other weights."""
    if isinstance(source, BasisSource):
        return BasisSource(_reweighted(source.source, weights), source.basis)
    if isinstance(source, ArraySource):
        return replace(source, data=replace(source.data, weights=weights))
    raise TypeError(f"{type(source).__name__} cannot take other weights")
