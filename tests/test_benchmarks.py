"""The benchmark program runs, and its report has what readers of it rely on. No test of seconds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PEERS = ["statsmodels", "glum", "scikit-learn"]
SMALLEST = ["--quick", "--shapes", "200x5", "--threads", "1", "--repeats", "1", "--memory", "none"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return the text and the JSON of the smallest case, run as the command that readers type."""
    path = tmp_path_factory.mktemp("benchmark") / "report.json"
    command = [sys.executable, "-m", "tests.benchmarks.fit", *SMALLEST, "--json", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(path.read_text(encoding="utf-8"))


def test_every_contender_is_timed_beside_ours(run):
    _, report = run
    (shape,) = report["shapes"]
    assert (shape["name"], shape["n"], shape["p"]) == ("200x5", 200, 5)
    ours, *peers = shape["contenders"]
    assert [peer["name"] for peer in peers] == PEERS
    for entry in (ours, *peers):
        assert entry["failure"] is None
        assert entry["times"]["1"]["median"]["cpu"] > 0
    for peer in peers:
        ratio = peer["times"]["1"]["median"]["cpu"] / ours["times"]["1"]["median"]["cpu"]
        assert peer["ratios"]["cpu"] == pytest.approx(ratio)
        assert peer["wanted"]["cpu"]["met"] == (ratio >= float(peer["wanted"]["cpu"]["text"][2:]))


def test_errors_are_against_a_tight_reference(run):
    _, report = run
    (shape,) = report["shapes"]
    assert shape["reference"]["decrement"] < 1e-12
    ours = shape["contenders"][0]["errors"]
    assert ours["coef"] < 1e-9
    assert ours["std_errors"] < 1e-9
    for peer in shape["contenders"][1:]:
        assert peer["errors"]["coef"] < 1e-5, peer["name"]


def test_machine_and_limits_are_described(run):
    _, report = run
    assert report["machine"]["n_processors"] >= 1
    assert {"numpy", "scipy", "glum"} <= set(report["machine"]["packages"])
    assert report["limits"]["read_bandwidth"] > 0
    assert report["limits"]["two_threads_arithmetic"] > 0
    assert report["shapes"][0]["one_pass"]["rate"] > 0


def test_the_table_has_a_line_for_each_contender(run):
    text, _ = run
    lines = text.splitlines()
    assert any(line.startswith("200x5 (200 × 5)") for line in lines)
    for peer in PEERS:
        assert any(line.strip().startswith(peer) for line in lines), peer
