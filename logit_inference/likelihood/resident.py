"""The logistic likelihood of rows that stay in cache, with the outcome folded into them once.

Of a few hundred rows a fit is all overhead: what counts is the number of calls. Of more it is how
columns are kept: numpy scales them several times as fast where each is contiguous, and a pass takes
half the time for it. With s = ±1 for an event or a non-event and ``Z = −s·X``,
``Z coef`` is the log odds against what was observed, a row's residual times s the chance of what
was not, and ``X'WX = Z'WZ``: no later evaluation needs the outcome, and all of them write into the
same buffers. Z is kept by columns, and the residuals beside its scaled columns, so that one product
gives information and score. The numbers are those of `logistic.evaluate`.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from logit_inference.likelihood.evaluation import Evaluation, Objectives
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.coded import Coded
from logit_inference.rows.pieces import in_pieces
from logit_inference.rows.source import is_small

FEW_ROWS = 1_000  # up to here a closed form takes as long as the usual way
MOST_TERMS = 1_000_000  # of a product, up to which BLAS packs nothing as it is (OpenBLAS)
AT_ONCE = 1 << 14  # rows: sums of more, added up one after the other, round too often
FAR = 700.0  # of a linear predictor: exp() is finite up to here, and log1p(exp(x)) = x beyond
MAY_BE_FAR = 0.99 * -FAR  # of the log-likelihood: one row may have all of that


def resident(block: Block) -> Objectives | None:
    """Return the log-likelihood of a block as functions of (p,) coefficients.

    None where rows are grouped, or X is not small: those go the common way.

    Notes
    -----
    Memory: a copy of the block's X, another for its scaled rows, and six numbers a row.

    Examples
    --------
    >>> rows = resident(Block(np.array([0.0, 1.0]), np.ones((2, 1))))
    >>> float(rows.at(np.zeros(1)).log_likelihood / np.log(2))
    -2.0
    """
    X = block.X
    if block.trials is not None or isinstance(X, Coded):
        return None
    p, n = X.shape[1], block.n_rows
    if not X.size or not is_small(n, p):
        return None
    sign = 1.0 - 2.0 * block.y
    # In one piece, which the C library keeps for the next fit: several it would give back.
    room = np.empty((2 * p + 6, n))
    Z, scaled, right = room[:p], room[p : 2 * p], room[p : 2 * p + 1].T
    chance, against, t, minus, far, minus_one = room[2 * p :]
    far.fill(FAR)  # numpy takes a number for an array at each call, which is not free
    minus_one.fill(-1.0)
    Z[:] = X.T
    Z *= sign
    weights = block.weights
    counts = None if weights is None else block.counts
    shift = None if block.offset is None else sign * block.offset
    at_once = n <= AT_ONCE and n * p * (p + 1) <= MOST_TERMS
    each = minus_one if weights is None else -weights

    def evaluate(coef: Floats) -> Evaluation:
        """Return log-likelihood, score and information at ``coef``, in 11 calls of numpy."""
        coef.dot(Z, against)
        if shift is not None:
            np.add(against, shift, against)
        np.exp(np.minimum(against, far, out=t), t)
        np.subtract(minus_one, t, minus)  # −(1 + t)
        np.divide(t, minus, chance)  # minus that of what was not observed
        value = float(each.dot(np.log1p(t, t)))
        if (value < MAY_BE_FAR or weights is not None) and against[against.argmax()] > FAR:
            value += float(each.dot(np.maximum(against - FAR, 0.0)))
        if weights is not None:
            np.multiply(chance, weights, chance)
        weight = np.divide(chance, minus, t)
        np.multiply(Z, weight, scaled)
        known = weight if counts is None else weight[counts]
        smallest = float(known[known.argmin()]) if counts is None or len(known) else np.inf
        sums = Z.dot(right) if at_once else in_pieces(Z.T, right)
        return Evaluation(value, sums[:, p], sums[:, :p], smallest)

    def bend(step: Floats) -> Floats:
        """Return it for a step from where the rows were evaluated last."""
        step.dot(Z, against)
        np.square(against, against)
        np.divide(minus_one, minus, t)
        np.subtract(t, 0.5, t)
        np.multiply(against, t, against)
        bent: Floats = scaled.dot(against)
        return bent

    alike = weights is None and shift is None and n > FEW_ROWS
    return Objectives(evaluate, partial(_at_null, Z, sign) if alike else None, bend)


def _at_null(Z: Floats, sign: Floats, eta: float) -> Evaluation:
    """Return the evaluation where all rows have one linear predictor.

    There are two residuals and one working weight, so that what a row costs is the products.
    """
    t = math.exp(-abs(eta))
    missed = [(t if x >= 0.0 else 1.0) / (1.0 + t) for x in (eta, -eta)]
    values = [min(x, 0.0) - math.log1p(t) for x in (eta, -eta)]
    events = np.count_nonzero(sign < 0.0)
    value = events * values[0] + (len(sign) - events) * values[1]
    weight = missed[0] * missed[1]
    score = np.dot(Z, np.where(sign < 0.0, -missed[0], -missed[1]))
    return Evaluation(value, score, in_pieces(Z.T, Z.T) * weight, weight)
