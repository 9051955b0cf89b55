"""Everything measured about one shape, as plain values that JSON has words for."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from tests.benchmarks.data import Data
from tests.benchmarks.machine import crossproduct_rate
from tests.benchmarks.memory import SMALLEST, peak_elsewhere
from tests.benchmarks.peers import Answer, contender, load
from tests.benchmarks.race import Times, race
from tests.benchmarks.reference import compare, find_reference
from tests.benchmarks.shapes import CLOSE, FORMULA, OURS, REFITS, Shape, Target


def measure(
    shape: Shape, data: Data, bandwidth: float, options: argparse.Namespace
) -> dict[str, Any]:
    """Return times, ratios, errors and memory of all contenders, with the targets beside them."""
    times, answers = _times(shape, data, options)
    errors, reference = _errors(data, answers)
    one_pass = _one_pass(shape, data, bandwidth)
    first = times[shape.contenders[0]]
    full = len(data.y) == shape.n and (data.W is None or len(data.W) == REFITS)
    contenders = []
    for name, mine in times.items():
        ratios = {} if mine is first else _ratios(mine, first)
        cpu = _middle(mine, "1", "cpu")
        peak = _peak(shape, data, name, options.memory)
        runs = mine.values()
        contenders.append(
            {
                "name": name,
                "failure": next((one.failure for one in runs if one.failure), None),
                "warnings": sorted({text for one in runs for text in one.warnings}),
                "detail": dict(answers[name].detail) if name in answers else {},
                "times": {
                    setting: asdict(one) | {"median": one.middle()}
                    for setting, one in mine.items()
                    if one.failure is None
                },
                "ratios": ratios,
                "times_limit": cpu / one_pass["seconds"] if cpu and one_pass else None,
                "errors": errors.get(name),
                **peak,
                "wanted": _wanted(
                    *(shape, name, full),
                    cpu=ratios.get("cpu"),
                    memory=peak["memory_share"],
                    error=errors[name]["coef"] if name in errors else None,
                ),
            }
        )
    return {
        "name": shape.name,
        "n": len(data.y),
        "p": data.n_columns,
        "data_bytes": data.n_bytes,
        "one_pass": one_pass,
        "reference": reference,
        "contenders": contenders,
    }


def wanted(target: Target | None, ratio: float | None) -> dict[str, Any] | None:
    """Return a target as text, and whether a ratio meets it."""
    if target is None:
        return None
    return {"text": str(target), "met": None if ratio is None else target.met(ratio)}


def _wanted(
    shape: Shape,
    name: str,
    full: bool,
    *,
    cpu: float | None,
    memory: float | None,
    error: float | None,
) -> dict[str, dict[str, Any] | None]:
    """Return the targets of a contender; those of time and memory hold at full size only."""
    return {
        "cpu": wanted(shape.cpu_targets.get(name) if full else None, cpu),
        "memory": wanted(shape.memory_targets.get(name) if full else None, memory),
        "error": wanted(CLOSE if name in (OURS, FORMULA) else None, error),
    }


def _times(
    shape: Shape, data: Data, options: argparse.Namespace
) -> tuple[dict[str, dict[str, Times]], dict[str, Answer]]:
    """Return the times by contender and thread setting, and one answer of each contender."""
    for name in shape.contenders:
        load(name)
    times: dict[str, dict[str, Times]] = {name: {} for name in shape.contenders}
    answers: dict[str, Answer] = {}
    for setting in options.threads:
        threads = 1 if setting == "1" else None
        run, given = race(
            {name: partial(contender(name, shape.kind), data, threads) for name in times},
            threads=threads,
            repeats=options.repeats,
            budget=options.budget,
        )
        answers = given | answers
        for name, one in run.items():
            times[name][setting] = one
    return times, answers


def _middle(times: Mapping[str, Times], setting: str, clock: str) -> float | None:
    middle = times[setting].middle() if setting in times else None
    return middle and middle[clock]


def _ratios(times: Mapping[str, Times], first: Mapping[str, Times]) -> dict[str, float]:
    """Return CPU time with one thread and wall time with all, over the first contender's."""
    ratios = {}
    for setting, clock in (("1", "cpu"), ("all", "wall")):
        mine, ours = _middle(times, setting, clock), _middle(first, setting, clock)
        if mine and ours:
            ratios[clock] = mine / ours
    return ratios


def _one_pass(shape: Shape, data: Data, bandwidth: float) -> dict[str, float] | None:
    """Return the least time of one pass: reading the data, or XᵀWX where X is an array.

    Refits have none: their data stay in a cache.
    """
    if shape.kind == "bootstrap":
        return None
    reading = data.n_bytes / bandwidth
    if data.codes:
        return {"seconds": reading, "reading": reading}
    rate = crossproduct_rate(data.n_columns)
    arithmetic = len(data.y) * data.n_columns**2 / rate
    parts = {"reading": reading, "arithmetic": arithmetic}
    return {"seconds": max(reading, arithmetic), **parts, "p": data.n_columns, "rate": rate}


def _errors(data: Data, answers: Mapping[str, Answer]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the distances of all answers from a tight reference, and how tight that is."""
    complete = [answer for answer in answers.values() if np.isfinite(answer.coef).all()]
    if not complete:
        return {}, {"decrement": None, "failure": "no complete answer to begin at"}
    try:
        tight = find_reference(data, complete[0].coef)
    except ArithmeticError as problem:
        return {}, {"decrement": None, "failure": str(problem)}
    errors = {name: asdict(compare(answer, tight)) for name, answer in answers.items()}
    return errors, {"decrement": tight.decrement, "failure": None}


def _peak(shape: Shape, data: Data, name: str, whose: str) -> dict[str, Any]:
    """Return the peak memory of a contender, in bytes and as a share of the data."""
    asked = whose == "all" or (whose == "ours" and name in (OURS, FORMULA))
    found, failure = None, None
    if asked and data.n_bytes >= SMALLEST:
        try:
            found = peak_elsewhere(shape, name, len(data.y))
        except RuntimeError as problem:
            failure = str(problem)
    share = None if found is None else found / data.n_bytes
    return {"peak_bytes": found, "memory_share": share, "memory_failure": failure}
