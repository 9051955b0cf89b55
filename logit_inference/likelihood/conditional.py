"""The conditional logistic likelihood of matched sets, as kernels on blocks of whole sets.

Given that m of the n rows of a set are cases, the chance that it is those observed is
``exp(Σ_cases eta)`` over the sum of the same over all choices of m rows. Whatever the rows of a set
share cancels. `likelihood.choices` has the chance π of each row to be a case, whence the score
``X'(y − π)``, and the variance of what the cases' rows add up to, which is the information.

Cases and others may change places (``eta → −eta``), so that no more than half of the rows are
chosen. Rows of weight zero, and rows with an infinite offset, are not part of their sets. This file
knows nothing of formulas or solvers.

References
----------
Breslow and Day (1980), *Statistical Methods in Cancer Research* I, chapter 7. Gail, Lubin and
Rubinstein (1981), *Biometrika* 68, 703–707.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.likelihood.choices import Chances, chances, rounding
from logit_inference.likelihood.evaluation import Evaluation, Largest, Slope, Total
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.likelihood.logistic import linear_predictor, tally
from logit_inference.likelihood.rounding import ScoreSums
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import addends, careful_sums, magnitudes, times, transposed_times
from logit_inference.rows.sets import SETS, contrasts, within_sets

AT_ONCE = 1 << 20  # chances of a number of choices after a row, of all sets of a batch


# --- kernels --------------------------------------------------------------------------------------


def evaluate(run: Iterable[Block], coef: Floats) -> Evaluation:
    """Return log-likelihood, score and information of a run of blocks of whole sets.

    Parameters
    ----------
    run : iterable of Block
        `SETS` in their groups says which rows are a set.
    coef : (q,) array

    Notes
    -----
    One case a set: n(q² + 6q) operations. Otherwise, for sets of n rows with m cases, about
    ``n·m·(q² + 10q)``, in 3n steps over arrays of all sets of that size at once; memory: some 64 MB
    at most, whatever the sizes (see `choices`).
    """
    value, score = 0.0, np.zeros(len(coef))
    upper = np.zeros((len(coef), len(coef)))
    for block in run:
        residual = np.zeros(block.n_rows)
        X: Any = block.X
        for batch in _batches(block, linear_predictor(block, coef)):
            found = batch.chances
            value += found.value
            residual[batch.rows] = batch.residual(found)
            upper += found.variance(X[batch.rows].reshape(*batch.eta.shape, -1))
        score += transposed_times(X, residual)
    return Evaluation(value, score, np.triu(upper), 0.0)


def slope(run: Iterable[Block], coef: Floats) -> Slope:
    """Return log-likelihood and score of a run of blocks of whole sets."""
    value, score = 0.0, np.zeros(len(coef))
    for block in run:
        part, residuals = _value_and_residual(block, coef)
        value += part
        score += transposed_times(block.X, residuals)
    return Slope(value, score)


def residual(block: Block, coef: Floats) -> Floats:
    """Return ``y − π``, shape (n,): times a row of X, and summed over a set, the set's score."""
    return _value_and_residual(block, coef)[1]


def fitted(block: Block, coef: Floats) -> Floats:
    """Return the chance π that each row is a case, given how many are in its set; shape (n,)."""
    found: Floats = block.y - residual(block, coef)
    return found


def span(block: Block, root: Floats) -> Largest:
    """Return M: how far the sum of the chosen rows can reach along a direction of unit length.

    A set's log-likelihood along v has the variance of ``Σ_chosen x'v`` for minus its second
    derivative, and the third central moment for its third, which is at most the range of that sum
    times the variance. Two choices differ by the rows that only one of them has: the difference is
    at most the sum of the 2m largest ``|x'v − c'v|``, for any c, where m is the smaller number of
    cases or others. With ``|x'v| <= sqrt(x' B B' x)`` that bounds the range, and for pairs it is
    their distance.

    Parameters
    ----------
    block : Block
    root : (q, r) array
        B, of which ``B B'`` is the inverse information.
    """
    largest = 0.0
    X: Any = block.X
    for batch in _batches(block, np.zeros(block.n_rows)):
        reach = (X[batch.rows] @ root).reshape(*batch.eta.shape, -1)
        reach -= reach.mean(axis=1, keepdims=True)
        lengths = np.sort(np.sqrt(np.einsum("sij,sij->si", reach, reach)), axis=1)[:, ::-1]
        most = np.minimum(2 * batch.fewer, lengths.shape[1]) - 1
        sums = np.cumsum(lengths, axis=1)[np.arange(len(most)), most]
        largest = max(largest, float(sums.max(initial=0.0)))
    return Largest(largest)


def score_sums(block: Block, coef: Floats, doubled: bool) -> ScoreSums:
    """Return the score and what bounds its rounding (see `likelihood.rounding`).

    What changes linear predictors by δ changes the score by ``X'Cδ`` with C the covariance of who
    is chosen, so that its length in standard errors is at most the root of ``δ'Cδ``; and since the
    number chosen is fixed and its parts are negatively correlated, that is at most twice
    ``Σ π(1 − π) δ²``. What the recursion adds to the log odds of a step is at most the same from
    step to step, since its slopes by the ratios before it add up to one at most, so that after n of
    them log odds are off by n of it, ε say. That changes the log of the chance of a choice by ε
    times a sum of n uncorrelated terms of variance ``p(1 − p)``, and the score by their covariance
    with the sum of chosen rows: its length by at most ``ε √n / 2``.
    """
    X, sizes = block.X, magnitudes(block.X)
    eta, reach = times(X, coef), times(sizes, np.abs(coef))
    if block.offset is not None:
        known = np.isfinite(block.offset)
        eta += block.offset
        reach = np.where(known, reach + np.abs(np.where(known, block.offset, 0.0)), 0.0)
    reach = reach + reach.max(initial=0.0)  # of differences within a set
    residuals, both, weight = np.zeros((3, block.n_rows))
    drift, farthest, longest = 0.0, 0.0, 0
    for batch in _batches(block, eta):
        found = batch.chances
        pi = found.pi
        residuals[batch.rows] = batch.residual(found)
        both[batch.rows] = (batch.chosen + pi).ravel()
        weight[batch.rows] = (pi * (1.0 - pi)).ravel()
        n_sets, n = batch.eta.shape
        error = rounding(batch.eta, batch.fewer)
        drift += n_sets * n * (0.5 * error) ** 2
        farthest = max(farthest, 2.0 * int(batch.fewer[-1]) * float(reach[batch.rows].max()))
        farthest, longest = max(farthest, n * error), max(longest, n)
    terms = addends(X)
    score, depths = careful_sums(X, residuals, doubled=doubled)
    return ScoreSums(
        score,
        transposed_times(sizes, both),
        2.0 * (2.0 * float(weight @ np.square(reach)) + drift),
        np.inf,
        farthest,
        terms,
        depths + 3.0 * longest,
    )


def numbers_of_choices(block: Block) -> Total:
    """Return what a pass costs: rows times cases, or others where fewer, summed over sets."""
    own = block.groups[SETS] - block.groups[SETS].min(initial=0)
    sizes, cases = np.bincount(own), np.bincount(own, weights=block.y)
    return Total(np.array([sizes @ np.minimum(cases, sizes - cases)]))


def _value_and_residual(block: Block, coef: Floats) -> tuple[float, Floats]:
    value, residuals = 0.0, np.zeros(block.n_rows)
    for batch in _batches(block, linear_predictor(block, coef)):
        found = batch.chances
        value += found.value
        residuals[batch.rows] = batch.residual(found)
    return value, residuals


def _no_resident(block: Block) -> None:
    """Return nothing: sets are not evaluated any faster for being few."""


def _no_working_weights(block: Block, coef: Floats) -> Any:
    raise TypeError("rows of a set are not independent: they have no working weights")


# --- sets of one size -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some sets of one size n: shapes (s, n).

    Parameters
    ----------
    rows : slice or array of int
        Their rows in the block.
    eta, y : (s, n) arrays
    fewer : (s,) array of int
        Cases, or others where these are fewer.
    """

    rows: Any
    eta: Floats
    y: Floats
    fewer: NDArray[np.int64]

    @property
    def chances(self) -> Chances:
        """Log-likelihood and chances to be chosen."""
        return chances(np.where(self.flipped, -self.eta, self.eta), self.chosen, self.fewer)

    @property
    def flipped(self) -> NDArray[np.bool_]:
        """In which sets the others are chosen, being fewer than the cases; shape (s, 1)."""
        more: NDArray[np.bool_] = 2.0 * self.y.sum(axis=1, keepdims=True) > self.y.shape[1]
        return more

    @property
    def chosen(self) -> Floats:
        """Which rows are chosen."""
        return np.where(self.flipped, 1.0 - self.y, self.y)

    def residual(self, found: Chances) -> Floats:
        """Return y less the chance to be a case, row by row."""
        left = self.chosen - found.pi
        return np.where(self.flipped, -left, left).ravel()


def _batches(block: Block, eta: Floats) -> Iterator[_Batch]:
    """Yield the sets of a block that say something, those of one size and of like numbers together.

    Sets in which all rows that are left have the same outcome are left out.
    """
    numbers, y = block.groups[SETS], block.y
    free = np.isfinite(eta)
    counts = block.counts
    free = free if counts is None else free & counts
    rows = None if free.all() else np.flatnonzero(free)
    while True:
        own = numbers if rows is None else numbers[rows]
        if not len(own):
            return
        outcome = y if rows is None else y[rows]
        starts = np.flatnonzero(np.diff(own, prepend=-1))
        sizes = np.diff(starts, append=len(own))
        cases = np.add.reduceat(outcome, starts).astype(np.int64)
        fewer = np.minimum(cases, sizes - cases)
        if fewer.all():
            break
        left = np.repeat(fewer > 0, sizes)
        rows = np.flatnonzero(left) if rows is None else rows[left]
    kinds = sizes * 64 + np.frexp(fewer.astype(float))[1]  # sizes, and numbers to a factor of two
    edges = np.append(np.flatnonzero(np.diff(kinds, prepend=-1)), len(kinds))
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        n = int(sizes[first])
        most = int(fewer[first:last].max())
        step = last - first if most == 1 else max(AT_ONCE // (n * (most + 1)), 1)
        for begin in range(first, last, step):
            end = min(begin + step, last)
            where = slice(int(starts[begin]), int(starts[begin]) + n * (end - begin))
            own_rows = where if rows is None else rows[where]
            shape = (end - begin, n)
            # The largest number of a batch stands last, whatever order sets came in.
            own_fewer = fewer[begin:end]
            order = np.argsort(own_fewer, kind="stable")
            if (own_fewer[order] != own_fewer).any():
                at = np.arange(len(own))[where].reshape(shape)[order].ravel()
                own_rows = at if rows is None else rows[at]
            yield _Batch(
                own_rows,
                eta[own_rows].reshape(shape),
                y[own_rows].reshape(shape),
                own_fewer[order],
            )


CONDITIONAL = Likelihood(
    "conditional logistic, matched sets",
    evaluate,
    slope,
    _no_resident,
    tally,
    linear_predictor,
    fitted,
    _no_working_weights,
    residual,
    score_sums,
    _no_working_weights,
    span,
    contrasts,
    within_sets,
)
