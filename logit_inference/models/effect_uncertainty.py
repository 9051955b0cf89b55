"""The uncertainty of effects, of the kind that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.covariance.satterthwaite import Satterthwaite
from logit_inference.effects.estimates import Estimates, delta_estimates, working_jacobian
from logit_inference.effects.moments import Moments
from logit_inference.effects.population import (
    is_model_based,
    own_influence,
    population_root,
    survey_root,
)
from logit_inference.effects.quantities import distinct
from logit_inference.effects.resampling import (
    Question,
    Resampling,
    bootstrapped,
    from_draws,
    simulated,
)
from logit_inference.errors import ArgumentError, DetachedError, EffectError
from logit_inference.models.clusters import read_clusters
from logit_inference.models.effect_notes import delta_note, simulation_note
from logit_inference.models.effect_request import Asking, Options
from logit_inference.models.effect_rows import row_trials
from logit_inference.rows.variant import row_groups, row_weights
from logit_inference.solve.fit import Fit

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult
    from logit_inference.models.sampled import SampledRows

MOST_INFLUENCE = 100_000_000  # numbers: influences of rows on effects
MOST_DRAWN = 20_000_000  # numbers: draws of effects


def with_covariance(result: LogitResult, options: Options) -> LogitResult:
    """Return the result with the covariance that was asked for, by name or as another result."""
    covariance, cluster = options.covariance, options.cluster
    if covariance is None and cluster is None:
        return result
    if covariance is None:
        return result.with_covariance("cluster", by=cluster)
    if isinstance(covariance, str):
        by = cluster if covariance == "cluster" else None
        return result.with_covariance(covariance, by=by)
    if not hasattr(covariance, "estimate") or covariance.estimate.names != result.estimate.names:
        allowed = 'the name of one ("HC1", "cluster") or this result with another covariance'
        raise ArgumentError("covariance", covariance, allowed)
    other: LogitResult = covariance
    return other


def uncertain(
    result: LogitResult, asking: Asking, options: Options, found: Moments
) -> tuple[Estimates, tuple[str, ...]]:
    """Return the effects with the kind of uncertainty that was asked for, and what to say of it."""
    quantities, pairs = distinct(asking.effects)
    estimate, measure, how = result.estimate, asking.measure, options.uncertainty
    delta = delta_estimates(found, pairs, measure, estimate)
    if how in (None, "conditional") or delta.touched.any():
        return delta, (delta_note(estimate, "given the rows"),)
    rows, weighting = asking.asked.rows, asking.weighting
    if result.sampled is not None:
        _check_design(result, result.sampled, str(how))
    if how == "population":
        fit = _rows_of_fit(result, asking, "population")
        if rows.n_rows * len(delta.value) > MOST_INFLUENCE:
            instead = 'ask for fewer groups, or for uncertainty="bootstrap"'
            raise EffectError.too_many(
                f"influence of {rows.n_rows:,} rows",
                len(delta.value),
                MOST_INFLUENCE // rows.n_rows,
                instead,
            )
        own = own_influence(
            rows, quantities, found, pairs, measure, estimate, asking.kind, weighting
        )
        jacobian = working_jacobian(found, pairs, measure)
        note = delta_note(estimate, "with the rows' own variation (influence functions)")
        if result.sampled is not None:
            drawn = result.sampled
            root = survey_root(
                own, jacobian, fit, estimate, drawn.stages, drawn.lonely_psu, drawn.levels
            )
            return replace(delta, root=root), (note,)
        clusters = _clusters(result, options)
        copies = asking.asked.copies
        if clusters is None and not is_model_based(estimate.covariance):
            copies = _copies_of_rows(result, fit)
        root = population_root(own, jacobian, fit, estimate, copies, clusters)
        return replace(delta, root=root), (note,)
    question = Question(rows, quantities, pairs, measure, asking.kind, weighting)
    draws = _check_draws(options.draws)
    if len(quantities) * weighting.n_groups * draws > MOST_DRAWN:
        most = MOST_DRAWN // draws
        raise EffectError.too_many(
            f"{how} ({draws} draws)", len(delta.value), most, "ask for averages, or for fewer draws"
        )
    if how == "simulation":
        if isinstance(estimate.covariance.df, Satterthwaite):
            raise EffectError.refused(
                'uncertainty="simulation"',
                "draws are normal, and every effect has degrees of freedom of its own with this "
                f"covariance ({estimate.covariance.label})",
                'Use uncertainty="conditional", or a covariance of type="CR1".',
            )
        values = simulated(question, estimate, draws, options.seed)
        simulation = from_draws(delta.value, values, measure)
        note = simulation_note(estimate, options)
        return replace(simulation, gradients=delta.gradients), (note,)
    searched = result.asked or result.fit
    if searched is None:
        raise DetachedError("the bootstrap")
    clusters = _clusters(result, options) or dict(row_groups(searched.source))
    resampling = _resampling(result, searched, clusters)
    rows_too = asking.asked.of_fit
    values, lost = bootstrapped(
        question, searched, resampling, draws, options.seed, rows_too=rows_too
    )
    if len(values) < 20:
        raise EffectError.refused(
            'uncertainty="bootstrap"',
            f"{lost} of {draws} samples have no estimate",
            'Use uncertainty="likelihood", which needs no other samples.',
        )
    sampled = f"clusters ({', '.join(clusters)})" if clusters else "rows"
    note = (
        f"Bootstrap: {draws:,} samples of {sampled}, seed {options.seed}; intervals are quantiles"
        + ("; averages are over the rows drawn." if rows_too else ".")
    )
    if lost:
        note += f" {lost} samples without an estimate (separated, or a level lost) are left out."
    refitted = from_draws(delta.value, values, measure)
    return replace(refitted, gradients=delta.gradients), (note,)


def _check_design(result: LogitResult, sampled: SampledRows, how: str) -> None:
    """Raise for what would not know that rows were drawn by a survey design."""
    if how == "bootstrap":
        raise EffectError.refused(
            'uncertainty="bootstrap"',
            "it would take the rows of a survey design for drawn one by one",
            'Ask for uncertainty="population", which has the variance of the design.',
        )
    if how != "population":
        return
    if sampled.replicates is not None:
        raise EffectError.refused(
            'uncertainty="population"',
            "a design of replicate weights has no strata and units, whose totals it takes",
            'Use uncertainty="conditional", or describe the design by strata and units.',
        )
    kind = result.estimate.covariance.kind
    if kind != "survey linearisation":
        raise EffectError.refused(
            'uncertainty="population"',
            f"the rows were drawn by a survey design, of which the covariance ({kind}) knows "
            "nothing",
            "Leave covariance= and cluster= out: the result has that of its design.",
        )


def _check_draws(draws: Any) -> int:
    if isinstance(draws, bool) or not isinstance(draws, Integral) or draws < 50:
        raise ArgumentError("draws", draws, "a whole number of at least 50, such as 1000")
    return int(draws)


def _rows_of_fit(result: LogitResult, asking: Asking, what: str) -> Fit:
    if not asking.asked.of_fit or asking.by_row or result.fit is None:
        raise EffectError.refused(
            f'uncertainty="{what}"',
            "it is about averages over the rows of the fit, which are a sample of the population",
            'Ask for averages without newdata=, or for uncertainty="conditional".',
        )
    return result.fit


def _clusters(result: LogitResult, options: Options) -> dict[str, Any] | None:
    """Return the clusters of a clustered covariance.

    Raises
    ------
    EffectError
        Where the covariance is clustered by what the call does not say.
    """
    if options.cluster is not None:
        return read_clusters(result, options.cluster)
    if result.estimate.covariance.n_clusters is None:
        return None
    assert result.fit is not None, "who asks has looked"
    known = result.clusters or dict(row_groups(result.fit.source))
    if known:
        return known
    raise EffectError.refused(
        "the covariance is clustered",
        "this call does not say by what",
        'Write cluster= here too: avg_comparisons(…, covariance="cluster", cluster="clinic").',
    )


def _copies_of_rows(result: LogitResult, fit: Fit) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return how many independent rows each stands for, as robust covariances count them."""
    weights = fit.source.map(row_weights)
    return weights if result.account.weights_kind == "frequency" else np.ones_like(weights)


def _resampling(result: LogitResult, fit: Fit, clusters: Mapping[str, Any]) -> Resampling:
    weights, trials = fit.source.map(row_weights), fit.source.map(row_trials)
    frequency = result.account.weights_kind == "frequency"
    if len(clusters) > 1:
        raise EffectError.refused(
            'uncertainty="bootstrap"',
            "clusters in several dimensions cannot be drawn whole",
            "Name one with cluster=.",
        )
    codes = next(iter(clusters.values())) if clusters else None
    ones = np.ones_like(weights)
    precision = result.account.weights_kind == "precision"
    counts = trials if precision or frequency else trials * weights
    return Resampling(ones if frequency else weights, weights if frequency else None, counts, codes)
