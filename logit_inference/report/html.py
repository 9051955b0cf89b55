"""A table as an HTML fragment for notebooks and pages, in light and in dark themes.

It sets no colour of its own: lines and muted text are mixtures of the text colour it finds, since
a notebook may be dark where the system is light. Where styles are stripped (GitHub), what is left
is a plain table with its numbers to the right. Everything that comes from data is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from itertools import zip_longest
from typing import TYPE_CHECKING

from logit_inference.report.numbers import parse_number, printable
from logit_inference.report.text import split_facts
from logit_inference.report.wrapping import display_width

if TYPE_CHECKING:
    from logit_inference.report.table import Column, Table

# Names longer than this may wrap where there is little room.
_LONG_NAME = 20

# The selectors are longer than needed because they must win over those of JupyterLab and VS Code.
_STYLE = """\
<style scoped>
.li-table { --li-line: color-mix(in srgb, currentColor 30%, transparent);
  color: inherit; background: none; margin: .5em 0; line-height: 1.35; }
.li-table .li-scroll { width: max-content; max-width: 100%; overflow-x: auto; }
.li-table .li-scroll table:nth-child(n) { width: 100%; table-layout: auto; margin: 0; border: 0;
  border-collapse: collapse; color: inherit; background: none; font-size: inherit;
  font-variant-numeric: tabular-nums lining-nums; }
.li-table .li-scroll caption { caption-side: top; text-align: left; color: inherit;
  padding: 0 0 .5em; font-weight: 600; }
.li-table .li-scroll tr:nth-child(n) { padding: 0; border: 0; background: none;
  color: inherit; }
.li-table .li-scroll tr:nth-child(n) > * { padding: .2em .7em; border: 0; background: none;
  color: inherit; font-weight: inherit; text-align: right; vertical-align: baseline;
  white-space: nowrap; max-width: none; }
.li-table .li-scroll tr:nth-child(n) > .li-text { text-align: left; white-space: normal;
  overflow-wrap: break-word; }
.li-table .li-scroll tr:nth-child(n) > :first-child { padding-left: 0; }
.li-table .li-scroll tr:nth-child(n) > :last-child { padding-right: .1em; }
.li-table .li-scroll thead { border-top: 2px solid currentColor; font-weight: 600;
  border-bottom: 1px solid var(--li-line); }
.li-table .li-scroll tbody { border-bottom: 2px solid currentColor; font-weight: normal; }
.li-table .li-scroll sup { line-height: 0; font-size: .75em; }
.li-table .li-scroll .li-facts tbody { border: 0; }
.li-table .li-scroll .li-facts:nth-child(n) { margin-bottom: .6em; font-size: .93em; }
.li-table .li-scroll .li-facts caption { font-size: 1.075em; }
.li-table .li-scroll .li-facts tr:nth-child(n) > * { padding-top: .05em; padding-bottom: .05em; }
.li-table .li-scroll .li-facts tr:nth-child(n) > th { text-align: left; opacity: .75; }
.li-table .li-scroll .li-facts tr:nth-child(n) > td + th { padding-left: 2em; }
.li-table .li-scroll .li-facts tr:nth-child(n) > .li-long { text-align: left; max-width: 0;
  white-space: normal; overflow-wrap: anywhere; }
.li-table p.li-note { margin: .4em 0 0; max-width: 50em; font-size: .9em; opacity: .8; }
@media (max-width: 40em) {
  .li-table .li-scroll .li-facts tr:nth-child(n) { display: grid; grid-template-columns: auto 1fr; }
  .li-table .li-scroll .li-facts tr:nth-child(n) > :nth-child(n) { padding: .05em .1em .05em 0; }
  .li-table .li-scroll .li-facts tr:nth-child(n) > td + th { padding-left: 0; }
  .li-table .li-scroll .li-facts tr:nth-child(n) > .li-long:nth-child(n) {
    max-width: none; padding-left: .7em; }
}
</style>"""


def render_html(table: Table) -> str:
    """Return a ``<div class="li-table">`` that holds its own style, facts, numbers and notes.

    Numbers get a true minus sign and powers of ten; text is escaped, and long names wrap. The
    title is the caption of the facts, or of the numbers where there are no facts.
    """
    title = _escaped(table.title)
    caption = [f"<caption>{title}</caption>"] if title else []
    lines = ['<div class="li-table">', _STYLE, '<div class="li-scroll">']
    if table.facts or not table.columns:
        lines += ['<table class="li-facts">', *caption, "<tbody>", *_facts(table)]
        lines += ["</tbody>", "</table>"]
        caption = []
    if table.columns:
        start = "<table>" if caption else f'<table aria-label="{title}">'
        lines += [start, *caption, "<thead>"]
        lines += [_row(table.columns, [c.label for c in table.columns], "col")]
        lines += ["</thead>", "<tbody>"]
        cells = zip(*(column.cells() for column in table.columns), strict=True)
        lines += [_row(table.columns, row, "row") for row in cells]
        lines += ["</tbody>", "</table>"]
    notes = [f'<p class="li-note">{_escaped(note)}</p>' for note in table.notes]
    return "\n".join([*lines, "</div>", *notes, "</div>"])


def _row(columns: Sequence[Column], cells: Sequence[str], scope: str) -> str:
    """Return one row; a header cell names its column, or its row when it is the first."""
    html = []
    for i, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        heads = scope == "col" or i == 0
        start = f'th scope="{scope}"' if heads else "td"
        start += "" if column.is_number else ' class="li-text" align="left"'
        content = _number(cell) if column.is_number and scope == "row" else _name(cell)
        html.append(f"<{start}>{content}</{'th' if heads else 'td'}>")
    return '<tr align="right">' + "".join(html) + "</tr>"


def _facts(table: Table) -> list[str]:
    """Return the rows of facts: two pairs a row, then the long ones across all columns."""
    short, long = split_facts(table.facts)
    pairs = [
        f'<th scope="row">{_escaped(key)}</th><td align="right">{_number(value)}</td>'
        for key, value in short
    ]
    middle = (len(pairs) + 1) // 2
    both = zip_longest(pairs[:middle], pairs[middle:], fillvalue="")
    cells = [left + right for left, right in both]
    across = ' colspan="3" class="li-long"' if short else ' class="li-text"'
    cells += [
        f'<th scope="row">{_escaped(key)}</th><td{across}>{_escaped(value)}</td>'
        for key, value in long
    ]
    return [f'<tr align="left">{row}</tr>' for row in cells]


def _escaped(text: str) -> str:
    return escape(printable(text))


def _name(text: str) -> str:
    """Return the text escaped, with permission to break a long one where names may break."""
    if display_width(text) <= _LONG_NAME:
        return _escaped(text)
    return re.sub(r"(?<=[:,\[_])(?!$)", "<wbr>", _escaped(text))


def _number(text: str) -> str:
    """Return a printed number in HTML; any other text is only escaped."""
    if text == "-∞":
        return "−∞"
    number = parse_number(text)
    if number is None:
        return _escaped(text)
    if number["exponent"]:
        power = str(int(number["exponent"])).replace("-", "−")
        sign = number["sign"].replace("-", "−")
        return f"{sign}{number['digits']}\u2009×\u200910<sup>{power}</sup>"
    return escape(text.replace("-", "−"))
