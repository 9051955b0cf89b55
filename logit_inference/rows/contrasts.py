"""The rows of a source as differences of classes: one for each class that a row is not of.

With the class o of a row x and another class k, the row of the contrast is ``(e_o − e_k) ⊗ x`` in
the coefficients of all classes but the reference, of which e is zero. A direction separates classes
where it is right for all contrasts, exactly as one separates two outcomes where it is right for all
rows: whoever decides that needs to know of nothing but this source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from logit_inference.rows.block import Block, Floats
from logit_inference.rows.coded import Layout
from logit_inference.rows.product import dense
from logit_inference.rows.source import Source

Summary = TypeVar("Summary")


@dataclass(frozen=True)
class ContrastSource:
    """A source whose rows are shown as their contrasts, block by block; each is an event.

    Parameters
    ----------
    source : Source
        n rows of p columns; ``y`` holds class numbers.
    n_classes : int
    weights : (n (K − 1),) array, optional
        Of the contrasts; by default those of their rows.

    Examples
    --------
    >>> from logit_inference.rows.source import ArraySource
    >>> rows = ArraySource(Block(np.array([1.0]), np.array([[2.0]])))
    >>> ContrastSource(rows, 3).only_block.X.tolist()
    [[2.0, 0.0], [2.0, -2.0]]
    """

    source: Source
    n_classes: int
    weights: Floats | None = None

    @property
    def n_rows(self) -> int:
        """Number of contrasts: K − 1 for each row."""
        return self.source.n_rows * (self.n_classes - 1)

    @property
    def n_columns(self) -> int:
        """Number of coefficients."""
        return self.source.n_columns * (self.n_classes - 1)

    @property
    def layout(self) -> Layout | None:
        """None: columns are plain."""
        return None

    @property
    def score_price(self) -> float:
        """What a pass for a score costs, in passes for the information too."""
        return self.source.score_price

    @property
    def only_block(self) -> Block | None:
        """The block that holds all contrasts, if there is one."""
        block = self.source.only_block
        return None if block is None else contrasts(block, self.n_classes, self.weights)

    @property
    def small_block(self) -> Block | None:
        """All contrasts as one block, where they are few."""
        return self.only_block

    def fold(self, kernel: Callable[..., Summary], *args: Any) -> Summary:
        """Return the merged summaries of all blocks of contrasts."""
        merged: Summary = self.source.fold(_contrasted, self.n_classes, self.weights, kernel, *args)
        return merged

    def fold_runs(self, kernel: Callable[..., Summary], *args: Any) -> Summary:
        """Return the merged summaries of all runs of contrasts."""
        merged: Summary = self.source.fold_runs(
            _run_contrasted, self.n_classes, self.weights, kernel, *args
        )
        return merged

    def map(self, kernel: Callable[..., Floats], *args: Any) -> Floats:
        """Return the values of all contrasts, those of a row together."""
        return self.source.map(_contrasted, self.n_classes, self.weights, kernel, *args)

    def sample(self, every: int, rare: float | None) -> Source:
        """Return the contrasts of some of the rows, weighted."""
        return ContrastSource(self.source.sample(every, rare), self.n_classes)

    def without_columns(self) -> Source:
        """Return the contrasts with no columns, for sums over them that need none."""
        return ContrastSource(self.source.without_columns(), self.n_classes, self.weights)

    def distinct(self) -> Source | None:
        """Return None: distinct rows are found before they are contrasted."""
        return None


def contrasts(block: Block, n_classes: int, weights: Floats | None = None) -> Block:
    """Return the contrasts of a block's rows, of other classes in their order.

    ``weights`` are those of all contrasts of the source, where they are not their rows'.
    """
    X, k = dense(block.X), n_classes - 1
    n, p = X.shape
    observed = block.y.astype(np.intp)
    # The other classes of each row: 0, 1, … without its own.
    others = np.arange(k) + (np.arange(k) >= observed[:, np.newaxis])
    rows = np.zeros((n, k, n_classes, p))
    row = np.arange(n)[:, np.newaxis]
    rows[row, np.arange(k), observed[:, np.newaxis]] = X[:, np.newaxis]
    rows[row, np.arange(k), others] = -X[:, np.newaxis]
    start = block.first_row * k
    if weights is not None:
        weights = weights[start : start + n * k]
    elif block.weights is not None:
        weights = np.repeat(block.weights, k)
    wide = rows[:, :, 1:].reshape(n * k, k * p)
    return Block(np.ones(n * k), wide, None, weights, None, {}, start)


def _contrasted(
    block: Block,
    n_classes: int,
    weights: Floats | None,
    kernel: Callable[..., Any],
    *args: Any,
) -> Any:
    return kernel(contrasts(block, n_classes, weights), *args)


def _run_contrasted(
    run: Iterable[Block],
    n_classes: int,
    weights: Floats | None,
    kernel: Callable[..., Any],
    *args: Any,
) -> Any:
    return kernel((contrasts(block, n_classes, weights) for block in run), *args)
