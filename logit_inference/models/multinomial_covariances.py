"""Which covariance a multinomial result is to have: names and options read, clusters found."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from logit_inference.covariance.polytomous import clustered, heteroskedastic, model_covariance
from logit_inference.covariance.sandwich import CLUSTERED, CONVENTIONS, HETEROSKEDASTIC, Counts
from logit_inference.errors import ArgumentError, DetachedError, FewClustersWarning
from logit_inference.models.clusters import read_clusters
from logit_inference.models.covariances import FEW, caller, check_convention

if TYPE_CHECKING:
    from logit_inference.covariance.covariance import Covariance
    from logit_inference.models.multinomial_result import MultinomialResult


def check_covariance(covariance: object) -> None:
    """Raise an ArgumentError for what is no covariance of a multinomial fit."""
    if covariance not in ("model", *HETEROSKEDASTIC, "cluster"):
        allowed = '"model", "HC0", "HC1" or "cluster"'
        raise ArgumentError("covariance", covariance, allowed)


def check_separated(covariance: str) -> None:
    """Raise an ArgumentError for a covariance that separated data do not have."""
    if covariance == "model":
        return
    sums = "sums of scores by cluster" if covariance == "cluster" else "squares of scores"
    reason = (
        f"the data are separated, and a sandwich of {sums} is not computed in the limiting model, "
        "where rows lose levels and with them scores"
    )
    instead = '"model", or merge the levels that are separated'
    raise ArgumentError.refused("covariance", covariance, reason, instead)


def other_covariance(
    result: MultinomialResult, covariance: str, *, by: Any, type: str, convention: str
) -> MultinomialResult:
    """Return the result with the covariance of that name."""
    check_covariance(covariance)
    if convention not in CONVENTIONS:
        allowed = f"one of {', '.join(map(repr, CONVENTIONS))}"
        raise ArgumentError("convention", convention, allowed)
    if by is not None and covariance != "cluster":
        raise ArgumentError("by", by, f'it with "cluster": {covariance!r} has no clusters')
    if type != "CR1" and covariance != "cluster":
        raise ArgumentError("type", type, f'it with "cluster": {covariance!r} has no clusters')
    if covariance == "model":
        check_convention(repr(covariance), convention)
    if result.fit is None:
        raise DetachedError("with_covariance()")
    if result.separation.found:
        check_separated(covariance)
        return result
    found = _covariance(result, covariance, by, type, convention)
    return replace(result, base=replace(result.base, covariance=found))


def _covariance(
    result: MultinomialResult, covariance: str, by: Any, type: str, convention: str
) -> Covariance:
    fit, account = result.fit, result.account
    assert fit is not None
    counts = Counts(account.nobs, account.rank, account.weights_kind == "frequency")
    if covariance == "model":
        return model_covariance(fit)
    if covariance != "cluster":
        return heteroskedastic(fit, covariance, counts, convention)
    if type not in CLUSTERED:
        raise ArgumentError("type", type, f"one of {', '.join(map(repr, CLUSTERED))}")
    # What is asked of the result there, labels, positions and table, this one has too.
    clusters = read_clusters(cast("Any", result), by)
    found = clustered(fit, clusters, type, counts, convention)
    if found.n_clusters is not None and found.n_clusters < FEW:
        warnings.warn(FewClustersWarning(found.n_clusters, remedies=()), stacklevel=caller())
    return found
