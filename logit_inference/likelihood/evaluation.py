"""What is known of a log-likelihood at one point, and how two parts of it add up.

A log-likelihood is a sum over rows; so are its derivatives. An `Evaluation` of all rows is the sum
of the evaluations of any partition of them, and Newton's method, whatever the data are kept in,
sees nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from logit_inference.records import made_fast
from logit_inference.rows.block import Floats
from logit_inference.rows.packed import unpacked


@made_fast
@dataclass(frozen=True, slots=True)
class Evaluation:
    """Value and derivatives of a log-likelihood at one coefficient vector of length q.

    Parameters
    ----------
    log_likelihood : float
        Without the constant that does not depend on the coefficients.
    score : (q,) array
        Gradient of the log-likelihood.
    upper : (q, q) array, or (q(q+1)/2,) array
        Upper triangle of the information; what stands below the diagonal is not read. Packed where
        it is one of many columns, and a search alone is to read it (see `rows.packed`).
    smallest_weight : float
        The smallest working weight of a row with positive prior weight. No row's leverage exceeds
        one, so the row x with working weight w has ``x' information⁻¹ x <= 1/w``: this one number
        bounds how curved the log-likelihood can be (see `solve.newton`).
    larger : (q, q) array, optional
        Upper triangle of a matrix that is no smaller and positive definite, where ``upper``, minus
        the second derivative of something that is not concave, need not be.
    """

    log_likelihood: float
    score: Floats
    upper: Floats
    smallest_weight: float
    larger: Floats | None = None

    @property
    def information(self) -> Floats:
        """Minus the second derivative (q, q), symmetric and positive semidefinite; a copy."""
        full = np.triu(self.upper) if self.upper.ndim == 2 else unpacked(self.upper)
        full += np.triu(full, 1).T
        return full

    def __add__(self, other: Evaluation) -> Evaluation:
        return Evaluation(
            self.log_likelihood + other.log_likelihood,
            self.score + other.score,
            self.upper + other.upper,
            min(self.smallest_weight, other.smallest_weight),
        )

    def __iadd__(self, other: Evaluation) -> Evaluation:
        """Add into the arrays at hand: square ones of a thousand columns are not for copying."""
        self.score.__iadd__(other.score)
        self.upper.__iadd__(other.upper)
        return Evaluation(
            self.log_likelihood + other.log_likelihood,
            self.score,
            self.upper,
            min(self.smallest_weight, other.smallest_weight),
        )


class Objectives(NamedTuple):
    """A log-likelihood of some rows as functions of coefficients.

    Parameters
    ----------
    at : callable
        From (p,) coefficients to an `Evaluation`; one pass over the rows.
    null : callable or None
        From the one linear predictor of all rows, as at most searches' start, to the same in a
        closed form; None where there is none, or it is no faster.
    bend : callable or None
        From a (p,) step to ``½ Σ w (1 − 2mu) (x'step)² x``, (p,), where ``at`` was called last:
        what the score loses along the step beside the information times it, to second order. Two
        products of the columns and a vector, where rows stay in cache; else None.
    """

    at: Callable[[Floats], Evaluation]
    null: Callable[[float], Evaluation] | None = None
    bend: Callable[[Floats], Floats] | None = None


@dataclass(frozen=True, slots=True)
class Slope:
    """Value and gradient of a log-likelihood at one point: an `Evaluation` without information."""

    log_likelihood: float
    score: Floats

    def __add__(self, other: Slope) -> Slope:
        return Slope(self.log_likelihood + other.log_likelihood, self.score + other.score)


@made_fast
@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over the rows that do not depend on the coefficients; rows of weight zero count not.

    Parameters
    ----------
    n_rows : int
        Rows with positive weight.
    weight : float
        Sum of the weights.
    trials, events : float
        Weighted numbers of trials and of successes.
    plain_trials, plain_events : float
        The same without the weights.
    offset : float
        Sum of the offsets of all trials, weighted.
    log_binomial : float
        Weighted sum of the log binomial coefficients: what grouped data add to the log-likelihood.
    saturated : float
        The log-likelihood, without that constant, where each row has its own probability.
    """

    n_rows: int
    weight: float
    trials: float
    events: float
    plain_trials: float
    plain_events: float
    offset: float
    log_binomial: float
    saturated: float

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.n_rows + other.n_rows,
            self.weight + other.weight,
            self.trials + other.trials,
            self.events + other.events,
            self.plain_trials + other.plain_trials,
            self.plain_events + other.plain_events,
            self.offset + other.offset,
            self.log_binomial + other.log_binomial,
            self.saturated + other.saturated,
        )


@dataclass(frozen=True, slots=True)
class Total:
    """A plain array whose merge is the sum: for kernels that return a few sums."""

    values: Floats

    def __add__(self, other: Total) -> Total:
        return Total(self.values + other.values)


@dataclass(frozen=True, slots=True)
class Largest:
    """A number whose merge is the larger of two."""

    value: float

    def __add__(self, other: Largest) -> Largest:
        return Largest(float(np.maximum(self.value, other.value)))


@dataclass(frozen=True, slots=True)
class Reach:
    """The largest absolute value of each column (p,)."""

    values: Floats

    def __add__(self, other: Reach) -> Reach:
        return Reach(np.maximum(self.values, other.values))
