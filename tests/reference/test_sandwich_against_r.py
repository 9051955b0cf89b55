"""Robust and clustered standard errors against R's sandwich 3.0-2 and clubSandwich 0.5.8."""

import functools
import json
import warnings
from pathlib import Path

import numpy as np
import pytest

import logit_inference as li
from logit_inference.errors import FewClustersWarning
from tests.reference.glm_models import MODELS

FOLDER = Path(__file__).resolve().parent / "sandwich_R"
STORED = {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}
# Ours and R's coefficients agree to 1e-11, and a squared residual of a poorly fitted row moves by
# twice as much: measured up to 4e-10 (fair_factor).
CLOSE = 1e-8
TYPES = {
    "HC0_cadjust_TRUE": "CR1",
    "HC0_cadjust_FALSE": "CR0",
    "HC1_cadjust_TRUE": "CR1S",
    "clubSandwich_CR0": "CR0",
    "clubSandwich_CR1": "CR1",
    "clubSandwich_CR1S": "CR1S",
    "clubSandwich_CR2": "CR2",
}


@functools.cache
def fitted(name):
    model = MODELS[name]
    return li.logit(model.formula, model.frame(), **model.options)


def in_our_names(name, values):
    return {MODELS[name].our_name(key): value for key, value in values.items()}


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
@pytest.mark.parametrize("name", [name for name, record in STORED.items() if "HC0" in record])
def test_heteroskedastic(name, kind):
    ours = fitted(name).with_covariance(kind).bse
    R = in_our_names(name, STORED[name][kind])
    np.testing.assert_allclose(ours[list(R)], list(R.values()), rtol=CLOSE)


@pytest.mark.parametrize("name", ["birthwt_main", "titanic_interaction", "esoph_grouped"])
def test_a_whole_matrix(name):
    stored = STORED[name]["HC3_vcov"]
    ours = fitted(name).with_covariance("HC3").cov_params()
    order = [MODELS[name].our_name(key) for key in stored["rows"]]
    scale = np.sqrt(np.diag(stored["values"]))
    gap = (ours.loc[order, order].to_numpy() - np.array(stored["values"])) / np.outer(scale, scale)
    assert np.abs(gap).max() < CLOSE


CLUSTERED = [
    (name, number, kind)
    for name, record in STORED.items()
    for number, found in enumerate(record["cluster"])
    for kind in TYPES
    if kind in found
]


# sandwich's HC3 for clusters takes the transpose of the hat matrix that a Newton step takes: both
# are symmetric where the rows of a cluster have the same fitted value, or meet no other row's.
ONE_STEP = [
    (name, kind, convention)
    for name in ("cbpp_grouped_cluster", "respiratory_cluster")
    for kind, convention in (
        ("HC3_cadjust_TRUE", "clubSandwich"),
        ("HC3_cadjust_FALSE", "sandwich"),
    )
]


@pytest.mark.parametrize(("name", "kind", "convention"), ONE_STEP)
def test_one_step_of_the_jackknife(name, kind, convention):
    found = STORED[name]["cluster"][0]
    frame = MODELS[name].frame()
    by = frame["herd"] if "cbpp" in name else frame["center"].astype(str) + frame["id"].astype(str)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewClustersWarning)
        robust = fitted(name).with_covariance(
            "cluster", by=by, type="CR3-one-step", convention=convention
        )
    R = in_our_names(name, found[kind])
    np.testing.assert_allclose(robust.bse[list(R)], list(R.values()), rtol=CLOSE)


@pytest.mark.parametrize(("name", "number", "kind"), CLUSTERED)
def test_clustered(name, number, kind):
    found = STORED[name]["cluster"][number]
    frame = MODELS[name].frame()
    dimensions = [found["cluster"]] if isinstance(found["cluster"], str) else found["cluster"]
    if "pid" in dimensions:  # persons are numbered within centres
        frame = frame.assign(pid=frame["center"].astype(str) + "_" + frame["id"].astype(str))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewClustersWarning)
        robust = fitted(name).with_covariance(
            "cluster", by={key: frame[key] for key in dimensions}, type=TYPES[kind]
        )
    R = in_our_names(name, found[kind])
    np.testing.assert_allclose(robust.bse[list(R)], list(R.values()), rtol=CLOSE)
    assert robust.estimate.covariance.n_clusters == min(np.atleast_1d(found["n_clusters"]))
