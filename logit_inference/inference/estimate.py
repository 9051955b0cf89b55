"""An estimate: names, coefficients and a covariance; all that a Wald statement needs.

The narrow waist for what need not return to the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from logit_inference.covariance.covariance import Covariance
from logit_inference.errors import PredictionError
from logit_inference.rows.block import Floats


@dataclass(frozen=True)
class Estimate:
    """Coefficients with their covariance.

    Parameters
    ----------
    names : tuple of p str
    coef : (p,) array
        NaN where a column cannot be estimated.
    covariance : Covariance
    relations : mapping of column number to (p,) array
        Columns that cannot be estimated, as combinations of those that can.
    """

    names: tuple[str, ...]
    coef: Floats
    covariance: Covariance
    relations: Mapping[int, Floats]

    @property
    def std_errors(self) -> Floats:
        """The (p,) standard errors."""
        return self.covariance.std_errors

    def combine(self, combinations: Floats) -> tuple[Floats, Floats]:
        """Return estimates (k,) and a root (k, r) of the covariance of ``combinations @ coef``.

        ``combinations`` (k, p) must be zero where a coefficient cannot be estimated, or be rows of
        a design in which the relations among columns hold.
        """
        return combinations @ np.nan_to_num(self.coef), combinations @ self.covariance.root

    def check_relations(self, X: Floats, labels: object) -> None:
        """Raise a PredictionError where a row breaks a relation that held among the fitted rows."""
        for column, relation in self.relations.items():
            gap = np.abs(X[:, column] - X @ relation)
            broken = gap > 1e-8 * (np.abs(X[:, column]) + np.abs(X) @ np.abs(relation))
            if broken.any():
                row = int(np.flatnonzero(broken)[0])
                label = row if labels is None else labels[row]  # type: ignore[index]
                raise PredictionError(
                    f"the coefficient of {self.names[column]!r} could not be estimated, because "
                    "its column is a combination of others in the data of the fit; the new row "
                    f"{label!r} breaks that relation, so its prediction is not determined. "
                    "Drop the column from the formula, or predict for rows that keep the relation."
                )
