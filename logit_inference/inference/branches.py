"""The highest of several maxima under restrictions.

What was maximised may have several maxima with a combination of coefficients held, and following
one of them from the estimate can lead below another. Where rows are few, climbs from many starts
(`solve.scout`) propose the others, and refits decide. Nothing here says what is done with the
highest.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from logit_inference.inference.refit import Refit, at_point, refit
from logit_inference.rows.block import Floats
from logit_inference.solve.peak import Peak
from logit_inference.solve.scout import star

OTHER = 1e-5  # of values: two maxima that differ by more are two
APART = 0.05  # standard errors between two maxima
NEAR_THE_TOP = 2.0  # below the highest: maxima that are lower by more hold no plausible values
MOST_PROPOSALS = 3  # refitted


def highest(peak: Peak, found: Refit, matrix: Floats, value: Floats) -> Refit:
    """Return the highest maximum that is found where ``matrix @ coef = value``.

    Parameters
    ----------
    peak : Peak
    found : Refit
        One that is known.
    matrix, value
        As in `refit`.

    Notes
    -----
    Nothing without a ``scout``. The starts are around what is known, far out both ways along each
    of the other coefficients in units of standard errors there and at the peak, the point of the
    peak's own other coefficients, and that of the null model. Of the maxima that are apart the
    highest few are refitted.
    """
    k, r = matrix.shape
    if peak.scout is None or k == r:
        return found
    span = _span(found.root, matrix)
    wide = _span(peak.root, matrix)
    known = [np.zeros(r) - found.coef, peak.coef - found.coef]
    starts = np.vstack(
        [
            star(r - k),
            np.linalg.lstsq(span, wide @ star(r - k).T, rcond=None)[0].T,
            np.linalg.lstsq(span, np.array(known).T, rcond=None)[0].T,
        ]
    )
    values, proposals = peak.scout(found.coef, span, starts)
    best, branched, tried = found, found.branched, 0
    for height, coef in zip(values.tolist(), proposals, strict=True):
        if height < values[0] - NEAR_THE_TOP or tried == MOST_PROPOSALS:
            break
        if _distance(found, coef) <= APART:
            continue
        tried += 1
        other = _from(peak, coef, matrix, value)
        if other is None or other.value < found.value - NEAR_THE_TOP:
            continue
        if _distance(found, other.coef) > APART:
            branched = True
            best = other if other.value > best.value + OTHER else best
    return replace(best, branched=branched)


def _span(root: Floats, matrix: Floats) -> Floats:
    """Return directions (r, r−k) in which the restrictions hold, of one standard error."""
    turned = np.linalg.qr((matrix @ root).T, mode="complete")[0]
    span: Floats = root @ turned[:, len(matrix) :]
    return span


def _distance(at: Refit, coef: Floats) -> float:
    return float(np.linalg.norm(np.linalg.solve(at.root, coef - at.coef)))


def _from(peak: Peak, coef: Floats, matrix: Floats, value: Floats) -> Refit | None:
    """Return the maximum that a search from some coefficients finds."""
    start = at_point(peak.objective, coef)
    if start is None:
        return None
    found = refit(peak.objective, coef, start.root, matrix, value)
    if found is None or not (found.outcome.converged and math.isfinite(found.value)):
        return None
    return found
