"""The tables that people read of a multinomial fit; each names the reference level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.covariance import Covariance
from logit_inference.diagnostics.account import Account
from logit_inference.diagnostics.goodness import Goodness
from logit_inference.inference.wald import Coefficients
from logit_inference.report.inference import Shown
from logit_inference.report.numbers import Kind, format_number, passes_text
from logit_inference.report.summary import summary_notes
from logit_inference.report.table import Column, Table

if TYPE_CHECKING:
    from logit_inference.inference.equations import Identification

Floats = NDArray[np.float64]
RISK_RATIOS = (
    "Relative-risk ratios: exp(coef), by which the odds of a level against {base} are multiplied; "
    "interval ends are exponentiated, the standard error is the delta method's, and the test is of "
    "coef = 0."
)


def coefficient_columns(
    levels: Sequence[str],
    names: Sequence[str],
    table: Coefficients,
    level: float,
    heads: tuple[str, str, str],
    undetermined: Sequence[bool] = (),
) -> tuple[Column, ...]:
    """Return one row for each coefficient, those of a level together.

    Parameters
    ----------
    levels : sequence of s str
        With an equation.
    names : sequence of p str
    table : Coefficients
        (s p,) arrays.
    level : float
        Of the intervals.
    heads : tuple of str
        Of estimate, statistic and p-value.
    undetermined : sequence of s p bool, optional
        Which coefficients may go to either infinity: the table says so in a word.
    """
    estimates: list[float | str] = table.estimate.tolist()
    for j, both in enumerate(undetermined):
        estimates[j] = "undetermined" if both else estimates[j]
    low, high = (1.0 - level) / 2, (1.0 + level) / 2
    estimate, statistic, p_value = heads
    return (
        Column("response_level", [one for one in levels for _ in names], header="level"),
        Column("term", [name for _ in levels for name in names], header=""),
        Column("estimate", estimates, header=estimate, kind="estimate"),
        Column("std_error", table.std_error, header="std err", kind="estimate"),
        Column("statistic", table.statistic, header=statistic, kind="statistic"),
        Column("p_value", table.p_value, header=p_value, kind="p_value"),
        Column("conf_low", table.conf_low, header=f"[{low:.4g}", kind="estimate"),
        Column("conf_high", table.conf_high, header=f"{high:.4g}]", kind="estimate"),
    )


def multinomial_summary(
    account: Account,
    measures: Goodness,
    covariance: Covariance,
    shown: Identification,
    counts: Sequence[tuple[str, float]],
    names: Sequence[str],
    table: Coefficients,
    level: float,
    *,
    risk_ratios: bool,
    method: str,
    undetermined: Sequence[bool],
    certificate: str,
) -> Table:
    """Return the summary of a multinomial fit.

    Parameters
    ----------
    account, measures, covariance : Account, Goodness, Covariance
    shown : Identification
    counts : sequence of (level, observations)
        In the order of the levels.
    names : sequence of p str
    table : Coefficients
        On the scale to print.
    level : float
        Of the intervals.
    risk_ratios : bool
        Whether estimates are exponentiated.
    method : {"wald", "profile"}
        What statistics, p-values and intervals are.
    undetermined : sequence of s p bool
        Which coefficients may go to either infinity.
    certificate : str
        The proof of the maximum, in a sentence.
    """
    letter = "z" if covariance.df is None else "t"
    heads = (
        "risk ratio" if risk_ratios else "coef",
        letter if method == "wald" else "root LR",
        f"P>|{letter}|" if method == "wald" else "P(LR)",
    )
    foreign = "" if covariance.kind == "model" else covariance.kind
    how = Shown(level, method, foreign=foreign)
    notes = summary_notes(account, covariance, how, certificate)
    base = "the geometric mean of all" if shown.reference is None else shown.reference
    told = (RISK_RATIOS.format(base=base),) if risk_ratios else ()
    return Table(
        "Multinomial Logit Regression Results",
        coefficient_columns(shown.levels, names, table, level, heads, undetermined),
        facts=_facts(account, measures, covariance, shown, counts),
        notes=(*notes, equation_note(shown), *told),
    )


def equation_note(shown: Identification) -> str:
    """Return what the coefficients of a level compare, in a sentence."""
    if shown.kind == "symmetric":
        return (
            "Coefficients sum to zero over the levels: each compares its level with the geometric "
            "mean of all."
        )
    return f"Coefficients compare each level with the reference, {shown.reference}."


def _facts(
    account: Account,
    measures: Goodness,
    covariance: Covariance,
    shown: Identification,
    counts: Sequence[tuple[str, float]],
) -> tuple[tuple[str, str], ...]:
    converged = "yes" if account.converged else "NO"
    nothing = account.df_model == 0 or np.isnan(measures.lr_p_value)
    kind = "model-based" if covariance.kind == "model" else covariance.kind
    return (
        ("Dep. Variable", account.outcome_name),
        ("Model", account.model),
        ("Method", account.estimator.name),
        ("Reference", "none (sum to zero)" if shown.reference is None else shown.reference),
        ("Converged", f"{converged}, {passes_text(account.n_passes)}"),
        ("Covariance", kind),
        ("No. Observations", _count(account.nobs)),
        ("Df Residuals", _count(account.df_resid)),
        ("Df Model", str(account.df_model)),
        ("Pseudo R-squ.", f"{measures.mcfadden:.4f}"),
        ("Log-Likelihood", f"{account.log_likelihood:.2f}"),
        ("LL-Null", f"{account.null_log_likelihood:.2f}"),
        ("LLR p-value", "—" if nothing else format_number(measures.lr_p_value, "p_value")),
        ("AIC", f"{measures.aic:.2f}"),
        ("Observations", ", ".join(f"{level}: {_count(n)}" for level, n in counts)),
    )


def _count(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.6g}"


def confusion_table(levels: Sequence[str], counts: Floats, note: str) -> Table:
    """Return observed levels against the most probable ones.

    Parameters
    ----------
    levels : sequence of K str
    counts : (K, K) array
        Rows observed, columns most probable.
    note : str
        Which level is the reference.
    """
    kind: Kind = "integer" if (counts == np.floor(counts)).all() else "fixed"
    heads = [level if level != "observed" else "observed (level)" for level in levels]
    totals = counts.sum(axis=1)
    with np.errstate(invalid="ignore"):
        shares = counts.diagonal() / totals
    columns = (
        Column("observed", list(levels)),
        *(Column(head, counts[:, j], kind=kind) for j, head in enumerate(heads)),
        Column("share right", shares, kind="fixed"),
    )
    right, largest = float(counts.trace() / counts.sum()), float(totals.max() / counts.sum())
    notes = (
        "A row is put into the level of the largest fitted probability, the first of equal ones.",
        f"Accuracy {right:.4f}; the most frequent level for every row: {largest:.4f}.",
        note,
    )
    return Table("Confusion Table", columns, notes=notes)


def effect_table(
    title: str,
    rows: Sequence[tuple[str, str]],
    levels: Sequence[object],
    table: Coefficients,
    level: float,
    notes: Sequence[str],
) -> Table:
    """Return one row for each average effect and level.

    Parameters
    ----------
    title : str
    rows : sequence of (term, contrast)
        Slopes have no contrast.
    levels : sequence of K levels
    table : Coefficients
        Arrays of len(rows) times K, those of an effect together.
    level : float
    notes : sequence of str
    """
    low, high = (1.0 - level) / 2, (1.0 + level) / 2
    named = [Column("term", [term for term, _ in rows for _ in levels], header="")]
    if any(contrast for _, contrast in rows):
        named.append(Column("contrast", [contrast for _, contrast in rows for _ in levels]))
    columns = (
        *named,
        Column("response_level", [one for _ in rows for one in levels], header="level"),
        Column("estimate", table.estimate, kind="estimate"),
        Column("std_error", table.std_error, header="std err", kind="estimate"),
        Column("statistic", table.statistic, header="z", kind="statistic"),
        Column("p_value", table.p_value, header="P>|z|", kind="p_value"),
        Column("conf_low", table.conf_low, header=f"[{low:.4g}", kind="estimate"),
        Column("conf_high", table.conf_high, header=f"{high:.4g}]", kind="estimate"),
    )
    return Table(title, columns, notes=tuple(notes))
