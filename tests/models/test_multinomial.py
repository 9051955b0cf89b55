"""multinomial_logit: laws between results, what outcomes may be, and every table it prints."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import chi2

import logit_inference as li
from logit_inference import errors
from logit_inference.cli import main
from logit_inference.design import matrix
from logit_inference.errors import (
    ArgumentError,
    CollinearityWarning,
    DataError,
    DetachedError,
    FewClustersWarning,
    FormulaError,
    HypothesisError,
    OutcomeError,
    PredictionError,
)

BIRTHWT = li.datasets.load("birthwt")
WOMENLF = li.datasets.load("Womenlf")
LOW = "low ~ age + lwt + C(race) + smoke"
PARTIC = "partic ~ hincome * children + region"


def made(n=300, seed=0, levels="abcd"):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n)})
    frame["g"] = rng.choice(list("uvw"), n)
    eta = rng.gumbel(size=(n, len(levels)))
    eta[:, 1] += 0.5 * frame["x"]
    eta[:, 2] -= 0.5 * frame["z"]
    frame["y"] = np.array(list(levels))[eta.argmax(axis=1)]
    return frame


def close(ours, theirs, rtol=1e-12, atol=1e-13):
    np.testing.assert_allclose(
        np.asarray(ours, float).ravel(), np.asarray(theirs, float).ravel(), rtol=rtol, atol=atol
    )


# --- two classes are logit ------------------------------------------------------------------------


def test_two_classes_reproduce_logit():
    data = BIRTHWT.assign(o=BIRTHWT["lwt"] / 100, w=1 + BIRTHWT["age"] % 3)
    options = {"offset": "o", "weights": "w", "weights_kind": "frequency"}
    for more in ({}, options):
        ours, theirs = li.multinomial_logit(LOW, data, **more), li.logit(LOW, data, **more)
        for name in ("params", "bse", "pvalues", "cov_params", "conf_int"):
            pair = [getattr(fit, name) for fit in (ours, theirs)]
            close(*(one() if callable(one) else one for one in pair), rtol=1e-11)
        for name in ("llf", "llnull", "llr", "prsquared", "aic", "bic", "df_model", "nobs"):
            close(getattr(ours, name), getattr(theirs, name))
        close(ours.predict(data)[1], theirs.predict(data))
        close(
            ours.conf_int(method="profile", names="lwt"),
            theirs.conf_int(method="profile", names="lwt"),
            rtol=1e-10,
        )
        for kind in ("HC0", "HC1"):
            for convention in ("sandwich", "stata", "statsmodels"):
                pair = [f.with_covariance(kind, convention=convention) for f in (ours, theirs)]
                close(pair[0].bse, pair[1].bse, rtol=1e-11)
        for method in ("wald", "lr", "score"):
            pair = [f.test("C(race), age = 0.01", method=method) for f in (ours, theirs)]
            close(pair[0].statistic, pair[1].statistic, rtol=1e-10)
            for type in (1, 2, 3):
                pair = [f.anova(type=type, test=method).to_frame() for f in (ours, theirs)]
                close(pair[0].statistic.dropna(), pair[1].statistic.dropna(), rtol=1e-10)
        frames = [f.get_prediction().summary_frame() for f in (ours, theirs)]
        own = frames[0][frames[0].response_level == 1]
        close(own.drop(columns="response_level"), frames[1], rtol=1e-11)


def test_two_separated_classes_reproduce_logit():
    data = li.datasets.load("endometrial")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = li.multinomial_logit("HG ~ NV + PI + EH", data)
        theirs = li.logit("HG ~ NV + PI + EH", data)
    assert ours.params[1].tolist() == pytest.approx(theirs.params.tolist(), rel=1e-11)
    close(ours.bse, theirs.bse)
    close(ours.pvalues, theirs.pvalues, rtol=1e-9)
    close(ours.llf, theirs.llf)
    # The end of an infinite interval is searched for to 1e-8 of itself.
    close(ours.conf_int().to_numpy()[1, 0], theirs.conf_int().loc["NV", "conf_low"], rtol=1e-7)
    close(
        ours.test("NV", method="lr").statistic, theirs.test("NV", method="lr").statistic, rtol=1e-9
    )


def test_forced_probabilities_of_two_classes_reproduce_logit():
    data = li.datasets.load("endometrial")
    formula = "HG ~ NV + PI + EH"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = li.multinomial_logit(formula, data), li.logit(formula, data)
    for given in ((), (data[data["NV"] == 1].head(3),)):
        for level in (0.95, 0.8):
            frame = ours.get_prediction(*given, level=level).summary_frame()
            wanted = theirs.get_prediction(*given, level=level).summary_frame()
            own = frame[frame["response_level"] == 1].drop(columns="response_level")
            assert wanted["std_error"].isna().sum() == (3 if given else 13)
            # Of a probability at 1 the limit comes from another search than that of logit.
            close(own, wanted, rtol=1e-9, atol=1e-15)
            other = frame[frame["response_level"] == 0]
            close(1 - other["conf_high"], own["conf_low"], rtol=1e-9, atol=1e-15)
    bare = ours.without_data().get_prediction(*given)
    frame = bare.summary_frame()
    assert frame[["std_error", "conf_high"]].loc[frame["estimate"] == 0].isna().all().all()
    assert "missing where it was not found" in frame.attrs["notes"][0]


# --- laws -----------------------------------------------------------------------------------------


def test_the_reference_does_not_matter():
    fit = li.multinomial_logit(PARTIC, WOMENLF, reference="fulltime")
    other = li.multinomial_logit(PARTIC, WOMENLF, reference="parttime")
    again = fit.with_reference("parttime")
    for name in ("params", "bse", "cov_params", "pvalues"):
        pair = [getattr(one, name) for one in (again, other)]
        close(*(one() if callable(one) else one for one in pair), rtol=1e-10)
    close(
        again.conf_int(method="profile", names="region"),
        other.conf_int(method="profile", names="region"),
        rtol=1e-9,
    )
    close(fit.predict(), other.predict())
    robust = [one.with_covariance("HC1") for one in (fit, other)]
    close(robust[0].with_reference("parttime").bse, robust[1].bse, rtol=1e-10)
    assert again.reference == "parttime"
    assert "parttime" in str(again.summary())


def test_symmetric_coefficients_sum_to_zero():
    fit = li.multinomial_logit(PARTIC, WOMENLF)
    symmetric = li.multinomial_logit(PARTIC, WOMENLF, identification="symmetric")
    params, V = symmetric.params, symmetric.cov_params().to_numpy()
    close(params.sum(axis=1), np.zeros(len(params)), atol=1e-12)
    k, p = 3, len(params)
    full = np.vstack([np.zeros(p), fit.params.to_numpy().T])
    close(params.to_numpy().T, full - full.mean(axis=0), atol=1e-12)
    T = np.vstack([np.zeros(2), np.eye(2)]) - 1 / k
    wide = np.kron(T, np.eye(p))
    close(V, wide @ fit.cov_params().to_numpy() @ wide.T, rtol=1e-9, atol=1e-12)
    assert np.abs(V.reshape(k, p, -1).sum(axis=0)).max() < 1e-12
    for method in ("wald", "lr", "score"):
        pair = [one.test("region", method=method) for one in (fit, symmetric)]
        close(pair[0].statistic, pair[1].statistic, rtol=1e-10)
        assert pair[1].df == 8
    with pytest.raises(HypothesisError, match="not independent"):
        symmetric.test("`not.work:hincome` = 1, parttime:hincome = 1, fulltime:hincome = 1")
    assert symmetric.with_reference("fulltime").params.shape == (8, 2)


def test_weights_are_replications_and_rows_are_collapsed():
    rng = np.random.default_rng(2)
    n = 4000
    data = pd.DataFrame({"x": rng.integers(0, 5, n), "g": rng.choice(list("uv"), n)})
    data["y"] = rng.choice(list("abc"), n)
    data["w"] = rng.integers(0, 4, n)
    weighted = li.multinomial_logit("y ~ x + g", data, weights="w", weights_kind="frequency")
    repeated = li.multinomial_logit("y ~ x + g", data.loc[data.index.repeat(data["w"])])
    assert weighted.solution.n_distinct is None
    assert repeated.solution.n_distinct == 30  # 5 numbers, 2 groups, 3 outcomes
    close(weighted.params, repeated.params)
    close(weighted.bse, repeated.bse)
    close(weighted.llf, repeated.llf)
    for kind in ("HC0", "HC1"):
        close(weighted.with_covariance(kind).bse, repeated.with_covariance(kind).bse, rtol=1e-10)
    assert weighted.nobs == repeated.nobs == data["w"].sum()
    precise = li.multinomial_logit("y ~ x + g", data, weights="w", weights_kind="precision")
    assert precise.nobs == (data["w"] > 0).sum()


def test_whole_numbers_stay_numbers(tmp_path):
    text = made(80, levels="135")
    data = text.assign(y=text["y"].astype(np.int16))
    fit, told = (li.multinomial_logit("y ~ x + z", one) for one in (data, text))
    assert fit.levels == (1, 3, 5)
    assert fit.reference == 1
    assert (fit.reference, fit.with_reference(3).reference) == (1, 3)
    assert list(fit.with_reference(3).params) == [1, 5]
    best = fit.predict(kind="level")
    assert best.dtype == np.int64
    assert fit.classify().equals(best)
    right = fit.confusion_table().to_frame()[["1", "3", "5"]].to_numpy().trace() / 80
    assert (best == data["y"]).mean() == right
    assert fit.predict({"x": [0, None], "z": [1, 1]}, kind="level").isna().tolist() == [False, True]
    assert (fit.augment()["observed"] == data["y"]).all()
    assert (
        set(fit.fitted) == set(fit.get_prediction().summary_frame()["response_level"]) == {1, 3, 5}
    )
    assert set(fit.tidy()["response_level"]) == {3, 5}
    assert set(fit.avg_slopes().to_frame()["response_level"]) == {1, 3, 5}
    close(fit.params[3], told.params["3"])
    assert str(fit) == str(told)
    assert str(fit.avg_slopes()) == str(told.avg_slopes())
    fit.save(tmp_path / "fit.json")
    assert li.load(tmp_path / "fit.json").predict(data.head(9), kind="level").equals(best.head(9))


def test_truth_values_stay_truth_values(tmp_path):
    data = made()
    data["y"] = data["y"] < "b"
    ours, theirs = (f("y ~ x + z", data) for f in (li.multinomial_logit, li.logit))
    assert ours.classify().dtype == ours.augment()["observed"].dtype == bool
    pd.testing.assert_series_equal(ours.classify(), theirs.classify(), check_names=False)
    assert (~ours.classify()).sum() == len(data) - ours.classify().sum()
    new = {"x": [0.5, None], "z": [1.0, 1.0]}
    assert ours.classify(new).isna().tolist() == theirs.classify(new).isna().tolist()
    assert ours.classify(new)[0] == theirs.classify(new)[0]
    ours.save(tmp_path / "fit.json")
    assert li.load(tmp_path / "fit.json").classify(data).equals(ours.classify())
    frame = ours.get_prediction().summary_frame()
    close(frame.loc[frame["response_level"], "estimate"], theirs.fitted, rtol=1e-11)


def test_sampling_weights_are_refused():
    data = made(40)
    y, x, w = data["y"], data[["x"]].to_numpy(), np.linspace(1, 9, 40)
    for fit in (
        lambda: li.multinomial_logit("y ~ x", data, weights=w, weights_kind="sampling"),
        lambda: li.multinomial_logit_arrays(y, x, weights=w, weights_kind="sampling"),
    ):
        with pytest.raises(ArgumentError, match=r"no likelihood.*li\.logit"):
            fit()


@pytest.mark.parametrize("shift", [50.0, -50.0, 800.0, -800.0])
def test_a_large_constant_offset_moves_the_intercept_only(shift):
    data = made(200).assign(o=shift)
    plain = li.multinomial_logit("y ~ x + z", data)
    fit = li.multinomial_logit("y ~ x + z", data, offset={"b": "o"})
    moved = plain.params.copy()
    moved.loc["Intercept", "b"] -= shift
    close(fit.params, moved, rtol=1e-10, atol=1e-10)
    close([fit.llf, fit.llnull], [plain.llf, plain.llnull])
    close(fit.bse, plain.bse, rtol=1e-9)
    # The same where no column is the intercept, and those of a factor add up to it.
    plain = li.multinomial_logit("y ~ 0 + g + x", data)
    fit = li.multinomial_logit("y ~ 0 + g + x", data, offset={"b": "o"})
    moved = plain.params.copy()
    moved.loc[["g[u]", "g[v]", "g[w]"], "b"] -= shift
    close(fit.params, moved, rtol=1e-10, atol=1e-10)
    close([fit.llf, fit.llnull], [plain.llf, plain.llnull])


def test_offsets_of_levels_shift_linear_predictors():
    data = made()
    plain = li.multinomial_logit("y ~ x + z", data)
    shifted = li.multinomial_logit(
        "y ~ x + z", data.assign(o=2.0 * data["x"]), offset={"b": "o", "c": np.full(300, 1.5)}
    )
    moved = plain.params.copy()
    moved.loc["x", "b"] -= 2.0
    moved.loc["Intercept", "c"] -= 1.5
    close(shifted.params, moved, rtol=1e-10, atol=1e-11)
    close(shifted.fitted, plain.fitted, rtol=1e-10)
    close(shifted.llf, plain.llf)
    # The offset that is constant is in the null model's intercept.
    only = li.multinomial_logit("y ~ x + z", data, offset={"c": np.full(300, 1.5)})
    close(only.llnull, plain.llnull, rtol=1e-12)
    new = data.head(3).assign(o=0.0)
    with pytest.raises(PredictionError, match="'c' was an array"):
        shifted.without_data().predict(new)
    close(
        shifted.predict(new, offset={"b": 2.0 * new["x"], "c": np.full(3, 1.5)}),
        plain.predict(new),
        rtol=1e-10,
    )
    with pytest.raises(ArgumentError, match="changes nothing"):
        li.multinomial_logit("y ~ x", data, offset="z")
    with pytest.raises(ArgumentError, match="the reference has no equation"):
        li.multinomial_logit("y ~ x", data, offset={"a": "z"})
    with pytest.raises(FormulaError, match="changes nothing"):
        li.multinomial_logit("y ~ x + offset(z)", data)
    hole = data.assign(o=np.where(data.index == 7, np.nan, 1.0))
    with pytest.raises(DataError, match="not finite"):
        li.multinomial_logit("y ~ x", hole, offset={"b": "o"})


def test_aliased_and_ill_conditioned_columns():
    data = made()
    data["v"] = 1 - data["x"] + 2 * data["z"]
    data["big"] = 1e6 + data["x"]
    plain = li.multinomial_logit("y ~ x + z", data)
    with pytest.warns(CollinearityWarning, match="v = 1 - x"):
        aliased = li.multinomial_logit("y ~ x + z + v", data)
    close(aliased.params.iloc[:3], plain.params)
    assert aliased.params.loc["v"].isna().all()
    assert aliased.df_model == plain.df_model
    close(aliased.with_reference("c").bse.iloc[:3], plain.with_reference("c").bse)
    close(aliased.symmetric().params.iloc[:3], plain.symmetric().params)
    close(aliased.test("x").statistic, plain.test("x").statistic)
    with pytest.raises(PredictionError, match="breaks"):
        aliased.predict({"x": [0.0], "z": [0.0], "v": [9.0]})
    big = li.multinomial_logit("y ~ big + z", data)
    # A column of mean 1e6 was stored with ten digits after the point.
    close(big.params.loc["big"], plain.params.loc["x"], rtol=1e-8)
    close(
        big.with_covariance("HC1").bse.loc["big"], plain.with_covariance("HC1").bse.loc["x"], 1e-8
    )
    assert big.certificate.exists


def test_wide_factors_as_codes(monkeypatch):
    data = made(600)
    data["h"] = np.random.default_rng(8).integers(0, 20, 600).astype(str)
    plain = li.multinomial_logit("y ~ x * g + h", data)
    monkeypatch.setattr(matrix, "SMALL", 0)
    fit = li.multinomial_logit("y ~ x * g + h", data)
    assert fit.fit.source.layout is not None
    assert plain.fit.source.layout is None
    for method in ("wald", "lr"):
        close(
            fit.test("h", method=method).statistic, plain.test("h", method=method).statistic, 1e-9
        )
    close(fit.params, plain.params, rtol=1e-9, atol=1e-10)
    close(fit.bse, plain.bse, rtol=1e-9)
    for kind in ("HC0", "HC1"):
        close(fit.with_covariance(kind).bse, plain.with_covariance(kind).bse, rtol=1e-8)
    by = np.arange(600) % 40
    pair = [one.with_covariance("cluster", by=by) for one in (fit, plain)]
    close(pair[0].bse, pair[1].bse, rtol=1e-8)
    close(
        fit.get_prediction(data.head(3)).summary_frame()["conf_low"],
        plain.get_prediction(data.head(3)).summary_frame()["conf_low"],
        rtol=1e-9,
    )
    close(
        fit.avg_slopes().to_frame()["std_error"], plain.avg_slopes().to_frame()["std_error"], 1e-8
    )
    close(
        fit.avg_comparisons("g").to_frame()["estimate"],
        plain.avg_comparisons("g").to_frame()["estimate"],
        rtol=1e-8,
    )
    assert fit.certificate.exists


def test_clusters():
    data = made()
    fit = li.multinomial_logit("y ~ x + z", data)
    alone = fit.with_covariance("cluster", by=np.arange(300), type="CR0")
    close(alone.bse, fit.with_covariance("HC0").bse, rtol=1e-10)
    with pytest.warns(FewClustersWarning, match="no correction for that here") as said:
        clustered = li.multinomial_logit("y ~ x + z", data, cluster="g")
    assert said[0].filename == __file__
    scores = []
    X = np.column_stack([np.ones(300), data["x"], data["z"]])
    gap = pd.get_dummies(data["y"]).to_numpy(float) - fit.fitted.to_numpy()
    rows = np.einsum("nk,np->nkp", gap[:, 1:], X).reshape(300, -1)
    for g in "uvw":
        scores.append(rows[(data["g"] == g).to_numpy()].sum(axis=0))
    V = fit.cov_params().to_numpy()
    meat = np.array(scores).T @ np.array(scores) * 3 / 2
    close(clustered.cov_params(), V @ meat @ V, rtol=1e-9, atol=1e-12)
    assert "clustered by g" in str(clustered.summary())
    with pytest.raises(ArgumentError, match="no single leverage"):
        fit.with_covariance("HC3")
    with pytest.raises(ArgumentError, match="'HC0' has no clusters"):
        fit.with_covariance("HC0", type="CR1S")
    with pytest.raises(ArgumentError, match="'model' has no factor"):
        fit.with_covariance("model", convention="stata")


# --- effects --------------------------------------------------------------------------------------


def numeric(function, at, h=1e-6):
    """Derivatives by central differences, (outputs, inputs)."""
    return np.array(
        [(function(at + h * e) - function(at - h * e)) / (2 * h) for e in np.eye(len(at))]
    ).T


def test_effects_and_their_covariance_by_differences():
    data = made(200)
    fit = li.multinomial_logit("y ~ x * g + I(z**2)", data, reference="c")
    X, V = fit.fit.source.data.X, fit.cov_params().to_numpy()
    coef = fit.params.to_numpy().T.ravel()
    where = [fit.levels.index(level) for level in fit.params]

    def probabilities(columns, b):
        eta = np.zeros((len(columns), 4))
        eta[:, where] = columns @ b.reshape(3, -1).T
        shares = np.exp(eta)
        return shares / shares.sum(axis=1, keepdims=True)

    def encoded(**changed):
        return fit.design.encode(data.assign(**changed)).X

    frame = fit.get_prediction(data.head(1)).summary_frame()
    J = numeric(lambda b: probabilities(X[:1], b)[0], coef)
    close(frame["std_error"], np.sqrt(np.diag(J @ V @ J.T)), rtol=1e-6)
    assert ((frame["conf_low"] > 0) & (frame["conf_high"] < 1)).all()
    assert (frame["conf_low"] < frame["estimate"]).all()

    h = 1e-5
    for name in ("x", "z"):
        up, down = encoded(**{name: data[name] + h}), encoded(**{name: data[name] - h})

        def slope(b, up=up, down=down):
            return ((probabilities(up, b) - probabilities(down, b)) / (2 * h)).mean(axis=0)

        table = fit.avg_slopes(name).to_frame()
        close(table["estimate"], slope(coef), rtol=1e-6, atol=1e-9)
        J = numeric(slope, coef, 1e-4)
        close(table["std_error"], np.sqrt(np.diag(J @ V @ J.T)), rtol=1e-4)
        close(table["estimate"].sum(), 0.0, atol=1e-12)

    low, high = encoded(g="u"), encoded(g="w")

    def change(b):
        return (probabilities(high, b) - probabilities(low, b)).mean(axis=0)

    table = fit.avg_comparisons("g").to_frame()
    own = table[table["contrast"] == "w - u"]
    assert own["response_level"].tolist() == list("abcd")
    close(own["estimate"], change(coef), rtol=1e-12)
    J = numeric(change, coef)
    close(own["std_error"], np.sqrt(np.diag(J @ V @ J.T)), rtol=1e-6)
    two = fit.avg_comparisons({"x": 2.0}).to_frame()
    direct = probabilities(encoded(x=data["x"] + 2.0), coef) - probabilities(X, coef)
    close(two["estimate"], direct.mean(axis=0), rtol=1e-12)
    assert fit.avg_slopes(newdata=data.head(5)).to_frame().shape[0] == 8
    with pytest.raises(ArgumentError, match="names of numeric variables"):
        fit.avg_slopes("g")


CHANGES = (
    None, "x", "c", {"x": 2.0}, {"x": -2}, {"x": (0, 1)}, {"x": [1, -1]}, {"x": "sd"},
    {"x": "2sd"}, {"x": "iqr"}, {"x": "minmax"}, {"g": "pairwise"}, {"g": "sequential"},
    {"g": "each"}, {"g": ("w", "u")}, {"c": (3, 1)}, {"b": (True, False)},
)  # fmt: skip


@pytest.mark.parametrize("kind", [None, "frequency", "precision"])
def test_comparisons_of_two_classes_are_those_of_logit(kind):
    rng = np.random.default_rng(5)
    data = made(200, 4).assign(b=rng.random(200) < 0.5, c=rng.integers(1, 4, 200))
    data["y"] = np.where(data["y"] < "c", "n", "o")
    weights = {} if kind is None else {"weights": rng.integers(0, 4, 200), "weights_kind": kind}
    formula = "y ~ x + g + b + C(c)"
    ours, theirs = (f(formula, data, **weights) for f in (li.multinomial_logit, li.logit))
    for newdata in (None, data.head(7)):
        for asked in CHANGES:
            own = ours.avg_comparisons(asked, newdata=newdata).to_frame()
            own = own[own["response_level"] == "o"].reset_index(drop=True)
            wanted = theirs.avg_comparisons(asked, newdata=newdata).to_frame()
            assert own["contrast"].tolist() == wanted["contrast"].tolist()
            for column in ("estimate", "std_error", "conf_low", "conf_high"):
                close(own[column], wanted[column], rtol=1e-9)
    for asked in ({"x": "se"}, {"x": np.nan}, {"x": (1, 2, 3)}, {"g": 3}, {"g": ("u", "q")}):
        with pytest.raises(errors.LogitInferenceError) as own:
            ours.avg_comparisons(asked)
        with pytest.raises(errors.LogitInferenceError) as wanted:
            theirs.avg_comparisons(asked)
        assert str(own.value) == str(wanted.value)


def test_functions_of_one_probability_say_what_to_write_instead():
    fit = li.multinomial_logit("y ~ x + g", made())
    sets = li.conditional_logit(
        "case ~ spontaneous + induced", li.datasets.load("infert"), strata="stratum"
    )
    effects = (li.predictions, li.comparisons, li.slopes)
    averages = (li.avg_predictions, li.avg_comparisons, li.avg_slopes)
    for ask in (*effects, *averages):
        with pytest.raises(ArgumentError, match=r"fit\.avg_comparisons\(…\), fit\.avg_slopes"):
            ask(fit, "x")
        with pytest.raises(ArgumentError, match="no row has a probability of its own"):
            ask(sets, "induced")
        with pytest.raises(ArgumentError, match="a MultinomialResult is refused"):
            ask(fit.without_data(), "x", newdata={"x": [0.0], "g": ["u"]})
    for draw in (li.plot_predictions, lambda *a: li.plot_slopes(a[0], "x", condition="x")):
        with pytest.raises(ArgumentError, match="for each level of the outcome"):
            draw(fit, "x")
    with pytest.raises(ArgumentError, match=r"larger\.test"):
        li.compare(fit, fit)
    small = li.multinomial_logit("y ~ x", made())
    close(fit.test("y ~ x", method="lr").statistic, 2 * (fit.llf - small.llf), rtol=1e-8)


def test_effects_of_coded_numbers_and_splines():
    data = made(120)
    data["i"] = np.arange(120) % 3
    fit = li.multinomial_logit("y ~ C(i) + bs(x, df=4)", data)
    slopes = fit.avg_slopes().to_frame()
    assert slopes["term"].unique().tolist() == ["x"]  # i is a factor, and has no slope
    h = 1e-4
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        up, down = (fit.predict(data.assign(x=data["x"] + s)) for s in (h, -h))
    close(slopes["estimate"], ((up - down) / (2 * h)).mean(), rtol=1e-4, atol=1e-7)
    table = fit.avg_comparisons("i").to_frame()
    assert table["contrast"].unique().tolist() == ["1 - 0", "2 - 0"]
    gap = fit.predict(data.assign(i=1)).mean() - fit.predict(data.assign(i=0)).mean()
    close(table["estimate"][:4], gap, atol=1e-12)


def test_effects_weight_rows_and_know_offsets():
    data = made(150)
    data["w"] = np.arange(150) % 3
    data["o"] = data["z"] / 2
    options = {"weights": "w", "weights_kind": "frequency", "offset": {"b": "o"}}
    fit = li.multinomial_logit("y ~ x + g", data, **options)
    again = data.loc[data.index.repeat(data["w"])].reset_index(drop=True)
    repeated = li.multinomial_logit("y ~ x + g", again, offset={"b": "o"})
    for ours, theirs in (
        (fit.avg_slopes(), repeated.avg_slopes()),
        (fit.avg_comparisons(), repeated.avg_comparisons(newdata=again)),
    ):
        for column in ("estimate", "std_error"):
            close(ours.to_frame()[column], theirs.to_frame()[column], rtol=1e-9, atol=1e-12)


# --- outcomes and tables --------------------------------------------------------------------------


def test_what_an_outcome_may_be():
    data = made()
    text = li.multinomial_logit("y ~ x", data)
    assert text.levels == ("a", "b", "c", "d")
    assert text.reference == "a"
    ordered = data.assign(y=pd.Categorical(data["y"], list("zdcba")))
    declared = li.multinomial_logit("y ~ x", ordered)
    assert declared.levels == ("d", "c", "b", "a")
    assert "No row used has level 'z' of y" in str(declared.summary())
    close(declared.with_reference("a").params["b"], text.params["b"], rtol=1e-10)
    numbers = data.assign(y=data["y"].map({"a": 10, "b": 2, "c": 3, "d": 4}))
    assert li.multinomial_logit("y ~ x", numbers, reference=10).levels == (2, 3, 4, 10)
    close(
        li.multinomial_logit("y ~ x", numbers, reference=10).params[2],
        text.params["b"],
        rtol=1e-10,
    )
    assert li.multinomial_logit("y == 'a' ~ x", data).levels == (False, True)
    with pytest.raises(OutcomeError, match="not whole numbers"):
        li.multinomial_logit("x ~ z", data)
    with pytest.raises(OutcomeError, match="only the value 'a'"):
        li.multinomial_logit("y ~ x", data[data["y"] == "a"])
    with pytest.raises(OutcomeError, match="reference 'q'"):
        li.multinomial_logit("y ~ x", data, reference="q")
    with pytest.raises(OutcomeError, match="levels"):
        li.multinomial_logit("i ~ x", data.assign(i=np.arange(300)))
    with pytest.raises(FormulaError, match="cbind"):
        li.multinomial_logit("cbind(x, z) ~ g", data)
    with pytest.raises(ArgumentError, match="symmetric"):
        li.multinomial_logit("y ~ x", data, identification="sum")
    zero = data.assign(w=(data["y"] != "b").astype(int))
    with pytest.raises(DataError, match="positive weight"):
        li.multinomial_logit("y ~ x", zero, weights="w", weights_kind="frequency")


def test_missing_rows_are_dropped_and_counted():
    data = made()
    holes = data.copy()
    holes.loc[3, "x"] = np.nan
    holes.loc[5, "y"] = None
    fit = li.multinomial_logit("y ~ x", holes)
    close(fit.params, li.multinomial_logit("y ~ x", data.drop([3, 5])).params)
    assert fit.n_rows_dropped == {"y": 1, "x": 1}
    assert fit.predict(holes).isna().any(axis=1).sum() == 1
    assert fit.predict(holes, kind="level").isna().sum() == 1
    assert fit.augment(holes).shape[0] == 298


def test_names_frames_and_tables():
    fit = li.multinomial_logit(PARTIC, WOMENLF, reference="fulltime")
    assert fit.params.columns.tolist() == ["not.work", "parttime"]
    assert fit.params.index[0] == "Intercept"
    tidy = fit.tidy(exponentiate=True)
    assert tidy.columns[:3].tolist() == ["term", "response_level", "estimate"]
    close(tidy["estimate"], fit.relative_risk_ratios.to_numpy().T)
    assert fit.conf_int(0.1).index.names == ["response_level", "term"]
    assert len(fit.conf_int(names=["hincome", "parttime:region[T.BC]"])) == 3
    both = fit.test("`not.work:hincome` = parttime:hincome")
    assert both.df == 1
    for table in (
        fit.summary(),
        fit.summary(risk_ratios=True, method="profile"),
        fit.anova(),
        fit.drop1(test="score"),
        fit.confusion_table(),
        fit.avg_slopes(),
        fit.avg_comparisons("children"),
        fit.test("region").to_table(),
    ):
        for text in (str(table), table.to_html(), table.to_latex(), table.to_markdown()):
            assert "fulltime" in text
            assert "nan" not in text.replace("finance", "")
    counts = fit.confusion_table().to_frame()
    assert counts.iloc[:, 1:4].to_numpy().sum() == 263
    assert fit.predict(kind="level").value_counts().sum() == 263
    assert fit._repr_html_().startswith("<")
    close(fit.linear_predictor["parttime"], np.log(fit.fitted["parttime"] / fit.fitted["fulltime"]))
    with pytest.raises(HypothesisError, match="no coefficient"):
        fit.conf_int(names="income")


def test_predictions_print_as_a_table():
    fit = li.multinomial_logit("y ~ x + g", made()).with_covariance("HC0")
    told = fit.get_prediction()
    for text in (str(told), repr(told), told._repr_html_()):
        assert "response_level" in text
        assert "Probabilities(" not in text
        assert "Covariance: HC0" in text
        assert "First 7 of 300 rows; summary_frame() has all." in text
        assert f"{told.summary_frame()['conf_low'].iloc[27]:.4f}" in text
    assert str(told).count("\n") == 1 + 7 * 4 + 1
    few = fit.get_prediction({"x": [0.0], "g": ["u"]})
    assert "First" not in str(few)
    assert few.summary_frame().attrs["covariance"].startswith("HC0")
    with pytest.warns(li.SeparationWarning):
        forced = li.multinomial_logit("y ~ z", separated()).get_prediction({"z": ["w"]})
    assert "Separated data force probabilities" in str(forced)
    assert "NaN" in forced._repr_html_()


def test_arrays_are_the_same_without_a_formula():
    data = made()
    X = data[["x", "z"]]
    formula = li.multinomial_logit("y ~ x + z", data, offset={"b": data["x"] / 2})
    for given in (X, X.to_numpy(), np.asfortranarray(X)):
        fit = li.multinomial_logit_arrays(
            data["y"], given, names=["x", "z"], intercept=True, offset={"b": data["x"] / 2}
        )
        close(fit.params, formula.params)
        close(fit.fitted, formula.fitted)
        assert fit.summary().to_frame().equals(formula.summary().to_frame())
    new = fit.predict(X.head(2), offset={"b": data["x"].head(2) / 2})
    close(new, formula.fitted.head(2))
    close(fit.test("x", method="lr").statistic, formula.test("y ~ z", method="lr").statistic, 1e-9)
    clustered = li.multinomial_logit_arrays(data["y"], X, cluster=np.arange(300) // 5)
    assert clustered.base.covariance.n_clusters == 60
    with pytest.raises(PredictionError, match="no variables"):
        fit.avg_slopes()
    with pytest.raises(OutcomeError, match="missing"):
        li.multinomial_logit_arrays([*data["y"][:-1], None], X)


def test_messages_name_this_model_and_its_levels():
    data = made(levels="abc").assign(w=1.0)
    data["none"] = (data["y"] != "c").astype(float)
    weighted = {"weights": "none", "weights_kind": "frequency"}
    for reference in ("a", "c"):
        with pytest.raises(DataError, match="no row of outcome level 'c' has a positive weight"):
            li.multinomial_logit("y ~ x", data, reference=reference, **weighted)
    for kind in (None, "freq"):
        with pytest.raises(errors.WeightsError, match=r"frequency.*precision") as raised:
            li.multinomial_logit("y ~ x", data, weights="w", weights_kind=kind)
        assert "sampling" not in str(raised.value)
    with pytest.raises(FormulaError, match="in: cluster='nope'"):
        li.multinomial_logit("y ~ x", data, cluster="nope")
    fit = li.multinomial_logit("y ~ x", data)
    holes = data["g"].where(data.index != 4)
    for by in (None, "nope", holes):
        with pytest.raises(errors.ClusterError, match=r"in multinomial_logit\("):
            fit.with_covariance("cluster", by=by)


def test_the_trace_tells_the_cost_of_an_observation():
    """From that of the null model, where the search starts, to that of the fit."""
    pytest.importorskip("matplotlib")
    data = made()
    data["w"] = np.arange(len(data)) % 4
    for options in ({}, {"weights": "w", "weights_kind": "frequency"}):
        fit = li.multinomial_logit("y ~ x + z", data, **options)
        trace = fit.solution.to_frame()
        close(trace["cost"].iloc[0], -fit.llnull / fit.nobs)
        close(trace["cost"].iloc[-1], fit.mean_cross_entropy, rtol=1e-10)
        assert trace["cost"].is_monotonic_decreasing
        above, below = fit.plot_trace().axes
        close(above.lines[0].get_ydata(), trace["cost"])
        close(below.lines[0].get_ydata(), trace["distance"])
    with pytest.warns(li.SeparationWarning):
        separate = li.multinomial_logit("y ~ x + z", separated())
    cost = separate.solution.to_frame()["cost"]
    close(cost.iloc[0], -separate.llnull / separate.nobs)
    close(cost.iloc[-1], separate.mean_cross_entropy, rtol=1e-9)


def test_smaller_formulas_searches_and_threads():
    data = made(5000)
    fit = li.multinomial_logit("y ~ x * g", data, threads=1)
    assert fit.params.equals(li.multinomial_logit("y ~ x * g", data, threads=2).params)
    small = li.multinomial_logit("y ~ x + g", data)
    found = fit.test("y ~ x + g", method="lr")
    assert found.df == 6
    close(found.statistic, 2 * (fit.llf - small.llf), rtol=1e-9)
    with pytest.raises(ArgumentError, match="not all terms of the fit"):
        fit.test("y ~ z")
    start = fit.params.to_numpy().T
    assert li.multinomial_logit("y ~ x * g", data, start=start).solution.n_passes <= 3
    with pytest.raises(DataError, match="a row for each level but the reference, 3, of 6"):
        li.multinomial_logit("y ~ x * g", data, start=start.T)
    with pytest.raises(li.ConvergenceError, match="max_iterations"):
        li.multinomial_logit("y ~ x * g", data, max_iterations=1)
    early = li.multinomial_logit("y ~ x", data, max_iterations=1, require_convergence=False)
    assert not early.converged
    assert "NOT CONVERGED" in str(early)


def test_a_file_holds_all_but_the_rows(tmp_path):
    fit = li.multinomial_logit(PARTIC, WOMENLF, reference="parttime").symmetric()
    fit.save(tmp_path / "fit.json")
    again = li.load(tmp_path / "fit.json")
    assert isinstance(again, li.MultinomialResult)
    assert str(again) == str(fit)
    assert again.predict(WOMENLF).equals(fit.predict(WOMENLF))
    assert again.with_reference("fulltime").params.equals(fit.with_reference("fulltime").params)
    assert again.test("region").statistic == fit.test("region").statistic
    assert (
        again.avg_slopes(newdata=WOMENLF)
        .to_frame()
        .equals(fit.avg_slopes(newdata=WOMENLF).to_frame())
    )
    with pytest.raises(DetachedError):
        again.fitted  # noqa: B018
    with pytest.raises(DetachedError):
        again.test("region", method="lr")
    text = (tmp_path / "fit.json").read_text()
    (tmp_path / "bad.json").write_text(text.replace('"counts"', '"count"'))
    with pytest.raises(li.errors.ModelFileError, match="damaged"):
        li.load(tmp_path / "bad.json")


def test_the_command_line_predicts_every_level(tmp_path, capsys):
    fit = li.multinomial_logit("partic ~ hincome", WOMENLF)
    fit.save(tmp_path / "fit.json")
    WOMENLF.head(2).to_csv(tmp_path / "new.csv", index=False)
    assert main(["predict", str(tmp_path / "fit.json"), str(tmp_path / "new.csv")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("response_level,estimate,conf_low,conf_high")
    assert len(lines) == 7
    assert lines[2].split(",")[4] == "parttime"
    close(float(lines[2].split(",")[5]), fit.fitted["parttime"].iloc[0])


# --- separation -----------------------------------------------------------------------------------


def separated():
    rng = np.random.default_rng(3)
    z = rng.integers(0, 3, 120)
    y = rng.integers(0, 3, 120)
    y = np.where((z == 2) & (y == 1), 0, y)
    return pd.DataFrame(
        {"y": np.array(list("abc"))[y], "z": np.array(list("uvw"))[z], "x": rng.normal(size=120)}
    )


def test_separated_levels_are_fitted_in_the_limit(tmp_path):
    data = separated()
    with pytest.raises(li.SeparationError, match=r"rows with z\[T.w\] = 1 has y = b"):
        li.multinomial_logit("y ~ x + z", data, separation="raise")
    with pytest.warns(li.SeparationWarning, match="b:z"):
        fit = li.multinomial_logit("y ~ x + z", data)
    assert fit.separation.kind == "quasi-complete"
    assert fit.separation.n_separated == (data["z"] == "w").sum()
    assert fit.params.loc["z[T.w]", "b"] == -np.inf
    assert fit.with_reference("b").params.loc["z[T.w]"].tolist() == [np.inf, np.inf]
    # The limit of a model with a large negative offset instead: it holds the coefficient far out.
    far = data.assign(o=np.where(data["z"] == "w", -40.0, 0.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        held = li.multinomial_logit("y ~ x + z", far, offset={"b": "o"})
    close(fit.llf, held.llf, rtol=1e-12)
    finite = np.isfinite(fit.params.to_numpy())
    close(fit.params.to_numpy()[finite], held.params.to_numpy()[finite], rtol=1e-10)
    assert np.isfinite(fit.bse.to_numpy()[finite]).all()
    # The likelihood ratio of z: its supremum against the model without it.
    ratio = 2 * (fit.llf - li.multinomial_logit("y ~ x", data).llf)
    close(fit.test("z", method="lr").statistic, ratio, rtol=1e-9)
    table = fit.tidy().set_index(["response_level", "term"]).loc[("b", "z[T.w]")]
    assert table["p_value"] < 0.001
    assert table["conf_low"] == -np.inf
    assert fit.predict(data)["b"][data["z"] == "w"].eq(0.0).all()
    close(fit.predict(data), fit.fitted)
    with pytest.raises(HypothesisError, match="no finite"):
        fit.test("z")
    with pytest.raises(ArgumentError, match="separated"):
        fit.with_covariance("HC0")
    assert "-∞" in str(fit.summary())
    assert fit.certificate.exists is False
    assert fit.certificate.limit.distance < 1e-11
    fit.save(tmp_path / "fit.json")
    again = li.load(tmp_path / "fit.json")
    assert str(again) == str(fit)
    close(again.predict(data), fit.fitted)


def test_many_empty_cells_in_closed_form():
    """A model of cells fits their shares, empty ones included: 77 coefficients, many infinite."""
    rng = np.random.default_rng(11)
    data = pd.DataFrame({"g": rng.integers(10, 21, 500).astype(str)})
    shares = rng.dirichlet(np.full(8, 0.4), 11)
    data["y"] = [f"k{rng.choice(8, p=shares[int(g) - 10])}" for g in data["g"]]
    with pytest.warns(li.SeparationWarning, match="none of the|along"):
        fit = li.multinomial_logit("y ~ g", data)
    cells = pd.crosstab(data["g"], data["y"])
    expected = cells.div(cells.sum(axis=1), axis=0).loc[data["g"], list(fit.levels)]
    close(fit.fitted, expected, rtol=1e-8, atol=1e-12)
    close(fit.predict({"g": list(cells.index)}), expected.drop_duplicates().loc[cells.index], 1e-8)
    counts = cells.to_numpy()[cells.to_numpy() > 0]
    totals = np.repeat(cells.sum(axis=1).to_numpy(), (cells > 0).sum(axis=1))
    close(fit.llf, (counts * np.log(counts / totals)).sum())
    rows = (cells == 0).sum(axis=1).gt(0)
    assert fit.separation.n_separated == cells.sum(axis=1)[rows].sum()


def test_a_forced_probability_has_the_limit_of_the_likelihood_ratio():
    """An empty cell of n rows: ``(1 − mu)^n`` is what the quantile leaves of the likelihood."""
    counts = {("u", "a"): 40, ("u", "b"): 30, ("v", "b"): 25, ("v", "c"): 50, ("w", "c"): 20}
    data = pd.DataFrame([cell for cell, n in counts.items() for _ in range(n)], columns=["g", "y"])
    with pytest.warns(li.SeparationWarning):
        fit = li.multinomial_logit("y ~ g", data)
    frame = fit.get_prediction({"g": list("uvw")}).summary_frame()
    table = frame.set_index("response_level", append=True)
    for row, level, n in ((0, "c", 70), (1, "a", 75), (2, "a", 20), (2, "b", 20)):
        found = table.loc[(row, level)]
        assert found["estimate"] == found["conf_low"] == 0.0
        assert np.isnan(found["std_error"])
        close(found["conf_high"], 1 - np.exp(-chi2.isf(0.05, 1) / 2 / n), rtol=1e-9)
    sure = table.loc[(2, "c")]  # a sum of two probabilities bounds it, which nothing here does
    assert np.isnan(sure[["std_error", "conf_low"]]).all()
    assert sure["conf_high"] == 1.0
    finite = table.loc[(0, "a")]
    close(finite["std_error"], np.sqrt(4 / 7 * 3 / 7 / 70), rtol=1e-9)


def test_the_limit_of_a_forced_probability_is_that_of_a_constrained_search():
    data = separated().assign(o=lambda rows: 0.3 * rows["x"])
    with pytest.warns(li.SeparationWarning):
        fit = li.multinomial_logit("y ~ x + z", data, offset={"c": "o"})
    row = data[data["z"] == "w"].head(1)
    frame = fit.get_prediction(row).summary_frame().set_index("response_level")
    assert frame.loc["b", "estimate"] == 0.0
    X = np.column_stack([np.ones(len(data)), data["x"], data["z"] == "v", data["z"] == "w"])
    y = data["y"].map({"a": 0, "b": 1, "c": 2}).to_numpy()

    def log_mu(coef):
        eta = np.zeros((len(X), 3))
        eta[:, 1:] = X @ coef.reshape(2, 4).T
        eta[:, 2] += data["o"]
        return eta - logsumexp(eta, axis=1)[:, np.newaxis]

    place = list(data.index).index(row.index[0])
    start = np.nan_to_num(fit.params[["b", "c"]].to_numpy().T.ravel(), neginf=-3.0)
    slack = chi2.isf(0.05, 1) / 2 - fit.llf
    found = minimize(
        lambda coef: -log_mu(coef)[place, 1],
        start,
        constraints={"type": "ineq", "fun": lambda b: log_mu(b)[range(len(y)), y].sum() + slack},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert found.success
    close(frame.loc["b", "conf_high"], np.exp(-found.fun), rtol=1e-5)  # of a numerical derivative
    used = fit.get_prediction().summary_frame().set_index("response_level", append=True)
    close(used.loc[(row.index[0], "b"), "conf_high"], frame.loc["b", "conf_high"], rtol=1e-9)


def test_limits_in_a_basis_and_rows_without_weight():
    data = separated()
    data["w"] = 1
    data.loc[data.index[data["z"] == "w"][:3], "w"] = 0
    data["far"] = 1e5 + data["x"]
    options = {"weights": "w", "weights_kind": "frequency"}
    with pytest.warns(li.SeparationWarning):
        plain = li.multinomial_logit("y ~ x + z", data, **options)
    with pytest.warns(li.SeparationWarning):
        far = li.multinomial_logit("y ~ far + z", data, **options)
    assert far.basis.matrix is not None
    # What is stored of x beside 1e5 has eleven digits.
    close(far.params.loc["far"], plain.params.loc["x"], rtol=1e-8)
    close(far.bse.loc["far"], plain.bse.loc["x"], rtol=1e-8)
    close(far.fitted, plain.fitted, rtol=1e-8)
    assert far.certificate.limit.exists
    assert plain.fitted["b"][data["z"] == "w"].eq(0.0).all()  # also where rows have no weight
    close(plain.predict(data), plain.fitted)


def test_what_no_data_decide_is_called_undetermined():
    data = {"y": list("aabb"), "x": [0.0, 1, 2, 3], "z": [0, 0, 1, 1]}
    with pytest.warns(li.SeparationWarning):
        fit = li.multinomial_logit("y ~ x + z", data)
    assert fit.estimate.undetermined.any()
    new = {"x": [0, 0, 5.0, None], "z": [0, 1, 0, 1]}
    ours = fit.get_prediction(new).summary_frame()
    with pytest.warns(li.SeparationWarning):
        theirs = li.logit("y ~ x + z", data).get_prediction(new).summary_frame()
    own = ours[ours["response_level"] == "b"].drop(columns="response_level")
    assert own["conf_high"].isna().tolist() == [False, False, False, True]
    close(own.head(3), theirs.head(3), rtol=1e-9)  # any probability where directions disagree
    printed = str(fit).count("undetermined") - str(fit).count("or undetermined")
    assert printed == fit.estimate.undetermined.sum()
    heads = str(li.multinomial_logit("partic ~ hincome", WOMENLF).summary(method="profile"))
    assert "P(LR)" in heads
    assert "P>|z|" not in heads


def test_separated_data_refuse_sandwiches_before_they_are_fitted_in_the_limit(recwarn):
    data = {"y": list("aabbcc"), "x": [1.0, 2, 3, 4, 5, 6], "g": list("uvuvuv")}
    with pytest.raises(ArgumentError, match="squares of scores"):
        li.multinomial_logit("y ~ x", data, covariance="HC0")
    with pytest.raises(ArgumentError, match="by cluster"):
        li.multinomial_logit("y ~ x", data, cluster="g")
    assert not recwarn.list  # of the separation: it was not fitted
    with pytest.raises(ArgumentError, match="covariance='HC'"):
        li.multinomial_logit("no ~ such", data, covariance="HC")


def test_complete_separation_leaves_nothing():
    with pytest.warns(li.SeparationWarning, match="Complete"):
        fit = li.multinomial_logit("y ~ x", {"y": list("aabbcc"), "x": [1.0, 2, 3, 4, 5, 6]})
    assert fit.llf == pytest.approx(0.0, abs=1e-12)
    assert np.isinf(fit.params.to_numpy()).all()
    assert "complete separation" in str(fit.summary())


@pytest.mark.parametrize("asked", [[], {}, 5])
def test_what_names_no_variable_is_told_which_there_are(asked):
    fit = li.multinomial_logit("partic ~ hincome + children", WOMENLF)
    for effects in (fit.avg_comparisons, fit.avg_slopes):
        with pytest.raises(ArgumentError, match="list of variables: hincome"):
            effects(asked)
