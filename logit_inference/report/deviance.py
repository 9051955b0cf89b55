"""Tables of tests of terms: analysis of deviance, single terms dropped or added."""

from __future__ import annotations

from collections.abc import Sequence

from logit_inference.inference.deviance import TermTest
from logit_inference.report.table import Column, Table


def deviance_table(
    title: str,
    tests: Sequence[TermTest],
    *,
    adjusted: Sequence[float | None] | None = None,
    more: Sequence[Column] = (),
    notes: Sequence[str] = (),
) -> Table:
    """Return one row for each test of a term.

    Parameters
    ----------
    title : str
    tests : sequence of TermTest
    adjusted : sequence of float, optional
        P-values adjusted for their number.
    more : sequence of Column
        What else is known of each line: deviances, information criteria.
    notes : sequence of str
    """
    columns = [
        Column("term", [one.term for one in tests], header=""),
        Column("statistic", [one.statistic for one in tests], kind="statistic"),
        Column("df", [one.df for one in tests], kind="integer"),
    ]
    if any(one.df_denominator is not None for one in tests):
        denominators = [one.df_denominator for one in tests]
        columns.append(Column("df_denominator", denominators, kind="fixed"))
    columns.append(Column("p_value", [one.p_value for one in tests], kind="p_value"))
    if adjusted is not None:
        columns.append(Column("p_adjusted", list(adjusted), "adjusted", kind="p_value"))
    return Table(title, (*columns, *more), notes=tuple(notes))


def comparison_table(
    lines: Sequence[TermTest],
    formulas: Sequence[str],
    columns: Sequence[Column],
    *,
    tested: bool,
    adjusted: Sequence[float | None] | None = None,
    notes: Sequence[str],
) -> Table:
    """Return one row for each of several models; tests where they are nested.

    Parameters
    ----------
    lines : sequence of TermTest
        The models by name, with the test of each against the one before.
    formulas : sequence of str
    columns : sequence of Column
        Log-likelihoods and information criteria.
    tested : bool
        Whether there are tests.
    adjusted : sequence of float, optional
        P-values adjusted for their number.
    notes : sequence of str
    """
    shown = [Column("model", [line.term for line in lines], header=""), *columns]
    if tested:
        shown += [
            Column("statistic", [line.statistic for line in lines], "LR", kind="statistic"),
            Column("df", [line.df for line in lines], kind="integer"),
            Column("p_value", [line.p_value for line in lines], kind="p_value"),
        ]
    if adjusted is not None:
        shown.append(Column("p_adjusted", list(adjusted), "adjusted", kind="p_value"))
    models = [f"{line.term}: {text}." for line, text in zip(lines, formulas, strict=True)]
    return Table("Comparison of Models", tuple(shown), notes=(*models, *notes))
