"""Speed, memory and accuracy of fits beside the peers, in one run.

    python -m tests.benchmarks.fit                 all shapes; about a quarter of an hour
    python -m tests.benchmarks.fit --quick         small variants; under a minute
    python -m tests.benchmarks.fit --shapes 1e6x10 mixed --json times.json
    python -m tests.benchmarks.fit --sweep-threads

It measures and reports; it never fails on seconds. It ends with status 1 where a contender could
not fit.
"""

import argparse
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

import logit_inference as li
from tests.benchmarks import machine
from tests.benchmarks.data import Data, make
from tests.benchmarks.measure import measure, wanted
from tests.benchmarks.peers import contender, load
from tests.benchmarks.race import race
from tests.benchmarks.shapes import OURS, REFITS, SHAPES, Shape, Target
from tests.benchmarks.table import render

NO_SLOWER = Target("≤", 1.05)  # wall time of two threads over that of one
FULL = {
    "threads": ["1", "all"],
    "repeats": 5,
    "budget": 10.0,
    "memory": "all",
    "replicates": REFITS,
}
SWEEP = FULL | {"repeats": 15}  # wall times: more of them, for whatever else the machine does
QUICK = {"threads": ["1"], "repeats": 3, "budget": 1.0, "memory": "ours", "replicates": 100}


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; return the exit status."""
    options = _options(arguments)
    _say("limits of the machine")
    limits = machine.limits()
    report: dict[str, Any] = {
        "version": li.__version__,
        "settings": vars(options) | {"json": str(options.json)},
        "limits": limits,
        "load_average": {"before": os.getloadavg()[0]},
        "shapes": [],
        "sweep": [],
    }
    for name in options.shapes:
        shape = SHAPES[name]
        n = shape.quick_n if options.quick else shape.n
        _say(f"{name}: {n:,} rows")
        data = make(shape, n, options.replicates)
        if options.sweep_threads:
            report["sweep"].append(_sweep(shape, data, options))
        else:
            report["shapes"].append(measure(shape, data, limits["read_bandwidth"], options))
    report["load_average"]["after"] = os.getloadavg()[0]
    report["machine"] = machine.describe()  # last: all thread pools are loaded
    print(render(report))
    if options.json:
        text = json.dumps(report, indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    entries = [
        *report["sweep"],
        *(one for shape in report["shapes"] for one in shape["contenders"]),
    ]
    return int(any(entry["failure"] for entry in entries))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fit", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add(
        "--quick",
        action="store_true",
        help="fewer rows, fewer turns, one thread, memory of ours only",
    )
    add("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES), metavar="NAME", help=_NAMES)
    add("--threads", nargs="+", choices=["1", "all"], help="default both, quick 1")
    add("--repeats", type=int, help="turns of each contender; default 5, quick 3, threads 15")
    add(
        "--budget",
        type=float,
        help="seconds above which a contender runs once; default 10, quick 1",
    )
    add("--replicates", type=int, help="refits of the bootstrap; default 1000, quick 100")
    add(
        "--memory",
        choices=["all", "ours", "none"],
        help="whose peak memory; default all, quick ours",
    )
    add("--sweep-threads", action="store_true", help="instead: ours with 1 thread and with 2")
    add("--json", type=Path, metavar="PATH", help="write everything measured to a file")
    options = parser.parse_args(arguments)
    for name, value in (
        QUICK if options.quick else SWEEP if options.sweep_threads else FULL
    ).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


_NAMES = f"which of {', '.join(SHAPES)}; default all"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _sweep(shape: Shape, data: Data, options: argparse.Namespace) -> dict[str, Any]:
    """Return the wall times of our fit with one thread and with two, BLAS left as users find it."""
    load(OURS)
    fit = contender(OURS, shape.kind)
    times, _ = race(
        {str(threads): partial(fit, data, threads) for threads in (1, 2)},
        threads=None,
        repeats=options.repeats,
        budget=float("inf"),
    )
    middles = [one.middle() for one in times.values()]
    entry: dict[str, Any] = {
        "name": shape.name,
        "n": len(data.y),
        "p": data.n_columns,
        "failure": next((one.failure for one in times.values() if one.failure), None),
    }
    if entry["failure"] is None:
        one, two = (middle["wall"] for middle in middles)
        entry |= {"wall": [one, two], "wanted": wanted(NO_SLOWER, two / one)}
    return entry


if __name__ == "__main__":
    sys.exit(main())
