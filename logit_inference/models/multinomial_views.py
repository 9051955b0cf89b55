"""A multinomial result seen otherwise: summarised, against another reference, without its rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.errors import ArgumentError, DetachedError, HypothesisError, shorten
from logit_inference.inference.equations import identification
from logit_inference.models.frames import exponentiated
from logit_inference.models.multinomial_frames import coefficient_index, probabilities
from logit_inference.models.multinomial_tests import (
    coefficient_inference,
    names_of,
    reference_clause,
)
from logit_inference.report.multinomial import confusion_table, multinomial_summary
from logit_inference.rows.source import ArraySource
from logit_inference.solve.certificate import Certificate, undecided
from logit_inference.solve.polytomous_certificate import certify_class_limit, certify_softmax_fit

if TYPE_CHECKING:
    import pandas as pd

    from logit_inference.models.multinomial_result import MultinomialResult
    from logit_inference.report.table import Table


UNFOUND = (
    "Of coefficients at ∞ or undetermined, a p-value or limit shown as — was not found, or would "
    "take too long to find."
)


def in_reference(result: MultinomialResult, level: Any) -> MultinomialResult:
    """Return the result against another reference; None for coefficients that sum to zero."""
    levels = result.level_names
    if level is not None and str(level) not in levels:
        allowed = f"one of the levels: {shorten([repr(one) for one in result.levels])}"
        raise ArgumentError("level", level, allowed)
    base = levels.index(str(result.design.event.other))
    shown = identification(levels, base, None if level is None else str(level))
    return replace(result, shown=shown, known_limits=None)


def intervals(
    result: MultinomialResult, level: float, method: str, names: str | Sequence[str] | None
) -> pd.DataFrame:
    """Return interval ends by level and term, of some coefficients where names are given."""
    import pandas as pd

    chosen = None if names is None else _chosen(result, names)
    table = coefficient_inference(result, level, method, chosen)
    ends = {"conf_low": table.conf_low, "conf_high": table.conf_high}
    frame = pd.DataFrame(ends, index=coefficient_index(result))
    frame.attrs["covariance"] = result.base.covariance.label
    return frame if chosen is None else frame.iloc[chosen]


def _chosen(result: MultinomialResult, names: str | Sequence[str]) -> list[int]:
    """Return the coefficients that names stand for, in the order of the table."""
    own, groups = result.estimate.names, names_of(result)
    found: set[int] = set()
    for name in [names] if isinstance(names, str) else list(names):
        if name in own:
            found.add(own.index(name))
        elif name in groups:
            found.update(groups[name])
        else:
            raise HypothesisError.unknown(str(name), str(name), own, list(groups))
    return sorted(found)


def summary(result: MultinomialResult, risk_ratios: bool, method: str, level: float) -> Table:
    """Return the summary of a result."""
    table = result.coefficients(level, method)
    limits, ends = result.limits, np.where(result.estimate.finite, 0.0, result.estimate.coef)
    lacking = () if limits is None or not limits.unfound(ends) else (UNFOUND,)
    found = multinomial_summary(
        result.account,
        result.goodness,
        result.base.covariance,
        result.shown,
        tuple(zip(result.level_names, result.counts, strict=True)),
        result.design.columns,
        exponentiated(table) if risk_ratios else table,
        level,
        risk_ratios=risk_ratios,
        method="wald" if method == "wald" else "profile",
        undetermined=result.estimate.undetermined.tolist(),
        certificate=str(result.certificate),
    )
    return replace(found, notes=(*found.notes, *lacking))


def confusion(result: MultinomialResult) -> Table:
    """Return observed levels against the most probable ones."""
    fit = result.fit
    if fit is None:
        raise DetachedError("confusion_table()")
    source = fit.source
    assert isinstance(source, ArraySource)
    order = np.argsort(result.class_columns)
    observed = order[source.data.y.astype(np.intp)]
    best = probabilities(result, None, None).to_numpy().argmax(axis=1)
    k = len(result.levels)
    weights = source.data.weights
    if weights is not None and result.account.weights_kind != "frequency":
        weights = (weights > 0).astype(np.float64)
    counts = np.bincount(observed * k + best, weights, k * k).reshape(k, k)
    note = f"{reference_clause(result)}."
    return confusion_table(result.level_names, np.asarray(counts, dtype=np.float64), note)


def certificate_of(result: MultinomialResult) -> Certificate:
    """Return the proof that a result carries."""
    if result.proof is not None:
        return result.proof
    if result.fit is None:
        raise DetachedError("certificate")
    separation = result.separation
    sentence = separation.sentence[:1].lower() + separation.sentence[1:].rstrip(".")
    if separation.kind == "undecided":
        return undecided(sentence)
    if separation.found:
        limit = certify_class_limit(result.fit, result.base.covariance.root)
        return Certificate(False, math.inf, math.nan, math.nan, math.nan, sentence, limit)
    return certify_softmax_fit(result.fit)


def detached(result: MultinomialResult) -> MultinomialResult:
    """Return the result without its rows; what tables need is computed before they go."""
    return replace(
        result,
        fit=None,
        asked=None,
        labels=None,
        positions=None,
        table=None,
        offsets={
            level: given if isinstance(given, str) else None
            for level, given in result.offsets.items()
        },
        known_limits=result.limits,
        proof=certificate_of(result),
        examined=replace(result.separation, rows=None),
    )
