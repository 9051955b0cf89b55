"""CR2 and its degrees of freedom: by formulas with matrices as large as the data, and by laws."""

import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f as f_distribution
from scipy.stats import t as t_distribution

import logit_inference as li
from logit_inference.errors import ArgumentError, FewClustersWarning, HypothesisError

FORMULA = "y ~ x + g"


def written_out(X, y, prior, coef, codes):
    """CR2 and the covariance of its scores, as clubSandwich defines them for a glm.

    ``y`` are proportions, ``prior`` trials times weights: columns VX, weights 1/V, target V.
    """
    mu = 1 / (1 + np.exp(-X @ coef))
    d, theta = mu * (1 - mu), mu * (1 - mu) / prior
    XD = X * d[:, None]
    M = np.linalg.inv(XD.T @ (XD / theta[:, None]))
    parts = []
    for code in np.unique(codes):
        own = np.flatnonzero(codes == code)
        half = np.diag(np.sqrt(theta[own]))
        left = np.eye(len(own)) - XD[own] @ M @ (XD[own] / theta[own, None]).T
        inner = half @ left @ half**2 @ half
        values, vectors = np.linalg.eigh((inner + inner.T) / 2)
        powers = np.where(values > 1e-12, np.abs(values) ** -0.5, 0.0)
        E = np.zeros(X.T.shape)
        E[:, own] = (XD[own] / theta[own, None]).T @ half @ (vectors * powers) @ vectors.T @ half
        parts.append(M @ E)
    moves = np.array([part @ (y - mu) for part in parts])
    errors = np.diag(theta) - XD @ M @ XD.T
    return moves.T @ moves, np.einsum("san,nm,tbm->abst", parts, errors, parts)


def degrees(P, C):
    """Degrees of freedom of ``C coef``: k(k + 1) over the variances of standardised elements."""
    P = np.einsum("ia,jb,abst->ijst", C, C, P)
    values, vectors = np.linalg.eigh(np.einsum("abss->ab", P))
    root = (vectors / np.sqrt(values)) @ vectors.T
    P = np.einsum("ia,jb,abst->ijst", root, root, P)
    k = range(len(C))
    total = sum((P[a, a] * P[b, b] + P[a, b] * P[b, a]).sum() for a in k for b in k)
    return len(C) * (len(C) + 1) / total


def table(sizes=(5, 20, 1, 40, 2, 100, 130), seed=0):
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    data = pd.DataFrame({"x": 1.5 * rng.normal(size=n), "g": rng.choice(list("ab"), n)})
    data["clinic"] = np.repeat(np.arange(len(sizes)), sizes)
    data["m"] = rng.integers(1, 6, n)
    data["w"] = rng.uniform(0.5, 2.0, n)
    data["times"] = rng.integers(0, 4, n)
    mu = 1 / (1 + np.exp(-0.8 * data["x"] + 0.3))
    data["y"] = (rng.random(n) < mu).astype(int)
    data["s"] = rng.binomial(data["m"], mu)
    return data.sample(frac=1.0, random_state=1).reset_index(drop=True)


def corrected(fit, by="clinic"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewClustersWarning)
        return fit.with_covariance("cluster", by=by, type="CR2")


CASES = {
    "plain": ("y ~ x + g", {}, lambda d: (d["y"], 1.0 + 0 * d["m"])),
    "grouped": ("s ~ x + g", {"trials": "m"}, lambda d: (d["s"] / d["m"], d["m"])),
    "weighted": (
        "y ~ x + g",
        {"weights": "w", "weights_kind": "precision"},
        lambda d: (d["y"], d["w"]),
    ),
    # A column of one cluster, small or large, which so decides its coefficient by itself.
    "small cluster decides": ("y ~ x + g + one", {}, lambda d: (d["y"], 1.0 + 0 * d["m"])),
    "large cluster decides": ("y ~ x + g + big", {}, lambda d: (d["y"], 1.0 + 0 * d["m"])),
}


@pytest.mark.filterwarnings("ignore::logit_inference.errors.DecidedWarning")
@pytest.mark.parametrize("name", CASES)
def test_by_definition(name):
    """Clusters of 100 and 130 rows go by the integral, the others by eigenvalues."""
    data = table()
    data["one"], data["big"] = (1.0 * (data["clinic"] == c) for c in (1, 5))
    formula, options, outcome = CASES[name]
    fit = li.logit(formula, data, **options)
    columns = {"Intercept": 1.0, "g[T.b]": data["g"] == "b"} | dict(data[["x", "one", "big"]])
    X = np.column_stack([np.broadcast_to(columns[key], len(data)) for key in fit.params.index])
    y, prior = (np.asarray(part, dtype=float) for part in outcome(data))
    matrix, P = written_out(X.astype(float), y, prior, fit.params.to_numpy(), data["clinic"])
    found = corrected(fit)
    # The integral keeps eps times the condition of a cluster's matrix, some 1e4 here.
    np.testing.assert_allclose(found.cov_params(), matrix, rtol=1e-8)
    eye = np.eye(len(fit.params))
    wanted = [degrees(P, eye[[j]]) for j in range(len(eye))]
    np.testing.assert_allclose(found.tidy()["df"], wanted, rtol=1e-8)
    both = found.test("x = 0, g[T.b] = 0")
    C = eye[[list(fit.params.index).index(key) for key in ("x", "g[T.b]")]]
    nu = degrees(P, C)
    distance = C @ fit.params.to_numpy()
    Q = distance @ np.linalg.solve(C @ matrix @ C.T, distance)
    assert both.df_denominator == pytest.approx(nu - 1, rel=1e-8)
    assert both.statistic == pytest.approx((nu - 1) / nu * Q / 2, rel=1e-8)
    assert both.p_value == pytest.approx(f_distribution.sf(both.statistic, 2, nu - 1), rel=1e-8)
    said = found.estimate.covariance.correction
    assert (f"1 cluster decides {formula[-3:]!r} alone" in said) == ("decides" in name)


@pytest.fixture(scope="module")
def robust():
    return corrected(li.logit(FORMULA, table((30,) * 12, seed=2)))


def test_every_combination_has_degrees_of_freedom_of_its_own(robust):
    frame = robust.tidy()
    tails = 2 * t_distribution.sf(abs(frame["statistic"]), frame["df"])
    np.testing.assert_allclose(frame["p_value"], tails, rtol=1e-10)
    half = t_distribution.ppf(0.975, frame["df"]) * frame["std_error"]
    np.testing.assert_allclose(robust.conf_int()["conf_high"], frame["estimate"] + half, rtol=1e-10)
    both = robust.lincom("x + 2*g[T.b], x").to_frame()
    assert both["df"][1] == pytest.approx(frame["df"][frame["term"] == "x"].item(), rel=1e-12)
    one = robust.test("x + 2*g[T.b]")
    assert (one.df_denominator, one.p_value) == pytest.approx(
        (both["df"][0], both["p_value"][0]), rel=1e-10
    )
    # A prediction is a combination too, in a row of the fit or in a new one.
    new = {"x": [0.7], "g": ["b"]}
    row = np.array([[{"Intercept": 1.0, "x": 0.7, "g[T.b]": 1.0}[k] for k in robust.params.index]])
    interval = robust.get_prediction(new).summary_frame()
    combination = robust.lincom(row).to_frame()
    low = combination["conf_low"][0]
    assert interval["df"][0] == pytest.approx(combination["df"][0], rel=1e-12)
    assert interval["conf_low"][0] == pytest.approx(1 / (1 + np.exp(-low)), rel=1e-12)
    used = robust.get_prediction().summary_frame()
    data = robust.table.iloc[:5]
    np.testing.assert_allclose(
        used.iloc[:5], robust.get_prediction(data).summary_frame(), rtol=1e-9
    )


def test_everything_names_it(robust, tmp_path):
    said = "clustered by clinic (CR2), 12 clusters"
    tables = (robust, robust.lincom("x"), robust.test("x"), robust.wald_terms())
    for shown in (*tables, robust.anova(type=2, test="wald")):
        assert said in " ".join(str(shown).split())
    frames = (robust.tidy(), robust.glance(), robust.conf_int())
    for frame in (*frames, robust.get_prediction().summary_frame()):
        assert said in frame.attrs["covariance"]
        assert "Satterthwaite" in frame.attrs["covariance"]
    assert " df " in str(robust)
    robust.save(tmp_path / "fit.json")
    again = li.load(tmp_path / "fit.json")
    assert str(again) == str(robust)
    assert repr(again.test("x = g[T.b] = 0")) == repr(robust.test("x = g[T.b] = 0"))


def test_clusters_of_one_row_are_those_of_hc2():
    fit = li.logit(FORMULA, table())
    alone = fit.with_covariance("cluster", by=np.arange(fit.n_rows_used), type="CR2")
    np.testing.assert_allclose(alone.bse, fit.with_covariance("HC2").bse, rtol=1e-12)


def test_frequencies_are_replications():
    data = table()
    weighted = li.logit(FORMULA, data, weights="times", weights_kind="frequency")
    repeated = li.logit(FORMULA, data.loc[data.index.repeat(data["times"])])
    ours, theirs = corrected(weighted), corrected(repeated)
    # A cluster whose rows have no weight is none.
    assert ours.estimate.covariance.n_clusters == theirs.estimate.covariance.n_clusters
    np.testing.assert_allclose(ours.tidy()["std_error"], theirs.tidy()["std_error"], rtol=1e-8)
    np.testing.assert_allclose(ours.tidy()["df"], theirs.tidy()["df"], rtol=1e-8)


def test_order_labels_blocks_codes_and_merged_rows_do_not_matter(monkeypatch):
    data = table((25,) * 20)
    data = data.assign(x=data["x"].round(0), wide=np.arange(len(data)) % 9)
    formula = "y ~ x + C(wide)"
    plain = corrected(li.logit(formula, data)).tidy()
    moved = data.sample(frac=1.0, random_state=3).assign(
        clinic=lambda d: "c" + d["clinic"].map(str)
    )
    again = corrected(li.logit(formula, moved)).tidy()
    monkeypatch.setattr("logit_inference.design.matrix.SMALL", 0)
    monkeypatch.setattr("logit_inference.rows.coded.FEWEST_ROWS", 64)
    monkeypatch.setattr("logit_inference.covariance.clusters.AT_ONCE", 1 << 10)
    codes = corrected(li.logit(formula, data, threads=2)).tidy()
    for other in (again, codes):
        np.testing.assert_allclose(other["std_error"], plain["std_error"], rtol=1e-8)
        np.testing.assert_allclose(other["df"], plain["df"], rtol=1e-8)


def test_columns_without_an_estimate_keep_out():
    data = table((30,) * 12, seed=2)
    data["twice"] = 2 * data["x"]
    with pytest.warns(li.CollinearityWarning):
        aliased = li.logit("y ~ x + twice + g", data)
    ours, plain = corrected(aliased).tidy().set_index("term"), corrected(li.logit(FORMULA, data))
    assert np.isnan(ours.loc["twice", "df"])
    frame = plain.tidy().set_index("term")
    np.testing.assert_allclose(ours.loc[frame.index], frame, rtol=1e-8)
    data["first"] = (data.index < 9).astype(int)
    data.loc[data["first"] == 1, "y"] = 1
    with pytest.warns(li.SeparationWarning):
        separated = li.logit("y ~ x + first + g", data)
    rest = corrected(li.logit(FORMULA, data[data["first"] == 0])).tidy().set_index("term")
    ours = corrected(separated).tidy().set_index("term")
    shown = ["std_error", "df"]
    np.testing.assert_allclose(ours.loc[rest.index, shown], rest[shown], rtol=1e-6)


def test_memory_does_not_grow_with_rows_times_columns(monkeypatch):
    """No (n, p) array is made, nor a square one of a large cluster."""
    monkeypatch.setattr("logit_inference.covariance.clusters.AT_ONCE", 1 << 14)
    monkeypatch.setattr("logit_inference.covariance.bell_mccaffrey.PIECE", 1 << 16)
    rng = np.random.default_rng(0)
    n, p = 120_000, 12
    X, by = rng.normal(size=(n, p)), np.maximum(rng.integers(-4000, 6000, n), 0)
    fit = li.logit_arrays((rng.random(n) < 0.4).astype(float), X)
    fit.with_covariance("cluster", by=by % 50, type="CR2")  # modules that are imported on the way
    tracemalloc.start()
    fit.with_covariance("cluster", by=by, type="CR2")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Numbers a row: labels, codes, their order and what sorts them (numpy 1 takes an array more).
    # One (n, p) array would be twelve more.
    assert peak < (7.2 if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else 8.0) * 8 * n


def test_many_columns_have_a_normal_reference_and_say_so():
    data = table((25,) * 30)
    data["wide"] = np.arange(len(data)) % 45
    found = corrected(li.logit("y ~ C(wide)", data))
    assert "reference: normal" in found.estimate.covariance.label
    assert "no Satterthwaite df for more than 40 columns" in found.estimate.covariance.label


def test_what_is_refused_or_warned_of():
    data = table((30,) * 8, seed=4)
    fit = li.logit(FORMULA, data.assign(month=data.index % 7))
    with pytest.raises(ArgumentError, match="one dimension of clusters"):
        fit.with_covariance("cluster", by=["clinic", "month"], type="CR2")
    with pytest.raises(ArgumentError, match="Stata has no CR2"):
        fit.with_covariance("cluster", by="clinic", type="CR2", convention="stata")
    with pytest.warns(FewClustersWarning, match="degrees of freedom") as caught:
        few = fit.with_covariance("cluster", by=data.index % 3, type="CR2")
    assert caught[0].filename == __file__
    assert (caught[0].message.n_clusters, caught[0].message.least_df < 4) == (3, True)
    with pytest.raises(HypothesisError, match="rank 2"):
        few.test(np.eye(3))
    robust = corrected(fit)
    with pytest.raises(ArgumentError, match="no joint t distribution"):
        robust.conf_int(simultaneous=True)
    with pytest.raises(ArgumentError, match="no joint t distribution"):
        robust.wald_terms(adjust="single-step")
