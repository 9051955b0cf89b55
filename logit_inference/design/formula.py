"""Formula text to terms; the only file that knows the formula library.

formulaic parses the operators and supplies transformations and contrast matrices. Columns are
not its business: they are assembled in this package, so that every kind of table gives the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import mul
from typing import Any, Literal

import numpy as np

from logit_inference.design.column import Level
from logit_inference.design.expression import Expression, read_expression
from logit_inference.design.notation import (
    Backticks,
    match_name,
    plain_sum,
    powers,
    reworded,
    split_arguments,
    split_sides,
    stray_number,
)
from logit_inference.design.polynomials import polynomial_contrasts
from logit_inference.errors import FormulaError, SchemaError
from logit_inference.rows.block import Floats


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a term: a column to look up, or an expression."""

    expr: str
    kind: Literal["lookup", "python"]
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
    expressions: dict[str, Expression] | None = None,
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
    expressions : dict, optional
        Filled with the expressions of its factors, so that nobody has to read them again.

    Returns
    -------
    Formula

    Raises
    ------
    FormulaError
        If it cannot be read, or names something that is not there.
    SchemaError
        If a column has the name of another factor, as a column called ``exp(x)`` may.

    Notes
    -----
    A variable of the left side may be a predictor where it is written out, as the trials of
    ``cbind(y, n - y) ~ n`` may; the outcome itself may not.

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
    scope = _Scope(text, available, context, {} if expressions is None else expressions)
    response = _read_response(left, scope)
    leftmost = {name for factor in response for name in factor.variables}
    intercept, terms, offsets = False, [], []
    found = plain_sum(right, available)
    if found is None:
        others = [name for name in available if name not in leftmost and name not in excluded]
        found = _parse_terms(right, text, available, others)
    for names in found:
        factors = tuple(_read_factor(*name, scope) for name in names)
        if not factors:
            intercept = True
        elif any(_is_offset(factor.expr, factor.kind) for factor in factors):
            if len(factors) > 1:
                raise FormulaError(text, "an offset() cannot be part of an interaction.")
            offsets.append(_read_offset(factors[0].expr, scope))
        else:
            terms.append(Term(":".join(factor.expr for factor in factors), factors))
    terms, offsets = list(dict.fromkeys(terms)), list(dict.fromkeys(offsets))
    _check_terms(terms, {factor.expr for factor in response if factor.kind == "lookup"}, text)
    if not terms and not intercept:
        raise FormulaError(text, "no term is left to estimate: write y ~ 1 for an intercept alone.")
    name = " ".join(left.split()) if len(response) > 1 else response[0].expr
    return Formula(text, response, name, intercept, tuple(terms), tuple(offsets))


def _check_terms(terms: Iterable[Term], outcome: Collection[str], text: str) -> None:
    """Raise where the outcome is a predictor, or a column is named like another factor."""
    by_expr: dict[str, Factor] = {}
    for term in terms:
        both = [name for name in term.variables if name in outcome]
        if both:
            raise FormulaError(text, f"the outcome {both[0]!r} is also on the right side.")
        for factor in term.factors:
            if by_expr.setdefault(factor.expr, factor) != factor:
                raise SchemaError.name_taken(factor.expr, "factors")


def _parse_terms(
    right: str, text: str, available: Sequence[str], others: Sequence[str]
) -> list[list[tuple[str, str]]]:
    """Return the terms that formulaic finds, as (expression, kind) of their factors.

    The intercept is the term without factors; ``.`` stands for the columns ``others``.
    """
    from formulaic import Formula as Parsed
    from formulaic.errors import FormulaicError
    from formulaic.parser import DefaultFormulaParser
    from formulaic.parser.algos.sanitize_tokens import sanitize_tokens
    from formulaic.parser.algos.tokenize import tokenize

    # A name in backticks may contain anything: the parser sees a plain identifier for it, also
    # where it is one of those that "." stands for.
    hidden = Backticks.hide(powers(right), available, also=others)
    start = text.rindex(right) if hidden.text == right else None
    known = {"__formulaic_variables_available__": [hidden.stand_in(name) for name in others]}
    try:
        tokens = list(sanitize_tokens(tokenize(hidden.text)))
        number = stray_number(tokens)
        if number is not None:
            raise FormulaError.number(text, None if start is None else start + number)
        parser = DefaultFormulaParser(operator_resolver=_Operators.of(tokens))
        parsed: Any = Parsed(hidden.text, _parser=parser, _context=known)
        terms = []
        for term in getattr(parsed, "rhs", parsed):
            kinds = [factor.eval_method.value for factor in term.factors]
            if "literal" in kinds and len(kinds) > 1:
                raise FormulaError.number(text)
            terms.append(
                tuple(
                    (hidden.restore(factor.expr, kind == "python"), kind)
                    for factor, kind in zip(term.factors, kinds, strict=True)
                    if kind != "literal"
                )
            )
        return [list(term) for term in dict.fromkeys(terms)]
    except FormulaError:
        raise
    except (RecursionError, MemoryError):
        raise FormulaError.too_deep(text) from None
    except (
        *(FormulaicError, SyntaxError, StopIteration),
        *(ValueError, TypeError, AttributeError, KeyError),
    ) as error:
        raise reworded(error, right, text, hidden, start) from None


@dataclass(frozen=True, slots=True)
class _Operators:
    """The operators of formulaic, but ``%in%`` as R has it.

    ``a %in% g`` is a within g, without g itself: the product of each term on the left with all
    those on the right. It binds tighter than ``*`` and looser than ``:``. The factors of a
    product stand in the order in which the formula names them first, as in R.
    """

    others: Any
    nested: Any

    @staticmethod
    def of(tokens: Iterable[Any]) -> _Operators:
        """Return the operators for a formula of these tokens."""
        from formulaic.parser import DefaultOperatorResolver
        from formulaic.parser.types import Operator, OrderedSet, Term

        first: dict[str, int] = {}
        for place, token in enumerate(tokens):
            first.setdefault(token.token, place)

        def nest(inner: Any, outer: Any) -> Any:
            products = [reduce(mul, outer, term).factors for term in inner]
            return OrderedSet(
                Term(sorted(factors, key=lambda factor: first.get(factor.expr, -1)))
                for factors in products
            )

        operator = Operator("in", arity=2, precedence=250, associativity="left", to_terms=nest)
        return _Operators(DefaultOperatorResolver(), operator)

    def resolve(self, token: Any) -> Any:
        """Return the operators that a token may stand for."""
        return [(token, [self.nested])] if token.token == "in" else self.others.resolve(token)


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the factors of a formula may name, and the expressions among them that were read."""

    text: str
    available: Sequence[str]
    context: Mapping[str, Any] | None
    expressions: dict[str, Expression]


def _read_factor(expr: str, kind: str, scope: _Scope) -> Factor:
    """Return a factor whose names have been checked."""
    if kind == "lookup":
        if expr not in scope.available:
            raise FormulaError.no_column(scope.text, expr, scope.available)
        return Factor(expr, "lookup", (expr,))
    if _is_offset(expr, kind):
        return Factor(expr, "python")
    try:
        expression = read_expression(expr, scope.available, scope.context)
    except FormulaError as error:
        raise FormulaError(scope.text, error.complaint) from None
    scope.expressions[expression.text] = expression
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
    return _read_variable(text, _Scope(text.strip(), available, context, {}))


def _read_variable(text: str, scope: _Scope) -> Factor:
    bare = text.strip()
    if bare.startswith("`") and bare.endswith("`") and bare.count("`") == 2:
        bare = bare[1:-1]
    name = match_name(bare, scope.available)
    if name is not None:
        return Factor(name, "lookup", (name,))
    return _read_factor(bare, "python", scope)


def _read_response(left: str, scope: _Scope) -> tuple[Factor, ...]:
    """Return the outcome, or successes and failures."""
    inside = re.fullmatch(r"cbind\s*\((.*)\)", left, flags=re.DOTALL)
    parts = [left] if inside is None else split_arguments(inside.group(1))
    if inside is not None and len(parts) != 2:
        raise FormulaError(
            scope.text, f"cbind(successes, failures) has two arguments; {len(parts)} given."
        )
    factors = tuple(_read_variable(part, scope) for part in parts)
    if not any(factor.variables for factor in factors):
        raise FormulaError(scope.text, f"the left side, {left!r}, uses no column.")
    return factors


def _is_offset(expr: str, kind: str) -> bool:
    """Say whether a factor is a call of ``offset()``, and no column of such a name."""
    return kind == "python" and expr.startswith("offset(")


def _read_offset(expr: str, scope: _Scope) -> Factor:
    """Return the argument of ``offset()``."""
    parts = split_arguments(expr[len("offset(") : -1])
    if len(parts) != 1:
        raise FormulaError(scope.text, "offset() has one argument.")
    return _read_variable(parts[0], scope)


def library_function(name: str) -> Any:
    """Return formulaic's function or class of that name; transformations give plain arrays."""
    from formulaic.transforms import TRANSFORMS

    function = TRANSFORMS[name]
    if not getattr(function, "__is_stateful_transform__", False):
        return function
    return _polynomials if name == "poly" else lambda *args, **kw: _plain(function(*args, **kw))


def _polynomials(
    x: Any, degree: int = 1, raw: bool = False, *, _state: dict[str, Any], _label: str
) -> Floats:
    """Return R's ``poly(x, degree)``: orthonormal over the rows of the fit, or raw powers."""
    from formulaic.transforms import poly

    if not raw and not _state:
        distinct = len(np.unique(x))
        if not 1 <= degree < distinct:
            raise ValueError(
                f"degree {degree} needs more than {degree} distinct values; {_label} has {distinct}"
            )
    values: Floats = _plain(poly(x, degree, raw, _state=_state))
    return values


def _plain(value: Any) -> Any:
    """Return what a transformation of formulaic computed, without its wrapping."""
    from formulaic.materializers.types import FactorValues

    if isinstance(value, FactorValues):
        value = value.__wrapped__
    return np.column_stack(list(value.values())) if isinstance(value, dict) else value


def coding_matrix(
    contrasts: Any, levels: tuple[Level, ...], factor: str
) -> tuple[Floats, tuple[str, ...]]:
    """Return contrast columns (levels × contrasts) and the label of each, such as ``T.b``.

    Parameters
    ----------
    contrasts : None, formulaic contrasts, matrix, or dict of name to weights
        None stands for treatment contrasts with the first level as reference.
    levels : tuple
        The levels, in order.
    factor : str
        Name for messages.

    Raises
    ------
    FormulaError
        If it is no coding, or the reference is no level.
    SchemaError
        If it names a level, or has a number of rows, that the data do not have.

    Examples
    --------
    >>> coding_matrix(None, ("a", "b", "c"), "g")[1]
    ('T.b', 'T.c')
    """
    if contrasts is None:
        eye: Floats = np.eye(len(levels))
        return eye[:, 1:], tuple(f"T.{level}" for level in levels[1:])
    from formulaic.transforms.contrasts import (
        UNSET,
        Contrasts,
        CustomContrasts,
        PolyContrasts,
    )

    if callable(contrasts) and not isinstance(contrasts, Contrasts):
        contrasts = contrasts()
    if not isinstance(contrasts, Contrasts):
        contrasts = CustomContrasts(_custom_weights(contrasts, levels, factor))
    base = getattr(contrasts, "base", UNSET)
    if base is not UNSET and not isinstance(base, (str, int, float, np.generic)):
        raise FormulaError.level_wanted(factor, _in_words(base))
    if base is not UNSET and base not in levels:
        raise SchemaError.no_level(factor, base, levels)
    try:
        names = contrasts.get_coding_column_names(list(levels), reduced_rank=True)
        if isinstance(contrasts, PolyContrasts):  # formulaic's lose digits from 25 levels on
            scores = contrasts.scores
            points = np.arange(len(levels)) if scores is None else scores
            matrix = polynomial_contrasts(np.asarray(points, dtype=np.float64))
        else:
            found = contrasts.get_coding_matrix(list(levels), reduced_rank=True)
            matrix = np.asarray(found, dtype=np.float64)
    except (ValueError, TypeError, IndexError) as error:
        raise FormulaError.evaluation(factor, error, ()) from error
    if not np.isfinite(matrix).all():
        raise SchemaError.contrasts_not_finite(factor, len(levels))
    prefix = re.sub(r"\{.*", "", contrasts.FACTOR_FORMAT_REDUCED.partition("[")[2])
    return matrix, tuple(f"{prefix}{name}" for name in names)


def _custom_weights(contrasts: Any, levels: tuple[Level, ...], factor: str) -> Any:
    """Return a dict or matrix of weights, having checked that it has one for each level."""
    by_contrast = isinstance(contrasts, dict)
    try:
        table = contrasts.values() if by_contrast else np.transpose(contrasts)
        columns = [np.asarray(column, dtype=np.float64) for column in table]
    except (ValueError, TypeError):
        columns = []
    if not columns or any(column.ndim != 1 for column in columns):
        raise FormulaError.contrasts(factor, _in_words(contrasts))
    for column in columns:
        if len(column) != len(levels):
            raise SchemaError.length(
                f"a contrast of {factor}", len(column), len(levels), "the table of levels"
            )
    return contrasts


def _in_words(value: Any) -> str:
    """Return what stands where a level or a coding should: text and numbers, or a column."""
    return "a column" if hasattr(value, "shape") or hasattr(value, "codes") else repr(value)
