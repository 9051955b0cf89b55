"""The permutation test of a term of a result."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

from logit_inference.errors import ArgumentError, DetachedError, ResamplingError
from logit_inference.inference.distribution import chi_square_tail
from logit_inference.inference.hypothesis import read_hypothesis
from logit_inference.inference.permutation import exchange, permute
from logit_inference.inference.result import TestResult
from logit_inference.inference.wald import check_restrictions
from logit_inference.models.bootstrap import read_seed
from logit_inference.models.progress import progress_bar
from logit_inference.models.units import check_independent, read_strata
from logit_inference.rows.block import Block
from logit_inference.rows.variant import row_groups

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult


def permutation_test(
    result: LogitResult,
    term: str,
    n_replicates: int,
    seed: int | None,
    strata: Any,
    progress: bool | None,
) -> TestResult:
    """Return the permutation test of a term; see `LogitResult.permutation_test`."""
    if not (isinstance(n_replicates, Integral) and n_replicates >= 1):
        raise ArgumentError("n_replicates", n_replicates, "a whole number of at least 1, say 999")
    at, fit = result.estimate, result.fit
    if fit is None:
        raise DetachedError("permutation_test()")
    if not result.account.estimator.is_ml:
        raise ResamplingError.no_score(result.account.estimator.name)
    read = read_hypothesis(term, at.names, result.terms, at.identified)
    if read.value.any():
        raise ResamplingError.not_zero(", ".join(read.text))
    check_restrictions(at, read.matrix)
    _check_alike(result, strata)
    within = None if strata is None else read_strata(result, strata)[1]
    asked = fit if result.asked is None else result.asked
    seed = read_seed(seed)
    test = exchange(asked, read.matrix, offset=bool(asked.source.fold(_has_offset)))
    with progress_bar(int(n_replicates), "permutation test", progress) as advance:
        found = permute(test, seed, within, int(n_replicates), advance)
    df = float(len(read.matrix))
    asymptotic = chi_square_tail(found.statistic, df)
    shown = "< 0.001" if asymptotic < 0.001 else f"= {asymptotic:.3f}"
    notes = (
        f"{found.n_replicates:,} permutations of regressor residuals"
        f"{'' if strata is None else ' within strata'} (seed {seed}), of which {found.n_beyond:,} "
        f"have a score statistic as large; its chi-square p-value is p {shown}.",
    )
    return TestResult("permutation", read.text, found.statistic, df, None, found.p_value, notes)


def _check_alike(result: LogitResult, strata: Any) -> None:
    """Raise where rows are not alike under the null hypothesis."""
    account = result.account
    if account.grouped:
        what = "the groups of grouped data have different numbers of trials"
        raise ResamplingError.exchangeable(what, "Write one row for each trial.")
    if account.weights_kind is not None:
        what = f"rows with {account.weights_kind} weights stand for different things"
        instead = "Write one row for each observation that a frequency stands for, or use test()."
        raise ResamplingError.exchangeable(what, instead)
    assert result.fit is not None, "who asks has looked"
    if strata is None and (groups := row_groups(result.fit.source)):
        name = next(iter(groups))
        what = f"rows of a cluster of {name!r} may be correlated"
        instead = (
            f"strata={name!r} exchanges rows within clusters only, which tests what varies there; "
            "a fit without cluster= exchanges all."
        )
        raise ResamplingError.exchangeable(what, instead)
    if strata is None:
        check_independent(result, "a permutation test", "strata")


def _has_offset(block: Block) -> bool:
    return block.offset is not None
