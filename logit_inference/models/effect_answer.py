"""From effects that were asked for to their table: estimates, uncertainty, hypotheses, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.effects.estimates import (
    Estimates,
    Inference,
    combined,
    delta_estimates,
    infer,
    working_jacobian,
)
from logit_inference.effects.hypotheses import Comparison, is_number, read_comparison
from logit_inference.effects.moments import Moments, Weighting, moments
from logit_inference.effects.population import own_influence, population_root
from logit_inference.effects.quantities import Effect, distinct
from logit_inference.effects.resampling import (
    Question,
    Resampling,
    bootstrapped,
    from_draws,
    simulated,
)
from logit_inference.effects.scales import SCALES, Measure
from logit_inference.effects.unit import unit_estimates
from logit_inference.errors import ArgumentError, DetachedError, EffectError
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.wald import check_level
from logit_inference.models.covariances import read_clusters
from logit_inference.models.effect_likelihood import likelihood_inference
from logit_inference.models.effect_rows import Asked
from logit_inference.models.effect_table import Effects
from logit_inference.rows.variant import row_groups, row_weights
from logit_inference.solve.fit import Fit

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult

UNCERTAINTIES = ("conditional", "population", "simulation", "bootstrap", "likelihood")
MOST_JACOBIAN = 20_000_000  # numbers: above it rows are answered one by one
AT_ONCE = 12  # effects at the boundary that get likelihood intervals without being asked


@dataclass(frozen=True)
class Options:
    """What is asked of effects beside what they are.

    Parameters
    ----------
    level : float or None
    covariance, cluster : as in `logit_inference.avg_comparisons`
    hypothesis, adjust, uncertainty : as there
    draws, seed : int
        Of simulation and resampling.
    letters : bool
    """

    level: float | None = None
    covariance: Any = None
    cluster: Any = None
    hypothesis: Any = None
    adjust: str | None = None
    uncertainty: str | None = None
    draws: int = 1000
    seed: int = 1
    letters: bool = False


@dataclass(frozen=True)
class Asking:
    """Effects, on which scale, over which rows, in which groups.

    Parameters
    ----------
    effects : sequence of Effect
    measure : Measure
    kind : {"response", "link", "odds"}
    asked : Asked
    groups : mapping of str to sequence of G values
        Values of ``by=`` in each group; empty where there is one.
    weighting : Weighting
    by_row : bool
        Whether each row is a group of its own.
    limits : (float, float)
        Of the scale that is shown.
    title : str
    """

    effects: Sequence[Effect]
    measure: Measure
    kind: str
    asked: Asked
    groups: Mapping[str, Sequence[Any]]
    weighting: Weighting
    by_row: bool
    limits: tuple[float, float]
    title: str


def answer(result: LogitResult, asking: Asking, options: Options) -> Effects:
    """Return the table of effects.

    Raises
    ------
    EffectError, ArgumentError, HypothesisError
    """
    how = options.uncertainty
    if how is not None and how not in UNCERTAINTIES:
        allowed = ", ".join(f'"{name}"' for name in UNCERTAINTIES)
        raise ArgumentError("uncertainty", how, f"one of {allowed}")
    level = result.level if options.level is None else check_level(options.level)
    chosen = with_covariance(result, options)
    quantities, pairs = distinct(asking.effects)
    estimate = chosen.estimate
    K = len(pairs) * asking.weighting.n_groups
    labels = _labels(asking)
    alone = options.hypothesis is None or is_number(options.hypothesis)
    if (
        asking.by_row
        and how in (None, "conditional")
        and alone
        and options.adjust not in ("single-step", "simultaneous")
        and len(quantities) * asking.weighting.n_groups * estimate.matrix.shape[0] > MOST_JACOBIAN
    ):
        estimates = unit_estimates(
            asking.asked.rows, quantities, pairs, asking.measure, estimate, asking.kind
        )
        return _finish(asking, options, level, estimates, labels, None, chosen, ())
    found = moments(asking.asked.rows, quantities, estimate, asking.kind, asking.weighting)
    comparison = None
    if not alone:
        comparison = read_comparison(
            options.hypothesis, _row_names(labels, K), _factors(labels), asking.measure.sign
        )
    if how == "likelihood":
        return _by_likelihood(result, chosen, asking, options, level, found, labels, comparison)
    estimates, notes = _uncertain(chosen, asking, options, found)
    if estimates.touched.any() and how is not None:
        what = {"conditional": "delta method", "population": "delta method"}.get(how, how)
        raise EffectError.boundary(what, int(estimates.touched.sum()), K)
    return _finish(asking, options, level, estimates, labels, comparison, chosen, notes, found)


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


def _uncertain(
    result: LogitResult, asking: Asking, options: Options, found: Moments
) -> tuple[Estimates, tuple[str, ...]]:
    """Return the effects with the kind of uncertainty that was asked for, and what to say of it."""
    quantities, pairs = distinct(asking.effects)
    estimate, measure, how = result.estimate, asking.measure, options.uncertainty
    delta = delta_estimates(found, pairs, measure, estimate)
    if how in (None, "conditional") or delta.touched.any():
        return delta, (_delta_note(estimate, "given the rows"),)
    rows, weighting = asking.asked.rows, asking.weighting
    if how == "population":
        fit = _rows_of_fit(result, asking, "population")
        own = own_influence(
            rows, quantities, found, pairs, measure, estimate, asking.kind, weighting
        )
        jacobian = working_jacobian(found, pairs, measure)
        clusters = _clusters(result, options)
        copies = asking.asked.copies
        if clusters is None and estimate.covariance.kind != "model":
            copies = _copies_of_rows(result, fit)
        root = population_root(own, jacobian, fit, estimate, copies, clusters)
        note = _delta_note(estimate, "with the rows' own variation (influence functions)")
        return replace(delta, root=root), (note,)
    question = Question(rows, quantities, pairs, measure, asking.kind, weighting)
    draws = _check_draws(options.draws)
    if how == "simulation":
        values = simulated(question, estimate, draws, options.seed)
        kind = _kind(estimate)
        note = (
            f"Simulation: {draws:,} draws of the coefficients from their normal distribution "
            f"({kind} covariance, seed {options.seed}); intervals are quantiles."
        )
        return replace(from_draws(delta.value, values, measure)), (note,)
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
    drawn = f"clusters ({', '.join(clusters)})" if clusters else "rows"
    note = (
        f"Bootstrap: {draws:,} samples of {drawn}, seed {options.seed}; intervals are quantiles"
        + ("; averages are over the rows drawn." if rows_too else ".")
    )
    if lost:
        note += f" {lost} samples without an estimate (separated, or a level lost) are left out."
    return from_draws(delta.value, values, measure), (note,)


def _check_draws(draws: Any) -> int:
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 50:
        raise ArgumentError("draws", draws, "a whole number of at least 50, such as 1000")
    return draws


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
    known = dict(row_groups(result.fit.source))
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
    from logit_inference.models.effect_rows import row_trials

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


# --- the table ------------------------------------------------------------------------------------


def _finish(
    asking: Asking,
    options: Options,
    level: float,
    estimates: Estimates,
    labels: dict[str, Sequence[Any]],
    comparison: Comparison | None,
    result: LogitResult,
    notes: tuple[str, ...],
    found: Moments | None = None,
) -> Effects:
    limits = asking.limits
    null: Any = None
    if is_number(options.hypothesis):
        null = _working(estimates.measure, float(options.hypothesis))
    if comparison is not None:
        working = comparison.named and estimates.measure.shown == "exp"
        estimates = combined(estimates, comparison.matrix, working=working)
        labels, null = {"term": comparison.text}, comparison.value
        limits = (0.0, np.inf) if working else (-np.inf, np.inf)
    numbers = infer(estimates, level, null, options.adjust, limits)
    if estimates.touched.any():
        numbers, more = _at_the_boundary(
            result, asking, options, level, numbers, found, estimates, comparison
        )
        notes = (*(() if estimates.touched.all() else notes), *more)
    notes = (*_first_notes(asking, estimates, options, numbers), *notes, *asking.asked.notes)
    letters = None
    if options.letters:
        from logit_inference.effects.letters import compact_letters

        letters = compact_letters(estimates, level, options.adjust)
        notes += (
            f"Estimates that share a letter do not differ at the {100 * (1 - level):.3g}% level.",
        )
    return Effects(
        asking.title,
        labels,
        numbers,
        estimates.measure.header,
        level,
        estimates.df,
        None if estimates.touched.any() else estimates.shown_root,
        notes,
        letters,
    )


def _at_the_boundary(
    result: LogitResult,
    asking: Asking,
    options: Options,
    level: float,
    numbers: Inference,
    found: Moments | None,
    estimates: Estimates,
    comparison: Comparison | None,
) -> tuple[Inference, tuple[str, ...]]:
    """Return the table with likelihood intervals where there is a boundary, and what to say."""
    places = np.flatnonzero(estimates.touched)
    why = (
        f"{len(places)} of {len(estimates.touched)} effects depend on infinite coefficients or on "
        "probabilities that the data force to 0 or 1, where standard errors mean nothing"
    )
    if len(places) > AT_ONCE or found is None or result.asked is None:
        return numbers, (f'{why}; uncertainty="likelihood" gives them intervals.',)
    null = float(options.hypothesis) if is_number(options.hypothesis) else None
    own = likelihood_inference(result, asking, level, found, comparison, null, some=places.tolist())
    merged = {}
    for name in ("statistic", "p_value", "conf_low", "conf_high"):
        values = getattr(numbers, name).copy()
        values[places] = getattr(own, name)[places]
        merged[name] = values
    note = f"{why}: theirs are likelihood-ratio tests and intervals."
    return replace(numbers, **merged), (note,)


def _by_likelihood(
    result: LogitResult,
    chosen: LogitResult,
    asking: Asking,
    options: Options,
    level: float,
    found: Moments,
    labels: dict[str, Sequence[Any]],
    comparison: Comparison | None,
) -> Effects:
    """Return the table with intervals that invert the likelihood-ratio test."""
    if chosen.estimate.covariance.kind != "model":
        raise EffectError.refused(
            'uncertainty="likelihood"',
            f"likelihood ratios do not know of the covariance ({chosen.estimate.covariance.kind})",
            'Leave covariance= and cluster= out, or write covariance="model".',
        )
    null = float(options.hypothesis) if is_number(options.hypothesis) else None
    numbers = likelihood_inference(chosen, asking, level, found, comparison, null)
    if options.adjust is not None:
        from logit_inference.inference.multiplicity import adjust

        numbers = replace(numbers, p_adjusted=adjust(numbers.p_value, options.adjust))
    if comparison is not None:
        labels = {"term": comparison.text}
    maximised = "likelihood" if result.account.estimator.is_ml else "penalised likelihood"
    notes = (
        f"Tests and intervals: likelihood ratio, profile {maximised} of each effect; the statistic "
        "is the signed root.",
        *asking.asked.notes,
    )
    header = asking.measure.header if comparison is None else "estimate"
    return Effects(asking.title, labels, numbers, header, level, None, None, notes)


def _working(measure: Measure, null: float) -> float:
    with np.errstate(all="ignore"):
        value = float(SCALES[measure.shown].inverse(np.array(null)))
    if np.isnan(value):
        raise ArgumentError("hypothesis", null, f"a value that a {measure.header} can have")
    return value


def _labels(asking: Asking) -> dict[str, Sequence[Any]]:
    """Return the columns that tell effects apart, for each effect and group."""
    G, effects = asking.weighting.n_groups, asking.effects
    labels: dict[str, Sequence[Any]] = {}
    if any(effect.term for effect in effects):
        labels["term"] = [effect.term for effect in effects for _ in range(G)]
        labels["contrast"] = [effect.contrast for effect in effects for _ in range(G)]
    for place, (name, _) in enumerate(effects[0].values):
        labels[name] = [effect.values[place][1] for effect in effects for _ in range(G)]
    for name, values in asking.groups.items():
        if name not in labels:
            labels[name] = list(values) * len(effects)
    if not labels:
        labels["term"] = ["average"] * len(effects)
    return labels


def _row_names(labels: Mapping[str, Sequence[Any]], K: int) -> list[str]:
    """Return a short name for each effect: what tells it apart."""
    several = [values for values in labels.values() if len(set(map(str, values))) > 1]
    chosen = several or list(labels.values())[:1]
    return [" ".join(str(values[k]) for values in chosen) for k in range(K)]


def _factors(labels: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
    return {name: values for name, values in labels.items() if name not in ("term", "row")}


def _first_notes(
    asking: Asking, estimates: Estimates, options: Options, numbers: Inference
) -> list[str]:
    notes = []
    measure = estimates.measure
    if measure.name in ("ratio", "odds-ratio") and measure.shown == "exp":
        notes.append(
            f"Tests are of {measure.header} = {measure.null:g}; intervals by its logarithm."
        )
    if measure.name == "lift":
        notes.append("Lift: ratio minus one; intervals by the logarithm of the ratio.")
    if measure.shown == "reciprocal":
        notes.append(
            "NNT: one over the difference; tests are of difference = 0, where it is infinite."
        )
        if (numbers.conf_low > numbers.conf_high).any():
            notes.append(
                "Where the left end is above the right one, the interval of the difference covers "
                "0, and that of the NNT is two pieces: from the left end up to infinity (benefit "
                "or harm of no size), and from minus infinity up to the right end."
            )
    if options.adjust is not None:
        notes.append(
            f"adjusted: p-values for {len(estimates.value)} tests at once, "
            f"{options.adjust}"
            + ("; intervals hold for all at once." if options.adjust == "simultaneous" else ".")
        )
    return notes


def _delta_note(estimate: Estimate, given: str) -> str:
    return f"Standard errors: delta method, {_kind(estimate)} covariance, {given}."


def _kind(estimate: Estimate) -> str:
    kind = estimate.covariance.kind
    return "model-based" if kind == "model" else kind
