"""Comparison of fits: likelihood-ratio tests where they are nested, criteria where they are not."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from logit_inference.errors import ArgumentError, ComparisonError, DetachedError, plain
from logit_inference.inference.deviance import TermTest
from logit_inference.inference.distribution import chi_square_tail
from logit_inference.models.adjustment import (
    Adjusted,
    adjusted_tests,
    comparison_axes,
    own_estimate,
)
from logit_inference.models.deviance import p_values
from logit_inference.models.joint import chain, check_finite
from logit_inference.models.matched import ConditionalResult
from logit_inference.models.multinomial_result import MultinomialResult
from logit_inference.models.result import LogitResult
from logit_inference.models.sampled import check_likelihood
from logit_inference.models.testing import covariance_notes
from logit_inference.report.deviance import comparison_table
from logit_inference.report.table import Column, Table
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.sets import SETS
from logit_inference.rows.source import ArraySource
from logit_inference.rows.variant import row_groups, row_offset, row_weights
from logit_inference.solve.fit import Fit
from logit_inference.solve.nesting import combinations

NO_TEST = "AIC and BIC compare models that are not nested; no test does."


def compare(*fits: LogitResult | ConditionalResult, adjust: str | None = None) -> Table:
    """Return fits side by side, each tested against the one before by likelihood ratio.

    Parameters
    ----------
    *fits : LogitResult or ConditionalResult
        Two or more, of the same rows in the same order, outcome, weights and sets.
    adjust : {"holm", "bonferroni", "bh", "by", "single-step"}, optional
        Adds p-values that are adjusted for the number of tests; ``"single-step"`` needs one of the
        fits to hold all others.

    Returns
    -------
    Table
        ``model``, ``df_residual``, ``log_likelihood``, ``aic``, ``bic``; and ``statistic``, ``df``,
        ``p_value`` where each is nested in the one before or the other way round. Where some are
        not there are no tests, and the table says which columns stand outside.

    Raises
    ------
    ComparisonError
        Where rows, outcome, weights or estimator differ, with the reason.
    DetachedError
        For a result without its rows.

    Notes
    -----
    That models are nested is found from the rows: the columns of the smaller must be combinations
    of those of the larger (see `solve.nesting`), and where offsets differ, so must the difference
    of the offsets. One pass where they are the same columns, else a
    QR fold. Separated fits compare by the suprema of their log-likelihoods.

    Examples
    --------
    >>> import logit_inference as li
    >>> data = li.datasets.load("birthwt")
    >>> small, large = li.logit("low ~ lwt", data), li.logit("low ~ poly(lwt, 2)", data)
    >>> li.compare(small, large).to_frame()["p_value"].round(4).tolist()
    [nan, 0.476]
    """
    if fits and isinstance(fits[0], (list, tuple)):
        raise ArgumentError("fits", "a list", "the fits one by one: li.compare(*fits)")
    if len(fits) < 2:
        raise ArgumentError("fits", len(fits), "two fits or more: li.compare(small, large)")
    return _compared([_core(fit) for fit in fits], adjust)


def _core(fit: object) -> LogitResult:
    """Return the result that answers for a fit."""
    if isinstance(fit, ConditionalResult):
        return fit.core
    if not isinstance(fit, LogitResult):
        wanted = "results of li.logit(), or of li.conditional_logit(); adjust= by its name"
        if isinstance(fit, MultinomialResult):
            wanted += '. Of a multinomial fit, larger.test("y ~ smaller formula", method="lr")'
        raise ArgumentError("fits", type(fit).__name__, wanted)
    return fit


def _compared(fits: Sequence[LogitResult], adjust: str | None) -> Table:
    """Return results side by side."""
    for result in fits:
        check_likelihood(result, "compare()")
    asked = [_asked(fit) for fit in fits]
    for result, fit in zip(fits[1:], asked[1:], strict=True):
        _check_same_data(fits[0], result, asked[0], fit)
    names = [f"model {k}" for k in range(1, len(fits) + 1)]
    formulas = [fit.account.formula or ", ".join(fit.estimate.names) for fit in fits]
    lines, notes = _tests(fits, asked, names)
    tested, adjusted = not notes, None
    if adjust is not None and not tested:
        raise ArgumentError.refused("adjust", adjust, notes[0].rstrip("."), "None")
    if tested:
        notes += dict.fromkeys(note for fit in fits for note in covariance_notes(fit, "lr"))
    else:
        lines = [TermTest(name) for name in names]
    if adjust is not None:
        found = _adjusted(fits, asked, names, lines[1:], adjust)
        adjusted = [None, *found.values.tolist()]
        notes.append(found.note)
    columns = [
        Column("df_residual", [fit.df_resid for fit in fits], "resid. df", kind="integer"),
        Column("log_likelihood", [fit.llf for fit in fits], "log-lik.", kind="fixed"),
    ]
    if fits[0].account.estimator.has_criteria:
        columns.append(Column("aic", [fit.aic for fit in fits], "AIC", kind="fixed"))
        columns.append(Column("bic", [fit.bic for fit in fits], "BIC", kind="fixed"))
    return comparison_table(lines, formulas, columns, tested=tested, adjusted=adjusted, notes=notes)


def _tests(
    fits: Sequence[LogitResult], asked: Sequence[Fit], names: Sequence[str]
) -> tuple[list[TermTest], list[str]]:
    """Return the test of each fit against the one before, and why they do not stand, if so."""
    lines: list[TermTest] = [TermTest(names[0])]
    notes: list[str] = []
    estimator = fits[0].account.estimator
    if not estimator.is_ml:
        notes.append(f"No tests: {estimator.name} has another penalty in each model.")
        if estimator.has_likelihood:
            notes.append(
                "Test within the larger fit, whose penalty holds for both: "
                'fit.test("smaller formula", method="lr").'
            )
    for name, result in zip(names, fits, strict=True):
        if not result.converged:
            notes.append(f"No tests: the search for {name} stopped before its maximum.")
    for k, (one, other) in enumerate(pairwise(asked), start=1):
        smaller, larger = sorted((k - 1, k), key=lambda i: len(asked[i].basis.kept))
        outside = [] if notes else _outside(asked[smaller], asked[larger])
        if outside:
            notes.append(
                f"Not nested: {', '.join(outside[:3])} of {names[smaller]} "
                f"{'is' if len(outside) == 1 else 'are'} no combination of the columns of "
                f"{names[larger]}. {NO_TEST}"
            )
        elif not notes and not _is_offset_inside(asked[smaller], asked[larger]):
            notes.append(
                f"Not nested: the offsets of {names[smaller]} and {names[larger]} differ, and "
                f"their difference is no combination of the columns of {names[larger]}. {NO_TEST}"
            )
        df = abs(len(one.basis.kept) - len(other.basis.kept))
        statistic = 2.0 * (fits[larger].llf - fits[smaller].llf) if df else 0.0
        statistic = max(statistic, 0.0)
        tail = chi_square_tail(statistic, float(df)) if df else math.nan
        lines.append(TermTest(names[k], statistic, float(df), tail))
    return lines, notes


def _adjusted(
    fits: Sequence[LogitResult],
    asked: Sequence[Fit],
    names: Sequence[str],
    tests: Sequence[TermTest],
    adjustment: str,
) -> Adjusted:
    """Return the adjusted p-values of the tests of fits, each against the one before."""
    p = p_values(tests)

    def axes() -> list[Floats]:
        check_finite([fit.estimate for fit in fits], names)
        widest, comparisons = chain(asked, names)
        return comparison_axes(own_estimate(fits[widest], "lr"), comparisons, p)

    return adjusted_tests(p, adjustment, axes)


def _asked(result: LogitResult) -> Fit:
    fit = result.fit if result.asked is None else result.asked
    if fit is None:
        raise DetachedError("compare()")
    return fit


def _check_same_data(first: LogitResult, other: LogitResult, one: Fit, two: Fit) -> None:
    """Raise unless two fits are of the same rows, outcome, weights and sets."""
    sets = [row_groups(fit.source).get(SETS) for fit in (one, two)]
    if (sets[0] is None) != (sets[1] is None):
        raise ComparisonError.conditioning()
    n, m = first.n_rows_used, other.n_rows_used
    if n != m:
        raise ComparisonError.rows(f"{n} and {m}{_dropped(first, other)}")
    ours, theirs = np.asarray(first.labels), np.asarray(other.labels)
    differ = np.flatnonzero(ours != theirs)
    if len(differ):
        if Counter(ours.tolist()) == Counter(theirs.tolist()):
            raise ComparisonError.order()
        at = int(differ[0])
        raise ComparisonError.rows(
            f"both use {n}, but row {at + 1} of them is {plain(ours[at])!r} in one and "
            f"{plain(theirs[at])!r} in the other"
        )
    events = first.account.event, other.account.event
    a, b = _source(one).data, _source(two).data
    tried = [np.ones(n) if part.trials is None else part.trials for part in (a, b)]
    if not (np.array_equal(a.y, b.y) and np.array_equal(tried[0], tried[1])):
        if events[0] == events[1] and _counted(a.y, tried[0]) == _counted(b.y, tried[1]):
            raise ComparisonError.order()
        raise ComparisonError.outcome(*events)
    if not np.array_equal(*_both(one, two, row_weights)):
        raise ComparisonError.weights("weights")
    if first.account.weights_kind != other.account.weights_kind:
        raise ComparisonError.weights("kinds of weights")
    if sets[0] is not None and sets[1] is not None and not np.array_equal(sets[0], sets[1]):
        raise ComparisonError.weights("sets")
    estimators = first.account.estimator, other.account.estimator
    settings = [(e.kind, e.power, e.intercept) for e in estimators]
    if settings[0] != settings[1]:
        raise ComparisonError.estimator(estimators[0].name, estimators[1].name)


def _counted(y: Floats, trials: Floats) -> Counter[tuple[float, float]]:
    return Counter(zip(y.tolist(), trials.tolist(), strict=True))


def _both(one: Fit, two: Fit, kernel: Callable[[Block], Floats]) -> tuple[Floats, Floats]:
    return one.source.map(kernel), two.source.map(kernel)


def _dropped(first: LogitResult, other: LogitResult) -> str:
    """Return which variables cost the one fit rows and not the other."""
    here, there = dict(first.n_rows_dropped), dict(other.n_rows_dropped)
    names = [name for name in {**here, **there} if here.get(name) != there.get(name)]
    return f" (rows that miss {', '.join(names)} are dropped in one of them)" if names else ""


def _source(fit: Fit) -> ArraySource:
    assert isinstance(fit.source, ArraySource)
    return fit.source


def _outside(smaller: Fit, larger: Fit) -> list[str]:
    """Return the columns of a fit that are no combinations of those of another."""
    places = {name: j for j, name in enumerate(larger.names)}
    alike = {j: places[name] for j, name in enumerate(smaller.names) if name in places}
    found = combinations(larger.source, larger.basis.kept, _source(smaller), alike)
    return [smaller.names[j] for j in found.outside]


def _is_offset_inside(smaller: Fit, larger: Fit) -> bool:
    """Say whether what a fit's offset has more than another's is a combination of its columns."""
    here, there = _both(smaller, larger, row_offset)
    if np.array_equal(here, there):
        return True
    rows = ArraySource(Block(np.zeros(len(here)), (here - there)[:, np.newaxis]))
    return not combinations(larger.source, larger.basis.kept, rows).outside
