"""The entry point of multinomial logit: a formula and a table to a fitted result."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.covariance.polytomous import model_covariance
from logit_inference.design.classes import class_offsets, class_order, read_offsets
from logit_inference.diagnostics.account import Account
from logit_inference.diagnostics.separation import Separation, no_separation
from logit_inference.errors import (
    ArgumentError,
    CollinearityWarning,
    ConvergenceError,
    DataError,
    FormulaError,
    SeparationError,
    SeparationWarning,
    WeightsError,
    plain,
    shorten,
)
from logit_inference.inference import equations
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.wald import check_level
from logit_inference.likelihood.estimator import ML
from logit_inference.likelihood.evaluation import Tally
from logit_inference.models.multinomial_covariances import check_covariance, check_separated
from logit_inference.models.multinomial_result import MultinomialResult
from logit_inference.models.multinomial_separated import Rows, describe, limit_estimate
from logit_inference.models.request import (
    ResultRequest,
    SearchRequest,
    check_separation,
    read_search,
)
from logit_inference.rows.block import Block
from logit_inference.rows.threads import threads_for
from logit_inference.solve.polytomous import SoftmaxFit, SoftmaxSearch, fit_softmax
from logit_inference.solve.polytomous_certificate import certify_softmax_fit
from logit_inference.solve.polytomous_cone import find_class_recession
from logit_inference.solve.polytomous_limit import limit_classes
from logit_inference.solve.rank import relation_text
from logit_inference.solve.solution import Outcome

if TYPE_CHECKING:
    from logit_inference.design.arrays import ArrayDesign
    from logit_inference.design.design import Design, Encoded

LEAST_WEIGHT = 1e-9  # of a contrast at a proved maximum: those of separated rows are far below it


def multinomial_logit(
    formula: str,
    data: Any,
    *,
    reference: Any = None,
    identification: str = "reference",
    weights: Any = None,
    weights_kind: str | None = None,
    offset: Any = None,
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
) -> MultinomialResult:
    """Return the multinomial logistic regression of an outcome with several unordered levels.

    Maximises ``Σ w log mu_y`` with ``mu_k = exp(x'b_k)/Σ exp(x'b_l)`` by Newton–Raphson, the
    coefficients ``b_k`` of the reference level being zero.

    Parameters
    ----------
    formula : str
        ``"partic ~ hincome + children"``, as in `logit`. The outcome on the left is text,
        categorical, boolean or whole numbers, with two levels or more (at most 100).
    data : table
        pandas, polars or pyarrow table, or a dict of arrays; n rows.
    reference : level, optional
        With which all others are compared. By default the first level: categories in their declared
        order, text and numbers sorted. Results tell it, and change it without another fit
        (`MultinomialResult.with_reference`).
    identification : {"reference", "symmetric"}
        Whether coefficients compare with the reference, or sum to zero over the levels.
    weights : column name, expression or (n,) array, optional
        Prior weights; ``weights_kind`` says what they mean.
    weights_kind : {"frequency", "precision"}, optional
        Each row stands for w rows, as counts of levels do; or variance weights (n stays the number
        of rows). Sampling weights are refused: they ask for the covariance of a sample.
    offset : dict of level to column name or (n,) array, optional
        Known part of the linear predictor of each level against the reference. One offset for all
        levels is refused where there are more than two, because it would change nothing.
    covariance : {"model", "HC0", "HC1", "cluster"}, optional
        By default ``"cluster"`` where there are clusters, else ``"model"``.
    cluster : column name, list of names, or mapping of name to array, optional
        Clusters of rows that may be correlated.
    missing : {"drop", "raise"}
        What to do with rows that miss a value of any variable of the formula, weights or clusters.
        A missing offset is an error.
    separation : {"limit", "raise"}
        What to do where the data are separated, so that no finite coefficients maximise the
        likelihood: a warning and the limiting model, or an error.
    start : (K − 1, p) array, optional
        Where the iteration starts, levels in their order without the reference; by default at the
        null model.
    tolerance, max_iterations, require_convergence, level, threads, context
        As in `logit`.

    Returns
    -------
    MultinomialResult
        Printed, it is its summary.

    Raises
    ------
    FormulaError, SchemaError, OutcomeError, MissingError, WeightsError, DataError
        For input that cannot be fitted as it is; the message says what to write.
    ConvergenceError
        Where no maximum was reached.
    SeparationError
        Where the data are separated, with ``separation="raise"``.

    Warns
    -----
    CollinearityWarning
        Where columns are dropped, because they are combinations of earlier ones.
    SeparationWarning
        Where the data are separated. Infinite coefficients are ±inf, or NaN where the data allow
        both signs, with likelihood-ratio tests and intervals; the others are those of the limiting
        model, in which levels that a row cannot have are taken out.

    Notes
    -----
    Five to eight evaluations, of which each takes ``n p² K²/2`` operations; two to four of many
    rows, after a search on a sample. Memory: the design once and a block of it, and the information
    of (K − 1)p coefficients three times. Numbers follow R's ``nnet::multinom`` (whose own search
    stops early) and statsmodels' ``MNLogit``: the deviance is −2ℓ, AIC counts all equations.

    References
    ----------
    McCullagh and Nelder (1989), *Generalized Linear Models*, section 5.2.

    Examples
    --------
    >>> import logit_inference as li
    >>> womenlf = li.datasets.load("Womenlf")
    >>> fit = li.multinomial_logit("partic ~ hincome + children", womenlf, reference="not.work")
    >>> fit.params.round(4).loc["hincome"].to_dict()
    {'parttime': 0.0069, 'fulltime': -0.0972}
    """
    from logit_inference.design.design import build_design

    check_identification(identification)
    check_weights_kind(weights, weights_kind)
    kind = _covariance_kind(covariance, cluster)
    search = read_search(start, tolerance, max_iterations, threads)
    level = check_level(level)
    check_separation(separation)
    design, encoded = build_design(
        formula,
        data,
        event=reference,
        weights=weights,
        weights_kind=weights_kind,
        groups=() if cluster is None else cluster,
        missing=missing,
        context=context,
        classes=True,
    )
    offsets = {} if offset is None else read_offsets(offset, design.event)
    block = _class_block(design, encoded, offsets, data)
    fit = _fit(design, block, search)
    how = ResultRequest(level, separation, require_convergence, search)
    made = _Made(design, encoded, formula, weights_kind, offsets, data, kind)
    result = _assemble(fit, made, how)
    result = result if identification == "reference" else result.symmetric()
    return result if kind == "model" else result.with_covariance(kind)


def multinomial_logit_arrays(
    y: Any,
    X: Any,
    *,
    names: Sequence[str] | None = None,
    intercept: bool = False,
    reference: Any = None,
    identification: str = "reference",
    weights: Any = None,
    weights_kind: str | None = None,
    offset: Any = None,
    covariance: str | None = None,
    cluster: Any = None,
    separation: str = "limit",
    start: Any = None,
    tolerance: float = 1e-8,
    max_iterations: int = 50,
    require_convergence: bool = True,
    level: float = 0.95,
    threads: int | None = None,
) -> MultinomialResult:
    """Return the multinomial logistic regression of an outcome on the columns of an array.

    Parameters
    ----------
    y : (n,) array-like
        Text, categories, truth values or whole numbers.
    X : (n, p) array-like of numbers
        Any real dtype and memory order. A column of ones in it is the intercept.
    names : sequence of p str, optional
        By default the columns of a pandas X, else x1, x2, …; ``const`` for a column of ones.
    intercept : bool
        Whether to put a column of ones, named ``Intercept``, before the others.
    cluster : (n,) array, or mapping of name to array, optional
        Labels of clusters of rows that may be correlated.
    weights_kind : {"frequency", "precision"}, optional
    offset : dict of level to (n,) array, optional
    reference, identification, weights, covariance, separation, start, tolerance
        As in `multinomial_logit`; arrays of length n instead of names.
    max_iterations, require_convergence, level, threads
        As in `multinomial_logit`.

    Returns
    -------
    MultinomialResult

    Raises
    ------
    DataError, OutcomeError
        For missing or infinite values, and for shapes that do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import logit_inference as li
    >>> y, x = np.array([0, 1, 2, 0, 2, 1, 0]), np.array([1.0, 2, 2, 3, 3, 4, 6])
    >>> fit = li.multinomial_logit_arrays(y, x[:, None], names=["dose"], intercept=True)
    >>> fit.params.round(3).loc["dose"].to_dict()
    {1: -0.14, 2: -0.406}
    """
    from logit_inference.design.arrays import read_arrays

    check_identification(identification)
    check_weights_kind(weights, weights_kind)
    kind = _covariance_kind(covariance, cluster)
    search = read_search(start, tolerance, max_iterations, threads)
    level = check_level(level)
    check_separation(separation)
    design, encoded = read_arrays(
        y,
        X,
        names=names,
        intercept=intercept,
        event=reference,
        weights=weights,
        weights_kind=weights_kind,
        classes=True,
    )
    offsets = {} if offset is None else read_offsets(offset, design.event)
    table = {"row": np.arange(encoded.n_used)}
    fit = _fit(design, _class_block(design, encoded, offsets, table), search)
    how = ResultRequest(level, separation, require_convergence, search)
    made = _Made(design, encoded, None, weights_kind, offsets, None, kind)
    result = _assemble(fit, made, how)
    result = result if identification == "reference" else result.symmetric()
    return result if kind == "model" else result.with_covariance(kind, by=cluster)


def check_identification(identification: object) -> None:
    """Raise an ArgumentError for what does not say which differences to show."""
    if identification not in ("reference", "symmetric"):
        allowed = '"reference" or "symmetric"'
        raise ArgumentError("identification", identification, allowed)


def check_weights_kind(weights: Any, kind: str | None) -> None:
    """Raise for weights of no kind, and for sampling weights: no covariance here would be right."""
    if kind == "sampling":
        reason = (
            "with sampling weights a multinomial fit has no likelihood, and the covariance that "
            "they need is that of binary fits only"
        )
        instead = (
            '"frequency" or "precision" if the weights are that, or fit each level against the '
            'reference by li.logit(..., weights_kind="sampling")'
        )
        raise ArgumentError.refused("weights_kind", kind, reason, instead)
    if weights is not None and kind not in ("frequency", "precision"):
        raise WeightsError.kind_unknown(kind, sampling=False)


def _covariance_kind(covariance: str | None, cluster: Any) -> str:
    """Return the covariance that is asked for, checked; by default clustered if there are any."""
    if covariance is None:
        return "model" if cluster is None else "cluster"
    check_covariance(covariance)
    return covariance


@dataclass(frozen=True)
class _Made:
    """What a result is made of beside its fit."""

    design: Design | ArrayDesign
    encoded: Encoded
    formula: str | None
    weights_kind: str | None
    offsets: Mapping[Any, Any]
    data: Any
    covariance: str


def _class_block(
    design: Design | ArrayDesign, encoded: Encoded, offsets: Mapping[Any, Any], data: Any
) -> Block:
    """Return the rows with an offset for each class number, None where there is none."""
    block, event = encoded.block, design.event
    order = [event.other, *(one for one in event.levels if one != event.other)]
    total = class_offsets(offsets, order, data, encoded.rows) if offsets else None
    if block.offset is not None:
        if len(order) > 2:
            complaint = (
                "offset() adds the same number to every level, which changes nothing. Give "
                f"offset={{{order[1]!r}: 'column'}} beside the formula."
            )
            raise FormulaError(made_formula(design), complaint)
        total = np.zeros((block.n_rows, 2)) if total is None else total
        total[:, 1] += block.offset
    return Block(block.y, block.X, None, block.weights, total, block.groups, block.first_row)


def made_formula(design: Design | ArrayDesign) -> str:
    """Return the text of a design's formula; empty for arrays."""
    formula = getattr(design, "formula", None)
    return "" if formula is None else str(formula.text)


def _fit(design: Design | ArrayDesign, block: Block, search: SearchRequest) -> SoftmaxFit:
    p, n_classes = len(design.columns), len(design.event.levels)
    first = search.start
    if first is not None and first.shape != (n_classes - 1, p):
        wanted = f"a row for each level but the reference, {n_classes - 1}, of {p} coefficients"
        raise DataError.shape("start", first.shape, wanted)
    if block.weights is not None:
        counts = np.bincount(block.y.astype(np.intp), block.weights > 0, n_classes)
        if not counts.all():
            event = design.event
            order = [event.other, *(one for one in event.levels if one != event.other)]
            raise DataError.no_weight(repr(plain(order[int(np.argmin(counts))])))
    threads = search.threads or threads_for(block.n_rows, p * n_classes)
    return fit_softmax(
        block,
        design.columns,
        n_classes,
        SoftmaxSearch(first, search.tolerance, search.max_iterations),
        constant=design.constant,
        intercept=design.adds_intercept,
        threads=threads,
    )


def _assemble(fit: SoftmaxFit, made: _Made, how: ResultRequest) -> MultinomialResult:
    """Return the result of a fit, or of its limiting model where the data are separated."""
    design, encoded, event = made.design, made.encoded, made.design.event
    levels = [str(one) for one in event.levels]
    base = levels.index(str(event.other))
    others = [one for one in levels if one != str(event.other)]
    names = equations.coefficient_names(others, fit.names)
    relations = [
        relation_text(fit.names, column, relation, fit.constant)
        for column, relation in fit.relations.items()
    ]
    if relations:
        warnings.warn(CollinearityWarning.dropped(relations), stacklevel=3)
    k, rank = fit.n_classes - 1, len(fit.solution.coef)
    terms, by_class = dict(design.term_columns), (str(event.other), *others)
    rows = Rows(names, terms, design.constant, encoded.labels, event.variable, by_class)
    separation, estimate, asked = no_separation(names, int(fit.totals[1].sum())), None, None
    if not _is_proved(fit):
        recession, out = find_class_recession(fit)
        separation = describe(fit, recession, out, rows)
        if separation.found:
            if how.separation == "raise":
                raise SeparationError(separation)
            check_separated(made.covariance)
            warnings.warn(SeparationWarning(separation), stacklevel=3)
            search = SoftmaxSearch(None, how.search.tolerance, how.search.max_iterations)
            limit = limit_classes(fit, recession, out, search)
            estimate = limit_estimate(limit, recession, names)
            asked, fit = fit, limit.fit
    _check_convergence(fit, separation, how)
    if estimate is None:
        wide = equations.equation_relations(fit.relations, len(fit.names), k)
        estimate = Estimate(names, fit.solution.coef, model_covariance(fit), wide)
    account = Account(
        model="Multinomial Logit",
        estimator=ML,
        formula=made.formula,
        outcome_name=event.variable,
        event=", ".join(levels),
        terms=design.term_columns,
        n_rows_read=encoded.n_read,
        n_rows_used=encoded.n_used,
        dropped=encoded.dropped,
        weights_kind=made.weights_kind,
        grouped=False,
        has_constant=design.constant is not None or design.spans_constant,
        tally=_tally(fit),
        rank=rank,
        log_likelihood=fit.log_likelihood,
        null_log_likelihood=fit.null_log_likelihood,
        outcome=fit.solution.outcome.name,
        n_passes=fit.solution.n_passes,
        notes=tuple(_notes(fit, design, relations, separation)),
        n_equations=k,
    )
    totals = fit.totals[0 if made.weights_kind == "frequency" else 1]
    return MultinomialResult(
        account,
        estimate,
        fit.basis,
        equations.identification(levels, base, str(event.other)),
        tuple(totals[class_order(len(levels), base)].tolist()),
        how.level,
        design,
        fit,
        encoded.labels,
        separation,
        encoded.rows,
        made.offsets,
        asked=asked,
        table=made.data,
    )


def _is_proved(fit: SoftmaxFit) -> bool:
    """Say whether the search leaves no doubt that a finite maximum exists."""
    if not fit.solution.outcome.converged:
        return False
    if fit.solution.evaluation.smallest_weight > LEAST_WEIGHT:
        return True
    return bool(certify_softmax_fit(fit).exists)


def _check_convergence(fit: SoftmaxFit, separation: Separation, how: ResultRequest) -> None:
    """Raise where no maximum was reached, if the caller wants that."""
    outcome = fit.solution.outcome
    if not how.require_convergence or (outcome.converged and separation.kind != "undecided"):
        return
    sentence = separation.sentence if outcome.converged else outcome.sentence
    told = f" {separation.sentence}" if separation.kind != "none" and not outcome.converged else ""
    advice = {
        Outcome.ITERATION_LIMIT: "Raise max_iterations, or start nearer with start=.",
        Outcome.STALLED: "Rescale or centre the columns, or start elsewhere with start=.",
        Outcome.SINGULAR: (
            "Start elsewhere with start=, leave out columns that nearly repeat, or look for an "
            "offset or a column so large that nearly all probabilities are 0 or 1."
        ),
    }.get(
        outcome,
        "Tabulate the outcome against the columns; merge sparse levels or leave a column out, or "
        "look at the partial result with require_convergence=False.",
    )
    raise ConvergenceError(outcome, f"{sentence}{told}", (), advice)


def _tally(fit: SoftmaxFit) -> Tally:
    """Return the sums over the rows that accounts are made of; events are all but the reference."""
    weight, rows = fit.totals
    total, n = float(weight.sum()), float(rows.sum())
    events, plain = float(weight[1:].sum()), float(rows[1:].sum())
    return Tally(int(n), total, total, events, n, plain, 0.0, 0.0, 0.0)


def _notes(
    fit: SoftmaxFit, design: Design | ArrayDesign, relations: list[str], separation: Separation
) -> Iterator[str]:
    """Yield what else a reader must know."""
    if separation.found:
        yield (
            "Coefficients at ∞ or undetermined have no finite estimate: their p-values and limits "
            "are those of the likelihood ratio (chi-square, 1 df). The others are those of the "
            "limiting model; the log-likelihood is its supremum, and AIC counts all coefficients."
        )
    event = design.event
    schema = getattr(design, "schema", None)
    variable = None if schema is None else schema.variables.get(event.variable)
    declared = () if variable is None or variable.levels is None else variable.levels
    unused = [level for level in declared if level not in event.levels]
    if unused:
        shown = shorten([repr(level) for level in unused])
        yield f"No row used has level {shown} of {event.variable}, which so has no equation."
    for name, levels in design.unused_levels.items():
        shown = shorten([repr(level) for level in levels])
        yield f"No row used has level {shown} of {name}, which so has no coefficient."
    for relation in relations:
        yield f"Not estimable: {relation}."
    if separation.kind == "undecided":
        yield separation.sentence
    if np.isnan(fit.null_log_likelihood):
        yield "The offsets are so extreme that the null model could not be fitted."
    if not fit.solution.outcome.converged:
        yield f"NOT CONVERGED. {fit.solution.outcome.sentence}"
