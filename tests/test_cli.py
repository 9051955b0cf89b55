"""The command line: what it prints, where, and with which exit status."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from pyarrow import csv as arrow_csv

import logit_inference as li
from logit_inference.cli import FIT_HELP, PREDICT_HELP, main
from logit_inference.tablefile import read_table

DATA = Path(__file__).parent.parent / "data"
BIRTHWT = str(DATA / "birthwt.csv")
FORMULA = "low ~ age + lwt + C(race) + smoke"


@pytest.fixture
def run(capsys):
    """Run the command line; return status, standard output and standard error."""

    def run_line(*arguments):
        status = main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return run_line


@pytest.fixture
def write(tmp_path):
    """Write text to a file; return its path."""

    def write_file(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def stdin(monkeypatch):
    """Put text on standard input."""

    def put(text):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return put


def test_the_fit_is_printed_as_python_prints_it(run):
    status, out, err = run(FORMULA, BIRTHWT)
    assert (status, err) == (0, "")
    assert out == f"{li.logit(FORMULA, pd.read_csv(BIRTHWT)).summary()}\n"


@pytest.mark.parametrize(
    ("formula", "name", "options", "arguments"),
    [
        (FORMULA, "birthwt", [], {}),
        ("low ~ ns(age, df=3) + poly(lwt, 2)", "birthwt", [], {}),
        ("Menarche ~ Age", "menarche", ["--trials", "Total"], {"trials": "Total"}),
        (
            "Admit ~ Gender + Dept",
            "UCBAdmissions",
            ["--weights", "Freq", "--weights-kind", "frequency", "--event", "Rejected"],
            {"weights": "Freq", "weights_kind": "frequency", "event": "Rejected"},
        ),
        ("survived ~ age * sex", "TitanicSurvival", [], {}),  # age is missing in many rows
        ("low ~ smoke", "birthwt", ["--offset", "log(lwt)"], {"offset": "log(lwt)"}),
    ],
)
def test_numbers_are_identical_from_every_kind_of_table(run, formula, name, options, arguments):
    path = DATA / f"{name}.csv"
    frame = read_table(path.read_bytes(), str(path))
    tables = [
        frame,
        {column: frame[column].to_numpy() for column in frame},
        pl.read_csv(path, null_values=["", "NA"]),
        arrow_csv.read_csv(path),
    ]
    status, out, _ = run(formula, path, *options, "--format", "json")
    assert status == 0
    terms = [record["term"] for record in json.loads(out)["coefficients"]]
    from_file = [record["estimate"] for record in json.loads(out)["coefficients"]]
    for table in tables:
        fit = li.logit(formula, table, **arguments)
        assert list(fit.params.index) == terms
        np.testing.assert_array_equal(fit.params, from_file)
        assert fit.llf == json.loads(out)["fit"]["log_likelihood"]


def test_json_has_coefficients_fit_and_rows_at_full_precision(run):
    fit = li.logit(FORMULA, pd.read_csv(BIRTHWT))
    status, out, _ = run(FORMULA, BIRTHWT, "--format", "json")
    answer = json.loads(out)
    assert status == 0
    assert list(answer) == ["coefficients", "fit", "rows", "certificate"]
    assert answer["coefficients"] == fit.tidy().to_dict("records")
    assert answer["fit"] == fit.glance().to_dict("records")[0]
    assert answer["rows"] == {"read": 189, "used": 189, "dropped": 0, "dropped_by": {}}


def test_json_counts_dropped_rows_by_variable(run, write):
    path = write("some.csv", "y,x,z\n1,1,a\n0,NA,a\n1,2,\n0,NA,\n0,3,b\n1,4,b\n0,5,a\n1,1,b\n")
    _, out, _ = run("y ~ x + z", path, "--format", "json")
    assert json.loads(out)["rows"] == {
        "read": 8, "used": 5, "dropped": 3, "dropped_by": {"x": 2, "z": 2}
    }  # fmt: skip


def test_json_says_null_where_there_is_no_number(run):
    status, out, err = run("low ~ age + I(2 * age)", BIRTHWT, "--format", "json")
    last = json.loads(out, parse_constant=pytest.fail)["coefficients"][-1]
    assert status == 0
    assert (last["term"], last["estimate"], last["std_error"]) == ("I(2 * age)", None, None)
    assert err.startswith("logit-inference: note: ")
    assert "I(2 * age) = 2*age" in err
    assert err.count("\n") == 1


def test_csv_is_the_tidy_frame(run):
    fit = li.logit(FORMULA, pd.read_csv(BIRTHWT), level=0.9)
    _, out, _ = run(FORMULA, BIRTHWT, "--format", "csv", "--odds-ratios", "--level", "0.9")
    found = read_table(out.encode(), "out.csv").reset_index(drop=True)
    pd.testing.assert_frame_equal(found, fit.tidy(exponentiate=True), check_exact=True)


@pytest.mark.parametrize("name", ["markdown", "html", "latex"])
def test_other_formats_are_the_tables_renderings(run, name):
    table = li.logit(FORMULA, pd.read_csv(BIRTHWT)).summary(odds_ratios=True)
    _, out, _ = run(FORMULA, BIRTHWT, "--odds-ratios", "--format", name)
    assert out == getattr(table, f"to_{name}")() + "\n"


def test_hypotheses_are_tested_in_every_format_that_can_say_so(run):
    fit = li.logit(FORMULA, pd.read_csv(BIRTHWT))
    options = ["--test", "C(race)", "--test", "age = 0, smoke = 2*lwt"]
    _, out, _ = run(FORMULA, BIRTHWT, *options, "--format", "json")
    race, both = json.loads(out)["tests"]
    assert race["hypothesis"] == "C(race)"
    assert race["null"] == ["C(race)[T.other] = 0", "C(race)[T.white] = 0"]
    assert race["p_value"] == fit.test("C(race)").p_value
    assert both["statistic"] == fit.test("age = 0, smoke = 2*lwt").statistic
    _, out, _ = run(FORMULA, BIRTHWT, *options)
    assert out.startswith(str(fit.summary()))
    assert re.search(r"Wald Tests\n=+\n.*\n-+\nC\(race\) .*\nage = 0, smoke = 2\*lwt ", out)
    status, out, err = run(FORMULA, BIRTHWT, *options, "--format", "csv")
    assert (status, out) == (2, "")
    assert "--format json" in err


def test_event_is_matched_against_the_values_of_the_outcome(run, write):
    path = write("coded.csv", "case,x\n1,1\n2,2\n1,3\n2,1\n2,4\n1,2\n")
    status, _, err = run("case ~ x", path)
    assert status == 2
    assert "--event 2" in err
    _, out, _ = run("case ~ x", path, "--event", "2")
    assert "Pr(case = 2)" in out
    _, out, _ = run("Kyphosis ~ Age", DATA / "kyphosis.csv", "--event", "absent")
    assert "Pr(Kyphosis = absent)" in out


def test_standard_input_and_an_output_file(run, stdin, tmp_path):
    stdin(Path(BIRTHWT).read_text())
    path = tmp_path / "table.txt"
    assert run(FORMULA, "-", "--output", path) == (0, "", "")
    assert path.read_text(encoding="utf-8") == run(FORMULA, BIRTHWT)[1]


def test_tabs_separators_compression_and_parquet_hold_the_same_table(run, tmp_path):
    frame = pd.read_csv(BIRTHWT)
    expected = run(FORMULA, BIRTHWT)
    frame.to_csv(tmp_path / "b.tsv", sep="\t", index=False)
    frame.to_csv(tmp_path / "b.txt", sep="\t", index=False)
    frame.to_csv(tmp_path / "b.csv", sep=";", index=False)
    frame.to_csv(tmp_path / "b.tsv.gz", sep="\t", index=False)
    frame.to_parquet(tmp_path / "b.parquet")
    assert run(FORMULA, tmp_path / "b.tsv") == expected
    assert run(FORMULA, tmp_path / "b.txt", "--separator", "tab") == expected
    assert run(FORMULA, tmp_path / "b.csv", "--separator", ";") == expected
    assert run(FORMULA, tmp_path / "b.tsv.gz") == expected
    assert run(FORMULA, tmp_path / "b.parquet") == expected


# --- predict --------------------------------------------------------------------------------------


@pytest.fixture
def model(run, tmp_path):
    path = tmp_path / "model.json"
    assert run("low ~ lwt + C(ftvc)", BIRTHWT, "--save", path)[0] == 0
    return path


def test_a_saved_model_predicts_as_the_fit_does(run, model):
    fit = li.logit("low ~ lwt + C(ftvc)", pd.read_csv(BIRTHWT))
    _, out, _ = run("predict", model, BIRTHWT, "--level", "0.8")
    found = read_table(out.encode(), "out.csv").reset_index(drop=True)
    assert list(found.columns) == [*pd.read_csv(BIRTHWT), "estimate", "conf_low", "conf_high"]
    expected = fit.get_prediction(level=0.8).summary_frame()
    for name in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-13)


def test_cells_are_printed_as_they_stand_and_missing_predictions_are_empty(run, model, write):
    # All levels in this file look like numbers; the model has seen the level "2+".
    path = write("new.csv", 'id,lwt,ftvc\n007,120,0\n008,,1\n"a, b",1.50e2,0\n')
    status, out, _ = run("predict", model, path)
    lines = out.splitlines()
    assert status == 0
    assert lines[0] == "id,lwt,ftvc,estimate,conf_low,conf_high"
    assert lines[1].startswith("007,120,0,0.")
    assert lines[2] == "008,,1,,,"
    assert lines[3].startswith('"a, b",1.50e2,0,0.')


def test_predictions_as_json_and_text(run, model, write, stdin):
    text = "id,lwt,ftvc\n7,120,0\n8,,2+\n"
    stdin(text)
    _, out, _ = run("predict", model, "-", "--format", "json")
    first, second = json.loads(out)
    csv_line = run("predict", model, write("n.csv", text))[1].splitlines()[1]
    assert csv_line == ",".join(str(value) for value in first.values()).replace("120.0", "120")
    assert second == {
        "id": 8, "lwt": None, "ftvc": "2+",
        "estimate": None, "conf_low": None, "conf_high": None,
    }  # fmt: skip
    _, out, _ = run("predict", model, write("n.csv", text), "--format", "text")
    assert [line.split()[:3] for line in out.splitlines()[2:5:2]] == [
        ["row", "lwt", "ftvc"],
        ["1", "120.0", "0"],
    ]


def test_a_model_of_arrays_predicts_from_columns(run, tmp_path):
    frame = pd.read_csv(BIRTHWT)
    fit = li.logit_arrays(frame["low"], frame[["age", "lwt"]], intercept=True)
    fit.save(tmp_path / "arrays.json")
    status, out, _ = run("predict", tmp_path / "arrays.json", BIRTHWT)
    found = read_table(out.encode(), "out.csv")["estimate"]
    assert status == 0
    np.testing.assert_allclose(found, fit.predict(), rtol=1e-13)


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["low ~ agee", BIRTHWT], "Did you mean 'age'"),
        (["low ~ age +", BIRTHWT], "lacks a term"),
        (["low", BIRTHWT], "no ~"),
        (["low ~ age", "nowhere.csv"], "nowhere.csv: No such file"),
        (["low ~ age", str(DATA)], "Is a directory"),
        (["low ~ age", BIRTHWT, "--separator", ";"], "--separator ','"),
        (["low ~ age", BIRTHWT, "--separator", "::"], "one character"),
        (["low ~ age", BIRTHWT, "--level", "95"], "between 0 and 1"),
        (["low ~ age", BIRTHWT, "--test", "wage"], "'wage'"),
        (["low ~ age", BIRTHWT, "--weights", "lwt"], "frequency"),
        (["low ~ age", BIRTHWT, "--event", "yes"], "no value 'yes'"),
        (["low ~ age", BIRTHWT, "--missing", "keep"], '--missing "drop"'),
        (["low ~ age", BIRTHWT, "--output", "nowhere/x"], "nowhere/x"),
        (["low ~ age", BIRTHWT, "--save", "nowhere/x"], "nowhere/x"),
        (["age ~ lwt", BIRTHWT], "outcome age"),
        (["predict", BIRTHWT, BIRTHWT], "is not a logit_inference result"),
        (["predict", "nowhere.json", BIRTHWT], "nowhere.json: No such file"),
        (["low ~ age"], "required: FILE"),
        (["low ~ age", BIRTHWT, "--formt", "json"], "unrecognized arguments: --formt"),
        ([], "required: FORMULA, FILE"),
    ],
)
def test_unusable_input_is_one_message_and_status_2(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.count("logit-inference: error: ") == 1
    assert message in err
    assert "Traceback" not in err
    assert "defect" not in err


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("empty.csv", "", "No columns"),
        ("header.csv", "y,x\n", "no rows"),
        ("ragged.csv", "y,x\n1,2\n1,2,3\n", "line 3"),
        ("long.csv", "y,x\n1,2,3\n0,3,4\n1,4,5\n", "more cells"),
        ("latin.csv", "y,x\n1,\udce9\n", "UTF-8"),
        ("fake.parquet", "y,x\n1,2\n", "no Parquet file"),
        ("fake.csv.gz", "y,x\n1,2\n", "fake.csv.gz"),
        ("infinite.csv", "y,x\n1,2\n0,inf\n1,3\n0,2\n", "row 2"),
    ],
)
def test_a_file_that_is_no_usable_table(run, tmp_path, name, text, message):
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    status, _, err = run("y ~ x", path)
    assert status == 2
    assert message in err
    assert "defect" not in err


def test_separated_data_are_a_note_and_the_limiting_model_or_status_1(run, write, tmp_path):
    path = write("separated.csv", "y,x\n0,1\n0,2\n0,3\n1,4\n1,5\n1,6\n")
    status, out, err = run("y ~ x", path, "--separation", "raise")
    assert (status, out) == (1, "")
    assert "in all 3 rows with x >= 4, y = 1" in err
    status, out, err = run("y ~ x", path)
    assert status == 0
    assert "note: Complete separation" in err
    assert "∞" in out
    status, out, _ = run("y ~ x", path, "--format", "json")
    record = json.loads(out)
    assert record["coefficients"][1]["estimate"] == "Infinity"
    assert record["coefficients"][1]["std_error"] is None
    assert record["separation"]["kind"] == "complete"
    assert record["separation"]["infinite"] == {"Intercept": "-Infinity", "x": "Infinity"}
    run("y ~ x", path, "--save", tmp_path / "model.json")
    status, out, _ = run("predict", tmp_path / "model.json", path)
    assert [line.split(",")[2] for line in out.splitlines()[1:]] == ["0.0"] * 3 + ["1.0"] * 3


def test_new_rows_that_the_model_cannot_predict(run, model, write):
    status, _, err = run("predict", model, write("a.csv", "lwt,ftvc\n120,0\n130,3+\n"))
    assert status == 2
    assert "'3+'" in err
    assert "row 2" in err
    assert run("predict", model, write("b.csv", "lwt\n120\n"))[0] == 2
    status, _, err = run("predict", model, write("c.csv", "lwt,ftvc,estimate\n120,0,1\n"))
    assert status == 2
    assert "columns named estimate" in err


def test_a_defect_is_told_without_a_traceback(run, monkeypatch):
    monkeypatch.setattr("logit_inference.cli.logit", lambda *_, **__: 1 / 0)
    status, _, err = run(FORMULA, BIRTHWT)
    assert status == 1
    assert err.startswith("logit-inference: error: ZeroDivisionError: division by zero")


def test_parquet_without_pyarrow(run, monkeypatch, tmp_path):
    (tmp_path / "b.parquet").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "fastparquet", None)
    status, _, err = run(FORMULA, tmp_path / "b.parquet")
    assert status == 2
    assert "logit-inference[parquet]" in err


# --- help, and the command itself -----------------------------------------------------------------


def test_help_and_version(run):
    status, out, _ = run("--help")
    assert status == 0
    assert FIT_HELP.rstrip() in out
    assert max(map(len, FIT_HELP.splitlines() + PREDICT_HELP.splitlines())) <= 80
    status, out, _ = run("predict", "--help")
    assert status == 0
    assert "predict MODEL FILE" in out
    assert run("--version") == (0, f"logit-inference {li.__version__}\n", "")


def test_the_examples_of_the_help_run(run, monkeypatch, tmp_path):
    shutil.copytree(DATA, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"^  logit-inference (.*)$", FIT_HELP, re.MULTILINE)
    assert len(examples) == 7
    for example in examples:
        arguments = re.findall(r'"([^"]*)"|(\S+)', example.split(" > ")[0])
        status, out, err = run(*(quoted or plain for quoted, plain in arguments))
        assert (status, err) == (0, "")
        assert out


@pytest.fixture
def command():
    """Return the installed command, or what it runs where the package is not installed."""
    installed = shutil.which("logit-inference", path=str(Path(sys.executable).parent))
    module = "import sys; from logit_inference.cli import main; sys.exit(main())"
    return [installed] if installed else [sys.executable, "-c", module]


def test_the_command_itself(command):
    done = subprocess.run([*command, FORMULA, BIRTHWT], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout == f"{li.logit(FORMULA, pd.read_csv(BIRTHWT)).summary()}\n"
    done = subprocess.run(
        [*command, "low ~ agee", BIRTHWT], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")


def test_a_terminal_that_lacks_the_characters(command):
    line = [*command, "low ~ age + I(2 * age)", BIRTHWT]  # a dash for the column without estimate
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 2
    assert "--output FILE" in done.stderr


def test_a_reader_that_leaves_early_hears_no_complaint(command, tmp_path):
    path = DATA / "VerbAgg.csv"
    li.logit("r2 ~ Anger + Gender", pd.read_csv(path)).save(tmp_path / "model.json")
    line = [*command, "predict", str(tmp_path / "model.json"), str(path)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline().startswith(b"Anger,Gender,")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.parametrize(
    ("arguments", "said", "unsaid"),
    [
        (["low ~ agee", BIRTHWT], "no column 'agee'. Did you mean 'age'?", "context"),
        (["low ~ foo(age)", BIRTHWT], "no function 'foo'", "context"),
        (["low ~ age", BIRTHWT, "--weights", "lwt"], "--weights-kind", "weights_kind="),
        (["low ~ age", BIRTHWT, "--level", "95"], "--level 95.0", "level="),
        (["HG ~ NV + PI", DATA / "endometrial.csv"], "NV = 1, HG = 1", "separation="),
    ],
)
def test_advice_is_spelled_for_the_shell(run, arguments, said, unsaid):
    _, _, err = run(*arguments)
    assert said in err
    assert unsaid not in err


def test_other_estimators(run):
    line = ("HG ~ NV + PI + EH", DATA / "endometrial.csv", "--estimator", "firth")
    status, out, _ = run(*line, "--test", "NV")
    assert status == 0
    assert "Firth" in out
    assert "Likelihood-Ratio Tests" in out
    assert run(*line, "--intercept", "flic")[0] == 0
    status, _, err = run(*line[:3], "ridge")
    assert status == 2
    assert "penalty" in err
    assert run(*line[:3], "ridge", "--penalty", "2")[0] == 0


def test_json_holds_the_certificate(run):
    status, out, _ = run(FORMULA, BIRTHWT, "--format", "json")
    assert status == 0
    assert json.loads(out)["certificate"].startswith("Certified: a unique maximum exists")


def test_a_conditional_fit_has_no_probabilities_to_print(tmp_path, capsys):
    infert = li.datasets.load("infert")
    saved, rows = tmp_path / "fit.json", tmp_path / "rows.csv"
    li.conditional_logit("case ~ induced", infert, strata="stratum").save(saved)
    infert.head(3).to_csv(rows, index=False)
    assert main(["predict", str(saved), str(rows)]) != 0
    assert "no row has a probability of its own" in " ".join(capsys.readouterr().err.split())
