"""Formula text before it is parsed: quotes, brackets, the tilde, and R's sign for powers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from keyword import kwlist

from logit_inference.errors import FormulaError

# Text in quotes is group 1, a name in backticks group 2.
QUOTED = re.compile(r"(\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')|`([^`]*)`")

# A name that needs no backticks, also in R's style with dots.
PLAIN_NAME = re.compile(rf"(?!({'|'.join(kwlist)})$)[^\W\d][\w.]*")


@dataclass(frozen=True, slots=True)
class Backticks:
    """A text with every name in backticks replaced by an identifier, and the names.

    Examples
    --------
    >>> hidden = Backticks.hide("log(`my col`)")
    >>> hidden.text, hidden.names, hidden.restore(hidden.text)
    ('log( _quoted_0_ )', ('my col',), 'log( `my col` )')
    """

    text: str
    names: tuple[str, ...]

    @staticmethod
    def hide(text: str, odd: Iterable[str] = ()) -> Backticks:
        """Return the text without backticks; the names ``odd`` come first among the names."""
        names = list(odd)

        def replace(match: re.Match[str]) -> str:
            if match.group(1) or PLAIN_NAME.fullmatch(match.group(2)):
                return match.group(1) or f" {match.group(2)} "
            if match.group(2) not in names:
                names.append(match.group(2))
            return f" _quoted_{names.index(match.group(2))}_ "

        return Backticks(QUOTED.sub(replace, text), tuple(names))

    def restore(self, text: str, backticks: bool = True) -> str:
        """Return a piece of the text with the names put back."""
        mark = "`" if backticks else ""
        return re.sub(
            r"\b_quoted_(\d+)_\b", lambda m: f"{mark}{self.names[int(m.group(1))]}{mark}", text
        )

    def name(self, identifier: str) -> str:
        """Return the name that an identifier stands for, or the identifier itself."""
        return self.restore(identifier, backticks=False)


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
    opened: list[int] = []
    for place, char in enumerate(plain):
        if char in "([":
            opened.append(place)
        elif char in ")]":
            if not opened:
                raise FormulaError.syntax(text, f"{char!r} closes nothing.", place)
            opened.pop()
    if opened:
        raise FormulaError.syntax(text, f"{text[opened[-1]]!r} is never closed.", opened[-1])
    bars = _outermost("|", plain)
    if bars:
        raise FormulaError.syntax(text, "'|' has no meaning here.", bars[0])
    if plain.count("`") % 2:
        raise FormulaError.syntax(text, "a backtick is never closed.", plain.rindex("`"))
    return left.strip(), right.strip()


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
