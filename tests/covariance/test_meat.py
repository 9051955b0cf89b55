"""Clusters that are nearly as many as the rows are summed one after the other, to the same sums."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.covariance import meat, sandwich


def study(n=700):
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n)})
    data["y"] = (rng.random(n) < 1 / (1 + np.exp(-data["x"]))).astype(int)
    data["wide"] = [f"level {k:02d}" for k in rng.integers(0, 40, n)]
    data["w"] = rng.integers(0, 3, n)  # some rows do not count
    data["off"] = rng.normal(size=n) / 4
    data["pair"] = rng.permutation(n) // 2
    data["other"] = rng.integers(0, 30, n)
    # One cluster is larger than what is read at a time, the others are single rows.
    data["giant"] = np.where(np.arange(n) % 3 == 1, 0, rng.permutation(n) + 1)
    data["row"] = np.arange(n)
    return data


DATA = study()


@pytest.mark.parametrize("by", ["pair", "giant", "row", ["pair", "other"]], ids=str)
@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("y ~ x + z", {}),
        ("y ~ x + wide", {"offset": "off"}),
        ("y ~ x + z", {"weights": "w", "weights_kind": "frequency"}),
        ("y ~ x + z", {"estimator": "firth"}),
    ],
    ids=["plain", "wide", "weighted", "firth"],
)
def test_both_ways_have_the_same_sums(formula, options, by, monkeypatch):
    fit = li.logit(formula, DATA, **options)
    keyed = fit.with_covariance("cluster", by=by).cov_params()
    called = []
    monkeypatch.setattr(sandwich, "MOST_SUMS", 0)
    monkeypatch.setattr(meat, "AT_ONCE", 50)
    own = meat.meat_by_cluster
    monkeypatch.setattr(sandwich, "meat_by_cluster", lambda *a: called.append(1) or own(*a))
    one_by_one = fit.with_covariance("cluster", by=by).cov_params()
    assert called
    np.testing.assert_allclose(one_by_one, keyed, rtol=1e-9, atol=1e-12 * keyed.abs().max().max())
    if by == "row" and "weights" not in options:  # with frequencies HC0 has more than one row there
        single = fit.with_covariance("cluster", by=by, type="CR0").bse
        np.testing.assert_allclose(single, fit.with_covariance("HC0").bse, rtol=1e-11)


def test_clusters_as_many_as_the_rows_take_no_array_of_the_size_of_the_design():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200_000, 20))
    fit = li.logit_arrays(rng.integers(0, 2, len(X)), X, intercept=True)
    firms, dates = rng.integers(0, 2_000, len(X)), rng.integers(0, 50, len(X))
    tracemalloc.start()
    fit.with_covariance("cluster", by={"firm": firms, "date": dates})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes  # by keyed sums it was three and a half times as much
