"""Limits of probabilities that separated data force to 0 or 1, of several classes.

As `models.forced` of two: such a probability has no standard error, and one limit is itself. The
other is the likelihood ratio's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from logit_inference.effects.classes import Probabilities
from logit_inference.inference.ceiling import log_ceiling
from logit_inference.inference.distribution import critical_value
from logit_inference.inference.polytomous import Top
from logit_inference.models.multinomial_tests import top_of
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import Columns, dense

if TYPE_CHECKING:
    from logit_inference.models.multinomial_result import MultinomialResult

# Distinct rows and classes, and operations of one evaluation for each, of K − 1 equations that fits
# need so many more steps for: about ten seconds.
MOST_CELLS, MOST_WORK, EACH = 200, 1.6e8, 8e5


def with_forced_limits(
    result: MultinomialResult,
    found: Probabilities,
    rows: tuple[Columns, Floats | None],
    limit: Floats,
    level: float,
) -> Probabilities:
    """Return probabilities whose forced ones have limits and no standard error.

    Parameters
    ----------
    result : MultinomialResult
        Of separated data.
    found : Probabilities
        Of m rows, by class number.
    rows : tuple of (m, r) array and (m, K) array or None
        In the basis of the fit, and offsets, without what the limit takes out.
    limit : (m, K) array
        Offsets of the limit: minus infinity for classes without probability, NaN in rows where
        directions disagree about that, so that any probability is possible.
    level : float
        Of the intervals.

    Notes
    -----
    The lower limit of a probability that is forced to 1 is the rest of the other class's upper one
    where there are two classes; of more it asks for the largest sum of probabilities, which is no
    convex problem, and it is NaN. So are all where there are more than 200 distinct rows and
    classes, or searches would take minutes, and those of a result without rows.
    """
    out = np.isneginf(limit) & ~np.isnan(found.estimate)
    doubtful = np.asarray(np.isnan(limit).any(axis=1))
    doubtful[doubtful] = ~np.isnan(dense(rows[0][doubtful])).any(axis=1)  # misses no variable
    rest = out.shape[1] - 1 == out.sum(axis=1)
    sure = ~out & rest[:, np.newaxis]
    upper = _upper_limits(result, rows, out, level)
    low, high = found.conf_low.copy(), found.conf_high.copy()
    low[doubtful], high[doubtful] = 0.0, 1.0
    low[out], high[out] = 0.0, upper[out]
    low[sure], high[sure] = math.nan, 1.0
    if out.shape[1] == 2:
        low[sure] = 1.0 - upper[:, ::-1][sure]
    std_error = np.where(out | sure, math.nan, found.std_error)
    return Probabilities(found.estimate, std_error, low, high)


def forced_note(found: Probabilities) -> str:
    """Return what must be said of probabilities of which some are forced."""
    text = (
        "Separated data force probabilities without a standard error to 0 or 1; their other limit "
        "is that of the likelihood ratio (chi-square, 1 df)"
    )
    left = ~np.isnan(found.estimate) & np.isnan([found.conf_low, found.conf_high]).any(axis=0)
    return f"{text}, missing where it was not found." if left.any() else f"{text}."


def _upper_limits(
    result: MultinomialResult,
    rows: tuple[Columns, Floats | None],
    out: NDArray[np.bool_],
    level: float,
) -> Floats:
    """Return the largest probabilities (m, K) that are not rejected, of those that are out."""
    upper = np.full(out.shape, math.nan)
    asked, (i, k) = result.asked, np.nonzero(out)
    if asked is None or result.fit is None or not len(i):
        return upper
    X, offset = rows
    n_classes, r = out.shape[1], X.shape[1]
    known = np.zeros((len(i), n_classes)) if offset is None else offset[i]
    cells, place = np.unique(np.column_stack([dense(X[i]), known, k]), axis=0, return_inverse=True)
    q = float(r * (n_classes - 1))
    work = (asked.solved.n_rows * q**2 + q**3 + EACH * (n_classes - 1) ** 2) * len(cells)
    if len(cells) > MOST_CELLS or work > MOST_WORK:
        return upper
    whole: Top = top_of(result, "the limit of a forced probability")
    fall = critical_value(level, None) ** 2
    limits = [
        math.exp(
            log_ceiling(
                whole,
                Block(cell[-1:], cell[np.newaxis, :r], offset=cell[np.newaxis, r:-1]),
                n_classes,
                fall,
            )
        )
        for cell in cells
    ]
    upper[i, k] = np.array(limits)[place.ravel()]
    return upper
