"""Rows gathered by cluster: what a covariance asks of each cluster as a whole.

Rows of a cluster may lie anywhere. They are read a few clusters at a time, in columns in which the
inverse information is the identity, so that no array of the size of the design is ever made. What
is asked of them, this file does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.sandwich import Codes, counting_rows
from logit_inference.rows.block import Floats
from logit_inference.rows.product import dense
from logit_inference.rows.variant import rows_at
from logit_inference.solve.fit import Fit

Positions = NDArray[np.intp]
AT_ONCE = 1 << 20  # numbers of rows that are gathered at a time


@dataclass(frozen=True)
class Clusters:
    """The rows that count, sorted by cluster.

    Parameters
    ----------
    order : (n,) array of int
        Positions of rows, those of a cluster side by side.
    starts : (G + 1,) array of int
        Where each cluster begins in ``order``.
    codes : (G,) array of int
        The code of each.
    """

    order: Positions
    starts: Positions
    codes: Codes

    @property
    def sizes(self) -> Positions:
        """Rows of each cluster, shape (G,)."""
        return np.diff(self.starts)

    def of(self, number: int) -> Positions:
        """Return the positions of the rows of one cluster."""
        return self.order[self.starts[number] : self.starts[number + 1]]

    def batches(
        self, largest: int, width: int, *, squares: bool = True
    ) -> Iterator[tuple[Positions, Positions]]:
        """Yield numbers (k,) and positions (k, size) of clusters of equal size.

        Parameters
        ----------
        largest : int
            Rows of the largest clusters that are wanted.
        width : int
            Numbers that a row is going to take.
        squares : bool
            Whether a cluster is going to take ``width²`` numbers too.
        """
        sizes = self.sizes
        for size in np.unique(sizes[sizes <= largest]).tolist():
            numbers = np.flatnonzero(sizes == size)
            numbers_each = max(size * max(width, size), width**2 if squares else 0)
            step = max(AT_ONCE // numbers_each, 1)
            for start in range(0, len(numbers), step):
                some = numbers[start : start + step]
                yield some, self.order[self.starts[some][:, np.newaxis] + np.arange(size)]


def gather_clusters(fit: Fit, codes: Codes) -> Clusters:
    """Return the rows of a fit by cluster; rows without a working weight do not count.

    They have no prior weight or no trials, or were set aside because they are separated.
    """
    rows = np.flatnonzero(counting_rows(fit))
    order = rows[np.argsort(codes[rows], kind="stable")]
    sorted_codes = codes[order]
    new = np.flatnonzero(np.diff(sorted_codes)) + 1
    starts = np.concatenate([[0], new, [len(order)]]) if len(order) else np.zeros(1, dtype=np.intp)
    return Clusters(order, starts.astype(np.intp), sorted_codes[starts[:-1]])


@dataclass(frozen=True)
class Rows:
    """Rows in coordinates in which least squares says what a covariance needs.

    Parameters
    ----------
    Q : (n, r) array
        ``sqrt(w) x' B``, with working weights w and ``B B'`` the inverse information: ``Q'Q`` over
        all rows is the identity, and the squared length of a row is its leverage.
    residual : (n,) array
        Pearson residuals: ``Q' residual`` is the score.
    scale : (n,) array
        Variance of the response (a proportion, where rows are groups) if the model is right.
    """

    Q: Floats
    residual: Floats
    scale: Floats


def read_rows(fit: Fit, root: Floats, positions: Positions, frequency: bool) -> Rows:
    """Return rows that count, by their positions.

    Parameters
    ----------
    fit : Fit
    root : (q, r) array
        With ``root @ root.T`` the inverse information.
    positions : (n,) array of int
    frequency : bool
        Whether a row of weight w stands for w equal rows, which then are one in the direction that
        they share: the others hold nothing.
    """
    block, coef = rows_at(fit.rows, positions), fit.solution.coef
    working = fit.likelihood.working_weights(block, coef)
    half = np.sqrt(working)
    Q = (dense(block.X) @ root) * half[:, np.newaxis]
    # Of one row, or one of its copies: prior weight a, so that w = a·v and the variance is v/a.
    prior = np.ones(block.n_rows) if block.trials is None else block.trials.copy()
    copies: Floats | float = 1.0
    if block.weights is not None:
        if frequency:
            copies = block.weights
        else:
            prior *= block.weights
    scale = working / copies / np.square(prior)
    return Rows(Q, fit.likelihood.residual(block, coef) / half, scale)
