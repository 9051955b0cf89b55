"""The coefficients of a result as tables: its summary and its tidy frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logit_inference.inference.wald import coefficients
from logit_inference.models import frames
from logit_inference.models.adjustment import adjusted_coefficients
from logit_inference.models.combinations import EACH_BY_ITSELF
from logit_inference.models.failures import told_inference
from logit_inference.models.inference import (
    coefficient_inference,
    hauck_donner_slopes,
    method_of,
)
from logit_inference.models.labels import label, notes_at_infinity
from logit_inference.models.testing import foreign_covariance
from logit_inference.report.inference import Shown
from logit_inference.report.summary import summary_table
from logit_inference.report.table import Table

if TYPE_CHECKING:
    import pandas as pd

    from logit_inference.models.result import LogitResult


def summary_of(
    result: LogitResult,
    odds_ratios: bool,
    level: float | None,
    method: str | None,
    *,
    wald: bool,
    adjust: str | None,
) -> Table:
    """Return the summary of a result; see `LogitResult.summary`."""
    level = result.level if level is None else level
    named, estimate = method_of(result, method), result.estimate
    table = coefficient_inference(result, level, method)
    adjusted = adjusted_coefficients(result, table, named, adjust)
    is_ml, foreign = result.account.estimator.is_ml, foreign_covariance(result)
    notes = []
    if named == "wald" and foreign and not result.account.is_pseudo:  # else the fit's notes say it
        notes += notes_at_infinity(result, estimate.names)
    if adjusted is not None:
        notes += [adjusted.note, EACH_BY_ITSELF]
    values = None if adjusted is None else adjusted.values
    return summary_table(
        result.account,
        result.goodness,
        estimate.covariance,
        estimate.names,
        frames.exponentiated(table) if odds_ratios else table,
        Shown(level, named, is_ml, odds_ratios, foreign, values, tuple(notes)),
        beside=coefficients(estimate, level) if wald and named == "profile" else None,
        slopes=hauck_donner_slopes(result) if named == "wald" else None,
        undetermined=estimate.undetermined.tolist(),
        certificate=str(result.certificate) if is_ml else "",
        separated=not estimate.finite.all(),
    )


def statistics_of(result: LogitResult, which: str) -> pd.Series:
    """Return the statistics or the p-values of the tables by name, ``attrs`` saying what they are.

    Parameters
    ----------
    result : LogitResult
    which : {"statistic", "p_value"}
    """
    names, values = result.estimate.names, getattr(told_inference(result, None, None), which)
    return label(frames.series(names, values), result, method_of(result, None), names)


def tidy_of(
    result: LogitResult,
    exponentiate: bool,
    level: float | None,
    method: str | None,
    adjust: str | None,
) -> pd.DataFrame:
    """Return the coefficients as a frame; see `LogitResult.tidy`."""
    table, named = told_inference(result, level, method), method_of(result, method)
    adjusted = adjusted_coefficients(result, table, named, adjust)
    values = None if adjusted is None else adjusted.values
    frame = frames.tidy(result.estimate, table, exponentiate=exponentiate, adjusted=values)
    more = () if adjusted is None else (adjusted.note, EACH_BY_ITSELF)
    return label(frame, result, named, result.estimate.names, *more)
