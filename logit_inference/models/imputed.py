"""From multiply imputed tables to a pooled result, in one call."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from logit_inference.errors import FewClustersWarning, PoolingError
from logit_inference.models.logit import logit
from logit_inference.models.pooled import PooledResult, pool


def logit_imputed(
    formula: str,
    frames: Iterable[Any],
    *,
    event: Any = None,
    trials: str | None = None,
    weights: str | None = None,
    weights_kind: str | None = None,
    offset: str | None = None,
    estimator: str = "ml",
    power: float | None = None,
    prior_df: float | Mapping[str, float] | None = None,
    penalty: float | Mapping[str, float] | None = None,
    intercept: str | None = None,
    covariance: str | None = None,
    cluster: Any = None,
    missing: str = "raise",
    df_complete: float | None = None,
    level: float = 0.95,
    threads: int | None = None,
    context: Mapping[str, Any] | None = None,
) -> PooledResult:
    """Return the logistic regression of each of several completed tables, pooled by Rubin's rules.

    Parameters
    ----------
    formula : str
        As in `logit`.
    frames : iterable of tables
        One for each imputation: of a long table ``[t for _, t in long.groupby(".imp")]``, of
        scikit-learn's ``IterativeImputer(sample_posterior=True, random_state=i)`` what each seed
        gives.
    missing : {"raise", "drop"}
        What to do with values that are still missing; by default an error, since imputed tables
        have none.
    df_complete : float, optional
        As in `pool`.
    event, trials, weights, weights_kind, offset, estimator, power, prior_df, penalty, intercept
        As in `logit`; names of columns.
    covariance, cluster, level, threads, context
        As in `logit`.

    Returns
    -------
    PooledResult
        Printed, a table; ``fits`` are those of the single tables.

    Raises
    ------
    PoolingError
        As `pool`, and where ``frames`` is no list of tables.

    Examples
    --------
    >>> import logit_inference as li
    >>> long = li.datasets.load("nhanes2_imputed")
    >>> both = li.logit_imputed("hyp ~ bmi + chl", [t for _, t in long.groupby(".imp")])
    >>> both.params.round(4).to_dict()
    {'Intercept': -4.5303, 'bmi': -0.0627, 'chl': 0.0251}
    """
    if isinstance(frames, (str, Mapping)) or hasattr(frames, "columns"):
        raise PoolingError.frames(f"a single {type(frames).__name__}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fits = [
            logit(
                formula,
                frame,
                event=event,
                trials=trials,
                weights=weights,
                weights_kind=weights_kind,
                offset=offset,
                estimator=estimator,
                power=power,
                prior_df=prior_df,
                penalty=penalty,
                intercept=intercept,
                covariance=covariance,
                cluster=cluster,
                missing=missing,
                level=level,
                threads=threads,
                context=context,
            )
            for frame in frames
        ]
    for message in _told_once([one.message for one in caught]):
        warnings.warn(message, stacklevel=2)
    return pool(fits, df_complete=df_complete)


def _told_once(messages: Sequence[Warning | str]) -> list[Warning]:
    """Return what the fits warned of, each once; of few clusters the fewest."""
    found: dict[object, Warning] = {}
    for message in messages:
        assert isinstance(message, Warning), "Python records instances"
        if not isinstance(message, FewClustersWarning):
            found.setdefault(str(message), message)
            continue
        known = found.setdefault(FewClustersWarning, message)
        assert isinstance(known, FewClustersWarning), "its key says so"
        if message.n_clusters < known.n_clusters:
            found[FewClustersWarning] = message
    return list(found.values())
