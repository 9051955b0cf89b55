"""The logistic likelihood of rows that stay in cache, with the outcome folded into them once.

A small fit is all overhead: what counts is the number of calls. With s = ±1 for an event or a
non-event and ``Z = s·X``, the margin of a row is ``Z coef``, its residual times s is the chance of
the outcome that was not observed, and ``X'WX = Z'WZ``: no later evaluation needs the outcome, and
all of them write into the same buffers. The numbers are those of `logistic.evaluate`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.coded import Coded
from logit_inference.rows.product import FEW_COLUMNS, in_pieces

FEW_ELEMENTS = 20_000  # of X: above this the copy costs more than the calls that it saves


def resident(block: Block) -> Callable[[Floats], Evaluation] | None:
    """Return the log-likelihood of a block as a function of (p,) coefficients.

    None where rows are grouped or weighted, or X is not small: those go the common way.

    Notes
    -----
    Memory: a copy of the block's X, another for its scaled rows, and three numbers a row.

    Examples
    --------
    >>> at = resident(Block(np.array([0.0, 1.0]), np.ones((2, 1))))
    >>> float(at(np.zeros(1)).log_likelihood / np.log(2))
    -2.0
    """
    X = block.X
    if block.trials is not None or block.weights is not None or isinstance(X, Coded):
        return None
    if not 0 < X.size <= FEW_ELEMENTS or X.shape[1] > FEW_COLUMNS:
        return None
    sign = 2.0 * block.y - 1.0
    Z = X * sign[:, np.newaxis]
    shift = None if block.offset is None else sign * block.offset
    scaled = np.empty_like(Z)
    margin, t, one_t = np.empty((3, block.n_rows))
    column = t[:, np.newaxis]

    def evaluate(coef: Floats) -> Evaluation:
        nonlocal margin, t
        np.dot(Z, coef, margin)
        if shift is not None:
            np.add(margin, shift, margin)
        np.copysign(margin, -1.0, t)
        np.exp(t, t)
        np.add(t, 1.0, one_t)
        missed = np.where(margin < 0.0, 1.0, t)
        missed /= one_t
        score = np.dot(missed, Z)
        np.minimum(margin, 0.0, out=margin)
        margin -= np.log1p(t, missed)
        value = float(np.add.reduce(margin))
        t /= one_t
        t /= one_t
        upper = in_pieces(Z, np.multiply(Z, column, scaled))
        return Evaluation(value, score, upper, float(t.min()))

    return evaluate
