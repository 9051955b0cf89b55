"""Degrees of freedom of a covariance that is itself estimated, for any linear combination.

An estimated variance of few clusters varies, and the reference of a test says by how much: a t
distribution whose degrees of freedom match the mean and the variance that the estimator has where
the model is right. They differ from combination to combination. Mean and variance of ``C V C'`` are
linear and quadratic in ``C'C``, so that one small matrix answers for all combinations, whatever the
number of clusters it was made from. Which estimator that is, this file must not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from logit_inference.rows.blas import add_square
from logit_inference.rows.block import Floats

AT_ONCE = 1 << 20  # products of columns that are written out at a time
GATHERED = 512  # rows whose squares are summed together: the sum may be far larger than they are


@dataclass(frozen=True)
class Satterthwaite:
    """First two moments of an estimated covariance, in coordinates of a frame.

    A combination c of coefficients has coordinates ``c @ frame``.

    Parameters
    ----------
    frame : (q, r) array
    mean : (r, r) array
        Expectation of the covariance under the working model.
    spread : (r(r+1)/2, r(r+1)/2) array
        A quadratic form in the upper triangle of ``Γ = C' (C mean C')⁻¹ C``: the sum of the
        variances of all elements of the standardised covariance of ``C coef``.

    Notes
    -----
    For k restrictions the degrees of freedom are ``k(k + 1)`` over that sum: Satterthwaite's for
    one, those of the Hotelling approximation for more.

    References
    ----------
    Bell and McCaffrey (2002), *Survey Methodology* 28. Pustejovsky and Tipton (2018), *Journal of
    Business & Economic Statistics* 36: clubSandwich, ``coef_test(test = "Satterthwaite")`` and
    ``Wald_test(test = "HTZ")``.
    """

    frame: Floats
    mean: Floats
    spread: Floats

    def each(self, combinations: Floats) -> Floats:
        """Return the degrees of freedom (m,) of each of the combinations (m, q); NaN of nothing."""
        rows = combinations @ self.frame
        found = np.empty(len(rows))
        upper = np.triu_indices(len(self.mean))
        step = max(AT_ONCE // max(len(upper[0]), 1), 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            for start in range(0, len(rows), step):
                some = rows[start : start + step]
                products = some[:, upper[0]] * some[:, upper[1]]
                size = np.einsum("ij,jk,ik->i", some, self.mean, some)
                variance = np.einsum("ij,ij->i", products @ self.spread, products)
                found[start : start + step] = 2.0 * np.square(size) / variance
        return found

    def joint(self, combinations: Floats) -> float:
        """Return the degrees of freedom of k combinations (k, q) together; NaN if dependent."""
        rows = combinations @ self.frame
        k = len(rows)
        # Only the span of the combinations matters: an orthonormal basis of it keeps the digits.
        axes: Any = np.linalg.qr((rows / np.linalg.norm(rows, axis=1)[:, np.newaxis]).T)[0]
        size = axes.T @ self.mean @ axes
        if np.linalg.matrix_rank(size) != k:
            return float("nan")
        gamma = axes @ np.linalg.solve(size, axes.T)
        upper = gamma[np.triu_indices(len(self.mean))]
        return float(k * (k + 1) / (upper @ self.spread @ upper))


class Moments:
    """Sums over clusters that the two moments are made of.

    They are of adjusted scores, in coordinates where the inverse information is the identity.

    Parameters
    ----------
    size : int
        Number r of coordinates.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._upper = np.triu_indices(size)
        self._mean = np.zeros((size, size))
        self._own, self._among = (Squares(len(self._upper[0])) for _ in range(2))
        self._shared = Squares(size**2)

    def add(self, variance: Floats, leak: Floats) -> None:
        """Add k clusters.

        Parameters
        ----------
        variance : (k, r, r) array
            Of the adjusted score of each cluster, where the model is right.
        leak : (k, r, r) array
            Φ with ``−Φ_i Φ_j'`` the covariance of the scores of two clusters: what they share
            because the coefficients were estimated from both.
        """
        row, column = self._upper
        self._mean += variance.sum(axis=0)
        self._own.add(variance[:, row, column])
        self._among.add((leak @ leak.transpose(0, 2, 1))[:, row, column])
        self._shared.add(leak.reshape(len(leak), -1))

    def finish(self, frame: Floats) -> Satterthwaite:
        """Return the moments; r⁶ operations."""
        r, (row, column) = self.size, self._upper
        place = np.zeros((r, r), dtype=np.intp)
        place[row, column] = place[column, row] = np.arange(len(row))
        pairs = self._own.total() - self._among.total()
        own = pairs[np.ix_(place.ravel(), place.ravel())].reshape((r,) * 4)
        shared = self._shared.total().reshape((r,) * 4)
        by_rows = shared.transpose(0, 2, 1, 3).reshape(r * r, r * r)
        shared = (by_rows @ by_rows.T).reshape((r,) * 4)
        # Coefficients of Γ[a,b]·Γ[c,d]; for one combination both halves of each line agree.
        whole = own + own.transpose(0, 2, 3, 1)
        whole += shared.transpose(2, 0, 3, 1) + shared.transpose(3, 0, 2, 1)
        whole = (whole + whole.transpose(1, 0, 2, 3)) / 2.0
        whole = (whole + whole.transpose(0, 1, 3, 2)) / 2.0
        times = np.where(row == column, 1.0, 2.0)
        spread = whole[row, column][:, row, column] * np.outer(times, times)
        return Satterthwaite(frame, self._mean, (spread + spread.T) / 2.0)


class Squares:
    """The sum of ``x x'`` over rows x of a given width, which may come a few at a time."""

    def __init__(self, width: int) -> None:
        self._upper = np.zeros((width, width), order="F")
        self._rows, self._count = np.empty((GATHERED, width)), 0

    def add(self, rows: Floats) -> None:
        """Add the squares of rows (k, width)."""
        while len(rows):
            part = rows[: GATHERED - self._count]
            self._rows[self._count : self._count + len(part)] = part
            self._count, rows = self._count + len(part), rows[len(part) :]
            if self._count == GATHERED:
                self._flush()

    def total(self) -> Floats:
        """Return the sum (width, width)."""
        self._flush()
        return np.triu(self._upper) + np.triu(self._upper, 1).T

    def _flush(self) -> None:
        add_square(self._rows[: self._count], self._upper)
        self._count = 0
