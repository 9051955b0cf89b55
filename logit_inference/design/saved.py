"""A design as plain JSON values, and back: levels, knots and polynomials, but no rows.

Numbers come back to the last bit. Nothing in the file is ever executed but a formula, which is
checked as if the caller had typed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from logit_inference.design.coding import Coding
from logit_inference.design.columns import TermColumns
from logit_inference.design.design import Design
from logit_inference.design.formula import Factor, Formula, Term
from logit_inference.design.outcome import Event
from logit_inference.design.schema import Schema, Variable
from logit_inference.errors import ModelFileError


def design_to_dict(design: Design) -> dict[str, Any]:
    """Return a design as values that JSON can hold.

    Raises
    ------
    ModelFileError
        If ``context`` holds a function or another object that is no plain value.

    Examples
    --------
    >>> from logit_inference.design.design import build_design
    >>> design, _ = build_design("y ~ x", {"y": [0, 1, 1], "x": [1.0, 2.0, 4.0]})
    >>> design_from_dict(design_to_dict(design)).columns
    ('Intercept', 'x')
    """
    for name, value in design.context.items():
        if not _is_plain(value):
            raise ModelFileError(
                f"context holds {name!r}, a {type(value).__name__}, which cannot be saved: only "
                "numbers, text and lists of them can. Compute that column in the table before the "
                "fit."
            )
    formula = design.formula
    return {
        "formula": {
            "text": formula.text,
            "response": [_factor_out(factor) for factor in formula.response],
            "response_name": formula.response_name,
            "intercept": formula.intercept,
            "terms": [[_factor_out(factor) for factor in term.factors] for term in formula.terms],
            "offsets": [_factor_out(factor) for factor in formula.offsets],
        },
        "columns": list(design.columns),
        "terms": [
            {
                "name": term.name,
                "start": term.start,
                "stop": term.stop,
                "factors": [_factor_out(factor) for factor in term.factors],
                "parts": [[list(one) for one in part] for part in term.parts],
            }
            for term in design.terms
        ],
        "codings": [
            {
                "expr": coding.expr,
                "kind": coding.kind,
                "labels": list(coding.labels),
                "levels": list(coding.levels),
                "unused": list(coding.unused),
                "matrix": None if coding.matrix is None else coding.matrix.tolist(),
                "scale": coding.scale,
            }
            for coding in design.codings.values()
        ],
        "schema": {
            "n_rows": design.schema.n_rows,
            "variables": [
                {
                    "name": variable.name,
                    "kind": variable.kind,
                    "levels": list(variable.levels),
                    "minimum": variable.minimum,
                    "maximum": variable.maximum,
                    "n_missing": variable.n_missing,
                }
                for variable in design.schema.variables.values()
            ],
        },
        "event": {
            "variable": design.event.variable,
            "event": design.event.event,
            "other": design.event.other,
            "kind": design.event.kind,
        },
        "offset": None if design.offset is None else _factor_out(design.offset),
        "offset_is_array": design.offset_is_array,
        "state": _pack(design.state),
        "context": _pack(dict(design.context)),
    }


def design_from_dict(saved: Mapping[str, Any]) -> Design:
    """Return the design that ``design_to_dict`` wrote.

    Raises
    ------
    ModelFileError
        If an entry is missing or malformed.
    """
    try:
        return _design(saved)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(
            f"the saved design cannot be read ({type(error).__name__}: {error}). It was written by "
            "another version or changed by hand: fit and save the model again."
        ) from error


def _design(saved: Mapping[str, Any]) -> Design:
    parsed, schema, offset = saved["formula"], saved["schema"], saved["offset"]
    formula = Formula(
        parsed["text"],
        tuple(_factor_in(factor) for factor in parsed["response"]),
        parsed["response_name"],
        parsed["intercept"],
        tuple(_term_in(factors) for factors in parsed["terms"]),
        tuple(_factor_in(factor) for factor in parsed["offsets"]),
    )
    terms = []
    for place in saved["terms"]:
        term = _term_in(place["factors"])
        parts = tuple(tuple((str(e), bool(f)) for e, f in part) for part in place["parts"])
        terms.append(
            TermColumns(
                place["name"], place["start"], place["stop"], term.variables, term.factors, parts
            )
        )
    codings = {coding["expr"]: _coding_in(coding) for coding in saved["codings"]}
    variables = {
        entry["name"]: Variable(**{**entry, "levels": tuple(entry["levels"])})
        for entry in schema["variables"]
    }
    return Design(
        formula,
        tuple(saved["columns"]),
        tuple(terms),
        codings,
        Schema(schema["n_rows"], variables),
        Event(**saved["event"]),
        None if offset is None else _factor_in(offset),
        saved["offset_is_array"],
        _unpack(saved["state"]),
        _unpack(saved["context"]),
    )


def _factor_out(factor: Factor) -> list[Any]:
    return [factor.expr, factor.kind, list(factor.variables)]


def _factor_in(saved: Any) -> Factor:
    expr, kind, variables = saved
    return Factor(expr, kind, tuple(variables))


def _term_in(saved: Any) -> Term:
    factors = tuple(_factor_in(factor) for factor in saved)
    return Term(":".join(factor.expr for factor in factors), factors)


def _coding_in(saved: Mapping[str, Any]) -> Coding:
    matrix = None if saved["matrix"] is None else np.array(saved["matrix"], dtype=np.float64)
    levels = tuple(saved["levels"])
    if matrix is not None:
        matrix = matrix.reshape(len(levels), -1)
    return Coding(
        saved["expr"],
        saved["kind"],
        tuple(saved["labels"]),
        levels,
        tuple(saved["unused"]),
        matrix,
        saved["scale"],
    )


def _is_plain(value: Any) -> bool:
    """Say whether a value is a number, text, or a list or array of them."""
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item) for item in value)
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biufU"
    return value is None or isinstance(value, (str, int, float, bool, np.number, np.bool_))


def _pack(value: Any) -> Any:
    """Return a value in JSON's types; what JSON lacks is an object with one telling key."""
    if isinstance(value, dict):
        return {"pairs": [[_pack(key), _pack(item)] for key, item in value.items()]}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist()}
    if isinstance(value, tuple):
        return {"tuple": [_pack(item) for item in value]}
    if isinstance(value, list):
        return [_pack(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _unpack(value: Any) -> Any:
    """Return what ``_pack`` packed."""
    if isinstance(value, list):
        return [_unpack(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return np.array(value["array"])
    if "tuple" in value:
        return tuple(_unpack(item) for item in value["tuple"])
    return {_unpack(key): _unpack(item) for key, item in value["pairs"]}
