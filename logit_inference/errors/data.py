"""What can be wrong with data: files, tables, columns, outcomes, weights."""

from __future__ import annotations

from collections.abc import Sequence

from logit_inference.errors.base import LogitInferenceError, LogitInferenceWarning
from logit_inference.errors.wording import did_you_mean, nearest, shorten


class DatasetError(LogitInferenceError, ValueError):
    """A data set of that name is not shipped."""

    def __init__(self, name: str, known: Sequence[str]):
        self.name, self.known = name, tuple(known)
        super().__init__(f"no data set {name!r}.{did_you_mean(name, known, 'Data sets')}")


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
    def no_label(cls, column: str, kinds: Sequence[str]) -> SchemaError:
        """Return the error for values that cannot be told to be equal or not."""
        return cls(
            f"column {column!r} holds values of type {' and '.join(kinds)}, which cannot say "
            "which rows belong together: they have no hash. Numbers, text, dates, tuples or any "
            "other hashable values can (a tuple in place of a list, say)."
        )

    @classmethod
    def single(cls, column: str, value: object) -> SchemaError:
        """Return the error for a column of a dict that is one value."""
        return cls(
            f"column {column!r} holds the single value {value!r}, and a column has one for each "
            f"row: write {{{column!r}: [{value!r}], …}} for a table of one row."
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
    def missing_column(cls, name: str, columns: Sequence[str], *, new: bool = True) -> SchemaError:
        """Return the error for a table without a column: new data, or the table of the design."""
        where = "the new data have" if new else "the table has"
        return cls(f"{where} no column {name!r}.{did_you_mean(name, columns, 'Columns')}")

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
    def contrasts_not_finite(cls, factor: str, n_levels: int) -> SchemaError:
        """Return the error for contrasts that are no numbers."""
        return cls(
            f"{factor}: the contrasts of its {n_levels} levels are not finite numbers. Give each "
            "level a finite weight in each contrast; scores of contr.poly must all be different."
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
    instead : str
        What to do.
    """

    BOTH_MUST_OCCUR = (
        "Both the event and its absence must occur for a model with an intercept to have a finite "
        'maximum likelihood estimate. Firth\'s is finite all the same: estimator="firth".'
    )
    IN_SETS = (
        "Sets whose rows all have the same outcome say nothing: cases and others must both occur, "
        "and in one set. Are the cases, or the rows matched to them, in another table?"
    )

    def __init__(self, variable: str, found: str, instead: str):
        self.variable, self.found, self.instead = variable, found, instead
        super().__init__(f"outcome {variable}: {found}. {instead}")


class DataError(LogitInferenceError, ValueError):
    """The data hold something that no fit can use."""

    @classmethod
    def no_weight(cls, level: str) -> DataError:
        """Return the error for a class of which no row counts."""
        return cls(
            f"no row of outcome level {level} has a positive weight, so that nothing can "
            "be estimated of it. Leave these rows out, or check the weights."
        )

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
    def other_table(cls, why: str) -> DataError:
        """Return the error for a table beside which the rows of a fit cannot stand."""
        return cls(f"augment(data) needs the table that was fitted: {why}.")

    @classmethod
    def leverage_one(cls, kind: str) -> DataError:
        """Return the error for a row that decides its own fitted value."""
        return cls(
            "a row has leverage one: the model fits it whatever its outcome is, and "
            f"{kind} divides by one minus the leverage. Use HC0 or HC1, or leave out the column "
            "that only this row has."
        )

    @classmethod
    def no_residuals(cls, kind: str, n: float, k: int) -> DataError:
        """Return the error for a sandwich of a model that fits each observation exactly."""
        return cls(
            f"the model has {k} coefficients for {n:g} observations: it fits each exactly, and "
            f"{kind} is made of residuals, of which none are left. The model's own covariance, "
            'covariance="model", is made of the trials behind each; or fit rows that are not '
            "gathered into groups."
        )

    @classmethod
    def no_factor(cls, kind: str, n: float, k: int) -> DataError:
        """Return the error for a factor that divides by nothing."""
        return cls(
            f"the factor of {kind} divides by observations less coefficients, and there are {k} "
            f"coefficients for {n:g} observations. HC0, and CR0 and CR1 of clusters, divide by no "
            "such number."
        )

    @classmethod
    def one_cluster(cls, name: str) -> DataError:
        """Return the error for clusters of which there is one."""
        of_what = "" if name == "clusters" else f" of {name!r}"  # what an array is called
        return cls(
            f"all rows are in one cluster{of_what}: nothing varies between clusters. Give a "
            "variable with many values, one for each group of rows that may be correlated."
        )

    @classmethod
    def no_informative_set(cls, strata: str, n_sets: int) -> DataError:
        """Return the error for sets of which each has one outcome only."""
        return cls(
            f"none of the {n_sets:,} sets of {strata!r} has both a case and another row: given "
            "their numbers of cases, nothing is left to explain. Are these the matched sets?"
        )

    @classmethod
    def no_leave_out(cls, n_clusters: int, found: int) -> DataError:
        """Return the error for a jackknife none of whose leave-outs has an estimate."""
        return cls(
            f"of {n_clusters} fits that leave out one cluster, {found} have an estimate: the "
            "others are separated, or lack a column that only the cluster left out has. There is "
            'nothing to take a variance of. Use type="CR1" or type="CR2", or leave that column '
            "out."
        )

    @classmethod
    def one_outcome(cls, events: bool, trials: float) -> DataError:
        """Return the error for rows that all have the same outcome."""
        what = "events" if events else "non-events"
        return cls(
            f"the rows with positive weight hold only {what} ({trials:g} in sum): what is "
            "maximised has its maximum at infinity. Both outcomes must occur among rows that "
            "count, or a penalty must hold every coefficient, the intercept included: "
            'estimator="firth", without a correction of its intercept.'
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
    def kind_unknown(cls, kind: object, *, sampling: bool = True) -> WeightsError:
        """Return the error for weights whose kind is missing or unknown.

        ``sampling`` says whether the model takes sampling weights.
        """
        drawn = (
            ' or "sampling" (each row was drawn with its own chance: robust standard errors, no '
            "likelihood)"
        ) * sampling
        found = "weights= needs weights_kind=" if kind is None else f"weights_kind={kind!r} unknown"
        return cls(
            f'{found}: write weights_kind="frequency" (each row stands for w identical rows) or '
            f'"precision" (variance weights; n stays the number of rows){drawn}. They give the '
            "same coefficients but other counts, covariances and degrees of freedom."
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
    def replicate(cls, weight: float, replicate: int, label: object) -> WeightsError:
        """Return the error for a weight of one of many weightings that is out of range."""
        complaint = "is negative" if weight < 0 else "is not finite"
        return cls(
            f"in W the weight {weight:g} of replicate {replicate} (counted from 0), row {label!r}, "
            f"{complaint}. Weights are finite and not negative; 0 leaves a row out of a replicate."
        )

    @classmethod
    def all_zero(cls) -> WeightsError:
        """Return the error for weights that leave no row."""
        return cls("all weights are zero: no row is left to fit.")


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
