"""All outcomes the same: maximum likelihood has no finite estimate, bias reduction has one."""

import warnings

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.errors import CoefficientError, DataError, OutcomeError
from tests.solve.exact_cone import decide


def pseudo_score(X, y, coef, weights=1.0):
    """Return Firth's score and the inverse information, written out."""
    mu = 1 / (1 + np.exp(-X @ coef))
    work = weights * mu * (1 - mu)
    inverse = np.linalg.inv((X * work[:, None]).T @ X)
    leverage = work * np.einsum("ij,jk,ik->i", X, inverse, X)
    return X.T @ (weights * (y - mu) + leverage * (0.5 - mu)), inverse


@pytest.mark.parametrize("n", [1, 2, 7, 1000, 200_000])
def test_intercept_alone_adds_half_to_each_cell(n):
    fit = li.logit("y ~ 1", {"y": np.ones(n)}, estimator="firth")
    assert fit.params["Intercept"] == pytest.approx(np.log((n + 0.5) / 0.5), rel=1e-12)
    assert fit.bse["Intercept"] == pytest.approx((n + 1) * (0.5 * n * (n + 0.5)) ** -0.5, rel=1e-12)
    assert fit.llnull == 0.0


def test_two_groups_add_half_to_each_of_four_cells():
    data = {"s": [0, 0], "m": [5, 9], "x": [0, 1]}
    fit = li.logit("s ~ x", data, trials="m", estimator="firth")
    expected = [np.log(0.5 / 5.5), np.log(0.5 / 9.5) - np.log(0.5 / 5.5)]
    np.testing.assert_allclose(fit.params, expected, rtol=1e-12)
    # The null model keeps the penalty of both columns: two more half events, two half non-events.
    share = 1.0 / 16.0
    mu = 1 / (1 + np.exp(-np.cumsum(fit.params)))
    value = np.array([5, 9]) @ np.log1p(-mu) + 0.5 * np.log(45 * (mu * (1 - mu)).prod())
    null = 14 * np.log1p(-share) + 0.5 * np.log(45 * (share * (1 - share)) ** 2)
    assert fit.llr == pytest.approx(2 * (value - null), rel=1e-9)
    assert "—" in str(fit)
    assert np.isnan(fit.prsquared)


@pytest.mark.filterwarnings("ignore:Several branches")
@pytest.mark.parametrize("seed", range(20))
def test_firth_is_the_zero_of_its_score(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(6, 40))
    columns = rng.normal(size=(n, 2)) if seed % 2 else rng.integers(0, 2, (n, 2))
    X = np.column_stack([np.ones(n), columns]).astype(float)
    y, weights = np.full(n, float(seed % 3 > 0)), rng.integers(1, 4, n)
    fit = li.logit_arrays(y, X, estimator="firth", weights=weights, weights_kind="frequency")
    score, inverse = pseudo_score(X, y, fit.params.to_numpy(), weights)
    assert score @ inverse @ score < 1e-18
    grouped = li.logit_arrays(y * weights, X, trials=weights, estimator="firth")
    np.testing.assert_allclose(grouped.params, fit.params, rtol=1e-10, atol=1e-12)
    again = li.logit_arrays(y.repeat(weights), X.repeat(weights, axis=0), estimator="firth")
    np.testing.assert_allclose(again.conf_int(), fit.conf_int(), rtol=1e-8)


def test_firthmodels():
    from firthmodels import FirthLogisticRegression

    rng = np.random.default_rng(5)
    X = np.column_stack([np.ones(25), rng.normal(size=(25, 2))])
    theirs = FirthLogisticRegression(gtol=1e-8, xtol=1e-8, max_iter=500, fit_intercept=False)
    fit = li.logit_arrays(np.ones(25), X, estimator="firth")
    # It refuses one class, and does not notice that a row of weight next to nothing has the other.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        far = np.append(np.ones(25), 1e-12)
        theirs.fit(np.vstack([X, X[:1]]), np.append(np.ones(25), 0.0), sample_weight=far)
    np.testing.assert_allclose(fit.params, theirs.coef_, rtol=1e-6)


@pytest.mark.parametrize(
    "keywords",
    [
        {"estimator": "firth"},
        {"estimator": "jeffreys", "power": 0.1},
        {"estimator": "median-br"},
        {"estimator": "log-f", "prior_df": {"Intercept": 1, "x": 1}},
        {"estimator": "ridge", "penalty": {"Intercept": 1, "x": 1}},
    ],
    ids=lambda keywords: keywords["estimator"],
)
def test_what_a_result_answers(keywords):
    data = pd.DataFrame({"y": True, "x": np.arange(8.0) % 3, "o": 0.2})
    fit = li.logit("y ~ x", data, **keywords)
    other = li.logit("y ~ x", data, event=False, **keywords)
    np.testing.assert_allclose(other.params, -fit.params, rtol=1e-7)
    assert np.isfinite(fit.conf_int().to_numpy()).all()
    assert fit.predict().between(0.5, 1).all()
    assert str(fit.account.event) == "y = True"
    assert np.isnan(fit.tjur)
    assert "specificity —" in str(fit.classification_table())
    shifted = li.logit("y ~ x", data, offset="o", **keywords)
    assert np.isfinite(shifted.tidy()["p_value"]).all()
    if fit.account.estimator.has_likelihood:
        test = fit.test("x = 0", method="lr")
        assert test.p_value == pytest.approx(fit.pvalues["x"], rel=1e-6)
        assert np.isfinite(fit.llr_pvalue)


def test_median_unbiased_where_the_path_from_firth_turns_back():
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(60), rng.normal(size=60), rng.normal(size=60)])
    fit = li.logit_arrays(np.ones(60), X, estimator="median-br")
    coef = fit.params.to_numpy()
    score, inverse = pseudo_score(X, 1.0, coef)
    mu = 1 / (1 + np.exp(-X @ coef))
    third = (mu * (1 - mu) * (1 - 2 * mu)) @ (X @ inverse) ** 3
    step = inverse @ score - third / (3 * inverse.diagonal())
    assert np.abs(step / np.sqrt(inverse.diagonal())).max() < 1e-8


@pytest.mark.parametrize(
    ("values", "event", "coef"),
    [
        (["yes"] * 4, "yes", np.log(9.0)),
        (pd.Categorical(["no"] * 4, ["no", "yes"]), None, -np.log(9.0)),
        (pd.Categorical(["no"] * 4, ["no", "yes"]), "no", np.log(9.0)),
        (pd.Categorical(["b"] * 4, ["a", "b", "c"]), "c", -np.log(9.0)),
        (np.zeros(4, dtype=int), 0, np.log(9.0)),
        (np.full(4, 2), 2, np.log(9.0)),
    ],
)
def test_one_value_whose_meaning_is_known(values, event, coef):
    fit = li.logit("y ~ 1", {"y": values}, event=event, estimator="firth")
    assert fit.params["Intercept"] == pytest.approx(coef, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "event"),
    [
        (["yes"] * 4, None),
        (["yes"] * 4, "yse"),
        (pd.Categorical(["b"] * 4, ["a", "b", "c"]), None),
        (np.full(4, 2), None),
        (np.ones(4), 2),
    ],
)
def test_one_value_that_does_not_say_what_it_is(values, event):
    with pytest.raises(OutcomeError, match=r"declare both levels"):
        li.logit("y ~ 1", {"y": values}, event=event, estimator="firth")


@pytest.mark.parametrize(
    "keywords",
    [
        {"estimator": "firth", "intercept": "flic"},
        {"estimator": "firth", "intercept": "flac"},
        {"estimator": "log-f", "prior_df": 1.0},
        {"estimator": "ridge", "penalty": 1.0},
    ],
)
def test_an_intercept_that_nothing_holds(keywords):
    with pytest.raises(DataError, match="only events"):
        li.logit("y ~ x", {"y": [1, 1, 1], "x": [1.0, 2.0, 4.0]}, **keywords)


def test_maximum_likelihood_names_the_alternative():
    with pytest.raises(OutcomeError, match='estimator="firth"'):
        li.logit("y ~ x", {"y": [1, 1, 1], "x": [1.0, 2.0, 4.0]})
    rows = {"y": [1, 1, 0], "x": [1.0, 2.0, 4.0], "w": [1, 1, 0]}
    with pytest.raises(DataError, match='estimator="firth"'):
        li.logit("y ~ x", rows, weights="w", weights_kind="frequency")
    fit = li.logit("y ~ x", rows, weights="w", weights_kind="frequency", estimator="firth")
    assert np.isfinite(fit.params).all()


def spans_constant(X):
    """Say of small integers whether a column of ones is a combination of those."""
    ones = np.ones((len(X), 1))
    return np.linalg.matrix_rank(X) == np.linalg.matrix_rank(np.hstack([X, ones]))


@pytest.mark.parametrize("seed", range(60))
def test_without_a_constant_the_columns_decide(seed):
    """Fit, certificate and detection agree with the exact cone, and the maximum is a zero."""
    rng = np.random.default_rng(seed)
    n, p = int(rng.integers(3, 12)), int(rng.integers(1, 4))
    X, y = rng.integers(-2, 3, (n, p)).astype(float), np.full(n, float(seed % 2))
    X[0] += ~X.any(axis=0)
    ranks = [0, *(np.linalg.matrix_rank(X[:, : j + 1]) for j in range(p))]
    separated, _, _ = decide(X[:, np.diff(ranks) > 0], y, np.ones(n))
    found = li.detect_separation_arrays(y, X)
    said = li.certify_arrays(np.zeros(p), y, X)
    assert found.found == separated
    assert said.exists == (not found.found)
    if spans_constant(X):
        with pytest.raises((OutcomeError, DataError), match='estimator="firth"'):
            li.logit_arrays(y, X)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = li.logit_arrays(y, X)
    assert fit.certificate.exists == said.exists
    assert fit.separation.kind == found.kind
    if said.exists:
        coef = fit.params.fillna(0.0).to_numpy()  # dependent columns have none
        assert np.abs(X.T @ (y - 1 / (1 + np.exp(-X @ coef)))).max() < 1e-7
        np.testing.assert_allclose(li.certify_arrays(fit.params, y, X).distance, 0, atol=1e-6)
        weighted = li.logit_arrays(3 * y, X, trials=np.full(n, 3), offset=np.zeros(n))
        np.testing.assert_allclose(weighted.params, fit.params, rtol=1e-6, atol=1e-9)


def test_with_a_constant_a_maximum_is_refused_and_certify_answers():
    rows = pd.DataFrame({"y": [1, 1, 1, 1], "x": [1.0, -1.0, 2.0, 4.0], "g": list("aabb")})
    for formula in ("y ~ x", "y ~ 0 + g"):
        with pytest.raises((OutcomeError, DataError), match="Both"):
            li.logit(formula, rows)
        said = li.certify([0.0, 0.0], formula, rows)
        assert said.exists is False
        assert "complete separation: in all 4 rows, y = 1" in str(said)
        with pytest.raises(CoefficientError):
            li.certify([0.0], formula, rows)
    fit = li.logit("y ~ 0 + x", rows)
    assert fit.certificate.exists
    assert "not nested" in str(fit)
    none = 2 * (fit.llf - 4 * np.log(0.5))
    assert fit.test("x = 0", method="lr").statistic == pytest.approx(none)
    low, high = fit.conf_int(method="profile").loc["x"]
    value = -np.logaddexp(0, -np.outer([fit.params["x"], low, high], rows["x"])).sum(axis=1)
    np.testing.assert_allclose(2 * (value[0] - value[1:]), 3.841458820694124, rtol=1e-6)
    # What was refused for another reason is refused here as well.
    with pytest.raises(DataError):
        li.certify_arrays([0.0], [1, 1, 1], [[1.0], [np.nan], [2.0]])
