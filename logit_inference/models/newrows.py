"""Predictions of a result: for new tables, new arrays, and the rows of the fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.effects.prediction import Prediction, predict_rows
from logit_inference.errors import DataError, PredictionError
from logit_inference.inference.distribution import critical_value
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.wald import check_level
from logit_inference.likelihood.logistic import linear_predictor
from logit_inference.rows.block import Block, Floats
from logit_inference.solve.fit import Fit

if TYPE_CHECKING:
    from logit_inference.design.design import Design


def predict_new(
    estimate: Estimate, design: Design | None, newdata: Any, offset: Any, level: float
) -> Prediction:
    """Return predictions for the rows of a new table, or of an array for a fit of arrays."""
    if design is not None:
        rows = design.encode(newdata, offset=offset)
        return predict_rows(estimate, rows.X, rows.offset, level=level, labels=rows.labels)
    X, labels = _new_columns(estimate, newdata)
    if offset is not None:
        offset = np.broadcast_to(np.asarray(offset, dtype=np.float64), len(X))
    return predict_rows(estimate, X, offset, level=level, labels=labels)


def _new_columns(estimate: Estimate, newdata: Any) -> tuple[Floats, Any]:
    names = list(estimate.names)
    labels = getattr(newdata, "index", None)
    if hasattr(newdata, "columns") and not isinstance(newdata, np.ndarray):
        missing = [name for name in names if name not in newdata.columns and name != "Intercept"]
        if missing:
            raise PredictionError(f"the new rows lack the columns {', '.join(missing)}.")
        newdata = newdata[[name for name in names if name in newdata.columns]]
    X = np.atleast_2d(np.asarray(newdata, dtype=np.float64))
    if X.shape[1] == len(names) - 1 and "Intercept" in names:
        X = np.insert(X, names.index("Intercept"), 1.0, axis=1)
    if X.ndim != 2 or X.shape[1] != len(names):
        wanted = f"a row needs {len(names)} columns ({', '.join(names)})"
        raise DataError.shape("the array of new rows", X.shape, wanted)
    return X, range(len(X)) if labels is None else labels


def predict_used(fit: Fit, estimate: Estimate, level: float, labels: Any) -> Prediction:
    """Return predictions for the rows of the fit, from its own source; one pass."""
    estimable = np.flatnonzero(estimate.covariance.estimable)
    critical = critical_value(check_level(level), estimate.covariance.df)
    root = estimate.covariance.root
    values = fit.source.map(_link_and_error, root, estimable)
    return Prediction(labels, fit.map(linear_predictor), values, level, critical)


def _link_and_error(block: Block, root: Floats, estimable: Any) -> Floats:
    reach = block.X[:, estimable] @ root[estimable]
    errors: Floats = np.sqrt(np.einsum("ij,ij->i", reach, reach))
    return errors
