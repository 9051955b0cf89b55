"""How names of coefficients and terms are found in a text, and written into one.

A name may hold brackets, commas, operators and blanks (``C(g, contr.sum)[S.a]:h[T.b]``) and still
be written without quotes, so it is found by what names there are and not by an alphabet. This
file must not know what a text says about its names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# What ends a name outside brackets and backticks.
_STOPS = "+-*/^=,)<>!;"
_END = re.compile(rf"\s*(?:\Z|[{re.escape(_STOPS)}])")

# Not the beginning of "2nd", "1 to 3" or "0:age": those are names.
NUMBER = re.compile(rf"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?={_END.pattern})")

# What follows a name in a written restriction can follow its first part in a longer name.
_AMID = re.compile(r" (?=[-+=])")

# A backtick inside a quoted name is written twice.
_QUOTED = re.compile(r"`((?:[^`]|``)*+)`")


@dataclass(frozen=True)
class Names:
    """The names that a hypothesis may use.

    Parameters
    ----------
    coefficients : mapping of name to column number
        All p of them, in the order of their columns.
    terms : mapping of term name to column numbers
        Those that are not the name of a coefficient too.
    longest : int
        Number of characters of the longest name.
    """

    coefficients: Mapping[str, int]
    terms: Mapping[str, Sequence[int]]
    longest: int

    def __contains__(self, name: str) -> bool:
        return name in self.coefficients or name in self.terms


def gather_names(coefficients: Sequence[str], terms: Mapping[str, Sequence[int]]) -> Names:
    """Return the names of coefficients, in column order, and of terms."""
    columns = {name: column for column, name in enumerate(coefficients)}
    others = {name: held for name, held in terms.items() if name not in columns}
    return Names(columns, others, max(map(len, [*columns, *others]), default=0))


def name_at(text: str, at: int, names: Names) -> str | None:
    """Return the longest name that stands, letter for letter and unquoted, at a place of a text.

    Cost: one look-up for each character of the longest name, however many names there are.
    """
    if text[at] == "`" or NUMBER.match(text, at):
        return None
    for end in range(min(len(text), at + names.longest), at, -1):
        if text[at:end] in names and not text[end - 1].isspace() and _END.match(text, end):
            return text[at:end]
    return None


def word_at(text: str, at: int, stops: str = _STOPS) -> str:
    """Return what stands at a place of a text, known or not, up to the next operator.

    Brackets and backticks hold what they like; a bracket that is never closed holds nothing.

    Examples
    --------
    >>> word_at("2*C(g, h)[T.a] : `b-c` = 0", 2)
    'C(g, h)[T.a] : `b-c`'
    """
    depth, place = 0, at
    while place < len(text):
        symbol = text[place]
        quoted = _QUOTED.match(text, place) if symbol == "`" else None
        if not depth and symbol in stops:
            break
        depth = max(depth + (symbol in "([{") - (symbol in ")]}"), 0)
        place = quoted.end() if quoted else place + 1
    if depth:
        return re.split(f"[{re.escape(stops)}]", text[at:], maxsplit=1)[0].rstrip()
    return text[at:place].rstrip()


def matching_names(word: str, names: Names) -> list[str]:
    """Return the names that a written word can mean: exactly, else loosely, else reordered.

    Loosely, blanks are free, ``^`` stands for ``**`` and the two quotes for each other;
    reordered, the factors of an interaction come in another order.

    Examples
    --------
    >>> names = gather_names(["x ** 2", "age:smoke", "x1", "x 1"], {})
    >>> [matching_names(word, names) for word in ("`x 1`", "x^2", "smoke : age")]
    [['x 1'], ['x ** 2'], ['age:smoke']]
    """
    written = _QUOTED.sub(lambda quoted: quoted.group(1).replace("``", "`"), word)
    if written in names:
        return [written]
    key = _loosened(written)
    words = set(re.findall(r"\w+", key))  # no spelling changes these, and looking for them is fast
    every = (*names.coefficients, *names.terms)
    loose = {n: _loosened(n) for n in every if all(word in n for word in words)}
    fits = [name for name, other in loose.items() if other == key]
    if fits or ":" not in key:
        return fits
    factors = _factors(key)
    alike = [name for name, other in loose.items() if len(other) == len(key)]
    return [name for name in alike if _factors(loose[name]) == factors]


def written_names(chosen: Sequence[str], names: Names) -> list[str]:
    """Return names as a text must hold them, between blanks: in backticks where needed.

    Those are the names that look like an expression, and those that a longer name begins with.

    Examples
    --------
    >>> written_names(["age", "odd name", "0"], gather_names(["age", "odd name", "0"], {}))
    ['age', '`odd name`', '`0`']
    """
    every = (*names.coefficients, *names.terms)
    beginnings = {name[: place.start()] for name in every for place in _AMID.finditer(name)}
    return [
        n if _is_word(n) and n not in beginnings else "`" + n.replace("`", "``") + "`"
        for n in chosen
    ]


def _is_word(name: str) -> bool:
    """Return whether nothing in a name, outside brackets, could be taken for an expression."""
    if name.isidentifier():
        return True
    bare = name[:1] not in ("", "`") and not NUMBER.match(name)
    return bare and word_at(name, 0, _STOPS + " ") == name == name.strip()


def _loosened(name: str) -> str:
    """Return a name as its loose spellings share it: a blank is kept between two words only."""
    plain = name.replace("**", "^").replace('"', "'").replace("`", " ")
    return re.sub(r"(?<!\w) | (?!\w)", "", " ".join(plain.split()))


def _factors(name: str) -> list[str]:
    """Return the factors of an interaction in alphabetical order, cut at colons outside brackets.

    Examples
    --------
    >>> _factors("smoke:C(g)[T.a:b]")
    ['C(g)[T.a:b]', 'smoke']
    """
    factors, depth, start = [], 0, 0
    for place, symbol in enumerate(name):
        depth += (symbol in "([{") - (symbol in ")]}")
        if symbol == ":" and not depth:
            factors.append(name[start:place])
            start = place + 1
    return sorted([*factors, name[start:]])
