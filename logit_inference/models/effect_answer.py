"""From effects that were asked for to their table: estimates, uncertainty, hypotheses, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.effects.estimates import Estimates, Inference, combined, infer
from logit_inference.effects.hypotheses import Comparison, is_number, read_comparison
from logit_inference.effects.letters import compact_letters
from logit_inference.effects.moments import Moments, moments
from logit_inference.effects.population import is_model_based
from logit_inference.effects.quantities import distinct
from logit_inference.effects.scales import SCALES, Measure
from logit_inference.effects.unit import unit_estimates
from logit_inference.errors import ArgumentError, EffectError
from logit_inference.inference.multiplicity import adjust
from logit_inference.inference.wald import check_level
from logit_inference.models.effect_cells import collapsed
from logit_inference.models.effect_likelihood import (
    asked_estimates,
    likelihood_inference,
    without_likelihood,
)
from logit_inference.models.effect_notes import (
    NO_INTERVAL,
    delta_note,
    first_notes,
    rests_on,
    zero_notes,
)
from logit_inference.models.effect_request import Asking, Options
from logit_inference.models.effect_table import Effects
from logit_inference.models.effect_uncertainty import uncertain, with_covariance

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult

UNCERTAINTIES = ("conditional", "population", "simulation", "bootstrap", "likelihood")
# Names of columns that every table has.
RESERVED = (
    *("term", "contrast", "row", "estimate", "std_error", "statistic", "df", "p_value"),
    *("p_adjusted", "conf_low", "conf_high", "letters"),
)
MOST_JACOBIAN = 20_000_000  # numbers: above it rows are answered one by one
# Of effects at the boundary that get likelihood intervals without being asked: their number, and
# numbers of the rows that are read for them; some 2,000 of these take a second.
AT_ONCE, MOST_WORK = 5, 50_000

UNDEFINED = (
    "An estimate shown as — is 0/0, or ∞ − ∞, at the limit of the data, and nothing is computed of "
    'it; kind="link" compares log odds, which are finite where the coefficients in question are.'
)


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
        given = (delta_note(estimate, "given the rows"),)
        return _finish(asking, options, level, estimates, labels, None, chosen, given)
    if how not in ("population", "bootstrap"):  # those are about each row
        asking = collapsed(asking)
    found = moments(asking.asked.rows, quantities, estimate, asking.kind, asking.weighting)
    comparison = None
    if not alone and asking.measure.shown == "reciprocal":
        raise EffectError.refused(
            f"hypothesis={options.hypothesis!r} of NNTs",
            "an NNT is infinite where there is no difference, and intervals of NNTs run through "
            "that: their differences have no interval of their own",
            'Compare the differences, of which they are the inverse: contrast="difference".',
        )
    if not alone:
        comparison = read_comparison(
            options.hypothesis,
            _row_names(labels, K),
            _factors(labels),
            "/" if asking.measure.shown == "exp" else "-",
        )
    if how == "likelihood":
        return _by_likelihood(result, chosen, asking, options, level, found, labels, comparison)
    estimates, notes = uncertain(chosen, asking, options, found)
    if estimates.touched.any() and how is not None:
        what = {"conditional": "delta method", "population": "delta method"}.get(how, how)
        own = without_likelihood(chosen)
        raise EffectError.boundary(what, int(estimates.touched.sum()), K, own)
    return _finish(asking, options, level, estimates, labels, comparison, chosen, notes, found)


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
    zero = estimates.vanishing
    estimates = estimates.settled()
    bounded = bool(estimates.touched.any())
    if bounded:
        _check_adjustable(options)
    numbers = infer(estimates, level, null, None if bounded else options.adjust, limits)
    if bounded:
        numbers, more = _at_the_boundary(
            result, asking, options, level, numbers, found, estimates, comparison
        )
        notes = (*(() if estimates.touched.all() else notes), *more)
    notes = (*first_notes(estimates, options.adjust, numbers), *notes, *asking.asked.notes)
    notes += zero_notes(zero)
    letters = None
    if options.letters:
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
        rests_on(result.estimate, options),
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
    total = len(estimates.touched)
    which = "This effect depends" if total == 1 else f"{len(places)} of {total} effects depend"
    if total > 1 and len(places) == 1:
        which += "s"
    why = (
        f"{which} on infinite coefficients or on probabilities that the data force to 0 or 1, "
        "where standard errors mean nothing"
    )
    missing = without_likelihood(result)
    if missing:
        if options.adjust is not None:
            known = adjust(numbers.p_value, options.adjust)
            numbers = replace(numbers, p_adjusted=known)
        return numbers, (f"{why}: {NO_INTERVAL}. {missing}",)
    asked = result.asked
    work = 0 if asked is None else asked.solved.n_rows * len(asked.names) * len(places)
    if len(places) > AT_ONCE or work > MOST_WORK or found is None or asked is None:
        if options.adjust is not None:
            numbers = replace(numbers, p_adjusted=np.full(total, np.nan))
        return numbers, (f'{why}; uncertainty="likelihood" gives them intervals.',)
    null = float(options.hypothesis) if is_number(options.hypothesis) else None
    asked_for = asked_estimates(result, asking, found, comparison)
    own = likelihood_inference(
        result, asking, level, asked_for, comparison, null, some=places.tolist()
    )
    merged = {}
    for name in ("statistic", "p_value", "conf_low", "conf_high"):
        values = getattr(numbers, name).copy()
        values[places] = getattr(own, name)[places]
        merged[name] = values
    if options.adjust is not None:
        merged["p_adjusted"] = adjust(merged["p_value"], options.adjust)
    numbers, undefined = _without_undefined(replace(numbers, **merged))
    note = f"{why}: tests and intervals are those of the likelihood ratio."
    return numbers, (note, *undefined)


def _without_undefined(numbers: Inference) -> tuple[Inference, tuple[str, ...]]:
    """Return numbers without intervals of estimates that the limit leaves undefined, and why."""
    lost = np.isnan(numbers.estimate)
    if not lost.any():
        return numbers, ()
    low, high = (np.where(lost, np.nan, ends) for ends in (numbers.conf_low, numbers.conf_high))
    return replace(numbers, conf_low=low, conf_high=high), (UNDEFINED,)


def _check_adjustable(options: Options) -> None:
    """Raise for what takes the joint distribution of estimates that have none."""
    why = "some estimates lie at the boundary, where they have no joint normal distribution"
    if options.letters:
        raise EffectError.refused("letters=True", why, 'Compare them: hypothesis="pairwise".')
    if options.adjust in ("single-step", "simultaneous"):
        raise EffectError.refused(f'adjust="{options.adjust}"', why, 'Use adjust="holm".')


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
    if result.account.weights_kind != "sampling" and not is_model_based(chosen.estimate.covariance):
        raise EffectError.refused(
            'uncertainty="likelihood"',
            f"likelihood ratios do not know of the covariance ({chosen.estimate.covariance.kind})",
            'Leave covariance= and cluster= out, or write covariance="model".',
        )
    if options.letters:
        raise EffectError.refused(
            "letters=True", "letters are by tests of the delta method", "Leave uncertainty= out."
        )
    null = float(options.hypothesis) if is_number(options.hypothesis) else None
    estimates, limits = asked_estimates(chosen, asking, found, comparison)
    numbers = likelihood_inference(chosen, asking, level, (estimates, limits), comparison, null)
    numbers, undefined = _without_undefined(numbers)
    if options.adjust is not None:
        numbers = replace(numbers, p_adjusted=adjust(numbers.p_value, options.adjust))
    if comparison is not None:
        labels = {"term": comparison.text}
    maximised = "likelihood" if result.account.estimator.is_ml else "penalised likelihood"
    notes = (
        *first_notes(estimates, options.adjust, numbers, likelihood=True),
        f"Tests and intervals: likelihood ratio, profile {maximised} of each effect; the statistic "
        "is the signed root. Standard errors: delta method.",
        *undefined,
        *asking.asked.notes,
        *zero_notes(estimates.vanishing),
    )
    header, label = estimates.measure.header, rests_on(chosen.estimate, options)
    return Effects(asking.title, labels, numbers, header, level, notes=notes, rests_on=label)


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
        labels[_own(name)] = [effect.values[place][1] for effect in effects for _ in range(G)]
    for name, values in asking.groups.items():
        own = name if asking.by_row and name == "row" else _own(name)
        if own not in labels:
            labels[own] = list(values) * len(effects)
    if not labels:
        labels["term"] = ["average"] * len(effects)
    return labels


def _own(name: str) -> str:
    """Return the name of a variable's column, apart from those that every table has."""
    return f"{name} (variable)" if name in RESERVED else name


def _row_names(labels: Mapping[str, Sequence[Any]], K: int) -> list[str]:
    """Return a short name for each effect: what tells it apart."""
    several = [values for values in labels.values() if len(set(map(str, values))) > 1]
    chosen = several or list(labels.values())[:1]
    return [" ".join(str(values[k]) for values in chosen) for k in range(K)]


def _factors(labels: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
    return {name: values for name, values in labels.items() if name not in ("term", "row")}
