"""Sandwich covariances: by definition, by the laws they obey, and what they refuse."""

import warnings

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.errors import (
    ArgumentError,
    ClusterError,
    DataError,
    DecidedWarning,
    DetachedError,
    FewClustersWarning,
    HypothesisError,
    SchemaError,
)

FORMULA = "y ~ x + g"


def table(n=600, seed=0):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"x": rng.normal(size=n), "g": rng.choice(list("abc"), n)})
    data["clinic"] = rng.integers(0, 60, n)
    data["month"] = rng.integers(0, 40, n)
    data["y"] = (rng.random(n) < 1 / (1 + np.exp(-data["x"] + 0.3))).astype(int)
    return data


@pytest.fixture(scope="module")
def data():
    return table()


@pytest.fixture(scope="module")
def fit(data):
    return li.logit(FORMULA, data)


def parts(fit, data):
    """Columns, residuals, working weights and inverse information, written out."""
    X = np.column_stack([np.ones(len(data)), data["x"], data["g"] == "b", data["g"] == "c"])
    mu = 1 / (1 + np.exp(-X @ fit.params.to_numpy()))
    w = mu * (1 - mu)
    return X, data["y"].to_numpy() - mu, w, np.linalg.inv((X * w[:, None]).T @ X)


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_by_definition(fit, data, kind):
    X, r, w, V = parts(fit, data)
    h = w * np.einsum("ij,jk,ik->i", X, V, X)
    scale = {"HC0": 1, "HC1": 600 / 596, "HC2": 1 / (1 - h), "HC3": 1 / (1 - h) ** 2}[kind]
    expected = V @ (X * (r**2 * scale)[:, None]).T @ X @ V
    np.testing.assert_allclose(fit.with_covariance(kind).cov_params(), expected, rtol=1e-9)


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1S"])
def test_clusters_by_definition(fit, data, kind):
    X, r, _, V = parts(fit, data)
    sums = pd.DataFrame(X * r[:, None]).groupby(data["clinic"]).sum().to_numpy()
    scale = {"CR0": 1, "CR1": 60 / 59, "CR1S": 60 / 59 * 599 / 596}[kind]
    found = fit.with_covariance("cluster", by=data["clinic"], type=kind)
    np.testing.assert_allclose(found.cov_params(), scale * V @ sums.T @ sums @ V, rtol=1e-9)
    assert f"clustered by clinic ({kind}), 60 clusters" in str(found)


def test_two_dimensions_are_added_and_their_overlap_taken_away(fit, data):
    X, r, _, V = parts(fit, data)
    meat = 0.0
    for by, sign in ((["clinic"], 1), (["month"], 1), (["clinic", "month"], -1)):
        sums = pd.DataFrame(X * r[:, None]).groupby([data[name] for name in by]).sum().to_numpy()
        meat = meat + sign * len(sums) / (len(sums) - 1) * sums.T @ sums
    found = fit.with_covariance("cluster", by={k: data[k] for k in ("clinic", "month")})
    np.testing.assert_allclose(found.cov_params(), V @ meat @ V, rtol=1e-8)


def test_clusters_of_one_row_are_no_clusters(fit):
    alone = fit.with_covariance("cluster", by=np.arange(600), type="CR0")
    np.testing.assert_allclose(alone.bse, fit.with_covariance("HC0").bse, rtol=1e-12)


def test_labels_and_order_do_not_matter(fit, data):
    plain = fit.with_covariance("cluster", by=data["clinic"])
    named = fit.with_covariance("cluster", by=data["clinic"].map(lambda c: f"clinic {99 - c}"))
    np.testing.assert_allclose(named.bse, plain.bse, rtol=1e-12)
    again = data.sample(frac=1.0, random_state=3)
    moved = li.logit(FORMULA, again, cluster="clinic")
    np.testing.assert_allclose(moved.bse, plain.bse, rtol=1e-9)


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_frequencies_are_replications(data, kind):
    times = np.random.default_rng(1).integers(0, 4, len(data))
    weighted = li.logit(FORMULA, data.assign(w=times), weights="w", weights_kind="frequency")
    repeated = li.logit(FORMULA, data.loc[data.index.repeat(times)])
    ours, theirs = (f.with_covariance(kind).bse for f in (weighted, repeated))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_frequencies_are_replications_within_clusters(data):
    times = np.random.default_rng(1).integers(0, 4, len(data))
    weighted = li.logit(
        FORMULA, data.assign(w=times), weights="w", weights_kind="frequency", cluster="clinic"
    )
    repeated = li.logit(FORMULA, data.loc[data.index.repeat(times)], cluster="clinic")
    np.testing.assert_allclose(weighted.bse, repeated.bse, rtol=1e-9)


@pytest.mark.parametrize(("kind", "by"), [("HC3", None), ("cluster", "clinic")])
def test_codes_blocks_and_merged_rows_give_the_same(data, kind, by, monkeypatch):
    data = data.assign(x=data["x"].round(0), wide=data["month"].astype("category"))
    by = None if by is None else data[by]
    formula = "y ~ x + wide"
    plain = li.logit(formula, data).with_covariance(kind, by=by)
    monkeypatch.setattr("logit_inference.design.matrix.SMALL", 0)
    monkeypatch.setattr("logit_inference.rows.coded.FEWEST_ROWS", 64)
    monkeypatch.setattr("logit_inference.rows.threads.WORTH_A_THREAD", 1)
    codes = li.logit(formula, data, threads=2).with_covariance(kind, by=by)
    np.testing.assert_allclose(codes.bse, plain.bse, rtol=1e-8)


def test_everything_follows_the_covariance(fit, data, tmp_path):
    robust = fit.with_covariance("HC1")
    assert (robust.params == fit.params).all()
    assert not np.allclose(robust.pvalues, fit.pvalues, rtol=1e-6)
    assert "Covariance: HC1, factor n/(n-k); reference: normal." in str(robust).replace("\n", " ")
    new = {"x": [0.5], "g": ["b"]}
    ours, other = (f.get_prediction(new).summary_frame() for f in (robust, fit))
    assert ours["std_error"][0] != other["std_error"][0]
    robust.save(tmp_path / "fit.json")
    assert (li.load(tmp_path / "fit.json").bse == robust.bse).all()
    assert (robust.with_covariance("model").bse == fit.bse).all()


def test_the_bread_of_a_penalised_fit_holds_its_penalty(data):
    """The estimate moves less by a score where a penalty holds it back."""
    fit = li.logit(FORMULA, data, estimator="ridge", penalty=40.0)
    X, r, w, _ = parts(fit, data)
    V = fit.cov_params().to_numpy()
    wanted = V @ (X * (r**2)[:, None]).T @ X @ V
    np.testing.assert_allclose(fit.with_covariance("HC0").cov_params(), wanted, rtol=1e-9)
    codes = np.unique(data["clinic"])
    sums = pd.DataFrame(X * r[:, None]).groupby(data["clinic"]).sum().to_numpy()
    one = fit.with_covariance("cluster", by="clinic")
    np.testing.assert_allclose(one.cov_params(), 60 / 59 * V @ sums.T @ sums @ V, rtol=1e-9)
    moves = []
    for code, own in zip(codes, sums, strict=True):
        left = (data["clinic"] == code).to_numpy()
        moves.append(np.linalg.solve(np.linalg.inv(V) - (X[left].T * w[left]) @ X[left], own))
    step = fit.with_covariance(
        "cluster", by="clinic", type="CR3-one-step", convention="clubSandwich"
    )
    np.testing.assert_allclose(step.cov_params(), np.array(moves).T @ np.array(moves), rtol=1e-8)
    with pytest.raises(ArgumentError, match="shrinks"):
        fit.with_covariance("cluster", by="clinic", type="CR2")


def test_conventions(fit, data):
    plain = fit.with_covariance("HC0").bse
    stata = fit.with_covariance("HC0", convention="stata").bse
    np.testing.assert_allclose(stata / plain, np.sqrt(600 / 599), rtol=1e-12)
    assert (fit.with_covariance("HC1", convention="statsmodels").bse == plain).all()
    by = data["clinic"]
    theirs = fit.with_covariance("cluster", by=by, convention="statsmodels").bse
    assert (theirs == fit.with_covariance("cluster", by=by, type="CR1S").bse).all()
    with pytest.raises(ArgumentError, match="Stata has no HC3"):
        fit.with_covariance("HC3", convention="stata")
    for kind in ("HC2", "HC3"):
        with pytest.raises(ArgumentError, match=f"prints HC0 under the name {kind}"):
            fit.with_covariance(kind, convention="statsmodels")


@pytest.mark.parametrize(
    "kind", ["model", "augmented", "survey", "bootstrap", "jackknife", "drawn"]
)
@pytest.mark.parametrize(
    "option", [{"type": "CR2"}, {"convention": "stata"}, {"type": "nonsense"}], ids=str
)
def test_options_of_a_sandwich_are_refused_by_what_has_no_factor(fit, kind, option):
    drawn = {"drawn": fit.bootstrap(5, seed=1, progress=False)}
    with pytest.raises(ArgumentError) as refused:
        fit.with_covariance(drawn.get(kind, kind), **option)
    assert {refused.value.argument: refused.value.value} == option
    assert 'Write it with "' in str(refused.value)


def test_rows_without_a_cluster_are_dropped_and_counted(data):
    holes = data.assign(clinic=data["clinic"].where(data.index % 50 > 0))
    fit = li.logit(FORMULA, holes, cluster="clinic")
    assert fit.n_rows_used == 588
    assert "12 dropped for a missing value (clinic in 12)" in str(fit).replace("\n", " ")
    whole = li.logit(FORMULA, holes)
    with pytest.raises(ClusterError, match="missing in 12 of the rows used, first at row 0"):
        whole.with_covariance("cluster", by=holes["clinic"])


def test_a_column_with_missing_values_says_what_to_do(fit, data):
    holes = data.assign(clinic=data["clinic"].where(data.index % 50 > 0))
    with pytest.raises(ClusterError, match=r"missing in 12 .* logit\(..., cluster=\)"):
        li.logit(FORMULA, holes).with_covariance("cluster", by="clinic", type="CR2")


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1S"])
def test_clusters_whose_rows_do_not_count_are_none(data, kind):
    """Neither rows without weight nor rows that are set aside because they are separated."""
    data = data.assign(w=(data["clinic"] > 4).astype(int))
    rest = li.logit(FORMULA, data[data["w"] == 1]).with_covariance(
        "cluster", by="clinic", type=kind
    )
    weighted = li.logit(FORMULA, data, weights="w", weights_kind="frequency")
    ours = weighted.with_covariance("cluster", by="clinic", type=kind)
    assert ours.estimate.covariance.n_clusters == 55
    np.testing.assert_allclose(ours.bse, rest.bse, rtol=1e-9)
    apart = data.assign(first=1 - data["w"], y=data["y"].where(data["w"] == 1, 1))
    with pytest.warns(li.SeparationWarning):
        fit = li.logit(FORMULA + " + first", apart)
    assert fit.with_covariance("cluster", by="clinic").estimate.covariance.n_clusters == 55


def test_negative_eigenvalues_are_repaired_aloud_and_take_rank_away():
    rng = np.random.default_rng(1)
    few = pd.DataFrame({"a": rng.integers(0, 6, 60), "b": rng.integers(0, 5, 60)})
    few["x"], few["y"] = rng.normal(size=60), (rng.random(60) < 0.5).astype(int)
    with pytest.warns(FewClustersWarning, match="5 clusters"):
        both = li.logit("y ~ x", few).with_covariance("cluster", by=["a", "b"])
    told = " ".join(str(both).split())
    assert "negative eigenvalues set to zero relative to the model's covariance" in told
    assert "clustered by a and b (CR1), clusters: 6 of a and 5 of b, factor" in told
    scaled = few.assign(x=1e3 * few["x"])
    with pytest.warns(FewClustersWarning):
        again = li.logit("y ~ x", scaled).with_covariance("cluster", by=["a", "b"])
    np.testing.assert_allclose(again.tvalues, both.tvalues, rtol=1e-8)  # as R's would not be
    assert np.linalg.eigvalsh(both.cov_params()).min() > -1e-12
    with pytest.raises(HypothesisError, match="rank 1"):
        both.test("Intercept = x = 0")


@pytest.mark.parametrize(("kind", "options"), [("HC2", {}), ("cluster", {"by": "clinic"})])
def test_tests_and_frames_name_the_covariance(fit, kind, options):
    robust = fit.with_covariance(kind, **options)
    said = "clustered by clinic (CR1), 60 clusters, factor G/(G-1)" if options else "HC2"
    for shown in (robust.test("x"), robust.lincom("x"), robust.wald_terms()):
        assert said in " ".join(str(shown).split())
        assert any(said in note for note in shown.to_frame().attrs.get("notes", [said]))
    prediction = robust.get_prediction()
    assert said in " ".join(str(prediction).split())
    assert "First 10 of 600 rows" in prediction._repr_html_()
    frames = (robust.tidy(), robust.glance(), robust.conf_int(), robust.cov_params())
    for frame in (*frames, prediction.summary_frame()):
        assert said in frame.attrs["covariance"]
        assert "reference: normal" in frame.attrs["covariance"]
    assert "do not use" in robust.conf_int(method="profile").attrs["notes"][0]


def test_clusters_given_with_the_fit_wait_for_their_use(data):
    fit = li.logit(FORMULA, data, cluster=["clinic", "month"], covariance="model")
    assert fit.estimate.covariance.kind == "model"
    one = fit.with_covariance("cluster", by="month")
    assert one.estimate.covariance.n_clusters == 40
    both = fit.with_covariance("cluster")
    assert "clinic and month" in both.estimate.covariance.kind


def test_a_column_of_the_table_by_its_name(fit, data):
    named = fit.with_covariance("cluster", by=["clinic", "month"])
    given = fit.with_covariance("cluster", by={k: data[k] for k in ("clinic", "month")})
    assert (named.bse == given.bse).all()


def test_arrays(data):
    X = np.column_stack([np.ones(600), data["x"]])
    robust = li.logit_arrays(data["y"], X, cluster=data["clinic"].to_numpy())
    again = li.logit_arrays(data["y"], X).with_covariance("cluster", by=data["clinic"])
    np.testing.assert_allclose(robust.bse, again.bse, rtol=1e-12)
    assert li.logit_arrays(data["y"], X, covariance="HC2").estimate.covariance.kind == "HC2"


def test_a_series_labelled_otherwise_than_the_table_is_refused(fit, data):
    """By label and by position would be two answers; rows used may be labelled too."""
    other = data["clinic"].sample(frac=1, random_state=1)
    arrays = li.logit_arrays(data["y"], data[["x"]])
    for found in (fit, arrays):
        for given, said in (({"by": other}, "by is a Series"), ({"by": {"g": other}}, "by is")):
            with pytest.raises(SchemaError, match=said):
                found.with_covariance("cluster", **given)
            with pytest.raises(SchemaError, match=said):
                found.bootstrap(5, seed=1, **given)
        with pytest.raises(SchemaError, match="by is a Series"):
            found.test("x", method="wild", by=other)
        with pytest.raises(SchemaError, match="strata is a Series"):
            found.bootstrap(5, seed=1, strata=other)
    with pytest.raises(SchemaError, match="clinic is a Series"):
        li.logit(FORMULA, data, cluster=other)
    with pytest.raises(SchemaError, match="cluster is a Series"):
        li.logit_arrays(data["y"], data[["x"]], cluster=other)
    some = li.logit(FORMULA, data.assign(x=data["x"].where(data.index % 3 > 0)))
    named = some.with_covariance("cluster", by="clinic")
    used = data["clinic"][data.index % 3 > 0]
    assert (some.with_covariance("cluster", by=used).bse == named.bse).all()
    with pytest.raises(SchemaError, match="by is a Series"):
        some.with_covariance("cluster", by=used.reset_index(drop=True))
    with pytest.raises(SchemaError, match="by is a Series"):
        some.with_covariance("cluster", by=used[::-1])


def test_clusters_are_given_in_every_form_and_kept(data):
    X, g = data[["x"]].to_numpy(), data["clinic"].to_numpy()
    texts = [f"c{code}" for code in g]
    theirs = li.logit("y ~ x", data, cluster="clinic", covariance="model")
    others = [li.logit("y ~ x", data, cluster=c) for c in (g, data["clinic"], texts)]
    arrays = [li.logit_arrays(data["y"], X, intercept=True, cluster=c) for c in (g, texts)]
    for kind in ("CR1", "CR2", "CR3-one-step"):
        want = theirs.with_covariance("cluster", type=kind).bse.to_numpy()
        for given in (g, g.tolist(), texts, tuple(texts), data["clinic"]):
            own = theirs.with_covariance("cluster", by=given, type=kind)
            np.testing.assert_allclose(own.bse, want, rtol=1e-10)
        for kept in (*others, *arrays):
            own = kept.with_covariance("cluster", type=kind).bse
            np.testing.assert_allclose(own, want, rtol=1e-10)
    with pytest.raises(ClusterError, match=r"'clusters' have shape \(599,\)"):
        theirs.with_covariance("cluster", by=texts[1:])
    with pytest.raises(SchemaError, match="clusters has 599"):
        li.logit("y ~ x", data, cluster=texts[1:])
    assert arrays[0].with_covariance("cluster", by="clusters").estimate.covariance.n_clusters == 60
    assert arrays[0].bootstrap(3, seed=1).units == "60 clusters of clusters"
    two = {"g": g, "h": data["month"].to_numpy()}
    both = li.logit_arrays(data["y"], X, intercept=True, cluster=two)
    want = li.logit("y ~ x", data, cluster=["clinic", "month"]).bse
    np.testing.assert_allclose(both.with_covariance("cluster").bse, want, rtol=1e-10)
    assert both.with_covariance("cluster", by="h").estimate.covariance.n_clusters == 40


def test_missing_labels_of_arrays_and_strata_have_advice_of_their_own(data, fit):
    holes = data["clinic"].where(data.index > 2).to_numpy()
    with pytest.raises(ClusterError, match="leave these rows out of y, X and the clusters"):
        li.logit_arrays(data["y"], data[["x"]].to_numpy(), cluster=holes)
    with pytest.raises(ClusterError, match=r"strata .* missing in 3 .*stratum of their own"):
        fit.bootstrap(5, strata=holes)
    assert li.logit(FORMULA, data, cluster=holes).n_rows_used == 597


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1S", "CR2", "CR3-one-step"])
def test_coefficients_that_a_cluster_decides_alone_are_named(data, kind):
    """Also where they are a combination of columns: the cluster has the reference level."""
    inside = data["clinic"] == 7
    data = data.assign(f=inside.map({True: "z", False: "a"}))
    data["first"] = np.where(inside, "a", np.where(data["month"] % 2, "b", "c"))
    firth = {"estimator": "firth"} if kind == "CR1S" else {}
    names = {"f": ("f[T.z]",), "first": ("Intercept", "first[T.b]", "first[T.c]"), "g": ()}
    for column, decided in names.items():
        fit = li.logit(f"y ~ x + {column}", data, **firth)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = fit.with_covariance("cluster", by="clinic", type=kind)
        told = [one.message for one in caught if isinstance(one.message, DecidedWarning)]
        assert [one.names for one in told] == ([decided] if decided else [])
        named = ", ".join(map(repr, decided))
        said = f"1 cluster decides {named} alone" in " ".join(str(found).split())
        assert all(f"decides {named} alone" in str(one) for one in told)
        assert said == bool(decided)
        assert "factor none" not in str(found)


def test_a_model_without_residuals_has_no_sandwich():
    cells = pd.DataFrame({"s": [3, 5, 2, 6], "m": [10, 9, 8, 12], "g": list("abcd")})
    fit = li.logit("s ~ g", cells, trials="m")
    for kind in ("HC0", "HC1", "HC2", "HC3"):
        with pytest.raises(DataError, match=f"4 coefficients for 4 observations.*{kind} is made"):
            fit.with_covariance(kind)
    for kind in ("CR0", "CR1", "CR1S", "CR2", "CR3", "CR3-one-step"):
        with pytest.raises(DataError, match=f"{kind} is made of residuals"):
            fit.with_covariance("cluster", by="g", type=kind)
    shrunk = li.logit("s ~ g", cells, trials="m", estimator="ridge", penalty=1.0)
    assert (shrunk.with_covariance("HC0").bse > 1e-3).all()  # a penalty leaves residuals
    with pytest.raises(DataError, match="divides by observations less coefficients"):
        shrunk.with_covariance("HC1")


def test_few_clusters_are_warned_of(fit, data):
    with pytest.warns(FewClustersWarning, match="5 clusters") as caught:
        fit.with_covariance("cluster", by=data["clinic"] % 5)
    assert caught[0].message.n_clusters == 5


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"covariance": "HC9"}, ArgumentError, "'HC0', 'HC1'"),
        ({"covariance": "HC0", "by": "clinic"}, ArgumentError, "has no clusters"),
        ({"covariance": "HC0", "type": "CR2"}, ArgumentError, "has no clusters"),
        ({"covariance": "cluster"}, ClusterError, "needs clusters"),
        ({"covariance": "cluster", "by": "clinics"}, ClusterError, "knows no clusters named"),
        ({"covariance": "cluster", "by": np.arange(5)}, ClusterError, "shape \\(5,\\)"),
        ({"covariance": "cluster", "by": np.zeros(600)}, DataError, "one cluster"),
        ({"covariance": "cluster", "by": np.arange(600), "type": "CR9"}, ArgumentError, "CR1S"),
        ({"covariance": "HC0", "convention": "R"}, ArgumentError, "stata"),
        ({"covariance": "HC0", "convention": "clubSandwich"}, ArgumentError, "about clusters"),
    ],
)
def test_what_is_refused(fit, arguments, error, said):
    with pytest.raises(error, match=said):
        fit.with_covariance(**arguments)


def test_a_row_of_leverage_one(data):
    alone = data.assign(only=(data.index == 7).astype(int))
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("y ~ x + only", alone)
    fit.with_covariance("HC3")  # the row is separated, and no row of the limiting model
    grouped = pd.DataFrame({"s": [3, 4, 1], "n": [9, 9, 9], "c": list("aab")})
    saturated = li.logit("s ~ c", grouped, trials="n")
    with pytest.raises(DataError, match="leverage one"):
        saturated.with_covariance("HC2")
    with pytest.raises(DetachedError):
        saturated.without_data().with_covariance("HC0")
