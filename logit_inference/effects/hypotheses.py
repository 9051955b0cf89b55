"""Hypotheses about effects: comparisons by name, in text, or as a matrix, as rows of weights."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from numbers import Real
from typing import Any

import numpy as np

from logit_inference.errors import ArgumentError, EffectError, HypothesisError
from logit_inference.inference.hypothesis import read_hypothesis
from logit_inference.rows.block import Floats

NAMED = ("pairwise", "reference", "sequential", "interaction")
MOST = 2000  # effects that are compared with each other


@dataclass(frozen=True)
class Comparison:
    """Combinations of K effects.

    Parameters
    ----------
    matrix : (k, K) array
    value : (k,) array
        What they are under the hypothesis.
    text : tuple of k str
    named : bool
        Whether they compare effects with each other, as differences or ratios.
    """

    matrix: Floats
    value: Floats
    text: tuple[str, ...]
    named: bool


def read_comparison(
    hypothesis: Any, labels: Sequence[str], factors: Mapping[str, Sequence[Any]], sign: str
) -> Comparison:
    """Return the combinations of effects that a hypothesis is about.

    Parameters
    ----------
    hypothesis : str, list of str, or (k, K) array
        ``"pairwise"`` (each later one against each before), ``"reference"`` (each against the
        first), ``"sequential"`` (each against the one before), ``"interaction"`` (differences of
        differences between two factors); text such as ``"b1 = b2"``, with b1, b2, … for the rows of
        the table in their order; or rows of weights.
    labels : sequence of K str
    factors : mapping of name to sequence of K values
        The columns that tell the effects apart.
    sign : {"-", "/"}
        What stands between the names of two that are compared.

    Raises
    ------
    EffectError, HypothesisError, ArgumentError
    """
    K = len(labels)
    if K > MOST:
        raise EffectError.too_many("a comparison", K, MOST, "ask for averages with by=")
    if isinstance(hypothesis, str) and hypothesis in NAMED:
        if hypothesis == "interaction":
            return _interactions(labels, factors, sign)
        pairs = {
            "pairwise": [(j, i) for i, j in combinations(range(K), 2)],
            "reference": [(j, 0) for j in range(1, K)],
            "sequential": [(j, j - 1) for j in range(1, K)],
        }[hypothesis]
        if not pairs:
            raise EffectError.refused(
                f'hypothesis="{hypothesis}"',
                "there is one effect only, and nothing to compare",
                "Ask for several, with by= or variables=.",
            )
        matrix = np.zeros((len(pairs), K))
        for row, (high, low) in enumerate(pairs):
            matrix[row, high], matrix[row, low] = 1.0, -1.0
        text = tuple(
            f"{_quoted(labels[high])} {sign} {_quoted(labels[low])}" for high, low in pairs
        )
        return Comparison(matrix, np.zeros(len(pairs)), text, True)
    texts = [hypothesis] if isinstance(hypothesis, str) else hypothesis
    if isinstance(texts, (list, tuple)) and all(isinstance(text, str) for text in texts):
        numbered = all(re.search(r"\bb\d+\b", text) for text in texts)
        if not numbered and len(set(labels)) < K:
            allowed = f'"pairwise", "reference", "sequential", or text of b1 to b{K}: "b1 = b2"'
            raise ArgumentError("hypothesis", hypothesis, allowed)
        for text in texts if numbered else ():
            for name in re.findall(r"\bb\d+\b", text):
                if not 1 <= int(name[1:]) <= K:
                    raise HypothesisError.no_row(text, name, K)
        names = [f"b{k + 1}" for k in range(K)] if numbered else list(labels)
        read = read_hypothesis(list(texts), names, {})
        return Comparison(read.matrix, read.value, read.text, False)
    read = read_hypothesis(hypothesis, [f"b{k + 1}" for k in range(K)], {})
    return Comparison(read.matrix, read.value, read.text, False)


def is_number(hypothesis: Any) -> bool:
    """Say whether a hypothesis is the value that every effect is compared with."""
    return isinstance(hypothesis, Real) and not isinstance(hypothesis, bool)


def _interactions(
    labels: Sequence[str], factors: Mapping[str, Sequence[Any]], sign: str
) -> Comparison:
    """Return all differences of differences between the levels of two factors."""
    several = {name: list(dict.fromkeys(v)) for name, v in factors.items() if len(set(v)) > 1}
    if len(several) != 2:
        found = ", ".join(several) or "none"
        raise EffectError.refused(
            'hypothesis="interaction"',
            f"it needs effects told apart by two factors; here: {found}",
            'Write by=["a", "b"] for predictions, or by="b" for comparisons of one variable.',
        )
    (first, A), (second, B) = several.items()
    place = {
        (a, b): k for k, (a, b) in enumerate(zip(factors[first], factors[second], strict=True))
    }
    if len(place) != len(A) * len(B):
        raise EffectError.refused(
            'hypothesis="interaction"',
            "not every combination of levels occurs",
            'Use newdata="balanced", or write the rows of weights out.',
        )
    rows, text = [], []
    for a, c in combinations(A, 2):
        for b, d in combinations(B, 2):
            row = np.zeros(len(labels))
            row[[place[c, d], place[a, b]]] = 1.0
            row[[place[c, b], place[a, d]]] = -1.0
            rows.append(row)
            outer = "-" if sign == "-" else "/"
            text.append(f"({c} {sign} {a}) at {d} {outer} ({c} {sign} {a}) at {b}")
    return Comparison(np.array(rows), np.zeros(len(rows)), tuple(text), True)


def _quoted(label: str) -> str:
    return f"({label})" if re.search(r" [-/+] ", label) else label
