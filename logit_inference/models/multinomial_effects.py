"""Predictions of a multinomial result, and averages of how they change with a variable."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.design.classes import class_offsets, read_offsets
from logit_inference.design.variables import Change as Setting
from logit_inference.design.variables import Variables, read_variables
from logit_inference.effects.classes import (
    Change,
    Equations,
    Probabilities,
    average_change,
    probability_intervals,
)
from logit_inference.errors import (
    ArgumentError,
    DetachedError,
    ExtrapolationWarning,
    PredictionError,
    shorten,
)
from logit_inference.inference.distribution import critical_value, two_sided
from logit_inference.inference.wald import Coefficients, check_level
from logit_inference.likelihood.softmax import softmax
from logit_inference.models.contrasts import Pair, level_pairs, number_pair
from logit_inference.models.inference import common_df
from logit_inference.models.multinomial_forced import forced_note, with_forced_limits
from logit_inference.report.multinomial import effect_table
from logit_inference.report.table import Table
from logit_inference.rows.block import Floats
from logit_inference.rows.product import Columns, dense
from logit_inference.rows.source import ArraySource

if TYPE_CHECKING:
    import pandas as pd

    from logit_inference.models.multinomial_result import MultinomialResult
    from logit_inference.solve.polytomous import SoftmaxFit

MOST_ROWS, MOST_PRINTED = 10, 30  # rows of predictions, and lines of them, that are printed
STEP = 2.0**-9  # of a variable's standard deviation, in the derivative of columns
DELTA = "Standard errors: delta method, with exact derivatives by the coefficients."


def own_values(levels: Sequence[Any]) -> Any:
    """Return levels as an array of integers or truth values where all are, else of objects."""
    for kind, dtype in ((int, np.int64), (bool, np.bool_)):
        if all(type(level) is kind for level in levels):
            return np.array(levels, dtype=dtype)
    found = np.empty(len(levels), dtype=object)
    found[:] = levels
    return found


@dataclass(frozen=True, repr=False)
class ClassPrediction:
    """Predicted probabilities of all levels for m rows; printed, a table of the first of them.

    Parameters
    ----------
    labels : sequence of m row labels
    levels : tuple of K levels
    values : Probabilities
        (m, K) arrays, levels in their order.
    covariance : str
        Which one the intervals rest on.
    notes : tuple of str
        What separated data leave open.
    """

    labels: Any
    levels: tuple[Any, ...]
    values: Probabilities
    covariance: str = ""
    notes: tuple[str, ...] = ()

    def summary_frame(self) -> pd.DataFrame:
        """Return a frame with a row for each row and level.

        ``response_level, estimate, std_error, conf_low, conf_high``: probabilities, their standard
        errors by the delta method, and intervals of the log odds of each level against all others,
        carried through the link, so that they stay inside (0, 1). A probability that separated data
        force to 0 or 1 has no standard error: it is one limit itself, and the other is that of the
        likelihood ratio, NaN where it was not found. What else is to be said is in
        ``.attrs["notes"]``.
        """
        import pandas as pd

        index = self.labels if isinstance(self.labels, pd.Index) else pd.Index(self.labels)
        values, k = self.values, len(self.levels)
        frame = pd.DataFrame(
            {
                "response_level": own_values(list(self.levels) * len(index)),
                "estimate": values.estimate.ravel(),
                "std_error": values.std_error.ravel(),
                "conf_low": values.conf_low.ravel(),
                "conf_high": values.conf_high.ravel(),
            },
            index=index.repeat(k),
        )
        frame.attrs["covariance"] = self.covariance
        if self.notes:
            frame.attrs["notes"] = list(self.notes)
        return frame

    def __str__(self) -> str:
        frame, told = self._shown()
        return "\n".join([frame.to_string(float_format="{:.4f}".format), *told])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        frame, told = self._shown()
        html: str = frame.to_html(float_format="{:.4f}".format)
        return html + "".join(f"<p>{escape(t)}</p>" for t in told)

    def _shown(self) -> tuple[pd.DataFrame, list[str]]:
        """Return the first rows with all their levels, and what is said under them."""
        k, n = len(self.levels), len(self.values.estimate)
        most = min(MOST_ROWS, max(MOST_PRINTED // k, 1))
        told = [f"Covariance: {self.covariance}.", *self.notes]
        if n > most:
            told.append(f"First {most} of {n:,} rows; summary_frame() has all.")
        return self.summary_frame().head(most * k), told


@dataclass(frozen=True)
class _Placed:
    """Rows in the basis of the fit, their offsets (m, K) by class number, and labels.

    ``known`` are the offsets without what separated data take out: minus infinity.
    """

    X: Columns
    offset: Floats | None
    labels: Any
    known: Floats | None


def predicted(
    result: MultinomialResult, newdata: Any, level: float, offset: Any
) -> ClassPrediction:
    """Return the probabilities of rows with intervals; without new data, of the rows used."""
    critical = critical_value(check_level(level), _df(result))
    rows = _rows(result, newdata, offset)
    found = probability_intervals(_equations(result), rows.X, rows.offset, critical)
    notes = []
    if result.base.recession is not None and rows.offset is not None:
        found = with_forced_limits(result, found, (rows.X, rows.known), rows.offset, level)
        if np.isneginf(rows.offset).any():
            notes.append(forced_note(found))
    order = result.class_columns
    parts = (found.estimate, found.std_error, found.conf_low, found.conf_high)
    shown = Probabilities(*(values[:, order] for values in parts))
    label = result.base.covariance.label
    return ClassPrediction(rows.labels, result.levels, shown, label, tuple(notes))


def predicted_probabilities(
    result: MultinomialResult, newdata: Any, offset: Any
) -> tuple[Floats, Any]:
    """Return the probabilities of rows (m, K), levels in their order, and labels of the rows."""
    rows = _rows(result, newdata, offset)
    mu = softmax(_equations(result).link(rows.X, rows.offset))
    return mu[:, result.class_columns], rows.labels


def predicted_links(result: MultinomialResult, newdata: Any, offset: Any) -> tuple[Floats, Any]:
    """Return the linear predictors of the equations shown (m, s), and the labels of the rows."""
    rows = _rows(result, newdata, offset)
    eta = _equations(result).link(rows.X, rows.offset)[:, result.class_columns]
    own = [result.levels.index(level) for level in result.shown_levels]
    with np.errstate(invalid="ignore"):
        if result.shown.reference is None:
            return eta - eta.mean(axis=1, keepdims=True), rows.labels
        base = result.levels.index(result.reference)
        return eta[:, own] - eta[:, [base]], rows.labels


def _equations(result: MultinomialResult) -> Equations:
    """Return the coefficients of the fit's equations in the basis of its columns."""
    k, root = result.shown.n_classes - 1, result.base.covariance.root
    return Equations(result.base.inner.reshape(k, -1), root.reshape(k, -1, root.shape[1]))


def _rows(result: MultinomialResult, newdata: Any, offset: Any) -> _Placed:
    """Return new rows, or those of the fit, in the basis of the coefficients."""
    if newdata is None:
        fit = result.fit
        if fit is None:
            raise DetachedError("a prediction without new data")
        source = fit.source
        assert isinstance(source, ArraySource)
        X, offset = source.data.X, source.data.offset
        if source.intercept:
            X = np.column_stack([np.ones(len(X)), dense(X)])
        idle = (
            np.zeros(len(X), dtype=bool)
            if source.data.weights is None
            else ~(source.data.weights > 0)
        )
        if result.base.recession is not None and idle.any():
            # Rows without weight are no part of the limit: what it says of them is asked.
            assert offset is not None
            offset = offset.copy()
            offset[idle] = _without_impossible(result, dense(X[idle]), offset[idle])
        known = offset if result.asked is None else _own_offset(result.asked)
        return _Placed(result.basis.rows(X), offset, result.labels, known)
    given = offset if offset is not None else result.offsets
    rows = result.design.encode(newdata)
    result.base_of_columns.check_relations(rows.X, rows.labels)
    total = None
    if given:
        asked = read_offsets(given, result.design.event)
        missing = [level for level, one in asked.items() if one is None]
        if missing:
            raise PredictionError(
                f"the offset of {missing[0]!r} was an array, which new rows do not carry: pass "
                "offset= with a dict from level to column or array."
            )
        if hasattr(result.design, "formula"):
            total = class_offsets(asked, result.class_order, newdata)
        else:
            total = class_offsets(asked, result.class_order, {"row": np.arange(len(rows.X))})
    if rows.offset is not None:  # offset() in the formula, of two levels
        total = np.zeros((len(rows.offset), 2)) if total is None else total
        total[:, 1] += rows.offset
    known = total
    if result.base.recession is not None:
        total = _without_impossible(result, dense(rows.X), total)
    return _Placed(result.basis.rows(rows.X), total, rows.labels, known)


def _own_offset(fit: SoftmaxFit) -> Floats | None:
    source = fit.source
    assert isinstance(source, ArraySource)
    return source.data.offset


def _without_impossible(result: MultinomialResult, X: Floats, offset: Floats | None) -> Floats:
    """Return offsets of minus infinity for classes without probability in the limit.

    A class has none where the cone moves its linear predictor to minus infinity against that of
    another. Where directions of the cone disagree the row is NaN.
    """
    recession, n_classes = result.base.recession, result.shown.n_classes
    assert recession is not None
    unit = np.vstack([np.zeros(n_classes - 1), np.eye(n_classes - 1)])
    total = np.zeros((len(X), n_classes)) if offset is None else offset.copy()
    unknown = np.zeros((len(X), n_classes, n_classes), dtype=bool)
    out = np.zeros((len(X), n_classes), dtype=bool)
    for a in range(n_classes):
        for b in range(a + 1, n_classes):
            sides = recession.sides(np.kron(unit[a] - unit[b], X))
            out[:, b] |= sides > 0
            out[:, a] |= sides < 0
            unknown[:, a, b] = np.isnan(sides)
    left = ~out
    doubtful = (unknown & left[:, :, np.newaxis] & left[:, np.newaxis]).any(axis=(1, 2))
    total[out] = -np.inf
    total[doubtful] = np.nan
    return total


# --- averages -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Averaged:
    """Rows to average over: a pandas frame, what each counts for, and offsets by class number."""

    data: Any
    weights: Floats | None
    offset: Floats | None


def average_slopes(result: MultinomialResult, variables: Any, newdata: Any, level: float) -> Table:
    """Return the average derivative of each probability by numeric variables."""
    over = _averaged_rows(result, newdata)
    data, here = over.data, _encoded(result, over.data)
    parts, rows = [], []
    for name in _variables(result, variables, numeric=True):
        values = np.asarray(data[name], dtype=np.float64)
        spread = float(np.std(values)) or 1.0
        h = float(2.0 ** np.round(np.log2(spread * STEP)))
        with warnings.catch_warnings():  # a step of a derivative is no extrapolation
            warnings.simplefilter("ignore", ExtrapolationWarning)
            moved = {m: data.assign(**{name: values + m * h}) for m in (-2, -1, 1, 2)}
            at = {m: _encoded(result, rows) for m, rows in moved.items()}
        # Central differences of fourth order: exact for cubics.
        derivative = (8.0 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12.0 * h)
        change = Change(here, derivative, True)
        parts.append(average_change(_equations(result), change, over.offset, over.weights))
        rows.append((name, ""))
    return _effect_table(result, "Average Slopes", rows, parts, level, len(data))


def average_comparisons(
    result: MultinomialResult, variables: Any, newdata: Any, level: float
) -> Table:
    """Return the average change of each probability where variables change."""
    over = _averaged_rows(result, newdata)
    data = over.data
    given = variables if isinstance(variables, dict) else {}
    names = _variables(result, list(given) or variables, numeric=False)
    seen, weights = _seen(result, data)
    parts, rows = [], []
    for name in names:
        for contrast, high, low in _contrasts(seen, name, given.get(name), weights):
            before, after = _changed(result, data, low), _changed(result, data, high)
            change = Change(before, after, False)
            parts.append(average_change(_equations(result), change, over.offset, over.weights))
            rows.append((name, contrast))
    return _effect_table(result, "Average Comparisons", rows, parts, level, len(data))


def _seen(result: MultinomialResult, data: Any) -> tuple[Variables, Floats]:
    """Return the rows whose levels and spread are meant, and what each counts for.

    They are those of the fit, or where it has lost them the ones at hand.
    """
    design: Any = result.design
    if result.fit is None or result.table is None:
        rows = read_variables(design, data, None, None)
        return rows, np.ones(rows.n_rows)
    rows = read_variables(design, result.table, result.positions, None)
    weights = _counted(result)
    return rows, np.ones(rows.n_rows) if weights is None else weights


def _counted(result: MultinomialResult) -> Floats | None:
    """Return what the rows of the fit count for: as often as they stand there."""
    assert result.fit is not None, "who asks has looked"
    source = result.fit.source
    assert isinstance(source, ArraySource)
    weights = source.data.weights
    if weights is None or result.account.weights_kind == "frequency":
        return weights
    return (weights > 0).astype(np.float64)


def _contrasts(seen: Variables, name: str, asked: Any, weights: Floats) -> list[Pair]:
    """Return what is compared, as the comparisons of two classes are read."""
    levels = seen.levels(name)
    if not levels and _is_coded(seen.design, name):
        levels = tuple(np.unique(seen.columns[name].numbers()).tolist())
    if levels:
        return level_pairs(seen, name, asked, levels, "-")
    return [number_pair(name, asked, seen.columns[name].numbers(), weights, "-")]


def _changed(
    result: MultinomialResult, data: Any, changes: Sequence[tuple[str, Setting]]
) -> Floats:
    """Return the columns of rows in which variables are set to values, or shifted by some."""
    new = {name: data[name] + to.value if to.shift else to.value for name, to in changes}
    return _encoded(result, data.assign(**new))


def _variables(result: MultinomialResult, variables: Any, *, numeric: bool) -> list[str]:
    """Return the names of variables that are asked about, by default all that there are."""
    design: Any = result.design
    schema = design.schema.variables
    known = [name for name in design.formula.predictors if name in schema]
    if numeric:
        known = [n for n in known if schema[n].kind == "numeric" and not _is_coded(design, n)]
    if variables is None:
        return known
    if not isinstance(variables, (str, list, tuple)) or not variables:
        allowed = f"one variable, or a list of variables: {shorten(known)}"
        raise ArgumentError("variables", variables, allowed)
    asked = [variables] if isinstance(variables, str) else list(variables)
    for name in asked:
        if name not in known:
            kind = "numeric variables" if numeric else "variables"
            allowed = f"names of {kind} of the formula: {', '.join(known)}"
            raise ArgumentError("variables", name, allowed)
    return asked


def _is_coded(design: Any, name: str) -> bool:
    """Say whether a variable is a factor in some term: text, or numbers inside C()."""
    factors = [factor for term in design.terms for factor in term.factors]
    return any(
        name in factor.variables and design.codings[factor.expr].kind == "categorical"
        for factor in factors
    )


def _averaged_rows(result: MultinomialResult, newdata: Any) -> _Averaged:
    """Return the rows to average over: new ones alike, those of the fit as often as they stand."""
    import pandas as pd

    if result.base.recession is not None:
        raise PredictionError(
            "the data are separated: some coefficients are infinite, and averages over rows would "
            "have no covariance. get_prediction() tells which rows have a probability."
        )
    if not hasattr(result.design, "formula"):
        raise PredictionError(
            "a fit of arrays has columns and no variables, so that nothing can be changed by name. "
            "Fit a formula: li.multinomial_logit('y ~ x', data)."
        )
    if newdata is not None:
        table = newdata if isinstance(newdata, pd.DataFrame) else _to_pandas(newdata)
        return _Averaged(table, None, _rows(result, table, None).offset)
    if result.fit is None or result.table is None:
        raise DetachedError("an average over the rows of the fit")
    table = result.table if isinstance(result.table, pd.DataFrame) else _to_pandas(result.table)
    table = table if result.positions is None else table.iloc[result.positions]
    source = result.fit.source
    assert isinstance(source, ArraySource)
    return _Averaged(table, _counted(result), source.data.offset)


def _to_pandas(data: Any) -> Any:
    import pandas as pd

    return data.to_pandas() if hasattr(data, "to_pandas") else pd.DataFrame(data)


def _encoded(result: MultinomialResult, data: Any) -> Floats:
    X = dense(result.basis.rows(result.design.encode(data).X))
    if np.isnan(X).any():
        raise PredictionError(
            "a row to average over misses a variable. Leave such rows out of newdata first."
        )
    return X


def _effect_table(
    result: MultinomialResult,
    title: str,
    rows: Sequence[tuple[str, str]],
    parts: Sequence[tuple[Floats, Floats]],
    level: float,
    n: int,
) -> Table:
    level = check_level(level)
    df = _df(result)
    order = result.class_columns
    value = np.concatenate([value[order] for value, _ in parts])
    error = np.concatenate([np.linalg.norm(root[order], axis=1) for _, root in parts])
    half = critical_value(level, df) * error
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = value / error
    p_value = two_sided(statistic, df)
    table = Coefficients(value, error, statistic, p_value, value - half, value + half)
    own = result.base.covariance
    covariance = "model-based" if own.kind == "model" else own.label
    reference = result.shown.reference or "none"
    notes = (
        f"Averages over {n:,} rows; changes sum to zero over the levels of "
        f"{result.account.outcome_name}, whatever the reference ({reference}).",
        f"{DELTA} Covariance: {covariance}.",
    )
    shown = effect_table(title, rows, result.levels, table, level, notes)
    return replace(shown, covariance=own.label)


def _df(result: MultinomialResult) -> float | None:
    """Return the degrees of freedom of the reference; None for the normal."""
    return common_df(result.base, "covariance", result.base.covariance.kind)
