"""The vignettes: one runs from top to bottom, the other lists every file of the package."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of the notebook machinery, which is not ours
@pytest.mark.parametrize(
    "name",
    [
        "birthweight",
        "certificates",
        "covariances",
        "effects",
        "likelihood_inference",
        "maximum_likelihood",
        "separation",
        "softmax_and_layers",
    ],
)
def test_a_vignette_runs_from_top_to_bottom(name):
    jupytext = pytest.importorskip("jupytext")
    nbclient = pytest.importorskip("nbclient")
    notebook = jupytext.read(ROOT / "vignettes" / f"{name}.md")
    resources = {"metadata": {"path": str(ROOT)}}
    nbclient.NotebookClient(notebook, timeout=120, resources=resources).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(cells) >= 5
    for cell in cells:
        for output in cell.outputs:
            assert output.get("name") != "stderr", output["text"]


def test_code_of_the_birthweight_vignette_runs(capsys, monkeypatch):
    """Run the cells as a script, without the notebook machinery, at every run of the tests."""
    text = (ROOT / "vignettes" / "birthweight.md").read_text(encoding="utf-8")
    cells = re.findall(r"^```\{code-cell\} ipython3\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    exec(compile("\n".join(cells), "birthweight.md", "exec"), {})
    out = capsys.readouterr().out
    assert "by hand 2.0219, by the model 2.0219" in out
    assert "263 dropped for a missing value (age in 263)" in out
    assert "odds ratio 2.36, 95% CI 1.07 to 5.22" in out


def listed_files():
    """Return the paths that the layout of architecture.md lists."""
    text = (ROOT / "vignettes" / "architecture.md").read_text(encoding="utf-8")
    layout = text[text.index("\nlogit_inference/\n") :].split("```")[0]
    folder, paths = "", []
    for line in layout.splitlines():
        if line.startswith("  ") and not line.startswith("   "):
            folder = ""
        if found := re.match(r"  (\w+/)", line):
            folder = found[1]
        paths += [folder + name for name in re.findall(r"(?:^|(?<=\s))\w+\.py\b", line)]
    return paths


def test_the_architecture_lists_every_file_of_the_package_once():
    package = ROOT / "logit_inference"
    files = {path.relative_to(package).as_posix() for path in package.rglob("*.py")}
    inner = {name for name in files if name.endswith("/__init__.py")}
    assert sorted(listed_files()) == sorted(files - inner)
