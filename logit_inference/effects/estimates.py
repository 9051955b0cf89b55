"""Effects as estimates: on their working scale, with a root of their covariance.

An `Estimates` holds what every kind of uncertainty has in common. By the delta method its root is
the Jacobian times that of the coefficients; simulation and resampling give their draws, which are
a root too. Tests and intervals follow from it, on the working scale, and are then carried to the
scale that is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.effects.gradients import Gradients
from logit_inference.effects.moments import Moments, finite_coefficients
from logit_inference.effects.scales import SCALES, Measure
from logit_inference.errors import ArgumentError
from logit_inference.inference.distribution import critical_values, two_sided
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.multiplicity import METHODS, adjust, single_step
from logit_inference.inference.simultaneous import joint_quantile
from logit_inference.rows.block import Floats

EXACT = 1e-12  # of a standard error beside the largest: what is below has no direction


@dataclass(frozen=True)
class Estimates:
    """K effects on their working scale.

    Parameters
    ----------
    value : (K,) array
    root : (K, r) array
        A matrix whose product with its transpose is their covariance.
    touched : (K,) array of bool
        Those that lie at the boundary: their rows of the root mean nothing.
    measure : Measure
    df : float, (K,) array or None
        Degrees of freedom of the reference distribution: of all, or of each its own.
    draws : (B, K) array or None
        Where intervals are quantiles of draws.
    gradients : Gradients or None
        None where rows are answered one by one, and after `settled`.
    """

    value: Floats
    root: Floats
    touched: NDArray[np.bool_]
    measure: Measure
    df: float | Floats | None = None
    draws: Floats | None = None
    gradients: Gradients | None = None

    @property
    def vanishing(self) -> NDArray[np.bool_]:
        """Which effects (K,) are zero by the model, whatever the coefficients."""
        if self.gradients is None:
            return np.zeros(len(self.value), dtype=bool)
        return self.gradients.vanishing(np.linalg.norm(self.root, axis=1)) & ~self.touched

    def settled(self) -> Estimates:
        """Return the estimates with zeros where they are zero by the model but for rounding."""
        zero = self.vanishing
        if not zero.any():
            return self
        draws = None if self.draws is None else np.where(zero, 0.0, self.draws)
        root = np.where(zero[:, np.newaxis], 0.0, self.root)
        return replace(self, value=np.where(zero, 0.0, self.value), root=root, draws=draws)

    @property
    def working_errors(self) -> Floats:
        """Standard errors on the working scale, NaN at the boundary."""
        errors: Floats = np.linalg.norm(self.root, axis=1)
        return np.where(self.touched, np.nan, errors)

    @property
    def shown(self) -> Floats:
        """The estimates as shown."""
        with np.errstate(all="ignore"):
            return SCALES[self.measure.shown].value(self.value)

    @property
    def shown_root(self) -> Floats:
        """A root of the covariance of what is shown."""
        with np.errstate(all="ignore"):
            slope = SCALES[self.measure.shown].first(self.value)
        return slope[:, np.newaxis] * self.root


@dataclass(frozen=True)
class Inference:
    """Estimates, standard errors, tests and intervals as shown, each (K,).

    Parameters
    ----------
    estimate, std_error, statistic, p_value, conf_low, conf_high : (K,) arrays
    p_adjusted : (K,) array or None
    """

    estimate: Floats
    std_error: Floats
    statistic: Floats
    p_value: Floats
    conf_low: Floats
    conf_high: Floats
    p_adjusted: Floats | None = None


def working_values(found: Moments, pairs: Sequence[tuple[int, int]], measure: Measure) -> Floats:
    """Return the effects (K,) on the working scale: effect by effect, group by group."""
    scale = SCALES[measure.inner]
    with np.errstate(all="ignore"):
        inner = scale.value(found.value)
        parts = [inner[high] - (inner[low] if low >= 0 else 0.0) for high, low in pairs]
    return np.concatenate(parts)


def working_jacobian(found: Moments, pairs: Sequence[tuple[int, int]], measure: Measure) -> Floats:
    """Return their Jacobian (K, p) by the coefficients of X."""
    scale = SCALES[measure.inner]
    with np.errstate(all="ignore"):
        inner = scale.first(found.value)[..., np.newaxis] * found.jacobian
        parts = [inner[high] - (inner[low] if low >= 0 else 0.0) for high, low in pairs]
    return np.concatenate(parts)


def touched_effects(found: Moments, pairs: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """Return which effects (K,) lie at the boundary."""
    touched = found.touched
    return np.concatenate(
        [touched[high] | (touched[low] if low >= 0 else False) for high, low in pairs]
    )


def delta_estimates(
    found: Moments, pairs: Sequence[tuple[int, int]], measure: Measure, estimate: Estimate
) -> Estimates:
    """Return the effects with the delta method's covariance: ``J V J'``, given the rows."""
    gradients = _gradients(found, pairs, measure, estimate)
    sides = gradients.sides
    touched = touched_effects(found, pairs) | (sides != 0)
    with np.errstate(invalid="ignore"):
        value = np.where(sides != 0, sides * np.inf, gradients.value)
    # Linear ones keep theirs: differences of infinite ones may be finite.
    lost = touched & ~gradients.linear
    jacobian = np.where(lost[:, np.newaxis], 0.0, gradients.jacobian)
    covariance = estimate.covariance
    root = covariance.basis.of(jacobian) @ covariance.root
    df = covariance.degrees(jacobian)
    return Estimates(value, root, touched, measure, df, None, gradients)


def _gradients(
    found: Moments, pairs: Sequence[tuple[int, int]], measure: Measure, estimate: Estimate
) -> Gradients:
    """Return the effects to first order, with the sizes of the terms that are subtracted."""
    scale = SCALES[measure.inner]
    spread = np.nan_to_num(estimate.covariance.std_errors, nan=0.0)
    coef = np.abs(finite_coefficients(estimate))
    with np.errstate(all="ignore"):
        inner = np.abs(scale.value(found.value))
        steep = np.abs(scale.first(found.value)[..., np.newaxis] * found.jacobian)
        values, errors = inner + steep @ coef, steep @ spread
        both = [
            [part[high] + (part[low] if low >= 0 else 0.0) for high, low in pairs]
            for part in (values, errors)
        ]
    G = found.value.shape[1]
    linear = np.repeat([found.linear[high] for high, _ in pairs], G)
    return Gradients(
        working_values(found, pairs, measure),
        working_jacobian(found, pairs, measure),
        spread,
        np.concatenate(both[0]),
        np.concatenate(both[1]),
        linear,
        estimate.recession,
    )


def combined(estimates: Estimates, matrix: Floats, *, working: bool) -> Estimates:
    """Return combinations (k, K) of effects, of what is shown or on the working scale.

    Combinations on the working scale are shown as the effects are: differences of log ratios as
    ratios of ratios. Those of what is shown are shown as they are.
    """
    if isinstance(estimates.df, np.ndarray):
        raise own_df("combinations of effects")
    used = matrix != 0
    touched = (used & estimates.touched).any(axis=1)
    value, root = estimates.value, estimates.root
    measure, draws, gradients = estimates.measure, estimates.draws, estimates.gradients
    if not working:
        if gradients is not None and measure.shown != "identity":
            with np.errstate(all="ignore"):
                slope = SCALES[measure.shown].first(value)
            gradients = gradients.shown(estimates.shown, slope)
        value, root = estimates.shown, estimates.shown_root
        with np.errstate(all="ignore"):
            draws = None if draws is None else SCALES[measure.shown].value(draws)
        measure = replace(measure, inner="identity", shown="identity", null=0.0, header="estimate")
    else:
        null = float(SCALES[measure.shown].value(np.zeros(1))[0])
        header = {"odds": "odds ratio"}.get(measure.header, f"ratio of {measure.header}s")
        measure = replace(measure, null=null, header=header)
    # What a combination does not use must not spoil it, infinite as it may be.
    with np.errstate(invalid="ignore"):
        together = np.where(used, matrix * value, 0.0).sum(axis=1)
    moved = matrix @ np.where(np.isfinite(root), root, 0.0)
    some = None if draws is None else draws @ matrix.T
    if gradients is not None:
        gradients = gradients.combined(matrix)
        if gradients.linear.any() and touched.any():  # infinite terms may cancel
            exact, sides = gradients.linear, gradients.sides
            touched = np.where(exact, sides != 0, touched)
            with np.errstate(invalid="ignore"):
                finite = np.where(sides != 0, sides * np.inf, gradients.value)
            together = np.where(exact, finite, together)
    return Estimates(together, moved, touched, measure, estimates.df, some, gradients)


def own_df(what: str) -> ArgumentError:
    """Return the error for what needs one reference where each effect has its own (CR2)."""
    reason = f"each effect has degrees of freedom of its own then, and {what} have no reference"
    return ArgumentError.refused("type", "CR2", reason, '"CR1", or adjust="holm"')


def infer(
    estimates: Estimates,
    level: float,
    null: Floats | float | None,
    adjustment: str | None,
    limits: tuple[float, float],
) -> Inference:
    """Return what is printed of effects.

    Parameters
    ----------
    estimates : Estimates
    level : float
    null : float, (K,) array or None
        On the working scale; by default the measure's.
    adjustment : str or None
        Of p-values; ``"simultaneous"`` of intervals too.
    limits : (float, float)
        Between which the shown scale lies: interval ends beyond are put there.
    """
    measure, scale = estimates.measure, SCALES[estimates.measure.shown]
    errors = estimates.working_errors
    against = measure.working_null if null is None else null
    with np.errstate(all="ignore"):
        statistic = (estimates.value - against) / errors
        p_value = two_sided(statistic, estimates.df)
        adjusted, critical = _adjusted(estimates, p_value, level, adjustment)
        low, high = _ends(estimates, errors, critical, level)
        ends = scale.value(low), scale.value(high)
        if measure.shown == "reciprocal":
            ends = ends[1], ends[0]
        shown = np.abs(scale.first(estimates.value)) * errors
    kept = [np.where(np.isnan(end), end, np.clip(end, *limits)) for end in ends]
    return Inference(estimates.shown, shown, statistic, p_value, kept[0], kept[1], adjusted)


def _ends(
    estimates: Estimates, errors: Floats, critical: float | Floats, level: float
) -> tuple[Floats, Floats]:
    if estimates.draws is None:
        return estimates.value - critical * errors, estimates.value + critical * errors
    tails = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    low, high = np.quantile(estimates.draws, tails, axis=0)
    return np.where(estimates.touched, np.nan, low), np.where(estimates.touched, np.nan, high)


def _adjusted(
    estimates: Estimates, p_value: Floats, level: float, adjustment: str | None
) -> tuple[Floats | None, float | Floats]:
    """Return adjusted p-values, and the critical value of the intervals."""
    alone = critical_values(level, estimates.df)
    if adjustment is None:
        return None, alone
    if adjustment not in (*METHODS, "simultaneous"):
        allowed = ", ".join(f'"{name}"' for name in (*METHODS, "simultaneous"))
        raise ArgumentError("adjust", adjustment, f"one of {allowed}")
    if adjustment in METHODS[:4]:
        return adjust(p_value, adjustment), alone
    if isinstance(estimates.df, np.ndarray):
        raise own_df("joint adjustments")
    errors = np.nan_to_num(estimates.working_errors)
    known = errors > EXACT * errors.max(initial=0.0)
    axes = [
        (row / size)[:, np.newaxis]
        for row, size in zip(estimates.root, errors, strict=True)
        if size > EXACT * errors.max(initial=0.0)
    ]
    if axes and estimates.root.shape[1] > len(errors):
        axes = _shortened(axes)
    adjusted = np.full(len(errors), np.nan)
    if not axes:
        return adjusted, alone
    if not np.isnan(p_value).all():
        adjusted[known] = single_step(p_value[known], axes, estimates.df)[0]
    if adjustment == "simultaneous":
        alone = joint_quantile(level, axes, estimates.df)[0]
    return adjusted, alone


def _shortened(axes: Sequence[Floats]) -> list[Floats]:
    """Return axes of many dimensions in the few that they span."""
    triangle: Any = np.linalg.qr(np.hstack(axes), mode="r")
    return [triangle[:, [k]] for k in range(triangle.shape[1])]
