"""Analysis of deviance of a result: its terms tested by types 1, 2 and 3, dropped and added."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from logit_inference.errors import ArgumentError, SurveyError, shorten
from logit_inference.inference.deviance import (
    Model,
    TermTest,
    likelihood_comparisons,
    wald_comparisons,
)
from logit_inference.inference.terms import (
    Comparison,
    as_coded,
    marginal,
    sequential,
    single,
)
from logit_inference.inference.wald import covariance_note
from logit_inference.models.adjustment import (
    adjusted_tests,
    comparison_axes,
    own_estimate,
    single_df,
)
from logit_inference.models.marginality import coding_notes
from logit_inference.models.nested import structure_of
from logit_inference.models.testing import covariance_notes, whole_of
from logit_inference.report.deviance import deviance_table
from logit_inference.report.summary import NO_WALD_TEST
from logit_inference.report.table import Column, Table
from logit_inference.rows.block import Floats

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult

TESTS = ("lr", "wald", "score")
NAMES = {"wald": "Wald Tests", "lr": "Likelihood-Ratio Tests", "score": "Score Tests"}
NOTHING_ADDED = "A term with 0 df adds nothing to what the rows can tell of the others."
SEPARATED = (
    "The data are separated: degrees of freedom of likelihood ratios count all restrictions, those "
    "of score tests the ones that the rows left beside a smaller model's separated rows can tell."
)
NOTHING_TESTED = "The model has no term beside the intercept: there is nothing to test."
TOO_FEW_CLUSTERS = (
    "A line without a test is about more coefficients together than so few clusters, or their "
    "degrees of freedom, can test."
)
INTERCEPT_LEFT_OUT = (
    "The intercept has no line: FLIC corrects it by hand, so that it maximises nothing. "
    'test="wald" has one.'
)
TITLES = {
    1: "Type 1: Each Term Added to Those Before It",
    2: "Type 2: Each Term Added to All That Do Not Contain It",
    3: "Type 3: Columns of Each Term, As Coded",
}


def anova(result: LogitResult, kind: object, test: str | None, adjustment: str | None) -> Table:
    """Return the analysis of deviance of a result."""
    if isinstance(kind, bool) or kind not in (1, 2, 3):
        raise ArgumentError(
            "type", kind, "1 (sequential), 2 (respecting marginality) or 3 (columns as coded)"
        )
    structure = structure_of(result)
    make = {1: sequential, 2: marginal, 3: as_coded}[int(str(kind))]
    test = _test(result, test)
    comparisons = make(structure)
    flic: tuple[str, ...] = ()
    if kind == 3:
        comparisons = [one for one in comparisons if len(one.null)]
    if test != "wald" and result.account.estimator.intercept == "flic":
        # Corrected by hand: that intercept maximises nothing.
        kept = [one for one in comparisons if structure.factors[one.term]]
        flic = (INTERCEPT_LEFT_OUT,) if len(kept) < len(comparisons) else ()
        comparisons = kept
    lines = _tested(result, comparisons, test)
    adjusted, notes = adjusted_values(result, lines, comparisons, test, adjustment)
    notes += flic
    if kind == 3:
        notes += (*coding_notes(result, structure), *_aliased_notes(result))
    more: list[Column] = []
    if kind == 1 and test != "wald":
        first = lines[0].smaller if lines else fitted_model(result)
        lines = [TermTest("NULL"), *lines]
        adjusted = None if adjusted is None else [None, *adjusted]
        models = [first, *(line.larger for line in lines[1:])]
        more = fit_columns(result, models, ("df_residual", "deviance"))
    return _table(result, TITLES[int(str(kind))], lines, test, adjusted, more, notes)


def wald_terms(result: LogitResult, adjustment: str | None) -> Table:
    """Return the Wald test of the columns of each term, as coded."""
    comparisons = [one for one in as_coded(structure_of(result)) if len(one.null)]
    lines = wald_comparisons(result.estimate, comparisons)
    adjusted, notes = adjusted_values(result, lines, comparisons, "wald", adjustment)
    notes += (*wald_notes(result, lines), *covariance_notes(result, "wald"))
    notes += _aliased_notes(result)
    title = "Wald Tests of Terms"
    return deviance_table(title, lines, adjusted=adjusted, notes=notes)


def _aliased_notes(result: LogitResult) -> tuple[str, ...]:
    """Return what tests of columns leave out."""
    estimate = result.estimate
    names = [
        name for name, there in zip(estimate.names, estimate.identified, strict=True) if not there
    ]
    if not names:
        return ()
    return (
        f"Not estimable, and so not in the models compared here: {shorten(names)}. Type 2 tests a "
        "term beside all that such columns span.",
    )


def drop1(result: LogitResult, test: str | None, adjustment: str | None) -> Table:
    """Return the test of each term of a result that no other contains."""
    comparisons = single(structure_of(result))
    test = _test(result, test)
    lines = _tested(result, comparisons, test)
    adjusted, notes = adjusted_values(result, lines, comparisons, test, adjustment)
    more: list[Column] = []
    if test != "wald":
        lines = [TermTest("<none>"), *lines]
        adjusted = None if adjusted is None else [None, *adjusted]
        models = [fitted_model(result), *(line.smaller for line in lines[1:])]
        more = fit_columns(result, models, ("deviance", "aic"))
    return _table(result, "Single Terms Dropped", lines, test, adjusted, more, notes)


def adjusted_values(
    result: LogitResult,
    lines: Sequence[TermTest],
    comparisons: Sequence[Comparison],
    test: str,
    adjustment: str | None,
) -> tuple[list[float | None] | None, tuple[str, ...]]:
    """Return adjusted p-values, None where none are wanted, and what is to be said of them.

    The intercept's test, which nobody looks for, does not count.
    """
    if adjustment is None:
        return None, ()
    structure = structure_of(result)
    counted = [bool(structure.factors.get(line.term, {line.term})) for line in lines]
    p = p_values([line if own else TermTest("") for line, own in zip(lines, counted, strict=True)])
    estimate = own_estimate(result, test) if adjustment == "single-step" else result.estimate
    found = adjusted_tests(
        p,
        adjustment,
        lambda: comparison_axes(estimate, comparisons, p),
        single_df(result, test, adjustment),
    )
    shown = [
        value if own else None for value, own in zip(found.values.tolist(), counted, strict=True)
    ]
    return shown, (found.note,)


def fitted_model(result: LogitResult) -> Model:
    """Return the whole model of a result, without a search."""
    account = result.account
    value = account.log_likelihood if account.estimator.is_ml else account.criterion
    return Model(value, account.rank)


def p_values(lines: Sequence[TermTest]) -> Floats:
    """Return the p-values of tests, NaN for lines without one."""
    return np.array([math.nan if line.p_value is None else line.p_value for line in lines])


def _test(result: LogitResult, test: str | None) -> str:
    """Return which test to make: by default the likelihood ratio, where there is one."""
    if test is None:
        has_ratios = result.account.estimator.has_likelihood and not result.account.is_pseudo
        return "lr" if has_ratios else "wald"
    if test not in TESTS:
        raise ArgumentError("test", test, '"lr", "wald" or "score"')
    return test


def _tested(result: LogitResult, comparisons: Sequence[Comparison], test: str) -> list[TermTest]:
    if test == "wald":
        return wald_comparisons(result.estimate, comparisons)
    return likelihood_comparisons(whole_of(result, test, "test"), comparisons, test)


def _table(
    result: LogitResult,
    title: str,
    lines: Sequence[TermTest],
    test: str,
    adjusted: Sequence[float | None] | None,
    more: Sequence[Column],
    notes: Sequence[str],
) -> Table:
    """Return the table with the notes that its numbers need."""
    notes = [*notes, *covariance_notes(result, test)]
    if all(line.statistic is None for line in lines):
        notes.append(NOTHING_TESTED)
    if test == "wald":
        notes += wald_notes(result, lines)
    elif result.estimate.recession is not None:
        notes.append(SEPARATED)
    if any(line.df == 0 for line in lines):
        notes.append(NOTHING_ADDED)
    if test == "lr" and not result.account.estimator.is_ml:
        notes.append("Each restricted fit keeps the penalty of all columns.")
    head = f"{NAMES[test]}, {title}"
    return deviance_table(head, lines, adjusted=adjusted, more=more, notes=notes)


def wald_notes(result: LogitResult, lines: Sequence[TermTest]) -> tuple[str, ...]:
    """Return what Wald tests of terms rest on, and why some have none."""
    joint = any((line.df or 0.0) > 1.0 for line in lines)
    notes = covariance_note(result.estimate, joint=joint)
    if not any(math.isnan(line.statistic or 0.0) for line in lines):
        return notes
    if result.estimate.recession is None:
        return (*notes, TOO_FEW_CLUSTERS)
    if result.account.is_pseudo:
        return (*notes, str(SurveyError.infinite()))
    return (*notes, NO_WALD_TEST)


def fit_columns(
    result: LogitResult, models: Sequence[Model | None], wanted: Sequence[str]
) -> list[Column]:
    """Return deviances and what goes with them, of models; or what a penalised fit maximised."""
    account, tally = result.account, result.account.tally
    known = [model for model in models if model is not None]
    if not account.estimator.is_ml:
        values = [model.maximum for model in known]
        return [Column("penalized_log_likelihood", values, "penalized ℓ", kind="fixed")]
    saturated = tally.saturated + tally.log_binomial
    numbers = {
        "df_residual": [account.nobs - model.n_coefficients for model in known],
        "deviance": [2.0 * (saturated - model.maximum) for model in known],
        "aic": [2.0 * (model.n_coefficients - model.maximum) for model in known],
    }
    headers = {"df_residual": "resid. df", "deviance": "deviance", "aic": "AIC"}
    return [
        Column(name, numbers[name], headers[name], "integer" if name == "df_residual" else "fixed")
        for name in wanted
    ]
