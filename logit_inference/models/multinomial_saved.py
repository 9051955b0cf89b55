"""A multinomial result in a file: as `models.saved`, with the records of several levels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logit_inference.inference.equations import identification
from logit_inference.models.saved import FORMAT, VERSION, from_plain, to_plain

if TYPE_CHECKING:
    from logit_inference.models.multinomial_result import MultinomialResult

MODEL = "multinomial logit"


def save(result: MultinomialResult, path: str | Path) -> None:
    """Write a result without its rows.

    Raises
    ------
    ModelFileError
        Where the formula uses a function given by ``context=``, which a file cannot hold.
    """
    bare = result.without_data()
    content = {
        "format": FORMAT,
        "version": VERSION,
        "model": MODEL,
        "level": bare.level,
        "reference": bare.shown.reference,
        "account": to_plain(bare.account),
        "estimate": to_plain(bare.base),
        "basis": to_plain(bare.basis),
        "counts": to_plain(bare.counts),
        "design": to_plain(bare.design),
        "offsets": to_plain(tuple(bare.offsets.items())),
        "separation": to_plain(bare.examined),
        "limits": to_plain(bare.known_limits),
        "certificate": to_plain(bare.proof),
    }
    text = json.dumps(content, allow_nan=False, ensure_ascii=False, indent=1)
    Path(path).write_text(text + "\n", encoding="utf-8")


def read_result(content: Mapping[str, Any]) -> MultinomialResult:
    """Return the result that a file's content holds; it predicts and prints, and has no rows.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError
        Where parts are missing or do not fit each other.
    """
    from logit_inference.models.multinomial_result import MultinomialResult

    design, estimate = from_plain(content["design"]), from_plain(content["estimate"])
    levels = [str(level) for level in design.event.levels]
    base = levels.index(str(design.event.other))
    q, wanted = len(estimate.names), (len(levels) - 1) * len(design.columns)
    if q != wanted:
        raise ValueError(f"coefficients: {q} instead of {wanted}")
    if estimate.covariance.root.shape[0] != len(estimate.inner):
        raise ValueError(f"rows of the covariance: {estimate.covariance.root.shape[0]}")
    result = MultinomialResult(
        from_plain(content["account"]),
        estimate,
        from_plain(content["basis"]),
        identification(levels, base, content["reference"]),
        from_plain(content["counts"]),
        float(content["level"]),
        design,
        None,
        None,
        from_plain(content["separation"]),
        offsets=dict(from_plain(content["offsets"])),
        known_limits=from_plain(content["limits"]),
        proof=from_plain(content["certificate"]),
    )
    str(result)  # what cannot be printed now would fail later, with a stranger message
    return result
