"""The wild score cluster bootstrap: every sign pattern by hand, and what it says of itself."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.errors import ArgumentError, ClusterError, DetachedError, HypothesisError

pytestmark = pytest.mark.filterwarnings("ignore::logit_inference.errors.FewClustersWarning")


def table(n=240, n_clusters=8, seed=3):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n)})
    data["g"] = rng.choice(list("abc"), n)
    data["clinic"] = rng.integers(0, n_clusters, n)
    data["times"] = rng.integers(0, 4, n)
    data["y"] = (rng.random(n) < 1 / (1 + np.exp(-0.3 * data["x"] + 0.3))).astype(int)
    return data


@pytest.fixture(scope="module")
def data():
    return table()


@pytest.fixture(scope="module")
def fit(data):
    return li.logit("y ~ x + z + g", data)


def scores_under_the_null(data, tested, offset=None):
    """Scores of clusters along what is under test, from a fit of the smaller model."""
    X = np.column_stack(
        [np.ones(len(data)), data["x"], data["z"], data["g"] == "b", data["g"] == "c"]
    ).astype(float)
    small = li.logit_arrays(data["y"], np.delete(X, tested, axis=1), offset=offset)
    mu = small.fitted.to_numpy()
    V = np.linalg.inv((X.T * (mu * (1 - mu))) @ X)
    scores = pd.DataFrame(X * (data["y"] - mu).to_numpy()[:, None]).groupby(data["clinic"]).sum()
    return scores.to_numpy() @ V[:, tested]


def statistic(scores):
    total = scores.sum(axis=0)
    return total @ np.linalg.solve(scores.T @ scores, total)


@pytest.mark.parametrize(
    ("hypothesis", "tested", "held"),
    [("x = 0", [1], 0.0), ("g", [3, 4], 0.0), ("x = 0.2, z = 0", [1, 2], 0.2)],
)
def test_every_pattern_of_signs(fit, data, hypothesis, tested, held):
    scores = scores_under_the_null(data, tested, held * data["x"].to_numpy())
    found = fit.test(hypothesis, method="wild", by="clinic")
    assert found.statistic == pytest.approx(statistic(scores), rel=1e-8)
    all_signs = [statistic(np.array(s)[:, None] * scores) for s in product((-1, 1), repeat=8)]
    large = int((np.array(all_signs) >= statistic(scores) * (1 - 1e-9)).sum())
    assert found.p_value == large / 256
    assert f"all 2^8 = 256 sign patterns (Rademacher weights), of which {large}" in found.notes[0]
    assert (found.method, found.df) == ("wild", float(len(tested)))


@pytest.mark.parametrize("weights", ["rademacher", "webb"])
def test_drawn_weights(fit, data, weights, monkeypatch):
    """The share among many draws of our own is near that among the replicates."""
    how = {"method": "wild", "by": "clinic", "weights": weights, "n_replicates": 5000}
    if weights == "rademacher":
        how["n_replicates"] = 255  # one less than there are patterns
    found = fit.test("g", **how, seed=7)
    scores = scores_under_the_null(data, [3, 4])
    values = {"rademacher": [-1, 1], "webb": [*-np.sqrt([1.5, 1, 0.5]), *np.sqrt([1.5, 1, 0.5])]}
    drawn = np.random.default_rng(0).choice(values[weights], size=(5000, 8))
    share = np.mean([statistic(w[:, None] * scores) >= statistic(scores) for w in drawn])
    # Four standard errors of the difference of two shares.
    n = how["n_replicates"]
    assert abs(found.p_value - share) < 4 * np.sqrt(share * (1 - share) * (1 / n + 1 / 5000))
    monkeypatch.setattr("logit_inference.inference.wild.AT_ONCE", 100)
    assert repr(fit.test("g", **how, seed=7)) == repr(found)
    assert repr(fit.test("g", **how, seed=8)) != repr(found)
    assert f"{weights.capitalize()} weights, {n:,} replicates" in found.notes[0]
    assert found.notes[0].endswith("seed 7.")


def test_a_seed_that_was_not_given_is_named(fit):
    first = fit.test("x", method="wild", by="clinic", n_replicates=99)
    seed = int(first.notes[0].split("seed ")[1].removesuffix("."))
    again = fit.test("x", method="wild", by="clinic", n_replicates=99, seed=seed)
    assert again.p_value == first.p_value


def test_clusters_are_those_of_the_covariance_or_of_the_fit(fit, data):
    named = fit.test("x", method="wild", by="clinic")
    robust = fit.with_covariance("cluster", by=data["clinic"].to_numpy(), type="CR2")
    assert robust.test("x", method="wild").p_value == named.p_value
    given = li.logit("y ~ x + z + g", data, cluster="clinic", covariance="model")
    assert given.test("x", method="wild").p_value == named.p_value
    with pytest.raises(ClusterError, match='method="wild" needs clusters'):
        robust.with_covariance("HC0").test("x", method="wild")


def test_frequencies_are_replications(data):
    weighted = li.logit("y ~ x + g", data, weights="times", weights_kind="frequency")
    repeated = li.logit("y ~ x + g", data.loc[data.index.repeat(data["times"])])
    ours, theirs = (f.test("g", method="wild", by="clinic") for f in (weighted, repeated))
    assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-8)
    assert ours.p_value == theirs.p_value


def test_codes_blocks_and_merged_rows_give_the_same(data, monkeypatch):
    data = data.assign(x=data["x"].round(0), wide=np.arange(len(data)) % 7)
    formula = "y ~ x + C(wide)"
    plain = li.logit(formula, data).test("x", method="wild", by="clinic")
    monkeypatch.setattr("logit_inference.design.matrix.SMALL", 0)
    monkeypatch.setattr("logit_inference.rows.coded.FEWEST_ROWS", 64)
    codes = li.logit(formula, data, threads=2).test("x", method="wild", by="clinic")
    assert codes.p_value == plain.p_value
    assert codes.statistic == pytest.approx(plain.statistic, rel=1e-8)


def test_it_prints_what_it_is(fit):
    found = fit.test("x", method="wild", by="clinic")
    assert str(found).startswith("Wild score cluster bootstrap test of x = 0: score statistic(1) =")
    assert "8 clusters of clinic" in str(found)
    assert "null imposed" in str(found.to_table())


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"method": "wald", "seed": 1}, ArgumentError, 'belongs to method="wild"'),
        ({"by": "clinic"}, ArgumentError, 'this is method="wald"'),
        ({"method": "wild", "weights": "mammen"}, ArgumentError, '"rademacher" or "webb"'),
        ({"method": "wild", "n_replicates": 0}, ArgumentError, "at least 1"),
        ({"method": "wild", "seed": -1}, ArgumentError, "not negative"),
        ({"method": "wild", "by": ["clinic", "times"]}, ArgumentError, "one dimension"),
        ({"method": "wild"}, ClusterError, "needs clusters"),
    ],
)
def test_what_is_refused(fit, arguments, error, said):
    with pytest.raises(error, match=said):
        fit.test("x", **arguments)


def test_fits_that_have_no_such_scores(fit, data):
    firth = li.logit("y ~ x", data, estimator="firth")
    with pytest.raises(ArgumentError, match="a test of maximum likelihood, and this is Firth"):
        firth.test("x", method="wild", by="clinic")
    with pytest.warns(li.SeparationWarning):
        separated = li.logit("y ~ z", data.assign(z=data["y"]))
    with pytest.raises(ArgumentError, match="separated"):
        separated.test("z", method="wild", by="clinic")
    with pytest.raises(DetachedError):
        fit.without_data().test("x", method="wild")
    with pytest.raises(HypothesisError, match="rank 1"):
        fit.test("g", method="wild", by=data["clinic"] % 2)
