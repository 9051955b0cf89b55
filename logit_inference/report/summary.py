"""The tables that people read of a fit, made from records."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from logit_inference.covariance.covariance import Covariance
from logit_inference.diagnostics.account import Account
from logit_inference.diagnostics.goodness import Classification, Goodness
from logit_inference.inference.hauck_donner import WaldSlopes
from logit_inference.inference.result import TestResult
from logit_inference.inference.wald import Coefficients
from logit_inference.report.inference import (
    ODDS_RATIOS,
    Shown,
    hauck_donner_note,
    inference_columns,
    likelihood_note,
    lost_note,
)
from logit_inference.report.numbers import Kind, format_number, passes_text
from logit_inference.report.table import Column, Table

NO_WALD_TEST = (
    "A term with a coefficient at infinity, or tested beside one, has no Wald test: the likelihood "
    'ratio and the score test have one, with test="lr" or test="score" in anova() and drop1().'
)
PSEUDO = "The log-likelihood is a pseudo-likelihood: no likelihood-ratio test, AIC or BIC"
WORKING = 'fit.test(…, method="rao-scott") has a working one'
MODEL_OF_A_SAMPLE = (
    "Model-based standard errors take sampling weights for precision, which they are not: "
    'covariance="survey" has those of the sample.'
)
OTHER_OF_A_SAMPLE = (
    "scores have their sampling weights; strata, units and finite populations of a survey "
    "design, if there is one, are not in it."
)
WALD_BESIDE = (
    "Wald P: of the estimate over its standard error, beside the likelihood-ratio test; intervals "
    "are those of the likelihood ratio."
)


def summary_table(
    account: Account,
    measures: Goodness,
    covariance: Covariance,
    names: Sequence[str],
    table: Coefficients,
    shown: Shown,
    *,
    beside: Coefficients | None = None,
    slopes: WaldSlopes | None = None,
    undetermined: Sequence[bool] = (),
    certificate: str = "",
    separated: bool = False,
) -> Table:
    """Return the summary of a fit; its order follows statsmodels', so that eyes line up.

    Parameters
    ----------
    account : Account
    measures : Goodness
    covariance : Covariance
        That the table rests on; the notes name it.
    names : sequence of p str
    table : Coefficients
        On the scale to print; exponentiated already where ``shown.ratios``.
    shown : Shown
        What statistics, p-values and intervals are.
    beside : Coefficients, optional
        Wald's, to print beside likelihood-ratio tests.
    slopes : WaldSlopes, optional
        Of Wald statistics: the notes name those past their maximum.
    undetermined : sequence of p bool, optional
        Which coefficients may go to either infinity: the table says so in a word.
    certificate : str
        The proof of the maximum, in a sentence; empty where there is none to print.
    separated : bool
        Whether the fit is that of a limiting model.
    """
    estimates: list[float | str] = table.estimate.tolist()
    for j, both in enumerate(undetermined):
        estimates[j] = "undetermined" if both else estimates[j]
    header, df = "odds ratio" if shown.ratios else "coef", covariance.coefficient_df
    columns = inference_columns(names, estimates, header, table, df, shown)
    if isinstance(df, np.ndarray) and shown.method == "wald":
        columns.insert(4, Column("df", df, kind="fixed"))
    if beside is not None:
        columns.append(Column("wald_p_value", beside.p_value, header="Wald P", kind="p_value"))
    return Table(
        f"{account.model} Regression Results",
        tuple(columns),
        facts=_facts(account, measures, covariance),
        notes=(
            *summary_notes(account, covariance, shown, certificate, separated),
            *((WALD_BESIDE,) if beside is not None else ()),
            *lost_note(names, table, shown.method),
            *(() if slopes is None else hauck_donner_note(names, slopes)),
        ),
    )


def _facts(
    account: Account, measures: Goodness, covariance: Covariance
) -> tuple[tuple[str, str], ...]:
    converged, pseudo = "yes" if account.converged else "NO", account.is_pseudo
    p_value = (
        _why_no_ratio(account)
        if np.isnan(measures.lr_p_value)
        else format_number(measures.lr_p_value, "p_value")
    )
    return (
        ("Dep. Variable", account.outcome_name),
        ("Model", account.model),
        ("Method", account.estimator.name),
        ("Event", f"Pr({account.event})"),
        ("Events", _count(account.n_events)),
        ("Non-events", _count(account.n_trials - account.n_events)),
        *(() if account.n_sets is None else (("Sets", f"{account.n_sets:,}"),)),
        ("Converged", f"{converged}, {passes_text(account.n_passes)}"),
        ("Covariance", _kind(covariance)),
        ("No. Observations", _count(account.nobs)),
        ("Df Residuals", _count(account.df_resid)),
        ("Df Model", str(account.df_model)),
        ("Pseudo R-squ.", "—" if np.isnan(measures.mcfadden) else f"{measures.mcfadden:.4f}"),
        ("Pseudo LL" if pseudo else "Log-Likelihood", f"{account.log_likelihood:.2f}"),
        ("Pseudo LL-Null" if pseudo else "LL-Null", f"{account.null_log_likelihood:.2f}"),
        (
            "LLR p-value" if account.estimator.is_ml else "Penalized LLR p",
            "—" if account.df_model == 0 else p_value,
        ),
        ("AIC", "—" if np.isnan(measures.aic) else f"{measures.aic:.2f}"),
        *_criterion(account),
    )


def _criterion(account: Account) -> tuple[tuple[str, str], ...]:
    if np.isnan(account.criterion):
        return ()
    null = account.null_criterion
    return (
        ("Penalized LL", f"{account.criterion:.2f}"),
        ("Penalized LL-Null", "—" if np.isnan(null) else f"{null:.2f}"),
    )


def _why_no_ratio(account: Account) -> str:
    nested = account.estimator.has_likelihood and not account.is_pseudo
    return "not nested" if nested else "—"


def _kind(covariance: Covariance) -> str:
    return "model-based" if covariance.kind == "model" else covariance.kind


def summary_notes(
    account: Account,
    covariance: Covariance,
    shown: Shown,
    certificate: str,
    separated: bool = False,
) -> tuple[str, ...]:
    """Return what stands under a summary: rows, proof, covariance, and what the account notes."""
    notes = [_rows_note(account), *([certificate] if certificate else [])]
    notes.append(f"Covariance: {covariance.label}.")
    if account.is_pseudo:
        notes.append(f"{PSEUDO}." if separated else f"{PSEUDO}; {WORKING}.")
        if covariance.kind == "model":
            notes.append(MODEL_OF_A_SAMPLE)
        elif not covariance.kind.startswith(("survey", "sandwich for sampling")):
            notes.append(f"{covariance.kind}: {OTHER_OF_A_SAMPLE}")
    elif shown.foreign:
        notes.append(
            "Log-likelihoods, the LLR p-value and AIC are the model's: they do not use it."
        )
    if shown.method == "profile":
        notes.append(likelihood_note(shown.is_ml, "root LR", shown.foreign))
    if shown.ratios:
        notes.append(ODDS_RATIOS)
    return (*notes, *shown.notes, *account.notes)


def _rows_note(account: Account) -> str:
    noun = "Groups" if account.grouped else "Rows"
    text = f"{noun}: {account.n_rows_read:,} read, {account.n_rows_used:,} used"
    n_dropped = account.n_rows_read - account.n_rows_used - account.n_left_out
    if n_dropped:
        causes = ", ".join(f"{name} in {count:,}" for name, count in account.dropped.items())
        text += f", {n_dropped:,} dropped for a missing value ({causes})"
    if account.n_left_out:
        text += f", {account.n_left_out:,} left out with their sets"
    if account.grouped:
        text += f"; {_count(account.n_trials)} trials"
    idle = account.n_rows_used - account.tally.n_rows
    if idle:
        text += f"; {idle:,} of those used have no weight or no trials and do not count"
    if account.weights_kind == "frequency":
        text += "; weights are frequencies, observations are their sum"
    elif account.is_pseudo:
        text += (
            f"; weights are sampling weights with sum {account.sum_weights:,.6g}, scaled to mean "
            "one, observations are rows"
        )
    elif account.weights_kind:
        text += f"; weights are {account.weights_kind} weights, observations are rows"
    return text + "."


def _count(value: float) -> str:
    """Return a count, which is whole unless weights are not."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.6g}"


def tests_table(title: str, terms: Sequence[str], tests: Sequence[TestResult]) -> Table:
    """Return one row for each test of a term."""
    columns = [
        Column("term", list(terms), header=""),
        Column("statistic", [test.statistic for test in tests], kind="statistic"),
        Column("df", [test.df for test in tests], kind="integer"),
    ]
    if any(test.df_denominator is not None for test in tests):
        denominators = [test.df_denominator for test in tests]
        columns.append(Column("df_denominator", denominators, kind="fixed"))
    columns.append(Column("p_value", [test.p_value for test in tests], kind="p_value"))
    notes = () if all(test.statistic == test.statistic for test in tests) else (NO_WALD_TEST,)
    return Table(title, tuple(columns), notes=notes)


def classification_table(counts: Classification) -> Table:
    """Return observed against classified, with the rates under it."""
    hits = (counts.true_positive, counts.false_positive)
    misses = (counts.false_negative, counts.true_negative)
    # Counts are whole unless weights are not.
    kind: Kind = "integer" if all(float(n).is_integer() for n in hits + misses) else "fixed"
    columns = (
        Column("observed", ["event", "non-event"]),
        Column("event", hits, kind=kind),
        Column("non_event", misses, header="non-event", kind=kind),
    )
    rates = zip(
        ("Accuracy", "sensitivity", "specificity"),
        (counts.accuracy, counts.sensitivity, counts.specificity),
        strict=True,
    )
    notes = (
        f"A row is classified as an event where its fitted probability is at least "
        f"{counts.threshold:g}.",
        ", ".join(f"{rate} {'—' if np.isnan(x) else f'{x:.4f}'}" for rate, x in rates) + ".",
    )
    return Table("Classification Table", columns, notes=notes)
