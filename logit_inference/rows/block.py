"""One slice of rows, checked once.

Everything row-aligned travels together, so that cluster codes, weights and offset cannot fall out
of step with the columns when rows are dropped or blocks are cut. A block knows nothing of formulas,
likelihoods or files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import DataError, WeightsError

Floats = NDArray[np.float64]
WEIGHTS_KINDS = ("frequency", "precision")


@dataclass(frozen=True, slots=True)
class Block:
    """A slice of n rows and p columns.

    Parameters
    ----------
    y : (n,) array
        Number of successes of each row.
    X : (n, p) array
        Columns of the design, in formula order.
    trials : (n,) array, optional
        Number of trials of each row; None stands for one each.
    weights : (n,) array, optional
        Prior weights; None stands for one each.
    offset : (n,) array, optional
        Known part of the linear predictor; None stands for zero.
    groups : mapping of name to (n,) integer codes
        Cluster and stratum codes.
    first_row : int
        Number of the first row within its source.

    Examples
    --------
    >>> block = Block(np.array([0.0, 1.0, 1.0]), np.ones((3, 1)))
    >>> block.n_rows, block.rows(1, 3).y.tolist(), block.rows(1, 3).first_row
    (3, [1.0, 1.0], 1)
    """

    y: Floats
    X: Floats
    trials: Floats | None = None
    weights: Floats | None = None
    offset: Floats | None = None
    groups: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    first_row: int = 0

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.y.shape[0])

    @property
    def n_columns(self) -> int:
        """Number of columns of X."""
        return int(self.X.shape[1])

    def rows(self, start: int, stop: int) -> Block:
        """Return rows ``start`` to ``stop`` as views; nothing is copied."""

        def cut(values: Floats | None) -> Floats | None:
            return None if values is None else values[start:stop]

        return Block(
            self.y[start:stop],
            self.X[start:stop],
            cut(self.trials),
            cut(self.weights),
            cut(self.offset),
            {name: codes[start:stop] for name, codes in self.groups.items()},
            self.first_row + start,
        )


def check_weights(
    weights: Floats, kind: str | None, labels: Sequence[object] | None = None
) -> None:
    """Raise unless the weights are finite, not negative and of the kind they claim to be.

    Parameters
    ----------
    weights : (n,) array
        Prior weights.
    kind : {"frequency", "precision"} or None
        What a weight means. It must be said: the same numbers give different standard errors.
    labels : sequence of length n, optional
        Row labels for the message; positions where absent.

    Raises
    ------
    WeightsError
        With the first offending row.
    """
    if kind not in WEIGHTS_KINDS:
        raise WeightsError.kind_unknown(kind)
    for bad, complaint in (
        (~np.isfinite(weights), "not finite"),
        (weights < 0, "negative"),
        (weights != np.floor(weights) if kind == "frequency" else np.zeros(1, bool), "fractional"),
    ):
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            label = row if labels is None else labels[row]
            raise WeightsError.value(complaint, float(weights[row]), label, int(bad.sum()))
    if not weights.any():
        raise WeightsError.all_zero()


def check_finite(values: NDArray[Any], name: str, labels: Sequence[object] | None = None) -> None:
    """Raise a DataError that names the first row where ``values`` is missing or infinite."""
    # The sum is finite unless some value is not (or the sum itself overflows): one cheap pass.
    if np.isfinite(values.sum()):
        return
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        label = row if labels is None else labels[row]
        raise DataError.not_finite(name, float(values[row]), label, int(bad.sum()))


def check_columns(X: NDArray[Any], names: Sequence[str]) -> None:
    """Raise a DataError that names column and row of the first missing or infinite value of X."""
    # As above: a finite sum proves all its terms finite without a mask of the size of X.
    if X.dtype.kind == "f" and not np.isfinite(X.sum(dtype=np.float64)):
        for column, name in enumerate(names):
            check_finite(X[:, column], f"column {name!r}")
