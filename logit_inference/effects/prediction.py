"""Predicted probabilities of new rows, with intervals that stay inside (0, 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.inference.distribution import critical_value
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.wald import check_level
from logit_inference.likelihood.logistic import expit
from logit_inference.rows.block import Floats

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Prediction:
    """Predictions for m rows.

    Parameters
    ----------
    labels : sequence of m row labels, or None
    link, link_std_error : (m,) arrays
        Linear predictor and its standard error; NaN where a variable is missing.
    level : float
        Of the intervals.
    critical : float
        Half-width of an interval in standard errors.
    """

    labels: Any
    link: Floats
    link_std_error: Floats
    level: float
    critical: float

    @property
    def probability(self) -> Floats:
        """Predicted probabilities of the event, shape (m,)."""
        return expit(self.link)

    def summary_frame(self) -> pd.DataFrame:
        """Return a pandas frame with ``estimate, std_error, conf_low, conf_high``.

        The estimate and its delta-method standard error are on the probability scale; the interval
        is the linear predictor's, carried through the link, so that it stays inside (0, 1).
        """
        import pandas as pd

        half = self.critical * self.link_std_error
        slope = expit(self.link) * expit(-self.link)
        return pd.DataFrame(
            {
                "estimate": self.probability,
                "std_error": slope * self.link_std_error,
                "conf_low": expit(self.link - half),
                "conf_high": expit(self.link + half),
            },
            index=self.labels,
        )


def predict_rows(
    estimate: Estimate,
    X: Floats,
    offset: Floats | None,
    *,
    level: float = 0.95,
    labels: Any = None,
) -> Prediction:
    """Return predictions for rows of a design.

    Parameters
    ----------
    estimate : Estimate
    X : (m, p) array
        NaN rows give missing predictions.
    offset : (m,) array or None
    level : float
    labels : sequence of m, optional

    Raises
    ------
    PredictionError
        Where a row breaks a relation among columns that held in the fit.

    Notes
    -----
    Memory m × p beside X.
    """
    critical = critical_value(check_level(level), estimate.covariance.df)
    estimate.check_relations(X, labels)
    link, root = estimate.combine(X)
    if offset is not None:
        link = link + offset
    std_error = np.sqrt(np.einsum("ij,ij->i", root, root))
    return Prediction(labels, link, std_error, level, critical)
