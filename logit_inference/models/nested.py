"""Smaller formulas as hypotheses about a fit: which restrictions make them of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.errors import ArgumentError, ComparisonError, DetachedError
from logit_inference.inference.hypothesis import Hypothesis
from logit_inference.inference.terms import Structure, without
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import Columns
from logit_inference.rows.source import ArraySource
from logit_inference.solve.fit import Fit
from logit_inference.solve.nesting import combinations

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult


def structure_of(result: LogitResult) -> Structure:
    """Return the terms of a result and what its data can tell apart."""
    design = result.design
    placed = getattr(design, "terms", None)
    if placed is None:  # of an array, every column but the constant is a term of its own
        factors = {name: frozenset([name]) for name in design.columns}
        if design.constant is not None:
            factors[design.columns[design.constant]] = frozenset()
    else:
        factors = {term.name: frozenset(f.expr for f in term.factors) for term in placed}
    relations = result.estimate.relations if result.asked is None else result.asked.relations
    return Structure(result.terms, factors, result.estimate.identified, relations)


def nested_hypothesis(result: LogitResult, formula: str) -> Hypothesis:
    """Return the restrictions under which a fit is that of a smaller formula.

    Where its terms are terms of the fit, coded alike, the columns of the others are left out. Else
    its columns are computed from the table of the fit, and must be combinations of those of the
    fit.

    Raises
    ------
    ArgumentError
        For a fit without a formula.
    ComparisonError
        Where the outcome or the offset differs, or the formula is not the smaller one.
    DetachedError
        Where the table is needed, and the result does not hold it.
    """
    from logit_inference.design.addition import read_formula, same_columns

    design: Any = result.design
    if not hasattr(design, "formula"):
        reason = "a fit of arrays has no formula"
        instead = "names of coefficients, or a matrix"
        raise ArgumentError.refused("hypothesis", formula, reason, instead)
    parsed = read_formula(design, formula, result.table)
    if parsed.response != design.formula.response:
        raise ComparisonError.outcome(parsed.response_name, design.formula.response_name)
    if set(parsed.offsets) != set(design.formula.offsets):
        raise ComparisonError.offset()
    structure = structure_of(result)
    shared = same_columns(design, parsed)
    if shared is not None:
        gone = [term for term in structure.columns if term not in shared]
        matrix = without(structure, gone)
    else:
        matrix = _by_regression(result, formula, structure)
    if not len(matrix):
        raise ComparisonError.same_model(formula)
    return Hypothesis(matrix, np.zeros(len(matrix)), (parsed.text,))


def _by_regression(result: LogitResult, formula: str, structure: Structure) -> Floats:
    """Return the restrictions that leave the span of a formula's columns, computed from a table."""
    from logit_inference.design.addition import encode_formula

    fit = result.fit if result.asked is None else result.asked
    if fit is None or result.table is None:
        raise DetachedError("a formula with terms that are not those of the fit")
    design: Any = result.design
    X, n_read = fitted_columns(fit), result.n_rows_read
    smaller = encode_formula(design, formula, result.table, result.positions, n_read, X)
    kept = fit.basis.kept
    rows = ArraySource(Block(np.zeros(len(smaller.X)), smaller.X))
    found = combinations(fit.source, kept, rows)
    if found.outside:
        raise ComparisonError.not_nested(formula, [smaller.names[j] for j in found.outside])
    return spanned(found.weights, kept, len(structure.identified))


def spanned(weights: Floats, kept: tuple[int, ...], p: int) -> Floats:
    """Return the restrictions (k, p) of the model whose columns are combinations of those kept.

    Parameters
    ----------
    weights : (q, m) array
        Of each column of the model, on the q columns kept. What is orthogonal to all of them is
        restricted.
    kept : tuple of q int
    p : int
        Number of columns.
    """
    sizes = np.abs(weights).max(axis=0, initial=0.0)
    turned, values, _ = np.linalg.svd(weights / np.maximum(sizes, 1e-300))
    rank = int(np.count_nonzero(values > 1e-9 * values.max(initial=0.0)))
    matrix = np.zeros((len(kept) - rank, p))
    matrix[:, list(kept)] = turned[:, rank:].T
    return matrix


def fitted_columns(fit: Fit) -> Columns:
    """Return the columns of a fit, as they were encoded."""
    source = fit.source
    assert isinstance(source, ArraySource)
    return source.data.X
