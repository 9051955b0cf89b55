"""Effects at coefficients that were drawn: from their normal distribution, or by resampling rows.

Random numbers come from a seed, so that the same call gives the same table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from logit_inference.effects.estimates import Estimates
from logit_inference.effects.moments import Weighting, averages, finite_coefficients
from logit_inference.effects.quantities import Quantity, Rows
from logit_inference.effects.scales import SCALES, Measure
from logit_inference.inference.estimate import Estimate
from logit_inference.rows.block import Floats
from logit_inference.solve.batch import refit_weights
from logit_inference.solve.fit import Fit

MOST_WEIGHTS = 4_000_000  # of replicates times rows that are held at a time


@dataclass(frozen=True)
class Question:
    """What is computed of each draw: quantities, how they are compared, over which rows."""

    rows: Rows
    quantities: Sequence[Quantity]
    pairs: Sequence[tuple[int, int]]
    measure: Measure
    kind: str
    weighting: Weighting

    def effects(self, coef: Floats, weights: Floats | None = None) -> Floats:
        """Return the effects (B, K) on the working scale at coefficients (B, p).

        ``weights`` (B, n) stand in for those of the question.
        """
        used = self.weighting.weights if weights is None else weights
        w = self.weighting
        found = averages(self.rows, self.quantities, coef, self.kind, w.codes, w.n_groups, used)
        with np.errstate(all="ignore"):
            inner = SCALES[self.measure.inner].value(found)
            parts = [
                inner[:, high] - (inner[:, low] if low >= 0 else 0.0) for high, low in self.pairs
            ]
        return np.concatenate(parts, axis=1)


def from_draws(value: Floats, draws: Floats, measure: Measure) -> Estimates:
    """Return estimates whose root and intervals are those of draws (B, K)."""
    centred = draws - draws.mean(axis=0)
    root = centred.T / np.sqrt(len(draws) - 1.0)
    touched = np.zeros(len(value), dtype=bool)
    return Estimates(value, root, touched, measure, None, draws)


def simulated(question: Question, estimate: Estimate, draws: int, seed: int) -> Floats:
    """Return effects (B, K) at coefficients drawn from their estimated normal distribution.

    References
    ----------
    Krinsky and Robb (1986), *Review of Economics and Statistics* 68. King, Tomz and Wittenberg
    (2000), *American Journal of Political Science* 44.
    """
    covariance = estimate.covariance
    normal = np.random.default_rng(seed).standard_normal((draws, covariance.root.shape[1]))
    moved = covariance.basis.root(covariance.root)
    return question.effects(finite_coefficients(estimate) + normal @ moved.T)


@dataclass(frozen=True)
class Resampling:
    """How rows are drawn again.

    Parameters
    ----------
    prior : (n,) array
        Weights that each row keeps in a refit.
    copies : (n,) array or None
        Of frequency weights: how many observations each row stands for, which are drawn singly.
    counts : (n,) array
        What a row counts in averages, for each time that it is drawn.
    clusters : (n,) codes, or None
        Drawn whole.
    """

    prior: Floats
    copies: Floats | None
    counts: Floats
    clusters: NDArray[np.int64] | None

    def weights(self, draws: int, generator: np.random.Generator) -> Floats:
        """Return how often each row is drawn, shape (B, n)."""
        if self.clusters is not None:
            n_clusters = int(self.clusters.max()) + 1
            share = np.full(n_clusters, 1.0 / n_clusters)
            drawn = generator.multinomial(n_clusters, share, size=draws)
            found: Floats = drawn[:, self.clusters].astype(np.float64)
            return found if self.copies is None else found * self.copies
        if self.copies is not None:
            total = int(self.copies.sum())
            picked = generator.multinomial(total, self.copies / total, size=draws)
        else:
            n = len(self.prior)
            picked = generator.multinomial(n, np.full(n, 1.0 / n), size=draws)
        return picked.astype(np.float64)


def bootstrapped(
    question: Question, fit: Fit, resampling: Resampling, draws: int, seed: int, *, rows_too: bool
) -> tuple[Floats, int]:
    """Return effects (B, K) of refits to rows drawn with replacement, and how many had none.

    Where ``rows_too`` averages are over the rows drawn, else over those of the question. Refits
    without an estimate (separated, a level lost) are left out and counted.
    """
    found, lost = [], 0
    for picked in _chunks(resampling, draws, seed):
        refits = refit_weights(fit, picked * resampling.prior)
        good = refits.converged
        lost += int((~good).sum())
        if good.any():
            coef = np.nan_to_num(refits.coef[good], nan=0.0)
            weights = picked[good] * resampling.counts if rows_too else None
            found.append(question.effects(coef, weights))
    K = len(question.pairs) * question.weighting.n_groups
    effects = np.concatenate(found) if found else np.zeros((0, K))
    return effects, lost


def _chunks(resampling: Resampling, draws: int, seed: int) -> Iterator[Floats]:
    generator = np.random.default_rng(seed)
    size = max(MOST_WEIGHTS // max(len(resampling.prior), 1), 1)
    for start in range(0, draws, size):
        yield resampling.weights(min(size, draws - start), generator)
