"""Models nested in a fit: the coefficients under linear restrictions, and their maxima and scores.

What was maximised, with whatever penalty, is maximised again where the restrictions hold: from the
peak of the fit, or on separated data as a supremum. Likelihood-ratio and score tests of a
hypothesis, of a term, of a smaller formula all come from here; which of them is asked, this file
does not know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logit_inference.errors import ArgumentError, ProfileError
from logit_inference.inference.profile import restricted_maximum
from logit_inference.inference.refit import Refit, refit
from logit_inference.likelihood.estimator import Estimator
from logit_inference.rows.block import Floats
from logit_inference.rows.variant import variant
from logit_inference.solve.factor import factorize
from logit_inference.solve.fit import Fit
from logit_inference.solve.peak import Peak, peak_of
from logit_inference.solve.recession import Recession
from logit_inference.solve.root import information_root
from logit_inference.solve.supremum import Supremum, score_at, subspace, supremum

SETTLED, MOST_POLISHED = 1e-9, 4  # of the decrement under the restrictions, before a score counts


@dataclass(frozen=True)
class Whole:
    """A fit as the model that others are nested in.

    Parameters
    ----------
    fit : Fit
        Of the model that was asked for: on separated data the search that ran to infinity.
    value : float
        Largest value of what was maximised, or its supremum; without the binomial constant.
    peak : Peak or None
        None on separated data.
    recession : Recession or None
        Where the data are separated: the cone, in all p columns.
    """

    fit: Fit
    value: float
    peak: Peak | None
    recession: Recession | None


@dataclass(frozen=True)
class Submodel:
    """What was maximised, under restrictions.

    Parameters
    ----------
    matrix, value : (k, p) and (k,) arrays
        The restrictions ``matrix @ coef = value``.
    maximum : float
        Without the binomial constant.
    at : Refit or Supremum
        Where it is.
    """

    matrix: Floats
    value: Floats
    maximum: float
    at: Refit | Supremum


def check_test(estimator: Estimator, test: str, argument: str) -> None:
    """Raise where an estimator has no such test.

    Likelihood ratios need a criterion that a chi-square reference holds for, score tests the
    likelihood itself.

    Parameters
    ----------
    estimator : Estimator
    test : {"lr", "score"}
    argument : str
        Its name as the caller knows it.

    Raises
    ------
    ArgumentError
    """
    if not estimator.has_likelihood:
        reason = f"{estimator.name} has no likelihood ratios and scores"
        raise ArgumentError.refused(argument, test, reason, '"wald"')
    if test == "score" and not estimator.is_ml:
        reason = f"the score test is one of maximum likelihood, and this is {estimator.name}"
        raise ArgumentError.refused(argument, test, reason, '"lr" or "wald"')


def whole_model(fit: Fit, asked: Fit | None = None, recession: Recession | None = None) -> Whole:
    """Return a fit as the model that others are nested in; one evaluation.

    Parameters
    ----------
    fit : Fit
        The maximum, or the limiting model.
    asked, recession : optional
        On separated data: the search that ran to infinity, and the cone of its p columns.

    Raises
    ------
    ProfileError
        Where the fit is not at a maximum.
    """
    if asked is not None and recession is not None:
        return Whole(asked, fit.solution.evaluation.log_likelihood, None, recession)
    outcome = fit.solution.outcome
    if not outcome.converged:
        raise ProfileError.no_maximum(outcome.sentence)
    peak = peak_of(fit)
    if peak is None:
        raise ProfileError.not_found("a maximum to test against")
    return Whole(fit, peak.value, peak, None)


def submodel(whole: Whole, matrix: Floats, value: Floats, near: Submodel | None = None) -> Submodel:
    """Return what was maximised where ``matrix @ coef = value``.

    Parameters
    ----------
    whole : Whole
    matrix : (k, p) array
        Of full row rank, zero in columns that cannot be told apart.
    value : (k,) array
    near : Submodel, optional
        One whose restrictions are among these.

    Raises
    ------
    ProfileError
        Where it is not found.

    Notes
    -----
    Two to five evaluations; on separated data the passes of a fit.
    """
    if whole.peak is None:
        assert whole.recession is not None
        found = supremum(whole.fit, whole.recession, matrix, value)
        if found is None:
            raise ProfileError.not_found("the supremum of a restricted model")
        return Submodel(matrix, value, found.value, found)
    via = near.at if near is not None and isinstance(near.at, Refit) else None
    at = restricted_maximum(whole.peak, _inside(whole, matrix), value, via)
    return Submodel(matrix, value, at.value, at)


def efficient_score(whole: Whole, null: Submodel, alternative: Floats) -> tuple[float, int]:
    """Return the score statistic of a submodel, and its degrees of freedom.

    With u and I the score and the information of the larger model at the maximum of the smaller,
    the statistic is ``u' I⁻¹ u``.

    Parameters
    ----------
    whole : Whole
    null : Submodel
        The smaller model.
    alternative : (k, p) array
        Restrictions that hold in the larger model too: combinations of those of the smaller. None
        where the larger model is the whole one.

    Notes
    -----
    The information is that at the maximum itself; R's ``anova(test = "Rao")`` takes the working
    weights of the step before, which differ by about 1e-6. On separated data rows that the smaller
    model separates add nothing, and degrees of freedom are those that the others leave. One or two
    evaluations.
    """
    fit = whole.fit
    if isinstance(null.at, Supremum):
        weighted = variant(fit.source, weights=null.at.weights)
        left_out = np.vstack([alternative, null.at.silent])
        larger = subspace(weighted, fit.basis.kept, left_out)
        statistic, rank = score_at(larger, fit.likelihood, null.at.link)
        return statistic, rank - null.at.rank
    peak, at = whole.peak, null.at
    assert peak is not None
    rows, again = _inside(whole, null.matrix), at
    for _ in range(MOST_POLISHED):
        now = peak.objective(again.coef)
        root = information_root(
            fit.solved_rows, fit.likelihood, again.coef, now.upper, factorize(now.upper)
        )
        standardized = root.T @ now.score
        tested: Floats = np.linalg.qr((rows @ root).T)[0]
        part = tested @ (tested.T @ standardized)
        if np.linalg.norm(standardized - part) <= SETTLED:
            break
        closer = refit(peak.objective, again.coef, again.root, rows, null.value)
        if closer is None or not closer.outcome.converged:
            break
        again = closer
    if len(alternative):
        held: Floats = np.linalg.qr((_inside(whole, alternative) @ root).T)[0]
        part = part - held @ (held.T @ part)
    return float(part @ part), len(null.matrix) - len(alternative)


def _inside(whole: Whole, matrix: Floats) -> Floats:
    """Return combinations of coefficients of X as combinations of those of the peak."""
    assert whole.peak is not None
    rows = whole.fit.basis.of(matrix)
    wide = np.zeros((len(rows), len(whole.peak.coef)))
    wide[:, : rows.shape[1]] = rows
    return wide
