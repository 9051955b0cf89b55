"""The meat of clusters that are nearly as many as the rows, in memory that does not grow with them.

Sums by cluster take as much memory as the design where most clusters have a row or two, as the
overlaps of two dimensions do. Read cluster by cluster, a row is added to the sum that it belongs
to and the sum squared once it is whole. What is made of the meat, this file does not know.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.block import Floats
from logit_inference.rows.product import dense
from logit_inference.rows.variant import rows_at
from logit_inference.solve.fit import Fit

AT_ONCE = 1 << 17  # numbers of the rows that are read at a time


def meat_by_cluster(fit: Fit, codes: NDArray[np.int64]) -> Floats:
    """Return ``Σ_g s_g s_g'`` (q, q), with s_g the sum of the scores of the rows of cluster g.

    Parameters
    ----------
    fit : Fit
        Of rows that have scores of their own.
    codes : (n,) array of int
        The cluster of each row.

    Notes
    -----
    One pass in the order of the clusters; memory: the order of n rows, and a few megabytes of them.
    """
    q = len(fit.solution.coef)
    order = np.argsort(codes, kind="stable")
    step = max(AT_ONCE // max(q, 1), 1)
    meat, unfinished, last = np.zeros((q, q)), np.zeros(q), -1
    for start in range(0, len(order), step):
        positions = order[start : start + step]
        block = rows_at(fit.rows, positions)
        scores = dense(block.X) * fit.likelihood.residual(block, fit.solution.coef)[:, np.newaxis]
        own = codes[positions]
        sums = np.add.reduceat(scores, np.flatnonzero(np.diff(own, prepend=-1)), axis=0)
        if own[0] == last:
            sums[0] += unfinished
        else:
            meat += np.outer(unfinished, unfinished)
        unfinished, last = sums[-1].copy(), int(own[-1])
        meat += sums[:-1].T @ sums[:-1]
    meat += np.outer(unfinished, unfinished)
    return meat
