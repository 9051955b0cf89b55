"""Triangular factors of a summed information matrix: cheap, and good enough for steps.

Beside them what is read off the rows in their metric: leverages, and how far a step moves a row.
Where the sum has lost too many digits, the rows have a factor of their own (`solve.triangle`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpftrf, dpftrs, dpocon, dpotrf, dpotrs, dtrtri

from logit_inference.likelihood.evaluation import Largest, Reach
from logit_inference.rows.blas import estimated_norm
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.lengths import squared_lengths
from logit_inference.rows.packed import diagonal, mapped_zeros, packed_order, scaled_sums, unpacked
from logit_inference.rows.product import largest, row_squares, times

EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, slots=True)
class Factor:
    """Cholesky factor R of a symmetric positive definite matrix A = R'R.

    Parameters
    ----------
    upper : (q, q) array
        R; what stands below the diagonal is zero.
    matrix : (q, q) array
        A, of which the upper triangle is read.
    """

    upper: Floats
    matrix: Floats

    @property
    def at_rest(self) -> Factor:
        """The same for whoever keeps it: in less memory, where that is to be had."""
        return self

    @property
    def left(self) -> float:
        """The least share of a column's squared length that projection on those before it leaves.

        Its inverse is a lower bound on the condition, and costs next to nothing. NaN where the
        matrix is not finite.
        """
        # A squared pivot over its diagonal is what is left of a column of length one.
        shares = np.square(diagonal(self._triangle)) / self.diagonal
        return float(shares[shares.argmin()]) if len(shares) else np.inf

    @property
    def diagonal(self) -> Floats:
        """The diagonal of A."""
        return diagonal(self.matrix)

    @property
    def scale(self) -> Floats:
        """Diagonal of ``S = diag(A)^(−1/2)``: in ``S A S`` columns of any scale are alike."""
        scale: Floats = 1.0 / np.sqrt(self.diagonal)
        return scale

    @property
    def condition(self) -> float:
        """Estimate of the condition number of ``S A S`` in the 1-norm (LAPACK dpocon, O(q²))."""
        return self.inverse_norm * self._norm

    @property
    def inverse_norm(self) -> float:
        """Estimate of the 1-norm of the inverse of ``S A S``; inf where it is singular."""
        reciprocal, _ = dpocon(self.upper * self.scale, 1.0)
        return float(1.0 / reciprocal) if reciprocal > 0 else np.inf

    @property
    def _triangle(self) -> Floats:
        return self.upper

    @property
    def _norm(self) -> float:
        scale = self.scale
        sizes = np.triu(self.matrix)
        sizes *= scale
        np.abs(sizes, out=sizes)
        sizes *= scale[:, np.newaxis]
        # The diagonal of ones is in both sums.
        return float((sizes.sum(axis=0) + sizes.sum(axis=1)).max()) - 1.0

    def condition_within(self, limit: float) -> bool:
        """Say whether the condition is at most ``limit``; less work where it is far from it."""
        # The columns of S A S have entries of at most one.
        bound = self.inverse_norm * len(self.diagonal)
        return bound <= limit or self.condition <= limit

    def solve(self, right: Floats) -> Floats:
        """Return ``A⁻¹ right``."""
        x: Floats = dpotrs(self.upper, right)[0]
        return x

    def inverse_root(self) -> Floats:
        """Return an upper triangular B with ``B B' = A⁻¹``, C-ordered, in memory of its own."""
        # To LAPACK, which thinks in columns, B by rows is the inverse of R'; it makes the one copy.
        inverse, singular = dtrtri(self.upper.T, lower=1)
        if singular:
            raise np.linalg.LinAlgError("triangular factor is singular")
        result: Floats = inverse.T
        return result


@dataclass(frozen=True, slots=True)
class PackedFactor(Factor):
    """The same of a packed matrix (see `rows.packed`): R'R as well as R in half of the memory.

    Parameters
    ----------
    upper : (q(q+1)/2,) or (0,) array
        R; where it is empty it is made anew by all that needs it, in q³/3 operations.
    matrix : (q(q+1)/2,) array
        A.
    """

    @property
    def at_rest(self) -> PackedFactor:
        """The same without R, in half of the memory."""
        return PackedFactor(np.empty(0), self.matrix)

    @property
    def inverse_norm(self) -> float:
        """Estimate of the 1-norm of the inverse of ``S A S``, by the same algorithm."""
        whole, scale = PackedFactor(self._triangle, self.matrix), self.scale
        return estimated_norm(lambda x: whole.solve(x / scale) / scale, len(scale))

    @property
    def _norm(self) -> float:
        return float(scaled_sums(self.matrix, self.scale).max())

    def solve(self, right: Floats) -> Floats:
        """Return ``A⁻¹ right``."""
        columns = right[:, np.newaxis] if right.ndim == 1 else right
        x: Floats = dpftrs(len(right), self._triangle, columns)[0]
        return x.reshape(right.shape)

    def inverse_root(self) -> Floats:
        """Return an upper triangular B with ``B B' = A⁻¹``, C-ordered, in memory of its own."""
        # Its rows are columns to LAPACK, and R by rows is the lower factor: all in one square.
        if len(self.upper):
            root = unpacked(self.upper)
        else:
            root = unpacked(self.matrix)
            dpotrf(root.T, lower=1, clean=0, overwrite_a=1)
        dtrtri(root.T, lower=1, overwrite_c=1)
        return root

    @property
    def _triangle(self) -> Floats:
        return self.upper if len(self.upper) else _packed_triangle(self.matrix)[0]


def _packed_triangle(matrix: Floats) -> tuple[Floats, int]:
    """Return R, and where that failed."""
    triangle: Floats = mapped_zeros(matrix.shape)
    triangle[:] = matrix
    failed: int = dpftrf(packed_order(matrix), triangle, overwrite_a=1)[1]
    return triangle, failed


def condition_bound(matrix: Floats, root: Floats) -> float:
    """Return a bound on the condition of ``S A S``, with ``S = diag(A)^(−1/2)``; O(q²).

    Its trace is q, and that of its inverse the sum of the variances times the information.

    Parameters
    ----------
    matrix : (q, q) or (q(q+1)/2,) array
        A, of which the diagonal is read.
    root : (q, r) array
        B with ``B B' = A⁻¹``.
    """
    return len(root) * float(squared_lengths(root).dot(diagonal(matrix)))


def factorize(upper: Floats) -> Factor | None:
    """Return the Cholesky factor, or None where the matrix is numerically singular.

    Parameters
    ----------
    upper : (q, q) or (q(q+1)/2,) array
        Symmetric matrix, of which only the upper triangle is read, or packed.

    Notes
    -----
    The rounding of a Cholesky factor does not depend on the scale of the columns.

    Examples
    --------
    >>> factorize(np.diag([4.0, 1e20])).solve(np.array([4.0, 1e20])).tolist()
    [1.0, 1.0]
    >>> factorize(np.ones((2, 2))) is None
    True
    """
    packed = upper.ndim == 1
    triangle, failed = _packed_triangle(upper) if packed else dpotrf(upper)
    if failed:
        return None
    factor = PackedFactor(triangle, upper) if packed else Factor(triangle, upper)
    return factor if factor.left >= EPS else None


def column_reach(block: Block) -> Reach:
    """Return the largest absolute value of each column of the block."""
    return Reach(largest(block.X))


def largest_move(block: Block, step: Floats) -> Largest:
    """Return how far at most a (q,) step moves the linear predictor of a row that counts."""
    moves = np.abs(times(block.X, step))
    counts = block.counts
    return Largest(float(moves.max(initial=0.0, where=True if counts is None else counts)))


def row_leverage(block: Block, inverse_root: Floats) -> Largest:
    """Return the largest ``sqrt(x' B B' x)`` over the block's rows that count; B is (q, q)."""
    squared = row_squares(block.X, inverse_root)
    counts = block.counts
    return Largest(
        float(np.sqrt(squared.max(initial=0.0, where=True if counts is None else counts)))
    )
