"""An estimate: names, coefficients and a covariance; all that a Wald statement needs.

The narrow waist for what need not return to the data, which it must not hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.covariance import Covariance
from logit_inference.errors import PredictionError, plain
from logit_inference.rows.block import Floats
from logit_inference.solve.rank import Relation


@dataclass(frozen=True)
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
    """

    names: tuple[str, ...]
    inner: Floats
    covariance: Covariance
    relations: Mapping[int, Relation]

    @property
    def coef(self) -> Floats:
        """The (p,) coefficients; NaN where a column cannot be estimated."""
        return self.covariance.basis.coefficients(self.inner)

    @property
    def std_errors(self) -> Floats:
        """The (p,) standard errors."""
        return self.covariance.std_errors

    @property
    def estimable(self) -> NDArray[np.bool_]:
        """Which coefficients are estimated, shape (p,)."""
        return self.covariance.basis.estimable

    def combine(self, combinations: Floats) -> tuple[Floats, Floats]:
        """Return ``combinations @ coef`` (k,) and a root (k, r) of its covariance.

        What ``combinations`` (k, p) holds in columns that cannot be estimated is not read: they
        are rows of a design in which the relations hold, or restrictions that do not touch them.
        """
        inside = self.covariance.basis.rows(combinations)
        return inside @ self.inner, inside @ self.covariance.root

    def check_relations(self, X: Floats, labels: Sequence[Any]) -> None:
        """Raise a PredictionError where a row breaks a relation that held among the fitted rows."""
        for column, relation in self.relations.items():
            gap = np.abs(X[:, column] - X @ relation.weights)
            terms = np.abs(X[:, column]) + np.abs(X) @ np.abs(relation.weights)
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
