"""The package as it is installed: one version, a light import, types, documented names."""

import inspect
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import logit_inference as li

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
HEAVY = ["pandas", "formulaic", "narwhals", "scipy.stats", "matplotlib", "statsmodels", "sklearn"]


def loaded_by(statement):
    """Return the modules that a statement loads in a new interpreter."""
    code = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return set(json.loads(done.stdout))


def test_import_is_light():
    loaded = loaded_by("import logit_inference")
    assert "logit_inference.models.logit" in loaded
    assert not loaded & set(HEAVY)


def test_help_of_the_command_is_light():
    assert not loaded_by("import logit_inference.cli") & set(HEAVY)


def test_nothing_that_only_tests_need_is_loaded_by_a_fit():
    loaded = loaded_by(
        "import logit_inference as li\n"
        "li.logit('low ~ C(race) + ns(age, df=3)', li.datasets.load('birthwt')).summary().to_html()"
    )
    assert not loaded & {"statsmodels", "matplotlib", "scipy.stats", "sklearn", "hypothesis"}


def test_there_is_one_version():
    assert PROJECT["dynamic"] == ["version"]  # read from the package when it is built
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+)", changes, re.MULTILINE)[1] == li.__version__


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "logit_inference" / "py.typed").exists()


def test_what_pyproject_names_exists():
    for name in [PROJECT["readme"], *PROJECT["license-files"]]:
        assert (ROOT / name).exists()
    module, function = PROJECT["scripts"]["logit-inference"].split(":")
    assert callable(getattr(__import__(module, fromlist=[function]), function))


def test_public_names_are_documented():
    for name in li.__all__:
        thing = getattr(li, name)
        assert inspect.getdoc(thing), name
        if inspect.isclass(thing):
            for attribute, value in vars(thing).items():
                if not attribute.startswith("_") and (callable(value) or hasattr(value, "fget")):
                    assert inspect.getdoc(value), f"{name}.{attribute}"


def test_public_functions_have_an_example_that_runs():
    for name in ("logit", "logit_arrays", "load"):
        assert ">>> " in inspect.getdoc(getattr(li, name)), name


def test_the_names_listed_are_the_names_there_are():
    public = {name for name in vars(li) if not name.startswith("_")}
    layers = {path.name for path in (ROOT / "logit_inference").iterdir() if path.is_dir()}
    layers |= {path.stem for path in (ROOT / "logit_inference").glob("*.py")}
    assert set(li.__all__) <= public
    assert public - layers <= set(li.__all__)
