"""Labelled pandas objects made of records: what the result's methods return.

pandas is imported when the first of them is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.diagnostics.account import Account
from logit_inference.diagnostics.goodness import Goodness
from logit_inference.diagnostics.residuals import residuals
from logit_inference.errors import DataError
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.wald import Coefficients
from logit_inference.rows.block import Floats
from logit_inference.solve.fit import Fit

if TYPE_CHECKING:
    import pandas as pd

PSEUDO = (
    "Sampling weights, scaled to mean one: log-likelihoods and deviances are those of a pseudo-"
    "likelihood, which has no likelihood-ratio test, AIC or BIC."
)


def series(labels: Any, values: Floats, covariance: str = "") -> pd.Series:
    """Return a labelled vector; ``attrs`` names the covariance that it rests on."""
    import pandas as pd

    vector = pd.Series(values, index=_index(labels))
    if covariance:
        vector.attrs["covariance"] = covariance
    return vector


def square(names: Sequence[str], matrix: Floats, covariance: str = "") -> pd.DataFrame:
    """Return a matrix labelled on both sides; ``attrs`` names the covariance that it is."""
    import pandas as pd

    frame = pd.DataFrame(matrix, index=list(names), columns=list(names))
    if covariance:
        frame.attrs["covariance"] = covariance
    return frame


def intervals(names: Sequence[str], table: Coefficients) -> pd.DataFrame:
    """Return the interval ends by coefficient."""
    import pandas as pd

    ends = {"conf_low": table.conf_low, "conf_high": table.conf_high}
    return pd.DataFrame(ends, index=list(names))


def exponentiated(table: Coefficients) -> Coefficients:
    """Return odds ratios with exponentiated ends and delta-method standard errors.

    Statistic and p-value stay those of the log odds ratio, whose null is 0.
    """
    with np.errstate(over="ignore"):  # exp of a log odds ratio above 709 is infinite, and says so
        ratio = np.exp(table.estimate)
        return Coefficients(
            ratio,
            ratio * table.std_error,
            table.statistic,
            table.p_value,
            np.exp(table.conf_low),
            np.exp(table.conf_high),
            table.branched,
        )


def tidy(
    estimate: Estimate, table: Coefficients, *, exponentiate: bool, adjusted: Floats | None = None
) -> pd.DataFrame:
    """Return one row for each coefficient."""
    import pandas as pd

    shown = exponentiated(table) if exponentiate else table
    df = estimate.covariance.coefficient_df
    columns = {
        "term": list(estimate.names),
        "estimate": shown.estimate,
        "std_error": shown.std_error,
        "statistic": shown.statistic,
        "df": df,
        "p_value": shown.p_value,
        "p_adjusted": adjusted,
        "conf_low": shown.conf_low,
        "conf_high": shown.conf_high,
    }
    kept = {name: values for name, values in columns.items() if values is not None}
    frame = pd.DataFrame(kept)
    frame.attrs["covariance"] = estimate.covariance.label
    if exponentiate:
        frame.attrs["std_error"] = "delta method, on the odds-ratio scale"
    return frame


def glance(account: Account, measures: Goodness, covariance: str) -> pd.DataFrame:
    """Return one row with what describes the fit as a whole; ``attrs`` names the covariance."""
    import pandas as pd

    row: dict[str, Any] = {
        "null_deviance": account.null_deviance,
        "df_null": account.nobs - 1,
        "log_likelihood": account.log_likelihood,
        "null_log_likelihood": account.null_log_likelihood,
        "lr_statistic": measures.lr_statistic,
        "lr_p_value": measures.lr_p_value,
        "mcfadden": measures.mcfadden,
        "aic": measures.aic,
        "bic": measures.bic,
        "deviance": account.deviance,
        "df_residual": account.df_resid,
        "nobs": account.nobs,
        "n_trials": account.n_trials,
        "n_events": account.n_events,
        "converged": account.converged,
    }
    if not account.estimator.is_ml:
        row |= {
            "estimator": account.estimator.kind,
            "penalized_log_likelihood": account.criterion,
            "null_penalized_log_likelihood": account.null_criterion,
        }
    frame = pd.DataFrame([row])
    if account.is_pseudo:
        frame.insert(frame.columns.get_loc("nobs") + 1, "sum_weights", account.sum_weights)
        frame.attrs["note"] = PSEUDO
    frame.attrs["covariance"] = covariance
    return frame


def row_table(fit: Fit, labels: Any) -> pd.DataFrame:
    """Return fitted values, residuals and influence by row."""
    import pandas as pd

    rows = residuals(fit)
    return pd.DataFrame(
        {
            "observed": rows.observed,
            "linear_predictor": rows.linear_predictor,
            "std_error": rows.std_error,
            "fitted": rows.fitted,
            "resid": rows.deviance,
            "resid_pearson": rows.pearson,
            "hat": rows.leverage,
            "std_resid": rows.standardized,
            "cooksd": rows.cooks_distance,
        },
        index=_index(labels),
    )


def beside(data: Any, frame: pd.DataFrame, positions: Any, n_read: int) -> pd.DataFrame:
    """Return the columns of a table at some positions, and those of ``frame`` after them.

    Raises
    ------
    DataError
        Where it is not the table that was fitted, as far as its length, labels and names tell.
    """
    import pandas as pd

    table = data if isinstance(data, pd.DataFrame) else _to_pandas(data)
    if len(table) != n_read:
        raise DataError.other_table(f"it has {len(table)} rows, and the fit read {n_read}")
    table = table if positions is None else table.iloc[positions]
    if isinstance(data, pd.DataFrame) and not table.index.equals(frame.index):
        raise DataError.other_table("its row labels differ")
    taken = [name for name in frame if name in table.columns]
    if taken:
        raise DataError.other_table(f"it has columns named {', '.join(taken)} already")
    return pd.concat([table.set_axis(frame.index), frame], axis=1)


def _to_pandas(data: Any) -> pd.DataFrame:
    import pandas as pd

    return data.to_pandas() if hasattr(data, "to_pandas") else pd.DataFrame(data)


def _index(labels: Any) -> Any:
    import pandas as pd

    if isinstance(labels, pd.Index):
        return labels
    if isinstance(labels, tuple):  # names: pandas need not find out that they are text
        return pd.Index(labels, dtype=_text_dtype())
    return pd.Index(labels)


def _text_dtype() -> Any:
    """Return the type that pandas gives an index of names by itself."""
    import pandas as pd

    return object if pd.__version__.startswith("2.") else pd.StringDtype(na_value=np.nan)
