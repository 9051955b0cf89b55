"""Rows that agree in all variables, taken together before effects are averaged over them.

Where every variable takes few values, a million rows are a few hundred different ones, and an
average over these, with the weights added up, is the same average.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.effects.moments import Weighting
from logit_inference.models.effect_request import Asking
from logit_inference.rows.block import Floats

FEWEST = 5_000  # rows below which nothing is gained
MOST_VALUES = 1_000  # of a number that is told apart
ROWS_PER_CELL = 8  # at least
LARGEST = 1 << 62


def collapsed(asking: Asking) -> Asking:
    """Return the same question about distinct rows, where there are few; else as it is.

    Cost: a sort of one integer for each row, and a look at the first thousand rows where a
    variable is continuous.
    """
    rows, weighting = asking.asked.rows, asking.weighting
    n = rows.n_rows
    if n < FEWEST or asking.by_row or rows.offset is not None:
        return asking
    key, size = weighting.codes.astype(np.int64), max(weighting.n_groups, 1)
    for column in rows.columns.values():
        codes = _codes(column)
        if codes is None:
            return asking
        n_codes = int(codes.max()) + 1
        if size > LARGEST // n_codes:
            return asking
        key, size = key * n_codes + codes, size * n_codes
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    if len(first) * ROWS_PER_CELL > n:
        return asking
    weights: Floats = np.asarray(np.bincount(place.ravel(), weighting.weights), dtype=np.float64)
    cells = rows.verified().take({}, first)
    asked = replace(asking.asked, rows=cells, weights=weights, of_fit=False)
    own = Weighting(weights, weighting.codes[first], weighting.n_groups)
    return replace(asking, asked=asked, weighting=own)


def _codes(column: Any) -> NDArray[np.int64] | None:
    """Return a code for each value of a column, from zero on; None where it has many."""
    values = column.values
    if column.kind != "numeric":
        codes: NDArray[np.int64] = values.astype(np.int64)
        return codes
    if len(np.unique(values[:1000])) > 200:
        return None
    if values.dtype.kind == "f":
        whole = values.astype(np.int64)
        if not np.array_equal(whole, values):
            distinct, place = np.unique(values, return_inverse=True)
            return None if len(distinct) > MOST_VALUES else place.ravel().astype(np.int64)
        values = whole
    low, high = int(values.min()), int(values.max())
    if high - low >= MOST_VALUES:
        return None
    shifted: NDArray[np.int64] = values.astype(np.int64) - low
    return shifted
