"""Effects against R: average slopes, average adjusted predictions, estimated marginal means.

R's average slopes were computed with analytic gradients and derivatives of columns by five-point
differences (``scripts/engine.R``), good to about 1e-9; its adjusted predictions are exact.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np
import pytest

import logit_inference as li
from tests.reference.glm_models import MODELS

FOLDER = Path(__file__).resolve().parent.parent / "reference" / "effects_R"
CASES = sorted(path.stem for path in FOLDER.glob("*.json"))
# What R has no number for: its script differences the columns and not the offset.
NO_NUMBER = {("birthwt_offset", "lwt")}


@functools.cache
def stored(case):
    return json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8"))


@functools.cache
def fitted(case):
    model = MODELS[case]
    return li.logit(model.formula, model.frame(), **model.options)


# Their data come with statsmodels, or have thousands of rows.
LONG = ("fair_main", "spector_main", "verbagg_twoway")


def where_R_has(key):
    cases = [
        pytest.param(case, marks=[pytest.mark.slow] if case in LONG else [])
        for case in CASES
        if key in stored(case)
    ]
    return pytest.mark.parametrize("case", cases)


def options(case):
    """Grouped rows count by their trials here; R's script counts rows."""
    fit = fitted(case)
    return {"wts": np.ones(fit.n_rows_used)} if fit.account.grouped else {}


@where_R_has("ame_delta")
def test_average_slopes(case):
    rows = {
        (row["term"], row["contrast"]): row
        for row in stored(case)["ame_delta"]
        if (case, row["term"]) not in NO_NUMBER
    }
    found = fitted(case).avg_slopes(**options(case)).to_frame().set_index(["term", "contrast"])
    missing = {key for key in found.index if (case, key[0]) in NO_NUMBER}
    assert set(rows) == set(found.index) - missing
    for key, row in rows.items():
        ours = found.loc[key]
        assert ours["estimate"] == pytest.approx(row["estimate"], rel=1e-8, abs=1e-10)
        assert ours["std_error"] == pytest.approx(row["se"], rel=1e-8)
        assert ours["statistic"] == pytest.approx(row["z"], rel=1e-7)
        assert ours["p_value"] == pytest.approx(row["p"], rel=1e-5)
        assert ours["conf_low"] == pytest.approx(row["lower"], rel=1e-7, abs=1e-9)
        assert ours["conf_high"] == pytest.approx(row["upper"], rel=1e-7, abs=1e-9)


@where_R_has("average_adjusted_predictions")
def test_average_adjusted_predictions(case):
    for rows in stored(case)["average_adjusted_predictions"]:
        name = rows[0]["variable"]
        asked = {name: [row["value"] for row in rows]}
        found = fitted(case).avg_predictions(asked).to_frame()
        np.testing.assert_allclose(found["estimate"], [r["estimate"] for r in rows], rtol=1e-10)
        np.testing.assert_allclose(found["std_error"], [r["se"] for r in rows], rtol=1e-9)


@where_R_has("emmeans")
def test_estimated_marginal_means(case):
    fit = fitted(case)
    for means in stored(case)["emmeans"]:
        names = means["spec"].removeprefix("~").split("|")
        found = fit.avg_predictions(newdata="balanced", by=names, kind="link")
        link = means["link"]
        values = np.array([row[len(names) :] for row in link["values"]], dtype=object)
        ours = found.to_frame().set_index(names)
        for row, theirs in zip(link["values"], values, strict=True):
            key = tuple(row[: len(names)]) if len(names) > 1 else row[0]
            got = ours.loc[key].to_numpy(dtype=float)
            np.testing.assert_allclose(got[:2], theirs[:2].astype(float), rtol=1e-8, atol=1e-9)
            np.testing.assert_allclose(got[-2:], theirs[-2:].astype(float), rtol=1e-7, atol=1e-8)
        if len(names) == 1:
            pairs = means["pairs_link_none"]["values"]
            asked = fit.avg_predictions(
                newdata="balanced",
                by=names,
                kind="link",
                hypothesis="pairwise",
                adjust="single-step",
            ).to_frame()
            # Ours are the later level against the earlier one.
            np.testing.assert_allclose(asked["estimate"], [-float(p[1]) for p in pairs], rtol=1e-7)
            np.testing.assert_allclose(asked["std_error"], [float(p[2]) for p in pairs], rtol=1e-8)
            # Tukey's distribution is that of balanced means; ours is of these. Close, not equal.
            tukey = np.array(means["pairs_p_tukey"], dtype=float)
            np.testing.assert_allclose(asked["p_adjusted"], tukey, atol=0.02)
            odds = fit.avg_predictions(
                newdata="balanced", by=names, kind="odds", hypothesis="pairwise"
            )
            assert len(odds) == len(pairs)
