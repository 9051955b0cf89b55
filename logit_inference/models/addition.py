"""Terms that may be added to a fit: score tests without fitting, likelihood ratios by fitting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.errors import ArgumentError, ComparisonError, DetachedError
from logit_inference.inference.deviance import Model, TermTest
from logit_inference.inference.distribution import chi_square_tail
from logit_inference.models.adjustment import adjusted_tests
from logit_inference.models.deviance import (
    NAMES,
    NOTHING_ADDED,
    fit_columns,
    fitted_model,
    p_values,
)
from logit_inference.models.joint import addition_axes, check_finite
from logit_inference.models.nested import fitted_columns
from logit_inference.models.sampled import check_likelihood
from logit_inference.models.separated import supremum_of
from logit_inference.models.testing import covariance_notes
from logit_inference.report.deviance import deviance_table
from logit_inference.report.table import Table
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import Columns as Matrix
from logit_inference.rows.source import ArraySource, Source
from logit_inference.rows.threads import threads_for
from logit_inference.rows.variant import row_weights, variant
from logit_inference.solve.fit import Fit, fit_rows
from logit_inference.solve.supremum import score_at

if TYPE_CHECKING:
    from logit_inference.design.addition import Columns
    from logit_inference.models.result import LogitResult


def add1(
    result: LogitResult, scope: str | Sequence[str], test: str, adjustment: str | None
) -> Table:
    """Return the test of each addition to a fit, on the rows of the fit."""
    from logit_inference.design.addition import encode_formula, enlarged, new_terms

    if test not in ("score", "lr"):
        raise ArgumentError("test", test, '"score" or "lr"; Wald tests are those of larger fits')
    check_likelihood(result, f'add1(test="{test}")')
    design: Any = result.design
    estimator = result.account.estimator
    if not estimator.is_ml:
        reason = f"{estimator.name} of a larger model has another penalty, and does not compare"
        instead = "the larger formula, and test in it what is new by likelihood ratio"
        raise ArgumentError.refused("estimator", estimator.kind, reason, instead)
    if not hasattr(design, "formula"):
        reason = "a fit of arrays has no formula to add to"
        instead = "the larger array, and test() in its fit"
        raise ArgumentError.refused("scope", scope, reason, instead)
    fit = result.fit if result.asked is None else result.asked
    if fit is None or result.fit is None or result.table is None:
        raise DetachedError("add1()")
    if adjustment == "single-step" and test == "lr":
        check_finite([result.estimate], ["the fit"])
    scope = [scope] if isinstance(scope, str) else list(scope)
    if not scope:
        raise ArgumentError("scope", scope, 'what may be added, such as ["x", "x:z"]')
    lines = [TermTest("<none>")] if test == "lr" else []
    models = [fitted_model(result)]
    columns: list[
        Columns
    ] = []  # of all models at once, where the tests' joint distribution is asked
    limit = result.fit
    for addition in scope:
        larger = encode_formula(
            design,
            enlarged(design, addition),
            result.table,
            result.positions,
            result.n_rows_read,
            fitted_columns(fit),
        )
        if not new_terms(design, larger.formula):
            raise ComparisonError.nothing_new(addition)
        source = rows_with(fit, larger.X)
        if adjustment == "single-step":
            columns.append(larger)
        if test == "score":
            statistic, df = _score(limit, source)
        else:
            value, rank = _maximum(fit, source, larger.names)
            statistic, df = max(2.0 * (value - models[0].maximum), 0.0), rank - len(fit.basis.kept)
            models.append(Model(value, rank))
        if not df:
            statistic = 0.0
        tail = chi_square_tail(statistic, float(df)) if df else math.nan
        lines.append(TermTest(addition, statistic, float(df), tail))
    adjusted: list[float | None] | None = None
    notes = list(covariance_notes(result, test))
    if adjustment is not None:
        tested = [line for line in lines if line.df is not None]
        dfs = [line.df or 0.0 for line in tested]
        found = adjusted_tests(
            p_values(tested), adjustment, lambda: addition_axes(limit, columns, dfs)
        )
        adjusted = [*[None] * (len(lines) - len(tested)), *found.values.tolist()]
        notes.append(found.note)
    if any(line.df == 0 for line in lines):
        notes.append(NOTHING_ADDED)
    more = fit_columns(result, models, ("deviance", "aic")) if test == "lr" else []
    title = f"{NAMES[test]}, Single Terms Added"
    return deviance_table(title, lines, adjusted=adjusted, more=more, notes=notes)


def rows_with(fit: Fit, X: Matrix) -> ArraySource:
    """Return the rows of a fit with other columns."""
    assert isinstance(fit.source, ArraySource)
    data = fit.source.data
    block = Block(data.y, X, data.trials, data.weights, data.offset)
    return ArraySource(block, threads=threads_for(*X.shape))


def _score(fit: Fit, source: Source) -> tuple[float, int]:
    """Return the score statistic of a larger model at the fit, and its degrees of freedom.

    On separated data that of the limiting model: rows that are separated add nothing.
    """
    link: Floats = fit.map(fit.likelihood.linear_predictor)
    gone = np.isinf(link)
    if gone.any():
        weights = np.where(gone, 0.0, source.map(row_weights))
        source, link = variant(source, weights=weights), np.where(gone, 0.0, link)
    statistic, rank = score_at(source, fit.likelihood, link)
    return statistic, rank - len(fit.basis.kept)


def _maximum(fit: Fit, source: ArraySource, names: Sequence[str]) -> tuple[float, int]:
    """Return the log-likelihood of a larger model, or its supremum, and its number of columns."""
    larger = fit_rows(
        source,
        fit.likelihood,
        names,
        constant=fit.constant,
        offset=source.data.offset is not None,
    )
    return supremum_of(larger), len(larger.basis.kept)
