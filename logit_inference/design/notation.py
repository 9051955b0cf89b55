"""Formula text as it is written: quotes, brackets, the tilde, and R's sign for powers.

What the text needs before the formula library parses it, and what is said, in plain words, of text
that cannot be parsed. Tokens and messages of that library are known here by their look only.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from keyword import iskeyword
from typing import Any

from logit_inference.errors import FormulaError

# Text in quotes is group 1, a name in backticks group 2.
QUOTED = re.compile(r"(\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')|`([^`]*)`")

# A word that may be a name, also in R's style with dots.
_WORD = r"[^\W\d][\w.]*"
_PIECES = re.compile(rf"{QUOTED.pattern}|(?<![\w.])({_WORD})")


@dataclass(frozen=True, slots=True)
class Backticks:
    """A text in which every name that Python could not read is an identifier, and the names.

    Python reads identifiers in their compatibility form (NFKC): the micro sign as the Greek mu.
    A column that it would rename so is hidden like a name in backticks.

    Examples
    --------
    >>> hidden = Backticks.hide("log(`my col`) + µ", ["my col", "µ"])
    >>> hidden.text, hidden.names, hidden.restore(hidden.text)
    ('log( _quoted_0_ ) +  _quoted_1_ ', ('my col', 'µ'), 'log( `my col` ) +  µ ')
    """

    text: str
    names: tuple[str, ...]
    mark: str

    @staticmethod
    def hide(text: str, columns: Sequence[str] = (), also: Sequence[str] = ()) -> Backticks:
        """Return the text with stand-ins for what is in backticks and for odd columns.

        Columns that the parser will see although the text does not name them are given as
        ``also``.
        """
        names = [name for name in also if not _is_python(name)]
        # Nothing that the parser sees may look like a stand-in.
        mark, taken = "_quoted_", unicodedata.normalize("NFKC", "\n".join([text, *also]))
        while mark in taken:
            mark += "_"

        def replace(match: re.Match[str]) -> str:
            """Return the stand-in for a name that needs one, the piece itself otherwise."""
            quote, name, word = match.groups()
            if word is not None and not iskeyword(word):
                name = match_name(word, columns)
            if quote or name is None or (name == word and _is_python(name)):
                return match.group()
            if _is_python(name):
                return f" {name} "
            if name not in names:
                names.append(name)
            return f" {mark}{names.index(name)}_ "

        return Backticks(_PIECES.sub(replace, text), tuple(names), mark)

    def stand_in(self, name: str) -> str:
        """Return what stands for a name in the text."""
        return f"{self.mark}{self.names.index(name)}_" if name in self.names else name

    def restore(self, text: str, backticks: bool = True) -> str:
        """Return a piece of the text with the names put back."""
        if not self.names:
            return text

        def replace(match: re.Match[str]) -> str:
            name = self.names[int(match.group(1))]
            bare = not backticks or (re.fullmatch(_WORD, name) and not iskeyword(name))
            return name if bare else f"`{name}`"

        return re.sub(rf"\b{self.mark}(\d+)_\b", replace, text)

    def name(self, identifier: str) -> str:
        """Return the name that an identifier stands for, or the identifier itself."""
        return self.restore(identifier, backticks=False)


def _is_python(name: str) -> bool:
    """Say whether Python reads a name, dots included, as it is written."""
    parts = name.split(".")
    return (
        all(part.isidentifier() and not iskeyword(part) for part in parts)
        and unicodedata.normalize("NFKC", name) == name
    )


def match_name(word: str, columns: Sequence[str]) -> str | None:
    """Return the column that a word names: that of its spelling, else the one that looks alike.

    Two spellings look alike if their compatibility forms (NFKC) agree, as those of the micro sign
    and the Greek mu do. A word that is no identifier, as x² is none, only names its own spelling.

    Examples
    --------
    >>> match_name("μ", ["µ"]) == "µ", match_name("x²", ["x2"])
    (True, None)
    """
    if word in columns:
        return word
    if word.isascii() and all(name.isascii() for name in columns):
        return None
    if not word.isidentifier():
        return None
    form = unicodedata.normalize("NFKC", word)
    alike = [name for name in columns if unicodedata.normalize("NFKC", name) == form]
    return alike[0] if len(alike) == 1 and alike[0].isidentifier() else None


def powers(text: str) -> str:
    """Return the text with ``^`` outside quotes as ``**``: Python's own ``^`` flips bits.

    Examples
    --------
    >>> powers("I(age^2) + (a + `x^y`)^2")
    'I(age**2) + (a + `x^y`)**2'
    """
    pieces, end = [], 0
    for match in QUOTED.finditer(text):
        pieces += [text[end : match.start()].replace("^", "**"), match.group()]
        end = match.end()
    return "".join([*pieces, text[end:].replace("^", "**")])


def split_sides(text: str) -> tuple[str, str]:
    """Return the two sides of the tilde, having checked what the parser would misread."""
    plain = mask_quotes(text)
    tildes = _outermost("~", plain)
    if not tildes:
        near = " A formula uses ~, not =." if "=" in plain else ""
        raise FormulaError(text, f"there is no ~ between outcome and predictors.{near}")
    if len(tildes) > 1:
        raise FormulaError.syntax(text, "a formula has one ~ only.", tildes[1])
    left, right = text[: tildes[0]], text[tildes[0] + 1 :]
    if not left.strip():
        raise FormulaError(text, "the left side is empty: write the outcome before the ~.")
    if not right.strip():
        raise FormulaError(text, "the right side is empty: write y ~ 1 for an intercept alone.")
    r_only = re.search(r"(?<![\w.])((?:as\.)?factor|ordered|relevel|as\.\w+)\s*\(", plain)
    if r_only:
        raise FormulaError.no_function(text, r_only.group(1), ())
    _check_brackets(text, plain)
    bars = _outermost("|", plain)
    if bars:
        raise FormulaError.syntax(text, "'|' has no meaning here.", bars[0])
    if plain.count("`") % 2:
        raise FormulaError.syntax(text, "a backtick is never closed.", plain.rindex("`"))
    return left.strip(), right.strip()


def _check_brackets(text: str, plain: str) -> None:
    """Raise unless brackets pair up, and square and curly ones stand inside calls."""
    opened: list[tuple[int, bool]] = []
    before = ""
    for place, char in enumerate(plain):
        if char in "([{":
            in_call = bool(opened and opened[-1][1])
            after_name = before.isalnum() or before in ("_", ".", "`", ")")
            if not in_call and (char == "{" or (char == "[" and not after_name)):
                raise FormulaError.brackets(text, char)
            opened.append((place, in_call or after_name))
        elif char in ")]}":
            if not opened:
                raise FormulaError.syntax(text, f"{char!r} closes nothing.", place)
            start, _ = opened.pop()
            if plain[start] + char not in ("()", "[]", "{}"):
                raise FormulaError.syntax(text, f"{char!r} cannot close {plain[start]!r}.", place)
        before = before if char.isspace() else char
    if opened:
        start = opened[-1][0]
        raise FormulaError.syntax(text, f"{text[start]!r} is never closed.", start)


def plain_sum(right: str, available: Sequence[str]) -> list[list[tuple[str, str]]] | None:
    """Return the terms of a sum of column names and calls; None for any other right side.

    They are what the parser would find: for each term its factors, as text and kind, after the
    intercept, which has none.

    Examples
    --------
    >>> plain_sum("age + C(race)", ["age", "race"])
    [[], [('age', 'lookup')], [('C(race)', 'python')]]
    >>> plain_sum("age * race", ["age", "race"]) is None
    True
    """
    if not right.isascii() or "`" in right:
        return None
    plain = mask_quotes(right)
    cuts = [-1, *_outermost("+", plain), len(plain)]
    terms: list[list[tuple[str, str]]] = [[]]
    for start, stop in pairwise(cuts):
        part = right[start + 1 : stop].strip()
        if part.isidentifier() and not iskeyword(part) and part in available:
            terms.append([(part, "lookup")])
        elif _is_call(part, plain[start + 1 : stop].strip()):
            terms.append([(part, "python")])
        else:
            return None
    return terms


def _is_call(part: str, plain: str) -> bool:
    """Say whether a text (``plain`` with its quotes masked) is one call that Python can read."""
    name = re.match(r"[A-Za-z_][\w.]*(?=\()", plain)
    if not name or iskeyword(name.group()) or not _is_python(name.group()):
        return False
    depths = list(accumulate((char in "([{") - (char in ")]}") for char in plain[name.end() :]))
    if 0 in depths[:-1]:
        return False
    try:
        return isinstance(ast.parse(powers(part), mode="eval").body, ast.Call)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # the parser says what is wrong


def split_arguments(inside: str) -> list[str]:
    """Return the arguments of a call: the text split at its outermost commas."""
    cuts = [-1, *_outermost(",", mask_quotes(inside)), len(inside)]
    return [inside[start + 1 : stop].strip() for start, stop in pairwise(cuts)]


def mask_quotes(text: str) -> str:
    """Return the text with everything inside quotes or backticks blanked, same length."""
    return QUOTED.sub(
        lambda match: match.group()[0] + "x" * (len(match.group()) - 2) + match.group()[-1],
        text,
    )


def _outermost(char: str, plain: str) -> list[int]:
    """Return where a character stands outside all brackets, in text with masked quotes."""
    places, depth = [], 0
    for place, found in enumerate(plain):
        depth += (found in "([{") - (found in ")]}")
        if found == char and depth == 0:
            places.append(place)
    return places


def stray_number(tokens: Sequence[Any]) -> int | None:
    """Return the place of a number between terms: only 0 and 1 may stand there, after + or -."""
    plain = [token for token in tokens if token.kind.value != "context"]
    for place, token in enumerate(plain):
        if token.kind.value != "value" or token.token[:1] in ("'", '"'):
            continue
        beside = plain[max(place - 1, 0) : place + 2]
        operators = [near.token for near in beside if near.kind.value == "operator"]
        if any("**" in symbol or set(symbol) - set("+-*/:in") for symbol in operators):
            continue  # a power, or something that the parser refuses in its own words
        crossed = any(set(symbol) - set("+-") for symbol in operators)
        if crossed or token.token not in ("0", "1"):
            return int(token.source_start)
    return None


def reworded(
    error: Exception, right: str, text: str, hidden: Backticks, start: int | None
) -> FormulaError:
    """Return the parser's complaint in plain words, with a mark under the place if it is known.

    Parameters
    ----------
    error : Exception
        What the parser raised.
    right, text : str
        The right side, and the whole formula.
    hidden : Backticks
        The right side as the parser saw it.
    start : int or None
        Where the right side begins, if the parser saw it as it is written.
    """
    if isinstance(error, SyntaxError):
        part = hidden.restore(str(error.text or right)).strip()
        return FormulaError.unreadable(text, part, error.msg)
    message = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    complaint, _, source = message.partition("\n\n")
    position = source.index("⧛") if "⧛" in source else None
    found = re.match(r"Unknown operator '(.*)'", complaint)
    if found:
        symbol = found.group(1)
        complaint = f"unknown operator {symbol!r}."
        if symbol.strip() in ("=", "==", "!=", "<", ">", "<=", ">=", "&"):
            complaint += " Put a comparison or logical expression inside I( ): I(x > 3)."
    elif "`**" in complaint or isinstance(error, StopIteration):
        power = re.search(r"([\w.]+|`[^`]*`)\s*(?:\^|\*\*)\s*\(?\s*(-?\s*[\w.]+)", right)
        return FormulaError.power(text, f"I({power[1]}^{power[2]})" if power else "I(x^-1)")
    elif "insuffient arguments" in complaint:
        symbol = complaint.split("`")[1]
        complaint = f"the operator {symbol!r} lacks a term on one side."
    elif "numerical scaling" in complaint:
        return FormulaError.number(text)
    elif "String literals" in complaint:
        complaint = "text in quotes is no term: put odd column names in backticks, `my column`."
    else:
        complaint = complaint[:1].lower() + complaint[1:].replace("`", "'").rstrip(".") + "."
        complaint = hidden.restore(complaint)
    known = None if position is None or start is None else start + position
    return FormulaError.syntax(text, complaint, known)
