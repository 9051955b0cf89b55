"""The import rule of design.md: each layer sees only those before it."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "logit_inference"
LAYERS = {
    "errors": set(),
    "datasets": {"errors"},
    "rows": {"errors"},
    "design": {"errors", "rows"},
    "likelihood": {"errors", "rows"},
    "solve": {"errors", "rows", "likelihood"},
    "covariance": {"errors", "rows", "likelihood", "solve"},
    "inference": {"errors", "rows", "likelihood", "solve", "covariance"},
    "diagnostics": {"errors", "rows", "likelihood", "solve", "covariance", "inference"},
    "effects": {"errors", "rows", "likelihood", "solve", "covariance", "inference"},
    # Records only, never the functions that make them: checked below.
    "report": {"errors", "covariance", "inference", "diagnostics"},
}
LAYERS["models"] = set(LAYERS)
LAYERS["tablefile"] = {"errors", "design"}
LAYERS["cli"] = {*LAYERS, "__version__", "load", "logit", "ConditionalResult"}
NUMERIC = ("rows", "likelihood", "solve", "covariance", "inference", "diagnostics", "effects")
RECORDS = {"Account", "Classification", "Coefficients", "Covariance", "Goodness", "TermTest"}
RECORDS |= {"TestResult", "WaldSlopes"}
# A test and a search render themselves, as tables that they ask for only then.
RENDERED = {"inference/result.py", "solve/solution.py"}
DRAWN = {"logit_inference.report.table", "logit_inference.report.trace"}


def modules():
    return sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def imports(path):
    """(module, names, at top level) of every import in a file, those for type checkers left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        top = node in tree.body
        if isinstance(node, ast.Import):
            yield from ((alias.name, [], top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module, [alias.name for alias in node.names], top


def layer(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_layer_imports_only_those_before_it(path):
    mine = layer(path)
    for module, names, top in imports(path):
        parts = module.split(".")
        if parts[0] == "logit_inference":
            other = parts[1] if len(parts) > 1 else names[0]
            relative = path.relative_to(PACKAGE).as_posix()
            if not top and relative in RENDERED and module in DRAWN:
                continue
            assert other in {mine, "records", *LAYERS[mine]}, f"{mine} imports {module}"
            if mine == "report" and other not in ("report", "errors"):
                assert set(names) <= RECORDS, f"report imports more than records: {names}"
        elif top:
            assert parts[0] not in ("pandas", "formulaic", "narwhals", "polars", "pyarrow"), (
                f"{module} is imported before a frame or a formula arrives"
            )
        assert module != "scipy.stats", "scipy.stats costs a second; scipy.special has the tails"
        if mine in NUMERIC:
            allowed = {"numpy", "scipy", "logit_inference", *sys.stdlib_module_names}
            if path.name == "threads.py":
                allowed.add("threadpoolctl")
            labels = {"pandas"} if mine == "effects" and not top else set()
            assert parts[0] in allowed | labels, f"{mine} imports {module}"


def test_one_file_knows_the_formula_library():
    knowing = [p for p in modules() if any(m.startswith("formulaic") for m, _, _ in imports(p))]
    assert [str(path.relative_to(PACKAGE)) for path in knowing] == ["design/formula.py"]


def test_results_are_frozen_records():
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                for decorator in map(ast.unparse, node.decorator_list):
                    if decorator.startswith("dataclass"):
                        assert "frozen=True" in decorator, f"{path}: {node.name}"
