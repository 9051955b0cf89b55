"""Conditional logistic regression: from a formula, a table and its sets to a result."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logit_inference.covariance.model import model_covariance
from logit_inference.covariance.sandwich import together
from logit_inference.diagnostics.account import Account
from logit_inference.diagnostics.separation import Separation
from logit_inference.errors import (
    ArgumentError,
    CollinearityWarning,
    ConvergenceError,
    DataError,
    FormulaError,
    OutcomeError,
    RankError,
    shorten,
)
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.wald import check_level
from logit_inference.likelihood.estimator import ML
from logit_inference.models.apart import Cone, examine_sets
from logit_inference.models.assembly import advice_for
from logit_inference.models.matched import ConditionalResult
from logit_inference.models.request import (
    ResultRequest,
    SearchRequest,
    check_separation,
    read_search,
)
from logit_inference.models.result import LogitResult
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.product import dense
from logit_inference.rows.sets import Sets, gather_sets
from logit_inference.rows.threads import threads_for
from logit_inference.solve.certificate import certify_fit
from logit_inference.solve.contrasts import find_separated
from logit_inference.solve.fit import Fit
from logit_inference.solve.matched import fit_sets
from logit_inference.solve.rank import relation_text

if TYPE_CHECKING:
    from logit_inference.design.design import Design, Encoded

FEW_STEPS = 12  # of Newton, in which ordinary fits end


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
    try:
        design, encoded = build_design(
            formula,
            data,
            event=event,
            offset=offset,
            groups=groups,
            missing=missing,
            context=context,
        )
    except FormulaError as error:
        if not error.formula.startswith(("cluster='", 'cluster="')):  # what sets are to a design
            raise
        parts = (error.formula, error.complaint)
        raise FormulaError(*(part.replace("cluster=", "strata=", 1) for part in parts)) from None
    except OutcomeError as error:
        if error.instead != OutcomeError.BOTH_MUST_OCCUR:
            raise
        raise OutcomeError(error.variable, error.found, OutcomeError.IN_SETS) from None
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
    if not dense(sets.source.data.X).any():
        raise RankError.within_sets(design.columns)
    fit, cone = _searched(sets, design.columns, search)
    what = _Asked(formula, design, encoded, sets, had_intercept)
    core = _assemble(fit, cone, what, how)
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


def _searched(sets: Sets, names: Sequence[str], search: SearchRequest) -> tuple[Fit, Cone | None]:
    """Return the search for the maximum, and where that is not proved, what separates the sets.

    A search that has not ended after a few steps may have no end: sets are asked before it goes on.
    """
    first = min(search.max_iterations, FEW_STEPS)
    fit = fit_sets(
        sets.source,
        names,
        start=search.start,
        tolerance=search.tolerance,
        max_iterations=first,
    )
    if _is_proved(fit):
        return fit, None
    rows = in_basis(fit.solved, Basis(len(names), fit.basis.kept))
    cone = find_separated(fit.likelihood, rows)
    left = search.max_iterations - first
    if cone[0].exists or fit.solution.outcome.converged or not left:
        return fit, cone
    start = np.nan_to_num(fit.coef)
    again = fit_sets(
        sets.source, names, start=start, tolerance=search.tolerance, max_iterations=left
    )
    solution = replace(
        again.solution,
        steps=fit.solution.steps + again.solution.steps,
        n_passes=fit.solution.n_passes + again.solution.n_passes,
    )
    fit = replace(again, solution=solution)
    return fit, None if _is_proved(fit) else cone


def _is_proved(fit: Fit) -> bool:
    return fit.solution.outcome.converged and bool(certify_fit(fit).exists)


class _Asked(NamedTuple):
    """What was fitted: a formula and its design, rows and their sets."""

    formula: str
    design: Design
    encoded: Encoded
    sets: Sets
    had_intercept: bool


def _assemble(fit: Fit, cone: Cone | None, what: _Asked, how: ResultRequest) -> LogitResult:
    """Return the result of a fit, or of its limiting model where the sets are separated."""
    import pandas as pd

    formula, design, encoded, sets, had_intercept = what
    positions = np.arange(encoded.n_read) if encoded.rows is None else np.asarray(encoded.rows)
    labels = pd.Index(encoded.labels)[sets.order]
    relations = list(_relations(fit, dict(design.term_columns)))
    if relations:
        warnings.warn(CollinearityWarning.within_sets(relations), stacklevel=3)
    examined, limit = examine_sets(fit, cone, design, labels, how)
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


def _relations(fit: Fit, terms: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """Yield what is said of columns that cannot be estimated within sets.

    Of the columns of a term that are constant there it is said once: of a factor that does not vary
    within sets they are as many as its levels.
    """
    constant = {j for j, relation in fit.relations.items() if not relation.weights.any()}
    term_of = {j: term for term, columns in terms.items() for j in columns}
    said: set[str] = set()
    for column, relation in fit.relations.items():
        if column not in constant:
            yield relation_text(fit.names, column, relation, None)
            continue
        term = term_of[column]
        if term in said:
            continue
        said.add(term)
        every, own = terms[term], [fit.names[j] for j in terms[term] if j in constant]
        if len(own) == 1:
            yield f"{own[0]} is constant within every set"
        elif len(own) == len(every):
            yield f"{term} is constant within every set, all its {len(every):,} columns"
        else:
            yield (
                f"{len(own):,} of the {len(every):,} columns of {term} are constant within every "
                f"set ({shorten(own)})"
            )


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
