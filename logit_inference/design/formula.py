"""Formula text to terms; the only file that knows the formula library.

formulaic parses the operators and supplies transformations and contrast matrices. Columns are
not its business: they are assembled in this package, so that every kind of table gives the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.column import Level
from logit_inference.design.expression import read_expression
from logit_inference.design.notation import (
    PLAIN_NAME,
    Backticks,
    powers,
    split_arguments,
    split_sides,
)
from logit_inference.errors import FormulaError, SchemaError


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a term: a column to look up, an expression, or a number to scale by."""

    expr: str
    kind: Literal["lookup", "python", "literal"]
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """A product of factors."""

    name: str
    factors: tuple[Factor, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns of the table that the term uses."""
        return tuple(dict.fromkeys(name for factor in self.factors for name in factor.variables))


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that has been read.

    Parameters
    ----------
    text : str
        As it was written.
    response : tuple of Factor
        One factor, or successes and failures of ``cbind``.
    response_name : str
        The left side, for a summary.
    intercept : bool
        Whether there is one.
    terms : tuple of Term
        By degree, then in the order written; without intercept and offsets.
    offsets : tuple of Factor
        Arguments of ``offset()``.
    """

    text: str
    response: tuple[Factor, ...]
    response_name: str
    intercept: bool
    terms: tuple[Term, ...]
    offsets: tuple[Factor, ...]

    @property
    def predictors(self) -> tuple[str, ...]:
        """Columns that the right side uses, offsets included."""
        used = [name for term in self.terms for name in term.variables]
        used += [name for factor in self.offsets for name in factor.variables]
        return tuple(dict.fromkeys(used))

    @property
    def variables(self) -> tuple[str, ...]:
        """All columns that the formula uses, the outcome first."""
        outcome = [name for factor in self.response for name in factor.variables]
        return tuple(dict.fromkeys([*outcome, *self.predictors]))


def parse_formula(
    text: str,
    available: Sequence[str],
    excluded: Collection[str] = (),
    context: Mapping[str, Any] | None = None,
) -> Formula:
    """Return the terms of a formula.

    Parameters
    ----------
    text : str
        Such as ``"low ~ age + C(race) * smoke"``.
    available : sequence of str
        Columns of the table.
    excluded : collection of str
        Columns that ``.`` does not stand for, such as weights; the outcome never is.
    context : mapping, optional
        Names that the caller passed on purpose.

    Returns
    -------
    Formula

    Raises
    ------
    FormulaError
        If it cannot be read, or names something that is not there.

    Examples
    --------
    >>> formula = parse_formula("low ~ age * smoke + offset(log(t))", ["low", "age", "smoke", "t"])
    >>> [term.name for term in formula.terms], [offset.expr for offset in formula.offsets]
    (['age', 'smoke', 'age:smoke'], ['log(t)'])
    """
    if not isinstance(text, str):
        raise FormulaError(
            "", f"the formula is a {type(text).__name__}; write it as text: 'y ~ x + C(g)'."
        )
    left, right = split_sides(text)
    response = _read_response(left, text, available, context)
    outcome = {name for factor in response for name in factor.variables}
    others = [name for name in available if name not in outcome and name not in excluded]
    intercept, terms, offsets = False, [], []
    for names in _parse_terms(right, text, others):
        factors = tuple(_read_factor(*name, text, available, context) for name in names)
        if [(factor.expr, factor.kind) for factor in factors] == [("1", "literal")]:
            intercept = True
        elif any(re.match(r"offset\(", factor.expr) for factor in factors):
            if len(factors) > 1:
                raise FormulaError(text, "an offset() cannot be part of an interaction.")
            offsets.append(_read_offset(factors[0].expr, text, available, context))
        else:
            terms.append(Term(":".join(factor.expr for factor in factors), factors))
    for term in terms:
        both = outcome.intersection(term.variables)
        if both:
            raise FormulaError(text, f"the outcome {min(both)!r} is also on the right side.")
    if not terms and not intercept:
        raise FormulaError(text, "no term is left to estimate: write y ~ 1 for an intercept alone.")
    name = " ".join(left.split()) if len(response) > 1 else response[0].expr
    return Formula(text, response, name, intercept, tuple(terms), tuple(offsets))


def _parse_terms(right: str, text: str, available: list[str]) -> list[list[tuple[str, str]]]:
    """Return the terms that formulaic finds, as (expression, kind) of their factors."""
    from formulaic import Formula as Parsed
    from formulaic.errors import FormulaicError

    # A name in backticks may contain anything: the parser sees a plain identifier for it, also
    # where it is one of those that "." stands for.
    odd = [name for name in available if not PLAIN_NAME.fullmatch(name)]
    hidden = Backticks.hide(powers(right), odd)
    plain = [f"_quoted_{odd.index(name)}_" if name in odd else name for name in available]
    try:
        parsed: Any = Parsed(hidden.text, _context={"__formulaic_variables_available__": plain})
        terms = [
            tuple(
                (hidden.restore(f.expr, f.eval_method.value == "python"), f.eval_method.value)
                for f in term.factors
            )
            for term in getattr(parsed, "rhs", parsed)
        ]
        return [list(term) for term in dict.fromkeys(terms)]
    except (FormulaicError, SyntaxError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise _reworded(error, right, text) from None


def _reworded(error: Exception, right: str, text: str) -> FormulaError:
    """Return the parser's complaint in plain words, with a mark under the place."""
    if isinstance(error, SyntaxError):
        return FormulaError(text, f"{error.text or right!s} cannot be read: {error.msg}.")
    message = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    complaint, _, source = message.partition("\n\n")
    position = source.index("⧛") if "⧛" in source else None
    found = re.match(r"Unknown operator '(.*)'", complaint)
    if found:
        symbol = found.group(1)
        complaint = f"unknown operator {symbol!r}."
        if symbol.strip() in ("=", "==", "!=", "<", ">", "<=", ">=", "&"):
            complaint += " Put a comparison or logical expression inside I( ): I(x > 3)."
    elif "insuffient arguments" in complaint:
        symbol = complaint.split("`")[1]
        complaint = f"the operator {symbol!r} lacks a term on one side."
    elif "Numeric literals" in complaint:
        complaint = "a number alone is no term: write 0 or 1 for the intercept, I(2 * x) to scale."
    elif "String literals" in complaint:
        complaint = "text in quotes is no term: put odd column names in backticks, `my column`."
    else:
        complaint = complaint[:1].lower() + complaint[1:].replace("`", "'").rstrip(".") + "."
    if position is None or "^" in right or "`" in right:
        return FormulaError(text, complaint)
    return FormulaError.syntax(text, complaint, text.index(right) + position)


def _read_factor(
    expr: str,
    kind: str,
    text: str,
    available: Sequence[str],
    context: Mapping[str, Any] | None,
) -> Factor:
    """Return a factor whose names have been checked."""
    if kind == "literal":
        return Factor(expr, "literal")
    if kind == "lookup":
        if expr not in available:
            raise FormulaError.no_column(text, expr, available)
        return Factor(expr, "lookup", (expr,))
    if expr.startswith("offset("):
        return Factor(expr, "python")
    try:
        expression = read_expression(expr, available, context)
    except FormulaError as error:
        raise FormulaError(text, error.complaint) from None
    return Factor(expression.text, "python", expression.variables)


def read_variable(
    text: str, available: Sequence[str], context: Mapping[str, Any] | None = None
) -> Factor:
    """Return a column name or expression as a factor; a name need not be an identifier.

    Examples
    --------
    >>> read_variable("my col", ["my col"]).kind, read_variable("log(t)", ["t"]).variables
    ('lookup', ('t',))
    """
    bare = text.strip()
    if bare.startswith("`") and bare.endswith("`") and bare.count("`") == 2:
        bare = bare[1:-1]
    if bare in available:
        return Factor(bare, "lookup", (bare,))
    return _read_factor(bare, "python", bare, available, context)


def _read_response(
    left: str, text: str, available: Sequence[str], context: Mapping[str, Any] | None
) -> tuple[Factor, ...]:
    """Return the outcome, or successes and failures."""
    inside = re.fullmatch(r"cbind\s*\((.*)\)", left, flags=re.DOTALL)
    parts = [left] if inside is None else split_arguments(inside.group(1))
    if inside is not None and len(parts) != 2:
        raise FormulaError(
            text, f"cbind(successes, failures) has two arguments; {len(parts)} given."
        )
    try:
        factors = tuple(read_variable(part, available, context) for part in parts)
    except FormulaError as error:
        raise FormulaError(text, error.complaint) from None
    if not any(factor.variables for factor in factors):
        raise FormulaError(text, f"the left side, {left!r}, uses no column.")
    return factors


def _read_offset(
    expr: str, text: str, available: Sequence[str], context: Mapping[str, Any] | None
) -> Factor:
    """Return the argument of ``offset()``."""
    parts = split_arguments(expr[len("offset(") : -1])
    if len(parts) != 1:
        raise FormulaError(text, "offset() has one argument.")
    try:
        return read_variable(parts[0], available, context)
    except FormulaError as error:
        raise FormulaError(text, error.complaint) from None


def library_function(name: str) -> Any:
    """Return formulaic's function or class of that name; transformations give plain arrays."""
    from formulaic.transforms import TRANSFORMS

    function = TRANSFORMS[name]
    if not getattr(function, "__is_stateful_transform__", False):
        return function
    return _polynomials if name == "poly" else lambda *args, **kw: _plain(function(*args, **kw))


def _polynomials(
    x: Any, degree: int = 1, raw: bool = False, *, _state: dict[str, Any], _label: str
) -> NDArray[np.float64]:
    """Return R's ``poly(x, degree)``: orthonormal over the rows of the fit, or raw powers."""
    from formulaic.transforms import poly

    if not raw and not _state:
        distinct = len(np.unique(x))
        if not 1 <= degree < distinct:
            raise ValueError(
                f"degree {degree} needs more than {degree} distinct values; {_label} has {distinct}"
            )
    values: NDArray[np.float64] = _plain(poly(x, degree, raw, _state=_state))
    return values


def _plain(value: Any) -> Any:
    """Return what a transformation of formulaic computed, without its wrapping."""
    from formulaic.materializers.types import FactorValues

    if isinstance(value, FactorValues):
        value = value.__wrapped__
    return np.column_stack(list(value.values())) if isinstance(value, dict) else value


def coding_matrix(
    contrasts: Any, levels: tuple[Level, ...], factor: str
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return contrast columns (levels × contrasts) and the label of each, such as ``T.b``.

    Parameters
    ----------
    contrasts : None, formulaic contrasts, matrix, or dict of name to weights
        None stands for treatment contrasts with the first level as reference.
    levels : tuple
        The levels, in order.
    factor : str
        Name for messages.

    Examples
    --------
    >>> coding_matrix(None, ("a", "b", "c"), "g")[1]
    ('T.b', 'T.c')
    """
    if contrasts is None:
        eye: NDArray[np.float64] = np.eye(len(levels))
        return eye[:, 1:], tuple(f"T.{level}" for level in levels[1:])
    from formulaic.transforms.contrasts import UNSET, Contrasts, CustomContrasts

    if callable(contrasts) and not isinstance(contrasts, Contrasts):
        contrasts = contrasts()
    if not isinstance(contrasts, Contrasts):
        weights = contrasts.values() if isinstance(contrasts, dict) else np.transpose(contrasts)
        for column in weights:
            if len(column) != len(levels):
                raise SchemaError.length(
                    f"a contrast of {factor}", len(column), len(levels), "the table of levels"
                )
        contrasts = CustomContrasts(contrasts)
    base = getattr(contrasts, "base", UNSET)
    if base is not UNSET and base not in levels:
        raise SchemaError.no_level(factor, base, levels)
    matrix = np.asarray(contrasts.get_coding_matrix(list(levels), reduced_rank=True), dtype=float)
    names = contrasts.get_coding_column_names(list(levels), reduced_rank=True)
    prefix = re.sub(r"\{.*", "", contrasts.FACTOR_FORMAT_REDUCED.partition("[")[2])
    return matrix, tuple(f"{prefix}{name}" for name in names)
