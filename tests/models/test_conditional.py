"""Conditional logistic regression as its users type it, against definitions and laws."""

import itertools
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog, minimize
from scipy.special import logsumexp

import logit_inference as li
from logit_inference import errors


def minus_log_likelihood(coef, y, X, codes):
    """Each choice of cases written out."""
    total = 0.0
    for g in np.unique(codes):
        eta, own = X[codes == g] @ coef, y[codes == g]
        choices = itertools.combinations(range(len(own)), int(own.sum()))
        total += logsumexp([eta[list(c)].sum() for c in choices]) - own @ eta
    return total


def sample(seed=0, n_sets=60, separated=False):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(n_sets), rng.integers(2, 7, n_sets))
    X = rng.normal(size=(len(codes), 3))
    y = (rng.random(len(codes)) < 1 / (1 + np.exp(-X @ [0.7, -0.5, 0.2]))).astype(float)
    if separated:
        X[:, 0] = (rng.random(len(y)) < 0.4) & (y == 1)
    return pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=y, set=codes)


@pytest.fixture(scope="module")
def table():
    return sample()


@pytest.fixture(scope="module")
def fit(table):
    return li.conditional_logit("y ~ a + b + c", table, strata="set")


def test_the_estimate_is_the_maximum_of_the_definition(fit, table):
    arrays = table["y"].to_numpy(), table[["a", "b", "c"]].to_numpy(), table["set"].to_numpy()
    found = minimize(minus_log_likelihood, np.zeros(3), args=arrays, options={"gtol": 1e-8})
    assert np.allclose(fit.params, found.x, atol=1e-6)  # of the numerical derivative there
    assert fit.llf == pytest.approx(-found.fun, rel=1e-12)
    assert fit.llnull == pytest.approx(-minus_log_likelihood(np.zeros(3), *arrays), rel=1e-12)
    assert fit.certificate.exists
    assert fit.certificate.distance < 1e-9


def test_a_profile_interval_ends_where_the_likelihood_ratio_is_the_quantile(fit, table):
    low, high = fit.conf_int(method="profile").loc["a"]
    for end in (low, high):
        assert fit.test(f"a = {end:.17g}", method="lr").p_value == pytest.approx(0.05, rel=1e-8)
    assert low < fit.params["a"] < high
    restricted = li.conditional_logit("y ~ b + c", table, strata="set")
    ratio = 2 * (fit.llf - restricted.llf)
    assert fit.test("a = 0", method="lr").statistic == pytest.approx(ratio, rel=1e-9)
    assert fit.drop1().to_frame().set_index("term")["statistic"]["a"] == pytest.approx(ratio)
    held = li.conditional_logit("y ~ b + c", table, strata="set", offset="0.3 * a")
    ratio = 2 * (fit.llf - held.llf)
    assert fit.test("a = 0.3", method="lr").statistic == pytest.approx(ratio, rel=1e-9)


def test_matched_pairs_have_closed_forms():
    """McNemar: the log of the ratio of discordant pairs."""
    pairs = [((1, 0), 21), ((0, 1), 8), ((1, 1), 5), ((0, 0), 11)]
    rows = [(k, y, x) for k, (xs, n) in enumerate(pairs) for i in range(n) for y, x in
            ((1, xs[0]), (0, xs[1]))]  # fmt: skip
    table = pd.DataFrame(rows, columns=["k", "case", "exposed"])
    table["pair"] = np.repeat(np.arange(len(table) // 2), 2)
    fit = li.conditional_logit("case ~ exposed", table, strata="pair")
    assert fit.params["exposed"] == pytest.approx(np.log(21 / 8), rel=1e-13)
    assert fit.bse["exposed"] == pytest.approx(np.sqrt(1 / 21 + 1 / 8), rel=1e-13)
    assert fit.test("exposed = 0", method="score").statistic == pytest.approx(13**2 / 29)
    assert fit.llf == pytest.approx(21 * np.log(21 / 29) + 8 * np.log(8 / 29) + 16 * np.log(0.5))


def test_pairs_are_a_logit_of_differences_without_intercept():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(200, 2))
    y = np.tile([1.0, 0.0], 100)
    pairs = pd.DataFrame(X, columns=["a", "b"]).assign(y=y, pair=np.repeat(np.arange(100), 2))
    pairs["y"] = rng.permuted(y.reshape(-1, 2), axis=1).ravel()
    signs = np.where(pairs["y"].to_numpy()[::2] == 1, 1.0, 0.0)
    plain = li.logit_arrays(signs, X[::2] - X[1::2], names=["a", "b"])
    fit = li.conditional_logit("y ~ a + b", pairs, strata="pair")
    assert np.allclose(fit.params, plain.params, rtol=1e-10)
    assert np.allclose(fit.bse, plain.bse, rtol=1e-10)
    assert fit.llf == pytest.approx(plain.llf, rel=1e-13)


def test_laws(fit, table):
    mixed = table.sample(frac=1, random_state=3)
    again = li.conditional_logit("y ~ a + b + c", mixed, strata="set")
    assert np.allclose(again.params, fit.params, rtol=1e-12)
    assert np.allclose(again.fitted.reindex(fit.fitted.index), fit.fitted, rtol=1e-12)
    shifted = table.assign(a=table["a"] + 10.0 * table["set"], more=np.sin(table["set"]))
    shifted["off"] = np.cos(table["set"])
    again = li.conditional_logit("y ~ a + b + c", shifted, strata="set", offset="off")
    assert np.allclose(again.params, fit.params, rtol=1e-9)  # a is rounded at 600 now
    flipped = li.conditional_logit("I(1 - y) ~ a + b + c", table, strata="set")
    assert np.allclose(flipped.params, -fit.params, rtol=1e-10)
    assert np.allclose(flipped.bse, fit.bse, rtol=1e-10)
    far = table.assign(a=1e6 + table["a"])
    assert np.allclose(
        li.conditional_logit("y ~ a + b + c", far, strata="set").params, fit.params, rtol=1e-8
    )


def test_the_robust_covariance_is_that_of_scores_of_sets(fit, table):
    informative = table.groupby("set")["y"].transform(lambda y: 0 < y.sum() < len(y))
    rows = table[informative]
    residual = rows["y"] - fit.fitted.reindex(rows.index)
    scores = rows[["a", "b", "c"]].mul(residual, axis=0).groupby(rows["set"]).sum().to_numpy()
    bread, g = fit.cov_params().to_numpy(), len(scores)
    wanted = g / (g - 1) * bread @ scores.T @ scores @ bread
    assert g == fit.n_sets
    robust = fit.with_covariance("cluster")
    assert np.allclose(robust.cov_params(), wanted, rtol=1e-10)
    assert "clustered by set (CR1)" in str(robust)
    asked = li.conditional_logit("y ~ a + b + c", table, strata="set", covariance="cluster")
    assert asked.cov_params().equals(robust.cov_params())
    with pytest.raises(errors.ArgumentError, match="independent"):
        fit.with_covariance("cluster", type="CR2")
    coarse = table.assign(clinic=table["set"] // 2)
    coarse_fit = li.conditional_logit("y ~ a + b + c", coarse, strata="set")
    with pytest.warns(errors.FewClustersWarning, match=r"^\d+ clusters: [^\"]*method=.wild") as few:
        by_clinic = coarse_fit.with_covariance("cluster", by="clinic")
    assert few[0].filename == __file__
    assert by_clinic.estimate.covariance.n_clusters == rows["set"].floordiv(2).nunique()


def test_the_robust_covariance_of_infert_whose_sets_do_not_stand_together():
    infert = li.datasets.load("infert")
    fit = li.conditional_logit("case ~ spontaneous + induced", infert, strata="stratum")
    residual = infert["case"] - fit.fitted.reindex(infert.index)
    scores = infert[["spontaneous", "induced"]].mul(residual, axis=0)
    scores = scores.groupby(infert["stratum"]).sum().to_numpy()
    bread, g = fit.cov_params().to_numpy(), 83
    wanted = g / (g - 1) * bread @ scores.T @ scores @ bread
    assert np.allclose(fit.with_covariance("cluster").cov_params(), wanted, rtol=1e-10)


@pytest.mark.parametrize("dropped", [False, True])
def test_the_robust_covariance_does_not_depend_on_the_order_of_rows(dropped):
    """Against the sandwich of the definition, of numbers and of text that sorts otherwise."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"set": np.repeat(np.arange(60), 5), "x": rng.normal(size=300)})
    table["y"] = np.tile([1.0, 0, 0, 0, 0], 60)
    table["name"] = "q" + ((7 * table["set"]) % 60).astype(str)
    if dropped:  # a row of a set that stays, and a set that says nothing
        table.loc[3, "x"] = np.nan
        table.loc[10, "y"] = 0.0
    told = table.dropna()[lambda rows: rows["y"].groupby(rows["set"]).transform("sum") > 0]
    for rows in (table, table.iloc[::-1], table.sample(frac=1, random_state=1)):
        for strata in ("set", "name"):
            fit = li.conditional_logit("y ~ x", rows, strata=strata, covariance="cluster")
            odds = np.exp(told["x"] * fit.params["x"])
            residual = told["y"] - odds / odds.groupby(told["set"]).transform("sum")
            scores = (told["x"] * residual).groupby(told["set"]).sum()
            bread, g = fit.with_covariance("model").bse["x"] ** 2, len(scores)
            wanted = bread * np.sqrt((scores**2).sum() * g / (g - 1))
            assert fit.bse["x"] == pytest.approx(wanted, rel=1e-10)
            used = rows.loc[sorted(told.index, key=list(rows.index).index), "set"]
            for by in (strata, rows["set"], rows["set"].to_numpy(), used, used.to_numpy()):
                again = fit.with_covariance("cluster", by=by)
                assert again.bse["x"] == pytest.approx(wanted, rel=1e-10)
            wild = fit.test("x", method="wild")
            null = told["y"] - 1 / told.groupby("set")["x"].transform("size")
            by_set = (told["x"] * null).groupby(told["set"]).sum()
            score = by_set.sum() ** 2 / (by_set**2).sum()
            assert wild.statistic == pytest.approx(score, rel=1e-8)


def test_clusters_that_split_sets_are_refused(fit, table):
    """A part of a set has no score: whichever row the others are compared with would count."""
    half = np.arange(len(table)) % 2
    own = table.assign(half=np.where(half, "odd", "even"))
    asked = li.conditional_logit("y ~ a + b + c", own, strata="set")
    for by in (half, "half", own["half"], {"half": half}, ["set", "half"]):
        with pytest.raises(errors.ClusterError, match="must be of whole sets"):
            asked.with_covariance("cluster", by=by)
    swapped = table["set"].to_numpy(copy=True)
    rows = np.flatnonzero(table["set"] == fit.core.table.loc[fit.fitted.index[-1], "set"])
    swapped[rows[0]] = -7
    with pytest.raises(errors.ClusterError) as raised:
        fit.with_covariance("cluster", by=swapped)
    message = str(raised.value)
    number = table["set"].iloc[rows[0]]
    assert f"'clusters' split 1 of {fit.n_sets} sets: rows of one set of set, {number}," in message
    assert "-7" in message
    assert 'Write with_covariance("cluster") for the sets themselves' in message
    unnamed = li.conditional_logit("y ~ a + b + c", table, strata=table["set"].to_numpy())
    with pytest.raises(errors.ClusterError, match=r"one set of strata, that of row \d+, are in"):
        unnamed.with_covariance("cluster", by=half)


def test_messages_about_sets_and_clusters_name_what_there_is(fit, table):
    for strata in ("sets", ["set", "sets"]):
        with pytest.raises(errors.FormulaError) as raised:
            li.conditional_logit("y ~ a", table, strata=strata)
        assert "Did you mean 'set'?" in str(raised.value)
        assert str(raised.value).endswith("strata=sets, without quotes.\n  in: strata='sets'")
    with pytest.raises(errors.FormulaError, match=r"in: strata='log\(nope\)'"):
        li.conditional_logit("y ~ a", table, strata="log(nope)")
    with pytest.raises(errors.FormulaError, match="in: y ~ nope"):
        li.conditional_logit("y ~ nope", table, strata="set")
    with pytest.raises(errors.ClusterError, match="Give the column itself") as unknown:
        fit.with_covariance("cluster", by="clinic")
    holes = table["set"].astype(float).where(table.index != fit.fitted.index[0])
    with pytest.raises(errors.ClusterError, match="out of the table before the fit") as missing:
        fit.with_covariance("cluster", by=holes)
    assert "logit(" not in str(unknown.value) + str(missing.value)  # which takes no cluster=


def test_sets_that_say_nothing_are_counted(fit, table):
    sums, sizes = table.groupby("set")["y"].sum(), table.groupby("set").size()
    none, only = int((sums == 0).sum()), int((sums == sizes).sum())
    assert none > 0 < only
    text = " ".join(str(fit).split())
    assert f"{60 - none - only} used; {none} without a case and {only} of cases only" in text
    assert "No intercept" in text
    told = table["set"].isin(sums.index[(sums > 0) & (sums < sizes)])
    assert fit.n_rows_used == told.sum()
    assert f"{(~told).sum()} left out with their sets" in text
    only_told = li.conditional_logit("y ~ a + b + c", table[told], strata="set")
    assert np.allclose(only_told.params, fit.params, rtol=1e-12)


def test_what_does_not_vary_within_sets_is_said(table):
    more = table.assign(twice=2 * table["a"] + table["set"], site=table["set"] % 7)
    with pytest.warns(errors.CollinearityWarning, match="site is constant within every set"):
        fit = li.conditional_logit("y ~ a + b + c + site + twice", more, strata="set")
    assert np.isnan(fit.params[["site", "twice"]]).all()
    assert "Not estimable: twice = 2*a" in str(fit)
    link = fit.predict(more.head(2).assign(twice=2 * more["a"].head(2)))
    assert np.allclose(link, more.head(2)[["a", "b", "c"]] @ fit.params[["a", "b", "c"]])
    with pytest.raises(errors.RankError, match="site: constant within every set"):
        li.conditional_logit("y ~ site", more, strata="set")


def test_a_term_that_is_constant_within_sets_is_named_once():
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"set": np.repeat(np.arange(80), 4), "x": rng.normal(size=320)})
    table["y"] = np.tile([1.0, 0, 0, 0], 80)
    table["site"] = np.array(list("abcd"))[table["set"] % 4]
    # Some sets have levels a and c in them: columns b and d stay constant.
    table["mixed"] = table["site"].where(table["set"] > 30, rng.choice(["a", "c"], 320))
    with pytest.warns(errors.CollinearityWarning) as caught:
        fit = li.conditional_logit("y ~ C(set) + x", table, strata="set")
    said = "C(set) is constant within every set, all its 79 columns"
    assert str(caught[0].message).endswith(f"no coefficient: {said}.")
    assert f"Not estimable: {said}." in " ".join(str(fit).split())
    assert fit.params.drop("x").isna().sum() == 79
    with pytest.warns(errors.CollinearityWarning) as caught:
        li.conditional_logit("y ~ x + mixed + I(set * 1)", table, strata="set")
    assert str(caught[0].message).endswith(
        "coefficient: 2 of the 3 columns of mixed are constant within every set (mixed[T.b], "
        "mixed[T.d]); I(set * 1) is constant within every set."
    )


def test_strata_in_every_form(fit, table):
    halves = table.assign(one=table["set"] % 8, two=(table["set"] // 8).astype(str))
    text = halves.assign(set=[f"s{k}" for k in table["set"]])
    for data, strata in (
        (halves, ["one", "two"]),
        (halves, table["set"].to_numpy()),
        (text, "set"),
        ({name: halves[name].to_numpy() for name in halves}, "set"),
    ):
        other = li.conditional_logit("y ~ a + b + c", data, strata=strata)
        assert np.allclose(other.params, fit.params, rtol=1e-11)
    missing = table.assign(set=table["set"].astype(float).mask(table.index == 5))
    dropped = li.conditional_logit("y ~ a + b + c", missing, strata="set")
    assert dropped.n_rows_dropped == {"set": 1}
    assert "1 dropped for a missing value (set in 1)" in str(dropped)


@pytest.mark.parametrize("many", [8, 0])
def test_separated_sets_have_their_limit_and_its_inference(many, monkeypatch):
    monkeypatch.setattr("logit_inference.rows.sets.MANY_PAIRS", many)  # 0: all against bounds
    table = sample(2, 10, separated=True)
    y, X, codes = table["y"].to_numpy(), table[["a", "b", "c"]].to_numpy(), table["set"].to_numpy()
    with pytest.warns(errors.SeparationWarning, match="no case has a lower a than another row"):
        fit = li.conditional_logit("y ~ a + b + c", table, strata="set")
    assert fit.params["a"] == np.inf
    assert fit.separation.kind == "quasi-complete"
    assert fit.certificate.exists is False
    assert fit.certificate.limit.exists

    def best(at):
        def cost(rest):
            return minus_log_likelihood(np.array([at, *rest]), y, X, codes)

        return minimize(cost, np.zeros(2), options={"gtol": 1e-8})

    # At 40 what is left of the cases without it is below the rounding of the sum.
    top, zero = best(40.0), best(0.0)
    assert np.allclose(fit.params[["b", "c"]], top.x, atol=1e-6)
    assert fit.llf == pytest.approx(-top.fun, rel=1e-11)
    ratio = 2 * (zero.fun - top.fun)
    assert fit.test("a = 0", method="lr").statistic == pytest.approx(ratio, rel=1e-9)
    low, high = fit.conf_int().loc["a"]
    assert high == np.inf
    assert 2 * (best(low).fun - top.fun) == pytest.approx(3.841458820694124, rel=1e-7)
    with pytest.raises(errors.SeparationError):
        li.conditional_logit("y ~ a + b + c", table, strata="set", separation="raise")
    complete = pd.DataFrame({"y": [1, 0, 0, 1, 0], "x": [3, 1, 2, 9, 8], "g": [1, 1, 1, 2, 2]})
    with pytest.warns(errors.SeparationWarning, match="Complete"):
        fit = li.conditional_logit("y ~ x", complete, strata="g")
    assert fit.llf == 0.0


@pytest.mark.parametrize("seed", range(16))
def test_separation_is_decided_as_by_a_linear_program(seed, monkeypatch):
    monkeypatch.setattr("logit_inference.rows.sets.MANY_PAIRS", [8, 0][seed % 2])
    rng = np.random.default_rng(seed + 100)
    codes = np.repeat(np.arange(4), rng.integers(3, 7, 4))
    X = rng.integers(0, 2, size=(len(codes), 2)).astype(float)
    y = np.zeros(len(codes))
    for g in range(4):
        y[rng.choice(np.flatnonzero(codes == g), rng.integers(1, 3), replace=False)] = 1
    table = pd.DataFrame(X, columns=["a", "b"]).assign(y=y, set=codes)
    pairs = [(i, j) for i in range(len(y)) for j in range(len(y)) if codes[i] == codes[j]]
    Z = np.array([X[i] - X[j] for i, j in pairs if y[i] > y[j]])
    inside = {"A_ub": -Z, "b_ub": np.zeros(len(Z)), "bounds": [(-1, 1)] * 2}
    separated = -linprog(-Z.sum(axis=0), **inside).fun > 1e-7
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.SeparationWarning)
        warnings.simplefilter("ignore", errors.CollinearityWarning)
        fit = li.conditional_logit("y ~ a + b", table, strata="set")
    assert fit.separation.found == separated
    if np.isnan(fit.params).any() and fit.core.asked is None:
        return  # columns alike within sets
    for j, unit in enumerate(np.eye(2)):
        high, low = -linprog(-unit, **inside).fun > 1e-7, linprog(unit, **inside).fun < -1e-7
        ends = {(1, 1): np.nan, (1, 0): np.inf, (0, 1): -np.inf, (0, 0): 0.0}[high, low]
        assert fit.separation.ends[j] == pytest.approx(ends, nan_ok=True)


def test_a_large_separated_set_takes_no_search_without_end():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=200), "z": rng.normal(size=200), "set": 1})
    table["y"] = (table["x"] > 0.3).astype(int)
    with pytest.warns(errors.SeparationWarning, match="no case has a lower x") as said:
        fit = li.conditional_logit("y ~ x + z", table, strata="set")
    assert said[0].filename == __file__
    assert fit.separation.kind == "complete"
    assert fit.llf == 0.0
    assert fit.params["x"] == np.inf
    assert fit.solution.n_passes < 30


def test_an_early_stop_and_other_starts(fit, table):
    early = li.conditional_logit(
        "y ~ a + b + c", table, strata="set", max_iterations=1, tolerance=1e-12,
        require_convergence=False,
    )  # fmt: skip
    gap = (early.params - fit.params).to_numpy()
    distance = np.sqrt(gap @ np.linalg.solve(early.cov_params().to_numpy(), gap))
    assert not early.converged
    assert early.certificate.exists is None or distance <= early.certificate.distance
    started = li.conditional_logit("y ~ a + b + c", table, strata="set", start=[1.0, 1, 1])
    assert np.allclose(started.params, fit.params, rtol=1e-10)


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda t: li.conditional_logit("y ~ 1", t, strata="set"), errors.FormulaError, "nothing"),
        (lambda t: li.conditional_logit("y ~ a", t, strata=3), errors.ArgumentError, "column"),
        (lambda t: li.conditional_logit("y ~ a", t, strata="sett"), errors.FormulaError, "set"),
        (
            lambda t: li.conditional_logit("cbind(y, 1 - y) ~ a", t, strata="set"),
            errors.FormulaError,
            "single rows",
        ),
        (
            lambda t: li.conditional_logit("y ~ a", t.assign(set=t["y"]), strata="set"),
            errors.DataError,
            "matched sets",
        ),
        (
            lambda t: li.conditional_logit("y ~ a", t, strata="set", start=[0, 0]),
            errors.DataError,
            "1 coefficient",
        ),
        (
            lambda t: li.conditional_logit("y ~ a", t, strata="set", covariance="HC1"),
            errors.ArgumentError,
            "not independent",
        ),
        (
            lambda t: li.conditional_logit("y ~ a", t, strata="set").predict(t, kind="response"),
            errors.ArgumentError,
            "of its own",
        ),
        (
            lambda t: li.conditional_logit("y ~ a + b", t, strata="set").test("y ~ a"),
            errors.ArgumentError,
            "within sets",
        ),
    ],
)
def test_what_cannot_be_answered_says_so(call, kind, said, table):
    with pytest.raises(kind, match=said):
        call(table)


def test_fits_beside_each_other(fit, table):
    small = li.conditional_logit("y ~ a", table, strata="set")
    frame = li.compare(small, fit).to_frame()
    assert frame["statistic"][1] == pytest.approx(2 * (fit.llf - small.llf))
    assert frame["df"][1] == 2
    anova = fit.anova().to_frame().set_index("term")
    assert anova["statistic"][["b", "c"]].sum() == pytest.approx(frame["statistic"][1])
    shifted = li.conditional_logit("y ~ I(a + set)", table, strata="set")
    assert shifted.llf == pytest.approx(small.llf, rel=1e-12)
    assert li.compare(shifted, fit).to_frame()["statistic"][1] == pytest.approx(
        frame["statistic"][1]
    )
    with pytest.raises(errors.ComparisonError, match="conditional"):
        li.compare(li.logit("y ~ a", table), fit)
    with pytest.raises(errors.ArgumentError, match="results of"):
        li.compare(fit, 3)


def test_tables(fit):
    assert list(fit.tidy()["term"]) == ["a", "b", "c"]
    assert fit.glance()["n_sets"][0] == fit.n_sets
    assert "Conditional Logit Regression Results" in str(fit)
    assert "<table" in fit._repr_html_()
    ratios = fit.tidy(exponentiate=True)
    assert np.allclose(ratios["estimate"], np.exp(fit.params))
    assert fit.lincom("a - b").to_frame()["estimate"][0] == pytest.approx(
        fit.params["a"] - fit.params["b"]
    )
    trace = fit.solution.to_frame()
    assert trace["kind"].iloc[-1] == "newton"
    assert trace["cost"].iloc[-1] == pytest.approx(-fit.llf / fit.nobs)


def test_it_travels_without_its_data(fit, table, tmp_path):
    fit.save(tmp_path / "fit.json")
    loaded, pickled = li.load(tmp_path / "fit.json"), pickle.loads(pickle.dumps(fit))
    for other in (fit.without_data(), loaded, pickled):
        assert isinstance(other, li.ConditionalResult)
        assert str(other) == str(fit)
        assert other.predict(table).equals(fit.predict(table))
        assert other.tidy().equals(fit.tidy())
    with pytest.raises(errors.DetachedError):
        loaded.with_covariance("cluster")
    with pytest.raises(errors.DetachedError):
        loaded.test("a = 0", method="lr")
    assert loaded.test("a = 0").statistic == fit.test("a = 0").statistic


@pytest.mark.parametrize("outcome", [0, 1])
def test_one_outcome_advises_nothing_that_sets_do_not_have(table, outcome):
    with pytest.raises(errors.OutcomeError, match="in one set") as caught:
        li.conditional_logit("y ~ a", table.assign(y=outcome), strata="set")
    assert "firth" not in str(caught.value)


def test_wild_tests_of_sets_repeat_with_their_seed():
    fit = li.conditional_logit(
        "case ~ spontaneous + induced", li.datasets.load("infert"), strata="stratum"
    ).with_covariance("cluster")
    first, again, other = (
        fit.test("induced = 0.8", method="wild", n_replicates=399, seed=seed) for seed in (1, 1, 2)
    )
    assert first.p_value == again.p_value
    assert first.p_value != other.p_value
