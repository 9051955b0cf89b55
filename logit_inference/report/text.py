"""A table as text: at most 80 columns, in the order and look of a statsmodels summary.

Nothing is ever cut. What is too long for its place goes on in the next line, and columns that do
not fit side by side go on in a second panel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from logit_inference.report.numbers import printable
from logit_inference.report.wrapping import IN_NAMES, display_width, pad, wrap

if TYPE_CHECKING:
    from logit_inference.report.table import Column, Table

# The width of a statsmodels summary: it leaves the edge of a terminal of 80 columns free.
WIDTH = 78
_HALF = 37
_GAP, _USUAL_GAP, _WIDEST_GAP = 2, 4, 6
# A column of names may be squeezed to this width, and headers over numbers wrap beyond it.
_NARROW = 12


@dataclass(frozen=True)
class _Printed:
    """A column as it is printed, with the least and the natural width it needs."""

    header: str
    cells: tuple[str, ...]
    is_number: bool
    least: int
    natural: int


def render_text(table: Table) -> str:
    """Return the table as lines of at most 78 terminal columns.

    With facts the table takes the full 78 columns, as a summary does; without facts it takes what
    its columns need. Columns that do not fit side by side continue in a second panel under the
    first, which repeats the names of the rows.
    """
    panels = _panels([_printed(column) for column in table.columns])
    width = _table_width(table, panels)
    double, single = "=" * width, "-" * width
    title = wrap(printable(table.title), width) if table.title else ()
    lines = [" " * ((width - display_width(line)) // 2) + line for line in title]
    lines += [double, *_facts(table.facts)]
    for i, panel in enumerate(panels):
        lines += [double] if i or table.facts else []
        header, *rows = _panel_lines(panel, width)
        lines += [*header, single]
        lines += [line for row in rows for line in row]
    lines.append(double)
    for note in table.notes:
        lines += wrap(printable(note), WIDTH)
    return "\n".join(line.rstrip(" ") for line in lines)


def _printed(column: Column) -> _Printed:
    header, cells = printable(column.label), column.cells()
    widest = max((display_width(cell) for cell in cells), default=0)
    if column.is_number:
        least = natural = max(widest, min(display_width(header), _NARROW))
    else:
        natural = max(widest, display_width(header))
        least = min(natural, _NARROW)
    return _Printed(header, cells, column.is_number, least, natural)


def _panels(columns: Sequence[_Printed]) -> list[list[_Printed]]:
    """Return the columns in groups that fit the width, the first column leading each group."""
    if not columns:
        return []
    names, panels = columns[0], [[columns[0]]]
    for column in columns[1:]:
        side_by_side = [*panels[-1], column]
        if _total([c.least for c in side_by_side]) <= WIDTH or len(panels[-1]) == 1:
            panels[-1] = side_by_side
        else:
            panels.append([names, column])
    return panels


def _total(widths: Sequence[int], gap: int = _GAP) -> int:
    return sum(widths) + gap * (len(widths) - 1)


def _table_width(table: Table, panels: Sequence[Sequence[_Printed]]) -> int:
    if table.facts:
        return WIDTH
    natural = [_total([column.natural for column in panel], _USUAL_GAP) for panel in panels]
    return min(WIDTH, max([*natural, display_width(printable(table.title))]))


def _widths(panel: Sequence[_Printed], width: int) -> list[int]:
    """Return the width of each column with the gap before it, which together fill the width.

    Names grow from their least to their natural width, the narrowest first; what is left widens
    the gaps, then the first column.
    """
    widths = [column.least for column in panel]
    spare = width - _total(widths)
    while spare > 0 and (short := [i for i, c in enumerate(panel) if widths[i] < c.natural]):
        widths[min(short, key=lambda i: widths[i])] += 1
        spare -= 1
    gaps = len(panel) - 1
    gap = min(_WIDEST_GAP, _GAP + max(spare, 0) // gaps) if gaps else 0
    first = width - sum(widths[1:]) - gap * gaps
    return [first, *(gap + w for w in widths[1:])]


def _panel_lines(panel: Sequence[_Printed], width: int) -> list[list[str]]:
    """Return the lines of the header and of each row."""
    widths = _widths(panel, width)
    room = [widths[0], *(w - _GAP for w in widths[1:])]
    header = [wrap(column.header, r, IN_NAMES) for column, r in zip(panel, room, strict=True)]
    height = max(len(lines) for lines in header)
    # The last line of a header stands directly over the numbers.
    table = [[("",) * (height - len(lines)) + lines for lines in header]]
    table += [
        [
            (cell,) if column.is_number else wrap(cell, r, IN_NAMES, indent=2)
            for cell, column, r in zip(row, panel, room, strict=True)
        ]
        for row in zip(*(column.cells for column in panel), strict=True)
    ]
    return [_row_lines(row, panel, widths) for row in table]


def _row_lines(
    row: Sequence[Sequence[str]], panel: Sequence[_Printed], widths: Sequence[int]
) -> list[str]:
    lines = []
    for pieces in zip_longest(*row, fillvalue=""):
        line = ""
        for i, (piece, column, width) in enumerate(zip(pieces, panel, widths, strict=True)):
            if column.is_number:
                line += pad(piece, width, ">")
            else:
                gap = _GAP if i else 0
                line += " " * gap + pad(piece, width - gap)
        lines.append(line)
    return lines


def _facts(facts: Sequence[tuple[str, str]]) -> list[str]:
    """Return the facts in two columns, then those that need a line of their own."""
    short, long = split_facts(facts)
    halves = [f"{key}:" + pad(value, _HALF - display_width(key) - 1, ">") for key, value in short]
    middle = (len(halves) + 1) // 2
    between = " " * (WIDTH - 2 * _HALF)
    pairs = zip_longest(halves[:middle], halves[middle:], fillvalue="")
    lines = [pad(left, _HALF) + between + right for left, right in pairs]
    if long:
        width = min(max(display_width(key) for key, _ in long) + 1, 2 * _NARROW)
        for key, value in long:
            keys = wrap(f"{key}:", width)
            values = wrap(value, WIDTH - width - _GAP)
            pairs = zip_longest(keys, values, fillvalue="")
            lines += [pad(left, width + _GAP) + right for left, right in pairs]
    return lines


def split_facts(
    facts: Sequence[tuple[str, str]],
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the facts that fit half a line of text, and those that need a line of their own.

    All renderers split alike, so that a reader finds a fact in the same place everywhere.
    """
    clean = [(printable(key), printable(value)) for key, value in facts]
    fits = [display_width(key) + 1 + _GAP + display_width(value) <= _HALF for key, value in clean]
    short = [fact for fact, fit in zip(clean, fits, strict=True) if fit]
    return short, [fact for fact, fit in zip(clean, fits, strict=True) if not fit]
