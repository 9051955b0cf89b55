"""A result in a file: JSON, versioned, without the data and without code.

The file holds what predicts and prints; whoever opens it can read it. Floats are written by their
shortest exact text, so that the numbers come back to the last bit; what JSON has no number for
(NaN, infinities) is written as text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.covariance.covariance import Covariance
from logit_inference.diagnostics.account import Account
from logit_inference.errors import ModelFileError
from logit_inference.inference.estimate import Estimate
from logit_inference.likelihood.evaluation import Tally

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult

FORMAT = "logit_inference result"
VERSION = 1


def save(result: LogitResult, path: str | Path) -> None:
    """Write a result without its rows.

    Raises
    ------
    ModelFileError
        Where the formula uses a function given by ``context=``, which a file cannot hold.
    """
    from logit_inference.design.saved import design_to_dict

    covariance = result.estimate.covariance
    content = {
        "format": FORMAT,
        "version": VERSION,
        "level": result.level,
        "account": asdict(result.account),
        "estimate": {
            "names": list(result.estimate.names),
            "coef": result.estimate.coef.tolist(),
            "relations": {
                str(column): relation.tolist()
                for column, relation in result.estimate.relations.items()
            },
        },
        "covariance": {
            "root": covariance.root.tolist(),
            "estimable": covariance.estimable.tolist(),
            "kind": covariance.kind,
            "correction": covariance.correction,
            "n_clusters": covariance.n_clusters,
            "df": covariance.df,
        },
        "design": None if result.design is None else design_to_dict(result.design),
    }
    text = json.dumps(_to_json(content), allow_nan=False, ensure_ascii=False, indent=1)
    Path(path).write_text(text + "\n", encoding="utf-8")


def load(path: str | Path) -> LogitResult:
    """Return the result that `LogitResult.save` wrote; it predicts and prints, and has no rows.

    Parameters
    ----------
    path : str or Path

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
    from logit_inference.design.saved import design_from_dict
    from logit_inference.models.result import LogitResult

    content = _read(Path(path))
    try:
        estimate, covariance = content["estimate"], content["covariance"]
        return LogitResult(
            account=_account(content["account"]),
            estimate=Estimate(
                tuple(estimate["names"]),
                np.array(estimate["coef"], dtype=np.float64),
                Covariance(
                    **{
                        **covariance,
                        "root": np.array(covariance["root"], dtype=np.float64),
                        "estimable": np.array(covariance["estimable"], dtype=bool),
                    }
                ),
                {
                    int(column): np.array(relation, dtype=np.float64)
                    for column, relation in estimate["relations"].items()
                },
            ),
            level=content["level"],
            design=None if content["design"] is None else design_from_dict(content["design"]),
            fit=None,
            labels=None,
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise ModelFileError(
            f"{path} is a {FORMAT} of version {VERSION}, but it is damaged: {problem!r}. "
            "Save the result again."
        ) from problem


def _read(path: Path) -> dict[str, Any]:
    try:
        content = _from_json(json.loads(path.read_text(encoding="utf-8")))
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


def _account(content: Mapping[str, Any]) -> Account:
    values = {field.name: content[field.name] for field in fields(Account)}
    values["tally"] = Tally(**content["tally"])
    values["terms"] = tuple((name, tuple(columns)) for name, columns in content["terms"])
    values["notes"] = tuple(content["notes"])
    return Account(**values)


def _to_json(value: Any) -> Any:
    """Return the value with NaN and infinities as one-key objects, which no JSON number is."""
    if isinstance(value, dict):
        return {key: _to_json(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_json(part) for part in value]
    if isinstance(value, (np.integer, np.floating, np.bool_)):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    return value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"float"}:
            return float(value["float"])
        return {key: _from_json(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_from_json(part) for part in value]
    return value
