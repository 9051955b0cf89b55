"""The wild score cluster bootstrap: a test whose reference is made from the scores themselves.

Where the null holds, the score of a cluster at the restricted maximum has mean zero, whatever is
correlated within it. Scores with random signs then vary as scores do, and the share of sign
patterns whose statistic is as large as the one observed is a p-value that needs neither a formula
for few clusters nor a refit. Where scores come from is for the fit to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from logit_inference.covariance.sandwich import Codes, sums_by_cluster, together, without_idle
from logit_inference.errors import HypothesisError
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.hypothesis import Hypothesis
from logit_inference.inference.refit import Refit
from logit_inference.inference.result import TestResult
from logit_inference.inference.submodel import Whole, submodel
from logit_inference.inference.wald import check_restrictions
from logit_inference.rows.block import Floats
from logit_inference.rows.lengths import squared_lengths
from logit_inference.rows.threads import blas_pinned
from logit_inference.solve.factor import factorize
from logit_inference.solve.root import information_root

WEIGHTS = {
    "rademacher": np.array([-1.0, 1.0]),
    "webb": np.sqrt([1.5, 1.0, 0.5]) * np.array([[-1.0], [1.0]]),
}
AT_ONCE = 1 << 20  # weights that are written out together
TIE = 1e-10  # of a statistic: what is nearer counts as equal, whatever order it was summed in


@dataclass(frozen=True)
class Wild:
    """How a reference distribution is drawn.

    Parameters
    ----------
    weights : {"rademacher", "webb"}
        Signs; or six values, of which few clusters have more patterns.
    n_replicates : int
    seed : int
    """

    weights: str
    n_replicates: int
    seed: int


def wild_score_test(
    whole: Whole, estimate: Estimate, hypothesis: Hypothesis, clusters: tuple[str, Codes], how: Wild
) -> TestResult:
    """Return the wild score cluster bootstrap test of ``matrix @ coef = value``.

    With ``e_g`` the efficient score of cluster g at the restricted maximum, the statistic is
    ``u' (Σ e_g e_g')⁻¹ u`` with ``u = Σ e_g``: a score test that allows any correlation within
    clusters. A replicate has ``w_g e_g`` in the place of ``e_g``.

    Parameters
    ----------
    whole : Whole
        Of a fit by maximum likelihood, not separated.
    estimate : Estimate
    hypothesis : Hypothesis
    clusters : tuple of a name and (n,) codes
    how : Wild

    Returns
    -------
    TestResult
        The p-value is the share of all 2^G sign patterns whose statistic is as large, the observed
        one included, where these are no more than ``n_replicates``; else ``(1 + b)/(1 + B)``, with
        b of B replicates as large.

    Raises
    ------
    HypothesisError
        As `likelihood_ratio_test`, and for as many restrictions as clusters.
    ProfileError
        Where the restricted maximum is not found.

    Notes
    -----
    One restricted fit and one pass; then G·k operations for each replicate. The variance in the
    statistic is not centred: centred, the statistic is an increasing function of this one, and the
    p-value the same. The number of clusters decides what p-values there are: with signs the
    smallest is ``2^(1 − G)``.

    References
    ----------
    Kline and Santos (2012), *Journal of Econometric Methods* 1. Webb (2023), *Canadian Journal of
    Economics* 56.
    """
    check_restrictions(estimate, hypothesis.matrix)
    name, codes = clusters
    scores = _efficient_scores(whole, hypothesis, name, codes)
    n_clusters, k = scores.shape
    if k >= n_clusters:
        raise HypothesisError.too_low_rank(k, n_clusters - 1)
    # In the axes of the scores their variance is the identity.
    values, vectors = np.linalg.eigh(scores.T @ scores)
    rank = int((values > 1e-12 * values[-1]).sum())
    if rank < k:
        raise HypothesisError.too_low_rank(k, rank)
    scores = scores @ (vectors / np.sqrt(values))
    statistic = float(np.square(scores.sum(axis=0)).sum())
    exact = how.weights == "rademacher" and n_clusters < 63 and 2**n_clusters <= how.n_replicates
    draws = _all_signs(n_clusters) if exact else _drawn(n_clusters, how)
    count, large = 0, 0
    with blas_pinned(whole.fit.source.n_rows, k):
        for weights in draws:
            found = _statistics(scores, weights, signs=how.weights == "rademacher")
            count += len(found)
            large += int((found >= statistic * (1.0 - TIE)).sum())
    p_value = large / count if exact else (1 + large) / (1 + count)
    drawn = (
        f"all 2^{n_clusters} = {2 * count:,} sign patterns (Rademacher weights), of which "
        f"{2 * large:,} have a statistic as large"
        if exact
        else f"{how.weights.capitalize()} weights, {count:,} replicates, of which {large:,} have a "
        f"statistic as large, seed {how.seed}"
    )
    note = (
        f"Scores at the restricted maximum (null imposed), {n_clusters:,} clusters of {name}; "
        f"{drawn}."
    )
    return TestResult("wild", hypothesis.text, statistic, float(k), None, p_value, (note,))


def _efficient_scores(whole: Whole, hypothesis: Hypothesis, name: str, codes: Codes) -> Floats:
    """Return the scores (G, k) of clusters along what is under test, nuisance columns taken out."""
    fit, peak = whole.fit, whole.peak
    null = submodel(whole, hypothesis.matrix, hypothesis.value)
    assert peak is not None, "who asks has looked"
    assert isinstance(null.at, Refit), "a fit with a maximum has restricted ones"
    coef = null.at.coef
    upper = peak.objective(coef).upper
    root = information_root(fit.solved_rows, fit.likelihood, coef, upper, factorize(upper))
    dense, n_clusters = together([without_idle(fit, {name: codes})[name]])
    sums = fit.rows.fold_runs(sums_by_cluster, fit.likelihood, coef, dense, n_clusters).values
    tested: Any = np.linalg.qr((fit.basis.of(hypothesis.matrix) @ root).T)[0]
    found: Floats = sums @ root @ tested
    return found


def _statistics(scores: Floats, weights: Floats, *, signs: bool) -> Floats:
    """Return the statistics of replicates with weights (B, G)."""
    sums = weights @ scores
    if signs:  # their squares are one, so that the variance stays the identity
        plain: Floats = squared_lengths(sums)
        return plain
    k = scores.shape[1]
    squares = np.einsum("gi,gj->gij", scores, scores).reshape(len(scores), k * k)
    variance = (np.square(weights) @ squares).reshape(-1, k, k)
    solved = np.linalg.solve(variance, sums[:, :, np.newaxis])[:, :, 0]
    found: Floats = np.einsum("ij,ij->i", sums, solved)
    return found


def _all_signs(n_clusters: int) -> Iterator[Floats]:
    """Yield all patterns of signs whose first is positive: the others have the same statistics."""
    total, step = 1 << (n_clusters - 1), AT_ONCE // n_clusters + 1
    places = np.arange(n_clusters - 1)
    for start in range(0, total, step):
        numbers = np.arange(start, min(start + step, total))
        bits = (numbers[:, np.newaxis] >> places) & 1
        yield np.column_stack([np.ones(len(numbers)), 1.0 - 2.0 * bits])


def _drawn(n_clusters: int, how: Wild) -> Iterator[Floats]:
    """Yield the weights of replicates; how many at a time does not change them."""
    random = np.random.default_rng(how.seed)
    values, step = WEIGHTS[how.weights].ravel(), AT_ONCE // n_clusters + 1
    for start in range(0, how.n_replicates, step):
        size = (min(step, how.n_replicates - start), n_clusters)
        yield values[random.integers(0, len(values), size=size)]
