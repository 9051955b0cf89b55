"""Linear hypotheses about coefficients: from text, names or a matrix to ``matrix @ coef = value``.

The text is read against the names that the fit has, longest first, so that a name may hold
brackets, commas, operators and blanks (``C(g, contr.sum)[S.a]:h[T.b]``) without being quoted. A
number is always a number: names that begin with one (``0``, ``18-24``) need backticks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import HypothesisError
from logit_inference.inference.expression import read_restrictions
from logit_inference.inference.names import NUMBER, Names, gather_names, written_names
from logit_inference.rows.block import Floats


@dataclass(frozen=True)
class Hypothesis:
    """Restrictions ``matrix @ coef = value``, k of them on p coefficients, and their text.

    The text, read again, gives the same restrictions.
    """

    matrix: Floats
    value: Floats
    text: tuple[str, ...]


def read_hypothesis(
    hypothesis: Any,
    names: Sequence[str],
    terms: Mapping[str, Sequence[int]],
    estimable: NDArray[np.bool_] | None = None,
) -> Hypothesis:
    """Return the restrictions that a hypothesis states.

    Parameters
    ----------
    hypothesis : str, list of str, (k, p) or (p,) array, or tuple of a matrix and (k,) values
        ``"age = 0, smoke = 2*lwt"``: restrictions parted by commas, each a chain of equal linear
        expressions; a name alone says that it is zero; a term of the formula (``"C(race)"``) says
        it of all its columns that can be estimated; backticks quote any name, of a term too (a
        backtick inside is written twice). A name that is not spelled exactly is still found where
        only one fits: blanks are free, ``^`` stands for ``**``, the two quotes for each other,
        and the factors of an interaction may come in any order. A matrix alone is tested
        against zero.
    names : sequence of p str
        Of the coefficients.
    terms : mapping of term name to column numbers
    estimable : (p,) bool array, optional
        Which columns a term means; all of them where it is not given.

    Raises
    ------
    HypothesisError
        With the part that could not be read and the names there are; for a term none of whose
        columns can be estimated.

    Examples
    --------
    >>> read_hypothesis("a = 2*b = 1", ["a", "b"], {}).matrix.tolist()
    [[1.0, -2.0], [0.0, 2.0]]
    >>> read_hypothesis("C(g)", ["g[b]", "g[c]"], {"C(g)": [0, 1]}, np.array([True, False])).text
    ('g[b] = 0',)
    """
    known = gather_names(names, terms)
    if isinstance(hypothesis, str):
        hypothesis = [hypothesis]
    if isinstance(hypothesis, (list, tuple)) and all(isinstance(part, str) for part in hypothesis):
        usable = np.ones(len(names), dtype=bool) if estimable is None else estimable
        return _from_texts(hypothesis, known, usable)
    return _from_matrix(hypothesis, known)


def _from_matrix(given: object, known: Names) -> Hypothesis:
    names = list(known.coefficients)
    left, right = given if isinstance(given, tuple) and len(given) == 2 else (given, 0.0)
    try:
        matrix = np.atleast_2d(np.asarray(left, dtype=np.float64))
        value = np.broadcast_to(np.asarray(right, dtype=np.float64), matrix.shape[:1]).copy()
    except (TypeError, ValueError) as problem:
        raise HypothesisError.kind(type(given).__name__, len(names)) from problem
    if matrix.ndim != 2 or matrix.shape[1] != len(names) or not matrix.shape[0]:
        raise HypothesisError.shape(matrix.shape, names)
    if not (np.isfinite(matrix).all() and np.isfinite(value).all()):
        raise HypothesisError.not_finite()
    if not matrix.any(axis=1).all():
        raise HypothesisError.idle()
    return Hypothesis(matrix, value, _restriction_texts(matrix, value, known))


def _from_texts(texts: Sequence[str], known: Names, usable: NDArray[np.bool_]) -> Hypothesis:
    rows = [row for text in texts for row in read_restrictions(text, known, usable)]
    if not rows:
        raise HypothesisError.empty()
    table = np.array(rows)
    matrix, value = table[:, :-1], 0.0 - table[:, -1]
    if not matrix.any(axis=1).all():
        text = ", ".join(texts)
        numbers = [name for name in known.coefficients if NUMBER.match(name) and name in text]
        meant = sorted(numbers, key=len)[-1:]
        raise HypothesisError.idle(text, written_names(meant, known))
    return Hypothesis(matrix, value, _restriction_texts(matrix, value, known))


def _restriction_texts(matrix: Floats, value: Floats, known: Names) -> tuple[str, ...]:
    used = np.flatnonzero(matrix.any(axis=0))
    names = list(known.coefficients)
    written = dict(zip(used, written_names([names[j] for j in used], known), strict=True))
    texts = []
    for row, right in zip(matrix, value, strict=True):
        text = ""
        for column in np.flatnonzero(row):
            weight, name = row[column], written[column]
            part = name if abs(weight) == 1 else f"{_number_text(abs(weight))}*{name}"
            sign = "-" if weight < 0 else "+"
            text += f" {sign} {part}" if text else (f"-{part}" if weight < 0 else part)
        texts.append(f"{text} = {_number_text(right + 0.0)}")
    return tuple(texts)


def _number_text(number: float) -> str:
    """Return the short text of a number where that is all of it, and else all its digits."""
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))
