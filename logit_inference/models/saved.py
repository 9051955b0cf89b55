"""A result in a file: JSON, versioned, without the data and without code.

The file holds the records that predict and print, each by its name and its fields; whoever opens
it can read it. Only the records listed here are ever made from a file, and nothing in it is
executed but a formula, which is checked as if the caller had typed it.

Floats are written by their shortest exact text, so that they come back to the last bit. What JSON
has no word for is an object with one key that begins with ``$``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.covariance.covariance import Covariance
from logit_inference.covariance.satterthwaite import Satterthwaite
from logit_inference.diagnostics.account import Account
from logit_inference.diagnostics.separation import Separation
from logit_inference.errors import ModelFileError
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.hauck_donner import WaldSlopes
from logit_inference.inference.limits import Limits
from logit_inference.inference.wald import Coefficients
from logit_inference.likelihood.estimator import Estimator
from logit_inference.likelihood.evaluation import Tally
from logit_inference.rows.basis import Basis
from logit_inference.rows.centring import Centring
from logit_inference.solve.certificate import Certificate
from logit_inference.solve.rank import Relation
from logit_inference.solve.recession import Recession

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult

FORMAT = "logit_inference result"
VERSION = 2


def save(result: LogitResult, path: str | Path, strata: str | None = None) -> None:
    """Write a result without its rows; ``strata`` is what told the sets of a conditional fit.

    Raises
    ------
    ModelFileError
        Where the formula uses a function given by ``context=``, which a file cannot hold.
    """
    bare = result.without_data()
    content = {
        "format": FORMAT,
        "version": VERSION,
        "level": result.level,
        "account": to_plain(result.account),
        "estimate": to_plain(result.estimate),
        "profile": to_plain(bare.profiled),
        "slopes": to_plain(bare.wald_slopes),
        "design": to_plain(result.design),
        "separation": to_plain(replace(result.separation, rows=None)),
        "limits": to_plain(result.limits),
        "certificate": to_plain(result.certificate),
    }
    if strata is not None:
        content["strata"] = strata
    text = json.dumps(content, allow_nan=False, ensure_ascii=False, indent=1)
    Path(path).write_text(text + "\n", encoding="utf-8")


def load(path: str | Path) -> Any:
    """Return the result that its ``save`` wrote; it predicts and prints, and has no rows.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    LogitResult, MultinomialResult or ConditionalResult
        Whichever was saved.

    Raises
    ------
    ModelFileError
        Where the file is not such a file, or of a version that this release does not read.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import logit_inference as li
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "low.json"
    >>> fit = li.logit("low ~ smoke", li.datasets.load("birthwt"))
    >>> fit.save(path)
    >>> bool((li.load(path).params == fit.params).all())
    True
    """
    from logit_inference.models.matched import ConditionalResult
    from logit_inference.models.multinomial_saved import read_result
    from logit_inference.models.result import LogitResult

    content = _read(Path(path))
    try:
        if content.get("model") == "multinomial logit":
            return read_result(content)
        account, estimate = from_plain(content["account"]), from_plain(content["estimate"])
        design = from_plain(content["design"])
        _check_shapes(estimate, design)
        result = LogitResult(
            account,
            estimate,
            float(content["level"]),
            design,
            None,
            None,
            profiled=from_plain(content["profile"]),
            wald_slopes=from_plain(content.get("slopes")),
            examined=from_plain(content["separation"]),
            limits=from_plain(content["limits"]),
            proof=from_plain(content["certificate"]),
        )
        str(result)  # what cannot be printed now would fail later, with a stranger message
        strata = content.get("strata")
        return result if strata is None else ConditionalResult(result, str(strata))
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ModelFileError(
            f"{path} is a {FORMAT} of version {VERSION}, but it is damaged "
            f"({type(problem).__name__}: {problem}). Save the result again."
        ) from problem


def _check_shapes(estimate: Any, design: Any) -> None:
    """Raise a ValueError where parts of a file do not fit each other."""
    p, q = len(estimate.names), len(estimate.covariance.basis.kept)
    matrix = estimate.covariance.basis.matrix
    for what, found, wanted in (
        ("columns of the design", tuple(design.columns), tuple(estimate.names)),
        ("columns of the basis", estimate.covariance.basis.n_columns, p),
        ("coefficients", estimate.inner.shape, (q,)),
        ("rows of the covariance", estimate.covariance.root.shape[0], q),
        ("size of the basis", (q, q) if matrix is None else matrix.shape, (q, q)),
        (
            "relations",
            sorted(estimate.relations),
            sorted(set(range(p)) - set(estimate.covariance.basis.kept)),
        ),
    ):
        if found != wanted:
            raise ValueError(f"{what}: {found} instead of {wanted}")
    factors = {factor.expr for term in getattr(design, "terms", ()) for factor in term.factors}
    if factors != set(getattr(design, "codings", ())):
        raise ValueError("the terms of the formula and their codings differ")


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as problem:
        raise ModelFileError(f"{path} is not a {FORMAT}: it is not JSON text.") from problem
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ModelFileError(f"{path} is not a {FORMAT}; write one with result.save(path).")
    if content.get("version") != VERSION:
        raise ModelFileError(
            f"{path} has version {content.get('version')!r}, and this release of logit_inference "
            f"reads version {VERSION}. Use the release that wrote it, or save it again."
        )
    return content


# --- records as plain values ----------------------------------------------------------------------


def to_plain(value: Any, name: str = "the value") -> Any:
    """Return a record, or what records hold, as values that JSON has words for.

    Parameters
    ----------
    value : record, number, text, array, or tuple, list or mapping of them
    name : str
        What it is called, for the message.

    Raises
    ------
    ModelFileError
        For anything else, a function for example.

    Examples
    --------
    >>> to_plain({"knots": (1.5, float("inf"))})
    {'knots': [1.5, {'$float': 'inf'}]}
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": str(value)}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufU":
        items = [to_plain(item) for item in value.ravel().tolist()]
        return {"$array": items, "shape": list(value.shape), "dtype": value.dtype.str}
    if isinstance(value, tuple):
        return [to_plain(part, name) for part in value]
    if isinstance(value, (list, range)):
        return {"$list": [to_plain(part, name) for part in value]}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: to_plain(part, key) for key, part in value.items()}
        return {"$pairs": [[to_plain(key), to_plain(part, key)] for key, part in value.items()]}
    if is_dataclass(value) and type(value).__name__ in _records():
        own = {field.name: getattr(value, field.name) for field in fields(value)}
        plain = {key: to_plain(part, key) for key, part in own.items()}
        return {"$record": type(value).__name__, **plain}
    raise ModelFileError(
        f"{name!r} is a {type(value).__name__}, which cannot be saved: a file holds numbers, text "
        "and lists of them, no functions. If it was given by context=, compute that column in "
        "the table before the fit."
    )


def from_plain(value: Any) -> Any:
    """Return what `to_plain` was given."""
    if isinstance(value, list):
        return tuple(from_plain(part) for part in value)
    if not isinstance(value, dict):
        return value
    if "$float" in value:
        return float(value["$float"])
    if "$array" in value:
        items = np.array([from_plain(item) for item in value["$array"]], dtype=value["dtype"])
        return items.reshape(value["shape"])
    if "$list" in value:
        return [from_plain(part) for part in value["$list"]]
    if "$pairs" in value:
        return {from_plain(key): from_plain(part) for key, part in value["$pairs"]}
    if "$record" in value:
        own = {key: from_plain(part) for key, part in value.items() if key != "$record"}
        return _records()[value["$record"]](**own)
    return {key: from_plain(part) for key, part in value.items()}


def _records() -> Mapping[str, Any]:
    from logit_inference.design.arrays import ArrayDesign
    from logit_inference.design.coding import Coding
    from logit_inference.design.columns import TermColumns
    from logit_inference.design.design import Design
    from logit_inference.design.formula import Factor, Formula, Term
    from logit_inference.design.outcome import Event
    from logit_inference.design.schema import Schema, Variable

    known = (
        *(
            Account,
            Tally,
            Estimator,
            Estimate,
            Covariance,
            Satterthwaite,
            Basis,
            Centring,
            Relation,
        ),
        *(Coefficients, Separation, Limits, Recession, Certificate, WaldSlopes),
        *(ArrayDesign, Design, Formula, Factor, Term, TermColumns, Coding, Schema, Variable, Event),
    )
    return {record.__name__: record for record in known}
