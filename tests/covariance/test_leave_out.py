"""CR3: against refits without each cluster, and against Newton's step written out."""

import warnings

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.errors import (
    DataError,
    FewClustersWarning,
    LeaveOutWarning,
)

FORMULA = "y ~ x + g"
pytestmark = pytest.mark.filterwarnings("ignore::logit_inference.errors.FewClustersWarning")


def table(n=320, n_clusters=10, seed=0):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"x": rng.normal(size=n), "g": rng.choice(list("abc"), n)})
    data["clinic"] = rng.integers(0, n_clusters, n)
    data["times"] = rng.integers(0, 4, n)
    data["y"] = (rng.random(n) < 1 / (1 + np.exp(-data["x"] + 0.3))).astype(int)
    return data


def moves(formula, data, fit, **options):
    """Changes of the coefficients when a cluster is left out, by fits of their own."""
    left = [data[data["clinic"] != code] for code in np.unique(data["clinic"])]
    fits = [li.logit(formula, part, **options).params.to_numpy() for part in left]
    return np.array(fits) - fit.params.to_numpy()


@pytest.mark.parametrize("options", [{}, {"weights": "times", "weights_kind": "frequency"}])
def test_refits_by_definition(options, monkeypatch):
    data = table()
    fit = li.logit(FORMULA, data, **options)
    D = moves(FORMULA, data, fit, **options)
    found = fit.with_covariance("cluster", by="clinic", type="CR3")
    # Refits agree to 1e-9 standard errors, and differences of them are a tenth of one.
    np.testing.assert_allclose(found.cov_params(), 0.9 * D.T @ D, rtol=1e-7)
    whole = "clustered by clinic (CR3, leave-one-cluster-out refits), 10 clusters, factor (G-1)/G"
    assert found.estimate.covariance.label == f"{whole}; reference: normal"
    plain = fit.with_covariance("cluster", by="clinic", type="CR3", convention="clubSandwich")
    np.testing.assert_allclose(plain.cov_params(), D.T @ D, rtol=1e-7)
    monkeypatch.setattr("logit_inference.covariance.leave_out.CHUNK", 3)
    again = fit.with_covariance("cluster", by="clinic", type="CR3")
    np.testing.assert_allclose(again.bse, found.bse, rtol=1e-8)


@pytest.mark.parametrize("piece", [1 << 16, 20])
def test_one_step_by_definition(piece, monkeypatch):
    monkeypatch.setattr("logit_inference.covariance.leave_out.PIECE", piece)
    data = table()
    fit = li.logit(FORMULA, data)
    X = np.column_stack([np.ones(len(data)), data["x"], data["g"] == "b", data["g"] == "c"])
    X = X[:, [0, 2, 3, 1]] if fit.params.index[1] != "x" else X
    mu = fit.fitted.to_numpy()
    steps = []
    for code in range(10):
        rest = (data["clinic"] != code).to_numpy()
        information = (X[rest].T * (mu * (1 - mu))[rest]) @ X[rest]
        steps.append(np.linalg.solve(information, X[rest].T @ (data["y"] - mu)[rest]))
    D = np.array(steps)
    found = fit.with_covariance("cluster", by="clinic", type="CR3-one-step")
    np.testing.assert_allclose(found.cov_params(), 0.9 * D.T @ D, rtol=1e-8)
    assert "clustered by clinic (CR3, one step)" in str(found)


def test_rows_and_groups_of_them_agree():
    data = table().assign(x=lambda d: d["x"].round(0))
    cells = data.groupby(["x", "g", "clinic"], as_index=False)["y"].agg(["sum", "size"])
    grouped = li.logit("sum ~ x + g", cells, trials="size")
    fit = li.logit(FORMULA, data)
    for kind in ("CR0", "CR1", "CR3", "CR3-one-step"):
        ours, theirs = (
            f.with_covariance("cluster", by="clinic", type=kind) for f in (grouped, fit)
        )
        np.testing.assert_allclose(ours.bse, theirs.bse, rtol=1e-7)


@pytest.mark.filterwarnings("ignore::logit_inference.errors.DecidedWarning")
def test_leave_outs_without_an_estimate_are_named_and_not_averaged():
    data = table()
    data["only"] = (data["clinic"] == 3).astype(int)
    data["clinic"] = "clinic " + data["clinic"].map(str)
    fit = li.logit("y ~ x + only", data)
    for kind in ("CR3", "CR3-one-step"):
        with pytest.warns(LeaveOutWarning, match="1 of 10 leave-outs.*'clinic 3'") as caught:
            found = fit.with_covariance("cluster", by="clinic", type=kind)
        assert caught[0].message.clusters == ("clinic 3",)
        said = found.estimate.covariance.description
        assert "factor (G-1)/G with G = 9, over the 9 of 10 leave-outs" in said
        assert "1 cluster decides 'only' alone" in said
    with pytest.warns(LeaveOutWarning, match="'clinic 3'"):
        fit.with_covariance("cluster", by=data["clinic"], type="CR3")
    named = li.logit("y ~ x + only", data.sample(frac=1.0, random_state=2), cluster="clinic")
    with pytest.warns(LeaveOutWarning, match="'clinic 3'"):
        named.with_covariance("cluster", type="CR3")
    kept = data[data["clinic"] != "clinic 3"]
    codes = list(kept["clinic"].unique())
    fits = [li.logit("y ~ x + only", data[data["clinic"] != c]).params for c in codes]
    D = np.array(fits) - fit.params.to_numpy()
    with pytest.warns(LeaveOutWarning, match="clinic 3"):
        exact = fit.with_covariance("cluster", by="clinic", type="CR3")
    np.testing.assert_allclose(exact.cov_params(), 8 / 9 * D.T @ D, rtol=1e-7)


def test_separated_leave_outs_are_left_out():
    """One cluster alone holds the events at x2 = 1: without it they are separated."""
    data = table()
    data["x2"] = (data.index % 9 == 0).astype(int)
    data.loc[(data["x2"] == 1) & (data["clinic"] != 4), "y"] = 0
    data.loc[(data["x2"] == 1) & (data["clinic"] == 4), "y"] = 1
    fit = li.logit("y ~ x + x2", data)
    with pytest.warns(LeaveOutWarning, match=r"separated or a column is lost: 4\."):
        exact = fit.with_covariance("cluster", by="clinic", type="CR3")
    assert np.isfinite(exact.bse).all()


@pytest.mark.parametrize(
    "options",
    [
        {"estimator": "firth"},
        {"estimator": "median-br"},
        {"estimator": "log-f", "prior_df": 2.0},
        {"estimator": "ridge", "penalty": 3.0},
    ],
)
def test_penalised_fits_are_refitted_with_their_penalty(options):
    data = table(n=120, n_clusters=6)
    fit = li.logit(FORMULA, data, **options)
    D = moves(FORMULA, data, fit, **options)
    found = fit.with_covariance("cluster", by="clinic", type="CR3")
    # A refit is found to 1e-8 standard errors, and moves are a tenth of one.
    np.testing.assert_allclose(found.cov_params(), 5 / 6 * D.T @ D, rtol=2e-6)
    assert np.isfinite(fit.with_covariance("cluster", by="clinic", type="CR3-one-step").bse).all()


def test_infinite_coefficients_stay_out():
    data = table()
    data["first"] = (data.index < 9).astype(int)
    data.loc[data["first"] == 1, "y"] = 1
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("y ~ x + first + g", data)
    rest = li.logit(FORMULA, data[data["first"] == 0])
    for kind in ("CR3", "CR3-one-step"):
        ours = fit.with_covariance("cluster", by="clinic", type=kind).bse
        own = rest.with_covariance("cluster", by="clinic", type=kind).bse
        np.testing.assert_allclose(ours[own.index], own, rtol=1e-6)
        assert np.isnan(ours["first"])


def test_what_is_refused_or_warned_of():
    data = table()
    fit = li.logit("y ~ x + C(clinic)", data)
    with pytest.raises(DataError, match="of 10 fits that leave out one cluster, 0 have"):
        fit.with_covariance("cluster", by="clinic", type="CR3-one-step")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        li.logit(FORMULA, data).with_covariance("cluster", by="clinic", type="CR3")
    assert [type(one.message) for one in caught] == [FewClustersWarning]
    assert "jackknife's standard errors are large enough" in str(caught[0].message)
