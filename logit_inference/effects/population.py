"""Uncertainty of averages where the rows are a sample too: influence functions.

Given the rows, an average effect varies because the coefficients do. In other samples the rows
would differ as well. With ψ a row's own distance from the average and ``J A⁻¹ s`` what its score s
moves the coefficients by, a row moves the estimate by the sum of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.covariance import Covariance
from logit_inference.covariance.penalized import AUGMENTED, PENALIZED
from logit_inference.covariance.sandwich import Codes, together
from logit_inference.covariance.survey import Stage, variance_of_totals
from logit_inference.effects.moments import (
    Moments,
    Parts,
    Weighting,
    bounds,
    finite_coefficients,
    row_terms,
)
from logit_inference.effects.quantities import Quantity, Rows
from logit_inference.effects.scales import SCALES, Measure
from logit_inference.inference.estimate import Estimate
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import times
from logit_inference.solve.fit import Fit


def is_model_based(covariance: Covariance) -> bool:
    """Say whether a covariance is the estimator's own, which trusts the model's variance."""
    return covariance.kind in ("model", PENALIZED, AUGMENTED)


def own_influence(
    rows: Rows,
    quantities: Sequence[Quantity],
    found: Moments,
    pairs: Sequence[tuple[int, int]],
    measure: Measure,
    estimate: Estimate,
    kind: str,
    weighting: Weighting,
) -> Floats:
    """Return what each row moves the effects by, the coefficients held: shape (n, K).

    Notes
    -----
    One pass; memory n·K.
    """
    Q, G = found.value.shape
    weights, totals = weighting.weights, weighting.totals
    with np.errstate(all="ignore"):
        lean = np.nan_to_num(SCALES[measure.inner].first(found.value), posinf=0.0, neginf=0.0)
    coef = finite_coefficients(estimate)
    influence = np.zeros((rows.n_rows, len(pairs) * G))
    for start, stop in bounds(rows.n_rows, rows.n_columns):
        parts, codes = Parts(rows.written(start, stop), coef), weighting.codes[start:stop]
        share = weights[start:stop] / totals[codes]
        own = np.empty((Q, stop - start))
        for q, quantity in enumerate(quantities):
            terms = row_terms(rows, (start, stop), parts, quantity, kind, estimate)
            with np.errstate(invalid="ignore"):
                own[q] = share * lean[q, codes] * (terms.value - found.value[q, codes])
        own = np.nan_to_num(own, posinf=0.0, neginf=0.0)
        places = np.arange(start, stop)
        for e, (high, low) in enumerate(pairs):
            moved = own[high] - (own[low] if low >= 0 else 0.0)
            influence[places, e * G + codes] = moved
    return influence


def population_root(
    own: Floats,
    jacobian: Floats,
    fit: Fit,
    estimate: Estimate,
    copies: Floats,
    clusters: Mapping[str, Codes] | None,
) -> Floats:
    """Return a root (K, K) of the covariance of effects over samples of rows.

    Parameters
    ----------
    own : (n, K) array
        See `own_influence`.
    jacobian : (K, p) array
    fit : Fit
    estimate : Estimate
        With the covariance whose kind decides what is added to ``J V J'``.
    copies : (n,) array
        Independent observations that each row stands for.
    clusters : mapping of name to (n,) codes, or None
        Of a clustered covariance.

    Notes
    -----
    With the model's covariance the scores do not depend on the rows' covariates beyond it, and the
    variance of the rows' own part is added. With a robust one the two vary together, and what is
    added has the covariance of both parts: with no factor for single rows, with G/(G − 1) for
    clusters unless the covariance has none (in several dimensions that of CR1 or CR0, without any
    factor for the number of coefficients). One pass for the scores.
    """
    covariance = estimate.covariance
    inner = covariance.basis.of(jacobian)
    outer = inner @ covariance.root
    total = outer @ outer.T
    if is_model_based(covariance):
        scaled = own / np.sqrt(np.where(copies > 0, copies, 1.0))[:, np.newaxis]
        return _root(total + scaled.T @ scaled)
    moved = score_influence(jacobian, fit, estimate)
    if clusters is None:
        scale = np.sqrt(np.where(copies > 0, copies, 1.0))[:, np.newaxis]
        return _root(total + _added(moved / scale, own / scale))
    corrected = covariance.correction != "none"
    if len(clusters) > 1:  # its root may have been repaired: the scores say what it was
        total = np.zeros_like(total)
    for size in range(1, len(clusters) + 1):
        for names in combinations(clusters, size):
            codes, n_clusters = together([clusters[name] for name in names])
            factor = n_clusters / (n_clusters - 1.0) if corrected else 1.0
            parts = [_by_cluster(part, codes, n_clusters) for part in (moved, own)]
            added = _added(*parts)
            if len(clusters) > 1:
                added += parts[0].T @ parts[0]
            total += (-1.0) ** (size + 1) * factor * added
    return _root(total)


def score_influence(jacobian: Floats, fit: Fit, estimate: Estimate) -> Floats:
    """Return what each row moves the effects by through the coefficients (n, K); one pass."""
    bread = fit.information_root()
    lever = (estimate.covariance.basis.of(jacobian) @ bread) @ bread.T
    moved: Floats = fit.map(_score_effects, fit.likelihood, lever)
    return moved


def survey_root(
    own: Floats,
    jacobian: Floats,
    fit: Fit,
    estimate: Estimate,
    stages: Sequence[Stage],
    lonely: str,
    names: Sequence[Sequence[object]] = (),
) -> Floats:
    """Return a root (K, K) of the covariance of effects over samples of a survey design.

    The linearised variance of the sum of all influences: of `own` (n, K) and of the scores.

    Parameters
    ----------
    own, jacobian, fit, estimate
        As in `population_root`.
    stages, lonely, names
        As in `covariance.survey.linearized`.

    References
    ----------
    Binder (1983), *International Statistical Review* 51; Stata's ``vce(unconditional)``.
    """
    influence = own + score_influence(jacobian, fit, estimate)
    return _root(variance_of_totals(influence, stages, lonely, names))


def _score_effects(block: Block, coef: Floats, likelihood: Likelihood, lever: Floats) -> Floats:
    residual = likelihood.residual(block, coef)
    return np.column_stack([residual * times(block.X, column) for column in lever])


def _added(moved: Floats, own: Floats) -> Floats:
    cross = moved.T @ own
    added: Floats = cross + cross.T + own.T @ own
    return added


def _by_cluster(values: Floats, codes: NDArray[np.int64], n_clusters: int) -> Floats:
    return np.column_stack([np.bincount(codes, v, minlength=n_clusters) for v in values.T])


def _root(matrix: Floats) -> Floats:
    """Return a root of a covariance; of one with negative eigenvalues variances are kept."""
    values, vectors = np.linalg.eigh(matrix)
    root: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
    sizes, wanted = np.linalg.norm(root, axis=1), np.sqrt(np.maximum(np.diagonal(matrix), 0.0))
    root *= np.divide(wanted, sizes, out=np.zeros_like(sizes), where=sizes > 0)[:, np.newaxis]
    return root
