"""Gradient descent of a stack of layers over the rows of a source."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from logit_inference.errors import ArgumentError
from logit_inference.likelihood.layers import Stack, stack_slope
from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source
from logit_inference.solve.first_order import LARGER, LARGEST_RATE, SMALLEST_RATE, is_enough


@dataclass(frozen=True)
class Training:
    """Where a stack of layers came to.

    Parameters
    ----------
    parameters : (k,) array
    costs : (steps + 1,) array
        Before each step and at the end: −ℓ/n with n the rows.
    slope : float
        Length of the derivative of the cost at the end.
    """

    parameters: Floats
    costs: Floats
    slope: float


def train(
    source: Source,
    stack: Stack,
    start: Floats,
    *,
    learning_rate: float | None = None,
    steps: int = 1000,
    tolerance: float = 1e-8,
) -> Training:
    """Return the parameters of a stack after gradient descent on its cost over a source.

    The cost is ``J = −ℓ/n``, each step ``−learning_rate · dJ/dparameters``.

    Parameters
    ----------
    source : Source
    stack : Stack
        Its outputs are log probabilities; see `stack_slope`.
    start : (k,) array
    learning_rate : float, optional
        By default one that is doubled after each step and halved until the cost falls.
    steps : int
        At most.
    tolerance : float
        Length of the derivative of the cost at which it ends before.

    Notes
    -----
    One pass forwards and backwards for each step, and for each rate that is rejected. A stack may
    have several maxima or none: nothing is certified, unlike in fits.

    Examples
    --------
    >>> from logit_inference.likelihood.layers import Linear, LogSigmoid
    >>> from logit_inference.rows.block import Block
    >>> from logit_inference.rows.source import ArraySource
    >>> rows = ArraySource(Block(np.array([1.0, 1.0, 0.0, 1.0]), np.ones((4, 1))))
    >>> found = train(rows, Stack((Linear(1, 1), LogSigmoid())), np.zeros(1))
    >>> float(found.parameters[0].round(6)), float(np.log(3).round(6))
    (1.098612, 1.098612)
    """
    if learning_rate is not None and not 0.0 < learning_rate < np.inf:
        raise ArgumentError("learning_rate", learning_rate, "a number above 0, or None")
    slope_at = partial(source.fold, stack_slope, stack)
    n = max(source.n_rows, 1)
    at = np.array(start, dtype=np.float64)
    here = slope_at(at)
    costs, rate = [-here.log_likelihood / n], learning_rate or 1.0
    least, most = SMALLEST_RATE, LARGEST_RATE
    for _ in range(steps):
        if float(np.linalg.norm(here.score)) / n <= tolerance:
            break
        rate = learning_rate or min(LARGER * rate, most)
        ahead = slope_at(at + rate / n * here.score)
        while learning_rate is None and rate > least and not is_enough(here, ahead, rate / n):
            rate /= 2.0
            ahead = slope_at(at + rate / n * here.score)
        if rate <= least:  # nothing that can be told from rounding is left to gain
            break
        at, here = at + rate / n * here.score, ahead
        costs.append(-here.log_likelihood / n)
    return Training(at, np.array(costs), float(np.linalg.norm(here.score)) / n)
