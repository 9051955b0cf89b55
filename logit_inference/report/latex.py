"""A table as LaTeX: a ``table`` float that compiles with the package booktabs alone.

Everything that comes from data is escaped. Letters outside Latin need XeLaTeX or LuaLaTeX, as in
any LaTeX document; the signs that tables of results use are written as commands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from logit_inference.report.numbers import parse_number, printable
from logit_inference.report.text import split_facts
from logit_inference.report.wrapping import display_width

if TYPE_CHECKING:
    from logit_inference.report.table import Column, Table

# Names longer than this wrap, in a column of fixed width.
_LONG_NAME = 32

_PARAGRAPHS = (r"  \begin{minipage}{\linewidth}", r"    \footnotesize\raggedright")

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"$\sim$",
    "^": r"\textasciicircum{}",
    "`": r"\`{}",
    **{char: f"\\{char}" for char in "{}$&#%_"},
    # In the default font encoding these print as other signs when they stand in text.
    **{char: f"${char}$" for char in "<>|"},
    "−": "$-$",
    "∞": r"$\infty$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≠": r"$\neq$",
    "≈": r"$\approx$",
    "→": r"$\rightarrow$",
    "·": r"$\cdot$",
    "²": "$^2$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "λ": r"$\lambda$",
    "μ": r"$\mu$",
    "σ": r"$\sigma$",
    "χ": r"$\chi$",
    "—": "---",
    "–": "--",
    "…": r"\dots{}",
    "\u00a0": "~",
}


def render_latex(table: Table) -> str:
    r"""Return the table as ``\begin{table} … \end{table}``: caption, facts, numbers, notes.

    Examples
    --------
    >>> from logit_inference.report.table import Column, Table
    >>> columns = Column("term", ["n_kids"]), Column("estimate", [-0.5], kind="estimate")
    >>> print(render_latex(Table("Odds & ends", columns)))
    \begin{table}
      \centering
      \setlength{\tabcolsep}{4pt}
      \caption{Odds \& ends}
      \begin{tabular}{@{}lr@{}}
        \toprule
        term & estimate \\
        \midrule
        n\_kids & $-$0.5000 \\
        \bottomrule
      \end{tabular}
    \end{table}
    """
    lines = [r"\begin{table}", r"  \centering", r"  \setlength{\tabcolsep}{4pt}"]
    lines += [f"  \\caption{{{_escaped(table.title)}}}"] if table.title else []
    lines += _facts(table)
    lines += _grid(table.columns) if table.columns else []
    if table.notes:
        lines += [r"  \par\smallskip", *_PARAGRAPHS]
        lines += [f"    {_escaped(note)}\\par" for note in table.notes]
        lines += [r"  \end{minipage}"]
    return "\n".join([*lines, r"\end{table}"])


def _grid(columns: Sequence[Column]) -> list[str]:
    cells = [column.cells() for column in columns]
    header = [_escaped(column.label) for column in columns]
    rows = [
        [
            _number(cell) if column.is_number else _name(cell)
            for cell, column in zip(row, columns, strict=True)
        ]
        for row in zip(*cells, strict=True)
    ]
    alignment = "".join(_alignment(c, printed) for c, printed in zip(columns, cells, strict=True))
    return [
        f"  \\begin{{tabular}}{{@{{}}{alignment}@{{}}}}",
        r"    \toprule",
        _row(header),
        r"    \midrule",
        *(_row(row) for row in rows),
        r"    \bottomrule",
        r"  \end{tabular}",
    ]


def _row(cells: Sequence[str]) -> str:
    row = " & ".join(cells)
    # After \\ and \midrule, a bracket or a star would be read as their option.
    guard = "{}" if row.startswith(("[", "*", "(")) else ""
    return f"    {guard}{row} \\\\"


def _alignment(column: Column, cells: Sequence[str]) -> str:
    if column.is_number:
        return "r"
    longest = max((display_width(cell) for cell in cells), default=0)
    return "l" if longest <= _LONG_NAME else r"p{0.3\linewidth}"


def _facts(table: Table) -> list[str]:
    """Return the facts as a tabular of two pairs a row, the long ones as paragraphs under it."""
    short, long = split_facts(table.facts)
    lines = []
    if short:
        pairs = [(_escaped(key), _number(value)) for key, value in short]
        middle = (len(pairs) + 1) // 2
        both = zip_longest(pairs[:middle], pairs[middle:], fillvalue=("", ""))
        lines += [r"  {\footnotesize\begin{tabular}{@{}lrlr@{}}"]
        lines += [_row([*left, *right]) for left, right in both]
        lines += [r"  \end{tabular}}", r"  \par\smallskip"]
    if long:
        lines += _PARAGRAPHS
        lines += [f"    {_escaped(key)}: {_escaped(value)}\\par" for key, value in long]
        lines += [r"  \end{minipage}", r"  \par\smallskip"]
    return lines


def _escaped(text: str) -> str:
    escaped = "".join(_ESCAPES.get(char, char) for char in printable(text))
    return re.sub("-(?=-)", "-{}", escaped) if "--" in text else escaped


def _name(text: str) -> str:
    """Return the text escaped, with permission to break a long one where names may break."""
    if display_width(text) <= _LONG_NAME:
        return _escaped(text)
    return re.sub(r"(?<=[:,\[_])(?!$)", r"\\allowbreak{}", _escaped(text))


def _number(text: str) -> str:
    """Return a printed number in LaTeX; any other text is only escaped."""
    if text in ("∞", "-∞"):
        return f"${text}$".replace("∞", r"\infty")
    number = parse_number(text)
    if number is None:
        return _escaped(text)
    if number["exponent"]:
        return f"${number['sign']}{number['digits']}\\times 10^{{{int(number['exponent'])}}}$"
    return _escaped(text.replace("-", "−"))
