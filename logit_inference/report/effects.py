"""Tables of effects: columns of numbers in, a table out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from logit_inference.report.numbers import Kind
from logit_inference.report.table import Column, Table

KINDS: Mapping[str, Kind] = {
    "estimate": "estimate",
    "std_error": "estimate",
    "statistic": "statistic",
    "df": "fixed",
    "p_value": "p_value",
    "p_adjusted": "p_value",
    "conf_low": "estimate",
    "conf_high": "estimate",
    "letters": "text",
}


def effects_table(
    title: str,
    columns: Mapping[str, Sequence[Any]],
    labels: Sequence[str],
    header: str,
    level: float,
    letter: str,
    notes: tuple[str, ...],
    covariance: str = "",
) -> Table:
    """Return a table of effects.

    Parameters
    ----------
    title : str
    columns : mapping of name to values
        As in the frame.
    labels : sequence of str
        Names of those that tell rows apart; a term that is the same in all rows is not printed.
    header : str
        What the estimate is called.
    level : float
    letter : {"z", "t"}
    notes : tuple of str
    covariance : str
        The label of that of the coefficients.
    """
    low, high = (1.0 - level) / 2, (1.0 + level) / 2
    headers = {
        "estimate": header,
        "std_error": "std err",
        "statistic": letter,
        "p_value": f"P>|{letter}|",
        "p_adjusted": "adjusted",
        "conf_low": f"[{low:.4g}",
        "conf_high": f"{high:.4g}]",
        "letters": "",
    }
    found = []
    if "contrast" in columns:  # one column, which leaves room for the numbers
        both = zip(columns["term"], columns["contrast"], strict=True)
        found.append(Column("term", [f"{term}: {contrast}" for term, contrast in both], header=""))
    for place, (name, values) in enumerate(columns.items()):
        if name in ("term", "contrast") and "contrast" in columns:
            continue
        if name in labels:
            text = [_text(value) for value in values]
            own = "" if place == 0 and name in ("term", "row") else name
            found.append(Column(name, text, header=own))
        else:
            found.append(Column(name, values, header=headers.get(name, name), kind=KINDS[name]))
    return Table(title, tuple(found), notes=notes, covariance=covariance)


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
