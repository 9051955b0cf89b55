"""Which estimator the keywords of a fit ask for, checked against each other and the columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from logit_inference.errors import ArgumentError, nearest
from logit_inference.likelihood.estimator import NAMES, Estimator

OWN = {"jeffreys": "power", "log-f": "prior_df", "ridge": "penalty"}
MEANING = {
    "power": "a number above 0; 0.5 is Firth's",
    "prior_df": "a number above 0, or a mapping from coefficients or terms to such numbers",
    "penalty": "a number above 0, or a mapping from coefficients or terms to such numbers",
}
CORRECTIONS = ("flic", "flac")
DESCRIPTIONS = {
    "firth": "Firth's bias-reduced maximum likelihood, penalised by Jeffreys' prior |I|^0.5.",
    "median-br": "median bias reduction (Kenne Pagui, Salvan and Sartori 2017). It depends on the "
    "contrasts that spell a factor.",
    "jeffreys": "maximum of the likelihood times |I|^{power:g}, a power of Jeffreys' prior.",
    "log-f": "log-F priors on coefficients (Greenland and Mansournia 2015), columns as given.",
    "ridge": "ridge penalties on coefficients, columns as given. The estimates are biased towards "
    "zero by choice, and standard errors, p-values and intervals do not account for that: they are "
    "not unbiased inference.",
}
CORRECTION_NOTES = {
    "flic": "FLIC: the intercept is re-estimated by maximum likelihood, so that fitted "
    "probabilities have the mean of the outcome. Its test and interval are Wald's.",
    "flac": "FLAC: refitted by maximum likelihood with Firth's pseudo-observations and an "
    "indicator of them; likelihood ratios are those of rows and pseudo-observations.",
}


@dataclass(frozen=True)
class EstimatorRequest:
    """What the caller asked for, before the columns are known.

    Parameters
    ----------
    kind : str
    power : float
        Of the determinant of the information; 0 where there is none.
    amount : float, mapping or None
        Of each penalised coefficient.
    intercept : {"flic", "flac"} or None
    """

    kind: str
    power: float
    amount: float | Mapping[str, float] | None
    intercept: str | None

    def resolve(
        self,
        names: Sequence[str],
        terms: Sequence[tuple[str, tuple[int, ...]]],
        constant: int | None,
    ) -> Estimator:
        """Return the estimator for columns of these names.

        One amount for all leaves the constant alone; so does a mapping that does not name it.

        Raises
        ------
        ArgumentError
            For a name that is neither a coefficient nor a term, or named twice; for a correction of
            an intercept that the model does not have.
        """
        if self.intercept is not None and constant is None:
            raise ArgumentError(
                "intercept", self.intercept, "it for a model with an intercept; this one has none"
            )
        amounts: tuple[float, ...] = ()
        if isinstance(self.amount, Mapping):
            amounts = _spread(OWN[self.kind], self.amount, names, dict(terms))
        elif self.amount is not None:
            amounts = tuple(0.0 if j == constant else self.amount for j in range(len(names)))
        return Estimator(self.kind, self.power, amounts, self.intercept)


PLAIN = EstimatorRequest("ml", 0.0, None, None)


def read_estimator(
    kind: Any, *, power: Any, prior_df: Any, penalty: Any, intercept: Any
) -> EstimatorRequest:
    """Return the request, or raise an ArgumentError that says which estimator uses what.

    Examples
    --------
    >>> read_estimator("firth", power=None, prior_df=None, penalty=None, intercept=None).power
    0.5
    """
    if kind == "ml" and power is prior_df is penalty is intercept is None:
        return PLAIN  # small fits are many
    if not isinstance(kind, str) or kind not in NAMES:
        raise ArgumentError("estimator", kind, f"one of {', '.join(repr(name) for name in NAMES)}")
    given = {"power": power, "prior_df": prior_df, "penalty": penalty}
    for name, value in given.items():
        user = next(key for key, own in OWN.items() if own == name)
        if value is not None and kind != user:
            raise ArgumentError(name, value, f"it with estimator={user!r}, which alone uses it")
        if value is None and kind == user:
            raise ArgumentError(name, value, f"{name}= for estimator={kind!r}: {MEANING[name]}")
    if intercept is not None:
        if intercept not in CORRECTIONS:
            allowed = '"flic" or "flac"; whether there is an intercept, the formula says'
            raise ArgumentError("intercept", intercept, allowed)
        if kind != "firth":
            raise ArgumentError("intercept", intercept, 'it with estimator="firth"')
    own = OWN.get(kind)
    if own == "power":
        return EstimatorRequest(kind, _amount(own, power, power), None, None)
    if own is not None:
        return EstimatorRequest(kind, 0.0, _amounts(own, given[own]), None)
    return EstimatorRequest(kind, 0.5 if kind == "firth" else 0.0, None, intercept)


def estimator_notes(estimator: Estimator) -> Iterator[str]:
    """Yield what a reader must know of an estimator other than maximum likelihood."""
    if estimator.is_ml:
        return
    yield f"Estimator: {DESCRIPTIONS[estimator.kind].format(power=estimator.power)}"
    if estimator.intercept is not None:
        yield CORRECTION_NOTES[estimator.intercept]


def _amounts(name: str, value: Any) -> float | Mapping[str, float]:
    if not isinstance(value, Mapping):
        return _amount(name, value, value)
    if not value:
        raise ArgumentError(name, value, MEANING[name])
    return {key: _amount(name, amount, value) for key, amount in value.items()}


def _amount(name: str, value: Any, whole: Any) -> float:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not 0.0 < value < math.inf:
        raise ArgumentError(name, whole, MEANING[name])
    return float(value)


def _spread(
    argument: str,
    amounts: Mapping[str, float],
    names: Sequence[str],
    terms: Mapping[str, tuple[int, ...]],
) -> tuple[float, ...]:
    """Return the amount of each column; zero for those not named."""
    found: dict[int, float] = {}
    for key, amount in amounts.items():
        columns = (names.index(key),) if key in names else terms.get(key)
        if columns is None:
            close = nearest(str(key), [*names, *terms])
            guess = f"; did you mean {close[0]!r}?" if close else ""
            wanted = f"names of coefficients or terms ({key!r} is none{guess})"
            raise ArgumentError(argument, dict(amounts), wanted)
        for j in columns:
            if j in found:
                wanted = f"each coefficient once ({names[j]!r} is named twice)"
                raise ArgumentError(argument, dict(amounts), wanted)
            found[j] = amount
    return tuple(found.get(j, 0.0) for j in range(len(names)))
