"""Copies what the reference tests use out of the shared reference set.

Run from this directory: ``python extract.py /work/shared/reference``. The values themselves were
made by R and mpmath with the scripts in ``scripts/``; nothing is computed here, only selected.
"""

import json
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

FIT = (
    *("n_rows", "n_dropped", "sum_prior_weights", "coef", "se", "vcov", "z", "p"),
    *("logLik", "logLik_null", "deviance", "null_deviance", "aic", "bic"),
    *("df_residual", "df_null", "rank", "lr_null"),
)
GOF = ("pseudo_r2", "confusion_at_0.5", "log_loss", "brier")
# Row by row, for a few models of every kind: they would fill a megabyte for all.
RESIDUALS = ("resid_deviance", "resid_pearson", "hat", "rstandard_deviance", "cooks_distance")
RESIDUALS_OF = ("birthwt_main", "mtcars_am", "menarche_grouped", "esoph_grouped", "ucb_freq")
MARGINALEFFECTS = ("birthwt_main", "titanic_interaction", "womenlf_binary", "wells_logdist")
HYPOTHESIS = ("hypothesis", "L", "rhs", "chisq", "df", "p")
TESTS = (
    *("anova_seq_chisq", "anova_seq_rao", "drop1_lrt", "drop1_rao"),
    *("Anova_II_LR", "Anova_II_Wald", "Anova_III_Wald", "nested"),
)
SCRIPTS = (
    *("make_data.R", "make_data.py", "cases.R", "engine.R", "degenerate_R.R"),
    *("make_degenerate.py", "degenerate_config.json", "make_highprec.py", "highprec_core.py"),
)
# Given to statsmodels by permission of the author: the tests read it from there.
NOT_COPIED = ("hp_spector.csv",)


def pick(record: dict, keys: tuple[str, ...]) -> dict:
    """Return the entries that are there, in the order of ``keys``."""
    return {key: record[key] for key in keys if key in record}


def glm(case: dict, result: dict) -> dict:
    """Return what the tests use of one fit by R's glm."""
    record = {"id": case["id"], "R_formula": case["formula"], **pick(result["fit"], FIT)}
    record |= pick(result["ci"], ("wald_95", "wald_90", "odds_ratio", "profile_exact"))
    record["casewise"] = pick(
        result["casewise"], ("row_in_data", "fitted", "linear_predictor", "sums")
    )
    if case["id"] in RESIDUALS_OF:
        record["casewise"] |= pick(result["casewise"], RESIDUALS)
    if "predict" in result:
        record["predict"] = result["predict"]
    if "linear_hypothesis" in result:
        record["linear_hypothesis"] = [
            pick(test, HYPOTHESIS) for test in result["linear_hypothesis"]
        ]
    tests = pick(result.get("tests", {}), TESTS)
    if "Anova_III_Wald" in tests:
        record["Anova_III_Wald"] = tests.pop("Anova_III_Wald")
    if tests:
        record["tests"] = tests
    if "gof" in result:
        record |= pick(result["gof"], GOF)
        record["pseudo_r2"].pop("performance_pkg", None)
        record["pseudo_r2"].pop("pscl_pR2", None)
    return record


def firth(case: dict, result: dict) -> dict:
    """Return what the tests use of bias-reduced fits by brglm2 and logistf."""
    record = {"id": case["id"], "R_formula": case["formula"]}
    for kind in ("AS_mean", "AS_median"):
        record[kind] = pick(result[kind], ("coef", "se", "vcov", "deviance", "logLik", "z", "p"))
    if "logistf" in result:
        record["logistf"] = result["logistf"]
    return record


MULTINOM = ("levels", "base", "n", "coef", "se", "vcov", "logLik", "logLik_null", "aic", "df")


def multinom(case: dict, result: dict) -> dict:
    """Return what the tests use of one fit by nnet's multinom, polished by exact Newton steps."""
    record = {"id": case["id"], "R_formula": case["formula"], **pick(result, MULTINOM)}
    return record | pick(result, ("fitted_first10", "Anova_II_LR"))


def sandwich(case: dict, result: dict) -> dict:
    """Return the standard errors of robust covariances, and one covariance in full."""
    kinds = [kind for kind in ("HC0", "HC1", "HC2", "HC3") if kind in result.get("robust", {})]
    record = {"id": case["id"], "R_formula": case["formula"]}
    record |= {kind: result["robust"][kind]["se"] for kind in kinds}
    if kinds:
        record["HC3_vcov"] = result["robust"]["HC3"]["vcov"]
    record["cluster"] = [
        {
            **pick(found, ("cluster", "n_clusters")),
            **{
                kind: value["se"]
                for kind, value in found.items()
                if kind.startswith(("HC", "clubSandwich")) and isinstance(value.get("se"), dict)
            },
        }
        for found in result.get("cluster", [])
    ]
    return record


def survey(case: dict, result: dict) -> dict:
    """Return a design-based fit by R's survey, and its tests of terms."""
    record = {"id": case["id"], "R_formula": case["formula"], **result["svyglm"]}
    record["regTermTest"] = result["regTermTest"]
    if "predict" in result:
        record["predict"] = result["predict"]
    return record


def imputation(case: dict, result: dict) -> dict:
    """Return what the tests use of estimates and tests pooled by mice."""
    record = {"id": case["id"], "R_formula": case["formula"], "reduced": case["reduced"]}
    return record | pick(result, ("m", "pooled", "summary", "pooled_dfcom_Inf", "D1", "D2", "D3"))


def effects(case: dict, result: dict) -> dict:
    """Return average slopes, average adjusted predictions and marginal means."""
    margins = result.get("margins", {})
    record = {"id": case["id"], "R_formula": case["formula"]}
    record |= pick(margins, ("ame_delta", "average_adjusted_predictions"))
    means = [
        pick(found, ("spec", "link", "pairs_link_none", "pairs_odds_ratio_none", "pairs_p_tukey"))
        for found in result.get("emmeans", [])
    ]
    return record | ({"emmeans": means} if means else {})


def python_effects(source: Path) -> dict:
    """Return what Python's marginaleffects says of some fits by statsmodels."""
    return {
        case: json.loads((source / "json" / f"{case}.sm.json").read_text())["result"][
            "marginaleffects_py"
        ]
        for case in MARGINALEFFECTS
    }


def write(path: Path, record: dict | list) -> None:
    """Write JSON with one line per entry, so that a change is one line of a diff."""
    pairs = record.items() if isinstance(record, dict) else enumerate(record)
    is_dict = isinstance(record, dict)
    lines = [f"{json.dumps(key)}: " * is_dict + json.dumps(value) for key, value in pairs]
    opening, closing = "{}" if is_dict else "[]"
    path.parent.mkdir(exist_ok=True)
    path.write_text(opening + "\n" + ",\n".join(lines) + "\n" + closing + "\n", encoding="utf-8")


def main(source: Path) -> None:
    """Write every file that the tests read."""
    for case in json.loads((source / "cases.json").read_text()):
        if "glm" in case.get("kind", ["glm"]):
            stored = json.loads((source / "json" / f"{case['id']}.R.json").read_text())
            write(HERE / "glm_R" / f"{case['id']}.json", glm(case, stored["results"]["glm"]))
            if "robust" in stored["results"]["glm"] or "cluster" in stored["results"]["glm"]:
                record = sandwich(case, stored["results"]["glm"])
                write(HERE / "sandwich_R" / f"{case['id']}.json", record)
            if {"margins", "emmeans"} & set(stored["results"]["glm"]):
                record = effects(case, stored["results"]["glm"])
                write(HERE / "effects_R" / f"{case['id']}.json", record)
        path = source / "json" / f"{case['id']}.R.json"
        results = json.loads(path.read_text())["results"] if path.exists() else {}
        if "survey" in results:
            write(HERE / "survey_R" / f"{case['id']}.json", survey(case, results["survey"]))
        if "multinom" in results:
            write(HERE / "multinom_R" / f"{case['id']}.json", multinom(case, results["multinom"]))
        if "firth" in results:
            write(HERE / "firth_R" / f"{case['id']}.json", firth(case, results["firth"]))
        if "clogit" in results:
            write(HERE / "clogit_R" / f"{case['id']}.json", results["clogit"]["exact"])
        if "mi" in results:
            write(HERE / "mi_R" / f"{case['id']}.json", imputation(case, results["mi"]))
    write(HERE / "effects_py" / "marginaleffects.json", python_effects(source))
    for folder, answers in (("highprec", "answers.json"), ("degenerate", "cases.json")):
        write(HERE / folder / answers, json.loads((source / folder / answers).read_text()))
        for path in (source / folder).glob("*.csv"):
            if path.name not in NOT_COPIED:
                shutil.copyfile(path, HERE / folder / path.name)
    observed = json.loads((source / "degenerate" / "R_observed.json").read_text())
    write(HERE / "degenerate" / "R_observed.json", observed)
    (HERE / "scripts").mkdir(exist_ok=True)
    for name in SCRIPTS:
        # Python goes in as text: it runs on import, and neither pytest nor ruff is to touch it.
        copy = name + ".txt" if name.endswith(".py") else name
        shutil.copyfile(source / "scripts" / name, HERE / "scripts" / copy)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
