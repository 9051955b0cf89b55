"""Compact letter displays: which estimates differ, as letters that the others share."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from logit_inference.effects.estimates import Estimates, combined, infer
from logit_inference.errors import EffectError

MOST = 26


def compact_letters(estimates: Estimates, level: float, adjustment: str | None) -> list[str]:
    """Return the letters of each effect: two that share one do not differ.

    By all pairwise tests at ``1 − level``, adjusted for their number.

    Parameters
    ----------
    estimates : Estimates
    level : float
    adjustment : str or None
        Single-step by default.

    Raises
    ------
    EffectError
        For more than 26 effects.

    References
    ----------
    Piepho (2004), *Journal of Computational and Graphical Statistics* 13: insert and absorb.
    """
    K = len(estimates.value)
    if K > MOST:
        raise EffectError.too_many("letters", K, MOST, "ask for fewer groups")
    pairs = list(combinations(range(K), 2))
    if not pairs:
        return ["a"] * K
    matrix = np.zeros((len(pairs), K))
    for row, (i, j) in enumerate(pairs):
        matrix[row, i], matrix[row, j] = -1.0, 1.0
    tests = infer(
        combined(estimates, matrix, working=estimates.measure.shown == "exp"),
        level,
        np.zeros(len(pairs)),
        adjustment or "single-step",
        (-np.inf, np.inf),
    )
    p = tests.p_value if tests.p_adjusted is None else tests.p_adjusted
    differ = [pair for pair, own in zip(pairs, p.tolist(), strict=True) if own < 1.0 - level]
    return letters_of(K, differ, estimates.shown)


def letters_of(
    n: int, differ: list[tuple[int, int]], order: NDArray[np.float64] | None = None
) -> list[str]:
    """Return letters such that two effects share one unless they differ.

    Examples
    --------
    >>> letters_of(3, [(0, 2)])
    ['a', 'ab', 'b']
    """
    groups = [set(range(n))]
    for i, j in differ:
        split = []
        for group in groups:
            split += [group - {i}, group - {j}] if {i, j} <= group else [group]
        distinct = [set(own) for own in {frozenset(group) for group in split}]
        groups = [g for g in distinct if not any(g < other for other in distinct)]
    rank = np.arange(n) if order is None else np.argsort(np.argsort(order))
    groups.sort(key=lambda group: sorted(int(rank[k]) for k in group))
    names = "abcdefghijklmnopqrstuvwxyz"
    return [
        "".join(names[place % MOST] for place, group in enumerate(groups) if k in group)
        for k in range(n)
    ]
