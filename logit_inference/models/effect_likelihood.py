"""Likelihood-ratio inference of effects, whether the likelihood has a maximum or not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from logit_inference.effects.climb import Climb, climbed_end, climbed_fall, is_flat
from logit_inference.effects.constrained import EXACT, Hill, fall_at, interval_end, way_out
from logit_inference.effects.estimates import (
    Estimates,
    Inference,
    combined,
    delta_estimates,
    infer,
)
from logit_inference.effects.hypotheses import Comparison
from logit_inference.effects.jets import Jet, combined_jet, effect_jet
from logit_inference.effects.moments import Moments
from logit_inference.effects.population import is_model_based
from logit_inference.effects.quantities import distinct
from logit_inference.effects.scales import SCALES
from logit_inference.errors import DetachedError, EffectError
from logit_inference.inference.distribution import critical_value, two_sided
from logit_inference.inference.likelihood_ratio import fit_peak
from logit_inference.likelihood.objective import objective
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Floats

if TYPE_CHECKING:
    from logit_inference.models.effect_request import Asking
    from logit_inference.models.result import LogitResult

MOST = 500  # effects whose intervals are searched for in one call
Effect = Callable[[Floats], Jet]


def asked_estimates(
    result: LogitResult, asking: Asking, found: Moments, comparison: Comparison | None
) -> tuple[Estimates, tuple[float, float]]:
    """Return effects, or their combinations, by the delta method, and the limits of their scale."""
    _, pairs = distinct(asking.effects)
    estimates = delta_estimates(found, pairs, asking.measure, result.estimate)
    if comparison is None:
        return estimates, asking.limits
    working = comparison.named and asking.measure.shown == "exp"
    limits = (0.0, np.inf) if working else (-np.inf, np.inf)
    return combined(estimates, comparison.matrix, working=working), limits


def likelihood_inference(
    result: LogitResult,
    asking: Asking,
    level: float,
    asked_for: tuple[Estimates, tuple[float, float]],
    comparison: Comparison | None,
    null: float | None,
    *,
    some: Sequence[int] | None = None,
) -> Inference:
    """Return effects with the intervals and tests of the likelihood ratio.

    Parameters
    ----------
    result : LogitResult
    asking : Asking
    level : float
    asked_for : (Estimates, (float, float))
        See `asked_estimates`.
    comparison : Comparison or None
    null : float or None
        As shown; the measure's own by default.
    some : sequence of int, optional
        The effects that are wanted; others are NaN.

    Raises
    ------
    EffectError
        For too many effects, and where an end is not found.

    Notes
    -----
    Five to ten evaluations of log-likelihood and effect for each end; some dozens on separated
    data, where there is no maximum to start from.
    """
    estimates, limits = asked_for
    zero, estimates = estimates.vanishing, estimates.settled()
    K = len(estimates.value)
    wanted = list(range(K)) if some is None else list(some)
    if len(wanted) > MOST:
        raise EffectError.too_many("likelihood intervals", len(wanted), MOST, "ask for averages")
    hill, inner = read_hill(result)
    functions = _functions(asking, comparison, inner)
    measure, scale = estimates.measure, SCALES[estimates.measure.shown]
    against = np.full(K, measure.working_null)
    if null is not None:
        against[:] = float(scale.inverse(np.array(null)))
    if comparison is not None:
        against = comparison.value
    critical = critical_value(level, None)
    statistic, low, high = np.full((3, K), np.nan)
    low[zero] = high[zero] = 0.0
    for k in wanted:
        if zero[k]:
            continue
        low[k], high[k] = _interval(hill, functions(k), estimates.value[k], critical)
        statistic[k] = _root(hill, functions(k), (estimates.value[k], float(against[k])), critical)
    with np.errstate(all="ignore"):
        ends = scale.value(low), scale.value(high)
        shown = infer(estimates, level, None, None, limits)
        p_value = two_sided(statistic, None)
    if measure.shown == "reciprocal":
        ends = ends[1], ends[0]
    kept = [np.where(np.isnan(end), end, np.clip(end, *limits)) for end in ends]
    return Inference(estimates.shown, shown.std_error, statistic, p_value, kept[0], kept[1], None)


def without_likelihood(result: LogitResult) -> str:
    """Return why effects at the boundary get no likelihood intervals; empty where they do."""
    if result.account.weights_kind == "sampling":
        return EffectError.no_method
    covariance = result.estimate.covariance
    if is_model_based(covariance):
        return ""
    return (
        f"Likelihood ratios, which the boundary takes, do not use the covariance "
        f'({covariance.kind}); covariance="model" gives those of independent rows.'
    )


def read_hill(result: LogitResult) -> tuple[Hill, Callable[[Effect], Effect]]:
    """Return what was maximised, and how effects of coefficients are seen in its basis.

    On separated data the log-likelihood of the model that was asked for has no maximum: its
    supremum is that of the limiting model, and the start lies on the way there.
    """
    fit = result.fit
    if fit is None:
        raise DetachedError('uncertainty="likelihood"')
    if not fit.estimator.has_likelihood:
        raise EffectError.refused(
            'uncertainty="likelihood"',
            f"{fit.estimator.name} has no likelihood ratios",
            'Use uncertainty="conditional" or "simulation".',
        )
    if result.account.weights_kind == "sampling":
        instead = 'Use uncertainty="conditional" or "population".'
        if result.asked is not None:
            instead = (
                "Leave uncertainty= out: effects that depend on no infinite coefficient have "
                "intervals then, the others an estimate alone."
            )
        raise EffectError.refused(
            'uncertainty="likelihood"',
            "with sampling weights there is a pseudo-likelihood only",
            instead,
        )
    if fit.estimator.intercept == "flic":
        raise EffectError.refused(
            'uncertainty="likelihood"',
            "FLIC's intercept maximises no likelihood",
            'Use uncertainty="conditional", or fit with estimator="firth" alone.',
        )
    if result.asked is None:
        peak = fit_peak(fit)
        hill = Hill(peak.objective, peak.value, peak.coef, True)
        return hill, lambda effect: _in_basis(effect, fit.basis, len(peak.coef))
    asked = result.asked
    basis = Basis(asked.source.n_columns, asked.basis.kept)
    climb = objective(in_basis(asked.solved, basis), asked.likelihood)
    supremum = fit.solution.evaluation.log_likelihood
    limiting = np.nan_to_num(fit.basis.coefficients(fit.solution.coef), nan=0.0)
    kept = list(basis.kept)
    hill = way_out(climb, limiting[kept], supremum)
    return hill, lambda effect: _in_basis(effect, basis, len(kept))


def _in_basis(effect: Effect, basis: Basis, size: int) -> Effect:
    """Return an effect of coefficients of X as one of those that were solved for."""
    q = len(basis.kept)

    def evaluate(inner: Floats) -> Jet:
        at = effect(np.nan_to_num(basis.coefficients(inner[:q]), nan=0.0))
        gradient, second = np.zeros(size), np.zeros((size, size))
        gradient[:q] = basis.of(at.gradient[np.newaxis])[0]
        second[:q, :q] = basis.of(basis.of(at.second).T)
        return Jet(at.value, gradient, second)

    return evaluate


def _functions(
    asking: Asking, comparison: Comparison | None, inner: Callable[[Effect], Effect]
) -> Callable[[int], Effect]:
    """Return from the number of an effect to the effect as a function of coefficients."""
    G, made = asking.weighting.n_groups, {}

    measure, shown = asking.measure, asking.measure.shown
    working = comparison is not None and comparison.named and shown == "exp"
    curved = measure.name == "prediction" and measure.inner != "identity"
    if comparison is not None and not working and curved:
        # Averages themselves: their logits are infinite where a double cannot tell them from one.
        measure, shown = replace(measure, inner="identity", shown="identity"), "identity"

    def single(k: int) -> Effect:
        """Return one effect as a function of the coefficients, made once."""
        if k not in made:
            effect = asking.effects[k // G]
            made[k] = effect_jet(
                asking.asked.rows,
                (effect.high, effect.low),
                measure,
                asking.kind,
                asking.weighting,
                k % G,
            )
        own: Effect = made[k]
        return own

    def of(k: int) -> Effect:
        if comparison is None:
            return inner(single(k))
        row = comparison.matrix[k]
        used = np.flatnonzero(row)
        parts = [single(int(j)) for j in used]
        return inner(combined_jet(parts, row[used], None if working else shown))

    return of


def _interval(hill: Hill, effect: Effect, estimate: float, critical: float) -> tuple[float, float]:
    """Return both ends on the working scale; an estimate at its limit is its own end."""
    if math.isnan(estimate):  # it may go to either limit: the data say nothing of it
        return -math.inf, math.inf
    climbing = not hill.reached and math.isfinite(estimate)
    flat = climbing and is_flat(Climb(hill, effect, critical, 1.0))
    ends = []
    for side in (-1.0, 1.0):
        if math.isinf(estimate) and side * estimate > 0:
            ends.append(estimate)
            continue
        end = estimate if flat else interval_end(hill, effect, critical, side)
        if end is None:
            raise EffectError.refused(
                'uncertainty="likelihood"',
                "an end of an interval was not found",
                "Ask for fewer effects, or for another uncertainty.",
            )
        if climbing and math.isfinite(end):
            climb = Climb(hill, effect, critical, side)
            own = climbed_end(climb, estimate if flat else None)
            end = _furthest(side, estimate, [end, own])
        ends.append(end)
    return ends[0], ends[1]


def _furthest(side: float, estimate: float, ends: Sequence[float]) -> float:
    """Return the furthest of ends that were found on one side.

    What has not been rejected lies in the interval, and so does the estimate, its limit; an end
    that is the estimate but for the tolerance of the search is the estimate.
    """
    found = max((side * end for end in ends if not math.isnan(end)), default=-math.inf)
    if found <= side * estimate + 2.0 * EXACT * (1.0 + abs(estimate)):
        return estimate
    return side * found


def _root(hill: Hill, effect: Effect, values: tuple[float, float], critical: float) -> float:
    """Return the signed root of the likelihood ratio of estimate and null; NaN without a null."""
    estimate, null = values
    if math.isnan(null) or math.isnan(estimate) or math.isinf(null):
        return math.nan
    if null == estimate:
        return 0.0
    side = math.copysign(1.0, null - estimate)
    fall = fall_at(hill, effect, null)
    if not hill.reached and math.isfinite(estimate):
        climb = Climb(hill, effect, critical, side)
        limit = estimate if is_flat(climb) else None
        if fall is None or limit is not None:  # else the profile leads there
            own = climbed_fall(climb, limit, null)
            fall = own if fall is None else min(fall, own)
    return math.nan if fall is None or math.isinf(fall) else -side * math.sqrt(fall)
