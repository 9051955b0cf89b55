"""Scales: on which a row is predicted, on which effects are compared, on which they are shown.

A row's linear predictor eta becomes a *kind* (probability, odds, or eta itself). An effect is
estimated on a *working scale*, on which its estimate is nearer to normal and its interval cannot
leave its range: logits of probabilities, logarithms of ratios. What is shown is a monotone function
of that. Each function comes with its derivatives, which are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from logit_inference.likelihood.logistic import expit
from logit_inference.rows.block import Floats

Function = Callable[[Floats], Floats]
KINDS = ("response", "link", "odds")


def curve(kind: str, eta: Floats, order: int) -> tuple[Floats, ...]:
    """Return a prediction of that kind and its derivatives by eta, up to ``order`` (at most 3).

    Examples
    --------
    >>> [round(float(value[0]), 4) + 0.0 for value in curve("response", np.ones(1), 3)]
    [0.7311, 0.1966, -0.0909, -0.0353]
    """
    if kind == "link":
        one, zero = np.ones_like(eta), np.zeros_like(eta)
        return (eta, one, zero, zero)[: order + 1]
    if kind == "odds":
        with np.errstate(over="ignore"):
            odds = np.exp(eta)
        return (odds,) * (order + 1)
    t = np.exp(-np.abs(eta))
    mu = np.where(eta >= 0, 1.0, t) / (1.0 + t)
    if not order:
        return (mu,)
    weight = t / np.square(1.0 + t)
    skew = np.copysign((1.0 - t) / (1.0 + t), -eta)
    return (mu, weight, weight * skew, weight * (1.0 - 6.0 * weight))[: order + 1]


def slope_curve(kind: str, elasticity: str | None, eta: Floats, order: int) -> tuple[Floats, ...]:
    """Return what multiplies the slope of eta, and its derivatives by eta (``order`` at most 2).

    It is h' for slopes of a prediction h, and h'/h for those of its logarithm.
    """
    if elasticity not in ("eyex", "eydx"):
        return curve(kind, eta, order + 1)[1:]
    if kind == "response":  # h'/h is one minus the probability
        _, weight, skewed = curve("response", eta, 2)
        return (expit(-eta), -weight, -skewed)[: order + 1]
    if kind == "odds":
        return (np.ones_like(eta), np.zeros_like(eta), np.zeros_like(eta))[: order + 1]
    with np.errstate(divide="ignore"):
        return (1.0 / eta, -1.0 / eta**2, 2.0 / eta**3)[: order + 1]


@dataclass(frozen=True)
class Scale:
    """A function and its first two derivatives, with its inverse."""

    value: Function
    first: Function
    second: Function
    inverse: Function


def _logit(x: Floats) -> Floats:
    found: Floats = np.log(x) - np.log1p(-x)
    return found


def _expit_first(x: Floats) -> Floats:
    return curve("response", x, 1)[1]


def _one(x: Floats) -> Floats:
    return np.ones_like(x)


SCALES: Mapping[str, Scale] = {
    "identity": Scale(lambda x: x, _one, np.zeros_like, lambda x: x),
    "log": Scale(np.log, lambda x: 1.0 / x, lambda x: -1.0 / x**2, np.exp),
    "logit": Scale(
        _logit,
        lambda x: 1.0 / (x * (1.0 - x)),
        lambda x: (2.0 * x - 1.0) / (x * (1.0 - x)) ** 2,
        expit,
    ),
    "exp": Scale(np.exp, np.exp, np.exp, np.log),
    "expm1": Scale(np.expm1, np.exp, np.exp, np.log1p),
    "expit": Scale(expit, _expit_first, lambda x: curve("response", x, 2)[2], _logit),
    "reciprocal": Scale(
        lambda x: 1.0 / x, lambda x: -1.0 / x**2, lambda x: 2.0 / x**3, lambda x: 1.0 / x
    ),
}


@dataclass(frozen=True)
class Measure:
    """How two predictions are compared, or one is shown.

    The effect is ``inner(high) − inner(low)`` on the working scale, and ``shown`` of that in print.

    Parameters
    ----------
    name : str
    inner, shown : str
        Names of scales.
    null : float
        What no effect is, as shown; NaN where there is no such value.
    header : str
        Of the printed column.
    sign : str
        Between the two values in the name of a contrast.
    """

    name: str
    inner: str
    shown: str
    null: float
    header: str
    sign: str = "-"

    @property
    def working_null(self) -> float:
        """The null on the working scale."""
        if np.isnan(self.null):
            return np.nan
        if self.shown == "reciprocal":  # infinitely many to treat is no difference
            return 0.0
        return float(SCALES[self.shown].inverse(np.array(self.null)))


MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("difference", "identity", "identity", 0.0, "difference"),
        Measure("ratio", "log", "exp", 1.0, "ratio", "/"),
        Measure("odds-ratio", "logit", "exp", 1.0, "odds ratio", "/"),
        Measure("log-ratio", "log", "identity", 0.0, "log ratio", "/"),
        Measure("lift", "log", "expm1", 0.0, "lift", "/"),
        Measure("nnt", "identity", "reciprocal", np.inf, "NNT"),
    )
}
PREDICTIONS: Mapping[str, Measure] = {
    "response": Measure("prediction", "logit", "expit", np.nan, "probability"),
    "odds": Measure("prediction", "log", "exp", np.nan, "odds"),
    "link": Measure("prediction", "identity", "identity", np.nan, "log odds"),
}
SLOPE = Measure("slope", "identity", "identity", 0.0, "slope")
