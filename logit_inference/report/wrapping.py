"""Lines of a given width: how text is measured and broken without losing a character.

Widths are terminal columns, so that Chinese names and accents written apart still line up. This
file knows nothing of tables.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

# After which characters a line may end: first choice, second choice.
IN_PROSE = (" ",)
IN_NAMES = (" :,[", "_.()]=+*/|-")


def display_width(text: str) -> int:
    """Return the number of terminal columns that the text takes.

    Examples
    --------
    >>> display_width("age"), display_width("年龄"), display_width("u" + chr(0x308) + "ber")
    (3, 4, 4)
    """
    return len(text) if text.isascii() else sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad(text: str, width: int, align: str = "<") -> str:
    """Return the text filled with blanks to the width, at the left "<" or the right ">" edge."""
    blanks = " " * (width - display_width(text))
    return text + blanks if align == "<" else blanks + text


def wrap(
    text: str, width: int, breaks: Sequence[str] = IN_PROSE, indent: int = 0
) -> tuple[str, ...]:
    """Return the text as lines of at most ``width``, broken after a character of ``breaks``.

    A word that is longer than a line is broken where the line ends.

    Parameters
    ----------
    text : str
    width : int
        Terminal columns, more than ``indent + 1``.
    breaks : sequence of str
        Each a set of characters; an earlier set is preferred wherever it has a place to break.
    indent : int
        Blanks before every line but the first.

    Examples
    --------
    >>> wrap("C(race)[T.white]:smoke", 12, IN_NAMES, indent=2)
    ('C(race)[', '  T.white]:', '  smoke')
    """
    lines: list[str] = []
    rest, blanks = text.strip(" "), ""
    while display_width(rest) > width - len(blanks):
        end = _line_end(rest, width - len(blanks), breaks)
        lines.append(blanks + rest[:end].rstrip(" "))
        rest, blanks = rest[end:].lstrip(" "), " " * indent
    return (*lines, blanks + rest)


def _line_end(text: str, width: int, breaks: Sequence[str]) -> int:
    """Return how many characters of a text that is too long go into its first line."""
    fitting = used = 0
    while used + _char_width(text[fitting]) <= width:
        used += _char_width(text[fitting])
        fitting += 1
    for characters in breaks:
        if text[fitting] == " " and " " in characters:
            return fitting
        after = max(text.rfind(char, 0, fitting) for char in characters) + 1
        if after:
            return after
    return fitting
