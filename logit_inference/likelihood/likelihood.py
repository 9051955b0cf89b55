"""What a fit needs of a likelihood: a record of kernels.

A kernel is a module-level function of a block of rows and of coefficients. A solver, a covariance
or a diagnostic that is handed this record works for any likelihood; which one it is, it must not
ask.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from logit_inference.likelihood.evaluation import Evaluation, Largest, Objectives, Slope, Tally
from logit_inference.likelihood.rounding import ScoreSums
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.sets import Contrasts
from logit_inference.rows.source import Source


class EvaluateKernel(Protocol):
    """Log-likelihood, score and information of a run of blocks."""

    def __call__(self, run: Iterable[Block], coef: Floats, /) -> Evaluation:
        """Return the evaluation at ``coef``; each row is read once."""


class FormKernel(Protocol):
    """The same with the information in another form."""

    def __call__(
        self, run: Iterable[Block], coef: Floats, /, *, single: bool = False, packed: bool = False
    ) -> Evaluation:
        """Return the evaluation, its information in single precision, or packed, or both."""


class SlopeKernel(Protocol):
    """Log-likelihood and score of a run of blocks."""

    def __call__(self, run: Iterable[Block], coef: Floats, /) -> Slope:
        """Return value and gradient at ``coef``; each row is read once."""


class TallyKernel(Protocol):
    """Sums over a block that do not depend on the coefficients."""

    def __call__(self, block: Block, /) -> Tally:
        """Return the sums."""


class RowKernel(Protocol):
    """One number for each row of a block."""

    def __call__(self, block: Block, coef: Floats, /) -> Floats:
        """Return the (n,) values at ``coef``."""


class SkewnessKernel(Protocol):
    """What bias reduction needs to know of each row of a block."""

    def __call__(self, block: Block, coef: Floats, /) -> tuple[Floats, Floats]:
        """Return the (n,) working weights and the factors of the third derivative beside them."""


class ResidentMaker(Protocol):
    """What `EvaluateKernel` gives, for rows that stay in cache and are evaluated many times."""

    def __call__(self, block: Block, /) -> Objectives | None:
        """Return them as functions of the coefficients; None where there is no gain."""


class DoubtKernel(Protocol):
    """A score and what bounds its rounding; see `likelihood.rounding`."""

    def __call__(self, block: Block, coef: Floats, doubled: bool, /) -> ScoreSums:
        """Return them at ``coef``, with sums in twice the working precision or not."""


class SpanKernel(Protocol):
    """How far what a block's terms are made of can reach, where rows are not independent."""

    def __call__(self, block: Block, inverse_root: Floats, /) -> Largest:
        """Return M for the metric of the information, of which (q, r) is the inverse root."""


class BlockKernel(Protocol):
    """What of a block's rows tells columns apart, where it is not these rows themselves."""

    def __call__(self, block: Block, /) -> Block:
        """Return rows of which a combination of columns is zero where no likelihood sees it."""


class ContrastMaker(Protocol):
    """What separation is a matter of, where it is not rows by themselves."""

    def __call__(self, source: Source, /) -> Contrasts | None:
        """Return the differences of rows that count; None where they are too many."""


@dataclass(frozen=True)
class Likelihood:
    """The kernels of one likelihood, and its name in words.

    ``span``, ``contrasts`` and ``within`` are those of a likelihood whose rows are not independent:
    it has no working weights, and its information is no ``X'WX`` with a diagonal W. The last is
    ``evaluate`` with the information in other forms, where there is such a kernel.
    """

    name: str
    evaluate: EvaluateKernel
    slope: SlopeKernel
    resident: ResidentMaker
    tally: TallyKernel
    linear_predictor: RowKernel
    fitted: RowKernel
    working_weights: RowKernel
    residual: RowKernel
    score_sums: DoubtKernel
    skewness: SkewnessKernel
    span: SpanKernel | None = None
    contrasts: ContrastMaker | None = None
    within: BlockKernel | None = None
    evaluate_as: FormKernel | None = None

    @property
    def has_independent_rows(self) -> bool:
        """Whether the information is ``X'WX`` with a working weight for each row."""
        return self.span is None
