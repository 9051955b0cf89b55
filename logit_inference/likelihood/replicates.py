"""The binomial likelihood of one block under many weightings at once.

A *replicate* is a set of weights for the rows, with coefficients of its own: a bootstrap sample, a
fit without one row. Scores and information matrices of all replicates are two matrix products, of
the (replicates × rows) residuals and working weights with columns and products of columns.

With ``e = exp(margin)`` the chance of what was not observed is ``q = 1/(1 + e)``, and ``q(1 − q)``
is ``e·q·q``: two products and no subtraction, exact in both tails, for as long as e does not
overflow. Log-likelihoods, asked for once, have the form of `likelihood.logistic`. This file knows
nothing of sources or solvers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from logit_inference.likelihood.evaluation import Total
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.lengths import squared_lengths
from logit_inference.rows.product import dense

TILE = 1 << 14  # replicates times rows that are worked on at a time, so that they stay in a cache
FEWEST_ROWS, MOST_ROWS = 256, 4096  # of a tile; as many as have TILE products of columns
LARGEST_MARGIN = 700.0  # exp of it is a double; beyond, a row says nothing that could be summed


@dataclass(frozen=True, slots=True)
class Replicates:
    """Some weightings of the rows of a source, and where to evaluate their likelihoods.

    Parameters
    ----------
    weights : (B, n) array
        For all rows of the source; any real dtype.
    chosen : (C,) array of int
        Which of the B weightings.
    coef : (C, q) or (1, q) array
        Coefficients of each of the chosen, or one set for all.
    root : (p, q) array or None
        Rows are seen as ``X @ root``; None for X itself.
    """

    weights: NDArray[Any]
    chosen: NDArray[np.intp]
    coef: Floats
    root: Floats | None


@dataclass(frozen=True, slots=True)
class ReplicateSums:
    """First and second derivatives of the log-likelihoods of C replicates.

    Parameters
    ----------
    scores : (C, q) array
    information : (C, q(q+1)/2) array
        Upper triangles, row by row.
    reach : float
        Length of the longest row, its weights left aside.
    """

    scores: Floats
    information: Floats
    reach: float

    def __add__(self, other: ReplicateSums) -> ReplicateSums:
        return ReplicateSums(
            self.scores + other.scores,
            self.information + other.information,
            max(self.reach, other.reach),
        )


def replicate_sums(block: Block, at: Replicates) -> ReplicateSums:
    """Return scores and information matrices of a block's rows, one of each per replicate.

    Notes
    -----
    For each replicate and row one exponential, some eight elementary operations, and ``q(q + 5)``
    flops of matrix products. Memory: some tiles of 16,384 numbers, and as many products of columns.
    """
    width = at.coef.shape[1]
    first, second = np.triu_indices(width)
    scores = np.zeros((len(at.chosen), width))
    information = np.zeros((len(at.chosen), len(first)))
    reach = 0.0
    for part, columns in _parts(block, at.root):
        products = columns[:, first] * columns[:, second]
        reach = max(reach, float(squared_lengths(columns).max(initial=0.0)))
        sign, signed = _signed(part, columns)
        for tile in _tiles(part, at, sign, signed):
            e = np.minimum(tile.margin, LARGEST_MARGIN, out=tile.margin)
            np.exp(e, out=e)
            q = np.add(e, 1.0, out=tile.spare)
            np.divide(1.0, q, out=q)
            e *= q
            residual = q if part.trials is None else part.y * q - (part.trials - part.y) * e
            weighted = np.multiply(tile.weights, residual, out=tile.weighted)
            scores[tile.replicates] += weighted @ signed
            e *= q
            if part.trials is not None:
                e *= part.trials
            np.multiply(tile.weights, e, out=weighted)
            information[tile.replicates] += weighted @ products
    return ReplicateSums(scores, information, float(np.sqrt(reach)))


def replicate_log_likelihoods(block: Block, at: Replicates) -> Total:
    """Return the (C,) log-likelihoods of a block's rows, binomial constants included."""
    values = np.zeros(len(at.chosen))
    for part, columns in _parts(block, at.root):
        for tile in _tiles(part, at, *_signed(part, columns)):
            margin, t = tile.margin, np.abs(tile.margin, out=tile.spare)
            np.negative(t, out=t)
            np.exp(t, out=t)
            np.log1p(t, out=t)
            if part.trials is None:
                terms = np.minimum(margin, 0.0, out=margin)
            else:
                wrong = np.where(margin >= 0, part.trials - part.y, part.y)
                terms = _log_binomial(part.y, part.trials) - wrong * np.abs(margin)
                t *= part.trials
            terms -= t
            values[tile.replicates] += np.einsum("ij,ij->i", tile.weights, terms)
    return Total(values)


def _parts(block: Block, root: Floats | None) -> Iterator[tuple[Block, Floats]]:
    """Yield the rows of a block, as many at a time as a tile has, and their columns."""
    q = block.n_columns if root is None else root.shape[1]
    rows = min(max(2 * TILE // (q * (q + 1)), FEWEST_ROWS), MOST_ROWS)
    for start in range(0, block.n_rows, rows):
        part = block.rows(start, min(start + rows, block.n_rows))
        columns = dense(part.X)
        yield part, columns if root is None else columns @ root


def _signed(part: Block, columns: Floats) -> tuple[Floats | None, Floats]:
    """Return s = ±1 by outcome, and the rows times s; None and the rows where there are trials.

    With rows so turned, the linear predictor is the margin s·eta and the score that of events only.
    """
    if part.trials is not None:
        return None, columns
    sign = 2.0 * part.y - 1.0
    return sign, columns * sign[:, np.newaxis]


@dataclass(frozen=True, slots=True)
class _Tile:
    """Some replicates (c) at some rows (m); all but the weights are there to be written in.

    ``margin`` and ``spare`` are (c, m), or (1, m) where coefficients are shared.
    """

    replicates: slice
    weights: Floats
    margin: Floats
    spare: Floats
    weighted: Floats


def _tiles(part: Block, at: Replicates, sign: Floats | None, signed: Floats) -> Iterator[_Tile]:
    m = part.n_rows
    rows = slice(part.first_row, part.first_row + m)
    offset = part.offset if sign is None or part.offset is None else part.offset * sign
    size = max(TILE // max(m, 1), 1)
    buffers = np.empty((4, min(size, len(at.chosen)) * m))
    for start in range(0, len(at.chosen), size):
        replicates = slice(start, min(start + size, len(at.chosen)))
        chosen = at.chosen[replicates]
        coef = at.coef if len(at.coef) == 1 else at.coef[replicates]
        margin, spare = buffers[:2, : len(coef) * m].reshape(2, len(coef), m)
        np.dot(coef, signed.T, out=margin)
        if offset is not None:
            margin += offset
        weights, weighted = buffers[2:, : len(chosen) * m].reshape(2, len(chosen), m)
        weights[...] = at.weights[_span(chosen), rows]
        yield _Tile(replicates, weights, margin, spare, weighted)


def _span(chosen: NDArray[np.intp]) -> Any:
    """Return neighbours in order as a slice, which copies nothing, and others as they are."""
    if (np.diff(chosen) == 1).all():
        return slice(int(chosen[0]), int(chosen[-1]) + 1)
    return chosen


def _log_binomial(y: Floats, trials: Floats) -> Floats:
    constants: Floats = gammaln(trials + 1) - gammaln(y + 1) - gammaln(trials - y + 1)
    return constants
