"""What can be wrong with a formula."""

from __future__ import annotations

from collections.abc import Sequence

from logit_inference.errors.base import LogitInferenceError
from logit_inference.errors.wording import did_you_mean, excerpt, nearest, shorten


class FormulaError(LogitInferenceError, ValueError):
    """A formula, or an expression in place of one, that cannot be read or evaluated.

    Attributes
    ----------
    formula : str
        The text that was read.
    complaint : str
        What is wrong with it.
    """

    def __init__(self, formula: str, complaint: str):
        self.formula, self.complaint = formula, complaint
        super().__init__(f"{complaint}\n  in: {excerpt(formula)}" if formula else complaint)

    @classmethod
    def unreadable(cls, formula: str, part: str, cause: str) -> FormulaError:
        """Return the error for text that is no expression."""
        if "too many nested" in cause:
            return cls.too_deep(formula)
        hint = ""
        if "invalid character" in cause:
            hint = (
                " A column whose name holds such a character needs backticks, `x²`; a power of the "
                "values is written x^2."
            )
        elif "%in%" in part:
            hint = " R's g %in% c('a', 'b') is np.isin(g, ['a', 'b']) here."
        return cls(formula, f"{excerpt(part, 80)} cannot be read: {cause.rstrip('.')}.{hint}")

    @classmethod
    def too_deep(cls, formula: str) -> FormulaError:
        """Return the error for an expression that Python cannot hold."""
        return cls(
            formula,
            "an expression is nested too deeply: each operator is a level, and a few hundred can "
            "be read. Compute this column in the table first.",
        )

    @classmethod
    def number(cls, formula: str, position: int | None = None) -> FormulaError:
        """Return the error for a number among the terms."""
        return cls.syntax(
            formula,
            "a number alone is no term, and none can be crossed with one: write 0 or 1 for the "
            "intercept, I(2 * x) to scale.",
            position,
        )

    @classmethod
    def power(cls, formula: str, example: str) -> FormulaError:
        """Return the error for ^ between terms with anything but a positive whole number."""
        return cls(
            formula,
            "outside of I( ) the sign ^ crosses terms, (a + b)^2 is a + b + a:b, and needs a "
            f"positive whole number. For a power of the values write {example}.",
        )

    @classmethod
    def brackets(cls, formula: str, bracket: str) -> FormulaError:
        """Return the error for brackets that mean something else to the parser than to people."""
        return cls(
            formula,
            f"{bracket!r} has no meaning between terms: group terms with ( ), and put an "
            "expression inside I( ).",
        )

    @classmethod
    def membership(cls, formula: str, found: str, negated: bool) -> FormulaError:
        """Return the error for Python's ``in``, which asks about a whole column at once."""
        instead = (
            "~np.isin(g, ['a', 'b']), or (g != 'a') & (g != 'b')"
            if negated
            else "np.isin(g, ['a', 'b']), or (g == 'a') | (g == 'b')"
        )
        return cls(formula, f"{found!r}: 'in' does not work row by row; write {instead}.")

    @classmethod
    def numeric_wanted(cls, expression: str, name: str, found: str) -> FormulaError:
        """Return the error for a transformation of something that is no number."""
        return cls(
            "",
            f"{expression} needs a numeric variable; {name} is {found}. A categorical variable is "
            "coded by C(), with contr.poly for a polynomial over ordered levels.",
        )

    @classmethod
    def contrasts(cls, factor: str, found: str) -> FormulaError:
        """Return the error for what is no contrast."""
        return cls(
            "",
            f"{factor}: {found} is no coding. Write contr.treatment, contr.sum, contr.helmert, "
            "contr.poly, contr.diff, a dict from the name of each contrast to its weights, or a "
            "matrix with one row for each level.",
        )

    @classmethod
    def level_wanted(cls, factor: str, found: str) -> FormulaError:
        """Return the error for a reference level that is a column and not a level."""
        return cls(
            "",
            f"{factor}: the reference level is {found}, which is no level. Put the level in "
            "quotes, contr.treatment('b'), or write it as the number that it is.",
        )

    @classmethod
    def missing(cls, expression: str, label: object, count: int) -> FormulaError:
        """Return the error for an expression that makes missing values from present ones."""
        rows = "1 row" if count == 1 else f"{count} rows"
        return cls(
            "",
            f"{expression} is missing in {rows}, the first is row {label!r}, where its columns are "
            "not. Rows are dropped for missing values of columns only: leave these rows out first, "
            "or let the expression give a value.",
        )

    @classmethod
    def syntax(cls, formula: str, complaint: str, position: int | None = None) -> FormulaError:
        """Return the error for text that is no formula, with a mark under the place."""
        error = cls(formula, complaint)
        if position is not None:
            error.args = (f"{error}\n      {' ' * position}^",)
        return error

    @classmethod
    def no_column(
        cls, formula: str, name: str, columns: Sequence[str], functions: Sequence[str] = ()
    ) -> FormulaError:
        """Return the error for a name that is no column."""
        known = [*columns, *functions]
        guess = " or ".join(repr(near) for near in nearest(name, known))
        hint = f" Did you mean {guess}?" if guess else ""
        context = (
            " A formula does not see the variables of the caller: to use one, pass "
            f"context={{{name!r}: {name}}}."
        )
        return cls(
            formula,
            f"no column {name!r}.{hint} Columns: {shorten(list(columns))}."
            + (context if name.isidentifier() else ""),
        )

    @classmethod
    def no_argument(cls, argument: str, name: str, columns: Sequence[str]) -> FormulaError:
        """Return the error for an argument beside the formula that names no column."""
        guess = " or ".join(repr(near) for near in nearest(name, columns))
        hint = f" Did you mean {guess}?" if guess else ""
        return cls(
            f"{argument}={name!r}",
            f"no column {name!r}.{hint} Columns: {shorten(list(columns))}. Values that are not in "
            f"the table are given themselves: {argument}={name}, without quotes.",
        )

    @classmethod
    def no_function(cls, formula: str, name: str, functions: Sequence[str]) -> FormulaError:
        """Return the error for a call of something that a formula does not know."""
        instead = {
            "factor": "Write C(x) for R's factor(x).",
            "as.factor": "Write C(x) for R's as.factor(x).",
            "ordered": "Write C(x, contr.poly) for an ordered factor.",
            "relevel": 'Write C(x, contr.treatment("level")) to choose the reference level.',
            "s": "Smooths are not fitted here; write ns(x, df=4), bs(x, df=5) or poly(x, 3).",
        }.get(name)
        if instead is None:
            known = did_you_mean(name, functions, "Functions").strip()
            instead = f"{known} Pass others with context={{{name!r}: …}}."
        return cls(formula, f"no function {name!r}. {instead}")

    @classmethod
    def whole_column(cls, formula: str, name: str) -> FormulaError:
        """Return the error for a function that is not row by row."""
        return cls(
            formula,
            f"{name} is not one of the row-by-row functions of a formula. What looks at a whole "
            "column would be recomputed from the new rows in predict() and give other numbers. "
            "Write center(x), scale(x), poly(x, 2), bs(x, df=5) or ns(x, df=4), which remember "
            "what they learned, or compute the column in the table first.",
        )

    @classmethod
    def evaluation(cls, expression: str, cause: Exception, kinds: Sequence[str]) -> FormulaError:
        """Return the error for an expression that fails on the data."""
        found = f" ({', '.join(kinds)})" if kinds else ""
        return cls("", f"{expression} cannot be computed{found}: {cause}")

    @classmethod
    def not_finite(
        cls, expression: str, value: float, label: object, count: int, inputs: str
    ) -> FormulaError:
        """Return the error for an expression that makes NaN or infinity from finite numbers."""
        rows = "1 row" if count == 1 else f"{count} rows"
        hint = ": log1p(x) is defined at 0" if "log(" in expression else ""
        return cls(
            "",
            f"{expression} is not a finite number in {rows}; the first is {value} at row "
            f"{label!r}, where {inputs}. Correct or leave out these rows, or choose another "
            f"transformation{hint}.",
        )

    @classmethod
    def constant(cls, expression: str, found: str) -> FormulaError:
        """Return the error for an expression without one value per row."""
        return cls("", f"{expression} has {found}; one value is needed for each row.")
