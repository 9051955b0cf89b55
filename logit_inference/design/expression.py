"""Expressions inside a formula: read, checked name by name, and evaluated on columns.

An expression may use columns, the functions of ``transforms``, and what the caller passed as
``context``. Everything else is refused before anything is evaluated, so a formula from a file
cannot reach the interpreter.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

import numpy as np

from logit_inference.design import transforms
from logit_inference.design.dual import Dual, Jumps, NoRule
from logit_inference.design.notation import Backticks, powers
from logit_inference.errors import (
    ArgumentError,
    FormulaError,
    LogitInferenceError,
    ModelFileError,
)

_PLAIN_NODES = (ast.BinOp, ast.UnaryOp, ast.List, ast.Tuple, ast.Dict, ast.Load)
_PLACE: dict[str, Any] = {"lineno": 1, "col_offset": 0}  # of nodes that stand nowhere in the text
_OPERATORS = (ast.operator, ast.unaryop, ast.cmpop, ast.expr_context)


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression.

    Parameters
    ----------
    text : str
        Normalised spelling, which is also its name.
    columns : tuple of (str, bool)
        Columns that it uses, in order of appearance, and whether as the table holds them, with
        integers that a float64 cannot tell apart.
    functions : tuple of str
        Functions of ``transforms`` that it calls.
    code : code object
        Compiled; ``columns[i]`` is called ``column i`` there, which no formula can spell.
    """

    text: str
    columns: tuple[tuple[str, bool], ...]
    functions: tuple[str, ...]
    code: CodeType

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns that it uses, in order of appearance."""
        return tuple(dict.fromkeys(name for name, _ in self.columns))


def read_context(context: Any) -> dict[str, Any]:
    """Return the names that the caller passed on purpose; none for None.

    Raises
    ------
    ArgumentError
        If it is no mapping from names.
    """
    if context is None:
        return {}
    if not isinstance(context, Mapping) or not all(isinstance(name, str) for name in context):
        raise ArgumentError("context", context, "a dict from name to object, context={'k': 3}")
    return dict(context)


def read_expression(
    text: str, columns: Sequence[str], context: Mapping[str, Any] | None = None
) -> Expression:
    """Return the expression that ``text`` spells.

    Parameters
    ----------
    text : str
        Python, with backticks around names that are no identifiers; ``^`` means power.
    columns : sequence of str
        Columns that it may use. A column shadows a function of its name unless it is called.
    context : mapping, optional
        Names that the caller passed on purpose.

    Returns
    -------
    Expression

    Raises
    ------
    FormulaError
        If it cannot be read, or uses a name that is neither.

    Examples
    --------
    >>> read_expression("log(age)^2", ["age", "lwt"]).text
    'log(age) ** 2'
    >>> read_expression("agee + 1", ["age", "lwt"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    logit_inference.errors.formula.FormulaError: no column 'agee'. Did you mean 'age'? ...
    """
    hidden = Backticks.hide(powers(text), columns)
    reader = _Reader(text, tuple(columns), context or {}, hidden, [], [])
    try:
        tree = ast.parse(hidden.text.strip(), mode="eval").body
        canonical = reader.spell(tree)
        code = compile(ast.Expression(reader.read(tree)), "<formula>", "eval")
    except (RecursionError, MemoryError):
        raise FormulaError.too_deep(text) from None
    except FormulaError:
        raise
    except (SyntaxError, ValueError) as error:
        complaint = error.msg if isinstance(error, SyntaxError) else str(error)
        raise FormulaError.unreadable(text, text, complaint) from None
    return Expression(canonical, tuple(reader.used), tuple(reader.functions), code)


@dataclass(slots=True)
class _Reader:
    """Checks a syntax tree, and rewrites it to use columns by number."""

    text: str
    columns: tuple[str, ...]
    context: Mapping[str, Any]
    hidden: Backticks
    used: list[tuple[str, bool]]
    functions: list[str]

    def spell(self, node: ast.AST) -> str:
        """Return the source of a node, with backticks where they were."""
        text = node.id if isinstance(node, ast.Name) else ast.unparse(node).replace("\n", " ")
        return self.hidden.restore(text)

    def read(self, node: Any) -> Any:
        """Return the node with its names resolved."""
        match node:
            case ast.Constant():
                return node
            case ast.Name():
                return self.name(node)
            case ast.Attribute():
                return self.attribute(node)
            case ast.Call():
                return self.call(node)
            case ast.Compare():
                return self.comparison(node)
            case ast.BinOp(op=op) if not isinstance(op, (ast.BitAnd, ast.BitOr, ast.BitXor)):
                node.left, node.right = self.number(node.left), self.number(node.right)
                return node
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                node.operand = self.number(node.operand)
                return node
            case ast.UnaryOp(op=ast.Not()):
                raise FormulaError(
                    self.text,
                    f"'not' does not work row by row; write ~{self.spell(node.operand)} where this "
                    "is true or false, and x == 0 for numbers.",
                )
            case ast.BoolOp():
                raise FormulaError(
                    self.text,
                    "'and' and 'or' do not work row by row; write (x > 1) & (y < 3), or | for or.",
                )
            case _ if not isinstance(node, _PLAIN_NODES + _OPERATORS):
                kind = type(node).__name__.lower()
                raise FormulaError(
                    self.text, f"{self.spell(node)!r}: a {kind} is not allowed in a formula."
                )
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                setattr(node, field, [None if v is None else self.read(v) for v in value])
            elif isinstance(value, ast.AST):
                setattr(node, field, self.read(value))
        return node

    def number(self, node: ast.expr) -> Any:
        """Return an operand of arithmetic: truth values count as 0 and 1 there."""
        operand = self.read(node)
        if isinstance(operand, ast.Constant):
            return operand
        return _call("number of", operand)

    def exact(self, node: ast.expr) -> Any:
        """Return an operand of a comparison of values: a column alone as the table holds it."""
        bare = isinstance(node, (ast.Name, ast.Attribute))
        name = self.hidden.name(node.id) if isinstance(node, ast.Name) else self.spell(node)
        return self.column(name, True) if bare and name in self.columns else self.read(node)

    def comparison(self, node: ast.Compare) -> ast.Compare:
        """Return a single comparison with its sides read."""
        if isinstance(node.ops[0], (ast.In, ast.NotIn)):
            negated = isinstance(node.ops[0], ast.NotIn)
            raise FormulaError.membership(self.text, self.spell(node), negated)
        if isinstance(node.ops[0], (ast.Is, ast.IsNot)):
            raise FormulaError(
                self.text, f"{self.spell(node)!r}: write == or != to compare values."
            )
        if len(node.ops) > 1:
            raise FormulaError(
                self.text,
                f"{self.spell(node)!r} compares more than once; put each comparison in "
                "parentheses: (x > 1) & (x < 3).",
            )
        node.left, node.comparators = self.exact(node.left), [self.exact(node.comparators[0])]
        return node

    def column(self, name: str, exact: bool = False) -> ast.Name:
        """Return the reference to a column."""
        if (name, exact) not in self.used:
            self.used.append((name, exact))
        return ast.Name(f"column {self.used.index((name, exact))}", ast.Load(), **_PLACE)

    def name(self, node: ast.Name) -> ast.expr:
        """Return what a bare name stands for: a column, or something of the context."""
        name = self.hidden.name(node.id)
        if name in self.columns:
            return self.column(name)
        if name in self.context and not name.startswith("__"):
            return node
        if name in transforms.CONTRASTS:
            self.functions.append(name)
            return node
        raise FormulaError.no_column(self.text, name, self.columns)

    def attribute(self, node: ast.Attribute) -> ast.expr:
        """Return what a dotted name stands for: a column, np.x, contr.x or part of the context."""
        dotted = self.spell(node)
        if dotted in self.columns:
            return self.column(dotted)
        owner, _, rest = dotted.partition(".")
        if rest.startswith("_") or "._" in rest:
            raise FormulaError(self.text, f"{dotted!r}: names with underscores stay private.")
        if owner in self.context:
            return node
        if owner == "np" and (rest in transforms.NUMPY_CONSTANTS or transforms.is_row_by_row(rest)):
            return node
        if owner == "contr" and rest in transforms.CONTRAST_METHODS:
            self.functions.append("contr")
            return node
        if owner == "contr":
            raise FormulaError.no_function(
                self.text, dotted, [f"contr.{name}" for name in transforms.CONTRAST_METHODS]
            )
        if owner == "np" or owner in self.columns:
            raise FormulaError.whole_column(self.text, dotted)
        raise FormulaError.no_column(self.text, dotted, self.columns)

    def call(self, node: ast.Call) -> ast.Call:
        """Return the call with its arguments read, and its memory attached if it has one."""
        function = self.spell(node.func)
        own = function not in self.context
        known = isinstance(node.func, ast.Name) and (not own or function in transforms.FUNCTIONS)
        if isinstance(node.func, ast.Attribute):
            self.attribute(node.func)
        elif not known:
            raise FormulaError.no_function(self.text, function, transforms.FUNCTIONS)
        if known and own:
            self.functions.append(function)
        remembers = known and own and function in transforms.STATEFUL
        unnamed = any(word.arg is None or word.arg.startswith("_") for word in node.keywords)
        spelled = self.spell(node) if remembers or unnamed else ""
        if remembers and not node.args:
            raise FormulaError(self.text, f"{spelled}: the variable comes first, {function}(x).")
        self.check_arity(node, function)
        label = ast.Constant(self.spell(node.args[0]) if remembers else "", **_PLACE)
        by_value = own and function in ("C", "np.isin")
        node.args = [
            self.exact(argument) if by_value and not place else self.read(argument)
            for place, argument in enumerate(node.args)
        ]
        if unnamed:
            raise FormulaError(self.text, f"{spelled}: only named arguments can be passed.")
        for keyword in node.keywords:
            keyword.value = self.read(keyword.value)
        if remembers:
            name = ast.Constant(spelled, **_PLACE)
            node.args[0] = _call("numeric variable", node.args[0], name, label)
            node.keywords.append(ast.keyword("_state", _call("memory of", name), **_PLACE))
            if function in transforms.OWN_STATEFUL:
                node.keywords.append(ast.keyword("_label", label, **_PLACE))
        return node

    def check_arity(self, node: ast.Call, function: str) -> None:
        """Refuse a surplus argument of a numpy function, which would be written into."""
        name = function.removeprefix("np.")
        if function in self.context or not (
            function in transforms.ELEMENTWISE or "np." in function
        ):
            return
        ufunc = getattr(np, name)
        if isinstance(ufunc, np.ufunc) and (node.keywords or len(node.args) != ufunc.nin):
            bases = " (log2 and log10 are the other bases)" if name == "log" else ""
            raise FormulaError(
                self.text,
                f"{function} takes {ufunc.nin} argument{'s' if ufunc.nin > 1 else ''}{bases}; "
                f"{len(node.args) + len(node.keywords)} given.",
            )


def evaluate(
    expression: Expression,
    value: Callable[[str, bool], Any],
    state: dict[str, dict[str, Any]],
    context: Mapping[str, Any],
    learn: bool = True,
    functions: Callable[[str], Any] = transforms.function_named,
) -> Any:
    """Return what an expression gives, as it comes.

    Parameters
    ----------
    expression : Expression
        A checked expression.
    value : callable
        From the name of a column, and whether integers stay such, to its values at the rows in use.
    state : dict
        What the calls of the expression remember, by their spelling; filled on first use.
    context : mapping
        Names that the caller passed.
    learn : bool
        Whether a call without memory may learn from these rows; new rows never teach.
    functions : callable
        From the name of a function that the expression calls to the function.

    Raises
    ------
    FormulaError
        If a function refuses its arguments, with the kinds of the columns involved.
    ModelFileError
        If a call has no memory and may not learn.
    """
    namespace: dict[str, Any] = {"__builtins__": {}, "np": np, **context}
    for name in expression.functions:
        if name not in context:
            namespace[name] = functions(name)

    def memory(call: str) -> dict[str, Any]:
        if not learn and call not in state:
            raise ModelFileError(
                f"the design does not hold what {call} learned in the fit: fit and save again."
            )
        return state.setdefault(call, {})

    values = [value(name, exact) for name, exact in expression.columns]
    namespace |= {f"column {place}": values for place, values in enumerate(values)}
    namespace |= {"memory of": memory, "number of": _number, "numeric variable": _numeric}
    try:
        with np.errstate(all="ignore"):
            return eval(expression.code, namespace)
    except (LogitInferenceError, Warning, NoRule, Jumps):
        raise
    except Exception as error:
        kinds = {
            f"{name} is {_describe(column)}": None
            for (name, _), column in zip(expression.columns, values, strict=True)
        }
        raise FormulaError.evaluation(expression.text, error, list(kinds)) from error


def _call(function: str, *arguments: Any) -> ast.Call:
    """Return the call of something of ours, by a name with a space, which nobody can type."""
    return ast.Call(ast.Name(function, ast.Load(), **_PLACE), list(arguments), [], **_PLACE)


def _numeric(values: Any, call: str, label: str) -> Any:
    """Return the variable of a transformation, which has to be numeric."""
    if not isinstance(values, (np.ndarray, float, int, Dual)):
        raise FormulaError.numeric_wanted(call, label, _describe(values))
    return _number(values)


def _number(values: Any) -> Any:
    """Return truth values as 0.0 and 1.0: numpy would answer True + True with True."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "b":
        return values.astype(np.float64)
    return values


def _describe(values: Any) -> str:
    """Return a word for the kind of some values, for a message."""
    if not isinstance(values, np.ndarray):
        return "categorical"
    return "boolean" if values.dtype.kind == "b" else "numeric"
