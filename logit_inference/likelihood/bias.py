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
        Upper triangle of ``Σ h(1 − 2mu)²xx'``.
    third : (q(q+1)/2, q) array or None
        ``Σ w(1 − 2mu)·z_a·z_b·z_c`` with ``z = B'x``, for pairs ``a <= b`` and c; those with
        ``a < b`` times √2. Minus the second derivative is ``pseudo − squares + R'T'TR`` with T this
        array and R the inverse of B.
    """

    score: Floats
    pseudo: Floats
    squares: Floats | None
    third: Floats | None

    def __add__(self, other: DeterminantSums) -> DeterminantSums:
        return DeterminantSums(
            self.score + other.score,
            self.pseudo + other.pseudo,
            _sum(self.squares, other.squares),
            _sum(self.third, other.third),
        )


def _sum(one: Floats | None, other: Floats | None) -> Floats | None:
    return None if one is None or other is None else one + other


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
        Whether to sum what the exact second derivative needs beside the first.

    Notes
    -----
    One pass of about ``3np²`` flops; ``np³`` more and p³/2 numbers where ``exact``.
    """
    blocks = iter(run)
    first = next(blocks)
    q = len(coef)
    pseudo, squares = gram_for(first.X), gram_for(first.X) if exact else None
    score = np.zeros(q)
    third = np.zeros((q * (q + 1) // 2, q)) if exact else None
    for block in chain((first,), blocks):
        w, skew = likelihood.skewness(block, coef)
        h = w * row_squares(block.X, root)
        score += transposed_times(block.X, h * skew)
        h *= 0.5
        square = np.square(skew)
        pseudo.add(block.X, h * (1.0 - square))
        if squares is not None and third is not None:
            h *= 2.0
            squares.add(block.X, h * square)
            third += _third(dense(block.X) @ root, w * skew)
    return DeterminantSums(
        score, pseudo.upper(), None if squares is None else squares.upper(), third
    )


def _third(Z: Floats, weight: Floats) -> Floats:
    """Return ``Σ weight·z_a·z_b·z_c`` for pairs ``a <= b`` and all c."""
    q = Z.shape[1]
    first, second = np.triu_indices(q)
    total = np.zeros((len(first), q))
    size = max(AT_ONCE // len(first), 1)
    for start in range(0, len(Z), size):
        part = Z[start : start + size]
        pairs = part[:, first] * part[:, second]
        total += pairs.T @ (part * weight[start : start + size, np.newaxis])
    total[first < second] *= np.sqrt(2.0)
    return total


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
