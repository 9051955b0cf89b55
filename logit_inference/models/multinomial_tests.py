"""Tests, analyses of deviance and profile intervals of a multinomial result."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from logit_inference.errors import (
    ArgumentError,
    ComparisonError,
    DetachedError,
    HypothesisError,
    ProfileError,
)
from logit_inference.inference.deviance import TermTest, wald_comparisons
from logit_inference.inference.distribution import chi_square_tail
from logit_inference.inference.hypothesis import Hypothesis, read_hypothesis
from logit_inference.inference.limits import Limits
from logit_inference.inference.polytomous import Top, compared, likelihood_ratio, score_statistic
from logit_inference.inference.profile import profile_interval
from logit_inference.inference.result import TestResult
from logit_inference.inference.terms import (
    Comparison,
    Structure,
    as_coded,
    marginal,
    sequential,
    single,
    without,
)
from logit_inference.inference.wald import (
    Coefficients,
    check_level,
    check_restrictions,
    coefficients,
    wald_test,
)
from logit_inference.models.deviance import NAMES, NOTHING_ADDED, TESTS, TITLES
from logit_inference.models.marginality import coding_notes
from logit_inference.models.multinomial_separated import class_limits
from logit_inference.report.deviance import deviance_table
from logit_inference.report.table import Column, Table
from logit_inference.rows.block import Floats
from logit_inference.solve.polytomous import of_equations, softmax_objective

if TYPE_CHECKING:
    from logit_inference.models.multinomial_result import MultinomialResult

NO_WALD = (
    "A term with a coefficient at infinity has no Wald test; the likelihood ratio has one: "
    'test="lr".'
)
ACROSS = "tests are across all equations and do not depend on it."


# --- hypotheses -----------------------------------------------------------------------------------


def hypothesis_test(result: MultinomialResult, hypothesis: Any, method: str | None) -> TestResult:
    """Return the test of a linear hypothesis about the coefficients that are shown."""
    method = "wald" if method is None else method
    if method not in TESTS:
        raise ArgumentError("method", method, '"wald", "lr" or "score"')
    estimate = result.estimate
    if isinstance(hypothesis, str) and "~" in re.sub("`[^`]*`", "", hypothesis):
        base = smaller_formula(result, hypothesis)
    else:
        read = read_hypothesis(hypothesis, estimate.names, names_of(result), estimate.identified)
        base = _of_fit(result, read)
    told = f"{reference_clause(result)}."
    if method == "wald":
        infinite = result.base.infinite_in(base.matrix)
        if infinite.any():
            moved = (base.matrix[infinite][0] != 0) & ~result.base.finite
            raise _infinite(result.base.names[int(np.argmax(moved))])
        return replace(wald_test(result.base, base), notes=(told,))
    check_restrictions(result.base, base.matrix)
    whole = top_of(result, f'method="{method}"')
    df = float(len(base.matrix))
    if method == "lr":
        statistic = likelihood_ratio(whole, base.matrix, base.value)
    else:
        peak = _peak(whole, "method")
        rows = whole.basis.of(base.matrix)
        statistic = score_statistic(peak, rows, base.value, np.zeros((0, rows.shape[1])))
    tail = chi_square_tail(statistic, df)
    notes = (told, *covariance_notes(result, method))
    return TestResult(method, base.text, statistic, df, None, tail, notes)


def reference_clause(result: MultinomialResult) -> str:
    """Return which level the coefficients compare with, for a note."""
    if result.reference is None:
        return f"Coefficients sum to zero over the levels of {result.account.outcome_name}"
    return f"Reference level of {result.account.outcome_name}: {result.reference}"


def smaller_formula(result: MultinomialResult, formula: str) -> Hypothesis:
    """Return the restrictions under which a fit is that of a smaller formula.

    Raises
    ------
    ArgumentError
        For a fit of arrays, and where terms of the formula are not terms of the fit, coded alike.
    ComparisonError
        Where the outcome differs, or the formula is not the smaller one.
    """
    from logit_inference.design.addition import read_formula, same_columns

    design: Any = result.design
    instead = "names of coefficients or terms, or a matrix"
    if not hasattr(design, "formula"):
        reason = "a fit of arrays has no formula"
        raise ArgumentError.refused("hypothesis", formula, reason, instead)
    parsed = read_formula(design, formula, result.table)
    if parsed.response != design.formula.response:
        raise ComparisonError.outcome(parsed.response_name, design.formula.response_name)
    shared = same_columns(design, parsed)
    if shared is None:
        reason = "its terms are not all terms of the fit, coded alike"
        raise ArgumentError.refused("hypothesis", formula, reason, instead)
    structure = structure_of(result)
    matrix = without(structure, [term for term in structure.columns if term not in shared])
    if not len(matrix):
        raise ComparisonError.same_model(formula)
    wide = kron(np.eye(result.shown.n_classes - 1), matrix)
    return Hypothesis(wide, np.zeros(len(wide)), (parsed.text,))


def _infinite(name: str) -> HypothesisError:
    return HypothesisError(
        f"the coefficient {name!r} has no finite maximum likelihood estimate, because its column "
        "separates levels of the outcome, so it has no standard error and no Wald test. Use the "
        'likelihood ratio: test(…, method="lr").',
        name=name,
    )


def names_of(result: MultinomialResult) -> dict[str, tuple[int, ...]]:
    """Return what a hypothesis may name beside coefficients: terms and columns of all equations."""
    p, equations = len(result.design.columns), range(len(result.shown.levels))
    named: dict[str, Sequence[int]] = dict(result.account.terms)
    named |= {name: (j,) for j, name in enumerate(result.design.columns) if name not in named}
    return {
        name: tuple(equation * p + j for equation in equations for j in columns)
        for name, columns in named.items()
    }


def _of_fit(result: MultinomialResult, read: Hypothesis) -> Hypothesis:
    """Return restrictions as those of the fit's own equations, independent ones.

    Coefficients that sum to zero over the levels are dependent: that all of them are zero is one
    restriction less.
    """
    matrix = result.shown.base(read.matrix)
    if result.shown.kind == "reference":
        return replace(read, matrix=matrix)
    scale = np.linalg.norm(matrix, axis=1, keepdims=True)
    scale[scale == 0] = 1.0
    left, sizes, turned = np.linalg.svd(matrix / scale, full_matrices=False)
    rank = int(np.count_nonzero(sizes > 1e-10 * sizes[0])) if sizes.size and sizes[0] > 0 else 0
    value = left.T @ (read.value / scale[:, 0])
    if not rank or np.abs(value[rank:]).max(initial=0.0) > 1e-10:
        raise HypothesisError.dependent(len(matrix))
    return Hypothesis(turned[:rank], value[:rank] / sizes[:rank], read.text)


def top_of(result: MultinomialResult, what: str) -> Top:
    """Return the likelihood of a result as the model that others are nested in; one pass."""
    fit = result.fit
    if fit is None:
        raise DetachedError(what)
    if result.asked is not None:
        asked = result.asked
        basis = of_equations(asked.basis, asked.n_classes - 1)
        supremum = result.account.log_likelihood
        return Top(softmax_objective(asked.solved_rows), basis, supremum, None)
    basis = of_equations(fit.basis, fit.n_classes - 1)
    peak = fit.peak() if fit.solution.outcome.converged else None
    if peak is None:
        raise ProfileError.not_found("a maximum to test against")
    return Top(peak.objective, basis, peak.value, peak)


def _peak(whole: Top, argument: str) -> Any:
    if whole.peak is None:
        reason = "the data are separated, and a score test needs a maximum"
        raise ArgumentError.refused(argument, "score", reason, '"lr"')
    return whole.peak


def covariance_notes(result: MultinomialResult, method: str) -> tuple[str, ...]:
    """Return what must be said of a test that does not use the covariance of the result."""
    kind = result.base.covariance.kind
    if method == "wald" or kind == "model":
        return ()
    name = "likelihood-ratio" if method == "lr" else "score"
    return (f"The {name} test does not use the covariance of this result ({kind}).",)


# --- terms ----------------------------------------------------------------------------------------


def structure_of(result: MultinomialResult) -> Structure:
    """Return the terms and what the columns can tell apart, as for one equation."""
    design, p = result.design, len(result.design.columns)
    placed = getattr(design, "terms", None)
    if placed is None:  # of an array, every column but the constant is a term of its own
        factors = {name: frozenset([name]) for name in design.columns}
        if design.constant is not None:
            factors[design.columns[design.constant]] = frozenset()
    else:
        factors = {term.name: frozenset(f.expr for f in term.factors) for term in placed}
    relations = {
        j: replace(relation, weights=relation.weights[:p])
        for j, relation in result.base.relations.items()
        if j < p
    }
    return Structure(dict(result.account.terms), factors, result.basis.estimable, relations)


def in_all_equations(comparison: Comparison, k: int) -> Comparison:
    """Return a comparison of models of one equation as that of models of k equations."""
    each = np.eye(k)
    null, alternative = kron(each, comparison.null), kron(each, comparison.alternative)
    return Comparison(comparison.term, null, alternative)


def kron(left: Floats, right: Floats) -> Floats:
    """Return the Kronecker product as floats."""
    return np.asarray(np.kron(left, right), dtype=np.float64)


def anova(result: MultinomialResult, kind: object, test: str | None) -> Table:
    """Return the analysis of deviance of a multinomial result."""
    if isinstance(kind, bool) or kind not in (1, 2, 3):
        allowed = "1 (sequential), 2 (respecting marginality) or 3 (columns as coded)"
        raise ArgumentError("type", kind, allowed)
    structure, number = structure_of(result), int(str(kind))
    make = {1: sequential, 2: marginal, 3: as_coded}[number]
    comparisons = [one for one in make(structure) if number != 3 or len(one.null)]
    test = _checked(test)
    lines = _tested(result, comparisons, test)
    notes = coding_notes(cast("Any", result), structure) if number == 3 else ()
    more: list[Column] = []
    if number == 1 and test != "wald" and lines and lines[0].smaller is not None:
        first = lines[0].smaller
        models = [first, *(line.larger for line in lines)]
        lines = [TermTest("NULL"), *lines]
        more = [
            Column("deviance", [-2.0 * m.maximum for m in models if m is not None], kind="fixed")
        ]
    return _table(result, TITLES[number], lines, test, more, notes)


def drop1(result: MultinomialResult, test: str | None) -> Table:
    """Return the test of each term that no other contains."""
    test = _checked(test)
    lines = _tested(result, single(structure_of(result)), test)
    more: list[Column] = []
    if test != "wald" and lines:
        models = [lines[0].larger, *(line.smaller for line in lines)]
        lines = [TermTest("<none>"), *lines]
        known = [m for m in models if m is not None]
        aic = [2.0 * (m.n_coefficients - m.maximum) for m in known]
        more = [
            Column("deviance", [-2.0 * m.maximum for m in known], kind="fixed"),
            Column("aic", aic, "AIC", kind="fixed"),
        ]
    return _table(result, "Single Terms Dropped", lines, test, more, ())


def _checked(test: str | None) -> str:
    test = "lr" if test is None else test
    if test not in TESTS:
        raise ArgumentError("test", test, '"lr", "wald" or "score"')
    return test


def _tested(
    result: MultinomialResult, comparisons: Sequence[Comparison], test: str
) -> list[TermTest]:
    wide = [in_all_equations(one, result.shown.n_classes - 1) for one in comparisons]
    if test == "wald":
        return wald_comparisons(result.base, wide)
    whole = top_of(result, f'test="{test}"')
    if test == "score":
        _peak(whole, "test")
    return compared(whole, wide, test)


def _table(
    result: MultinomialResult,
    title: str,
    lines: Sequence[TermTest],
    test: str,
    more: Sequence[Column],
    notes: Sequence[str],
) -> Table:
    said = [f"{reference_clause(result)}; {ACROSS}", *notes, *covariance_notes(result, test)]
    if test == "wald" and any(math.isnan(line.statistic or 0.0) for line in lines):
        said.append(NO_WALD)
    if any(line.df == 0 for line in lines):
        said.append(NOTHING_ADDED)
    return deviance_table(f"{NAMES[test]}, {title}", lines, more=more, notes=said)


# --- single coefficients --------------------------------------------------------------------------


def coefficient_inference(
    result: MultinomialResult, level: float, method: str, chosen: Sequence[int] | None = None
) -> Coefficients:
    """Return statistics, p-values and intervals of the coefficients shown, (s p,) arrays.

    Parameters
    ----------
    result : MultinomialResult
    level : float
    method : {"wald", "lr", "profile"}
    chosen : sequence of int, optional
        Coefficients that are profiled; others are NaN.
    """
    level = check_level(level)
    table = coefficients(result.estimate, level)
    if method == "wald":
        limits = result.limits if level == result.level else limits_of(result, level)
        return table if limits is None else limits.put_into(table)
    if method not in ("lr", "profile"):
        raise ArgumentError("method", method, '"wald", or "lr" or "profile", which are the same')
    if result.separation.found:
        reason = "the data are separated, and profiles of the other coefficients are not computed"
        raise ArgumentError.refused("method", method, reason, '"wald"')
    whole = top_of(result, f'method="{method}"')
    peak = _peak(whole, "method")
    size = len(table.estimate)
    statistic, p_value, low, high = np.full((4, size), np.nan)
    wanted = range(size) if chosen is None else chosen
    for j in wanted:
        if not result.estimate.estimable[j]:
            continue
        row: Floats = whole.basis.of(result.shown.base(np.eye(size)[[j]]))
        low[j], high[j] = profile_interval(peak, row[0], level)
        fall = likelihood_ratio(whole, result.shown.base(np.eye(size)[[j]]), np.zeros(1))
        statistic[j] = math.copysign(math.sqrt(fall), table.estimate[j])
        p_value[j] = chi_square_tail(fall, 1.0)
    return Coefficients(table.estimate, table.std_error, statistic, p_value, low, high)


def limits_of(result: MultinomialResult, level: float) -> Limits | None:
    """Return likelihood-ratio inference for infinite coefficients; None where there are none.

    Raises
    ------
    DetachedError
        For another level than the one that a result without rows carries.
    """
    if not result.separation.found:
        return None
    known = result.known_limits
    if known is not None and known.level == level:
        return known
    if known is None and result.fit is None:  # of another reference than the one that was saved
        return Limits(level, *np.full((4, len(result.estimate.names)), np.nan))
    whole = top_of(result, "the interval of an infinite coefficient at another level")
    assert result.asked is not None, "separated data were searched before"
    n_rows = result.asked.solved.n_rows
    return class_limits(whole, result.estimate, result.shown, level, n_rows)
