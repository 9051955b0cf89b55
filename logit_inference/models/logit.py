"""The entry points: a formula and a table, or arrays, to a fitted result.

This is where everything meets: design, rows, likelihood, solver, covariance.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logit_inference.covariance.penalized import fit_covariance
from logit_inference.diagnostics.account import Account
from logit_inference.diagnostics.separation import Separation, no_separation
from logit_inference.errors import (
    ArgumentError,
    CollinearityWarning,
    ConvergenceError,
    DataError,
    SeparationError,
    SeparationWarning,
    shorten,
)
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.limits import Limits
from logit_inference.inference.wald import check_level
from logit_inference.likelihood.evaluation import Total
from logit_inference.likelihood.logistic import LOGISTIC
from logit_inference.models.estimator import (
    EstimatorRequest,
    estimator_notes,
    read_estimator,
)
from logit_inference.models.result import LogitResult
from logit_inference.models.separated import Limit, find_separation, in_the_limit
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import square_sums
from logit_inference.rows.source import ArraySource
from logit_inference.rows.threads import threads_for
from logit_inference.solve.certificate import certify_fit
from logit_inference.solve.constant import spans_constant
from logit_inference.solve.fit import Fit, fit_rows
from logit_inference.solve.rank import relation_text
from logit_inference.solve.solution import Outcome

# Of a working weight at a proved maximum: those of separated rows are far below it.
LEAST_WEIGHT = 1e-9

if TYPE_CHECKING:
    from logit_inference.design.arrays import ArrayDesign
    from logit_inference.design.design import Design, Encoded


def logit(
    formula: str,
    data: Any,
    *,
    event: Any = None,
    trials: Any = None,
    weights: Any = None,
    weights_kind: str | None = None,
    offset: Any = None,
    estimator: str = "ml",
    power: float | None = None,
    prior_df: float | Mapping[str, float] | None = None,
    penalty: float | Mapping[str, float] | None = None,
    intercept: str | None = None,
    covariance: str | None = None,
    cluster: Any = None,
    missing: str = "drop",
    separation: str = "limit",
    start: Any = None,
    tolerance: float = 1e-8,
    max_iterations: int = 50,
    require_convergence: bool = True,
    level: float = 0.95,
    threads: int | None = None,
    context: Mapping[str, Any] | None = None,
) -> LogitResult:
    """Return the logistic regression of a formula on a table, by maximum likelihood unless asked.

    Maximises ``Σ w [y log mu + (m − y) log(1 − mu)]`` with ``log(mu/(1 − mu)) = X coef + offset``
    by Newton–Raphson, or what ``estimator`` says.

    Parameters
    ----------
    formula : str
        ``"low ~ age + lwt + C(race) + smoke"``. Operators ``+ - : * / ^ %in%``, ``C()`` with
        contrasts, ``I()``, ``poly``, ``bs``, ``cr``, ``ns``, numpy functions, backticks, ``.`` for
        all other columns, ``0 +`` or ``- 1`` for no intercept, ``cbind(successes, failures)`` on
        the left. A formula sees the columns of ``data`` and ``context``, never local variables.
    data : table
        pandas, polars or pyarrow table, or a dict of arrays; n rows. The first level of a factor is
        its reference: categories stand in their declared order, text sorted. A polars Categorical
        declares no order and is sorted like text; an Enum keeps its own.
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
    estimator : {"ml", "firth", "median-br", "jeffreys", "log-f", "ridge"}
        ``"firth"`` penalises by Jeffreys' prior, which removes the first-order bias and is finite
        for separated data; ``"jeffreys"`` by its square to the ``power``; ``"median-br"`` makes
        each estimate about as often too small as too large; ``"log-f"`` and ``"ridge"`` shrink
        coefficients by ``prior_df`` and ``penalty``. See `Estimator` for the formulas. Tables
        of penalised fits have likelihood-ratio p-values and profile intervals of what was
        maximised (``"firth"``, ``"jeffreys"``, ``"log-f"``), or Wald's.
    power : float, optional
        For ``"jeffreys"``: of the determinant of the information; 0.5 is Firth's.
    prior_df : float or mapping, optional
        For ``"log-f"``: degrees of freedom m of the log-F(m, m) prior, for all coefficients but the
        intercept, or by name of coefficient or term, others being left alone.
    penalty : float or mapping, optional
        For ``"ridge"``: c in ``−½ c b²``, in the same ways. Columns are not standardised.
    intercept : {"flic", "flac"}, optional
        For ``"firth"``: a correction after which fitted probabilities have the mean of the outcome.
    covariance : {"model", "HC0", "HC1", "HC2", "HC3", "cluster", "augmented"}, optional
        Of the tables; see `LogitResult.with_covariance` for types and conventions. By default
        ``"cluster"`` where there are clusters, else ``"model"``.
    cluster : column name, list of names, or mapping of name to array, optional
        Clusters of rows that may be correlated; rows without one are dropped as for any variable.
    missing : {"drop", "raise"}
        What to do with rows that miss a value of any variable in use. Dropped rows are counted.
    separation : {"limit", "raise"}
        What to do where the data are separated, so that no finite coefficients maximise the
        likelihood: a warning and the limiting model, or an error.
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
    threads : int, optional
        Threads that share the rows. By default as many as pay on this machine for rows and columns
        of that number. The result does not depend on it, to the last bit.
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
    SeparationError
        Where the data are separated, with ``separation="raise"``.

    Warns
    -----
    CollinearityWarning
        Where columns are dropped, because they are combinations of earlier ones (R's convention).
    SeparationWarning
        Where the data are separated: names the terms and the evidence. Infinite coefficients are
        ±inf, or NaN where the data allow both signs, with a likelihood-ratio test and an interval
        with an infinite end; the others are those of the limiting conditional model (Geyer 2009),
        estimated from the rows that are not separated, and the log-likelihood is its supremum. AIC
        and BIC count all coefficients.

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

    search = _search(start, tolerance, max_iterations, threads)
    request = read_estimator(
        estimator, power=power, prior_df=prior_df, penalty=penalty, intercept=intercept
    )
    level = check_level(level)
    _check_separation(separation)
    design, encoded = build_design(
        formula,
        data,
        event=event,
        trials=trials,
        weights=weights,
        weights_kind=weights_kind,
        offset=offset,
        groups=() if cluster is None else cluster,
        missing=missing,
        context=context,
    )
    fit = _fit(design, encoded, search, request)
    how = _How(level, separation, require_convergence, search)
    result = _result(fit, design, encoded, formula, weights_kind, how)
    result = replace(result, table=data)
    return _with_covariance(result, covariance, None, clusters=cluster is not None)


def logit_arrays(
    y: Any,
    X: Any,
    *,
    names: Sequence[str] | None = None,
    intercept: bool | str = False,
    event: Any = None,
    trials: Any = None,
    weights: Any = None,
    weights_kind: str | None = None,
    offset: Any = None,
    estimator: str = "ml",
    power: float | None = None,
    prior_df: float | Mapping[str, float] | None = None,
    penalty: float | Mapping[str, float] | None = None,
    covariance: str | None = None,
    cluster: Any = None,
    separation: str = "limit",
    start: Any = None,
    tolerance: float = 1e-8,
    max_iterations: int = 50,
    require_convergence: bool = True,
    level: float = 0.95,
    threads: int | None = None,
) -> LogitResult:
    """Return the logistic regression of an outcome on the columns of an array.

    By maximum likelihood unless ``estimator`` says otherwise.

    Parameters
    ----------
    y : (n,) array-like
        0/1, bool, or two-level text; numbers of successes where ``trials`` is given.
    X : (n, p) array-like of numbers
        Any real dtype and memory order; it is not copied as a whole. A column of ones in it is the
        intercept.
    names : sequence of p str, optional
        By default the columns of a pandas X, else x1, x2, …; ``const`` for a column of ones.
    intercept : bool, or {"flic", "flac"}
        Whether to put a column of ones, named ``Intercept``, before the others. A text asks for
        that correction of Firth's intercept (see `logit`): of a column of ones that X has, else of
        one that is put before the others.
    event, trials, weights, weights_kind, offset, start, tolerance, max_iterations
        As in `logit`; arrays of length n instead of names.
    estimator, power, prior_df, penalty, covariance, separation, require_convergence
        As in `logit`.
    cluster : (n,) array, or mapping of name to array, optional
        Labels of clusters of rows that may be correlated.
    level, threads
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
    from logit_inference.design.arrays import read_arrays

    search = _search(start, tolerance, max_iterations, threads)
    correction = intercept if isinstance(intercept, str) else None
    request = read_estimator(
        estimator, power=power, prior_df=prior_df, penalty=penalty, intercept=correction
    )
    level = check_level(level)
    _check_separation(separation)
    design, encoded = read_arrays(
        y,
        X,
        names=names,
        intercept=bool(intercept) if correction is None else not _has_ones(X),
        event=event,
        trials=trials,
        weights=weights,
        weights_kind=weights_kind,
        offset=offset,
    )
    fit = _fit(design, encoded, search, request)
    how = _How(level, separation, require_convergence, search)
    result = _result(fit, design, encoded, None, weights_kind, how)
    return _with_covariance(result, covariance, cluster)


def _with_covariance(
    result: LogitResult, covariance: str | None, by: Any, *, clusters: bool | None = None
) -> LogitResult:
    """Return the result with the covariance asked for; clusters ask for theirs."""
    clusters = by is not None if clusters is None else clusters
    kind = ("cluster" if clusters else "model") if covariance is None else covariance
    if kind == "model":
        return result
    return result.with_covariance(kind, by=by if kind == "cluster" else None)


def _has_ones(X: Any) -> bool:
    """Say whether a column of ones is among the columns of an array."""
    columns = np.asarray(X)
    return columns.ndim == 2 and bool((columns == 1).all(axis=0).any())


# --- from a design to a result --------------------------------------------------------------------


class _Search(NamedTuple):
    """Where the iteration starts, when it stops and who works on it, checked."""

    start: Floats | None
    tolerance: float
    max_iterations: int
    threads: int | None


def _search(start: Any, tolerance: float, max_iterations: int, threads: int | None) -> _Search:
    # The plain types stand first: asking an abstract class takes as long as a small product.
    if not (isinstance(tolerance, (float, Real)) and tolerance > 0):
        raise ArgumentError("tolerance", tolerance, "a number above 0, such as 1e-8")
    if not (isinstance(max_iterations, (int, Integral)) and max_iterations > 0):
        raise ArgumentError("max_iterations", max_iterations, "a whole number above 0")
    if threads is not None and (
        isinstance(threads, bool) or not isinstance(threads, Integral) or threads < 1
    ):
        raise ArgumentError("threads", threads, "a whole number above 0, or None for the default")
    return _Search(_first(start), float(tolerance), int(max_iterations), threads)


def _first(start: Any) -> Floats | None:
    if start is None:
        return None
    try:
        first = np.asarray(start, dtype=np.float64)
    except (TypeError, ValueError):
        first = np.array([np.nan])
    if not np.isfinite(first).all():
        raise ArgumentError("start", start, "finite coefficients, one for each column")
    return first


def _fit(
    design: Design | ArrayDesign, encoded: Encoded, search: _Search, request: EstimatorRequest
) -> Fit:
    p = len(design.columns)
    if search.start is not None and search.start.shape != (p,):
        wanted = f"one value for each of the {p} coefficients ({', '.join(design.columns)})"
        raise DataError.shape("start", search.start.shape, wanted)
    threads = search.threads or threads_for(encoded.n_used, p)
    return fit_rows(
        ArraySource(encoded.block, intercept=design.adds_intercept, threads=threads),
        LOGISTIC,
        design.columns,
        constant=design.constant,
        offset=encoded.block.offset is not None,
        start=search.start,
        tolerance=search.tolerance,
        max_iterations=search.max_iterations,
        reach=_reach(design, encoded),
        estimator=request.resolve(design.columns, design.term_columns, design.constant),
    )


def _reach(design: Design | ArrayDesign, encoded: Encoded) -> Floats | None:
    """Return the largest absolute value of each column, where reading the rows showed it."""
    if encoded.survey is None:
        return None
    largest = encoded.survey.largest
    return np.append(1.0, largest) if design.adds_intercept else largest


class _How(NamedTuple):
    """What the caller wants of a result."""

    level: float
    separation: str
    require_convergence: bool
    search: _Search


def _result(
    fit: Fit,
    design: Design | ArrayDesign,
    encoded: Encoded,
    formula: str | None,
    weights_kind: str | None,
    how: _How,
) -> LogitResult:
    relations = [
        relation_text(fit.names, column, relation, fit.constant)
        for column, relation in fit.relations.items()
    ]
    if relations:
        warnings.warn(CollinearityWarning.dropped(relations), stacklevel=3)
    has_constant = design.spans_constant or spans_constant(fit)
    asked, separation, limits = None, no_separation(fit.names, fit.tally.n_rows), None
    limit: Limit | None = None
    plain = fit.estimator.is_ml
    examined = plain or how.separation == "raise" or not fit.solution.outcome.converged
    if examined and not (plain and _is_proved(fit)):
        recession, separation = find_separation(fit, design, encoded.labels)
        if separation.found and how.separation == "raise":
            raise SeparationError(separation)
        if separation.found and plain:
            warnings.warn(SeparationWarning(separation), stacklevel=3)
            limit = in_the_limit(
                fit,
                recession,
                level=how.level,
                tolerance=how.search.tolerance,
                max_iterations=max(how.search.max_iterations, 50),
            )
            asked, fit, limits = fit, limit.fit, limit.limits
    solution, event = fit.solution, design.event
    outcome = solution.outcome
    if how.require_convergence and separation.kind == "undecided" and outcome.converged:
        raise ConvergenceError(outcome, separation.sentence, (), _ADVICE[Outcome.DIVERGING])
    if how.require_convergence and not outcome.converged:
        advice = _advice(fit, separation)
        raise ConvergenceError(outcome, outcome.sentence, _moving_columns(fit), advice)
    account = Account(
        model="Logit",
        estimator=fit.estimator,
        formula=formula,
        outcome_name=event.variable,
        event=str(event),
        terms=design.term_columns,
        n_rows_read=encoded.n_read,
        n_rows_used=encoded.n_used,
        dropped=encoded.dropped,
        weights_kind=weights_kind,
        grouped=event.kind == "grouped",
        has_constant=has_constant,
        tally=fit.tally,
        rank=len(solution.coef) if asked is None else len(asked.solution.coef),
        log_likelihood=fit.log_likelihood,
        null_log_likelihood=fit.null_log_likelihood,
        outcome=outcome.name,
        n_passes=solution.n_passes,
        notes=tuple(_notes(fit, design, relations, separation, limits)),
        criterion=fit.criterion,
        null_criterion=fit.null_criterion,
    )
    if limit is None:
        estimate = Estimate(fit.names, solution.coef, fit_covariance(fit), fit.relations)
    else:
        estimate = limit.estimate
    return LogitResult(
        account,
        estimate,
        how.level,
        design,
        fit,
        encoded.labels,
        encoded.rows,
        examined=separation if examined else None,
        limits=limits,
        asked=asked,
    )


def _is_proved(fit: Fit) -> bool:
    """Say whether the search leaves no doubt that a finite maximum exists.

    Rows that are separated have working weights that vanish: at a decrement of 1e-8 along the cone
    they are 1e-16 together. Where no weight is near that nothing more is asked; else the proof is.
    """
    if not fit.solution.outcome.converged:
        return False
    return fit.solution.evaluation.smallest_weight > LEAST_WEIGHT or bool(certify_fit(fit).exists)


def _check_separation(separation: object) -> None:
    if separation not in ("limit", "raise"):
        raise ArgumentError("separation", separation, '"limit" or "raise"')


def _notes(
    fit: Fit,
    design: Design | ArrayDesign,
    relations: Sequence[str],
    separation: Separation,
    limits: Limits | None,
) -> Iterator[str]:
    """Yield what else a reader must know."""
    yield from estimator_notes(fit.estimator)
    if separation.found:  # the certificate says by what
        yield (
            "Coefficients at ∞ or undetermined have no finite estimate: their p-values and limits "
            "are those of the likelihood ratio (chi-square, 1 df)."
        )
        if limits is not None and limits.unfound(separation.ends):
            yield "Of these, a limit shown as — was not found, or would take too long to find."
        if separation.kind == "complete" and not fit.solution.coef.size:
            yield "Complete separation: the log-likelihood reaches 0 and nothing else is estimated."
        else:
            yield (
                "The other coefficients are those of the limiting model, estimated from the "
                f"{_rows(separation.n_rows - separation.n_separated)} not separated; the "
                "log-likelihood is its supremum, and AIC counts all coefficients."
            )
    for name, unused in design.unused_levels.items():
        yield from _unused(name, unused)
    for relation in relations:
        yield f"Not estimable: {relation}."
    if separation.kind == "undecided":
        yield separation.sentence
    if math.isnan(fit.null_log_likelihood):
        yield "The offset is so extreme that the null model could not be fitted."
    if not fit.solution.outcome.converged:
        yield f"NOT CONVERGED. {fit.solution.outcome.sentence}"


def _rows(count: int) -> str:
    return f"{count:,} rows that are" if count != 1 else "one row that is"


def _unused(name: str, levels: Sequence[Any]) -> list[str]:
    shown = shorten([repr(level) for level in levels])
    return [f"No row used has level {shown} of {name}, which so has no coefficient."]


def _advice(fit: Fit, separation: Separation) -> str:
    """Return what to do about a search without a maximum, in the light of what the rows say."""
    outcome = fit.solution.outcome
    if separation.found:
        return (
            f"{separation.sentence} No penalty reaches that far: give one to "
            f"{', '.join(separation.terms)} too."
        )
    if outcome is not Outcome.DIVERGING:
        return _ADVICE[outcome]
    if separation.kind == "none":
        return (
            "The data are not separated, so that a finite maximum exists, but rows overlap by so "
            "little that it lies too far out to be computed. Rescale or centre the columns, look "
            "for a column that nearly tells the outcome, or look at the partial result with "
            "require_convergence=False."
        )
    return f"{separation.sentence} {_ADVICE[outcome]}"


_ADVICE = {
    Outcome.DIVERGING: (
        "Some combination of these columns separates the events from the non-events, or nearly so. "
        "Tabulate the outcome against them; merge sparse levels or "
        "leave the column out, or look at the partial result with require_convergence=False."
    ),
    Outcome.ITERATION_LIMIT: "Raise max_iterations, or start nearer with start=.",
    Outcome.SINGULAR: (
        "Start elsewhere with start=, leave out columns that nearly repeat, or look for an offset "
        "or a column so large that nearly all probabilities are 0 or 1."
    ),
    Outcome.STALLED: "Rescale or centre the columns, or start elsewhere with start=.",
}


def _moving_columns(fit: Fit) -> tuple[str, ...]:
    """Return the columns along which a diverging search goes, each in units of its own size."""
    if fit.solution.outcome is not Outcome.DIVERGING:
        return ()
    direction = np.nan_to_num(fit.basis.coefficients(fit.solution.direction))
    moves = np.abs(direction) * np.sqrt(fit.source.fold(_squares).values)
    return tuple(
        name
        for column, (name, move) in enumerate(zip(fit.names, moves, strict=True))
        if move > 1e-3 * moves.max() and column != fit.constant
    )


def _squares(block: Block) -> Total:
    return Total(square_sums(block.X))
