"""The entry points: a formula and a table, or arrays, to a fitted result.

This is where everything meets: design, rows, likelihood, solver, covariance.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from logit_inference.covariance.model import model_covariance
from logit_inference.diagnostics.account import Account
from logit_inference.errors import (
    ArgumentError,
    CollinearityWarning,
    ConvergenceError,
    DataError,
    WeightsError,
    shorten,
)
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.wald import check_level
from logit_inference.likelihood.evaluation import Total
from logit_inference.likelihood.logistic import LOGISTIC
from logit_inference.models.result import LogitResult
from logit_inference.rows.block import Block, Floats, check_columns, check_finite, check_weights
from logit_inference.rows.source import ArraySource
from logit_inference.solve.fit import Fit, fit_rows
from logit_inference.solve.rank import relation_text, spans_constant
from logit_inference.solve.solution import Outcome


def logit(
    formula: str,
    data: Any,
    *,
    event: Any = None,
    trials: Any = None,
    weights: Any = None,
    weights_kind: str | None = None,
    offset: Any = None,
    missing: str = "drop",
    start: Any = None,
    tolerance: float = 1e-8,
    max_iterations: int = 50,
    require_convergence: bool = True,
    level: float = 0.95,
    context: Mapping[str, Any] | None = None,
) -> LogitResult:
    """Return the maximum-likelihood logistic regression of a formula on a table.

    Maximises ``Σ w [y log mu + (m − y) log(1 − mu)]`` with ``log(mu/(1 − mu)) = X coef + offset``
    by Newton–Raphson.

    Parameters
    ----------
    formula : str
        ``"low ~ age + lwt + C(race) + smoke"``. Operators ``+ - : * / ^ %in%``, ``C()`` with
        contrasts, ``I()``, ``poly``, ``bs``, ``cr``, ``ns``, numpy functions, backticks, ``.`` for
        all other columns, ``0 +`` or ``- 1`` for no intercept, ``cbind(successes, failures)`` on
        the left. A formula sees the columns of ``data`` and ``context``, never local variables.
    data : table
        pandas, polars or pyarrow table, or a dict of arrays; n rows.
    event : value, optional
        Value of the outcome whose probability is modelled. By default 1 or True; of two levels of
        text or categories the second.
    trials : column name, expression or (n,) array, optional
        Numbers of trials, for grouped data with numbers of successes on the left.
    weights : column name, expression or (n,) array, optional
        Prior weights; ``weights_kind`` says what they mean.
    weights_kind : {"frequency", "precision"}, optional
        Each row stands for w rows, or variance weights (n stays the number of rows).
    offset : column name, expression or (n,) array, optional
        Known part of the linear predictor.
    missing : {"drop", "raise"}
        What to do with rows that miss a value of any variable in use. Dropped rows are counted.
    start : (p,) array, optional
        Where the iteration starts; by default at the null model.
    tolerance : float
        Largest Newton decrement at convergence, in standard errors.
    max_iterations : int
        Largest number of Newton steps.
    require_convergence : bool
        Whether a search that does not converge raises. If not, the result says how it ended.
    level : float
        Confidence level of tables and intervals.
    context : mapping of name to object, optional
        Further names that the formula may use.

    Returns
    -------
    LogitResult
        Printed, it is its summary.

    Raises
    ------
    FormulaError, SchemaError, OutcomeError, MissingError, WeightsError, DataError
        For input that cannot be fitted as it is; the message says what to write.
    ConvergenceError
        Where no maximum was reached; it names the columns that were still moving.

    Warns
    -----
    CollinearityWarning
        Where columns are dropped, because they are combinations of earlier ones (R's convention).

    Notes
    -----
    Five to eight passes over the rows in most fits; memory: the design once (n × p floats) and a
    block of it. Numbers follow R's ``glm`` and statsmodels' ``Logit``: log-likelihood with the
    binomial coefficients of grouped data, null model with an intercept and the offset.

    References
    ----------
    McCullagh and Nelder (1989), *Generalized Linear Models*, chapter 4.

    Examples
    --------
    >>> import logit_inference as li
    >>> fit = li.logit("low ~ age + lwt + C(race) + smoke", li.datasets.load("birthwt"))
    >>> fit.params.round(4).to_dict()["smoke"]
    1.0544
    """
    from logit_inference.design.design import build_design

    level = check_level(level)
    design, encoded = build_design(
        formula,
        data,
        event=event,
        trials=trials,
        weights=weights,
        weights_kind=weights_kind,
        offset=offset,
        missing=missing,
        context=context,
    )
    block = encoded.block
    ones = 0 if design.columns[0] == "Intercept" else None
    fit = fit_rows(
        ArraySource(block),
        LOGISTIC,
        design.columns,
        intercept=ones,
        offset=block.offset is not None,
        start=_start(start, len(design.columns)),
        tolerance=_positive("tolerance", tolerance),
        max_iterations=int(_positive("max_iterations", max_iterations)),
    )
    account = _account(
        fit,
        ones,
        formula=formula,
        outcome_name=design.event.variable,
        event=str(design.event),
        terms=tuple((term.name, tuple(range(term.start, term.stop))) for term in design.terms),
        n_rows_read=encoded.n_read,
        n_rows_used=encoded.n_used,
        dropped=encoded.dropped,
        weights_kind=weights_kind,
        grouped=design.event.kind == "grouped",
        design_notes=_level_notes(design.unused_levels),
    )
    return _result(fit, account, level, require_convergence, design, encoded.labels)


def logit_arrays(
    y: Any,
    X: Any,
    *,
    names: Sequence[str] | None = None,
    intercept: bool = False,
    event: Any = None,
    trials: Any = None,
    weights: Any = None,
    weights_kind: str | None = None,
    offset: Any = None,
    start: Any = None,
    tolerance: float = 1e-8,
    max_iterations: int = 50,
    require_convergence: bool = True,
    level: float = 0.95,
) -> LogitResult:
    """Return the maximum-likelihood logistic regression of an outcome on the columns of an array.

    Parameters
    ----------
    y : (n,) array-like
        0/1, bool, or two-level text; numbers of successes where ``trials`` is given.
    X : (n, p) array-like of numbers
        Any real dtype and memory order; it is not copied as a whole. A column of ones in it is the
        intercept.
    names : sequence of p str, optional
        By default the columns of a pandas X, else x1, x2, …; ``const`` for a column of ones.
    intercept : bool
        Whether to put a column of ones, named ``Intercept``, before the others.
    event, trials, weights, weights_kind, offset, start, tolerance, max_iterations
        As in `logit`; arrays of length n instead of names.
    require_convergence, level
        As in `logit`.

    Returns
    -------
    LogitResult

    Raises
    ------
    DataError
        For missing or infinite values, with column and row, and for shapes that do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import logit_inference as li
    >>> y, x = np.array([0, 0, 1, 0, 1, 1]), np.array([1.0, 2, 2, 3, 3, 4])
    >>> li.logit_arrays(y, x[:, None], names=["dose"], intercept=True).params.round(4).to_dict()
    {'Intercept': -3.4657, 'dose': 1.3863}
    """
    from logit_inference.design.outcome import outcome_arrays

    level = check_level(level)
    labels = getattr(X, "index", None)
    outcome_name = str(getattr(y, "name", None) or "y")
    X, names, ones = _columns(X, names)
    successes, trial_counts, found = outcome_arrays(
        y, event=event, trials=trials, name=outcome_name
    )
    n = len(successes)
    if X.shape[0] != n:
        raise DataError.shape("X", X.shape, f"y has {n} values, so X needs {n} rows")
    check_columns(X, names)
    weight_array = _aligned("weights", weights, n)
    if weight_array is not None:
        check_weights(weight_array, weights_kind)
    elif weights_kind is not None:
        raise WeightsError.kind_without_weights(weights_kind)
    offset_array = _aligned("offset", offset, n)
    if offset_array is not None:
        check_finite(offset_array, "offset")
    if intercept:
        names, ones = ("Intercept", *names), 0
    block = Block(successes, X, trial_counts, weight_array, offset_array)
    fit = fit_rows(
        ArraySource(block, intercept=intercept),
        LOGISTIC,
        names,
        intercept=ones,
        offset=offset_array is not None,
        start=_start(start, len(names)),
        tolerance=_positive("tolerance", tolerance),
        max_iterations=int(_positive("max_iterations", max_iterations)),
    )
    account = _account(
        fit,
        ones,
        formula=None,
        outcome_name=outcome_name,
        event=str(found),
        terms=tuple((name, (column,)) for column, name in enumerate(names)),
        n_rows_read=n,
        n_rows_used=n,
        dropped={},
        weights_kind=weights_kind,
        grouped=trial_counts is not None,
        design_notes=(),
    )
    return _result(
        fit, account, level, require_convergence, None, range(n) if labels is None else labels
    )


# --- from a fit to a result -----------------------------------------------------------------------


def _account(fit: Fit, ones: int | None, *, design_notes: Sequence[str], **told: Any) -> Account:
    solution = fit.solution
    relations = [relation_text(fit.names, j, r) for j, r in fit.relations.items()]
    notes = [*design_notes, *(f"Not estimable: {text}." for text in relations)]
    if not solution.outcome.converged:
        notes.append(f"NOT CONVERGED. {solution.outcome.sentence}")
    return Account(
        has_constant=ones is not None or spans_constant(fit.source),
        tally=fit.tally,
        rank=len(solution.coef),
        log_likelihood=fit.log_likelihood,
        null_log_likelihood=fit.null_log_likelihood,
        outcome=solution.outcome.name,
        n_steps=len(solution.steps),
        n_passes=solution.n_passes,
        decrement=solution.decrement,
        notes=tuple(notes),
        **told,
    )


def _level_notes(unused: Mapping[str, Sequence[Any]]) -> list[str]:
    return [
        f"No rows: {name} has {shorten([repr(level) for level in levels])} declared, and no row "
        "used has it; it has no coefficient."
        for name, levels in unused.items()
    ]


def _result(
    fit: Fit, account: Account, level: float, require_convergence: bool, design: Any, labels: Any
) -> LogitResult:
    if require_convergence and not fit.solution.outcome.converged:
        raise _convergence_error(fit)
    if fit.relations:
        texts = "; ".join(relation_text(fit.names, j, r) for j, r in fit.relations.items())
        warnings.warn(
            CollinearityWarning(
                "columns that are combinations of earlier ones, to within rounding, have no "
                f"coefficient: {texts}."
            ),
            stacklevel=3,
        )
    estimate = Estimate(fit.names, fit.coef, model_covariance(fit), fit.relations)
    return LogitResult(account, estimate, level, design, fit, labels)


def _convergence_error(fit: Fit) -> ConvergenceError:
    outcome = fit.solution.outcome
    advice = {
        Outcome.DIVERGING: (
            "Some combination of these columns separates the events from the non-events, so that "
            "no finite coefficient is the best. Tabulate the outcome against them; merge sparse "
            "levels or leave the column out, or look at the partial result with "
            "require_convergence=False."
        ),
        Outcome.ITERATION_LIMIT: "Raise max_iterations, or start nearer with start=.",
        Outcome.SINGULAR: "Start elsewhere with start=, or leave out columns that nearly repeat.",
        Outcome.STALLED: "Rescale or centre the columns, or start elsewhere with start=.",
        Outcome.CONVERGED: "",
    }[outcome]
    columns = _moving_columns(fit) if outcome is Outcome.DIVERGING else ()
    return ConvergenceError(outcome, outcome.sentence, columns, advice)


def _moving_columns(fit: Fit) -> tuple[str, ...]:
    """Return the columns along which the last step still goes, each in units of its own size."""
    direction = fit.solution.direction
    if fit.basis is not None:
        direction = np.nan_to_num(fit.basis.coefficients(direction))
    moves = np.abs(direction) * np.sqrt(fit.source.fold(_squares).values)
    return tuple(
        name
        for name, move in zip(fit.names, moves, strict=True)
        if move > 1e-3 * moves.max() and name != "Intercept"
    )


# --- checking arguments ---------------------------------------------------------------------------


def _columns(X: Any, names: Sequence[str] | None) -> tuple[Any, tuple[str, ...], int | None]:
    """Return X as an array, the names of its columns, and which of them is a column of ones."""
    given = getattr(X, "columns", None)
    array = np.asarray(X)
    if array.ndim == 1:
        raise DataError.shape("X", array.shape, "X needs two dimensions: write x[:, None]")
    if array.ndim != 2 or not array.shape[1]:
        raise DataError.shape("X", array.shape, "X needs n rows and at least one column")
    if array.dtype.kind not in "biuf":
        raise DataError.type("X", array.dtype)
    ones = _column_of_ones(array)
    if names is None and given is not None:
        names = list(given)
    elif names is None:
        others = iter(range(1, array.shape[1] + 1))
        names = ["const" if j == ones else f"x{next(others)}" for j in range(array.shape[1])]
    names = tuple(str(name) for name in names)
    if len(names) != array.shape[1]:
        raise ArgumentError("names", names, f"one name for each of the {array.shape[1]} columns")
    if len(set(names)) < len(names):
        raise ArgumentError("names", names, "names that differ from each other")
    return array, names, ones


def _aligned(argument: str, values: Any, n: int) -> Floats | None:
    if values is None:
        return None
    array = np.asarray(values)
    if array.shape != (n,):
        raise DataError.shape(argument, array.shape, f"one value for each of the {n} rows")
    if array.dtype.kind not in "biuf":
        raise DataError.type(argument, array.dtype)
    return array.astype(np.float64)


def _start(start: Any, p: int) -> Floats | None:
    array = None if start is None else np.asarray(start, dtype=np.float64)
    if array is not None and array.shape != (p,):
        raise DataError.shape("start", array.shape, f"one value for each of the {p} coefficients")
    return array


def _positive(argument: str, value: float) -> float:
    if not value > 0:
        raise ArgumentError(argument, value, "a number above 0")
    return value


def _column_of_ones(X: Any) -> int | None:
    candidates = np.flatnonzero(X[0] == 1) if len(X) else ()
    return next((int(j) for j in candidates if (X[:, j] == 1).all()), None)


def _squares(block: Block) -> Total:
    return Total(np.einsum("ij,ij->j", block.X, block.X))
