"""Linear hypotheses about coefficients: from text, names or a matrix to ``matrix @ coef = value``.

The text is read against the names that the fit has, longest first, so that a name may hold
brackets, commas, operators and spaces (``C(g, contr.sum)[S.a]:h[T.b]``) without being quoted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from logit_inference.errors import HypothesisError, did_you_mean
from logit_inference.rows.block import Floats

_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"[^\s+*/=,()-]+")


@dataclass(frozen=True)
class Hypothesis:
    """Restrictions ``matrix @ coef = value``, k of them on p coefficients, and their text."""

    matrix: Floats
    value: Floats
    text: tuple[str, ...]


def read_hypothesis(
    hypothesis: Any,
    names: Sequence[str],
    terms: Mapping[str, Sequence[int]],
) -> Hypothesis:
    """Return the restrictions that a hypothesis states.

    Parameters
    ----------
    hypothesis : str, list of str, (k, p) or (p,) array, or tuple of a matrix and (k,) values
        ``"age = 0, smoke = 2*lwt"``: restrictions parted by commas, each a chain of equal linear
        expressions; a name alone says that it is zero; a term of the formula (``"C(race)"``) says
        it of all its columns; backticks quote any name. A matrix alone is tested against zero.
    names : sequence of p str
        Of the coefficients.
    terms : mapping of term name to column numbers

    Raises
    ------
    HypothesisError
        With the part that could not be read and the names there are.

    Examples
    --------
    >>> read_hypothesis("a = 2*b = 1", ["a", "b"], {}).matrix.tolist()
    [[1.0, -2.0], [0.0, 2.0]]
    """
    if isinstance(hypothesis, str):
        return _from_texts([hypothesis], names, terms)
    if isinstance(hypothesis, (list, tuple)) and all(isinstance(part, str) for part in hypothesis):
        return _from_texts(hypothesis, names, terms)
    return _from_matrix(hypothesis, names)


def _from_matrix(given: object, names: Sequence[str]) -> Hypothesis:
    left, right = given if isinstance(given, tuple) and len(given) == 2 else (given, 0.0)
    try:
        matrix = np.atleast_2d(np.asarray(left, dtype=np.float64))
        value = np.broadcast_to(np.asarray(right, dtype=np.float64), matrix.shape[:1]).copy()
    except (TypeError, ValueError) as problem:
        raise HypothesisError(
            f"a hypothesis is text, a list of texts, a matrix with {len(names)} columns, or a "
            f"tuple of a matrix and its values; {type(given).__name__} could not be read."
        ) from problem
    if matrix.ndim != 2 or matrix.shape[1] != len(names) or not matrix.shape[0]:
        raise HypothesisError(
            f"a hypothesis matrix needs {len(names)} columns, one for each coefficient "
            f"({', '.join(names)}); this one has shape {matrix.shape}."
        )
    if not (np.isfinite(matrix).all() and np.isfinite(value).all()):
        raise HypothesisError("a hypothesis matrix must be finite.")
    return Hypothesis(matrix, value, tuple(_restriction_text(matrix, value, names)))


def _restriction_text(matrix: Floats, value: Floats, names: Sequence[str]) -> list[str]:
    texts = []
    for row, right in zip(matrix, value, strict=True):
        text = ""
        for name, weight in zip(names, row, strict=True):
            if weight == 0:
                continue
            part = name if abs(weight) == 1 else f"{abs(weight):g}*{name}"
            sign = "-" if weight < 0 else "+"
            text += f" {sign} {part}" if text else (f"-{part}" if weight < 0 else part)
        texts.append(f"{text or '0'} = {right:g}")
    return texts


def _from_texts(
    texts: Sequence[str], names: Sequence[str], terms: Mapping[str, Sequence[int]]
) -> Hypothesis:
    rows: list[Floats] = []
    for text in texts:
        rows += _Reader(text, names, terms).restrictions()
    if not rows:
        raise HypothesisError('an empty hypothesis tests nothing; write for example "age = 0".')
    table = np.array(rows)
    matrix, value = table[:, :-1], 0.0 - table[:, -1]
    idle = ~matrix.any(axis=1)
    if idle.any():
        raise HypothesisError(
            f"in {', '.join(texts)!r} a restriction holds no coefficient: it is true or false "
            "whatever the data say."
        )
    return Hypothesis(matrix, value, tuple(_restriction_text(matrix, value, names)))


class _Reader:
    """Recursive descent over one text; a linear form is (p + 1,) with the constant last."""

    def __init__(self, text: str, names: Sequence[str], terms: Mapping[str, Sequence[int]]):
        self.text, self.names, self.terms, self.at = text, names, terms, 0
        wide = {name: columns for name, columns in terms.items() if name not in names}
        known = [*names, *wide]
        self.patterns = sorted(((name, _pattern(name)) for name in known), key=lambda n: -len(n[0]))
        self.wide = wide

    def restrictions(self) -> list[Floats]:
        rows: list[Floats] = []
        while True:
            rows += self._chain()
            if not self._take(","):
                break
        if self.at < len(self.text):
            self._fail(f"{self.text[self.at :].strip()!r} was not expected here")
        return rows

    def _chain(self) -> list[Floats]:
        sides = [self._side()]
        while self._take("="):
            self._take("=")
            sides.append(self._side())
        if len(sides) == 1:
            sides.append(np.zeros((1, len(self.names) + 1)))
        rows: list[Floats] = []
        for left, right in pairwise(sides):
            if len(left) > 1 and len(right) > 1:
                self._fail("two terms of several columns cannot be set equal; name the columns")
            rows += list(left - right)
        return rows

    def _side(self) -> Floats:
        """Return the (k, p + 1) forms of one side: k > 1 for a term of several columns."""
        start = self.at
        for name, pattern in self.patterns:
            found = pattern.match(self.text, self._skip())
            if found and name in self.wide:
                self.at = found.end()
                if self._peek() in ("", ",", "="):
                    return np.array([self._unit(column) for column in self.wide[name]])
                self._fail(f"the term {name!r} has several columns; name the ones you mean")
            if found:
                break
        self.at = start
        return self._sum()[np.newaxis]

    def _sum(self) -> Floats:
        total = self._product()
        while self._peek() in ("+", "-"):
            sign = 1.0 if self._take("+") else -1.0
            self._take("-")
            total = total + sign * self._product()
        return total

    def _product(self) -> Floats:
        value = self._atom()
        while self._peek() in ("*", "/"):
            divide = not self._take("*")
            self._take("/")
            other = self._atom()
            if divide:
                if other[:-1].any() or other[-1] == 0:
                    self._fail("only division by a number other than 0 keeps a hypothesis linear")
                value = value / other[-1]
            elif not other[:-1].any():
                value = value * other[-1]
            elif not value[:-1].any():
                value = other * value[-1]
            else:
                self._fail("a product of two coefficients is not a linear hypothesis")
        return value

    def _atom(self) -> Floats:
        if self._take("-"):
            return -self._atom()
        if self._take("+"):
            return self._atom()
        at = self._skip()
        if at < len(self.text) and self.text[at] == "`":
            end = self.text.find("`", at + 1)
            if end < 0:
                self._fail("a backtick is not closed")
            self.at = end + 1
            return self._unit(self._position(self.text[at + 1 : end]))
        for name, pattern in self.patterns:
            found = pattern.match(self.text, at)
            if found and name not in self.wide:
                self.at = found.end()
                return self._unit(self.names.index(name))
        number = _NUMBER.match(self.text, at)
        if number:
            self.at = number.end()
            form = np.zeros(len(self.names) + 1)
            form[-1] = float(number.group())
            return form
        if self._take("("):
            inner = self._sum()
            if not self._take(")"):
                self._fail("a parenthesis is not closed")
            return inner
        word = _WORD.match(self.text, at)
        if word:
            self._position(word.group())
        self._fail("an expression was expected at " + (repr(self.text[at:]) if at else "the start"))
        raise AssertionError  # pragma: no cover: _fail always raises

    def _position(self, name: str) -> int:
        if name not in self.names:
            hint = did_you_mean(name, list(self.names), "Coefficients")
            raise HypothesisError(f"no coefficient {name!r} in {self.text!r}.{hint}")
        return self.names.index(name)

    def _unit(self, column: int) -> Floats:
        form = np.zeros(len(self.names) + 1)
        form[column] = 1.0
        return form

    def _skip(self) -> int:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at

    def _peek(self) -> str:
        at = self._skip()
        return self.text[at : at + 1]

    def _take(self, symbol: str) -> bool:
        if self._peek() != symbol:
            return False
        self.at += 1
        return True

    def _fail(self, complaint: str) -> None:
        raise HypothesisError(
            f"cannot read the hypothesis {self.text!r}: {complaint}. Write for example "
            '"age = 0, smoke = 2*lwt"; backticks quote a name.'
        )


def _pattern(name: str) -> re.Pattern[str]:
    """Return what matches a name in a text: spaces are free, ``^`` stands for ``**``."""
    tokens = re.findall(r"\w+|\*\*|\^|[^\w\s]", name)
    parts = [r"(?:\*\*|\^)" if token in ("**", "^") else re.escape(token) for token in tokens]
    body = r"\s*".join(parts)
    before = r"(?<![\w.])" if name[:1].isidentifier() else ""
    after = r"(?![\w(\[])" if (name[-1:].isalnum() or name[-1:] == "_") else r"(?!\w)"
    return re.compile(before + body + after)
