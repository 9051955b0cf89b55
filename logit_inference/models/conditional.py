"""Conditional logistic regression: from a formula, a table and its sets to a result."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.covariance.model import model_covariance
from logit_inference.covariance.sandwich import together
from logit_inference.diagnostics.account import Account
from logit_inference.diagnostics.separation import Separation, no_separation, undecided
from logit_inference.errors import (
    ArgumentError,
    CollinearityWarning,
    ConvergenceError,
    DataError,
    FormulaError,
    SeparationError,
    SeparationWarning,
    shorten,
)
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.wald import check_level
from logit_inference.likelihood.estimator import ML
from logit_inference.models.assembly import advice_for
from logit_inference.models.matched import ConditionalResult
from logit_inference.models.request import ResultRequest, check_separation, read_search
from logit_inference.models.result import LogitResult
from logit_inference.models.separated import Limit, limit_of
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Block
from logit_inference.rows.product import dense
from logit_inference.rows.sets import SETS, Contrasts, Sets, contrasts, gather_sets
from logit_inference.rows.threads import threads_for
from logit_inference.solve.certificate import certify_fit
from logit_inference.solve.contrasts import find_recession
from logit_inference.solve.fit import Fit
from logit_inference.solve.matched import fit_sets
from logit_inference.solve.rank import relation_text
from logit_inference.solve.recession import Recession, separated_rows

if TYPE_CHECKING:
    from logit_inference.design.design import Design, Encoded


def conditional_logit(
    formula: str,
    data: Any,
    *,
    strata: Any,
    event: Any = None,
    offset: Any = None,
    covariance: str = "model",
    missing: str = "drop",
    separation: str = "limit",
    start: Any = None,
    tolerance: float = 1e-8,
    max_iterations: int = 50,
    require_convergence: bool = True,
    level: float = 0.95,
    threads: int | None = None,
    context: Mapping[str, Any] | None = None,
) -> ConditionalResult:
    """Return the conditional logistic regression of matched sets.

    Maximises ``Σ_sets [Σ_cases eta − log Σ_choices exp(Σ_chosen eta)]``, the log-likelihood given
    the number m of cases in each set; the choices are those of m of its rows. Coefficients are log
    odds ratios within sets: whatever the rows of a set share, an intercept first of all, cancels.

    Parameters
    ----------
    formula : str
        As in `logit`, ``"case ~ spontaneous + induced"``. Its intercept codes factors as ever and
        is then left out.
    data : table
        n rows, in any order.
    strata : column name, list of names, or (n,) array
        The set of each row; several names stand for their combinations. Any number of cases and of
        others may be in a set (m:n matching). Rows without one are dropped as for any variable.
    event, offset, missing, separation, start, require_convergence, level, threads, context
        As in `logit`.
    covariance : {"model", "cluster"}
        ``"cluster"`` lets scores of sets have any variance; see
        `ConditionalResult.with_covariance`.
    tolerance, max_iterations
        As in `logit`, of Newton's method.

    Returns
    -------
    ConditionalResult
        Printed, it is its summary.

    Raises
    ------
    FormulaError, SchemaError, OutcomeError, MissingError, DataError, RankError
        For input that cannot be fitted as it is.
    ConvergenceError, SeparationError
        As in `logit`.

    Warns
    -----
    CollinearityWarning
        For columns that are constant within every set, or combinations of others there.
    SeparationWarning
        Where some direction puts every case above the other rows of its set: infinite coefficients
        have likelihood-ratio tests and limits, the others are those of the limiting model.

    Notes
    -----
    The exact conditional likelihood, for sets of any size; see `likelihood.conditional`. Sets whose
    rows all have the same outcome say nothing: they are left out, and counted in the summary. A
    pass over sets of n rows with m cases takes about ``n·m·q²`` operations for q columns: 2,000
    rows with 1,000 cases and 5 columns some 0.1 s. Memory: one copy of the columns in use. There
    are no weights: a set cannot be repeated in part.

    The convention is that of R's ``survival::clogit(method = "exact")``.

    References
    ----------
    Breslow and Day (1980), *Statistical Methods in Cancer Research* I, chapter 7. Gail, Lubin and
    Rubinstein (1981), *Biometrika* 68.

    Examples
    --------
    >>> import logit_inference as li
    >>> infert = li.datasets.load("infert")
    >>> fit = li.conditional_logit("case ~ spontaneous + induced", infert, strata="stratum")
    >>> fit.params.round(4).to_dict(), fit.n_sets
    ({'spontaneous': 1.9859, 'induced': 1.409}, 83)
    """
    from logit_inference.design.design import build_design

    search = read_search(start, tolerance, max_iterations, threads)
    how = ResultRequest(check_level(level), separation, require_convergence, search)
    check_separation(separation)
    name, groups = _strata(strata)
    design, encoded = build_design(
        formula,
        data,
        event=event,
        offset=offset,
        groups=groups,
        missing=missing,
        context=context,
    )
    if design.event.kind == "grouped":
        wanted = "single rows, each a case or not: counts of cases have no sets"
        raise FormulaError(formula, f"a conditional logistic regression is one of {wanted}.")
    had_intercept = design.constant is not None
    design, encoded = _without_intercept(design, encoded)
    p = len(design.columns)
    if not p:
        raise FormulaError(formula, "within sets there is nothing to estimate but coefficients.")
    if search.start is not None and search.start.shape != (p,):
        wanted = f"one value for each of the {p} coefficients ({', '.join(design.columns)})"
        raise DataError.shape("start", search.start.shape, wanted)
    codes, _ = together(list(encoded.block.groups.values()))
    _, codes = np.unique(codes, return_inverse=True)
    sets = gather_sets(encoded.block, codes, threads or threads_for(encoded.n_used, p))
    if not sets.n_used:
        raise DataError.no_informative_set(name, sets.n_read)
    fit = fit_sets(
        sets.source,
        design.columns,
        start=search.start,
        tolerance=search.tolerance,
        max_iterations=search.max_iterations,
    )
    core = _assemble(fit, design, encoded, sets, formula, how, had_intercept)
    result = ConditionalResult(replace(core, table=data), name)
    return result if covariance == "model" else result.with_covariance(covariance)


def _strata(strata: Any) -> tuple[str, Any]:
    """Return what the sets are called, and what a design takes for their columns."""
    if isinstance(strata, str):
        return strata, strata
    if isinstance(strata, (list, tuple)) and strata and all(isinstance(s, str) for s in strata):
        return " and ".join(strata), list(strata)
    if strata is None or isinstance(strata, Mapping) or np.ndim(strata) != 1:
        raise ArgumentError("strata", strata, "the name of a column, a list of names, or an array")
    name = str(getattr(strata, "name", None) or "strata")
    return name, {name: strata}


def _without_intercept(design: Design, encoded: Encoded) -> tuple[Design, Encoded]:
    """Return a design and its rows without the column of ones."""
    if design.constant is None:
        return design, encoded
    others = list(range(1, len(design.columns)))
    terms = [term for term in design.terms if term.start]
    design = replace(
        design,
        formula=replace(design.formula, intercept=False),
        columns=design.columns[1:],
        terms=tuple(replace(t, start=t.start - 1, stop=t.stop - 1) for t in terms),
    )
    block = encoded.block.with_columns(encoded.block.X[:, others])
    return design, replace(encoded, block=block)


def _assemble(
    fit: Fit,
    design: Design,
    encoded: Encoded,
    sets: Sets,
    formula: str,
    how: ResultRequest,
    had_intercept: bool,
) -> LogitResult:
    """Return the result of a fit, or of its limiting model where the sets are separated."""
    import pandas as pd

    positions = np.arange(encoded.n_read) if encoded.rows is None else np.asarray(encoded.rows)
    labels = pd.Index(encoded.labels)[sets.order]
    relations = list(_relations(fit))
    if relations:
        warnings.warn(CollinearityWarning.within_sets(relations), stacklevel=3)
    examined, limit = _examine(fit, design, labels, how)
    asked, limits, estimate = None, None, None
    if limit is not None:
        asked, fit, limits, estimate = fit, limit.fit, limit.limits, limit.estimate
    solution = fit.solution
    outcome = solution.outcome
    if how.require_convergence and not outcome.converged:
        raise ConvergenceError(outcome, outcome.sentence, (), advice_for(fit, examined))
    if estimate is None:
        estimate = Estimate(fit.names, solution.coef, model_covariance(fit), fit.relations)
    account = Account(
        model="Conditional Logit",
        estimator=ML,
        formula=formula,
        outcome_name=design.event.variable,
        event=str(design.event),
        terms=design.term_columns,
        n_rows_read=encoded.n_read,
        n_rows_used=len(sets.order),
        dropped=encoded.dropped,
        weights_kind=None,
        grouped=False,
        has_constant=False,
        tally=fit.tally,
        rank=len(solution.coef) if asked is None else len(asked.solution.coef),
        log_likelihood=fit.log_likelihood,
        null_log_likelihood=fit.null_log_likelihood,
        outcome=outcome.name,
        n_passes=solution.n_passes,
        notes=tuple(_notes(fit, sets, relations, examined, had_intercept)),
        n_sets=sets.n_used,
        n_left_out=sets.n_left_out,
    )
    return LogitResult(
        account,
        estimate,
        how.level,
        design,
        fit,
        labels,
        positions[sets.order],
        examined=examined,
        limits=limits,
        asked=asked,
    )


def _relations(fit: Fit) -> Iterator[str]:
    """Yield what is said of each column that cannot be estimated within sets."""
    for column, relation in fit.relations.items():
        if relation.weights.any():
            yield relation_text(fit.names, column, relation, None)
        else:
            yield f"{fit.names[column]} is constant within every set"


def _notes(
    fit: Fit,
    sets: Sets,
    relations: Sequence[str],
    separation: Separation,
    had_intercept: bool,
) -> Iterator[str]:
    """Yield what else a reader must know."""
    left_out = sets.n_read - sets.n_used
    text = f"Sets: {sets.n_read:,} read, {sets.n_used:,} used"
    if left_out:
        why = ((sets.without_case, "without a case"), (sets.without_control, "of cases only"))
        causes = " and ".join(f"{count:,} {what}" for count, what in why if count)
        text += f"; {causes} say nothing and are left out ({sets.n_left_out:,} rows)"
    yield f"{text}. The likelihood is that given the number of cases in each set."
    if had_intercept:
        yield "No intercept: whatever the rows of a set share cancels."
    for relation in relations:
        yield f"Not estimable: {relation}."
    if separation.found:
        yield (
            "Coefficients at ∞ or undetermined have no finite estimate: their p-values and limits "
            "are those of the likelihood ratio (chi-square, 1 df). The others are those of the "
            "limiting model, of the rows that are not separated."
        )
    if separation.kind == "undecided":
        yield separation.sentence
    if not fit.solution.outcome.converged:
        yield f"NOT CONVERGED. {fit.solution.outcome.sentence}"


# --- separation -----------------------------------------------------------------------------------


def _examine(
    fit: Fit, design: Design, labels: Any, how: ResultRequest
) -> tuple[Separation, Limit | None]:
    """Return what the sets say of separation, and the limiting model where they are separated."""
    names = fit.names
    if fit.solution.outcome.converged and certify_fit(fit).exists:
        return no_separation(names, fit.tally.n_rows), None
    rows = in_basis(fit.solved, Basis(fit.source.n_columns, fit.basis.kept))
    recession = find_recession(fit.likelihood, rows)
    if recession.exists is None:
        return undecided(names, fit.tally.n_rows, recession.reason), None
    if not recession.exists:
        return no_separation(names, fit.tally.n_rows), None
    recession = recession.spread(fit.source.n_columns, fit.basis.kept)
    found = contrasts(fit.source)
    assert found is not None, "they were written out a moment ago"
    separation, separated = _described(fit, recession, found, design, labels)
    if how.separation == "raise":
        raise SeparationError(separation)
    warnings.warn(SeparationWarning(separation), stacklevel=5)
    search = how.search
    most = max(search.max_iterations, 50)
    limit = limit_of(fit, recession, separated, how.level, search.tolerance, most)
    return separation, limit


def _described(
    fit: Fit, recession: Recession, pairs: Contrasts, design: Design, labels: Any
) -> tuple[Separation, Any]:
    """Return the record of a cone, and the rows (n,) that it separates."""
    apart = separated_rows(pairs.source, recession)
    separated = pairs.of_rows(apart, fit.source.n_rows)
    ends = recession.ends
    terms = [name for name, own in design.term_columns if any(ends[j] != 0 for j in own)]
    kind = "complete" if recession.complete else "quasi-complete"
    evidence = tuple(_evidence(fit, recession, pairs))
    n_rows, n_separated = fit.source.n_rows, int(separated.sum())
    record = Separation(
        kind,
        fit.names,
        recession.direction,
        ends,
        tuple(terms),
        n_separated,
        n_rows,
        evidence,
        rows=labels[separated],
    )
    return record, separated


def _numbers(block: Block) -> Any:
    return block.groups[SETS]


def _evidence(fit: Fit, recession: Recession, pairs: Contrasts) -> Iterator[str]:
    """Yield clauses about single columns, or one about a combination."""
    Z = dense(pairs.source.data.X)
    numbers = fit.source.map(_numbers)[pairs.cases]
    n_sets = len(np.unique(numbers))

    def told(margins: Any) -> str:
        strict = len(np.unique(numbers[margins > 0]))
        return f"strictly so in {strict:,} of {n_sets:,} sets"

    simple = [
        f"no case has a {'lower' if end > 0 else 'higher'} {fit.names[j]} than another row of its "
        f"set, {told(np.sign(end) * Z[:, j])}"
        for j, end in enumerate(recession.ends.tolist())
        if np.isinf(end) and (np.sign(end) * Z[:, j] >= 0).all()
    ]
    if simple:
        yield from simple
        return
    used = [name for name, value in zip(fit.names, recession.direction, strict=True) if value]
    yield (
        f"a combination of {shorten(used)} puts no case below another row of its set, "
        f"{told(Z @ recession.direction)}"
    )
