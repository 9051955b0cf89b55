"""What can be pooled: fits with estimates, that differ in nothing but imputed values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.errors import ArgumentError, PoolingError
from logit_inference.inference.estimate import Estimate
from logit_inference.models.result import LogitResult

if TYPE_CHECKING:
    from logit_inference.covariance.covariance import Covariance

NUMBER = re.compile(r"(?<![\w.^-])\d+(?:,\d{3})*(?![\w/.])")


def listed(fits: Any) -> tuple[Any, ...]:
    """Return the fits, of which there are two or more."""
    if isinstance(fits, LogitResult):
        raise PoolingError.count(1)
    every = tuple(fits)
    if len(every) < 2:
        raise PoolingError.count(len(every))
    return every


def estimate_of(fit: Any, imputation: int) -> Estimate:
    """Return the finite estimate of what is to be pooled."""
    estimate = fit if isinstance(fit, Estimate) else getattr(fit, "estimate", None)
    if not isinstance(estimate, Estimate):
        raise PoolingError.kind(imputation, type(fit).__name__)
    if not estimate.finite.all():
        names = [n for n, known in zip(estimate.names, estimate.finite, strict=True) if not known]
        raise PoolingError.infinite(imputation, names)
    if not getattr(fit, "converged", True):
        raise PoolingError.stopped(imputation)
    return estimate


def check_same(fits: tuple[Any, ...], estimates: list[Estimate], i: int) -> None:
    """Raise where a fit differs from the first in more than the imputed values."""
    first, other = estimates[0], estimates[i]
    if first.names != other.names:
        lacking = [
            name
            for name in (*first.names, *other.names)
            if (name in first.names) != (name in other.names)
        ]
        raise PoolingError.coefficients(i + 1, lacking or other.names)
    differs = first.estimable != other.estimable
    if differs.any():
        names = [name for name, odd in zip(first.names, differs, strict=True) if odd]
        raise PoolingError.aliased(i + 1, names)
    _check_covariances(first.covariance, other.covariance, i + 1)
    one, two = fits[0], fits[i]
    if not (isinstance(one, LogitResult) and isinstance(two, LogitResult)):
        return
    for what in ("formula", "event", "estimator", "weights_kind"):
        own, theirs = (getattr(fit.account, what) for fit in (one, two))
        if own != theirs:
            shown = [value.name if what == "estimator" else value for value in (own, theirs)]
            raise PoolingError.differ(i + 1, what.replace("_", " "), *map(repr, shown))
    learned = _learned_otherwise(one.design, two.design)
    if learned:
        raise PoolingError.learned(i + 1, learned)


def _check_covariances(first: Covariance, other: Covariance, imputation: int) -> None:
    """Raise for covariances of other kinds, with other factors, or of other clusters.

    Counts may differ, since imputed clusters and dropped rows make some come and go; not by half,
    which is another variable of the same name.
    """
    names = [(_without_numbers(own.kind), _factor(own)) for own in (first, other)]
    counts = [own.n_clusters or 1 for own in (first, other)]
    if names[0] != names[1] or max(counts) > 2 * min(counts):
        raise PoolingError.differ(imputation, "covariance", first.description, other.description)


def _factor(covariance: Covariance) -> str:
    """Return the name of a factor, without what the data of one imputation added to it."""
    head = re.split(r"[;,] | with G = ", _without_numbers(covariance.correction))[0]
    return "" if "replicates" in head else head


def _without_numbers(text: str) -> str:
    """Return a name without seeds and counts: ``"bootstrap of # rows, seed #"``.

    Digits inside a word, as in ``"HC1"``, are part of it.
    """
    return NUMBER.sub("#", text)


def numbers_merged(texts: Sequence[str]) -> str:
    """Return texts that differ in numbers only as one with ranges; others one after the other.

    Examples
    --------
    >>> numbers_merged(["40 clusters, seed 1", "38 clusters, seed 1"])
    '38 to 40 clusters, seed 1'
    >>> numbers_merged(["HC0", "HC1"])
    'HC0; or HC1'
    """
    if len({_without_numbers(text) for text in texts}) > 1:
        return "; or ".join(dict.fromkeys(texts))
    places = zip(*(NUMBER.findall(text) for text in texts), strict=True)
    ranges = []
    for found in places:
        low, *_, high = sorted([*found, found[0]], key=lambda n: int(n.replace(",", "")))
        ranges.append(low if low == high else f"{low} to {high}")
    shown = iter(ranges)
    return NUMBER.sub(lambda _: next(shown), texts[0])


def _learned_otherwise(first: Any, other: Any) -> list[str]:
    """Return the expressions that remember something else of their data."""
    state, theirs = getattr(first, "state", {}), getattr(other, "state", {})
    return [name for name in state if not _agree(state[name], theirs.get(name))]


def _agree(one: Any, other: Any) -> bool:
    """Say whether two memories of a transformation are the same, to rounding."""
    if isinstance(one, Mapping):
        same = isinstance(other, Mapping) and one.keys() == other.keys()
        return same and all(_agree(one[key], other[key]) for key in one)
    try:
        return bool(np.allclose(one, other, rtol=1e-10, atol=0.0, equal_nan=True))
    except (TypeError, ValueError):
        return bool(np.array_equal(one, other))


def complete_df(
    fits: tuple[Any, ...], estimates: list[Estimate], df_complete: float | None
) -> float:
    """Return the degrees of freedom of complete data: those given, or the smallest that fits tell.

    Raises
    ------
    ArgumentError, PoolingError
        For what is no such number, and where a fit does not tell.
    """
    if df_complete is not None:
        if not (isinstance(df_complete, Real) and df_complete > 0):
            raise ArgumentError("df_complete", df_complete, "a number above 0, inf for many rows")
        return float(df_complete)
    found = []
    for i, (fit, estimate) in enumerate(zip(fits, estimates, strict=True), start=1):
        covariance, residual = estimate.covariance, getattr(fit, "df_resid", None)
        if covariance.df is not None:
            found.append(float(np.nanmin(np.asarray(covariance.coefficient_df, np.float64))))
        elif covariance.n_clusters is not None:
            found.append(covariance.n_clusters - 1.0)
        elif residual is not None:
            found.append(float(residual))
        else:
            raise PoolingError.df_unknown(i)
    if not min(found) > 0:
        raise ArgumentError("df_complete", min(found), "a number above 0, inf for many rows")
    return min(found)
