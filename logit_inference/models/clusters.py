"""Which clusters or strata are meant: names, columns and arrays read as codes of the rows used.

Arrays are read by position, so that a Series that is labelled otherwise than the table is refused.
What is made of the codes, this file does not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.design.arrays import dense_codes
from logit_inference.design.frame import as_frame
from logit_inference.errors import ClusterError, SchemaError, plain
from logit_inference.rows.sets import SETS
from logit_inference.rows.variant import row_groups

if TYPE_CHECKING:
    from logit_inference.covariance.sandwich import Codes
    from logit_inference.models.result import LogitResult


def read_clusters(result: LogitResult, by: Any, argument: str = "by") -> dict[str, Codes]:
    """Return codes of the rows used for each dimension.

    Parameters
    ----------
    result : LogitResult
        With its rows.
    by : None, str, sequence of str, array, or mapping of name to array
        None stands for what ``cluster=`` gave when the model was fitted, a name for one of these
        or for a column of the fit's table. Arrays, and lists of labels, have a value for each row
        used, or for each row of the table.
    argument : {"by", "strata"}
        What it was given as.

    Raises
    ------
    ClusterError
        For names that the fit does not know, and arrays of another length or with missing values.
    SchemaError
        For a Series whose index is not the table's.
    """
    assert result.fit is not None, "a result without rows has no clusters"
    known = row_groups(result.fit.source)
    if by is None:
        if not known:
            raise ClusterError.nothing(_function(result))
        return dict(known)
    return {
        name: _named(result, name, known, argument)
        if values is None
        else _codes(result, name, values, argument)
        for name, values in _meant(result, by).items()
    }


def check_whole_sets(result: LogitResult, by: Any, strata: str) -> None:
    """Raise a ClusterError where rows of a matched set are in several clusters.

    Parameters
    ----------
    result : LogitResult
        Of matched sets, with its rows, which stand set by set.
    by : object
        Clusters, as `read_clusters` takes them.
    strata : str
        What told the sets.
    """
    assert result.fit is not None, "a result without rows has no clusters"
    sets = row_groups(result.fit.source)[SETS]
    starts = np.flatnonzero(np.diff(sets, prepend=-1))
    for name, codes in read_clusters(result, by).items():
        other = np.flatnonzero(codes != codes[starts][sets])
        if len(other):
            row = int(other[0])
            first = int(starts[sets[row]])
            (own,) = cluster_names(result, strata, None, (row,))
            found = cluster_names(result, name, by, (first, row))
            count = len(np.unique(sets[other]))
            raise ClusterError.splits_sets(name, strata, own, found, (count, len(starts)))


def cluster_names(
    result: LogitResult, name: str, by: Any, rows: Sequence[int]
) -> tuple[object, ...]:
    """Return what clusters are called, by a row of each; a row's label where nothing else is known.

    Parameters
    ----------
    result : LogitResult
    name : str
        Of the variable.
    by : object
        As it was given: a column of the table, an array, or a mapping of names to arrays.
    rows : sequence of int
        Numbers among the rows used.
    """
    values = None if by is None else _meant(result, by).get(name)
    if values is None:
        frame = None if result.table is None else as_frame(result.table)
        if frame is None or name not in frame.names:
            return tuple(f"that of row {plain(result.labels[row])!r}" for row in rows)
        column = frame.label_column(name)
        values = (
            np.array(column.levels, dtype=object)[column.values] if column.levels else column.values
        )
    values = np.asarray(values)
    places = _places(result, len(values))
    return tuple(plain(values[row if places is None else places[row]]) for row in rows)


def _places(result: LogitResult, count: int) -> Any:
    """Return where each row used stands among values for rows of the table, or for those used.

    None where these are the rows used in the order of the fit. Matched sets are fitted in another
    order than that of the table, in which values are always given.
    """
    positions = result.positions
    if positions is None:
        return None
    if count == result.account.n_rows_read:
        return positions
    if result.account.n_sets is None or count != len(positions):
        return None
    places = np.empty(count, dtype=np.intp)
    places[np.argsort(positions, kind="stable")] = np.arange(count)
    return places


def _meant(result: LogitResult, by: Any) -> Mapping[str, Any]:
    """Return labels of rows by name, None for a name that says where they are.

    A list of texts is one of names, unless it is as long as the rows and names nothing, or says
    a text twice.
    """
    if isinstance(by, str):
        return {by: None}
    if isinstance(by, Mapping):
        return {str(name): values for name, values in by.items()}
    texts = isinstance(by, (list, tuple)) and all(isinstance(name, str) for name in by)
    if texts and by and not _labels_rows(result, by):
        return dict.fromkeys(by)
    return {str(getattr(by, "name", None) or "clusters"): by}


def _labels_rows(result: LogitResult, texts: Sequence[str]) -> bool:
    """Say whether texts are labels of the rows."""
    assert result.fit is not None, "who asks has looked"
    known = {*row_groups(result.fit.source)}
    if result.table is not None:
        known.update(as_frame(result.table).names)
    account = result.account
    as_many = len(texts) in (account.n_rows_read, account.n_rows_used)
    if len(set(texts)) < len(texts):
        if not as_many and known.issuperset(texts):
            raise ClusterError.twice(texts)
        return True
    return as_many and known.isdisjoint(texts)


def _named(result: LogitResult, name: str, known: Mapping[str, Codes], argument: str) -> Codes:
    """Return the clusters that the fit knows under a name, or a column of its table."""
    if name in known:
        return known[name]
    if result.table is None:
        raise ClusterError.unknown(name, list(known), _function(result))
    frame = as_frame(result.table)
    if name not in frame.names:
        raise ClusterError.unknown(name, [*known, *frame.names], _function(result))
    column = frame.label_column(name)
    values = np.array(column.values, dtype=object)
    if column.missing is not None:
        values[column.missing] = None
    return _codes(result, name, values, argument)


def _codes(result: LogitResult, name: str, values: Any, argument: str) -> Codes:
    """Return codes without gaps of an array of labels."""
    import pandas as pd

    account = result.account
    labels = pd.Series(values).reset_index(drop=True) if np.ndim(values) == 1 else None
    places = None if labels is None else _places(result, len(labels))
    if labels is not None and places is not None:
        labels = labels.iloc[places].reset_index(drop=True)
    noun = "strata" if argument == "strata" else "clusters"
    if labels is None or len(labels) != account.n_rows_used:
        shape = np.shape(values)
        raise ClusterError.shape(name, shape, account.n_rows_read, account.n_rows_used, noun)
    _check_index(result, values, argument)
    droppable, function = result.table is not None, _function(result)
    return dense_codes(name, labels, result.labels, noun, droppable=droppable, function=function)


def _function(result: LogitResult) -> str:
    """Return the name of the function that fits such a model with clusters; empty for none."""
    names = {"Multinomial Logit": "multinomial_logit", "Conditional Logit": ""}
    return names.get(result.account.model, "logit")


def _check_index(result: LogitResult, values: Any, argument: str) -> None:
    """Raise for a Series that is labelled otherwise than the rows that it has a value for."""
    if not (type(values).__module__.partition(".")[0] == "pandas" and hasattr(values, "index")):
        return
    whole = result.labels if result.table is None else as_frame(result.table).labels
    labels = whole if len(values) == len(whole) else result.labels
    if result.account.n_sets is not None and labels is result.labels:
        labels = labels[np.argsort(result.positions, kind="stable")]  # as the table has them
    if not isinstance(whole, range) and not values.index.equals(labels):
        raise SchemaError.index(argument)
