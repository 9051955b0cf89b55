"""Labelled pandas objects of a multinomial result: what its methods return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.errors import ArgumentError, DetachedError
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.wald import Coefficients, check_level
from logit_inference.models.frames import beside, exponentiated
from logit_inference.models.multinomial_effects import (
    own_values,
    predicted_links,
    predicted_probabilities,
)
from logit_inference.rows.block import Floats
from logit_inference.rows.source import ArraySource

if TYPE_CHECKING:
    import pandas as pd

    from logit_inference.models.multinomial_result import MultinomialResult


def by_level(result: MultinomialResult, values: Floats, covariance: str = "") -> pd.DataFrame:
    """Return values of all coefficients: rows the columns of the design, columns the levels.

    ``attrs`` names the covariance that they rest on, where they do.
    """
    import pandas as pd

    levels, names = result.shown_levels, list(result.design.columns)
    frame = pd.DataFrame(values.reshape(len(levels), -1).T, index=names, columns=levels)
    if covariance:
        frame.attrs["covariance"] = covariance
    return frame


def coefficient_index(result: MultinomialResult) -> pd.MultiIndex:
    """Return level and term of each coefficient."""
    import pandas as pd

    parts = [result.shown_levels, list(result.design.columns)]
    return pd.MultiIndex.from_product(parts, names=["response_level", "term"])


def square(result: MultinomialResult) -> pd.DataFrame:
    """Return the covariance labelled on both sides."""
    import pandas as pd

    index = coefficient_index(result)
    frame = pd.DataFrame(result.estimate.matrix, index=index, columns=index)
    frame.attrs["covariance"] = result.base.covariance.label
    return frame


def chosen_level(own: float, alpha: float | None, level: float | None) -> float:
    """Return the confidence level that is asked for."""
    if alpha is not None and level is not None:
        raise ArgumentError("alpha", alpha, "either alpha= or level=, not both")
    if alpha is not None:
        return check_level(1.0 - alpha)
    return own if level is None else check_level(level)


def one_equation(result: MultinomialResult) -> Estimate:
    """Return the estimate of the fit's first equation, with the relations among its columns."""
    p = len(result.design.columns)
    relations = {j: relation for j, relation in result.base.relations.items() if j < p}
    relations = {
        j: type(relation)(relation.weights[:p], relation.size) for j, relation in relations.items()
    }
    names = result.design.columns
    return Estimate(names, np.zeros(p), result.base.covariance, relations)


def tidy(result: MultinomialResult, table: Coefficients, *, exponentiate: bool) -> pd.DataFrame:
    """Return one row for each coefficient."""
    import pandas as pd

    shown = exponentiated(table) if exponentiate else table
    names, levels = result.design.columns, result.shown_levels
    columns = {
        "term": [name for _ in levels for name in names],
        "response_level": [level for level in levels for _ in names],
        "estimate": shown.estimate,
        "std_error": shown.std_error,
        "statistic": shown.statistic,
        "df": result.base.covariance.df,
        "p_value": shown.p_value,
        "conf_low": shown.conf_low,
        "conf_high": shown.conf_high,
    }
    if result.base.covariance.df is None:
        del columns["df"]
    frame = pd.DataFrame(columns)
    frame.attrs["covariance"] = result.base.covariance.label
    frame.attrs["reference"] = result.reference
    if exponentiate:
        frame.attrs["std_error"] = "delta method, on the scale of relative-risk ratios"
    return frame


def glance(result: MultinomialResult) -> pd.DataFrame:
    """Return one row with what describes the fit as a whole."""
    import pandas as pd

    account, measures = result.account, result.goodness
    row = {
        "null_deviance": account.null_deviance,
        "log_likelihood": account.log_likelihood,
        "null_log_likelihood": account.null_log_likelihood,
        "lr_statistic": measures.lr_statistic,
        "lr_p_value": measures.lr_p_value,
        "mcfadden": measures.mcfadden,
        "aic": measures.aic,
        "bic": measures.bic,
        "deviance": account.deviance,
        "edf": account.rank,
        "df_residual": account.df_resid,
        "nobs": account.nobs,
        "n_levels": len(result.levels),
        "reference": result.reference,
        "converged": account.converged,
    }
    return pd.DataFrame([row])


def probabilities(result: MultinomialResult, newdata: Any, offset: Any) -> pd.DataFrame:
    """Return probabilities, a column for each level."""
    import pandas as pd

    values, labels = predicted_probabilities(result, newdata, offset)
    return pd.DataFrame(values, index=_index(labels), columns=list(result.levels))


def links(result: MultinomialResult, newdata: Any, offset: Any) -> pd.DataFrame:
    """Return linear predictors, a column for each level that is shown."""
    import pandas as pd

    values, labels = predicted_links(result, newdata, offset)
    return pd.DataFrame(values, index=_index(labels), columns=result.shown_levels)


def most_probable(result: MultinomialResult, newdata: Any, offset: Any) -> pd.Series:
    """Return the most probable level of each row; None where a variable is missing."""
    import pandas as pd

    frame = probabilities(result, newdata, offset)
    values = frame.to_numpy()
    missing = np.isnan(values).any(axis=1)
    best = np.where(missing, 0, np.argmax(np.nan_to_num(values), axis=1))
    levels = [None if gap else result.levels[one] for one, gap in zip(best, missing, strict=True)]
    return pd.Series(own_values(levels), index=frame.index)


def augment(result: MultinomialResult, data: Any) -> pd.DataFrame:
    """Return observed and most probable level and all probabilities by row."""
    if result.fit is None:
        raise DetachedError("augment()")
    frame = probabilities(result, None, None)
    best = most_probable(result, None, None)
    frame.columns = [f"fitted_{level}" for level in result.levels]
    frame.insert(0, "observed", observed_levels(result))
    frame.insert(1, "most_probable", best)
    if data is None:
        return frame
    return beside(data, frame, result.positions, result.n_rows_read)


def observed_levels(result: MultinomialResult) -> Any:
    """Return the observed level of each row used."""
    assert result.fit is not None
    source = result.fit.source
    assert isinstance(source, ArraySource)
    return own_values(result.class_order)[source.data.y.astype(np.intp)]


def _index(labels: Any) -> Any:
    import pandas as pd

    return labels if isinstance(labels, pd.Index) else pd.Index(labels)
