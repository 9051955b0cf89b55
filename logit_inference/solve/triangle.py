"""The triangular factor of the rows themselves, folded over them by QR.

The inverse of a summed cross-product loses twice the digits of its columns, this one loses them
once: it is for what is printed, or decided, wherever the first would show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from scipy.linalg.lapack import dtpqrt, dtrtri

from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.coded import Coded
from logit_inference.rows.product import dense
from logit_inference.rows.source import Source
from logit_inference.solve.factor import EPS, Factor

ROOM = 1e4  # for the rounding of a factor, beside EPS² for a column that is none
WRITTEN_OUT = 1 << 21  # elements of coded columns that are written out at a time
AT_ONCE = 32  # columns that are reflected together
COPIED = 1 << 15  # elements of rows that are factorized at a time


@dataclass(frozen=True, slots=True)
class Triangle:
    """The triangular factor R of some rows, ``R'R = Z'Z``; merged by a QR of two factors."""

    upper: Floats

    def __add__(self, other: Triangle) -> Triangle:
        p = self.upper.shape[1]
        if len(self.upper) < p or not p:
            return triangle_of(np.vstack([self.upper, other.upper]))
        # What is zero in both is not computed: a quarter of the time of a QR of all their rows.
        merged: Any = dtpqrt(len(other.upper), min(AT_ONCE, p), self.upper, other.upper)[0]
        return Triangle(merged)

    @property
    def condition(self) -> float:
        """Condition number of ``R'R`` with its columns scaled to length one, 1-norms; O(q³)."""
        scaled = self.upper / np.linalg.norm(self.upper, axis=0)
        if len(scaled) < scaled.shape[1] or not np.isfinite(scaled).all():
            return np.inf
        inverse, singular = dtrtri(np.triu(scaled))
        if singular:
            return np.inf
        return float(np.linalg.norm(scaled, 1) * np.linalg.norm(inverse, 1)) ** 2

    def inverse_root(self) -> Floats:
        """Return an upper triangular B with ``B B' = (R'R)⁻¹``."""
        scale = 1.0 / np.linalg.norm(self.upper, axis=0)
        inverse, singular = dtrtri(np.triu(self.upper * scale))
        if singular:
            raise np.linalg.LinAlgError("triangular factor is singular")
        root: Floats = scale[:, np.newaxis] * inverse
        return root


def triangle_of(rows: Floats) -> Triangle:
    """Return the triangular factor of the rows of a matrix, by Householder reflections.

    Of many rows part by part, since LAPACK works on copies.
    """
    size = max(COPIED // max(rows.shape[1], 1), rows.shape[1], 1)
    parts = (rows[start : start + size] for start in range(0, max(len(rows), 1), size))
    uppers: Iterator[Any] = (np.linalg.qr(part, mode="r") for part in parts)
    return reduce(add, map(Triangle, uppers))


def column_triangle(block: Block) -> Triangle:
    """Return the triangular factor of the block's columns over the rows that count.

    Only which rows count matters here, not how much: weights over ten orders of magnitude would
    otherwise make independent columns look dependent.
    """
    counts = block.counts
    X = dense(block.X)
    return triangle_of(X if counts is None else X[counts])


def working_triangle(block: Block, likelihood: Likelihood, coef: Floats) -> Triangle:
    """Return the triangular factor of the block's rows scaled by root working weights.

    Coded columns are written out, some rows at a time.
    """
    root = np.sqrt(likelihood.working_weights(block, coef))
    X = block.X
    if not isinstance(X, Coded):
        return triangle_of(X * root[:, np.newaxis])
    size = max(WRITTEN_OUT // X.shape[1], X.shape[1])
    return reduce(
        add,
        (
            triangle_of(dense(X[start : start + size]) * root[start : start + size, np.newaxis])
            for start in range(0, len(X), size)
        ),
    )


def resolved_factor(rows: Source, likelihood: Likelihood, coef: Floats) -> Factor | None:
    """Return the factor of the information from the rows, which the sum does not resolve.

    None where the rows do not either. One fold of a QR factor.
    """
    upper = rows.fold(working_triangle, likelihood, coef).upper
    if len(upper) < upper.shape[1] or not np.isfinite(upper).all():
        return None
    upper = np.triu(upper)
    upper *= np.where(upper.diagonal() < 0, -1.0, 1.0)[:, np.newaxis]
    factor = Factor(upper, upper.T @ upper)
    with np.errstate(divide="ignore", invalid="ignore"):  # of columns without any weight left
        # A column that rounding alone keeps apart from others is no column.
        return factor if factor.left >= EPS * EPS * ROOM else None


def number_triangle(block: Block, numbers: Sequence[int]) -> Triangle:
    """Return the triangular factor of some of the numbers of a coded block."""
    counts = block.counts
    X = block.X
    assert isinstance(X, Coded), "plain columns have no numbers of their own"
    columns = X.numbers[:, list(numbers)]
    return triangle_of(columns if counts is None else columns[counts])
