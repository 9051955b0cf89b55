"""Triangular factors: of a summed information matrix, and of the rows themselves.

The inverse of a summed cross-product loses twice the digits of its columns; a triangular factor
folded over the rows by QR loses them once. The first is cheap and good enough for steps, the
second is for what is printed wherever the first would show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg.lapack import dpocon, dpotrf, dpotrs, dtrtri

from logit_inference.likelihood.evaluation import Largest
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.rows.block import Block, Floats

EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, slots=True)
class ScaledFactor:
    """Cholesky factor of ``S A S`` with ``S = diag(A)^(−1/2)``: columns of any scale are alike.

    Parameters
    ----------
    upper : (q, q) array
        Upper triangular factor; what stands below the diagonal is not read.
    scale : (q,) array
        Diagonal of S.
    scaled : (q, q) array
        ``S A S``.
    """

    upper: Floats
    scale: Floats
    scaled: Floats

    @property
    def condition(self) -> float:
        """Estimate of the condition number of ``S A S`` in the 1-norm (LAPACK dpocon, O(q²))."""
        norm = float(np.abs(self.scaled).sum(axis=0).max())
        reciprocal, _ = dpocon(self.upper, norm)
        return float(1.0 / reciprocal) if reciprocal > 0 else np.inf

    def solve(self, right: Floats) -> Floats:
        """Return ``A⁻¹ right``."""
        x, _ = dpotrs(self.upper, self.scale * right)
        result: Floats = self.scale * x
        return result

    def inverse_root(self) -> Floats:
        """Return an upper triangular B with ``B B' = A⁻¹``."""
        return self.scale[:, np.newaxis] * _triangular_inverse(self.upper)


def factorize(information: Floats) -> ScaledFactor | None:
    """Return the scaled Cholesky factor, or None where the matrix is numerically singular.

    Examples
    --------
    >>> factorize(np.diag([4.0, 1e20])).solve(np.array([4.0, 1e20])).tolist()
    [1.0, 1.0]
    >>> factorize(np.ones((2, 2))) is None
    True
    """
    diagonal = information.diagonal()
    smallest = diagonal.min(initial=np.inf)
    if not (smallest > 0 and math.isfinite(diagonal.sum())):
        return None
    scale = 1.0 / np.sqrt(diagonal)
    scaled = information * scale[:, np.newaxis] * scale
    upper, failed = dpotrf(scaled)
    # A pivot is what is left of a column of length one after projection on those before it.
    if failed or upper.diagonal().min() ** 2 < EPS:
        return None
    return ScaledFactor(upper, scale, scaled)


@dataclass(frozen=True, slots=True)
class Triangle:
    """The triangular factor R of some rows, ``R'R = Z'Z``; merged by a QR of two factors."""

    upper: Floats

    def __add__(self, other: Triangle) -> Triangle:
        return triangle_of(np.vstack([self.upper, other.upper]))

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
        root: Floats = scale[:, np.newaxis] * _triangular_inverse(self.upper * scale)
        return root


def triangle_of(rows: Floats) -> Triangle:
    """Return the triangular factor of the rows of a matrix, by Householder reflections."""
    upper: Any = np.linalg.qr(rows, mode="r")
    return Triangle(upper)


def column_triangle(block: Block) -> Triangle:
    """Return the triangular factor of the block's columns over the rows that count.

    Only which rows count matters here, not how much: weights over ten orders of magnitude would
    otherwise make independent columns look dependent.
    """
    counts = block.counts
    return triangle_of(block.X if counts is None else block.X[counts])


def working_triangle(block: Block, likelihood: Likelihood, coef: Floats) -> Triangle:
    """Return the triangular factor of the block's rows scaled by root working weights."""
    root = np.sqrt(likelihood.working_weights(block, coef))
    return triangle_of(block.X * root[:, np.newaxis])


def row_leverage(block: Block, inverse_root: Floats) -> Largest:
    """Return the largest ``sqrt(x' B B' x)`` over the block's rows that count; B is (q, q)."""
    reach = block.X @ inverse_root
    squared = np.einsum("ij,ij->i", reach, reach)
    counts = block.counts
    return Largest(
        float(np.sqrt(squared.max(initial=0.0, where=True if counts is None else counts)))
    )


def _triangular_inverse(upper: Floats) -> Floats:
    inverse, singular = dtrtri(np.triu(upper))
    if singular:
        raise np.linalg.LinAlgError("triangular factor is singular")
    result: Floats = inverse
    return result
