"""Effects against closed forms, against refits of nothing but arithmetic, and against laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

import logit_inference as li
from logit_inference.errors import ArgumentError, ComparisonError, DetachedError, EffectError

Z = 1.959963984540054


@pytest.fixture(scope="module")
def birthwt():
    return li.datasets.load("birthwt")


# --- the 2×2 table, in closed form ----------------------------------------------------------------

A, B, C, D = 30.0, 20.0, 15.0, 45.0  # events and non-events, exposed and not


@pytest.fixture(scope="module")
def table():
    data = {"y": [1, 0, 1, 0], "x": [1, 1, 0, 0], "n": [int(k) for k in (A, B, C, D)]}
    return li.logit("y ~ x", data, weights="n", weights_kind="frequency")


@pytest.mark.parametrize(
    ("contrast", "value", "error"),
    [
        ("difference", 0.6 - 0.25, np.sqrt(0.24 / 50 + 0.1875 / 60)),
        ("ratio", 0.6 / 0.25, 2.4 * np.sqrt(0.4 / (50 * 0.6) + 0.75 / (60 * 0.25))),
        ("odds-ratio", A * D / (B * C), A * D / (B * C) * np.sqrt(1 / A + 1 / B + 1 / C + 1 / D)),
        ("log-ratio", np.log(2.4), np.sqrt(0.4 / (50 * 0.6) + 0.75 / (60 * 0.25))),
        ("lift", 1.4, 2.4 * np.sqrt(0.4 / (50 * 0.6) + 0.75 / (60 * 0.25))),
        ("nnt", 1 / 0.35, np.sqrt(0.24 / 50 + 0.1875 / 60) / 0.35**2),
    ],
)
def test_measures_of_a_2x2_table(table, contrast, value, error):
    row = table.avg_comparisons("x", contrast=contrast).to_frame().iloc[0]
    assert row["estimate"] == pytest.approx(value, rel=1e-12)
    assert row["std_error"] == pytest.approx(error, rel=1e-9)
    if contrast in ("ratio", "odds-ratio"):  # intervals and tests by the logarithm, against one
        z = np.log(value) / (error / value)
        ends = np.exp(np.log(value) + np.array([-1, 1]) * Z * error / value)
    elif contrast == "lift":
        z = np.log(2.4) / (error / 2.4)
        ends = np.exp(np.log(2.4) + np.array([-1, 1]) * Z * error / 2.4) - 1
    elif contrast == "nnt":  # one over the ends of the difference's interval, in turn
        z = 0.35 / (error * 0.35**2)
        ends = 1 / (0.35 + np.array([1, -1]) * Z * error * 0.35**2)
    else:
        z, ends = value / error, value + np.array([-1, 1]) * Z * error
    assert row["statistic"] == pytest.approx(z, rel=1e-9)
    np.testing.assert_allclose([row["conf_low"], row["conf_high"]], ends, rtol=1e-9)


def test_probabilities_have_intervals_by_the_logit_and_no_test_against_zero(table):
    found = table.avg_predictions("x").to_frame()
    assert "p_value" not in found
    for row, (k, m) in zip(found.itertuples(), ((C, C + D), (A, A + B)), strict=True):
        p = k / m
        assert row.std_error == pytest.approx(np.sqrt(p * (1 - p) / m), rel=1e-9)
        half = Z / np.sqrt(m * p * (1 - p))
        np.testing.assert_allclose(
            [row.conf_low, row.conf_high], expit(logit(p) + np.array([-half, half])), rtol=1e-9
        )
    tested = table.avg_predictions("x", hypothesis=0.5).to_frame()
    z = logit(0.25) * np.sqrt(60 * 0.25 * 0.75)
    assert tested["statistic"][0] == pytest.approx(z, rel=1e-9)


def test_a_number_needed_to_treat_whose_interval_is_in_two_pieces():
    data = {"y": [1, 0, 1, 0], "x": [1, 1, 0, 0], "n": [10, 20, 8, 22]}
    fit = li.logit("y ~ x", data, weights="n", weights_kind="frequency")
    low, high = fit.avg_comparisons("x").to_frame()[["conf_low", "conf_high"]].iloc[0]
    found = fit.avg_comparisons("x", contrast="nnt")
    assert low < 0 < high
    row = found.to_frame().iloc[0]
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((1 / high, 1 / low), rel=1e-12)
    assert "two pieces" in str(found).replace("\n", " ")


# --- any formula, by differencing what the fit predicts -------------------------------------------

HARD = (
    "low ~ bs(lwt, df=5) * smoke + poly(age, 3) + log(age) + C(ftvc, contr.sum):ptl + race"
    " + offset(0.01*lwt)"
)


@pytest.fixture(scope="module")
def hard(birthwt):
    return li.logit(HARD, birthwt)


def brute(fit, frame, derived, weights=None):
    """Return an average of ``derived(probabilities, X, link)`` and its delta-method error."""
    coef = fit.params.to_numpy()

    def value(b):
        return derived(lambda table: expit(_rows(fit, table, b)), frame)

    weights = np.ones(len(frame)) if weights is None else weights
    base = np.average(value(coef), weights=weights)
    gradient = np.empty(len(coef))
    for j in range(len(coef)):
        h = 1e-4 * fit.bse.iloc[j]
        moved = [coef + k * h * np.eye(len(coef))[j] for k in (-2, -1, 1, 2)]
        m2, m1, p1, p2 = (np.average(value(b), weights=weights) for b in moved)
        gradient[j] = (m2 - 8 * m1 + 8 * p1 - p2) / (12 * h)
    return base, np.sqrt(gradient @ fit.cov_params().to_numpy() @ gradient)


def _rows(fit, table, coef):
    rows = fit.design.encode(table)
    return rows.X @ coef + (0.0 if rows.offset is None else rows.offset)


@pytest.mark.filterwarnings("ignore::logit_inference.errors.ExtrapolationWarning")
def test_comparisons_of_any_variable_are_differences_of_predictions(hard, birthwt):
    found = hard.avg_comparisons({"lwt": 10, "age": (20, 30), "race": ("white", "other")})
    frame = found.to_frame()
    cases = {
        "lwt": lambda d: (d.assign(lwt=d.lwt + 10), d),
        "age": lambda d: (d.assign(age=30), d.assign(age=20)),
        "race": lambda d: (d.assign(race="other"), d.assign(race="white")),
    }
    for name, change in cases.items():
        value, gradient = 0.0, 0.0
        for sign, rows in zip((1, -1), map(hard.design.encode, change(birthwt)), strict=True):
            p = expit(rows.X @ hard.params.to_numpy() + rows.offset)
            value, gradient = (
                value + sign * p.mean(),
                gradient + sign * (p * (1 - p)) @ rows.X / 189,
            )
        row = frame[frame["term"] == name].iloc[0]
        assert row["estimate"] == pytest.approx(value, rel=1e-11, abs=1e-13)
        error = np.sqrt(gradient @ hard.cov_params().to_numpy() @ gradient)
        assert row["std_error"] == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize("name", ["lwt", "age"])
@pytest.mark.filterwarnings("ignore::logit_inference.errors.ExtrapolationWarning")
def test_slopes_are_derivatives_through_splines_polynomials_and_offsets(hard, birthwt, name):
    h = 1e-3  # knots stand where values are, and pieces meet twice differentiable there

    def slope(p, d):
        m1, p1 = (p(d.assign(**{name: d[name] + k * h})) for k in (-1, 1))
        return (p1 - m1) / (2 * h)

    value, error = brute(hard, birthwt, slope)
    row = hard.avg_slopes(name).to_frame().iloc[0]
    assert row["estimate"] == pytest.approx(value, rel=1e-5)
    assert row["std_error"] == pytest.approx(error, rel=1e-5)
    by_row = hard.slopes(name).to_frame()["estimate"]
    np.testing.assert_allclose(by_row.mean(), row["estimate"], rtol=1e-12)
    np.testing.assert_allclose(by_row, slope(hard.predict, birthwt), atol=1e-6)


def test_slopes_by_complex_step():
    """Of formulas that complex numbers can be put into: exact to rounding, Jacobian too."""
    rng = np.random.default_rng(5)
    x, z = rng.uniform(1, 3, (2, 200))
    y = (rng.random(200) < expit(np.sin(x) * z - 1)).astype(int)
    fit = li.logit(
        "y ~ np.sin(x)*z + I(x**3/10) + np.log1p(x*z) + exp(-x)", {"y": y, "x": x, "z": z}
    )

    def columns(x):
        one = np.ones_like(x)
        return np.stack(
            [one, np.sin(x), z * one, x**3 / 10, np.log1p(x * z), np.exp(-x), np.sin(x) * z], axis=1
        )

    names = list(fit.params.index)
    order = ["Intercept", "np.sin(x)", "z", "I(x ** 3 / 10)", "np.log1p(x * z)", "exp(-x)"]
    assert names == [*order, "np.sin(x):z"]

    def average(b):
        eta = columns(x + 1e-30j) @ b
        return np.mean((1 / (1 + np.exp(-eta))).imag / 1e-30)

    b = fit.params.to_numpy()
    row = fit.avg_slopes("x").to_frame().iloc[0]
    assert row["estimate"] == pytest.approx(average(b), rel=1e-12)
    unit = 1e-4 * fit.bse.to_numpy()
    gradient = [
        (average(b - 2 * e) - 8 * average(b - e) + 8 * average(b + e) - average(b + 2 * e))
        / (12 * h)
        for e, h in zip(np.diag(unit), unit, strict=True)
    ]
    error = np.sqrt(gradient @ fit.cov_params().to_numpy() @ gradient)
    assert row["std_error"] == pytest.approx(error, rel=1e-8)


@pytest.mark.parametrize("kind", ["response", "link", "odds"])
@pytest.mark.parametrize("slope", ["eyex", "eydx", "dyex"])
def test_elasticities(birthwt, kind, slope):
    fit = li.logit("low ~ lwt + I(lwt**2) + smoke", birthwt)
    scale = {"response": expit, "link": lambda e: e, "odds": np.exp}[kind]

    def h(step):
        return scale(fit.predict(birthwt.assign(lwt=birthwt.lwt + step), kind="link"))

    rise = (h(-0.2) - 8 * h(-0.1) + 8 * h(0.1) - h(0.2)) / 1.2
    rise = rise / h(0) if slope.startswith("ey") else rise
    rise = rise * birthwt.lwt if slope.endswith("ex") else rise
    found = fit.slopes("lwt", slope=slope, kind=kind).to_frame()
    np.testing.assert_allclose(found["estimate"], rise, rtol=1e-7)
    with_factors = li.logit("low ~ lwt + race", birthwt).avg_slopes(slope=slope, kind=kind)
    assert "left out: race" in str(with_factors)


def test_a_function_of_the_context_is_differenced_with_a_named_step():
    x = np.linspace(0.5, 3.0, 60)
    y = (np.sin(7 * x) > 0.1).astype(int)
    mine = li.logit("y ~ f(x)", {"x": x, "y": y}, context={"f": lambda v: np.tan(v / 3.0)})
    theirs = li.logit("y ~ np.tan(x/3.0)", {"x": x, "y": y})
    np.testing.assert_allclose(
        mine.slopes("x").estimate, theirs.slopes("x").estimate, rtol=1e-9, atol=1e-13
    )


def test_what_jumps_has_no_slope(birthwt):
    fit = li.logit("low ~ I(age > 25) + np.floor(lwt/10) + C(ptl > 0) + ui", birthwt)
    for name in ("age", "lwt", "ptl"):
        with pytest.raises(EffectError, match=r"[Cc]ompare"):
            fit.avg_slopes(name)
    assert np.isfinite(fit.avg_comparisons({"age": (20, 30), "lwt": 10}).estimate).all()


# --- laws -----------------------------------------------------------------------------------------


def test_frequency_weights_stand_for_repeated_rows(birthwt):
    n = np.arange(len(birthwt)) % 3
    long = birthwt.loc[birthwt.index.repeat(n)].reset_index(drop=True)
    formula = "low ~ lwt * smoke + race"
    short = li.logit(formula, birthwt.assign(n=n), weights="n", weights_kind="frequency")
    full = li.logit(formula, long)
    asked = {"lwt": "sd", "smoke": None, "race": "pairwise"}
    for uncertainty in ("conditional", "population"):
        one = short.avg_comparisons(asked, uncertainty=uncertainty).to_frame()
        two = full.avg_comparisons(asked, uncertainty=uncertainty).to_frame()
        pd.testing.assert_frame_equal(one, two, rtol=1e-8)
    for at in ("mean", "median", "balanced", "proportional"):
        one, two = short.avg_predictions(newdata=at), full.avg_predictions(newdata=at)
        np.testing.assert_allclose(one.estimate, two.estimate, rtol=1e-10)
    for step in ("iqr", "minmax", "2sd"):
        one, two = short.avg_comparisons({"lwt": step}), full.avg_comparisons({"lwt": step})
        np.testing.assert_allclose(one.estimate, two.estimate, rtol=1e-9)


def test_grouped_rows_give_what_their_trials_give():
    esoph = li.datasets.load("esoph")
    wide = li.logit("cbind(ncases, ncontrols) ~ agegp + tobgp", esoph)
    parts = [
        esoph.loc[esoph.index.repeat(esoph[count])].assign(case=int(count == "ncases"))
        for count in ("ncases", "ncontrols")
    ]
    long = li.logit("case ~ agegp + tobgp", pd.concat(parts, ignore_index=True))
    for uncertainty in ("conditional", "population"):
        one = wide.avg_comparisons("tobgp", contrast="ratio", uncertainty=uncertainty)
        two = long.avg_comparisons("tobgp", contrast="ratio", uncertainty=uncertainty)
        pd.testing.assert_frame_equal(one.to_frame(), two.to_frame(), rtol=1e-8)


def test_wide_factors_as_codes_and_blocks_change_nothing():
    rng = np.random.default_rng(2)
    n = 60_000
    data = pd.DataFrame({"g": rng.integers(0, 40, n), "x": rng.normal(size=n)})
    data["y"] = (rng.random(n) < expit(0.3 * data.x + 0.02 * data.g - 1)).astype(int)
    fit = li.logit("y ~ C(g) + x + I(x**2)", data)
    assert not isinstance(fit.fit.source.data.X, np.ndarray)  # kept as codes
    found = fit.avg_slopes("x").to_frame().iloc[0]
    b, p = fit.params, fit.fitted.to_numpy()
    rise = (b["x"] + 2 * b["I(x ** 2)"] * data.x).to_numpy()
    assert found["estimate"] == pytest.approx(np.mean(p * (1 - p) * rise), rel=1e-11)
    by = fit.avg_predictions(by="g").to_frame()
    # The score equations: fitted and observed shares of a factor's level agree.
    np.testing.assert_allclose(by["estimate"], data.groupby("g")["y"].mean(), rtol=1e-8)


def test_equal_rows_are_taken_together(monkeypatch):
    rng = np.random.default_rng(4)
    n = 6_000
    data = pd.DataFrame(
        {
            "g": pd.Categorical.from_codes(rng.integers(0, 3, n), ["a", "b", "c"]),
            "k": rng.integers(0, 5, n),
            "h": rng.choice([0.5, 1.25], n),
            "w": rng.integers(0, 3, n),
        }
    )
    data["y"] = (rng.random(n) < expit(0.3 * data.k - 1)).astype(int)
    fit = li.logit("y ~ g * k + h", data, weights="w", weights_kind="frequency")
    asks = [
        fit.avg_slopes,
        lambda: fit.avg_comparisons("g", by="k", contrast="ratio"),
        lambda: fit.avg_predictions(by="w", wts="k"),
        lambda: fit.avg_comparisons("k", uncertainty="likelihood"),
    ]
    found = [ask().to_frame() for ask in asks]
    monkeypatch.setattr("logit_inference.models.effect_cells.FEWEST", n + 1)
    for ask, one in zip(asks, found, strict=True):
        pd.testing.assert_frame_equal(one, ask().to_frame(), rtol=1e-9)
    data.loc[3, "g"] = "a" if data.loc[3, "g"] != "a" else "b"
    monkeypatch.setattr("logit_inference.models.effect_cells.FEWEST", 5)
    with pytest.raises(ComparisonError):
        fit.avg_slopes()


def test_a_variable_and_its_aliased_copy(birthwt):
    data = birthwt.assign(copy=2.0 * birthwt.lwt)
    with pytest.warns(li.CollinearityWarning):
        fit = li.logit("low ~ lwt + copy + smoke", data)
    plain = li.logit("low ~ lwt + smoke", data)
    one, two = fit.avg_comparisons("smoke"), plain.avg_comparisons("smoke")
    np.testing.assert_allclose(one.std_error, two.std_error, rtol=1e-8)
    for ask in (fit.avg_comparisons, fit.avg_slopes):
        with pytest.raises(EffectError, match="breaks that relation"):
            ask("lwt")


def test_arrays_have_columns_for_variables(birthwt):
    X = birthwt[["lwt", "smoke"]].to_numpy(float)
    mine = li.logit_arrays(birthwt.low, X, names=["lwt", "smoke"], intercept=True)
    theirs = li.logit("low ~ lwt + smoke", birthwt)
    for ask in ("avg_slopes", "avg_comparisons", "avg_predictions"):
        one, two = getattr(mine, ask)(), getattr(theirs, ask)()
        np.testing.assert_allclose(one.std_error, two.std_error, rtol=1e-9)
    one = mine.predictions(newdata=X[:3])
    np.testing.assert_allclose(one.estimate, theirs.predict(birthwt[:3]), rtol=1e-10)


def test_an_offset_given_as_an_array_counts(birthwt):
    offset = 0.01 * birthwt.lwt.to_numpy()
    mine = li.logit("low ~ smoke + lwt", birthwt, offset=offset)
    theirs = li.logit("low ~ smoke + lwt", birthwt, offset="0.01*lwt")
    one, two = mine.avg_comparisons("smoke"), theirs.avg_comparisons("smoke")
    np.testing.assert_allclose(one.estimate, two.estimate, rtol=1e-10)
    shift = {"lwt": 10}
    assert abs(mine.avg_comparisons(shift).estimate - theirs.avg_comparisons(shift).estimate) > 1e-3


# --- what is asked of the table -------------------------------------------------------------------


def test_hypotheses_about_rows_of_the_table(birthwt):
    fit = li.logit("low ~ race + smoke", birthwt)
    means = fit.avg_predictions("race")
    V, m = means.covariance, means.estimate
    for text, row in (("b1 = b3", [1, 0, -1]), ("b1 + b2 = 2*b3", [1, 1, -2])):
        found = fit.avg_predictions("race", hypothesis=text).to_frame().iloc[0]
        assert found["estimate"] == pytest.approx(np.dot(row, m), rel=1e-12)
        assert found["std_error"] == pytest.approx(np.sqrt(row @ V @ row), rel=1e-10)
    pairs = fit.avg_predictions("race", hypothesis="pairwise").to_frame()
    assert pairs["term"].tolist() == ["black - white", "other - white", "other - black"]
    against = fit.avg_comparisons({"race": "pairwise"}).to_frame()
    np.testing.assert_allclose(pairs["std_error"], against["std_error"], rtol=1e-9)
    for named, terms in (
        ("reference", ["black - white", "other - white"]),
        ("sequential", ["black - white", "other - black"]),
    ):
        asked = fit.avg_predictions("race", hypothesis=named).to_frame()
        assert asked["term"].tolist() == terms
    odds = fit.avg_predictions(newdata="balanced", by="race", kind="odds", hypothesis="reference")
    assert odds.estimate[0] > 0
    assert odds.to_frame()["statistic"][0] == pytest.approx(
        np.log(odds.estimate[0]) / (odds.std_error[0] / odds.estimate[0]), rel=1e-10
    )


def test_interaction_contrasts_are_differences_of_differences():
    titanic = li.datasets.load("TitanicSurvival")
    fit = li.logit("survived ~ sex * passengerClass", titanic.dropna())
    cells = fit.avg_predictions(newdata="balanced", by=["sex", "passengerClass"], kind="link")
    found = fit.avg_predictions(
        newdata="balanced", by=["sex", "passengerClass"], kind="link", hypothesis="interaction"
    ).to_frame()
    assert len(cells) == 6
    assert len(found) == 3
    b = fit.params
    wanted = [b["sex[T.male]:passengerClass[T.2nd]"], b["sex[T.male]:passengerClass[T.3rd]"]]
    np.testing.assert_allclose(found["estimate"][:2], wanted, rtol=1e-10)
    np.testing.assert_allclose(
        found["std_error"][:2],
        fit.bse[["sex[T.male]:passengerClass[T.2nd]", "sex[T.male]:passengerClass[T.3rd]"]],
        rtol=1e-9,
    )


def test_adjusted_p_values_and_simultaneous_intervals(birthwt):
    fit = li.logit("low ~ race + smoke", birthwt)
    plain = fit.avg_comparisons({"race": "pairwise"}).to_frame()
    for method in ("holm", "bonferroni", "bh", "by", "single-step"):
        found = fit.avg_comparisons({"race": "pairwise"}, adjust=method).to_frame()
        assert (found["p_adjusted"] >= found["p_value"]).all()
        np.testing.assert_array_equal(found["conf_low"], plain["conf_low"])
    wide = fit.avg_comparisons({"race": "pairwise"}, adjust="simultaneous").to_frame()
    critical = (wide["conf_high"] - wide["estimate"]) / wide["std_error"]
    np.testing.assert_allclose(critical, critical[0], rtol=1e-9)
    assert 1.96 < critical[0] < 2.394  # between one comparison and Bonferroni's of three


def test_letters(birthwt):
    fit = li.logit("low ~ race + lwt", birthwt)
    found = fit.avg_predictions("race", letters=True)
    assert found.to_frame()["letters"].str.fullmatch("[a-c]+").all()
    assert fit.avg_predictions("race").letters is None


def test_groups_weights_and_grids(birthwt):
    fit = li.logit("low ~ lwt * smoke + race", birthwt)
    p = fit.predict(birthwt)
    by = fit.avg_predictions(by="race").to_frame()
    assert by["race"].tolist() == ["white", "black", "other"]
    means = p.groupby(birthwt["race"], observed=True).mean()
    np.testing.assert_allclose(by["estimate"], means[["white", "black", "other"]], rtol=1e-12)
    by = fit.avg_predictions(by=["ht", "smoke"]).to_frame()  # ht is in the table, not the formula
    both = p.groupby([birthwt["ht"], birthwt["smoke"]]).mean()
    np.testing.assert_allclose(by["estimate"], both, rtol=1e-12)
    weighted = fit.avg_predictions(wts="age").estimate[0]
    assert weighted == pytest.approx(np.average(p, weights=birthwt["age"]), rel=1e-12)
    some = fit.avg_comparisons("smoke", newdata=birthwt[birthwt.race == "black"]).estimate[0]
    assert some == pytest.approx(fit.avg_comparisons("smoke", by="race").estimate[1], rel=1e-12)
    grid = li.datagrid(lwt=[100, 150], race=np.unique)
    found = fit.predictions(newdata=grid).to_frame()
    assert found[["lwt", "race"]].drop_duplicates().shape == (6, 2)
    row = birthwt[["lwt", "smoke"]].mean().to_dict() | {"lwt": 100.0, "race": found["race"][0]}
    one = fit.predict({name: [value] for name, value in row.items()}).iloc[0]
    assert found["estimate"][0] == pytest.approx(one, rel=1e-12)
    counter = li.datagrid(smoke=[0, 1], counterfactual=True)
    np.testing.assert_allclose(
        fit.avg_predictions(newdata=counter, by="smoke").estimate,
        fit.avg_predictions("smoke").estimate,
        rtol=1e-12,
    )
    crossed = fit.avg_comparisons({"smoke": None, "lwt": 10}, cross=True).estimate[0]
    up = birthwt.assign(smoke=1, lwt=birthwt.lwt + 10)
    down = birthwt.assign(smoke=0)
    assert crossed == pytest.approx((fit.predict(up) - fit.predict(down)).mean(), rel=1e-12)
    each = fit.avg_comparisons({"race": "each"}).estimate
    whole = [
        fit.predict(birthwt.assign(race=r)).mean() - p.mean()
        for r in fit.design.codings["race"].levels
    ]
    np.testing.assert_allclose(each, whole, rtol=1e-9, atol=1e-15)


def test_variables_named_like_columns_of_the_table(birthwt):
    data = birthwt.rename(columns={"lwt": "my col", "race": "term", "smoke": "estimate"})
    fit = li.logit("low ~ `my col` + term + estimate", data)
    plain = li.logit("low ~ lwt + race + smoke", birthwt)
    found = fit.avg_comparisons("my col", by=["term", "estimate"]).to_frame()
    wanted = plain.avg_comparisons("lwt", by=["race", "smoke"]).to_frame()
    np.testing.assert_array_equal(found["estimate"], wanted["estimate"])
    assert found["term (variable)"].tolist() == wanted["race"].tolist()
    polars = pytest.importorskip("polars")
    again = li.logit("low ~ lwt + race + smoke", polars.from_pandas(birthwt))
    one = again.avg_comparisons("lwt", newdata=polars.from_pandas(birthwt)[:20], by="ht")
    two = plain.avg_comparisons("lwt", newdata=birthwt[:20], by="ht")
    np.testing.assert_allclose(one.std_error, two.std_error, rtol=1e-9)


def test_rows_that_miss_a_variable_are_counted(birthwt):
    fit = li.logit("low ~ lwt + smoke", birthwt)
    holes = birthwt.assign(lwt=birthwt["lwt"].where(birthwt.index % 2 == 0))
    found = fit.avg_predictions(newdata=holes)
    assert "left out" in str(found)
    whole = fit.avg_predictions(newdata=holes.dropna(subset=["lwt"]))
    np.testing.assert_allclose(found.std_error, whole.std_error, rtol=1e-12)


def test_unit_level_answers_are_the_same_row_by_row(birthwt, monkeypatch):
    fit = li.logit("low ~ lwt * smoke + race", birthwt)
    asked = {name: getattr(fit, name)() for name in ("predictions", "comparisons", "slopes")}
    frame = fit.get_prediction().summary_frame()
    mine = asked["predictions"].to_frame()
    np.testing.assert_allclose(mine["std_error"], frame["std_error"], rtol=1e-10)
    np.testing.assert_allclose(mine["conf_low"], frame["conf_low"], rtol=1e-10)
    monkeypatch.setattr("logit_inference.models.effect_answer.MOST_JACOBIAN", 0)
    for name, before in asked.items():
        pd.testing.assert_frame_equal(getattr(fit, name)().to_frame(), before.to_frame(), rtol=1e-9)


def test_functions_and_methods_are_the_same(birthwt):
    fit = li.logit("low ~ lwt", birthwt)
    for name in (
        "predictions",
        "avg_predictions",
        "comparisons",
        "avg_comparisons",
        "slopes",
        "avg_slopes",
    ):
        pd.testing.assert_frame_equal(
            getattr(li, name)(fit).to_frame(), getattr(fit, name)().to_frame()
        )


def test_covariances_by_name_or_by_result(birthwt):
    fit = li.logit("low ~ lwt + smoke", birthwt)
    robust = fit.with_covariance("HC1")
    for asked in (
        robust.avg_slopes(),
        fit.avg_slopes(covariance="HC1"),
        fit.avg_slopes(covariance=robust),
    ):
        np.testing.assert_array_equal(asked.std_error, robust.avg_slopes().std_error)
    assert (fit.avg_slopes().std_error != robust.avg_slopes().std_error).all()


def test_results_without_rows_answer_for_tables(birthwt, tmp_path):
    fit = li.logit("low ~ lwt + smoke + race", birthwt)
    fit.save(tmp_path / "fit.json")
    for bare in (fit.without_data(), li.load(tmp_path / "fit.json")):
        for ask in ("predictions", "avg_comparisons", "avg_slopes"):
            one = getattr(bare, ask)(newdata=birthwt).to_frame()
            pd.testing.assert_frame_equal(one, getattr(fit, ask)(newdata=birthwt).to_frame())
        with pytest.raises(DetachedError):
            bare.avg_slopes()


def test_other_estimators_have_effects(birthwt):
    for estimator in ("firth", "median-br", "ridge", "log-f", "jeffreys"):
        extra = {"ridge": {"penalty": 1.0}, "log-f": {"prior_df": 1.0}, "jeffreys": {"power": 0.3}}
        fit = li.logit(
            "low ~ lwt + smoke", birthwt, estimator=estimator, **extra.get(estimator, {})
        )
        p = fit.predict(birthwt.assign(smoke=1)) - fit.predict(birthwt.assign(smoke=0))
        assert fit.avg_comparisons("smoke").estimate[0] == pytest.approx(p.mean(), rel=1e-10)


def test_mistakes_teach(birthwt):
    fit = li.logit("low ~ lwt + smoke + race", birthwt)
    cases = [
        (lambda: fit.avg_slopes("lvt"), EffectError, "Did you mean 'lwt'"),
        (lambda: fit.avg_predictions(by="nothing"), EffectError, "nothing"),
        (lambda: fit.avg_comparisons({"race": "wite"}), EffectError, "reference"),
        (lambda: fit.avg_comparisons({"race": ("white", "blue")}), li.LogitInferenceError, "blue"),
        (lambda: fit.avg_comparisons({"lwt": "range"}), EffectError, "minmax"),
        (lambda: fit.avg_comparisons("smoke", contrast="rr"), ArgumentError, "ratio"),
        (
            lambda: fit.avg_comparisons("smoke", kind="link", contrast="ratio"),
            ArgumentError,
            "odds",
        ),
        (lambda: fit.predictions(newdata="typical"), ArgumentError, "median"),
        (lambda: fit.predictions(kind="prob"), ArgumentError, "response"),
        (lambda: fit.avg_slopes(uncertainty="exact"), ArgumentError, "likelihood"),
        (lambda: fit.avg_slopes(hypothesis="pairs"), li.LogitInferenceError, "pairs"),
        (lambda: fit.avg_slopes("lwt", hypothesis="pairwise"), EffectError, "nothing to compare"),
        (lambda: fit.predictions(newdata=li.datagrid(lvt=1)), EffectError, "lwt"),
        (
            lambda: fit.avg_predictions(newdata="mean", uncertainty="population"),
            EffectError,
            "sample",
        ),
        (lambda: fit.without_data().avg_slopes(), DetachedError, "rows"),
        (lambda: li.logit("low ~ 1", birthwt).avg_slopes(), EffectError, "intercept"),
    ]
    for ask, error, said in cases:
        with pytest.raises(error, match=said):
            ask()


def test_a_table_that_has_changed_is_noticed(birthwt):
    data = birthwt.copy()
    fit = li.logit("low ~ lwt + smoke", data)
    data.loc[data.index[3], "lwt"] += 1
    with pytest.raises(ComparisonError):
        fit.avg_slopes()


@pytest.mark.filterwarnings("ignore::logit_inference.errors.FewClustersWarning")
def test_effects_beside_degrees_of_freedom_of_their_own():
    data = li.datasets.load("birthwt").assign(clinic=lambda table: table["age"] % 11)
    fit = li.logit("low ~ smoke * lwt", data).with_covariance("cluster", by="clinic", type="CR2")
    found = fit.avg_slopes(variables="lwt").to_frame()
    mu = fit.fitted.to_numpy()
    X = np.column_stack([np.ones(189), data["smoke"], data["lwt"], data["smoke"] * data["lwt"]])
    b, one = fit.params.to_numpy(), np.zeros((189, 4))
    one[:, 2], one[:, 3] = 1.0, data["smoke"]
    slope = mu * (1 - mu)
    gradient = (slope * (1 - 2 * mu) * (one @ b)) @ X + slope @ one
    df = fit.estimate.covariance.degrees(gradient[np.newaxis] / 189)
    assert found["df"][0] == pytest.approx(df[0], rel=1e-9)
    assert len(set(fit.comparisons("smoke").to_frame()["df"])) > 50
    for asked in ({"hypothesis": "pairwise"}, {"adjust": "single-step"}):
        with pytest.raises(ArgumentError, match="degrees of freedom of its own"):
            fit.avg_slopes(**asked)
    assert (fit.avg_slopes(uncertainty="population").to_frame()["std_error"] > 0).all()


def test_rows_of_a_survey_are_no_sample_of_rows():
    data = li.datasets.load("birthwt").assign(w=1.0)
    fit = li.logit("low ~ smoke", li.survey(data, weights="w"))
    with pytest.raises(EffectError, match="rows of a survey design"):
        fit.avg_slopes(uncertainty="bootstrap")
    with pytest.raises(EffectError, match="knows nothing"):
        fit.avg_slopes(uncertainty="population", covariance="model")
    assert fit.avg_slopes().to_frame()["df"][0] == 187


def test_sampling_weights_and_the_variation_of_rows():
    """Of an intercept alone the average prediction is the weighted share, with its sandwich."""
    data = li.datasets.load("birthwt").assign(w=lambda table: 1.0 + table["age"] % 7)
    fit = li.logit("low ~ 1", data, weights="w", weights_kind="sampling")
    w, y = data["w"].to_numpy(), data["low"].to_numpy()
    share = w @ y / w.sum()
    error = np.sqrt(np.square(w * (y - share)).sum() * 189 / 188) / w.sum()
    for how in ("conditional", "population"):
        found = fit.avg_predictions(uncertainty=how).to_frame()
        assert found["estimate"][0] == pytest.approx(share, rel=1e-12)
        assert found["std_error"][0] == pytest.approx(error, rel=1e-9)
