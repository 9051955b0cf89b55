"""Predicted probabilities, with intervals that stay inside (0, 1).

They take an estimate and rows of a design; where the rows come from they must not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.covariance.satterthwaite import Satterthwaite
from logit_inference.inference.distribution import critical_values
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.wald import check_level
from logit_inference.likelihood.logistic import expit, linear_predictor
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import Columns, dense, row_squares
from logit_inference.solve.fit import Fit

if TYPE_CHECKING:
    import pandas as pd

MOST_PRINTED = 10  # rows


@dataclass(frozen=True, repr=False)
class Prediction:
    """Predictions for m rows; printed, a table of the first of them.

    Parameters
    ----------
    labels : sequence of m row labels
    link, link_std_error : (m,) arrays
        Linear predictor and its standard error; NaN where a variable is missing. On separated data
        the one may be infinite, and NaN where either infinity is possible, the other is inf then.
    critical : float or (m,) array
        Half-width of an interval in standard errors.
    ends : (2, m) array, optional
        Limits of linear predictors that are infinite, from likelihood ratios; NaN elsewhere.
    note : str
        Which covariance the intervals rest on, and which reference: in the frame's ``attrs``.
    df : (m,) array or None
        Degrees of freedom of a t reference, where each row has its own.
    """

    labels: Sequence[Any]
    link: Floats
    link_std_error: Floats
    critical: float | Floats
    ends: Floats | None = None
    note: str = ""
    df: Floats | None = None

    def summary_frame(self) -> pd.DataFrame:
        """Return a pandas frame with ``estimate, std_error, conf_low, conf_high``.

        With degrees of freedom ``df`` after the standard error, where each row has its own.

        The estimate and its delta-method standard error are on the probability scale; the interval
        is the linear predictor's, carried through the link, so that it stays inside (0, 1). Where
        separated data force a probability to 0 or 1, that is one limit, and the other inverts the
        likelihood-ratio test of the linear predictor; it is NaN where that would take too long, or
        the rows of the fit are gone.
        """
        import pandas as pd

        half = self.critical * self.link_std_error
        slope = expit(self.link) * expit(-self.link)
        # On separated data an infinite linear predictor has one end, and one that may go to
        # either infinity says nothing: any probability is possible.
        nothing = np.isnan(self.link) & np.isinf(half)
        with np.errstate(invalid="ignore"):
            std_error = slope * self.link_std_error
            low, high = expit(self.link - half), expit(self.link + half)
        if self.ends is not None:
            own = expit(self.ends)
            low, high = (np.where(np.isnan(a), b, a) for a, b in zip(own, (low, high), strict=True))
        frame = pd.DataFrame(
            {
                "estimate": expit(self.link),
                "std_error": std_error,
                "conf_low": np.where(nothing, 0.0, low),
                "conf_high": np.where(nothing, 1.0, high),
            },
            index=self.labels if isinstance(self.labels, pd.Index) else pd.Index(self.labels),
        )
        if self.df is not None:
            frame.insert(2, "df", self.df)
        frame.attrs["covariance"] = self.note
        return frame

    def __str__(self) -> str:
        frame, told = self._shown()
        return "\n".join([frame.to_string(float_format="{:.4f}".format), *told])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        frame, told = self._shown()
        html: str = frame.to_html(float_format="{:.4f}".format)
        return html + "".join(f"<p>{t}</p>" for t in told)

    def _shown(self) -> tuple[pd.DataFrame, list[str]]:
        """Return the first rows, and what is said under them."""
        n = len(self.link)
        told = [f"Covariance: {self.note}."]
        if n > MOST_PRINTED:
            told.append(f"First {MOST_PRINTED} of {n:,} rows; summary_frame() has all.")
        return self.summary_frame().head(MOST_PRINTED), told


def predict_link(
    estimate: Estimate, X: Columns, offset: Floats | None, labels: Sequence[Any]
) -> Floats:
    """Return the linear predictors (m,) of rows of a design (m, p); NaN rows stay missing.

    Raises
    ------
    PredictionError
        Where a row breaks a relation among columns that held in the fit.
    """
    estimate.check_relations(X, labels)
    link = estimate.link(X)
    return link if offset is None else link + offset


def predict_rows(
    estimate: Estimate,
    X: Columns,
    offset: Floats | None,
    labels: Sequence[Any],
    level: float,
) -> Prediction:
    """Return predictions with intervals for rows of a design.

    Parameters
    ----------
    estimate : Estimate
    X : (m, p) array or Coded
        NaN rows give missing predictions.
    offset : (m,) array or None
    labels : sequence of m
    level : float
        Of the intervals.

    Raises
    ------
    PredictionError
        Where a row breaks a relation among columns that held in the fit.

    Notes
    -----
    2mpq operations, less for codes; memory for some thousand rows beside X and the result.
    """
    estimate.check_relations(X, labels)
    link = estimate.link(X)
    std_error = estimate.link_std_errors(X)
    if offset is not None:
        link = link + offset
    return _prediction(labels, link, std_error, level, estimate, estimate.degrees(X))


def predict_used(fit: Fit, estimate: Estimate, labels: Sequence[Any], level: float) -> Prediction:
    """Return predictions with intervals for the rows of the fit; one pass over them."""
    link, std_error = fit.map(_link_and_error, estimate.covariance.root).T
    df = estimate.covariance.df
    degrees = fit.map(_degrees, df) if isinstance(df, Satterthwaite) else df
    return _prediction(labels, link, std_error, level, estimate, degrees)


def _prediction(
    labels: Sequence[Any],
    link: Floats,
    std_error: Floats,
    level: float,
    estimate: Estimate,
    degrees: float | Floats | None,
) -> Prediction:
    critical = critical_values(check_level(level), degrees)
    own = degrees if isinstance(degrees, np.ndarray) else None
    note = estimate.covariance.label
    return Prediction(labels, link, std_error, critical, note=note, df=own)


def _degrees(block: Block, coef: Floats, df: Satterthwaite) -> Floats:
    return df.each(dense(block.X))


def _link_and_error(block: Block, coef: Floats, root: Floats) -> Floats:
    eta = linear_predictor(block, coef)
    error = np.where(np.isinf(eta), np.inf, np.sqrt(row_squares(block.X, root)))
    return np.column_stack([eta, error])
