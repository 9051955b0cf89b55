"""From a design and its rows to a result: the fit, what its rows say of it, the account of it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

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
from logit_inference.likelihood.estimator import ML
from logit_inference.likelihood.evaluation import Total
from logit_inference.likelihood.logistic import LOGISTIC
from logit_inference.models.estimator import PLAIN, EstimatorRequest, estimator_notes
from logit_inference.models.request import ResultRequest, SearchRequest
from logit_inference.models.result import LogitResult
from logit_inference.models.separated import Limit, find_separation, in_the_limit
from logit_inference.rows.block import Block
from logit_inference.rows.product import square_sums
from logit_inference.rows.source import ArraySource
from logit_inference.rows.threads import threads_for
from logit_inference.solve.certificate import certify_fit
from logit_inference.solve.constant import spans_constant
from logit_inference.solve.fit import Fit, fit_rows
from logit_inference.solve.rank import relation_text
from logit_inference.solve.solution import Outcome

if TYPE_CHECKING:
    from logit_inference.design.arrays import ArrayDesign
    from logit_inference.design.design import Design, Encoded

# Of a working weight at a proved maximum: those of separated rows are far below it.
LEAST_WEIGHT = 1e-9


def fit_design(
    design: Design | ArrayDesign, encoded: Encoded, search: SearchRequest, request: EstimatorRequest
) -> Fit:
    """Return the fit of a design's rows, as the caller asked for it."""
    p = len(design.columns)
    if search.start is not None and search.start.shape != (p,):
        wanted = f"one value for each of the {p} coefficients ({', '.join(design.columns)})"
        raise DataError.shape("start", search.start.shape, wanted)
    plain = request is PLAIN
    if search.descent is not None and not plain:
        reason = f"first-order methods maximise the likelihood, and this is {request.kind!r}"
        raise ArgumentError.refused("solver", search.descent.method, reason, '"newton"')
    threads = threads_for(encoded.n_used, p, search.threads)
    return fit_rows(
        ArraySource(encoded.block, intercept=design.adds_intercept, threads=threads),
        LOGISTIC,
        design.columns,
        constant=design.constant,
        offset=encoded.block.offset is not None,
        start=search.start,
        tolerance=search.tolerance,
        max_iterations=search.max_iterations,
        estimator=ML
        if plain
        else request.resolve(design.columns, design.term_columns, design.constant),
        descent=search.descent,
    )


def assemble(
    fit: Fit,
    design: Design | ArrayDesign,
    encoded: Encoded,
    formula: str | None,
    weights_kind: str | None,
    how: ResultRequest,
) -> LogitResult:
    """Return the result of a fit, or of its limiting model where the data are separated.

    Raises
    ------
    ConvergenceError, SeparationError
        As the caller asked.
    """
    relations = [
        relation_text(fit.names, column, relation, fit.constant)
        for column, relation in fit.relations.items()
    ]
    if relations:
        warnings.warn(CollinearityWarning.dropped(relations), stacklevel=3)
    has_constant = design.spans_constant or spans_constant(fit)
    if fit.estimator.is_ml and has_constant and fit.tally.events in (0.0, fit.tally.trials):
        raise DataError.one_outcome(fit.tally.events > 0, fit.tally.trials)
    examined, limit = _examine(fit, design, encoded, how)
    separation = examined or no_separation(fit.names, fit.tally.n_rows)
    asked, limits = None, None
    if limit is not None:
        asked, fit = fit, limit.fit
        # Likelihood ratios, which a pseudo-likelihood does not have.
        limits = None if weights_kind == "sampling" else limit.limits
    solution, event = fit.solution, design.event
    outcome = solution.outcome
    if how.require_convergence and separation.kind == "undecided" and outcome.converged:
        raise ConvergenceError(outcome, separation.sentence, (), _ADVICE[Outcome.DIVERGING])
    if how.require_convergence and not outcome.converged:
        advice = advice_for(fit, separation)
        raise ConvergenceError(outcome, _sentence(fit), _moving_columns(fit), advice)
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
        examined=examined,
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


def _examine(
    fit: Fit, design: Design | ArrayDesign, encoded: Encoded, how: ResultRequest
) -> tuple[Separation | None, Limit | None]:
    """Return what the rows say of separation, None where nobody asks, and the limiting model.

    A penalised fit is finite wherever its penalty reaches: its rows are asked where it is not, or
    where separation is to be an error.
    """
    plain = fit.estimator.is_ml
    if plain and _is_proved(fit):
        return no_separation(fit.names, fit.tally.n_rows), None
    if not plain and how.separation != "raise" and fit.solution.outcome.converged:
        return None, None
    recession, separation = find_separation(fit, design, encoded.labels)
    if separation.found and how.separation == "raise":
        raise SeparationError(separation)
    if not (separation.found and plain):
        return separation, None
    warnings.warn(SeparationWarning(separation), stacklevel=4)
    search = how.search
    limit = in_the_limit(
        fit,
        recession,
        level=how.level,
        tolerance=search.tolerance,
        max_iterations=max(search.max_iterations, 50),
    )
    return separation, limit


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
        if limits is None and fit.estimator.is_ml:
            yield (
                "Coefficients at ∞ or undetermined have no finite estimate, and no test or "
                "interval: likelihood ratios are refused with sampling weights."
            )
        else:
            yield (
                "Coefficients at ∞ or undetermined have no finite estimate: their p-values and "
                "limits are those of the likelihood ratio (chi-square, 1 df)."
            )
        if limits is not None and limits.unfound(separation.ends):
            yield "Of these, a limit shown as — was not found, or would take too long to find."
        if separation.kind == "complete" and not fit.solution.coef.size:
            yield "Complete separation: the log-likelihood reaches 0 and nothing else is estimated."
        else:
            aic = "" if limits is None else ", and AIC counts all coefficients"
            yield (
                "The other coefficients are those of the limiting model, estimated from the "
                f"{_rows(separation.n_rows - separation.n_separated)} not separated; the "
                f"log-likelihood is its supremum{aic}."
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
        yield f"NOT CONVERGED. {_sentence(fit)}{_stopped(fit)}"


def _rows(count: int) -> str:
    return f"{count:,} rows that are" if count != 1 else "one row that is"


def _unused(name: str, levels: Sequence[Any]) -> list[str]:
    shown = shorten([repr(level) for level in levels])
    return [f"No row used has level {shown} of {name}, which so has no coefficient."]


def _sentence(fit: Fit) -> str:
    """Return how a search ended; that for a zero raises nothing."""
    if fit.estimator.kind == "median-br" and fit.solution.outcome is Outcome.STALLED:
        return "No zero of the median-adjusted score was found, along any way that was tried."
    return fit.solution.outcome.sentence


def advice_for(fit: Fit, separation: Separation) -> str:
    """Return what to do about a search without a maximum, in the light of what the rows say."""
    outcome = fit.solution.outcome
    if fit.estimator.kind == "median-br":
        return (
            "Start elsewhere with start=; centre columns or code them differently, on which median "
            'bias reduction depends; or use estimator="firth", whose estimate always exists.'
        )
    if outcome in (Outcome.OVERSHOOTING, Outcome.ITERATION_LIMIT) and not separation.found:
        told = f"{_stopped(fit).strip()} {_ADVICE[outcome]}{_largest_rate(fit)}"
        return told + (_SLOW if outcome is Outcome.ITERATION_LIMIT and _is_descent(fit) else "")
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


_SLOW = (
    " Steps along the score are slow where columns differ in size or nearly repeat each other: "
    'standardise them, as in scale(age), or write solver="newton".'
)


def _is_descent(fit: Fit) -> bool:
    steps = fit.solution.steps
    return bool(steps) and steps[-1].kind == "stop"


def _largest_rate(fit: Fit) -> str:
    """Return which learning rates do not overshoot: up to twice n by the largest curvature.

    A logistic log-likelihood is nowhere more curved than at zero.
    """
    if fit.solution.outcome is not Outcome.OVERSHOOTING:
        return ""
    at = fit.solved_rows.fold_runs(fit.likelihood.evaluate, np.zeros(len(fit.basis.kept)))
    largest = float(np.linalg.eigvalsh(at.information)[-1])
    return f" With rates up to about {2.0 * fit.tally.trials / largest:.2g} no step overshoots."


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
    Outcome.OVERSHOOTING: (
        "Write a smaller learning_rate, or none for backtracking; columns of like size allow a "
        "larger one."
    ),
}


def _stopped(fit: Fit) -> str:
    """Return how far a search stopped from the maximum, as far as its last look can tell."""
    decrement = fit.solution.decrement
    if not math.isfinite(decrement):
        lost = fit.solution.outcome is Outcome.OVERSHOOTING
        return " No information is left there: standard errors are not available." if lost else ""
    return f" It stopped about {decrement:.2g} standard errors from the maximum, to first order."


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
