"""The command line: a formula and a file in, a table out.

It only reads files, calls the package and prints: a number that it shows is a number that Python
shows for the same file. What goes wrong is one message on standard error and an exit status.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logit_inference import ConditionalResult, __version__, load, logit
from logit_inference.errors import (
    ArgumentError,
    ConvergenceError,
    FileError,
    LogitInferenceError,
    LogitInferenceWarning,
    ModelFileError,
    RankError,
    SeparationError,
)
from logit_inference.report.summary import tests_table
from logit_inference.report.table import Column, Table
from logit_inference.tablefile import MISSING, read_bytes, read_table

if TYPE_CHECKING:
    import pandas as pd

    from logit_inference.inference.result import TestResult
    from logit_inference.models.result import LogitResult

PROGRAM = "logit-inference"
CANNOT_COMPUTE, CANNOT_READ, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141

# Advice in messages of the package that a command line has no option for.
PYTHON_ONLY = (
    r" A formula does not see the variables of the caller: .*?pass context=\{.*?\}\.",
    r", or look at the partial result with require_convergence=False",
    r" Pass others with context=\{.*?\}\.",
)

INTERVAL = ["estimate", "conf_low", "conf_high"]

FILES = f"""\
files:
  CSV by default; .tsv and .tab are separated by tabs, .parquet needs pyarrow,
  .gz, .bz2, .xz and .zip are unpacked; - is CSV from standard input.
  The first line names the columns; rows are counted from 1 below it. Missing
  values are empty cells and {", ".join(MISSING[1:])}.
  Text is categorical: its levels are sorted, and the first is the reference.
"""
FIT_HELP = f"""\
{FILES}
examples:
  {PROGRAM} "low ~ age + lwt + C(race) + smoke" data/birthwt.csv
  {PROGRAM} "low ~ age + C(race)" data/birthwt.csv --test "C(race)"
  {PROGRAM} "Menarche ~ Age" data/menarche.csv --trials Total --format csv
  {PROGRAM} "Kyphosis ~ Age" data/kyphosis.csv --event absent
  {PROGRAM} "low ~ lwt + smoke" data/birthwt.csv --save low.json
  {PROGRAM} predict low.json data/birthwt.csv > predicted.csv
  {PROGRAM} predict --help

exit status:
  0 done
  1 the result cannot be computed (there is no finite maximum, say)
  2 the input cannot be used as it is
"""
PREDICT_HELP = f"""\
Every row of FILE is printed with its predicted probability (estimate) and the
ends of its interval (conf_low, conf_high), empty where a variable of the model
is missing. csv and json show all columns of FILE, text those the model uses.

{FILES}
examples:
  {PROGRAM} predict low.json data/birthwt.csv > predicted.csv
  {PROGRAM} predict low.json - --format text < data/birthwt.csv
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the name of the program; those of the process by default.

    Returns
    -------
    int
        0 done; 1 the result cannot be computed; 2 the input cannot be used.
    """
    argv = sys.argv[1:] if argv is None else argv
    try:
        if argv and argv[0] == "predict":
            run, arguments = _predict, _predict_parser().parse_args(argv[1:])
        else:
            run, arguments = _fit, _fit_parser().parse_args(argv)
    except SystemExit as left:  # argparse has printed its help, or what is wrong
        return int(left.code or 0)
    with warnings.catch_warnings():
        warnings.simplefilter("always", LogitInferenceWarning)
        warnings.showwarning = _show_note  # type: ignore[assignment]
        return _status(run, arguments)


def _status(run: Any, arguments: argparse.Namespace) -> int:
    """Return the exit status of a run; what went wrong is told on standard error."""
    try:
        _write(run(arguments), arguments.output)
    except (ConvergenceError, RankError, SeparationError) as error:
        return _complain(error, CANNOT_COMPUTE)
    except LogitInferenceError as error:
        return _complain(error, CANNOT_READ)
    except BrokenPipeError:
        # Whoever read has read enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _complain(f"{where}{error.strerror or error}", CANNOT_READ)
    except UnicodeEncodeError as error:
        advice = "write --output FILE, which is UTF-8, or set PYTHONIOENCODING=utf-8"
        return _complain(f"the terminal's {error.encoding} lacks characters: {advice}", CANNOT_READ)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # a user of a command line cannot use a traceback
        what = f"{type(error).__name__}: {error}"
        return _complain(f"{what}. This is a defect of {PROGRAM}: report it.", CANNOT_COMPUTE)
    return 0


def _complain(error: object, status: int) -> int:
    print(f"{PROGRAM}: error: {_for_shell(str(error))}", file=sys.stderr)
    return status


def _for_shell(message: str) -> str:
    """Return a message with the options of Python spelled as those of the command line."""
    for python_only in PYTHON_ONLY:
        message = re.sub(python_only, "", message)
    return re.sub(
        r"\b(event|trials|weights_kind|weights|offset|missing|separation|level)=(?=([\w\"'])?)",
        lambda found: f"--{found[1].replace('_', '-')}" + (" " if found[2] else ""),
        message,
    )


def _show_note(message: Warning | str, *_: object) -> None:
    print(f"{PROGRAM}: note: {' '.join(str(message).split())}", file=sys.stderr)


# --- arguments ------------------------------------------------------------------------------------


def _parser(usage: str, description: str, epilog: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=PROGRAM,
        usage=usage,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _fit_parser() -> argparse.ArgumentParser:
    parser = _parser(
        f"{PROGRAM} FORMULA FILE [options]\n       {PROGRAM} predict MODEL FILE [options]",
        "Fit a logistic regression to a table in a file and print the result.",
        FIT_HELP,
    )
    add = parser.add_argument
    add("formula", metavar="FORMULA", help='such as "low ~ age + C(race)"; quote it')
    add("file", metavar="FILE", help="the table; - for standard input")
    add("--event", metavar="VALUE", help="value of the outcome whose probability is modelled")
    add("--trials", metavar="COLUMN", help="numbers of trials; FORMULA has the successes")
    add("--weights", metavar="COLUMN", help="prior weights; needs --weights-kind")
    add("--weights-kind", metavar="KIND", help="frequency, precision or sampling")
    add("--offset", metavar="COLUMN", help="known part of the linear predictor")
    add("--missing", default="drop", help="drop (default) or raise: what to do with missing values")
    estimators = "ml (default), firth, median-br, jeffreys, log-f or ridge"
    add("--estimator", metavar="NAME", default="ml", help=estimators)
    add("--power", metavar="NUMBER", type=float, help="of jeffreys")
    add("--prior-df", metavar="NUMBER", type=float, help="of log-f")
    add("--penalty", metavar="NUMBER", type=float, help="of ridge")
    add("--intercept", metavar="NAME", help="flic or flac, the corrections of firth's intercept")
    separated = "limit (default) or raise: what to do where the outcome is separated"
    add("--separation", default="limit", help=separated)
    add("--odds-ratios", action="store_true", help="print exponentiated coefficients")
    hypothesis = (
        'Test of a hypothesis, "age = 0, smoke = 2*lwt" or a term; repeatable; '
        '--test="-age = 0" where it begins with a minus'
    )
    add("--test", metavar="TEXT", action="append", default=[], dest="tests", help=hypothesis)
    add("--save", metavar="MODEL", help="write the model, without the data, for predict")
    _add_common(parser, ("text", "markdown", "html", "latex", "json", "csv"), level=0.95)
    return parser


def _predict_parser() -> argparse.ArgumentParser:
    parser = _parser(
        f"{PROGRAM} predict MODEL FILE [options]",
        "Predict the rows of a table with a saved model.",
        PREDICT_HELP,
    )
    parser.add_argument("model", metavar="MODEL", help="a file written by --save or fit.save()")
    parser.add_argument("file", metavar="FILE", help="the table; - for standard input")
    _add_common(parser, ("csv", "json", "text"), level=None)
    return parser


def _add_common(
    parser: argparse.ArgumentParser, formats: Sequence[str], level: float | None
) -> None:
    add = parser.add_argument
    add("--level", type=float, default=level, help="confidence level of the intervals")
    add("--format", choices=formats, default=formats[0], help=f"{formats[0]} by default")
    add("--output", metavar="FILE", help="write there instead of to standard output")
    add("--separator", metavar="CHAR", help='between the columns of FILE: ";", say, or tab')
    add("--version", action="version", version=f"{PROGRAM} {__version__}")


# --- fit ------------------------------------------------------------------------------------------


def _fit(arguments: argparse.Namespace) -> str:
    """Return the fit as text in the format asked for; save the model where asked."""
    if arguments.tests and arguments.format == "csv":
        raise ArgumentError("--format", "csv", "--format json: a CSV file holds one table only")
    fit = logit(
        arguments.formula,
        read_table(read_bytes(arguments.file), arguments.file, arguments.separator),
        event=arguments.event,
        trials=arguments.trials,
        weights=arguments.weights,
        weights_kind=arguments.weights_kind,
        offset=arguments.offset,
        estimator=arguments.estimator,
        power=arguments.power,
        prior_df=arguments.prior_df,
        penalty=arguments.penalty,
        intercept=arguments.intercept,
        missing=arguments.missing,
        separation=arguments.separation,
        level=arguments.level,
    )
    tests = [fit.test(text) for text in arguments.tests]
    if arguments.save is not None:
        fit.save(arguments.save)
    if arguments.format == "csv":
        return _csv(fit.tidy(exponentiate=arguments.odds_ratios))
    if arguments.format == "json":
        return _json(_fit_record(fit, arguments.odds_ratios, arguments.tests, tests))
    tables = [fit.summary(odds_ratios=arguments.odds_ratios)]
    if tests:
        title = "Wald Tests" if tests[0].method == "wald" else "Likelihood-Ratio Tests"
        tables.append(tests_table(title, arguments.tests, tests))
    return "\n\n".join(getattr(table, f"to_{arguments.format}")() for table in tables)


def _fit_record(
    fit: LogitResult, odds_ratios: bool, texts: Sequence[str], tests: Sequence[TestResult]
) -> dict[str, Any]:
    record: dict[str, Any] = {
        "coefficients": _records(fit.tidy(exponentiate=odds_ratios)),
        "fit": _records(fit.glance())[0],
        "rows": {
            "read": fit.n_rows_read,
            "used": fit.n_rows_used,
            "dropped": fit.n_rows_read - fit.n_rows_used,
            "dropped_by": dict(fit.n_rows_dropped),
        },
        "certificate": str(fit.certificate),
    }
    if fit.separation.found:
        found = fit.separation
        record["separation"] = {
            "kind": found.kind,
            "terms": list(found.terms),
            "infinite": {name: _plain(end) for name, end in found.infinite.items()},
            "rows_separated": found.n_separated,
            "evidence": list(found.evidence),
        }
    if tests:
        pairs = zip(texts, tests, strict=True)
        record["tests"] = [{"hypothesis": text, **asdict(test)} for text, test in pairs]
    return record


# --- predict --------------------------------------------------------------------------------------


def _predict(arguments: argparse.Namespace) -> str:
    """Return the rows of the file with their predictions, as text in the format asked for."""
    model, path = load(arguments.model), arguments.file
    if isinstance(model, ConditionalResult):
        raise ModelFileError.no_probabilities(arguments.model)
    content = read_bytes(path)
    table = read_table(content, path, arguments.separator, text=model.design.text_variables)
    predicted = model.get_prediction(table, level=arguments.level).summary_frame()
    # Of an outcome of several levels each row of the table has one for each level.
    predicted = predicted[[name for name in ("response_level", *INTERVAL) if name in predicted]]
    taken = [name for name in predicted if name in table.columns]
    if taken:
        raise FileError.name_taken(path, taken)
    if arguments.format == "json":
        return _json(_records(table.join(predicted)))
    if arguments.format == "text":
        used = table[list(model.design.variables)].loc[predicted.index]
        return _rows_table(used, predicted).to_text()
    # The cells of the file are printed as they stand in it: 007 is not 7.
    cells = read_table(content, path, arguments.separator, text=table.columns, missing=())
    return _csv(cells.join(predicted))


def _rows_table(used: pd.DataFrame, predicted: pd.DataFrame) -> Table:
    cells = used.astype(object).where(used.notna(), None)
    return Table(
        "Predicted probabilities",
        (
            Column("row", list(used.index), kind="integer"),
            *(Column(name, ["" if x is None else str(x) for x in cells[name]]) for name in cells),
            *(
                Column(
                    name,
                    predicted[name].to_numpy(),
                    kind="estimate" if name in INTERVAL else "text",
                )
                for name in predicted
            ),
        ),
    )


# --- printing ------------------------------------------------------------------------------------


def _write(text: str, path: str | None) -> None:
    if path is None:
        print(text, flush=True)
    else:
        Path(path).write_text(f"{text}\n", encoding="utf-8")


def _csv(frame: pd.DataFrame) -> str:
    return str(frame.to_csv(index=False, lineterminator="\n")).rstrip("\n")


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as dictionaries; missing values are None, infinite ones words."""
    cells = frame.astype(object).where(frame.notna(), None)
    columns = {name: [_plain(value) for value in cells[name].tolist()] for name in cells}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


_WORDS = {math.inf: "Infinity", -math.inf: "-Infinity"}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else _WORDS.get(value)
    return value if value is None or isinstance(value, (str, bool, int)) else str(value)


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
