"""Coefficients made elsewhere: whether a maximum exists, and how far they are from it.

R, statsmodels or scikit-learn made them; here the same model is fitted, with its certificate, and
the distance is measured.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.errors import (
    CoefficientError,
    DataError,
    OutcomeError,
    SeparationWarning,
)
from logit_inference.likelihood.rounding import UNIT
from logit_inference.models.logit import logit, logit_arrays
from logit_inference.models.separated import detect_separation, detect_separation_arrays
from logit_inference.rows.block import Floats
from logit_inference.solve.certificate import Certificate, undecided
from logit_inference.solve.certificate import certify as certify_rows
from logit_inference.solve.factor import factorize
from logit_inference.solve.fit import Fit
from logit_inference.solve.triangle import resolved_factor

ROUNDED = 1.0 + 1e-7  # of a standard error, with room

if TYPE_CHECKING:
    from logit_inference.diagnostics.separation import Separation
    from logit_inference.inference.estimate import Estimate
    from logit_inference.models.result import LogitResult


def certify(
    coef: Any,
    formula: str,
    data: Any,
    *,
    event: Any = None,
    trials: Any = None,
    weights: Any = None,
    weights_kind: str | None = None,
    offset: Any = None,
    missing: str = "drop",
    context: Mapping[str, Any] | None = None,
) -> Certificate:
    """Return whether a formula's likelihood has a maximum, and how far coefficients are from it.

    Parameters
    ----------
    coef : mapping, Series or (p,) array
        By name, or in the order of the columns. NaN for columns that the data cannot estimate.
    formula, data, event, trials, weights, weights_kind, offset, missing, context
        As in `logit_inference.logit`.

    Returns
    -------
    Certificate
        ``distance`` is the largest distance of a coefficient from the exact maximum, in its
        standard errors at the maximum, with what is uncertain of that maximum added: an upper
        bound. The other numbers are those of the maximum's own certificate. Where no finite maximum
        exists, ``exists`` is False, whatever the coefficients, and ``limit`` tells how far those
        that have a finite estimate are from the limiting model's.

    Raises
    ------
    CoefficientError
        Where names or their number are not those of the columns; for infinite coefficients; for a
        number where the data cannot estimate one.

    Notes
    -----
    One fit, and what its certificate costs.

    Examples
    --------
    >>> import logit_inference as li
    >>> births = li.datasets.load("birthwt")
    >>> said = li.certify([-1.0871, 0.7041], "low ~ smoke", births)
    >>> said.exists, said.reason, round(said.distance, 5)
    (True, 'Intercept is furthest', 0.00023)
    """
    asked: dict[str, Any] = {
        "event": event,
        "trials": trials,
        "weights": weights,
        "weights_kind": weights_kind,
        "offset": offset,
        "missing": missing,
        "context": context,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeparationWarning)  # the certificate says it
        try:
            own = logit(formula, data, require_convergence=False, **asked)
        except (OutcomeError, DataError) as refusal:
            return _of_one_outcome(coef, detect_separation(formula, data, **asked), refusal)
    return _compared(coef, own)


def certify_arrays(
    coef: Any,
    y: Any,
    X: Any,
    *,
    names: Sequence[str] | None = None,
    intercept: bool = False,
    event: Any = None,
    trials: Any = None,
    weights: Any = None,
    weights_kind: str | None = None,
    offset: Any = None,
) -> Certificate:
    """Return what `certify` returns, for an outcome and the columns of an array.

    Parameters
    ----------
    coef : mapping, Series or (p,) array
        By name, or in the order of the columns, an added intercept first.
    y, X, names, intercept, event, trials, weights, weights_kind, offset
        As in `logit_inference.logit_arrays`.

    Examples
    --------
    >>> import logit_inference as li
    >>> y, X = [0, 1, 0, 1, 1], [[1.0], [2.0], [3.0], [4.0], [5.0]]
    >>> li.certify_arrays([0.0, 0.0], y, X, intercept=True).exists
    True
    """
    asked: dict[str, Any] = {
        "names": names,
        "intercept": intercept,
        "event": event,
        "trials": trials,
        "weights": weights,
        "weights_kind": weights_kind,
        "offset": offset,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeparationWarning)
        try:
            own = logit_arrays(y, X, require_convergence=False, **asked)
        except (OutcomeError, DataError) as refusal:
            return _of_one_outcome(coef, detect_separation_arrays(y, X, **asked), refusal)
    return _compared(coef, own)


def _of_one_outcome(coef: Any, found: Separation, refusal: Exception) -> Certificate:
    """Return the certificate where all outcomes are equal and a constant is in the model.

    No fit is made of these, but whether a maximum exists can be asked. What the rows cannot answer
    either was refused for another reason.
    """
    if not found.found:
        raise refusal
    _read(coef, found.names, False, np.full(len(found.names), np.nan))
    reason = found.sentence.rstrip(".")
    return Certificate(False, np.inf, np.nan, np.nan, np.nan, reason[0].lower() + reason[1:])


def _compared(coef: Any, own: LogitResult) -> Certificate:
    """Return the certificate of our maximum with the distance of other coefficients from it.

    Where no maximum exists the limiting model's finite coefficients are compared with its own.
    Where ours was not reached, the theorem is asked at the others.
    """
    estimate, found = own.estimate, own.certificate
    known = own.converged and not own.separation.found
    given = _read(coef, estimate.names, known, estimate.coef)
    reached = own.converged and found.exists is not None
    if not reached and own.fit is not None and np.isfinite(given).all():
        return _at(given, own.fit)
    if found.exists:
        return _moved(found, given, estimate)
    limit = None if found.limit is None else _moved(found.limit, given, estimate)
    return replace(found, distance=np.inf, limit=limit)


def _moved(found: Certificate, given: Floats, estimate: Estimate) -> Certificate:
    """Return a certificate with the distance of given coefficients from the maximum added."""
    kept = np.flatnonzero(estimate.estimable)
    if not len(kept):
        return found
    ours, theirs = estimate.coef[kept], given[kept]
    gaps = np.abs(theirs - ours) + 2.0 * UNIT * (np.abs(theirs) + np.abs(ours))
    shares = ROUNDED * gaps / estimate.std_errors[kept]  # standard errors have a rounding too
    furthest = int(shares.argmax())
    name = estimate.names[kept[furthest]] if shares[furthest] > found.distance else ""
    return replace(
        found,
        distance=found.distance + float(shares[furthest]),
        reason=f"{name} is furthest" if name else "",
    )


def _at(given: Floats, fit: Fit) -> Certificate:
    """Return the certificate of given coefficients by themselves."""
    rows, inner = fit.solved_rows, fit.basis.inner(given)
    factor = factorize(rows.fold_runs(fit.likelihood.evaluate, inner).upper)
    if factor is None:
        factor = resolved_factor(rows, fit.likelihood, inner)
    if factor is None:
        return undecided("the information matrix is singular at the coefficients")
    return certify_rows(rows, fit.likelihood, inner, factor, basis=fit.basis)


def _read(coef: Any, names: Sequence[str], fitted: bool, ours: Floats) -> Floats:
    """Return the (p,) coefficients in the order of the columns."""
    if hasattr(coef, "to_dict"):
        coef = coef.to_dict()
    if isinstance(coef, Mapping):
        if set(coef) != set(names):
            raise CoefficientError.names(list(coef), names)
        coef = [coef[name] for name in names]
    try:
        given = np.asarray(coef, dtype=np.float64)
    except (TypeError, ValueError):
        raise CoefficientError.kind(type(coef).__name__, names) from None
    if given.shape != (len(names),):
        raise CoefficientError.shape(given.shape, names)
    if not fitted:
        return given
    for name, value, own in zip(names, given.tolist(), ours.tolist(), strict=True):
        if np.isnan(own) and not (np.isnan(value) or value == 0.0):
            raise CoefficientError.not_estimable(name, value)
        if not np.isnan(own) and not np.isfinite(value):
            raise CoefficientError.not_finite(name, value)
    return given
