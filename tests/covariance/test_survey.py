"""Survey covariances: by definition on small designs, by laws, and what they refuse."""

import itertools
import tracemalloc

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.design import matrix
from logit_inference.errors import (
    ArgumentError,
    FewClustersWarning,
    HypothesisError,
    SurveyError,
    SurveyWarning,
    WeightsError,
)
from logit_inference.rows.coded import Coded

FORMULA = "y ~ x + g"


def table(n=240, seed=3):
    """Four strata of five clusters each, of unequal sizes; numbers of clusters start again."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"stratum": rng.choice(list("nesw"), n), "town": rng.integers(0, 5, n)})
    data["house"] = rng.integers(0, 4, n)
    data["x"] = rng.normal(size=n) + 0.2 * data["town"]
    data["g"] = rng.choice(list("ab"), n)
    data["w"] = rng.uniform(0.5, 4.0, n)
    eta = 0.5 * data["x"] - 0.3 + 0.2 * (data["stratum"] == "n")
    data["y"] = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    data["towns"] = data["stratum"].map({"n": 10, "e": 12, "s": 5, "w": 40})
    data["houses"] = 6 + data["town"]
    return data


@pytest.fixture(scope="module")
def data():
    return table()


def influence(fit, data, weights="w"):
    """What each row adds to the coefficients, written out: w r x V, zero outside the fit."""
    X = np.column_stack([np.ones(len(data)), data["x"], data["g"] == "b"])
    mu = 1 / (1 + np.exp(-X @ fit.params.to_numpy()))
    w = data[weights].to_numpy()
    V = np.linalg.inv((X * (w * mu * (1 - mu))[:, None]).T @ X)
    return (X * (w * (data["y"].to_numpy() - mu))[:, None]) @ V


def definition(z, stages, stage=0, policy="fail"):
    """The variance of a total, stratum by stratum and unit by unit, as textbooks write it.

    ``stages`` has for each (units, strata, N by stratum or None); all n rows are the design.
    """
    units, strata, sizes = stages[stage]
    total, found = np.zeros((z.shape[1],) * 2), []
    for h in np.unique(strata):
        own = strata == h
        inside = np.unique(units[own])
        n = len(inside)
        N = np.inf if sizes is None else sizes[own][0]
        sums = np.array([z[own & (units == unit)].sum(axis=0) for unit in inside])
        mean = 0.0 if n == 1 and policy == "adjust" else sums.mean(axis=0)
        spread = (1 - n / N) * (n / (n - 1) if n > 1 else 1) * (sums - mean).T @ (sums - mean)
        found.append(None if n == 1 and policy == "average" and N > 1 else spread)
        if stage + 1 < len(stages) and sizes is not None:
            for unit in inside:
                rows = own & (units == unit)
                below = [(u[rows], s[rows], None if f is None else f[rows]) for u, s, f in stages]
                total += n / N * definition(z[rows], below, stage + 1, policy)
    known = [part for part in found if part is not None]
    return total + sum(known) * len(found) / max(len(known), 1)


def close(fit, wanted, tolerance=1e-10):
    """Standard errors and correlations by two ways of adding the same numbers."""
    scale = np.sqrt(np.diag(wanted))
    gap = (fit.cov_params().to_numpy() - wanted) / np.outer(scale, scale)
    assert np.abs(gap).max() < tolerance


def as_stages(data, *, fpc=True):
    towns = (data["stratum"] + data["town"].astype(str)).to_numpy()
    houses = (data["town"].astype(str) + "/" + data["house"].astype(str)).to_numpy()
    first = (towns, data["stratum"].to_numpy(), data["towns"].to_numpy() if fpc else None)
    return first, (towns + houses, towns, data["houses"].to_numpy() if fpc else None)


# --- the definition -------------------------------------------------------------------------------


def test_stages_strata_and_populations_by_definition(data):
    first, second = as_stages(data)
    rows = (np.arange(len(data)), data["stratum"].to_numpy(), None)
    towns = {"weights": "w", "strata": "stratum", "psu": "town", "nest": True}
    two = {**towns, "psu": ["town", "house"], "fpc": ["towns", "houses"]}
    cases = (
        (towns, [as_stages(data, fpc=False)[0]]),
        ({**towns, "fpc": "towns"}, [first]),
        (two, [first, second]),
        ({"weights": "w", "strata": "stratum"}, [rows]),
    )
    for options, stages in cases:
        fit = li.logit(FORMULA, li.survey(data, **options))
        close(fit, definition(influence(fit, data), stages))
    fractions = data.assign(f1=5 / data["towns"], towns=5 / data["towns"])
    again = li.logit(FORMULA, li.survey(fractions, **{**towns, "fpc": "f1"}))
    close(again, li.logit(FORMULA, li.survey(data, **cases[1][0])).cov_params().to_numpy())


@pytest.mark.parametrize("policy", ["remove", "certainty", "adjust", "average"])
def test_strata_of_one_unit(data, policy):
    lonely = data.copy()
    lonely.loc[lonely["stratum"] == "w", "town"] = 0
    options = {"weights": "w", "strata": "stratum", "psu": "town", "nest": True}
    with pytest.raises(SurveyError, match="1 stratum has a single unit at stage 1: 'w'"):
        li.logit(FORMULA, li.survey(lonely, **options))
    fit = li.logit(FORMULA, li.survey(lonely, **options, lonely_psu=policy))
    stages = as_stages(lonely, fpc=False)[:1]
    close(fit, definition(influence(fit, lonely), stages, policy=policy))
    assert f'strata of one PSU by "{policy}"' in str(fit)
    assert fit.estimate.covariance.df == 16 - 4 + 1 - 3
    certain = lonely.assign(towns=np.where(lonely["stratum"] == "w", 1, 10))
    li.logit(FORMULA, li.survey(certain, **options, fpc="towns"))  # all of it: nothing is unknown


# --- laws -----------------------------------------------------------------------------------------


def test_rows_of_one_stratum_are_HC0_times_n_over_n_less_one(data):
    n = len(data)
    fit = li.logit(FORMULA, data, weights="w", weights_kind="sampling")
    HC0 = li.logit(FORMULA, data, weights="w", weights_kind="precision", covariance="HC0")
    wanted = HC0.cov_params().to_numpy() * n / (n - 1)
    close(fit, wanted, 1e-12)
    close(li.logit(FORMULA, li.survey(data, weights="w")), wanted, 1e-12)
    close(fit.with_covariance("HC0"), HC0.cov_params().to_numpy(), 1e-12)
    assert fit.estimate.covariance.df == n - 3
    towns = data.assign(c=data["stratum"] + data["town"].astype(str))
    with pytest.warns(FewClustersWarning):
        clustered = li.logit(FORMULA, towns, cluster="c", weights="w", weights_kind="sampling")
    stages = as_stages(data, fpc=False)[0]
    one = (stages[0], np.zeros(n), None)
    close(clustered, definition(influence(fit, data), [one]))


def test_names_order_and_scale_of_weights_do_not_matter(data):
    options = {"weights": "w", "strata": "stratum", "psu": "town", "nest": True, "fpc": "towns"}
    fit = li.logit(FORMULA, li.survey(data, **options))
    told = data.assign(
        w=1e4 * data["w"],
        stratum=data["stratum"].map({"n": 7, "e": 1, "s": 3, "w": 0}),
        town=data["town"].map({0: "v", 1: "a", 2: "z", 3: "k", 4: "b"}),
    ).sample(frac=1.0, random_state=1)
    again = li.logit(FORMULA, li.survey(told, **options))
    close(again, fit.cov_params().to_numpy(), 1e-12)
    assert again.llf == pytest.approx(fit.llf, rel=1e-12)
    assert again.account.sum_weights == pytest.approx(1e4 * fit.account.sum_weights, rel=1e-12)


def test_a_domain_keeps_the_design(data):
    options = {"weights": "w", "strata": "stratum", "psu": "town", "nest": True, "fpc": "towns"}
    design = li.survey(data, **options)
    inside = ((data["x"] > 0.2) & (data["stratum"] != "s")).to_numpy()
    fit = li.logit(FORMULA, design.subset(inside))
    z = influence(fit, data.assign(w=data["w"] * inside))
    close(fit, definition(z, as_stages(data)[:1]))
    assert fit.nobs == fit.n_rows_read == inside.sum()
    towns = data.loc[inside, ["stratum", "town"]].drop_duplicates()
    assert fit.estimate.covariance.df == len(towns) - 3 + 1 - 3  # units and strata in the domain
    text = li.logit(FORMULA, design.subset("x > 0.2").subset("stratum != 's'"))
    pd.testing.assert_frame_equal(text.cov_params(), fit.cov_params())
    assert "Domain: x > 0.2 and stratum != 's'" in str(text)
    # Rows that a variable is missing of are outside, as R's na.action leaves them.
    holes = data.assign(x=data["x"].where(inside))
    dropped = li.logit(FORMULA, li.survey(holes, **options))
    close(dropped, fit.cov_params().to_numpy(), 1e-12)
    assert dropped.estimate.covariance.df == fit.estimate.covariance.df
    assert "Rows dropped for a missing value stay in the design" in str(dropped)
    some = li.survey(data.assign(x=data["x"].where(data["town"] > 0)), **options).subset(inside)
    both = li.logit(FORMULA, some)
    wanted = li.logit(FORMULA, design.subset(inside & (data["town"] > 0).to_numpy()))
    close(both, wanted.cov_params().to_numpy(), 1e-12)
    assert both.sampled.df == wanted.sampled.df


def test_tables_of_other_libraries_and_what_a_fit_may_hold(data):
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    options = {"weights": "w", "strata": "stratum", "psu": "town", "nest": True}
    wanted = li.logit(FORMULA, li.survey(data, **options).subset("town < 4")).bse
    columns = {name: data[name].tolist() for name in data}
    for other in (pl.DataFrame(columns), pa.table(columns), columns):
        found = li.logit(FORMULA, li.survey(other, **options).subset("town < 4"))
        np.testing.assert_array_equal(found.bse, wanted)
    arrays = {key: data[key].to_numpy() for key in ("w", "stratum", "town")}
    given = li.survey(
        data, weights=arrays["w"], strata=arrays["stratum"], psu=arrays["town"], nest=True
    )
    np.testing.assert_array_equal(li.logit(FORMULA, given.subset("town < 4")).bse, wanted)


def test_codes_and_collapsed_rows_are_the_same_rows(data, monkeypatch):
    rng = np.random.default_rng(0)
    wide = pd.concat([data] * 24, ignore_index=True)
    wide["f"] = rng.integers(0, 60, len(wide)).astype(str)
    wide["y"] = (rng.random(len(wide)) < 0.4).astype(int)
    wide["street"] = rng.integers(0, 400, len(wide))
    for options in ({"psu": "street"}, {"strata": "stratum"}, {}):
        many = li.survey(wide, weights="w", **options)
        for formula in ("y ~ x + f", "y ~ f"):
            plain = li.logit(formula, many)
            monkeypatch.setattr(matrix, "SMALL", 0)
            coded = li.logit(formula, many)
            monkeypatch.undo()
            assert isinstance(coded.fit.source.data.X, Coded)
            np.testing.assert_allclose(coded.bse, plain.bse, rtol=1e-10)
            effects = [fit.design_effects().to_frame()["deff"] for fit in (coded, plain)]
            np.testing.assert_allclose(*effects, rtol=1e-9)
    # Of equal weights too, where rows collapse into their distinct ones.
    few = li.survey(wide, psu="street")
    one, two = li.logit("y ~ g + C(house)", few), li.logit("y ~ g * C(house) - g:C(house)", few)
    assert one.fit.solution.n_distinct == 8
    np.testing.assert_allclose(one.bse, two.bse, rtol=1e-10)
    direct = li.logit("y ~ g + C(house)", wide, cluster="street")
    np.testing.assert_allclose(one.bse, direct.bse, rtol=1e-10)  # G/(G − 1), and z


def test_offsets_trials_and_repeated_columns(data):
    options = {"weights": "w", "strata": "stratum", "psu": "town", "nest": True}
    grouped = data.assign(m=3, y=data["y"] + 1, o=0.3 * data["x"], twice=2 * data["x"])
    design = li.survey(grouped, **options)
    fit = li.logit("y ~ x + g", design, trials="m", offset="o")
    moved = li.logit("y ~ x + g", design, trials="m")
    assert fit.params["x"] == pytest.approx(moved.params["x"] - 0.3, abs=1e-9)
    np.testing.assert_allclose(fit.bse, moved.bse, rtol=1e-9)
    with pytest.warns(li.CollinearityWarning):
        aliased = li.logit("y ~ x + twice + g", design, trials="m")
    np.testing.assert_allclose(aliased.bse.drop("twice"), moved.bse, rtol=1e-9)
    assert aliased.estimate.covariance.df == moved.estimate.covariance.df


def test_no_score_is_kept_for_each_row():
    n, G = 200_000, 10_000
    rng = np.random.default_rng(0)
    columns = {f"x{j}": rng.normal(size=n) for j in range(10)}
    columns |= {"y": rng.integers(0, 2, n), "psu": rng.integers(0, G, n), "w": rng.uniform(1, 9, n)}
    columns["stratum"] = columns["psu"] // 100
    formula = "y ~ " + " + ".join(f"x{j}" for j in range(10))
    for options in ({"psu": "psu", "strata": "stratum"}, {"strata": "stratum"}):
        fit = li.logit(formula, li.survey(columns, weights="w", **options))
        tracemalloc.start()
        fit.with_covariance("survey")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 0.6 * n * 11 * 8  # G × p for each run and the sum; codes of the strata


# --- replicates -----------------------------------------------------------------------------------


def refitted(data, W):
    """Each replicate by a fit of its own."""
    rows = [
        li.logit(FORMULA, data.assign(w=w), weights="w", weights_kind="precision").params
        for w in W.T
    ]
    return np.array(rows)


def test_replicate_weights_by_definition(data):
    rng = np.random.default_rng(1)
    small = data.iloc[:80].reset_index(drop=True)
    half = 1 + (rng.random((80, 8)) < 0.5)
    W = half * small["w"].to_numpy()[:, None]
    coef = refitted(small, W)
    about_mean, about = coef - coef.mean(axis=0), coef - refitted(small, small[["w"]].to_numpy())
    each = rng.uniform(0.5, 1.5, 8)
    options = {"weights": "w", "replicates": W}
    cases = (
        ({"type": "BRR"}, about_mean, 1 / 8),
        ({"type": "BRR", "mse": True}, about, 1 / 8),
        ({"type": "Fay", "rho": 0.3}, about_mean, 1 / (8 * 0.49)),
        ({"type": "JK1"}, about_mean, 7 / 8),
        ({"type": "bootstrap"}, about_mean, 1 / 7),
        ({"type": "JK1", "scale": 0.2}, about_mean, 0.2),
        ({"type": "JKn", "rscales": each}, about_mean * np.sqrt(each)[:, None], 1.0),
    )
    for more, distance, scale in cases:
        fit = li.logit(FORMULA, li.survey_replicates(small, **options, **more))
        close(fit, scale * distance.T @ distance, 1e-7)  # refits are good to 1e-9 standard errors
        assert fit.estimate.covariance.df == 8 - 1 + 1 - 3
    named = small.join(pd.DataFrame(half, columns=[f"r{j}" for j in range(8)]))
    factors = li.survey_replicates(
        named, weights="w", replicates=[f"r{j}" for j in range(8)], type="BRR", combined=False
    )
    close(li.logit(FORMULA, factors), about_mean.T @ about_mean / 8, 1e-7)
    twice = li.survey_replicates(small, **{**options, "replicates": np.hstack([W, W])}, type="BRR")
    assert twice.df == 7  # the rank of the replicate weights, less one


def test_replicates_without_an_estimate_are_left_out_and_counted(data):
    rng = np.random.default_rng(2)
    half = 1.0 + (rng.random((len(data), 8)) < 0.5)
    lost = np.column_stack([half, 1.0 * (data["g"] == "a").to_numpy()])
    options = {"weights": "w", "type": "bootstrap", "scale": 0.1, "combined": False}
    with pytest.warns(SurveyWarning, match="1 of 9 replicates have no estimate"):
        fit = li.logit(FORMULA, li.survey_replicates(data, replicates=lost, **options))
    whole = li.logit(FORMULA, li.survey_replicates(data, replicates=half, **options))
    close(fit, whole.cov_params().to_numpy(), 1e-12)
    assert "8 of 9 replicates" in str(fit)
    design = li.survey_replicates(data.assign(z=-data["x"]), replicates=half, **options)
    with pytest.warns(li.CollinearityWarning):
        aliased = li.logit("y ~ x + z + g", design)
    np.testing.assert_allclose(aliased.bse.drop("z"), whole.bse, rtol=1e-9)
    nothing = np.column_stack([(data["g"] == level).to_numpy(float) for level in "ab"])
    with pytest.raises(SurveyError, match="0 of 2 replicates have an estimate"):
        li.logit(FORMULA, li.survey_replicates(data, replicates=nothing, **options))


def test_jackknives_of_a_design(data):
    small = data.iloc[:60].reset_index(drop=True)
    n = len(small)
    rows = li.logit(FORMULA, li.survey(small, weights="w").with_replicates("JK1"))
    W = small["w"].to_numpy()[:, None] * (1 - np.eye(n))
    coef = refitted(small, W)
    distance = coef - coef.mean(axis=0)
    close(rows, (n - 1) / n * distance.T @ distance, 1e-7)
    options = {"weights": "w", "strata": "stratum", "psu": "town", "nest": True, "fpc": "towns"}
    design = li.survey(data, **options)
    fit = li.logit(FORMULA, design.with_replicates("JKn", mse=True))
    towns = (data["stratum"] + data["town"].astype(str)).to_numpy()
    wanted = np.zeros((3, 3))
    for h, j in itertools.product("nesw", range(5)):
        own, out = (data["stratum"] == h).to_numpy(), towns == f"{h}{j}"
        w = data["w"].to_numpy() * np.where(out, 0, np.where(own, 5 / 4, 1))
        gap = (refitted(data, w[:, None]) - fit.params.to_numpy())[0]
        left = 1 - 5 / data.loc[own, "towns"].iloc[0]
        wanted += left * 4 / 5 * np.outer(gap, gap)
    close(fit, wanted, 1e-7)
    linear = li.logit(FORMULA, design)
    assert fit.estimate.covariance.df == linear.estimate.covariance.df
    inside = li.logit(FORMULA, design.subset("x > 0"))
    jackknifed = li.logit(FORMULA, design.with_replicates("JKn").subset("x > 0"))
    np.testing.assert_allclose(jackknifed.bse, inside.bse, rtol=0.1)
    assert "20 JKn replicate weights" in str(fit)
    with pytest.raises(SurveyError, match='write "JKn"'):
        design.with_replicates("JK1")


# --- what is refused ------------------------------------------------------------------------------


def test_designs_that_contradict_themselves(data):
    whole = {"weights": "w", "strata": "stratum", "psu": "town", "nest": True}
    wrong = (
        ({"weights": "w", "strata": "stratum", "psu": "town"}, "nest=True"),
        ({**whole, "fpc": "x"}, "not both"),
        ({**whole, "fpc": "houses"}, "differs within stratum"),
        ({**whole, "fpc": np.full(len(data), 4.0)}, "5 units at stage 1"),
        ({**whole, "psu": ["town", "house"], "fpc": "towns"}, "2 stages"),
        ({**whole, "strata": ["stratum", "g"]}, "strata= names 2 columns"),
        ({**whole, "psu": data["town"].where(data["x"] > 0).to_numpy()}, "missing in"),
    )
    for options, message in wrong:
        with pytest.raises(SurveyError, match=message):
            li.survey(data, **options)
    with pytest.raises(WeightsError, match="negative"):
        li.survey(data, weights=-data["w"])
    one = data.assign(house=np.where(data["town"] == 3, 0, data["house"]))
    two = {**whole, "psu": ["town", "house"], "fpc": ["towns", "houses"]}
    with pytest.raises(SurveyError, match="4 strata have a single unit at stage 2: 3, 3, 3, 3"):
        li.logit(FORMULA, li.survey(one, **two))
    lonely = data.assign(town=np.where(data["stratum"] == "w", 0, data["town"]))
    with pytest.raises(SurveyError, match="'w'"):
        li.survey(lonely, **whole).with_replicates("JKn")
    kept = li.survey(lonely, **whole, lonely_psu="remove").with_replicates("JKn")
    assert kept.replicates.n_replicates == 15
    with pytest.raises(ArgumentError, match="lonely_psu"):
        li.survey(data, weights="w", lonely_psu="drop")
    design = li.survey(data, **whole)
    for argument in ({"weights": "w"}, {"cluster": "town"}, {"weights_kind": "sampling"}):
        with pytest.raises(SurveyError, match="beside a survey design"):
            li.logit(FORMULA, design, **argument)
    with pytest.raises(SurveyError, match="holds no row"):
        design.subset("x > 100")
    with pytest.raises(SurveyError, match="true or false"):
        design.subset("x")
    with pytest.raises(SurveyError, match='estimator="ml"'):
        li.logit(FORMULA, design, estimator="firth")
    for more, message in (
        ({"type": "Fay"}, "rho="),
        ({"type": "JKn"}, "rscales="),
        ({"type": "BRR", "scale": 2.0}, "leave scale="),
        ({"type": "JK1", "rscales": [1.0]}, "rscales has shape"),
    ):
        with pytest.raises(SurveyError, match=message):
            li.survey_replicates(data, weights="w", replicates=np.ones((240, 3)), **more)


def test_degrees_of_freedom_can_run_out(data):
    few = data.assign(town=data["town"] % 2, one=0)
    with pytest.warns(SurveyWarning, match="leaves -1 degrees of freedom"):
        fit = li.logit(FORMULA, li.survey(few, weights="w", strata="one", psu="town"))
    assert np.isfinite(fit.bse).all()
    assert fit.pvalues.isna().all()
    with pytest.raises(HypothesisError, match="has rank 1, and the hypothesis needs 2"):
        fit.test("x = g[T.b] = 0")
    assert np.isnan(fit.test("x").p_value)
    census = li.logit(FORMULA, li.survey(data, weights="w", fpc=np.full(len(data), len(data))))
    assert (census.bse == 0).all()
    for method in ("wald", "rao-scott"):
        with pytest.raises(HypothesisError, match="all of the population is in the sample"):
            census.test("x", method=method)
