"""Likelihood-ratio and score statements about a multinomial fit, from the peak of its likelihood.

Restrictions are rows of the coefficients in the basis of the peak. On separated data there is no
peak, and both log-likelihoods are suprema: a search that stops where its decrement is λ is within
about λ² of one, because along the cone the log-likelihood closes in exponentially.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from logit_inference.errors import ProfileError
from logit_inference.inference.deviance import Model, TermTest
from logit_inference.inference.distribution import chi_square_tail
from logit_inference.inference.profile import restricted_maximum
from logit_inference.inference.refit import Refit, refit, top
from logit_inference.inference.terms import Comparison
from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.likelihood.objective import Objective
from logit_inference.rows.basis import Basis
from logit_inference.rows.block import Floats
from logit_inference.solve.criterion import restrict
from logit_inference.solve.factor import Factor, factorize
from logit_inference.solve.newton import newton
from logit_inference.solve.peak import Peak

SETTLED, MOST_POLISHED = 1e-9, 4  # of the decrement under the restrictions, before a score counts
NEAR_SUPREMUM, MOST_STEPS = 1e-6, 200  # decrement at which a supremum is near to its square


@dataclass(frozen=True)
class Top:
    """The model that others are nested in.

    Parameters
    ----------
    objective : callable
        Log-likelihood of (q,) coefficients.
    basis : Basis
        Of the coefficients.
    value : float
        Its maximum, or its supremum.
    peak : Peak or None
        None on separated data.
    """

    objective: Objective
    basis: Basis
    value: float
    peak: Peak | None


def restricted_value(whole: Top, matrix: Floats, value: Floats, near: Refit | None = None) -> float:
    """Return the largest log-likelihood where ``matrix @ coef = value``, or its supremum.

    Parameters
    ----------
    whole : Top
    matrix : (m, p) array
        In the coefficients of all columns.
    value : (m,) array
    near : Refit, optional
        A restricted maximum to start at.

    Raises
    ------
    ProfileError
        Where it is not found.
    """
    rows = whole.basis.of(matrix)
    if whole.peak is not None:
        return restricted_maximum(whole.peak, rows, value, near).value
    return _supremum(whole.objective, rows, value)


def likelihood_ratio(whole: Top, matrix: Floats, value: Floats) -> float:
    """Return twice the fall of the log-likelihood under restrictions; one restricted fit."""
    return max(2.0 * (whole.value - restricted_value(whole, matrix, value)), 0.0)


def score_statistic(peak: Peak, rows: Floats, value: Floats, held: Floats) -> float:
    """Return Rao's score statistic ``u' I⁻¹ u`` of restrictions within a larger model.

    Parameters
    ----------
    peak : Peak
    rows, value : (m, q) and (m,) arrays
        Restrictions of the smaller model, in the basis of the peak.
    held : (j, q) array
        Those that hold in the larger model too; none where that is the whole one.

    Notes
    -----
    The restricted maximum is polished until the rest of its score is below 1e-9: three to six
    evaluations.
    """
    at = restricted_maximum(peak, rows, value)
    for _ in range(MOST_POLISHED):
        now = peak.objective(at.coef)
        factor = factorize(now.upper)
        if factor is None:
            raise ProfileError.not_found("the information of a restricted model")
        root = factor.inverse_root()
        standardized = root.T @ now.score
        tested: Floats = np.linalg.qr((rows @ root).T)[0]
        part = tested @ (tested.T @ standardized)
        if np.linalg.norm(standardized - part) <= SETTLED:
            break
        closer = refit(peak.objective, at.coef, at.root, rows, value)
        if closer is None or not closer.outcome.converged:
            break
        at = closer
    if len(held):
        kept: Floats = np.linalg.qr((held @ root).T)[0]
        part = part - kept @ (kept.T @ part)
    return float(part @ part)


def compared(whole: Top, comparisons: Sequence[Comparison], test: str) -> list[TermTest]:
    """Return the likelihood-ratio or score test of each comparison of nested models.

    Notes
    -----
    One restricted fit for each model that occurs: two to five evaluations, from the model next
    larger.
    """
    known: list[tuple[Floats, float, Refit | None]] = []
    found: dict[int, TermTest] = {}
    for place in sorted(range(len(comparisons)), key=lambda i: len(comparisons[i].null)):
        one = comparisons[place]
        larger, via = _model(whole, one.alternative, None, known)
        smaller, _ = _model(whole, one.null, via, known)
        df = float(one.df)
        if not df:
            statistic = 0.0
        elif test == "score" and whole.peak is not None:
            rows, held = whole.basis.of(one.null), whole.basis.of(one.alternative)
            statistic = score_statistic(whole.peak, rows, np.zeros(len(rows)), held)
        else:
            statistic = max(2.0 * (larger - smaller), 0.0)
        tail = chi_square_tail(statistic, df) if df else math.nan
        q = len(whole.basis.kept)
        models = Model(smaller, q - len(one.null)), Model(larger, q - len(one.alternative))
        found[place] = TermTest(one.term, statistic, df, tail, None, *models)
    return [found[place] for place in range(len(comparisons))]


def _model(
    whole: Top,
    matrix: Floats,
    near: Refit | None,
    known: list[tuple[Floats, float, Refit | None]],
) -> tuple[float, Refit | None]:
    """Return the log-likelihood of a submodel, and where it is; fitted once."""
    if not len(matrix):
        return whole.value, None if whole.peak is None else top(whole.peak)
    for rows, value, at in known:
        if np.array_equal(rows, matrix):
            return value, at
    zero = np.zeros(len(matrix))
    rows = whole.basis.of(matrix)
    if whole.peak is None:
        known.append((matrix, _supremum(whole.objective, rows, zero), None))
    else:
        at = restricted_maximum(whole.peak, rows, zero, near)
        known.append((matrix, at.value, at))
    return known[-1][1:]


def _supremum(objective: Objective, rows: Floats, value: Floats) -> float:
    """Return the supremum of a log-likelihood where ``rows @ coef = value``."""
    m, q = rows.shape
    turned, triangle = np.linalg.qr(rows.T, mode="complete")
    origin = turned[:, :m] @ np.linalg.solve(triangle[:m].T, value)
    if m == q:
        return objective(origin).log_likelihood
    found = newton(
        restrict(objective, origin, turned[:, m:]),
        np.zeros(q - m),
        _length,
        tolerance=NEAR_SUPREMUM,
        max_iterations=MOST_STEPS,
        fresh=np.inf,
    )
    near = found.decrement <= math.sqrt(NEAR_SUPREMUM)
    if not (found.outcome.converged or near):
        raise ProfileError.not_found("the supremum of a restricted model")
    return found.evaluation.log_likelihood + found.decrement**2


def _length(factor: Factor, coef: Floats, now: Evaluation) -> float:
    """Return λ for M·λ: a value is right to the square of λ, wherever that is."""
    return math.sqrt(max(float(now.score @ factor.solve(now.score)), 0.0))
