"""What a table of pooled fits says beside its numbers: model, rows, rules, notes of the fits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from logit_inference.models.poolable import estimate_of, numbers_merged
from logit_inference.models.result import LogitResult
from logit_inference.report.table import labelled

if TYPE_CHECKING:
    from logit_inference.covariance.covariance import Covariance
    from logit_inference.models.pooled import PooledResult


def pooled_facts(result: PooledResult) -> list[tuple[str, str]]:
    """Return what stands above the table: model, counts, covariance."""
    first = result.fits[0]
    complete = result.pooled.df_complete
    facts = [("Imputations", str(result.n_imputations))]
    if isinstance(first, LogitResult):
        account = first.account
        facts = [
            ("Dep. Variable", account.outcome_name),
            ("Model", account.model),
            ("Method", account.estimator.name),
            ("Event", f"Pr({account.event})"),
            *facts,
            ("No. Observations", _range([fit.account.nobs for fit in result.fits])),
            ("Events", _range([fit.account.n_events for fit in result.fits])),
        ]
    kind = numbers_merged([own.kind for own in _covariances(result)])
    return [
        *facts,
        ("Complete-data df", "∞" if math.isinf(complete) else f"{complete:g}"),
        ("Covariance", "model-based" if kind == "model" else kind),
    ]


def pooled_covariance(result: PooledResult) -> str:
    """Return what the covariance of each imputation is: kind, clusters, factor, seeds."""
    return numbers_merged([own.description for own in _covariances(result)])


def pooled_label(result: PooledResult) -> str:
    """Return what standard errors are: the covariance within, and by whose rules between."""
    return f"Rubin's rules over {result.n_imputations} imputations of: {pooled_covariance(result)}"


def _covariances(result: PooledResult) -> list[Covariance]:
    return [estimate_of(fit, i).covariance for i, fit in enumerate(result.fits, start=1)]


def covariance_note(result: PooledResult) -> str:
    """Return the covariance of each imputation, in a sentence."""
    return f"Covariance within imputations: {pooled_covariance(result)}."


def label(frame: Any, result: PooledResult) -> Any:
    """Return the frame or Series, its ``attrs`` saying what its tests and intervals are."""
    notes = [covariance_note(result), rules_note(result)]
    return labelled(frame, pooled_label(result), notes, "wald")


def _range(counts: list[float]) -> str:
    """Return a count, or the smallest and largest of several."""
    ends = (min(counts), max(counts))
    low, high = (f"{n:.0f}" if float(n).is_integer() else f"{n:.6g}" for n in ends)
    return low if low == high else f"{low} to {high}"


def rules_note(result: PooledResult) -> str:
    """Return by which rules the table was made."""
    reference = "Rubin's" if math.isinf(result.pooled.df_complete) else "Barnard and Rubin's"
    return (
        f"Rubin's rules over {result.n_imputations} imputations; reference: t with {reference} df. "
        "fmi: fraction of the information that is missing."
    )


def pooled_notes(result: PooledResult) -> list[str]:
    """Return what else a reader must know: of the table, and of each of the fits."""
    return [
        "Log-likelihoods do not pool: test several coefficients by test(…), with "
        'method="D1" to "D4".',
        *dict.fromkeys(
            note
            for fit in result.fits
            if isinstance(fit, LogitResult)
            for note in fit.account.notes
        ),
    ]


def rows_note(result: PooledResult) -> list[str]:
    """Return how many rows were read and used, and which weights they had."""
    accounts = [fit.account for fit in result.fits if isinstance(fit, LogitResult)]
    if not accounts:
        return []
    noun = "Groups" if accounts[0].grouped else "Rows"
    read = _range([account.n_rows_read for account in accounts])
    used = _range([account.n_rows_used for account in accounts])
    causes = sorted({name for account in accounts for name in account.dropped})
    dropped = f"; some dropped for a missing value ({', '.join(causes)})" if causes else ""
    kind = accounts[0].weights_kind
    weights = f"; weights are {kind} weights" if kind else ""
    return [f"{noun} of each imputation: {read} read, {used} used{dropped}{weights}."]
