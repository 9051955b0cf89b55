"""The wild score cluster bootstrap of a result: options read, clusters found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.errors import ArgumentError, ClusterError
from logit_inference.inference.hypothesis import Hypothesis
from logit_inference.inference.result import TestResult
from logit_inference.inference.submodel import whole_model
from logit_inference.inference.wild import WEIGHTS, Wild, wild_score_test
from logit_inference.models.clusters import read_clusters

if TYPE_CHECKING:
    from logit_inference.covariance.sandwich import Codes
    from logit_inference.models.result import LogitResult
    from logit_inference.solve.fit import Fit

N_REPLICATES = 9999


@dataclass(frozen=True)
class WildRequest:
    """What the caller asks of a wild bootstrap; None where nothing was said.

    Parameters
    ----------
    by : object
        Clusters, as in `with_covariance`.
    weights : str or None
    n_replicates : int or None
    seed : int or None
    """

    by: Any = None
    weights: str | None = None
    n_replicates: int | None = None
    seed: int | None = None

    def refuse(self, method: str) -> None:
        """Raise where anything was asked for by a test that does not take it."""
        for argument, value in vars(self).items():
            if value is not None:
                reason = f'it belongs to method="wild", and this is method="{method}"'
                raise ArgumentError.refused(argument, value, reason, 'it with method="wild"')


def wild_test(
    result: LogitResult, fit: Fit, hypothesis: Hypothesis, request: WildRequest
) -> TestResult:
    """Return the wild score cluster bootstrap test of a hypothesis about a result.

    Raises
    ------
    ArgumentError
        For options that mean nothing, an estimator other than maximum likelihood, separated data,
        or clusters in several dimensions.
    ClusterError
        Where there are no clusters.
    """
    if not result.account.estimator.is_ml:
        reason = f"it is a test of maximum likelihood, and this is {result.account.estimator.name}"
        raise ArgumentError.refused("method", "wild", reason, '"lr" or "wald"')
    if result.asked is not None:
        reason = "the data are separated, so that scores have no maximum to be taken at"
        raise ArgumentError.refused("method", "wild", reason, '"lr" or "score"')
    how = _how(request)
    clusters = _clusters(result, request.by)
    if len(clusters) > 1:
        reason = "the bootstrap has one dimension of clusters"
        raise ArgumentError.refused("by", " and ".join(clusters), reason, "the name of one of them")
    ((name, codes),) = clusters.items()
    return wild_score_test(whole_model(fit), result.estimate, hypothesis, (name, codes), how)


def _clusters(result: LogitResult, by: Any) -> Mapping[str, Codes]:
    """Return the clusters named, else those of the covariance, else those of the fit."""
    if by is None and result.clusters is not None:
        known: Mapping[str, Codes] = result.clusters
        return known
    try:
        return read_clusters(result, by)
    except ClusterError:
        if by is None:
            raise ClusterError.nothing_for('method="wild"') from None
        raise


def _how(request: WildRequest) -> Wild:
    weights = "rademacher" if request.weights is None else request.weights
    if weights not in WEIGHTS:
        raise ArgumentError("weights", weights, '"rademacher" or "webb"')
    count = N_REPLICATES if request.n_replicates is None else request.n_replicates
    if not (isinstance(count, Integral) and not isinstance(count, bool) and count >= 1):
        raise ArgumentError("n_replicates", count, "a whole number of at least 1, such as 9999")
    seed = request.seed
    if seed is None:  # named in the answer, so that it can be repeated
        seed = int(np.random.SeedSequence().generate_state(1)[0])
    if not (isinstance(seed, Integral) and not isinstance(seed, bool) and seed >= 0):
        raise ArgumentError("seed", seed, "a whole number that is not negative")
    return Wild(weights, int(count), int(seed))
