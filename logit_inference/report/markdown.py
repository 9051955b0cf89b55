"""A table as Markdown: a GitHub pipe table under its title and facts.

Characters that Markdown would read as markup are escaped, and only those, so that the source
stays readable in a terminal and in a diff.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from logit_inference.report.numbers import printable
from logit_inference.report.wrapping import display_width, pad

if TYPE_CHECKING:
    from logit_inference.report.table import Column, Table

_MARKUP = re.compile(
    r"[\\`*|~$]"  # always
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore, unless inside a word
    r"|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<=\])[(\[]"  # the start of a tag, an entity, a link target
)
_BLOCK_START = re.compile(r"^(\d*)([#>+.)-])")


def render_markdown(table: Table) -> str:
    r"""Return title, facts, pipe table and notes, separated by blank lines.

    Examples
    --------
    >>> from logit_inference.report.table import Column, Table
    >>> columns = Column("term", ["age"]), Column("p_value", [0.5], "P>|z|", "p_value")
    >>> print(render_markdown(Table("Wald tests", columns, facts=(("Rows", "189"),))))
    **Wald tests**
    <BLANKLINE>
    - Rows: 189
    <BLANKLINE>
    | term | P>\|z\| |
    | :--- | ------: |
    | age  |   0.500 |
    """
    blocks = [f"**{_escaped(table.title)}**"] if table.title else []
    if table.facts:
        blocks.append("\n".join(f"- {_escaped(key)}: {_escaped(v)}" for key, v in table.facts))
    if table.columns:
        lines = zip(*(_lines(column) for column in table.columns), strict=True)
        blocks.append("\n".join(f"| {' | '.join(cells)} |" for cells in lines))
    blocks += [_BLOCK_START.sub(r"\1\\\2", _escaped(note)) for note in table.notes]
    return "\n\n".join(blocks)


def _lines(column: Column) -> list[str]:
    """Return header, rule and cells of a column, all equally wide."""
    header, *cells = [_escaped(text) for text in (column.label, *column.cells())]
    width = max(4, *(display_width(text) for text in (header, *cells)))
    align = ">" if column.is_number else "<"
    rule = "-" * (width - 1)
    rule = f"{rule}:" if column.is_number else f":{rule}"
    return [pad(header, width, align), rule, *(pad(cell, width, align) for cell in cells)]


def _escaped(text: str) -> str:
    return _MARKUP.sub(lambda match: f"\\{match[0]}", printable(text)).strip(" ")
