"""A design without a formula: the columns of an array are the columns of the model.

`read_arrays` checks what was given and brings it into the same records as `build_design` does for
a formula, so that whatever comes after need not know which of the two was typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.classes import class_arrays
from logit_inference.design.design import Encoded, NewRows
from logit_inference.design.frame import Frame, as_frame
from logit_inference.design.outcome import Event, outcome_arrays
from logit_inference.errors import (
    ArgumentError,
    ClusterError,
    DataError,
    PredictionError,
    SchemaError,
    WeightsError,
    plain,
    shorten,
)
from logit_inference.records import made_fast
from logit_inference.rows.block import Block, Floats, check_finite, check_weights
from logit_inference.rows.survey import survey


@made_fast
@dataclass(frozen=True, slots=True)
class ArrayDesign:
    """Names of the columns of an array, and what a prediction from another one needs.

    Parameters
    ----------
    columns : tuple of p str
        The added intercept first, if there is one.
    event : Event
        What the fitted probability is the probability of.
    constant : int or None
        The column of ones.
    adds_intercept : bool
        Whether that column is not in the array, and comes before those that are.
    offset_is_array : bool
        Whether the fit had an offset, so that new rows need one as well.
    """

    columns: tuple[str, ...]
    event: Event
    constant: int | None
    adds_intercept: bool
    offset_is_array: bool

    @property
    def term_columns(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Every column is a term of its own."""
        return tuple([(name, (column,)) for column, name in enumerate(self.columns)])

    @property
    def spans_constant(self) -> bool:
        """Whether a column of ones is known to be a combination of the columns."""
        return self.constant is not None

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns that a table of new rows needs."""
        return self.columns[self.adds_intercept :]

    @property
    def text_variables(self) -> tuple[str, ...]:
        """None: an array holds numbers."""
        return ()

    @property
    def unused_levels(self) -> Mapping[str, tuple[Any, ...]]:
        """An array has no levels."""
        return {}

    def encode(self, newdata: Any, offset: Any = None) -> NewRows:
        """Return new rows in the columns of the fit.

        Parameters
        ----------
        newdata : (m, p) array-like, or table with the columns of the fit
            With or without the column of an added intercept; NaN gives a missing prediction.
        offset : (m,) array-like
            Needed where the fit had one.

        Raises
        ------
        PredictionError, DataError
        """
        given = self.variables
        X, labels, _ = _matrix(newdata, "the array of new rows", given)
        X = X.astype(np.float64, copy=False)
        if self.adds_intercept and X.shape[1] == len(given):
            X = np.column_stack([np.ones(len(X)), X])
        if X.shape[1] != len(self.columns):
            wanted = f"a row needs {len(given)} columns ({', '.join(given)})"
            raise DataError.shape("the array of new rows", X.shape, wanted)
        for column, name in enumerate(self.columns):
            check_finite(
                np.nan_to_num(X[:, column], nan=0.0, posinf=np.inf, neginf=-np.inf), name, labels
            )
        if offset is None and self.offset_is_array:
            raise PredictionError(
                "the fit had an offset: pass offset= with a value for each new row."
            )
        known = _aligned("offset", offset, len(X))
        return NewRows(X, known, labels)


def read_arrays(
    y: Any,
    X: Any,
    *,
    names: Sequence[str] | None = None,
    intercept: bool = False,
    event: Any = None,
    trials: Any = None,
    weights: Any = None,
    weights_kind: str | None = None,
    offset: Any = None,
    groups: Any = None,
    one_value: bool = False,
    classes: bool = False,
) -> tuple[ArrayDesign, Encoded]:
    """Return the design of an array and its rows.

    Parameters
    ----------
    y, X, names, intercept, event, trials, weights, weights_kind, offset
        As in `logit_inference.logit_arrays`.
    groups : (n,) array-like, or mapping of name to array, optional
        Labels of clusters.
    one_value : bool
        Whether the outcome may be the same in all rows, as it may where no column is constant.
    classes : bool
        Whether the outcome has any number of levels, of which ``event`` is then the reference.

    Returns
    -------
    design : ArrayDesign
    encoded : Encoded
        Its block holds X as it was given: no copy, and without an added intercept.

    Raises
    ------
    ClusterError, DataError, OutcomeError, SchemaError, WeightsError, ArgumentError
        Each naming the argument, and the first offending row by its label.
    """
    clusters = _named_groups(groups)
    given = {"y": y, "X": X, "trials": trials, "weights": weights, "offset": offset}
    if clusters:
        one = not isinstance(groups, Mapping)
        given |= {"cluster" if one else f"cluster[{g!r}]": v for g, v in clusters.items()}
    _check_index(given)
    array, labels, found = _matrix(X, "X")
    if not array.shape[1]:
        raise DataError.shape("X", array.shape, "X needs at least one column")
    if getattr(y, "ndim", 1) != 1:
        raise DataError.shape("y", y.shape, "one dimension is needed: a column, or y.ravel()")
    finite, ones = survey(array)
    name = getattr(y, "name", None)
    outcome_name = name if isinstance(name, str) and name else "y"
    one_value = one_value or not (intercept or ones is not None)
    if classes:
        counts, (successes, happened) = None, class_arrays(y, event, outcome_name)
    else:
        successes, counts, happened = outcome_arrays(
            y, event=event, trials=trials, name=outcome_name, one_value=one_value
        )
    n = len(successes)
    if len(array) != n:
        raise DataError.shape("X", array.shape, f"y has {n} values, so X needs {n} rows")
    columns = _column_names(names, found, array.shape[1], ones)
    if not finite:
        for column, text in enumerate(columns):
            check_finite(array[:, column], f"column {text!r}", labels)
    if intercept:
        columns, ones = ("Intercept", *columns), 0
    if len(set(columns)) < len(columns):
        raise ArgumentError("names", columns, "names that differ from each other")
    prior = _aligned("weights", weights, n)
    if prior is not None:
        check_weights(prior, weights_kind, labels)
    elif weights_kind is not None:
        raise WeightsError.kind_without_weights(weights_kind)
    known = _aligned("offset", offset, n)
    if known is not None:
        check_finite(known, "offset", labels)
    codes = {name: _group_codes(name, values, n, labels) for name, values in clusters.items()}
    block = Block(successes, array, counts, prior, known, codes)
    design = ArrayDesign(columns, happened, ones, intercept, known is not None)
    return design, Encoded(block, labels, None, n, n, {})


def _matrix(
    X: Any, what: str, wanted: Sequence[str] | None = None
) -> tuple[NDArray[Any], Sequence[Any], Sequence[str] | None]:
    """Return an array, or the wanted columns of a table (all if None), its row labels and names."""
    if type(X) is not np.ndarray and (hasattr(X, "columns") or isinstance(X, Mapping)):
        frame = as_frame(X)
        names = frame.names if wanted is None else wanted
        missing = [name for name in names if name not in frame.names]
        if missing:
            raise PredictionError(
                f"the new rows lack the columns {shorten(missing)}; they have "
                f"{shorten(frame.names)}."
            )
        if wanted is None and hasattr(X, "to_numpy"):
            whole = X.to_numpy()
            if whole.dtype.kind in "biuf":  # columns of one type: no copy
                return whole, frame.labels, names
        return _stacked(frame, names, what), frame.labels, names
    array = _plain_array(what, X)
    if array.ndim != 2:
        hint = "two dimensions are needed" + (": write x[:, None]" if array.ndim == 1 else "")
        raise DataError.shape(what, array.shape, hint)
    return array, range(len(array)), None


def _stacked(frame: Frame, names: Sequence[str], what: str) -> Floats:
    stacked = np.empty((frame.n_rows, len(names)))
    for place, name in enumerate(names):
        column = frame.column(name)
        if column.kind not in ("numeric", "boolean"):
            raise SchemaError.numeric_wanted(what, f"column {name!r}", column.kind)
        stacked[:, place] = column.numbers()
        if column.missing is not None:
            stacked[column.missing, place] = np.nan
    return stacked


def _check_index(arguments: Mapping[str, Any]) -> None:
    """Raise where pandas objects are labelled differently: by position they would not match."""
    first = None
    for name, values in arguments.items():
        if values is None or type(values) is np.ndarray:
            continue
        if type(values).__module__.partition(".")[0] != "pandas" or not hasattr(values, "index"):
            continue
        if first is None:
            first = values.index
        elif len(values.index) == len(first) and not values.index.equals(first):
            raise SchemaError.index(name)


def _named_groups(groups: Any) -> Mapping[str, Any]:
    """Return the labels of each cluster variable by its name."""
    if groups is None:
        return {}
    if isinstance(groups, str):
        raise ArgumentError.refused(
            "cluster", groups, "arrays have no columns to name", "one label for each row"
        )
    if isinstance(groups, Mapping):
        return {str(name): values for name, values in groups.items()}
    return {str(getattr(groups, "name", None) or "clusters"): groups}


def _group_codes(name: str, values: Any, n: int, rows: Sequence[Any]) -> NDArray[np.int64]:
    if np.shape(values) != (n,):
        raise ClusterError.shape(name, np.shape(values), n, n)
    return dense_codes(name, values, rows, "clusters", droppable=False)


def dense_codes(
    name: str,
    values: Any,
    rows: Sequence[Any],
    noun: str,
    *,
    droppable: bool,
    function: str = "logit",
) -> NDArray[np.int64]:
    """Return codes without gaps of labels, one for each row, in the order they occur.

    Parameters
    ----------
    name : str
        Of the variable.
    values : (n,) array-like
    rows : sequence of length n
        What rows are called.
    noun : {"clusters", "strata"}
    droppable : bool
        Whether a fit can be asked to drop rows without a label.
    function : str
        That fits, and can be asked.

    Raises
    ------
    ClusterError
        Where a label is missing.
    SchemaError
        Where labels cannot be compared.
    """
    import pandas as pd

    labels = pd.Series(values).reset_index(drop=True)
    try:
        codes, _ = pd.factorize(labels)
    except TypeError:
        kinds = sorted({type(value).__name__ for value in labels.dropna()})
        raise SchemaError.no_label(name, kinds) from None
    if (codes < 0).any():
        first = plain(rows[int(np.argmax(codes < 0))])
        count = int((codes < 0).sum())
        raise ClusterError.missing(name, count, first, noun, droppable=droppable, function=function)
    dense: NDArray[np.int64] = codes.astype(np.int64)
    return dense


def _column_names(
    names: Sequence[str] | None, found: Sequence[str] | None, p: int, ones: int | None
) -> tuple[str, ...]:
    names = found if names is None else names
    if names is None:
        unnamed = [f"x{j}" for j in range(1, p + 1)]
        if ones is not None:
            unnamed[ones:] = ["const", *unnamed[ones:-1]]
        return tuple(unnamed)
    if len(names) != p:
        raise ArgumentError("names", names, f"one name for each of the {p} columns")
    return tuple(str(name) for name in names)


def _aligned(argument: str, values: Any, n: int) -> Floats | None:
    if values is None:
        return None
    array = _plain_array(argument, values)
    if array.shape != (n,):
        raise DataError.shape(argument, array.shape, f"one value for each of the {n} rows")
    return np.ascontiguousarray(array, np.float64)


def _plain_array(what: str, values: Any) -> NDArray[Any]:
    """Return an array of real numbers; what is masked is missing."""
    array: NDArray[Any] = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise DataError.type(what, array.dtype)
    if type(values) is np.ndarray or not np.ma.isMaskedArray(values):
        return array
    mask = np.ma.getmaskarray(values)
    return np.where(mask, np.nan, array) if mask.any() else array
