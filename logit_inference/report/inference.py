"""Tables of what was asked of coefficients: combinations, profiles, slopes of Wald statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.covariance import Covariance
from logit_inference.errors import several_branches, shorten
from logit_inference.inference.hauck_donner import WaldSlopes
from logit_inference.inference.wald import Coefficients
from logit_inference.report.numbers import format_number
from logit_inference.report.table import Column, Table

Floats = NDArray[np.float64]

ODDS_RATIOS = (
    "Odds ratios: interval ends are exponentiated; the standard error is the delta method's, on "
    "the odds-ratio scale; the test is of log odds ratio = 0."
)


def unused_note(kind: str) -> str:
    """Return what is said of likelihood-ratio tests and intervals beside another covariance."""
    return (
        f"Tests and intervals do not use the covariance of this result ({kind}): they are those of "
        "the model. Only standard errors are of it."
    )


def infinite_note(names: Sequence[str], undetermined: Sequence[bool], foreign: str) -> str:
    """Return what is said of infinite estimates in a table of Wald tests.

    Parameters
    ----------
    names : sequence of k str
    undetermined : sequence of k bool
        Which of them the data leave the choice of either infinity, and of what is between.
    foreign : str
        The kind of a covariance that likelihood ratios do not use; empty where there is none.
    """
    at = [name for name, both in zip(names, undetermined, strict=True) if not both]
    free = [name for name, both in zip(names, undetermined, strict=True) if both]
    ends = [f"{shorten(at)} at infinity"] if at else []
    ends += [f"{shorten(free)} undetermined"] if free else []
    told = f"{'; '.join(ends)}: p-values and intervals are those of the likelihood ratio"
    return f"{told}, which does not use the covariance ({foreign})." if foreign else f"{told}."


def likelihood_note(is_ml: bool, statistic: str, foreign: str) -> str:
    """Return what is said of likelihood-ratio tests and profile intervals in a table."""
    maximised = "likelihood" if is_ml else "penalised likelihood"
    note = (
        f"Tests and intervals: profile {maximised}; {statistic} is the signed root of the "
        "likelihood-ratio statistic, P(LR) the p-value of that test."
    )
    return f"{note} {unused_note(foreign)}" if foreign else note


def lost_note(names: Sequence[str], table: Coefficients, method: str) -> tuple[str, ...]:
    """Return what is said of profiles that were not found, or have several branches."""
    lost = np.isnan(table.conf_low) & np.isfinite(table.estimate) & (method == "profile")
    branches = branches_note(names, table, method)
    if not lost.any():
        return branches
    which = ", ".join(name for name, gone in zip(names, lost, strict=True) if gone)
    return (
        f'Profile not found: {which}. conf_int(method="profile") says why; method="wald" has '
        "Wald's intervals.",
        *branches,
    )


def branches_note(names: Sequence[str], table: Coefficients, method: str) -> tuple[str, ...]:
    """Return what is said of profiles with several branches."""
    if table.branched is None or method != "profile" or not table.branched.any():
        return ()
    which = [name for name, split in zip(names, table.branched, strict=True) if split]
    return (several_branches(which),)


@dataclass(frozen=True)
class Shown:
    """What a table of coefficients or combinations shows, and what it must say of it.

    Parameters
    ----------
    level : float
        Of the intervals.
    method : {"wald", "profile"}
        What statistics, p-values and intervals are.
    is_ml : bool
        Whether a likelihood without a penalty was maximised.
    ratios : bool
        Whether estimates are exponentiated.
    foreign : str
        The kind of a covariance that likelihood ratios do not use; empty where there is none.
    adjusted : (k,) array, optional
        P-values adjusted for their number.
    notes : tuple of str
        On what was adjusted, and on what is not of ``method``.
    """

    level: float
    method: str
    is_ml: bool = True
    ratios: bool = False
    foreign: str = ""
    adjusted: Floats | None = None
    notes: tuple[str, ...] = ()


def inference_columns(
    names: Sequence[str],
    estimates: Sequence[float | str],
    header: str,
    table: Coefficients,
    df: float | Floats | None,
    shown: Shown,
) -> list[Column]:
    """Return the columns of estimates with their tests and intervals.

    Parameters
    ----------
    names, estimates
        Of each row; a word in place of an estimate that there is not.
    header : str
        Above the estimates.
    table : Coefficients
        On the scale to print.
    df : float, (k,) array or None
        Of Wald tests with a t reference.
    shown : Shown
    """
    letter = "z" if df is None else "t"
    wald = shown.method == "wald"
    low, high = (1.0 - shown.level) / 2, (1.0 + shown.level) / 2
    tested = f"P>|{letter}|" if wald else "P(LR)"
    columns = [
        Column("term", list(names), header=""),
        Column("estimate", estimates, header=header, kind="estimate"),
        Column("std_error", table.std_error, header="std err", kind="estimate"),
        Column("statistic", table.statistic, letter if wald else "root LR", kind="statistic"),
        Column("p_value", table.p_value, header=tested, kind="p_value"),
    ]
    if shown.adjusted is not None:
        adjusted = [None if value != value else value for value in shown.adjusted.tolist()]
        columns.append(Column("p_adjusted", adjusted, header="adjusted", kind="p_value"))
    columns.append(Column("conf_low", table.conf_low, header=f"[{low:.4g}", kind="estimate"))
    columns.append(Column("conf_high", table.conf_high, header=f"{high:.4g}]", kind="estimate"))
    return columns


def lincom_table(
    names: Sequence[str],
    table: Coefficients,
    covariance: Covariance,
    shown: Shown,
    df: float | Floats | None = None,
) -> Table:
    """Return one row for each combination of coefficients.

    Parameters
    ----------
    names : sequence of k str
    table : Coefficients
        On the scale to print.
    covariance : Covariance
    shown : Shown
    df : float or (k,) array, optional
        Of the t reference.
    """
    header = "odds ratio" if shown.ratios else "estimate"
    columns = inference_columns(names, table.estimate.tolist(), header, table, df, shown)
    if df is not None and shown.method == "wald":
        columns.insert(4, Column("df", np.broadcast_to(df, len(names)), kind="fixed"))
    if shown.method == "wald":
        notes = [_wald_note(covariance)]
    else:
        notes = [likelihood_note(shown.is_ml, "root LR", shown.foreign)]
    notes += [*shown.notes, *lost_note(names, table, shown.method)]
    if shown.ratios:
        notes.append(ODDS_RATIOS)
    title = "Linear Combinations of Coefficients"
    return Table(title, tuple(columns), notes=tuple(notes), covariance=covariance.label)


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
            'columns are centred. Where a statistic is past its maximum, method="lr" has the test.',
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
        'may understate the evidence; summary(method="lr") has the likelihood-ratio test.',
    )


def profile_table(
    name: str,
    estimate: float,
    interval: tuple[float, float],
    level: float,
    curve: Sequence[Floats],
    notes: Sequence[str] = (),
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
    notes : sequence of str
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
            *notes,
        ),
    )
