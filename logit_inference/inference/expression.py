"""Linear expressions in text, set equal: read by recursive descent.

    chain    expression = expression = …, parted by commas
    sum      product + product − product …
    product  factor * factor / factor …
    factor   signs, then a name, a number or a sum in parentheses

What the names are is asked of ``names``; this file must not know how they are spelled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import HypothesisError
from logit_inference.inference.names import (
    NUMBER,
    Names,
    matching_names,
    name_at,
    word_at,
)
from logit_inference.rows.block import Floats


def read_restrictions(text: str, known: Names, usable: NDArray[np.bool_]) -> list[Floats]:
    """Return the restrictions in a text, each a (p + 1,) form that is to be zero.

    Parameters
    ----------
    text : str
    known : Names
    usable : (p,) bool array
        The columns that a term stands for.

    Examples
    --------
    >>> from logit_inference.inference.names import gather_names
    >>> known = gather_names(["a", "b"], {})
    >>> read_restrictions("a = 2*b + -1", known, np.array([True, True]))
    [array([ 1., -2.,  1.])]
    """
    return _Reader(text, known, usable).restrictions()


def read_sums(text: str, known: Names, usable: NDArray[np.bool_]) -> list[tuple[str, Floats]]:
    """Return the linear combinations in a text, each as it is written and as a (p,) row.

    Parameters
    ----------
    text : str
        Parted by commas. A term of several columns, alone, stands for each of them.
    known : Names
    usable : (p,) bool array
        The columns that a term stands for.

    Examples
    --------
    >>> from logit_inference.inference.names import gather_names
    >>> known = gather_names(["a", "b"], {})
    >>> read_sums("a - 2*b, b", known, np.array([True, True]))
    [('a - 2*b', array([ 1., -2.])), ('b', array([0., 1.]))]
    """
    return _Reader(text, known, usable, HypothesisError.combination).sums()


class _Reader:
    """Recursive descent over one text.

    A linear form is (k, p + 1) with the constant last; k > 1 only for a term of several columns,
    which stands alone on its side.
    """

    def __init__(
        self,
        text: str,
        known: Names,
        usable: NDArray[np.bool_],
        error: Callable[[str, str], HypothesisError] = HypothesisError.syntax,
    ):
        self.text, self.known, self.usable, self.error = text, known, usable, error
        self.at = self.open = 0

    def restrictions(self) -> list[Floats]:
        rows = self._chain()
        while self._take(","):
            rows += self._chain()
        if rest := self.text[self._skip() :]:
            self._fail(f"{rest.strip()!r} was not expected here")
        return rows

    def sums(self) -> list[tuple[str, Floats]]:
        found = self._one_sum()
        while self._take(","):
            found += self._one_sum()
        if rest := self.text[self._skip() :]:
            self._fail(f"{rest.strip()!r} was not expected here")
        return found

    def _one_sum(self) -> list[tuple[str, Floats]]:
        start = self._skip()
        with np.errstate(over="ignore", invalid="ignore"):
            form = self._sum()
        if not np.isfinite(form).all():
            self._fail("a number in it is too large")
        if form[:, -1].any() or not form.any(axis=1).all():
            self._fail("each part is a sum of coefficients, without a number of its own")
        if len(form) == 1:
            return [(self.text[start : self.at].strip(), form[0, :-1])]
        names = list(self.known.coefficients)
        return [(names[int(np.argmax(row))], row[:-1]) for row in form]

    def _chain(self) -> list[Floats]:
        with np.errstate(over="ignore", invalid="ignore"):
            sides = [self._sum()]
            while self._take("==") or self._take("="):
                sides.append(self._sum())
            if len(sides) == 1:
                sides.append(self._constant(0.0))
            if any(len(left) > 1 and len(right) > 1 for left, right in pairwise(sides)):
                self._fail("two terms of several columns cannot be set equal; name the columns")
            rows = [row for left, right in pairwise(sides) for row in left - right]
        if not np.isfinite(rows).all():
            self._fail("a number in it is too large")
        return rows

    def _sum(self) -> Floats:
        total = self._product()
        while sign := self._take("+") or self._take("-"):
            other = self._product()
            total = total + other if sign == "+" else total - other
        return total

    def _product(self) -> Floats:
        value = self._factor()
        while True:
            if self._peek("^") or self._peek("**"):
                self._fail("a power is not linear; the name of such a column is I(x ** 2)")
            if self._take("*"):
                value = self._times(value, self._factor())
            elif self._take("/"):
                other = self._factor()
                if other[0, :-1].any() or other[0, -1] == 0:
                    self._fail("only division by a number other than 0 keeps a hypothesis linear")
                value = value / other[0, -1]
            else:
                return value

    def _times(self, left: Floats, right: Floats) -> Floats:
        if not right[0, :-1].any():
            return left * float(right[0, -1])
        if left[0, :-1].any():
            self._fail("a product of two coefficients is not a linear hypothesis")
        return right * float(left[0, -1])

    def _factor(self) -> Floats:
        sign = 1.0
        while symbol := self._take("+") or self._take("-"):
            sign = sign if symbol == "+" else -sign
        return sign * self._atom()

    def _atom(self) -> Floats:
        at = self._skip()
        if at == len(self.text):
            self._fail("an expression was expected at the end")
        name = name_at(self.text, at, self.known)
        if name is not None:
            return self._named(name, name)
        number = NUMBER.match(self.text, at)
        if number:
            self.at = number.end()
            return self._constant(float(number.group()))
        if self._take("("):
            return self._parenthesis()
        word = word_at(self.text, at)
        if not word:
            self._fail(f"an expression was expected at {self.text[at:]!r}")
        if word.count("`") % 2:
            self._fail("a backtick is not closed")
        fits = matching_names(word, self.known)
        if len(fits) > 1:
            raise HypothesisError.ambiguous(self.text, word, fits)
        if not fits:
            known = list(self.known.coefficients), list(self.known.terms)
            raise HypothesisError.unknown(self.text, word, *known)
        return self._named(fits[0], word)

    def _parenthesis(self) -> Floats:
        self.open += 1
        if self.open > 50:
            self._fail("more than 50 parentheses are open")
        inner = self._sum()
        if not self._take(")"):
            self._fail("a parenthesis is not closed")
        self.open -= 1
        return inner

    def _named(self, name: str, word: str) -> Floats:
        """Return the form of a coefficient or term, and move past the word that names it."""
        before, self.at = self.text[: self.at].rstrip()[-1:], self.at + len(word)
        if name in self.known.coefficients:
            return self._columns([self.known.coefficients[name]])
        columns = self.known.terms[name]
        after = self.text[self._skip() : self.at + 1]
        alone = before in ("", ",", "=") and after in ("", ",", "=")
        if len(columns) > 1 and not alone:
            names = list(self.known.coefficients)
            raise HypothesisError.term_alone(self.text, name, [names[j] for j in columns])
        usable = [column for column in columns if self.usable[column]]
        if not usable:
            raise HypothesisError.not_estimable(name)
        return self._columns(usable)

    def _columns(self, columns: Sequence[int]) -> Floats:
        form = np.zeros((len(columns), len(self.usable) + 1))
        form[np.arange(len(columns)), columns] = 1.0
        return form

    def _constant(self, number: float) -> Floats:
        if not np.isfinite(number):
            self._fail("a number in it is too large")
        form = np.zeros((1, len(self.usable) + 1))
        form[0, -1] = number
        return form

    def _skip(self) -> int:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at

    def _peek(self, symbol: str) -> bool:
        return self.text.startswith(symbol, self._skip())

    def _take(self, symbol: str) -> str:
        """Return the symbol and move past it where it is next, and else an empty text."""
        if not self._peek(symbol):
            return ""
        self.at += len(symbol)
        return symbol

    def _fail(self, complaint: str) -> NoReturn:
        raise self.error(self.text, complaint)
