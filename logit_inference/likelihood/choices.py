"""Chances of choosing m of n rows with odds ``r_i = exp(eta_i)``, given m: exactly, and stably.

The chance of a choice is the product of its odds over ``e_m``, the sum of such products over all
choices of m rows. With ``B(k, i)`` that sum over choices of k among the first i rows,

    B(k, i) = B(k, i − 1) + r_i B(k − 1, i − 1),

the recursion of Gail, Lubin and Rubinstein (1981). Here it is carried by logarithms of ratios,
``a_k = log B(k − 1, i) − log B(k, i)``, whose size is that of a linear predictor however many
choices there are: nothing overflows, and rounding does not grow from row to row. They say all that
is wanted, since a choice is a Markov chain in the number chosen so far:

* ``p = expit(eta_i + a_k)`` is the chance that row i is chosen, given that k of the first i are;
* the log-likelihood is the sum of ``log p`` or ``log(1 − p)`` along what was observed;
* backwards, the chances q of each number k give the chance ``π_i = Σ q p`` of each row;
* forwards again, ``d = mean(k − 1) + x_i − mean(k)`` is by how much choosing row i moves the mean
  of the sum of chosen rows, and the variance of that sum is ``Σ q p (1 − p) d d'``: a sum of
  squares, in which nothing cancels.

One row chosen has the closed form of a softmax. Sets of equal size are computed together. What is
chosen, and what for, this file does not know.

References
----------
Gail, Lubin and Rubinstein (1981), *Biometrika* 68, 703–707. Chen, Dempster and Liu (1994),
*Biometrika* 81, 457–469 (the chance of each row).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.block import Floats

HELD = 1 << 22  # chances of a number after a row that are held at a time; beyond, made twice
STEP = 8.0  # units of rounding in a step of the recursion, beside those in proportion to its size

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chances:
    """What is known of choices in s sets of n rows.

    Parameters
    ----------
    value : float
        Log-likelihood of what was chosen.
    pi : (s, n) array
        The chance of each row to be chosen.
    runs : tuple of _Run
        The recursion in runs of rows; empty where one row of each set is chosen.
    fewer : (s,) array of int
        How many are chosen, the largest last.
    """

    value: float
    pi: Floats
    runs: tuple[_Run, ...]
    fewer: Integers

    def variance(self, X: Floats) -> Floats:
        """Return the variance (q, q) of what chosen rows of X (s, n, q) add up to, over all sets.

        Notes
        -----
        About ``n m (q² + 4q)`` operations for each set.
        """
        if not self.runs:
            rows = X - self.pi[:, np.newaxis] @ X
            rows *= np.sqrt(self.pi)[:, :, np.newaxis]
            flat = rows.reshape(-1, X.shape[2])
            square: Floats = flat.T @ flat
            return square
        q, most, least = X.shape[2], int(self.fewer[-1]), int(self.fewer[0])
        mean, total = np.zeros((len(X), most + 1, q)), np.zeros((q, q))
        for run in self.runs:
            chosen, weight = run.steps()
            for i, own_chosen, own_weight in zip(run.rows, chosen, weight, strict=True):
                low, high = _numbers(i, X.shape[1], least, most)
                low = max(low, 1)
                change = mean[:, low - 1 : high] + X[:, i : i + 1]
                change -= mean[:, low : high + 1]
                mean[:, low : high + 1] += own_chosen[:, low : high + 1, np.newaxis] * change
                change *= np.sqrt(own_weight[:, low : high + 1, np.newaxis])
                flat = change.reshape(-1, q)
                total += flat.T @ flat
        return total


def chances(eta: Floats, chosen: Floats, fewer: Integers) -> Chances:
    """Return the chances of choices in sets of one size.

    Parameters
    ----------
    eta : (s, n) array
        Log odds.
    chosen : (s, n) array
        One for the rows that were chosen, else zero.
    fewer : (s,) array of int
        How many were; neither none nor all, the largest last.

    Notes
    -----
    Time: about ``30 n m`` operations for each set, in 2n steps over all sets at once. Memory: n m
    numbers twice for each set, or where that is many, the root of n as many, for twice the time.

    Examples
    --------
    >>> found = chances(np.log([[1.0, 2.0, 3.0]]), np.array([[0.0, 1.0, 1.0]]), np.array([2]))
    >>> round(float(np.exp(found.value)) * 11, 12), (found.pi * 11).round(12).tolist()
    (6.0, [[5.0, 8.0, 9.0]])
    """
    if fewer[-1] == 1:
        return _softmax(eta, chosen, fewer)
    n_sets, n = eta.shape
    most = int(fewer[-1])
    eta = eta - eta.mean(axis=1, keepdims=True)
    ratio = np.full((n_sets, most + 1), np.inf)
    ratio[:, 0] = -np.inf
    length = n if n * n_sets * (most + 1) <= HELD else math.isqrt(n) + 1
    value, ahead = 0.0, []
    for begin in range(0, n, length):
        run = _Run(eta, fewer, range(begin, min(begin + length, n)), ratio)
        steps, ratio, part = run.ahead(chosen)
        value += part
        ahead.append((run, steps if length == n else None))
    ways = np.zeros((n_sets, most + 1))
    ways[np.arange(n_sets), fewer] = 1.0
    pi, runs = np.empty_like(eta), []
    for run, known in reversed(ahead):
        steps = run.ahead()[0] if known is None else known
        runs.append(run.after(ways, known))
        for i, before in _backwards(run.rows, steps, ways):
            pi[:, i] = before
    return Chances(value, pi, tuple(reversed(runs)), fewer)


def rounding(eta: Floats, fewer: Integers) -> float:
    """Return a bound, in units, on what rounding adds to the log odds of the steps of a chain.

    What one step adds is at most the same from step to step, since the slopes of a ratio by those
    before it add up to one at most.
    """
    n = eta.shape[1]
    if fewer[-1] == 1:
        return 0.0  # no recursion: what a sum of n terms loses is counted with the residuals
    size = 2.0 * float(np.ptp(eta, axis=1).max()) + math.log(n)
    return float(n * (4.0 * size + STEP))


Steps = tuple[Floats, Floats]
"""For rows of a run (l, s, k): chances to be chosen, and not to be, or what these weigh."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive rows of the recursion, from the ratios (s, k) before them.

    ``ways`` (s, k) are the chances of the numbers chosen up to the last of them, once these are
    known; ``known`` its steps, with weights in the second place, where they are held.
    """

    eta: Floats
    fewer: Integers
    rows: range
    ratio: Floats
    ways: Floats | None = None
    known: Steps | None = None

    def after(self, ways: Floats, known: Steps | None) -> _Run:
        """Return the run with what lies after it."""
        return _Run(self.eta, self.fewer, self.rows, self.ratio, ways.copy(), known)

    def steps(self) -> Steps:
        """Return the chances to be chosen, and the weights q p (1 − p), of each row and number."""
        if self.known is not None:
            return self.known
        assert self.ways is not None, "the way back comes first"
        steps = self.ahead()[0]
        for _ in _backwards(self.rows, steps, self.ways.copy()):
            pass
        return steps

    def ahead(self, observed: Floats | None = None) -> tuple[Steps, Floats, float]:
        """Return the steps, the ratios after them, and the log-likelihood of what was observed."""
        n_sets, n = self.eta.shape
        most, least = int(self.fewer[-1]), int(self.fewer[0])
        shape = (len(self.rows), n_sets, most + 1)
        chosen, left, ratio = np.zeros(shape), np.ones(shape), self.ratio.copy()
        sets, value = np.arange(n_sets), 0.0
        number = None if observed is None else observed[:, : self.rows.start].sum(axis=1)
        for step, i in enumerate(self.rows):
            # After so many rows no other numbers can occur on the way to those that are chosen.
            low, high = _numbers(i, n, least, most)
            first = max(low - 1, 0)
            own = self.eta[:, i : i + 1]
            z = own + ratio[:, first : high + 1]
            t = np.exp(-np.abs(z))
            log_t = np.log1p(t)
            gained, lost = np.maximum(z, 0.0), np.maximum(-z, 0.0)
            gained += log_t  # minus the log of the chance not to choose the row
            lost += log_t  # the same of the chance to choose it
            positive, own_t = z >= 0, 1.0 + t
            chosen[step, :, first : high + 1] = np.where(positive, 1.0, t) / own_t
            left[step, :, first : high + 1] = np.where(positive, t, 1.0) / own_t
            if number is not None and observed is not None:
                number = number + observed[:, i]
                at = number.astype(np.int64) - first
                value -= np.where(observed[:, i] > 0, lost[sets, at], gained[sets, at]).sum()
            ratio[:, first + 1 : high + 1] = gained[:, :-1] - own - lost[:, 1:]
        return (chosen, left), ratio, float(value)


def _backwards(rows: range, steps: Steps, ways: Floats) -> Iterator[tuple[int, Floats]]:
    """Yield each row and its chance (s,), from the last on, and turn what is left into weights.

    ``ways`` (s, k), the chances of the numbers after the last row, become those before the first.
    """
    chosen, left = steps
    for step in range(len(rows) - 1, -1, -1):
        with_row = ways * chosen[step]
        yield rows[step], with_row.sum(axis=1)
        ways *= left[step]
        ways[:, :-1] += with_row[:, 1:]
        np.multiply(with_row, left[step], out=left[step])


def _numbers(i: int, n: int, least: int, most: int) -> tuple[int, int]:
    """Return how few and how many may be chosen of the first i + 1 rows."""
    return max(0, least - (n - 1 - i)), min(i + 1, most)


def _softmax(eta: Floats, chosen: Floats, fewer: Integers) -> Chances:
    """Return the chances of sets of which one row is chosen."""
    eta = eta - eta.max(axis=1, keepdims=True)
    size = np.exp(eta)
    total = size.sum(axis=1, keepdims=True)
    value = float((chosen * eta).sum() - np.log(total).sum())
    size /= total
    return Chances(value, size, (), fewer)
