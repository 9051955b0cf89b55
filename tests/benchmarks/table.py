"""The report of a run as text: one line for each contender, wanted ratios beside reached ones."""

import math
from collections.abc import Mapping
from typing import Any

HEADINGS = (
    *("shape", "contender", "CPU, 1 thread", "ratio", "wanted", "passes"),
    *("× limit", "wall, 1", "wall, all", "ratio", "error / SE", "SE error", "peak memory"),
)
SWEEP_HEADINGS = ("shape", "wall, 1 thread", "wall, 2 threads", "2 over 1", "wanted")


def render(report: Mapping[str, Any]) -> str:
    """Return the text of a report, the same that is written as JSON."""
    parts = [_machine(report)]
    if report["shapes"]:
        lines = [line for shape in report["shapes"] for line in _shape_lines(shape)]
        parts += [_grid(HEADINGS, lines), LEGEND]
    if report["sweep"]:
        parts.append(_grid(SWEEP_HEADINGS, [_sweep_line(entry) for entry in report["sweep"]]))
        gain = report["limits"]["two_threads_arithmetic"]
        parts.append(f"This machine's own limit: two threads take {1 / gain:.2f} of one's time.")
    return "\n\n".join([*parts, *_remarks(report)])


LEGEND = """\
Times are medians of turns taken in one process (* one run). A ratio is the contender's time over
the first one's; ✓ and ✗ say whether a wanted figure is reached. passes: of peers, iterations.
× limit: CPU time over that of one pass at the machine's limit. error / SE: largest distance from a
tight reference, in standard errors; SE error: largest relative one. Peak memory: resident, but
for pages of library files, above the caller's data, as a share of them."""


def seconds(value: float) -> str:
    """Return a duration with three significant digits."""
    unit, scale = ("s", 1) if value >= 1 else ("ms", 1e3) if value >= 1e-3 else ("µs", 1e6)
    return f"{_three(value * scale)} {unit}"


def _three(value: float) -> str:
    digits = 2 - math.floor(math.log10(abs(value))) if value else 0
    return f"{value:.{max(0, digits)}f}"


def _machine(report: Mapping[str, Any]) -> str:
    machine, limits = report["machine"], report["limits"]
    packages = ", ".join(f"{name} {found}" for name, found in machine["packages"].items() if found)
    passes = [shape["one_pass"] for shape in report["shapes"] if shape["one_pass"]]
    by_columns = {one["p"]: one["rate"] for one in passes if "rate" in one}
    rates = ", ".join(f"{rate / 1e9:.1f} at p = {p}" for p, rate in sorted(by_columns.items()))
    load = report["load_average"]
    return (
        f"logit_inference {report['version']} beside its peers\n"
        f"{machine['processor']}, {machine['n_processors']} processors (sharing cores: "
        f"{' | '.join(machine['siblings'])}), {machine['memory_bytes'] / 1e9:.0f} GB, "
        f"{machine['system']}\n"
        f"Python {machine['python']}, {packages}\n"
        f"Limits, one thread: reads {limits['read_bandwidth'] / 1e9:.1f} GB/s; dsyrk, Gflop/s: "
        f"{rates or 'not measured'}\n"
        f"Two threads gain {limits['two_threads_arithmetic']:.2f} in arithmetic and "
        f"{limits['two_threads_reading']:.2f} in reading\n"
        f"Load of the machine before {load['before']:.2f}, after {load['after']:.2f}"
    )


def _shape_lines(shape: Mapping[str, Any]) -> list[tuple[str, ...]]:
    lines = []
    size = f"{shape['name']} ({shape['n']:,} × {shape['p']:,})"
    for entry in shape["contenders"]:
        lines.append((size, entry["name"], *_cells(entry)))
        size = ""
    return lines


def _cells(entry: Mapping[str, Any]) -> tuple[str, ...]:
    if entry["failure"]:
        return ("failed", *[""] * (len(HEADINGS) - 3))
    one, every = entry["times"].get("1"), entry["times"].get("all")
    passes = entry["detail"].get("passes", entry["detail"].get("iterations"))
    ratios, wanted, errors = entry["ratios"], entry["wanted"], entry["errors"]
    return (
        _time(one, "cpu"),
        f"{ratios['cpu']:.2f}" if "cpu" in ratios else "",
        _wanted(wanted["cpu"]),
        "" if passes is None else f"{passes:.4g}",
        f"{entry['times_limit']:.1f}" if entry["times_limit"] else "",
        _time(one, "wall"),
        _time(every, "wall"),
        f"{ratios['wall']:.2f}" if "wall" in ratios else "",
        _figure(errors and errors["coef"], ".0e", wanted["error"]),
        f"{errors['std_errors']:.0e}" if errors and errors["std_errors"] is not None else "",
        _memory(entry, wanted["memory"]),
    )


def _time(times: Mapping[str, Any] | None, clock: str) -> str:
    if times is None:
        return ""
    return seconds(times["median"][clock]) + ("*" if len(times[clock]) == 1 else "")


def _wanted(target: Mapping[str, Any] | None) -> str:
    if target is None:
        return ""
    mark = {True: " ✓", False: " ✗", None: ""}[target["met"]]
    return target["text"] + mark


def _figure(value: float | None, form: str, target: Mapping[str, Any] | None) -> str:
    """Return a figure that has no column of its own for what is wanted."""
    if value is None:
        return ""
    return f"{value:{form}}" + (f" ({_wanted(target)})" if target else "")


def _memory(entry: Mapping[str, Any], target: Mapping[str, Any] | None) -> str:
    if entry["peak_bytes"] is None:
        return ""
    share = _figure(entry["memory_share"], ".2f", target)
    return f"{entry['peak_bytes'] / 1e6:,.0f} MB = {share}"


def _remarks(report: Mapping[str, Any]) -> list[str]:
    """Return what contenders warned of, failed with or left unanswered."""
    remarks = [f"{one['name']}: {one['failure']}" for one in report["sweep"] if one["failure"]]
    for shape in report["shapes"]:
        for entry in shape["contenders"]:
            said = [f"failed: {entry['failure']}"] if entry["failure"] else []
            said += [f"memory: {entry['memory_failure']}"] if entry["memory_failure"] else []
            said += entry["warnings"]
            unanswered = entry["detail"].get("not_converged", 0)
            said += [f"{unanswered} refits did not converge"] if unanswered else []
            remarks += [f"{shape['name']}, {entry['name']}: {text}" for text in said]
        if shape["reference"]["failure"]:
            remarks.append(f"{shape['name']}, reference: {shape['reference']['failure']}")
    return ["\n".join(remarks)] if remarks else []


def _sweep_line(entry: Mapping[str, Any]) -> tuple[str, ...]:
    if entry["failure"]:
        return entry["name"], "failed", "", "", ""
    one, two = entry["wall"]
    return (
        f"{entry['name']} ({entry['n']:,} × {entry['p']:,})",
        seconds(one),
        seconds(two),
        f"{two / one:.2f}",
        _wanted(entry["wanted"]),
    )


def _grid(headings: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    """Return columns with two spaces between them: text to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(headings, *lines, strict=True)]
    texts = [j for j, name in enumerate(headings) if name in ("shape", "contender", "wanted")]

    def line(cells: tuple[str, ...]) -> str:
        padded = (
            cell.ljust(width) if j in texts else cell.rjust(width)
            for j, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join(padded).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([line(headings), rule, *map(line, lines)])
