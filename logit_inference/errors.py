"""The exceptions and warnings of the package; their wording is built here, from data.

Every error says what was found, where, why it matters and what to write instead, and carries
those facts as attributes, so that a program can act on them as well as a person. This file
imports nothing of the package: everything may import it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any


class LogitInferenceError(Exception):
    """Base of every error that this package raises on purpose.

    An error survives pickling, so that it reads the same when a worker process raised it.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to rebuild the error without its constructor, whose arguments are gone."""
        return _rebuild, (type(self), self.args, self.__dict__)


class LogitInferenceWarning(UserWarning):
    """Base of every warning: the result is right, and may surprise."""


def _rebuild(
    cls: type[LogitInferenceError], args: tuple[Any, ...], fields: dict[str, Any]
) -> LogitInferenceError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(fields)
    return error


def plain(label: Any) -> Any:
    """Return a row label as the plain Python value that people read.

    Examples
    --------
    >>> import numpy as np
    >>> plain(("b", np.int64(5)))  # a label of a MultiIndex
    ('b', 5)
    """
    if isinstance(label, tuple):
        return tuple(plain(part) for part in label)
    return label.item() if hasattr(label, "item") else label


def excerpt(text: str, most: int = 300) -> str:
    """Return the text, or its beginning where it is longer than a message should be."""
    return text if len(text) <= most else f"{text[:most]}…"


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Return the known names closest to ``word``, best first, also across case.

    Examples
    --------
    >>> nearest("agee", ["age", "lwt"])
    ['age']
    """
    by_lower = {str(name).lower(): str(name) for name in known}
    close = difflib.get_close_matches(str(word).lower(), list(by_lower), n=3, cutoff=0.6)
    return [by_lower[name] for name in close]


def shorten(items: Sequence[object], most: int = 8) -> str:
    """Return the items as a comma list with an ellipsis after ``most`` of them."""
    shown = ", ".join(str(item) for item in items[:most])
    return shown + (", …" if len(items) > most else "")


def did_you_mean(word: str, known: Sequence[str], what: str) -> str:
    """Return the tail of a message about an unknown name: a guess and what there is."""
    close = nearest(word, known)
    guess = f" Did you mean {' or '.join(repr(name) for name in close)}?" if close else ""
    return f"{guess} {what}: {shorten(list(known))}."


class DatasetError(LogitInferenceError, ValueError):
    """A data set of that name is not shipped."""

    def __init__(self, name: str, known: Sequence[str]):
        self.name, self.known = name, tuple(known)
        super().__init__(f"no data set {name!r}.{did_you_mean(name, known, 'Data sets')}")


class ArgumentError(LogitInferenceError, ValueError):
    """An argument has a value that means nothing here."""

    def __init__(self, argument: str, value: object, allowed: str):
        self.argument, self.value = argument, value
        super().__init__(f"{argument}={value!r} is not understood. Write {allowed}.")


class DataError(LogitInferenceError, ValueError):
    """The data hold something that no fit can use."""

    @classmethod
    def not_finite(cls, name: str, value: float, label: object, count: int) -> DataError:
        """Return the error for a missing or infinite value."""
        what = "missing" if value != value else "infinite"
        return cls(
            f"{name} has {count} {'value' if count == 1 else 'values'} that "
            f"{'is' if count == 1 else 'are'} not finite; the first, {value}, is at row {label!r}. "
            + (
                "Drop or impute the missing rows first."
                if what == "missing"
                else "An infinite value has no finite likelihood: correct or drop that row."
            )
        )

    @classmethod
    def one_outcome(cls, events: bool, trials: float) -> DataError:
        """Return the error for rows that all have the same outcome."""
        what = "events" if events else "non-events"
        return cls(
            f"the rows with positive weight hold only {what} ({trials:g} in sum): the maximum of "
            "the likelihood is at infinity. Both outcomes must occur among rows that count."
        )

    @classmethod
    def shape(cls, name: str, found: tuple[int, ...], wanted: str) -> DataError:
        """Return the error for an array of the wrong shape."""
        return cls(f"{name} has shape {found}; {wanted}.")

    @classmethod
    def type(cls, name: str, dtype: object) -> DataError:
        """Return the error for an array that does not hold numbers."""
        return cls(
            f"{name} has dtype {dtype}, which does not hold real numbers. Give a float, integer "
            "or boolean array, or use logit(formula, data), which codes text and categories."
        )


class WeightsError(LogitInferenceError, ValueError):
    """Weights that are not weights, or whose meaning is not said."""

    @classmethod
    def kind_unknown(cls, kind: object) -> WeightsError:
        """Return the error for weights whose kind is missing or unknown."""
        found = "weights= needs weights_kind=" if kind is None else f"weights_kind={kind!r} unknown"
        return cls(
            f'{found}: write weights_kind="frequency" (each row stands for w identical rows) or '
            '"precision" (variance weights; n stays the number of rows). The two give the same '
            "coefficients but other counts and degrees of freedom."
        )

    @classmethod
    def kind_without_weights(cls, kind: object) -> WeightsError:
        """Return the error for a kind of weights that are not there."""
        return cls(f"weights_kind={kind!r} was given without weights=. Give weights= as well.")

    @classmethod
    def value(cls, complaint: str, weight: float, label: object, count: int) -> WeightsError:
        """Return the error for a weight that is out of range."""
        hint = {
            "fractional": (
                "A frequency weight counts rows and must be a whole number; write "
                'weights_kind="precision" if these are variance weights.'
            ),
            "negative": "A weight must not be negative; use 0 to give a row no influence.",
            "not finite": "Drop or correct these rows, or give them weight 0.",
        }[complaint]
        noun = "weight is" if count == 1 else "weights are"
        first = f"the first, {weight:g}, is at row {label!r}"
        return cls(f"{count} {noun} {complaint}; {first}. {hint}")

    @classmethod
    def all_zero(cls) -> WeightsError:
        """Return the error for weights that leave no row."""
        return cls("all weights are zero: no row is left to fit.")


class ConvergenceError(LogitInferenceError, ArithmeticError):
    """No maximum was reached; what happened, and what to do.

    Attributes
    ----------
    outcome : Outcome
        How the iteration ended.
    columns : tuple of str
        Columns whose coefficients were still moving.
    """

    def __init__(self, outcome: object, sentence: str, columns: Sequence[str], advice: str):
        self.outcome, self.columns = outcome, tuple(columns)
        names = f" Columns: {shorten(list(columns))}." if columns else ""
        super().__init__(f"{sentence}{names} {advice}")


class RankError(LogitInferenceError, ValueError):
    """The design has no column that the data can estimate."""

    @classmethod
    def nothing(cls) -> RankError:
        """Return the error for a design of zeros."""
        return cls(
            "every column of the design is zero in the rows that count: nothing can be estimated."
        )

    @classmethod
    def extreme(cls, column: int, largest: float) -> RankError:
        """Return the error for a column whose squares no double can hold."""
        return cls(
            f"column {column} of the design (counted from 0) has values of size {largest:.3g}, "
            "whose squares leave the range of floating-point numbers. Rescale it."
        )


class CollinearityWarning(LogitInferenceWarning):
    """Columns have no coefficient, because they are linear combinations of earlier ones."""

    @classmethod
    def dropped(cls, relations: Sequence[str]) -> CollinearityWarning:
        """Return the warning about columns with these relations."""
        return cls(
            "columns that are combinations of earlier ones, to within rounding, have no "
            f"coefficient: {'; '.join(relations)}."
        )


class HypothesisError(LogitInferenceError, ValueError):
    """A hypothesis cannot be read, or names what the fit does not have.

    Attributes
    ----------
    hypothesis : str
        The text that was read; empty where no text is to blame.
    name : str
        The coefficient or term that the error is about; empty where there is none.
    """

    def __init__(self, message: str, *, hypothesis: str = "", name: str = ""):
        self.hypothesis, self.name = hypothesis, name
        super().__init__(message)

    @classmethod
    def syntax(cls, hypothesis: str, complaint: str) -> HypothesisError:
        """Return the error for text that is no hypothesis."""
        return cls(
            f"cannot read the hypothesis {hypothesis!r}: {complaint}. Write for example "
            '"age = 0, smoke = 2*lwt"; backticks quote a name.',
            hypothesis=hypothesis,
        )

    @classmethod
    def unknown(
        cls, hypothesis: str, name: str, names: Sequence[str], terms: Sequence[str]
    ) -> HypothesisError:
        """Return the error for a name that is neither a coefficient nor a term."""
        close = nearest(name, [*names, *terms])
        guess = f" Did you mean {' or '.join(repr(near) for near in close)}?" if close else ""
        return cls(
            f"no coefficient {name!r} in {hypothesis!r}.{guess} "
            f"Coefficients: {shorten(list(names))}.",
            hypothesis=hypothesis,
            name=name,
        )

    @classmethod
    def ambiguous(cls, hypothesis: str, name: str, fits: Sequence[str]) -> HypothesisError:
        """Return the error for a name, not exactly spelled, that several names resemble."""
        return cls(
            f"{name!r} in {hypothesis!r} can mean {' or '.join(repr(fit) for fit in fits)}. "
            "Spell the one you mean exactly as it is listed here.",
            hypothesis=hypothesis,
            name=name,
        )

    @classmethod
    def term_alone(cls, hypothesis: str, term: str, columns: Sequence[str]) -> HypothesisError:
        """Return the error for a term of several columns inside an expression."""
        return cls(
            f"in {hypothesis!r} the term {term!r} has several columns, so it stands alone on its "
            "side of an equals sign. To combine it with anything else, name the column you mean: "
            f"{shorten(columns)}.",
            hypothesis=hypothesis,
            name=term,
        )

    @classmethod
    def empty(cls) -> HypothesisError:
        """Return the error for no restriction at all."""
        return cls('an empty hypothesis tests nothing; write for example "age = 0".')

    @classmethod
    def idle(cls, hypothesis: str = "", numbers: Sequence[str] = ()) -> HypothesisError:
        """Return the error for a restriction without a coefficient.

        ``numbers`` are names, in backticks, that the text can have meant by a number.
        """
        hint = (
            f" A name that begins with a number needs backticks: {numbers[0]}." if numbers else ""
        )
        return cls(
            f"in {repr(hypothesis) if hypothesis else 'the matrix'} a restriction holds no "
            f"coefficient: it is true or false whatever the data say.{hint}",
            hypothesis=hypothesis,
        )

    @classmethod
    def kind(cls, found: str, count: int) -> HypothesisError:
        """Return the error for something that is neither text nor numbers."""
        return cls(
            f"a hypothesis is text, a list of texts, a matrix with {count} columns, or a "
            f"tuple of a matrix and its values; {found} could not be read."
        )

    @classmethod
    def shape(cls, found: tuple[int, ...], names: Sequence[str]) -> HypothesisError:
        """Return the error for a matrix with another number of columns than coefficients."""
        return cls(
            f"a hypothesis matrix needs {len(names)} columns, one for each coefficient "
            f"({shorten(names)}); this one has shape {found}."
        )

    @classmethod
    def not_finite(cls) -> HypothesisError:
        """Return the error for a matrix or values with NaN or infinity."""
        return cls("a hypothesis matrix and its values must be finite.")

    @classmethod
    def not_estimable(cls, name: str) -> HypothesisError:
        """Return the error for a restriction of what cannot be estimated."""
        return cls(
            f"{name!r} cannot be estimated from these data, so nothing can be tested about it. "
            "Leave it out of the hypothesis.",
            name=name,
        )

    @classmethod
    def dependent(cls, count: int) -> HypothesisError:
        """Return the error for restrictions that are not independent."""
        return cls(
            f"the {count} restrictions are not independent of each other: leave out those that "
            "follow from, or contradict, the rest."
        )


class PredictionError(LogitInferenceError, ValueError):
    """New rows lack something that the fit needs."""


class ModelFileError(LogitInferenceError, ValueError):
    """A saved model cannot be written or read."""


class DetachedError(LogitInferenceError, RuntimeError):
    """The answer needs the data, which this result no longer holds."""

    def __init__(self, what: str):
        super().__init__(
            f"{what} needs the rows of the fit, and this result was made without them "
            "(without_data() or load()). Ask the original result, or predict on new data."
        )


class TableError(LogitInferenceError, ValueError):
    """The columns of a table do not fit together."""

    def __init__(self, where: str, found: str, instead: str):
        self.where, self.found, self.instead = where, found, instead
        super().__init__(f"{where}: {found}. {instead}")


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


class SchemaError(LogitInferenceError, ValueError):
    """A table, a column or a level is not what a design needs."""

    @classmethod
    def source(cls, found: str, hint: str = "") -> SchemaError:
        """Return the error for data that are no table."""
        return cls(
            f"data is {found}. Give a pandas or polars DataFrame, a pyarrow Table, or a dict of "
            f"equally long columns.{' ' + hint if hint else ''}"
        )

    @classmethod
    def kind(cls, column: str, found: str) -> SchemaError:
        """Return the error for a column whose values no design can use."""
        return cls(
            f"column {column!r} holds {found}. A formula can use numbers, booleans, text and "
            "categories: convert it first (a date to days since the start, say)."
        )

    @classmethod
    def duplicate(cls, column: str, count: int) -> SchemaError:
        """Return the error for a name that several columns bear."""
        return cls(
            f"{count} columns are named {column!r}, so the name does not say which one is meant. "
            "Rename or drop all but one."
        )

    @classmethod
    def length(cls, name: str, found: int, wanted: int, of_what: str) -> SchemaError:
        """Return the error for values that do not have one entry per row."""
        return cls(f"{name} has {found} values and {of_what} has {wanted} rows: they must match.")

    @classmethod
    def index(cls, name: str) -> SchemaError:
        """Return the error for a Series whose index is not the table's."""
        return cls(
            f"{name} is a Series whose index differs from the table's. It would be read by "
            f"position: pass {name}.to_numpy() if that is meant, or align it first "
            f"({name}.reindex(data.index))."
        )

    @classmethod
    def scalar(cls, name: str, value: object) -> SchemaError:
        """Return the error for one value where every row needs its own."""
        return cls(
            f"{name}={value!r} is a single value: {name} needs one value for each row, or the name "
            f"of a column. For the same value in every row give an array of it, np.full(n, {value})"
            ", or leave the argument out where it would change nothing."
        )

    @classmethod
    def name_taken(cls, name: str, what: str = "columns") -> SchemaError:
        """Return the error for two columns, terms or factors of the design with one name."""
        return cls(
            f"two {what} of the design would be called {name!r}, and no table could tell them "
            "apart. Rename that column of the data (the constant is called 'Intercept')."
        )

    @classmethod
    def missing_column(cls, name: str, columns: Sequence[str]) -> SchemaError:
        """Return the error for new data without a column that the design uses."""
        return cls(f"the new data have no column {name!r}.{did_you_mean(name, columns, 'Columns')}")

    @classmethod
    def kind_changed(cls, column: str, fitted: str, found: str) -> SchemaError:
        """Return the error for new data of another kind than those of the fit."""
        return cls(f"column {column!r} was {fitted} when the model was fitted and is now {found}.")

    @classmethod
    def one_level(cls, factor: str, level: object, n_rows: int) -> SchemaError:
        """Return the error for a factor that does not vary."""
        return cls(
            f"{factor} has only the level {level!r} in the {n_rows} rows used, so it has no "
            "contrast to estimate. Leave it out of the formula, or check which rows were dropped."
        )

    @classmethod
    def unseen_level(
        cls,
        factor: str,
        level: object,
        label: object,
        count: int,
        levels: Sequence[object],
        declared: bool,
    ) -> SchemaError:
        """Return the error for a level that the fit knows nothing about."""
        why = (
            "which was declared but had no row in the fit, so it has no coefficient"
            if declared
            else "which the fit has not seen"
        )
        times = "" if count == 1 else f" ({count} rows)"
        return cls(
            f"column {factor!r} has level {level!r}, {why}. First at row {label!r}{times}. "
            f"Levels of the fit: {shorten([repr(known) for known in levels])}."
        )

    @classmethod
    def no_level(cls, where: str, level: object, levels: Sequence[object]) -> SchemaError:
        """Return the error for a level named in a formula that the data do not have."""
        near = nearest(str(level), [str(known) for known in levels])
        guess = f" Did you mean {near[0]!r}?" if near and near[0] != str(level) else ""
        return cls(
            f"{where} has no level {level!r}.{guess} "
            f"Levels: {shorten([repr(known) for known in levels])}."
        )

    @classmethod
    def levels_given(cls, factor: str, extra: Sequence[object], label: object) -> SchemaError:
        """Return the error for values outside the ``levels=`` of C()."""
        return cls(
            f"{factor}: levels= leaves out {shorten([repr(level) for level in extra])}, which the "
            f"data have (first at row {label!r}). List every level, or drop these rows first."
        )

    @classmethod
    def infinite(cls, column: str, value: float, label: object, count: int) -> SchemaError:
        """Return the error for an infinite value."""
        noun = "value is" if count == 1 else "values are"
        return cls(
            f"column {column!r}: {count} {noun} infinite; the first, {value}, is at row {label!r}. "
            "No coefficient can multiply infinity: correct these rows, or mark them as missing."
        )

    @classmethod
    def not_mergeable(cls, column: str, complaint: str) -> SchemaError:
        """Return the error for two parts of a table that describe a column differently."""
        return cls(f"column {column!r}: {complaint}")

    @classmethod
    def numeric_wanted(cls, role: str, expression: str, found: str) -> SchemaError:
        """Return the error for a weight, offset or count that is not a number."""
        return cls(f"{role} {expression!r} is {found}; {role} must be numeric.")

    @classmethod
    def no_rows(cls, n_read: int, worst: Sequence[str]) -> SchemaError:
        """Return the error for data of which nothing is left."""
        if not n_read:
            return cls("the data have no rows.")
        return cls(
            f"none of the {n_read} rows is complete: every one has a missing value in "
            f"{shorten(list(worst))}. Leave out the variable that is missing most often."
        )


class MissingError(LogitInferenceError, ValueError):
    """Values are missing and ``missing="raise"`` was asked for.

    Attributes
    ----------
    counts : dict of str to int
        Missing values of each variable.
    """

    def __init__(self, counts: dict[str, int], n_rows: int, label: object):
        self.counts, self.n_rows = dict(counts), n_rows
        each = shorten([f"{name} ({count})" for name, count in counts.items()])
        super().__init__(
            f"{n_rows} rows have missing values: {each}. The first is row {label!r}. "
            'Write missing="drop" to leave them out, or impute them first.'
        )


class OutcomeError(LogitInferenceError, ValueError):
    """The outcome does not say which value is the event.

    Attributes
    ----------
    found : str
        The values found, with their counts.
    """

    def __init__(self, variable: str, found: str, instead: str):
        self.variable, self.found = variable, found
        super().__init__(f"outcome {variable}: {found}. {instead}")


class ExtrapolationWarning(LogitInferenceWarning):
    """A spline was evaluated outside the range it was built on."""

    def __init__(self, variable: str, low: float, high: float, count: int):
        self.variable, self.low, self.high, self.count = variable, low, high, count
        noun = "value lies" if count == 1 else "values lie"
        super().__init__(
            f"bs({variable}): {count} {noun} outside the boundary knots {low:g} and {high:g}; the "
            "cubic pieces at the ends were extended, and they leave the data's range steeply. "
            "ns() extends in straight lines."
        )


class FileError(LogitInferenceError, ValueError):
    """A file of the command line holds no table that can be used.

    Attributes
    ----------
    path : str
        As it was typed.
    """

    def __init__(self, path: str, complaint: str):
        self.path = path
        super().__init__(f"{'standard input' if path == '-' else path}: {complaint}")

    @classmethod
    def no_table(cls, path: str, separator: str, cause: object) -> FileError:
        """Return the error for text that does not split into rows of equal length."""
        return cls(
            path,
            f"this is no table with columns separated by {separator!r} ({cause}). Give the "
            "separator with --separator, and save the file as UTF-8 text with a line of names.",
        )

    @classmethod
    def other_separator(cls, path: str, separator: str, header: str, found: str) -> FileError:
        """Return the error for a header that is one column, because it is separated otherwise."""
        shown = header if len(header) <= 40 else f"{header[:40]}…"
        return cls(
            path,
            f"read with separator {separator!r} there is one column only, {shown!r}. "
            f"Write --separator {'tab' if found == chr(9) else repr(found)}.",
        )

    @classmethod
    def no_parquet(cls, path: str) -> FileError:
        """Return the error for a Parquet file where nothing can read it."""
        return cls(
            path,
            "Parquet files need pyarrow, which is not installed. "
            'Run: pip install "logit-inference[parquet]"',
        )

    @classmethod
    def repeated_name(cls, path: str, name: str, places: Sequence[int]) -> FileError:
        """Return the error for a header with one name twice."""
        return cls(
            path,
            f"the columns {' and '.join(str(place) for place in places)} are all called {name!r} "
            "in the first line, so the name does not say which one is meant. Rename or drop all "
            "but one.",
        )

    @classmethod
    def name_taken(cls, path: str, names: Sequence[str]) -> FileError:
        """Return the error for columns that bear the names of what is to be added."""
        return cls(
            path,
            f"the table has columns named {shorten(list(names))} already, and the predictions "
            "would stand beside them under the same names. Rename them first.",
        )
