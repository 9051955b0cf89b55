"""One slice of rows, checked once.

Everything row-aligned travels together, so that cluster codes, weights and offset cannot fall out
of step with the columns when rows are dropped or blocks are cut. A block knows nothing of formulas,
likelihoods or files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import DataError, WeightsError, plain
from logit_inference.records import made_fast
from logit_inference.rows.survey import is_finite

if TYPE_CHECKING:
    from logit_inference.rows.product import Columns

Floats = NDArray[np.float64]
WEIGHTS_KINDS = ("frequency", "precision", "sampling")
AT_ONCE = 1 << 16  # weights that are looked at together


@made_fast
@dataclass(frozen=True, slots=True)
class Block:
    """A slice of n rows and p columns, checked for equal lengths when it is made.

    Parameters
    ----------
    y : (n,) array
        Number of successes of each row.
    X : (n, p) array or Coded
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
    X: Columns
    trials: Floats | None = None
    weights: Floats | None = None
    offset: Floats | None = None
    groups: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    first_row: int = 0

    def __post_init__(self) -> None:
        n = len(self.y)
        for part in (self.X, self.trials, self.weights, self.offset):
            if part is not None and len(part) != n:
                raise DataError.shape("a part of a block", part.shape, f"y has {n} rows")
        for codes in self.groups.values():
            if len(codes) != n:
                raise DataError.shape("a part of a block", codes.shape, f"y has {n} rows")

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.y.shape[0])

    @property
    def n_columns(self) -> int:
        """Number of columns of X."""
        return int(self.X.shape[1])

    @property
    def counts(self) -> NDArray[np.bool_] | None:
        """Rows with positive weight and at least one trial; None where all rows have them."""
        masks = [part > 0 for part in (self.weights, self.trials) if part is not None]
        if not masks:
            return None
        both: NDArray[np.bool_] = np.logical_and.reduce(masks)
        return None if both.all() else both

    def with_columns(self, X: Columns) -> Block:
        """Return the same rows with other columns (`dataclasses.replace` costs ten times more)."""
        return Block(self.y, X, self.trials, self.weights, self.offset, self.groups, self.first_row)

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


def check_weights(weights: Floats, kind: str | None, labels: Sequence[Any]) -> None:
    """Raise unless the weights are finite, not negative and of the kind they claim to be.

    Parameters
    ----------
    weights : (n,) array
        Prior weights.
    kind : {"frequency", "precision", "sampling"} or None
        What a weight means. It must be said: the same numbers give different standard errors.
    labels : sequence of length n
        Row labels for the message.

    Raises
    ------
    WeightsError
        With the first offending row.
    """
    if kind not in WEIGHTS_KINDS:
        raise WeightsError.kind_unknown(kind)
    # By parts: what is of the length of the rows would weigh beside a table of few columns.
    parts = [weights[start : start + AT_ONCE] for start in range(0, len(weights), AT_ONCE)]
    for complaint, bad in _COMPLAINTS.items():
        if complaint == "fractional" and kind != "frequency":
            continue
        if any(bad(part).any() for part in parts):
            wrong = bad(weights)
            row = int(np.argmax(wrong))
            value, label = float(weights[row]), plain(labels[row])
            raise WeightsError.value(complaint, value, label, int(wrong.sum()))
    if not weights.any():
        raise WeightsError.all_zero()


_COMPLAINTS: Mapping[str, Callable[[Floats], NDArray[np.bool_]]] = {
    "not finite": lambda weights: ~np.isfinite(weights),
    "negative": lambda weights: weights < 0,
    "fractional": lambda weights: weights != np.floor(weights),
}


def check_finite(values: NDArray[Any], name: str, labels: Sequence[Any]) -> None:
    """Raise a DataError that names the first row where ``values`` is missing or infinite."""
    if is_finite(values):
        return
    with np.errstate(over="ignore"):
        bad = ~np.isfinite(values.astype(np.float64, copy=False))
    row = int(np.argmax(bad))
    raise DataError.not_finite(name, float(values[row]), plain(labels[row]), int(bad.sum()))
