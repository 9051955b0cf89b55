"""What a table of effects says under its numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from logit_inference.effects.estimates import Estimates, Inference
from logit_inference.inference.estimate import Estimate
from logit_inference.models.effect_request import Options

NO_INTERVAL = "they have no test and no interval"  # effects at the boundary without a likelihood


def first_notes(
    estimates: Estimates, adjustment: str | None, numbers: Inference, *, likelihood: bool = False
) -> list[str]:
    """Return what the scale of the estimates, and adjustment for their number, mean.

    Intervals from likelihoods are the same on every scale: nothing is said of one.
    """
    notes = []
    measure = estimates.measure
    if measure.shown == "exp" and measure.name in ("ratio", "odds-ratio"):
        null = f"{measure.header} = {measure.null:g}"
        notes.append(
            f"Tests are of {null}" + ("." if likelihood else "; intervals by its logarithm.")
        )
    if measure.name == "lift":
        by = "" if likelihood else "; intervals by the logarithm of the ratio"
        notes.append(f"Lift: ratio minus one{by}.")
    if measure.shown == "reciprocal":
        notes.append(
            "NNT: one over the difference; tests are of difference = 0, where it is infinite."
        )
        if (numbers.conf_low > numbers.conf_high).any():
            notes.append(
                "Where the left end is above the right one, the interval of the difference covers "
                "0, and that of the NNT is two pieces: from the left end up to infinity (where "
                "there is no difference), and from minus infinity up to the right end."
            )
    if adjustment is not None:
        ends = "; intervals hold for all at once." if adjustment == "simultaneous" else "."
        count = len(estimates.value)
        notes.append(f"adjusted: p-values for {count} tests at once, {adjustment}{ends}")
    return notes


def zero_notes(zero: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return what is said where effects are zero by the model; nothing where none is."""
    if not zero.any():
        return ()
    which = "The effect is" if len(zero) == 1 else f"{int(zero.sum())} of {len(zero)} effects are"
    return (
        f"{which} zero by the model (a ratio is 1), whatever the coefficients: nothing in the "
        "formula makes a difference here, and there is nothing to test.",
    )


def delta_note(estimate: Estimate, given: str) -> str:
    """Return how standard errors were computed."""
    if estimate.covariance.kind == "model":
        return f"Standard errors: delta method, model-based covariance, {given}."
    return f"Standard errors: delta method, {given}; covariance: {estimate.covariance.label}."


def simulation_note(estimate: Estimate, options: Options) -> str:
    """Return of what simulated intervals are quantiles."""
    covariance = estimate.covariance
    named = "model-based covariance, " if covariance.kind == "model" else ""
    note = (
        f"Simulation: {options.draws:,} draws of the coefficients from their normal distribution "
        f"({named}seed {options.seed}); intervals are quantiles."
    )
    if not named:
        note += f" Covariance: {covariance.description}."
    if covariance.df is not None:
        note += f" The t reference of the covariance (df {covariance.df:.4g}) is not used."
    return note


def rests_on(estimate: Estimate, options: Options) -> str:
    """Return the label of the covariance of the coefficients that effects rest on."""
    covariance, how = estimate.covariance, options.uncertainty
    quantiles = "reference: normal, of intervals the quantiles of draws"
    if how == "bootstrap":  # which replaces it
        return f"bootstrap, {options.draws:,} samples, seed {options.seed}; {quantiles}"
    if how == "simulation":
        return f"{covariance.description}; {quantiles}"
    if how == "population":
        return f"{covariance.label}; with the rows' own variation"
    return covariance.label
