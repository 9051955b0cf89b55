"""Tables of what was asked of coefficients: combinations, profiles, slopes of Wald statistics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.covariance import Covariance
from logit_inference.inference.hauck_donner import WaldSlopes
from logit_inference.inference.wald import Coefficients
from logit_inference.report.numbers import format_number
from logit_inference.report.table import Column, Table

Floats = NDArray[np.float64]

ODDS_RATIOS = (
    "Odds ratios: interval ends are exponentiated; the standard error is the delta method's, on "
    "the odds-ratio scale; the test is of log odds ratio = 0."
)


def likelihood_note(covariance: Covariance, is_ml: bool, statistic: str) -> str:
    """Return what is said of likelihood-ratio tests and profile intervals in a table."""
    maximised = "likelihood" if is_ml else "penalised likelihood"
    note = (
        f"Tests and intervals: profile {maximised}; {statistic} is the signed root of the "
        "likelihood-ratio statistic."
    )
    if covariance.kind != "model":
        note += f" Of the covariance ({covariance.kind}) they know nothing: only std err is of it."
    return note


def lincom_table(
    names: Sequence[str],
    table: Coefficients,
    covariance: Covariance,
    level: float,
    *,
    method: str,
    is_ml: bool,
    exponentiated: bool,
    infinite: bool,
    adjusted: Floats | None = None,
    adjustment: str | None = None,
    df: float | Floats | None = None,
) -> Table:
    """Return one row for each combination of coefficients.

    Parameters
    ----------
    names : sequence of k str
    table : Coefficients
        On the scale to print.
    covariance : Covariance
    level : float
        Of the intervals.
    method : {"wald", "profile"}
        What statistics, p-values and intervals are.
    is_ml : bool
        Whether a likelihood without a penalty was maximised.
    exponentiated : bool
    infinite : bool
        Whether some of them run to infinity.
    adjusted : (k,) array, optional
        P-values adjusted for their number, by the method that ``adjustment`` names.
    df : float or (k,) array, optional
        Of the t reference.
    """
    letter = "z" if covariance.df is None or method != "wald" else "t"
    low, high = (1.0 - level) / 2, (1.0 + level) / 2
    statistic = letter if method == "wald" else "root LR"
    columns = [
        Column("term", list(names), header=""),
        Column(
            "estimate",
            table.estimate,
            header="odds ratio" if exponentiated else "estimate",
            kind="estimate",
        ),
        Column("std_error", table.std_error, header="std err", kind="estimate"),
        Column("statistic", table.statistic, header=statistic, kind="statistic"),
        Column("p_value", table.p_value, header=f"P>|{letter}|", kind="p_value"),
        Column("conf_low", table.conf_low, header=f"[{low:.4g}", kind="estimate"),
        Column("conf_high", table.conf_high, header=f"{high:.4g}]", kind="estimate"),
    ]
    if adjusted is not None:
        columns.insert(5, Column("p_adjusted", adjusted, header="adjusted", kind="p_value"))
    if df is not None and method == "wald":
        columns.insert(4, Column("df", np.broadcast_to(df, len(names)), kind="fixed"))
    if method == "wald":
        notes = [_wald_note(covariance)]
    else:
        notes = [likelihood_note(covariance, is_ml, "root LR")]
    if infinite and method == "wald":
        notes.append(
            "Infinite combinations: p-values and intervals are those of the likelihood ratio."
        )
    if adjusted is not None:
        notes.append(f"adjusted: p-values for {len(names)} tests at once, {adjustment}.")
    if exponentiated:
        notes.append(ODDS_RATIOS)
    return Table("Linear Combinations of Coefficients", tuple(columns), notes=tuple(notes))


def _wald_note(covariance: Covariance) -> str:
    if covariance.kind == "model":
        return "Tests and intervals: Wald, model-based covariance."
    return f"Tests and intervals: Wald; covariance: {covariance.label}."


def hauck_donner_table(names: Sequence[str], statistic: Floats, slopes: WaldSlopes) -> Table:
    """Return one row for each coefficient: whether its Wald statistic is past its maximum.

    Parameters
    ----------
    names : sequence of p str
    statistic : (p,) array
        Wald's.
    slopes : WaldSlopes
    """
    fixed: list[float] = slopes.fixed.tolist()
    past = ["—" if x != x else "yes" if x < 0 else "no" for x in fixed]
    return Table(
        "Hauck–Donner Effect",
        (
            Column("term", list(names), header=""),
            Column("statistic", statistic, header="z", kind="statistic"),
            Column("slope", fixed, kind="fixed"),
            Column("profile_slope", slopes.profile, header="profile slope", kind="fixed"),
            Column("past_maximum", past, header="past maximum"),
        ),
        notes=(
            "slope: of z as the coefficient grows, the others fixed, in units of one over the "
            "standard error; 1 for a parabolic log-likelihood. Below 0 the Wald statistic is past "
            "its maximum (Yee 2022).",
            "profile slope: the same with the others following, which does not depend on how "
            'columns are centred. Where both are negative z understates the evidence: method="lr".',
        ),
    )


def hauck_donner_note(names: Sequence[str], slopes: WaldSlopes) -> tuple[str, ...]:
    """Return what a Wald table says of statistics past their maximum; nothing where there are none.

    Parameters
    ----------
    names : sequence of p str
    slopes : WaldSlopes
    """
    past = [name for name, is_past in zip(names, slopes.past_maximum, strict=True) if is_past]
    if not past:
        return ()
    return (
        f"Hauck–Donner effect: the Wald statistic of {', '.join(past)} is past its maximum and "
        'understates the evidence; summary(method="lr") has the likelihood-ratio test.',
    )


def profile_table(
    name: str,
    estimate: float,
    interval: tuple[float, float],
    level: float,
    curve: Sequence[Floats],
) -> Table:
    """Return the points of a profile: value, log-likelihood and signed root.

    Parameters
    ----------
    name : str
        Of the combination.
    estimate : float
    interval : (float, float)
        At ``level``.
    level : float
    curve : three (m,) arrays
    """
    value, log_likelihood, root = curve
    told = format_number(estimate, "estimate")
    low, high = (format_number(end, "estimate") for end in interval)
    return Table(
        f"Profile of {name}",
        (
            Column("value", value, kind="estimate"),
            Column("log_likelihood", log_likelihood, header="log-likelihood", kind="fixed"),
            Column("root", root, header="signed root", kind="statistic"),
        ),
        notes=(
            f"Estimate {told}; {100 * level:g}% interval {low} to {high}, where the signed root is "
            "at the normal quantiles.",
        ),
    )
