"""The sums over rows that bias reduction and Jeffreys' penalty are made of, as kernels.

With working weights w, probabilities mu and information I, the *leverage* of a row x is
``h = w·x'I⁻¹x``. The gradient of ``log|I|`` is ``Σ h(1 − 2mu)x``. A group of trials, or a row with
a weight, has the leverage of all it stands for, so that sums over groups and over replicated rows
are the same. This file knows nothing of sources or solvers; the inverse information reaches it as
a root B with ``B B' = I⁻¹``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np

from logit_inference.likelihood.evaluation import Total
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.coded import Coded
from logit_inference.rows.product import dense, gram_for, row_squares, times, transposed_times

AT_ONCE = 1 << 18  # products of columns that are held at a time


@dataclass(frozen=True, slots=True)
class DeterminantSums:
    """What the first and second derivatives of ``log|I|`` need, summed over rows.

    Parameters
    ----------
    score : (q,) array
        ``Σ h(1 − 2mu)x``, the gradient.
    pseudo : (q, q) array
        Upper triangle of ``Σ 2h·mu(1 − mu)xx'``: minus the second derivative with leverages held
        fixed, as of h/2 successes and h/2 failures added to each row. It is the larger.
    squares : (q, q) array or None
        Upper triangle of ``Σ h(1 − 2mu)²xx'``, where it was asked for.
    """

    score: Floats
    pseudo: Floats
    squares: Floats | None

    def __add__(self, other: DeterminantSums) -> DeterminantSums:
        squares = None
        if self.squares is not None and other.squares is not None:
            squares = self.squares + other.squares
        return DeterminantSums(self.score + other.score, self.pseudo + other.pseudo, squares)


def determinant_sums(
    run: Iterable[Block], likelihood: Likelihood, coef: Floats, root: Floats, exact: bool
) -> DeterminantSums:
    """Return the derivatives of the log-determinant of the information over a run of blocks.

    Parameters
    ----------
    run : iterable of Block
    likelihood : Likelihood
    coef : (q,) array
    root : (q, q) array
        B with ``B B' = I⁻¹`` at ``coef``.
    exact : bool
        Whether to sum what the exact second derivative needs beside the first; the rest of it are
        `third_sums`.

    Notes
    -----
    One pass of about ``3np²`` flops, ``np²`` more where ``exact``.
    """
    blocks = iter(run)
    first = next(blocks)
    pseudo, squares = gram_for(first.X), gram_for(first.X) if exact else None
    score = np.zeros(len(coef))
    for block in chain((first,), blocks):
        w, skew = likelihood.skewness(block, coef)
        h = w * row_squares(block.X, root)
        score += transposed_times(block.X, h * skew)
        h *= 0.5
        square = np.square(skew)
        pseudo.add(block.X, h * (1.0 - square))
        if squares is not None:
            h *= 2.0
            squares.add(block.X, h * square)
    return DeterminantSums(score, pseudo.upper(), None if squares is None else squares.upper())


def third_sums(
    block: Block, likelihood: Likelihood, coef: Floats, root: Floats, chosen: slice
) -> Total:
    """Return ``T_abc = Σ w(1 − 2mu)·z_a·z_b·z_c`` with ``z = B'x``, for some a, shape (k, q).

    For pairs ``a <= b`` and all c; those with ``a < b`` times √2, so that the sum of squares over
    the pairs is that over all a and b.

    Parameters
    ----------
    block, likelihood, coef, root
        As in `determinant_sums`.
    chosen : slice
        Of a.

    Notes
    -----
    One pass of ``npk`` flops for k pairs, and ``np²`` for z.
    """
    w, skew = likelihood.skewness(block, coef)
    weight, Z = w * skew, dense(block.X) @ root
    first, second = np.triu_indices(Z.shape[1])
    own = slice(*np.searchsorted(first, (chosen.start, chosen.stop)).tolist())
    first, second = first[own], second[own]
    total = np.zeros((len(first), Z.shape[1]))
    size = max(AT_ONCE // len(first), 1)
    for start in range(0, len(Z), size):
        part = Z[start : start + size]
        pairs = part[:, first] * part[:, second]
        total += pairs.T @ (part * weight[start : start + size, np.newaxis])
    total[first < second] *= np.sqrt(2.0)
    return Total(total)


def median_sums(block: Block, likelihood: Likelihood, coef: Floats, outer: Floats) -> Total:
    """Return ``Σ w(1 − 2mu)·a³`` with ``a = outer x`` the rows of a (k, q) matrix, shape (k,).

    With ``outer`` the rows of the inverse information, the sums are what median bias reduction adds
    for each coefficient (Kenne Pagui, Salvan and Sartori 2017).

    Notes
    -----
    One pass of 2npk flops.
    """
    w, skew = likelihood.skewness(block, coef)
    weight = w * skew
    X = block.X
    if not isinstance(X, Coded):
        reach = X @ outer.T
        return Total(np.einsum("i,ij,ij,ij->j", weight, reach, reach, reach))
    total = np.empty(len(outer))
    for j, row in enumerate(outer):
        reach = times(X, row)
        total[j] = (weight * reach * reach) @ reach
    return Total(total)
