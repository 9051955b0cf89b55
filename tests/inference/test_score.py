"""Score and likelihood-ratio tests: the definition, closed forms, laws, other software."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.linalg import null_space

import logit_inference as li
from logit_inference import errors
from logit_inference.solve.integers import integer_rows
from logit_inference.solve.integers import null_space as exact_null_space

birthwt = li.datasets.load("birthwt")


def by_definition(X, y, R, r, weights=None, offset=None):
    """Score and likelihood-ratio statistics by a plain Newton search on the null space of R."""
    n = len(y)
    weights = np.ones(n) if weights is None else weights
    offset = np.zeros(n) if offset is None else offset

    def search(Z, shift):
        g = np.zeros(Z.shape[1])
        for _ in range(60):
            mu = 1 / (1 + np.exp(-(shift + Z @ g)))
            information = Z.T @ (Z * (weights * mu * (1 - mu))[:, None])
            step = np.linalg.solve(information, Z.T @ (weights * (y - mu)))
            g = g + step
        eta = shift + Z @ g
        return eta, float(weights @ (y * eta - np.logaddexp(0, eta)))

    _, highest = search(X, offset)
    span, origin = null_space(R), np.linalg.pinv(R) @ r
    eta, restricted = search(X @ span, offset + X @ origin)
    mu = 1 / (1 + np.exp(-eta))
    u = X.T @ (weights * (y - mu))
    information = X.T @ (X * (weights * mu * (1 - mu))[:, None])
    return float(u @ np.linalg.solve(information, u)), 2 * (highest - restricted)


RESTRICTIONS = {
    "x1": ([[0, 1, 0, 0, 0]], [0]),
    "x1 = 0.4": ([[0, 1, 0, 0, 0]], [0.4]),
    "x1 = x2, x3 = 1": ([[0, 1, -1, 0, 0], [0, 0, 0, 1, 0]], [0, 1]),
    "2*x1 + x2 - x3 = 0.5, x4 = x1": ([[0, 2, 1, -1, 0], [0, -1, 0, 0, 1]], [0.5, 0]),
    "Intercept = 0.1, x1 = 0, x2 = 0, x3 = 0, x4 = 0": (np.eye(5), [0.1, 0, 0, 0, 0]),
}


@pytest.mark.parametrize("hypothesis", RESTRICTIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_both_statistics_are_those_of_the_definition(hypothesis, weighted):
    rng = np.random.default_rng(5)
    n = 160
    X = rng.normal(size=(n, 4)) @ (np.eye(4) + 0.4)
    y = (rng.random(n) < 1 / (1 + np.exp(0.5 - X @ [0.5, -0.2, 0.1, 0.3]))).astype(float)
    weights = rng.integers(1, 4, n).astype(float) if weighted else None
    offset = 0.3 * rng.normal(size=n) if weighted else None
    kind = "frequency" if weighted else None
    fit = li.logit_arrays(y, X, intercept=True, weights=weights, weights_kind=kind, offset=offset)
    R, r = np.array(RESTRICTIONS[hypothesis][0], float), np.array(RESTRICTIONS[hypothesis][1])
    score, ratio = by_definition(np.column_stack([np.ones(n), X]), y, R, r, weights, offset)
    for asked in (hypothesis, (R, r)):
        found = fit.test(asked, method="score")
        assert found.statistic == pytest.approx(score, rel=1e-9)
        assert found.df == len(R)
        assert fit.test(asked, method="lr").statistic == pytest.approx(ratio, rel=1e-9)


def test_statsmodels_score_test_agrees():
    fit = li.logit("low ~ age + lwt + smoke + ht", birthwt)
    base = np.column_stack([np.ones(len(birthwt)), birthwt[["age", "lwt"]]])
    small = sm.GLM(birthwt["low"], base, family=sm.families.Binomial()).fit(tol=1e-14)
    theirs = small.score_test(birthwt[["smoke", "ht"]].to_numpy(float))
    found = fit.test("smoke = 0, ht = 0", method="score")
    assert found.statistic == pytest.approx(np.squeeze(theirs[0]), rel=1e-8)
    assert found.p_value == pytest.approx(np.squeeze(theirs[1]), rel=1e-8)
    added = li.logit("low ~ age + lwt", birthwt).add1(["smoke + ht"]).to_frame()
    assert added["statistic"][0] == pytest.approx(np.squeeze(theirs[0]), rel=1e-8)


def test_of_a_two_by_two_table_they_are_pearson_s_chi_square_and_g_squared():
    counts = np.array([[30.0, 12.0], [17.0, 41.0]])
    table = {
        "y": [0, 1, 0, 1],
        "x": [0, 0, 1, 1],
        "n": counts.ravel(),
    }
    fit = li.logit("y ~ x", table, weights="n", weights_kind="frequency")
    expected = counts.sum(1, keepdims=True) * counts.sum(0) / counts.sum()
    pearson = ((counts - expected) ** 2 / expected).sum()
    g_squared = 2 * (counts * np.log(counts / expected)).sum()
    assert fit.test("x", method="score").statistic == pytest.approx(pearson, rel=1e-12)
    assert fit.test("x", method="lr").statistic == pytest.approx(g_squared, rel=1e-12)
    # The same in groups of trials, where a table of more rows is Pearson's as well.
    grouped = {"y": counts[:, 1], "m": counts.sum(1), "x": [0, 1]}
    fit = li.logit("y ~ x", grouped, trials="m")
    assert fit.test("x", method="score").statistic == pytest.approx(pearson, rel=1e-12)


def test_of_an_ordered_exposure_it_is_cochran_and_armitage_s_trend():
    dose, events, trials = np.array([0.0, 1, 2, 4]), np.array([3.0, 5, 9, 14]), np.full(4, 20.0)
    fit = li.logit("y ~ dose", {"y": events, "dose": dose}, trials=trials)
    share, mean = events.sum() / trials.sum(), (trials @ dose) / trials.sum()
    top = ((events - trials * share) @ dose) ** 2
    trend = top / (share * (1 - share) * (trials @ (dose - mean) ** 2))
    assert fit.test("dose", method="score").statistic == pytest.approx(trend, rel=1e-12)


def test_of_stratified_tables_it_is_cochran_s_and_mantel_haenszel_s_but_for_the_variance():
    rng = np.random.default_rng(2)
    n = 40  # in each stratum, so that one factor n/(n − 1) tells the two variances apart
    stratum, x = np.repeat(np.arange(5), n), np.tile([0, 1], 5 * n // 2)
    y = (rng.random(5 * n) < 0.2 + 0.1 * stratum + 0.1 * x).astype(int)
    fit = li.logit("y ~ C(s) + x", {"y": y, "s": stratum, "x": x})
    gap = variance = 0.0
    for s in range(5):
        here = stratum == s
        events, exposed = y[here].sum(), x[here].sum()
        gap += (y[here] * x[here]).sum() - events * exposed / n
        variance += events * (n - events) * exposed * (n - exposed) / n**3
    found = fit.test("x", method="score").statistic
    assert found == pytest.approx(gap**2 / variance, rel=1e-10)
    from statsmodels.stats.contingency_tables import StratifiedTable

    tables = [
        np.array([[((x == i) & (y == j) & (stratum == s)).sum() for j in (1, 0)] for i in (1, 0)])
        for s in range(5)
    ]
    mantel_haenszel = StratifiedTable(tables).test_null_odds(correction=False).statistic
    assert found * (n - 1) / n == pytest.approx(mantel_haenszel, rel=1e-10)


def test_both_are_invariant_under_reparametrisation():
    one = li.logit("low ~ lwt + C(race) + smoke", birthwt)
    other = li.logit("low ~ I(lwt / 1000 - 3) + C(race, contr.sum) + I(1 - smoke)", birthwt)
    pairs = [
        ("C(race)", "C(race, contr.sum)"),
        ("smoke", "I(1 - smoke)"),
        ("lwt = -0.01", "I(lwt / 1000 - 3) = -10"),
        (
            "C(race)[T.black] = C(race)[T.other]",
            "C(race, contr.sum)[S.white] = -2*C(race, contr.sum)[S.black]",
        ),
    ]
    for method in ("lr", "score"):
        for mine, theirs in pairs:
            first, second = one.test(mine, method=method), other.test(theirs, method=method)
            assert first.statistic == pytest.approx(second.statistic, rel=1e-9)


def test_they_do_not_care_how_rows_are_written():
    rng = np.random.default_rng(3)
    x, g = rng.integers(0, 4, 300).astype(float), rng.choice(list("abc"), 300)
    y = (rng.random(300) < 0.3 + 0.1 * x).astype(int)
    rows = li.logit("y ~ x + g", {"y": y, "x": x, "g": g})
    flipped = li.logit("y ~ x + g", {"y": 1 - y, "x": x, "g": g})
    keys, place, counts = np.unique(
        np.array([f"{a}{b:.0f}{c}" for a, b, c in zip(g, x, y, strict=True)]),
        return_index=True,
        return_counts=True,
    )
    assert len(keys) < 30
    cells = {"y": y[place], "x": x[place], "g": g[place], "n": counts}
    counted = li.logit("y ~ x + g", cells, weights="n", weights_kind="frequency")
    for method in ("lr", "score"):
        for hypothesis in ("x", "g", "x = 0.5"):
            found = rows.test(hypothesis, method=method).statistic
            assert counted.test(hypothesis, method=method).statistic == pytest.approx(
                found, rel=1e-9
            )
            back = "x = -0.5" if hypothesis == "x = 0.5" else hypothesis
            assert flipped.test(back, method=method).statistic == pytest.approx(found, rel=1e-9)


def test_coded_columns_say_what_plain_ones_do():
    rng = np.random.default_rng(4)
    n = 120_000
    g, x = rng.integers(0, 30, n), rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(1 - 0.02 * x - 0.01 * (g % 3)))).astype(int)
    coded = li.logit("y ~ x + C(g)", {"y": y, "x": x, "g": g})
    assert coded.fit.source.layout is not None
    indicators = (g[:, None] == np.arange(1, 30)).astype(float)
    plain = li.logit_arrays(y, np.column_stack([x, indicators]), intercept=True)
    matrix = np.eye(31)[2:]
    for method in ("lr", "score"):
        found = coded.test("C(g)", method=method).statistic
        assert plain.test(matrix, method=method).statistic == pytest.approx(found, rel=1e-8)
        assert coded.test("y ~ x", method=method).statistic == pytest.approx(found, rel=1e-12)


def test_ill_conditioned_columns_keep_their_digits():
    rng = np.random.default_rng(6)
    year = 2000 + rng.integers(0, 20, 400).astype(float)
    y = (rng.random(400) < 0.4).astype(float)
    near = {"year": year, "square": year**2, "cube": year**3}
    fit = li.logit("y ~ year + square + cube", {"y": y, **near})
    t = (year - 2010) / 10
    exact = li.logit("y ~ t + t2 + t3", {"y": y, "t": t, "t2": t**2, "t3": t**3})
    for method in ("lr", "score"):
        found = fit.test("cube", method=method).statistic
        assert found == pytest.approx(exact.test("t3", method=method).statistic, rel=1e-6)
        found = fit.test("y ~ 1", method=method).statistic
        assert found == pytest.approx(exact.test("y ~ 1", method=method).statistic, rel=1e-8)


# --- separated data -------------------------------------------------------------------------------


@pytest.fixture
def separated():
    with pytest.warns(li.SeparationWarning):
        return li.logit("HG ~ NV + PI + EH", li.datasets.load("endometrial"))


def test_infinite_coefficients_are_tested(separated):
    data = li.datasets.load("endometrial")
    small = li.logit("HG ~ PI + EH", data)
    ratio = separated.test("NV = 0", method="lr")
    assert ratio.statistic == pytest.approx(2 * (separated.llf - small.llf), rel=1e-9)
    assert ratio.p_value == pytest.approx(separated.pvalues["NV"], rel=1e-6)
    added = small.add1("NV").to_frame()["statistic"][0]
    assert separated.test("NV", method="score").statistic == pytest.approx(added, rel=1e-8)
    Z = np.column_stack([np.ones(len(data)), data[["PI", "EH"]]])
    theirs = sm.GLM(data["HG"], Z, family=sm.families.Binomial()).fit(tol=1e-14)
    score = np.squeeze(theirs.score_test(data[["NV"]].to_numpy(float))[0])
    assert added == pytest.approx(score, rel=1e-8)


def test_restrictions_on_separated_data_are_suprema(separated):
    """Beside fits in which the separating coefficient is large and finite, by offset."""
    data = li.datasets.load("endometrial")
    rest = data[data["NV"] == 0]
    large = li.logit("HG ~ PI + EH", rest)
    assert separated.llf == pytest.approx(large.llf, rel=1e-9)
    for hypothesis in ("PI", "PI = 0, EH = -2", "EH = 20*PI"):
        for method in ("lr", "score"):
            found = separated.test(hypothesis, method=method)
            other = large.test(hypothesis, method=method)
            assert found.statistic == pytest.approx(other.statistic, rel=1e-7), hypothesis
            assert found.df == other.df
    both = separated.test("NV = 0, PI = 0", method="lr")
    small = li.logit("HG ~ EH", data)
    assert both.statistic == pytest.approx(2 * (separated.llf - small.llf), rel=1e-9)


def test_a_restriction_that_mixes_what_is_infinite_and_what_is_not(separated):
    """NV = 1 − PI: columns PI − NV and EH, offset NV; no longer separated."""
    data = li.datasets.load("endometrial")
    small = li.logit("HG ~ I(PI - NV) + EH + offset(NV)", data)
    found = separated.test("NV + PI = 1", method="lr")
    assert found.statistic == pytest.approx(2 * (separated.llf - small.llf), rel=1e-8)


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
@pytest.mark.filterwarnings("ignore::logit_inference.CollinearityWarning")
def test_random_restrictions_are_fits_of_other_columns_separated_or_not():
    """Beside fits of ``X N`` with N an exact basis of what the restrictions leave."""
    seen = {"separated": 0, "both": 0}
    for seed in range(120):
        rng = np.random.default_rng(seed)
        n, p = rng.integers(8, 40), rng.integers(1, 4)
        X = np.column_stack([np.ones(n), rng.integers(-1, 3, (n, p))])
        y = (rng.random(n) < 1 / (1 + np.exp(-3 * X @ rng.normal(size=p + 1)))).astype(float)
        R = rng.integers(-2, 3, (rng.integers(1, p + 1), p + 1)).astype(float)
        full = np.linalg.matrix_rank(R) == len(R) and np.linalg.matrix_rank(X) == p + 1
        if not full or y.min() == y.max():
            continue
        r = np.round(rng.normal(size=len(R)), 1) * (seed % 2)
        fit = li.logit_arrays(y, X)
        Z = X @ exact_null_space(integer_rows(R))[0].astype(float)
        shift = X @ (np.linalg.pinv(R) @ r)
        small = li.logit_arrays(y, Z, offset=shift)
        seen["separated"] += fit.separation.found
        seen["both"] += fit.separation.found and small.separation.found
        ratio = fit.test((R, r), method="lr").statistic
        assert ratio == pytest.approx(2 * (fit.llf - small.llf), rel=1e-6, abs=1e-7), seed
        mu = small.fitted.to_numpy()
        half = np.sqrt(mu * (1 - mu))
        u, information = X.T @ (y - mu), X.T @ (X * half[:, None] ** 2)
        found = fit.test((R, r), method="score")
        score = u @ np.linalg.pinv(information, rcond=1e-9, hermitian=True) @ u
        assert found.statistic == pytest.approx(score, rel=1e-6, abs=1e-7), seed
        ranks = [np.linalg.matrix_rank(half[:, None] * part, tol=1e-7) for part in (X, Z)]
        assert found.df == ranks[0] - ranks[1], seed
    assert min(seen.values()) >= 10, seen


def test_where_all_is_separated_a_score_without_rows_has_no_df():
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("vs ~ qsec + wt + cyl", li.datasets.load("mtcars"))
    found = fit.test("cyl", method="score")
    assert (found.df, found.statistic) == (0, 0)
    assert np.isnan(found.p_value)
    assert "separated" in found.notes[0]
    assert fit.test("cyl", method="lr").statistic == pytest.approx(0, abs=1e-6)
    null = fit.test("~ 1", method="lr")
    assert null.statistic == pytest.approx(fit.null_deviance, rel=1e-9)


# --- what is refused, and how answers look --------------------------------------------------------


def test_estimators_without_such_tests_refuse():
    data = li.datasets.load("endometrial")
    firth = li.logit("HG ~ NV + PI + EH", data, estimator="firth")
    with pytest.raises(errors.ArgumentError, match="maximum likelihood"):
        firth.test("NV", method="score")
    ridge = li.logit("HG ~ NV + PI + EH", data, estimator="ridge", penalty=1.0)
    for method in ("lr", "score"):
        with pytest.raises(errors.ArgumentError, match="no likelihood ratios"):
            ridge.test("NV", method=method)
    with pytest.raises(errors.ArgumentError, match='"score"'):
        firth.test("NV", method="rao")
    flic = li.logit("HG ~ NV + PI + EH", data, estimator="firth", intercept="flic")
    with pytest.raises(errors.ArgumentError, match="FLIC"):
        flic.test("HG ~ 0 + NV", method="lr")
    with pytest.raises(errors.DetachedError):
        firth.without_data().test("NV", method="lr")


def test_a_likelihood_ratio_beside_another_covariance_says_so():
    data = li.datasets.load("endometrial")
    fit = li.logit("HG ~ NV + PI + EH", data, estimator="firth").with_covariance("augmented")
    assert "augmented information" in str(fit.test("NV", method="lr"))
    assert fit.test("NV", method="wald").notes == ()
    assert "augmented information" in str(fit.drop1())


def test_redundant_and_unknown_restrictions_are_refused_whatever_the_method():
    fit = li.logit("low ~ lwt + C(race)", birthwt)
    for method in ("wald", "lr", "score"):
        with pytest.raises(errors.HypothesisError, match="not independent"):
            fit.test("lwt = 0, 2*lwt = 0", method=method)
        with pytest.raises(errors.HypothesisError, match="Did you mean"):
            fit.test("lwtt", method=method)


def test_an_answer_is_a_sentence_and_a_table():
    found = li.logit("low ~ lwt + smoke", birthwt).test("smoke = 0", method="score")
    assert str(found) == "Score test of smoke = 0: chi-square(1) = 4.402, p = 0.036"
    frame = found.to_frame()
    assert list(frame) == ["null", "statistic", "df", "p_value"]
    assert frame["statistic"][0] == found.statistic
    assert "<table" in found._repr_html_()
    assert "smoke = 0" in found.to_markdown()
    assert r"\begin{table}" in found.to_latex()
    wide = li.logit("low ~ C(age)", birthwt[birthwt["age"].between(15, 30)])
    assert "and 12 more" in str(wide.test("C(age)", method="score"))
