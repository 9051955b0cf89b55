"""Linear combinations of coefficients: from text, names or rows to a matrix, named.

How a text is read is for ``expression`` to know; this file must not know what is asked of a
combination.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import HypothesisError
from logit_inference.inference.expression import read_sums
from logit_inference.inference.hypothesis import read_hypothesis
from logit_inference.inference.names import gather_names
from logit_inference.rows.block import Floats


@dataclass(frozen=True)
class Combinations:
    """Combinations ``matrix @ coef``, k of them on p coefficients, and what each is called."""

    matrix: Floats
    text: tuple[str, ...]


def read_combinations(
    given: Any,
    names: Sequence[str],
    terms: Mapping[str, Sequence[int]],
    identified: NDArray[np.bool_],
) -> Combinations:
    """Return the combinations that are asked for.

    Parameters
    ----------
    given : str, list of str, or (p,) or (k, p) array
        ``"smoke + 30 * smoke:age, age"``: sums parted by commas, with names as in a hypothesis. A
        term of several columns, alone, stands for each of them.
    names : sequence of p str
        Of the coefficients.
    terms : mapping of term name to column numbers
    identified : (p,) bool array
        Which coefficients the data can tell apart.

    Raises
    ------
    HypothesisError
        With the part that could not be read; for what cannot be estimated.

    Examples
    --------
    >>> both = np.array([True, True])
    >>> read_combinations("a + 2*b", ["a", "b"], {}, both).matrix.tolist()
    [[1.0, 2.0]]
    >>> read_combinations([1.0, -0.5], ["a", "b"], {}, both).text
    ('a - 0.5*b',)
    """
    texts = [given] if isinstance(given, str) else given
    if not np.size(texts):
        raise HypothesisError.nothing(names)
    if isinstance(texts, (list, tuple)) and texts and all(isinstance(t, str) for t in texts):
        known = gather_names(names, terms)
        found = [part for text in texts for part in read_sums(text, known, identified)]
        matrix, called = np.array([row for _, row in found]), tuple(text for text, _ in found)
    else:
        rows = np.asarray(given)
        if rows.dtype.kind not in "biuf":
            raise HypothesisError.not_rows(type(given).__name__, len(names))
        read = read_hypothesis(rows, names, terms)
        matrix, called = read.matrix, tuple(text.removesuffix(" = 0") for text in read.text)
    unknown = ((matrix != 0) & ~identified).any(axis=0)
    if unknown.any():
        raise HypothesisError.not_estimable(names[int(np.argmax(unknown))])
    return Combinations(matrix, called)
