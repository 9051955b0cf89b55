"""An estimate: names, coefficients and a covariance; all that a Wald statement needs.

The narrow waist for what need not return to the data, which it must not hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.covariance import Covariance
from logit_inference.covariance.satterthwaite import Satterthwaite
from logit_inference.errors import PredictionError, plain
from logit_inference.records import made_fast
from logit_inference.rows.block import Floats
from logit_inference.rows.coded import Coded
from logit_inference.rows.lengths import squared_lengths
from logit_inference.rows.product import Columns, dense, row_squares, times
from logit_inference.solve.condition import GROWTH_ALLOWED
from logit_inference.solve.rank import Relation
from logit_inference.solve.recession import Recession

AT_ONCE = 1 << 20  # elements of new rows that are written out at a time
MOST_WRITTEN_OUT = 1e11  # products of rows and squared columns that are so computed


@made_fast
@dataclass(frozen=True, slots=True)
class Estimate:
    """Coefficients with their covariance.

    Parameters
    ----------
    names : tuple of p str
    inner : (q,) array
        Coefficients in the basis of the covariance, which is where sums over them keep their
        digits.
    covariance : Covariance
    relations : mapping of column number to Relation
        Columns that cannot be estimated, as combinations of those that can.
    recession : Recession, optional
        Where the data are separated: the cone along which coefficients go to infinity. The others,
        and all combinations that are constant along it, have their estimates here.
    """

    names: tuple[str, ...]
    inner: Floats
    covariance: Covariance
    relations: Mapping[int, Relation]
    recession: Recession | None = None

    @property
    def coef(self) -> Floats:
        """The (p,) coefficients; NaN where a column cannot be estimated, or goes to both ends."""
        coef = self.covariance.basis.coefficients(self.inner)
        return coef if self.recession is None else np.where(self.finite, coef, self.recession.ends)

    @property
    def std_errors(self) -> Floats:
        """The (p,) standard errors; NaN where there is no finite estimate."""
        errors = self.covariance.std_errors
        return errors if self.recession is None else np.where(self.finite, errors, np.nan)

    @property
    def matrix(self) -> Floats:
        """The (p, p) covariance; NaN in rows and columns without a finite estimate."""
        matrix = self.covariance.matrix
        if self.recession is not None:
            matrix[~self.finite] = np.nan
            matrix[:, ~self.finite] = np.nan
        return matrix

    @property
    def finite(self) -> NDArray[np.bool_]:
        """Which coefficients do not go to infinity, shape (p,)."""
        if self.recession is None:
            return np.ones(len(self.names), dtype=bool)
        return self.recession.estimable

    @property
    def undetermined(self) -> NDArray[np.bool_]:
        """Which coefficients may go to either infinity, shape (p,)."""
        if self.recession is None:
            return np.zeros(len(self.names), dtype=bool)
        return np.isnan(self.recession.ends)

    @property
    def estimable(self) -> NDArray[np.bool_]:
        """Which coefficients have a finite estimate, shape (p,)."""
        return self.covariance.basis.estimable & self.finite

    @property
    def identified(self) -> NDArray[np.bool_]:
        """Which coefficients the columns can tell apart, at infinity or not, shape (p,)."""
        return self.covariance.basis.estimable | ~self.finite

    def infinite_in(self, combinations: Floats) -> NDArray[np.bool_]:
        """Say which of the combinations (k, p) of coefficients go to infinity, shape (k,)."""
        if self.recession is None:
            return np.zeros(len(combinations), dtype=bool)
        moved: NDArray[np.bool_] = self.recession.sides(combinations) != 0
        return moved

    def combine(self, combinations: Floats) -> tuple[Floats, Floats]:
        """Return ``combinations @ coef`` (k,) and a root (k, r) of its covariance.

        What ``combinations`` (k, p) holds in columns that cannot be estimated is not read: they
        are restrictions that do not touch them.
        """
        inside = self.covariance.basis.of(combinations)
        return inside @ self.inner, inside @ self.covariance.root

    def link(self, X: Columns) -> Floats:
        """Return ``X @ coef`` (m,) of rows of a design in which the relations hold.

        Infinite where the cone goes one way only, NaN where it goes both.
        """
        link = np.concatenate([times(rows, self.inner) for rows in self._inside(X)])
        if self.recession is None:
            return link
        # Rows that are orthogonal to the cone do not notice it.
        with np.errstate(invalid="ignore"):
            sides = self.recession.sides(X)
            return np.where(sides == 0, link, sides * np.inf)

    def link_std_errors(self, X: Columns) -> Floats:
        """Return the standard errors (m,) of `link`; inf where that is not finite."""
        root = self.covariance.root
        squares = [_resolved_squares(rows, root) for rows in self._inside(X)]
        errors: Floats = np.sqrt(np.concatenate(squares))
        if self.recession is None:
            return errors
        # A missing row stays missing.
        return np.where(self.recession.sides(X) == 0, errors, errors + np.inf)

    def degrees(self, X: Columns) -> float | Floats | None:
        """Return the degrees of freedom of `link`, for each row where they differ."""
        df = self.covariance.df
        if not isinstance(df, Satterthwaite):
            return df
        return np.concatenate([df.each(dense(rows)) for rows in self._inside(X)])

    def _inside(self, X: Columns) -> Iterator[Columns]:
        """Yield X in the basis of the covariance, some rows at a time unless it stays codes."""
        basis = self.covariance.basis
        stays = isinstance(X, Coded) and not isinstance(basis.matrix, np.ndarray)
        size = len(X) + 1 if stays else AT_ONCE // X.shape[1] + 1
        for start in range(0, max(len(X), 1), size):
            yield basis.rows(X[start : start + size])

    def check_relations(self, X: Columns, labels: Sequence[Any]) -> None:
        """Raise a PredictionError where a row breaks a relation that held among the fitted rows."""
        sizes: Any = abs(X) if self.relations else X
        finite = self.finite
        for column, relation in self.relations.items():
            if not finite[column]:
                continue  # holds among the rows that are not separated, and `link` tells those
            contrast = -relation.weights
            contrast[column] = 1.0
            gap = np.abs(times(X, contrast))
            terms = times(sizes, np.abs(contrast))
            broken = gap > 1e-8 * (terms + relation.size)
            if broken.any():
                row = int(np.flatnonzero(broken)[0])
                label = plain(labels[row])
                raise PredictionError(
                    f"the coefficient of {self.names[column]!r} could not be estimated, because "
                    "its column is a combination of others in the data of the fit; the new row "
                    f"{label!r} breaks that relation, so its prediction is not determined. "
                    "Drop the column from the formula, or predict for rows that keep the relation."
                )


def _resolved_squares(X: Columns, root: Floats) -> Floats:
    """Return the squared lengths of the rows of ``X @ root``; rows are written out where it shows.

    For coded rows they are sums of products, of which a fit to plain columns did not care how far
    they cancel. With ``s²`` the variances of the coefficients, terms are at most ``(|x|'s)²``.
    """
    squares = row_squares(X, root)
    if not isinstance(X, Coded):
        return squares
    terms = np.square(times(abs(X), np.sqrt(squared_lengths(root))))
    doubtful = np.flatnonzero(terms > GROWTH_ALLOWED * squares)
    size = AT_ONCE // X.shape[1] + 1
    if len(doubtful) * float(root.size) <= MOST_WRITTEN_OUT:
        for start in range(0, len(doubtful), size):
            some = doubtful[start : start + size]
            squares[some] = row_squares(dense(X[some]), root)
    return squares
