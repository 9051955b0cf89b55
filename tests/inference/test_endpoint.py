"""Ends of profile intervals: by their definition, by refits, and in how many evaluations."""

from dataclasses import replace

import numpy as np
import pytest

import logit_inference as li
from logit_inference.inference import profile
from logit_inference.inference.endpoint import joint_end
from logit_inference.inference.profile import profile_interval
from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.solve.peak import peak_at, peak_of
from tests.reference.glm_models import MODELS

WANTED = 1.959963984540054
SIDES = (-1.0, 1.0)


def ends_of(y, X, wanted=WANTED, **options):
    """Every end of a fit, beside the same by refits in a bracket."""
    names = [f"x{j}" for j in range(X.shape[1])]
    fit = li.logit_arrays(y, X, names=names, **options)
    peak = peak_of(fit.fit)
    for row in fit.fit.basis.of(np.eye(X.shape[1])):
        for side in SIDES:
            end = joint_end(peak, row, wanted, side)
            yield peak, row, end, profile._nested_end(peak, row, wanted, side).value


def check(found, most=6):
    """Ends agree with those of refits and take few evaluations; return how many."""
    counts = []
    for peak, row, end, nested in found:
        unit = max(np.linalg.norm(row @ peak.root), abs(nested - row @ peak.coef))
        assert abs(end.value - nested) < 1e-8 * unit  # twice the fall is right to 3e-8 or better
        counts.append(end.n_evaluations)
    assert np.median(counts) <= most
    return counts


def test_real_data_take_three_evaluations():
    counts = []
    for model in MODELS.values():
        fit = li.logit(model.formula, model.frame(), **model.options)
        peak = peak_of(fit.fit)
        for row in fit.fit.basis.of(np.eye(len(fit.params))):
            ends = [joint_end(peak, row, WANTED, side) for side in SIDES]
            assert None not in ends
            counts += [end.n_evaluations for end in ends]
    assert np.median(counts) <= 3
    assert max(counts) <= 6


@pytest.mark.parametrize("estimator", ["ml", "firth"])
def test_intervals_take_at_most_four_evaluations_in_the_median(estimator):
    """And every end is that of refits."""
    counts = []
    for name in ("birthwt_main", "kyphosis_poly", "arthritis_main", "endometrial"):
        if name == "endometrial":
            formula = "HG ~ PI + EH" if estimator == "ml" else "HG ~ NV + PI + EH"
            fit = li.logit(formula, li.datasets.load(name), estimator=estimator)
        else:
            fit = li.logit(MODELS[name].formula, MODELS[name].frame(), estimator=estimator)
        peak, calls = peak_of(fit.fit), []
        counted = replace(
            peak, objective=lambda b, p=peak, c=calls: (c.append(b), p.objective(b))[1]
        )
        for row in fit.fit.basis.of(np.eye(len(fit.params))):
            calls.clear()
            ends = profile_interval(counted, row, 0.95)
            counts.append(len(calls) / 2)
            unit = np.linalg.norm(row @ peak.root)
            refits = [profile._nested_end(peak, row, WANTED, side).value for side in SIDES]
            np.testing.assert_allclose(ends, refits, rtol=0, atol=1e-8 * unit)
    assert np.median(counts) <= 4


@pytest.mark.filterwarnings("ignore:Several branches")
@pytest.mark.parametrize(("seed", "column"), [(8, 2), (45, 1)])
def test_where_firths_profile_levels_off_refits_decide(seed, column):
    """Another branch of restricted maxima is higher out there: the joint search would miss it."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(20), rng.normal(size=(20, 3))])
    y = (rng.random(20) < 1 / (1 + np.exp(-X @ rng.normal(size=4) * 3))).astype(float)
    fit = li.logit_arrays(y, X, names=list("abcd"), estimator="firth")
    peak, name = peak_of(fit.fit), "abcd"[column]
    row = fit.fit.basis.of(np.eye(4))[column]
    missed = joint_end(replace(peak, several=False), row, WANTED, 1.0)
    end = fit.conf_int(names=name).loc[name, "conf_high"]
    assert end > missed.value + 1.0
    assert fit.test(f"{name} = {missed.value!r}", method="lr").p_value > 0.0501
    assert fit.test(f"{name} = {float(end)!r}", method="lr").p_value == pytest.approx(0.05)


@pytest.mark.parametrize(
    "options", [{}, {"estimator": "log-f", "prior_df": 2}, {"weights": True, "offset": True}]
)
def test_an_end_is_what_it_says(options):
    rng = np.random.default_rng(3)
    n = 60
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 2)), rng.random(n) < 0.2])
    y = (rng.random(n) < 1 / (1 + np.exp(-X @ [0.5, 1.0, -1.0, 1.5]))).astype(float)
    options = dict(options)
    if options.pop("weights", False):
        options |= {"weights": rng.integers(1, 4, n), "weights_kind": "frequency"}
        options["offset"] = rng.normal(size=n)
    for peak, row, end, _ in ends_of(y, X, **options):
        at = peak.objective(end.coef)
        assert 2 * (peak.value - at.log_likelihood) == pytest.approx(WANTED**2, abs=1e-9)
        # The score is a multiple of the row: what is left of it, in standard errors.
        slope = (at.score @ row) / (row @ row)
        rest = at.score - slope * row
        assert np.sqrt(rest @ np.linalg.solve(at.information, rest)) < 1e-7
        assert row @ end.coef == pytest.approx(end.value, rel=1e-14)


def test_few_rows():
    rng = np.random.default_rng(5)
    counts, missed = [], 0
    for _ in range(40):
        n, p = int(rng.integers(8, 40)), int(rng.integers(2, 5))
        X = rng.normal(size=(n, p))
        X[:, 0] = 1.0
        y = (rng.random(n) < 1 / (1 + np.exp(-X @ rng.normal(size=p) * 2))).astype(float)
        try:
            found = list(ends_of(y, X, separation="raise"))
        except (li.SeparationError, li.errors.OutcomeError):
            continue
        missed += sum(end is None for _, _, end, _ in found)
        counts += check([case for case in found if case[2] is not None])
    assert len(counts) > 100
    assert missed == 0


@pytest.mark.parametrize("gap", [1e-1, 1e-3, 1e-6])
def test_rows_that_hardly_overlap(gap):
    x = np.array([-3, -2, -1, -0.5, 0, -gap, 1, 2, 2.5, 3])
    y = np.repeat([0.0, 1.0], 5)
    check(ends_of(y, np.column_stack([np.ones(10), x])), most=15)


@pytest.mark.parametrize("noise", [1e-2, 1e-4, 1e-6])
def test_collinear_columns_far_from_zero(noise):
    rng = np.random.default_rng(7)
    z = rng.normal(size=200)
    X = np.column_stack([np.ones(200), 1000 + z, z + noise * rng.normal(size=200)])
    y = (rng.random(200) < 1 / (1 + np.exp(-z))).astype(float)
    check(ends_of(y, X))


def test_forty_coefficients_and_thirty_levels():
    rng = np.random.default_rng(11)
    X = rng.normal(size=(400, 40))
    X[:, 0] = 1.0
    y = (rng.random(400) < 1 / (1 + np.exp(-X @ rng.normal(size=40) * 0.4))).astype(float)
    check(ends_of(y, X), most=4)
    data = {"g": rng.integers(0, 30, 900).astype(str), "x": rng.normal(size=900)}
    data["y"] = (rng.random(900) < 0.3 + 0.4 * (rng.random(30)[data["g"].astype(int)])).astype(int)
    fit = li.logit("y ~ C(g) + x", data)
    ends = fit.conf_int(method="profile")
    for name in fit.params.index[::7]:
        for end in ends.loc[name]:
            test = fit.test(f"`{name}` = {float(end)!r}", method="lr")
            assert test.p_value == pytest.approx(0.05, rel=1e-8)


@pytest.mark.parametrize("level", [0.5, 0.9999])
def test_levels(level):
    fit = li.logit("low ~ age + lwt + smoke", li.datasets.load("birthwt"))
    low, high = fit.conf_int(level=level, method="profile").loc["smoke"]
    for end in (low, high):
        found = fit.test(f"smoke = {float(end)!r}", method="lr")
        assert found.p_value == pytest.approx(1 - level, rel=1e-7)


def test_many_rows_take_passes_for_the_score():
    rng = np.random.default_rng(13)
    n, p = 45_000, 10
    X = rng.normal(size=(n, p))
    X[:, 0], X[:, 5:] = 1.0, X[:, 5:] > 0.8
    y = (rng.random(n) < 1 / (1 + np.exp(-X @ rng.normal(size=p) * 0.5))).astype(float)
    fit = li.logit_arrays(y, X)
    peak = peak_of(fit.fit)
    assert peak.slope is not None
    for row in fit.fit.basis.of(np.eye(p))[[0, 3, 7]]:
        for side in SIDES:
            end = joint_end(peak, row, WANTED, side)
            assert end.n_evaluations <= 4
            assert end.value == pytest.approx(
                profile._nested_end(peak, row, WANTED, side).value, rel=1e-10
            )
            fall = 2 * (peak.value - peak.objective(end.coef).log_likelihood)
            assert fall == pytest.approx(WANTED**2, abs=1e-8)


def test_intervals_follow_a_change_of_columns():
    rng = np.random.default_rng(17)
    X = np.column_stack([np.ones(80), rng.normal(size=(80, 2))])
    y = (rng.random(80) < 1 / (1 + np.exp(-X @ [0, 1.5, -1]))).astype(float)
    A = np.array([[1.0, 0.3, 0.0], [0.0, 2.0, 0.5], [0.0, 0.0, -0.1]])
    mine = li.logit_arrays(y, X, names=["a", "b", "c"])
    other = li.logit_arrays(y, X @ A, names=["a", "b", "c"])
    for row in A:  # coef = A @ other.coef
        curve = other.profile(row)
        ends = mine.conf_int(method="profile").iloc[[np.array_equal(row, r) for r in A].index(True)]
        np.testing.assert_allclose([curve.conf_low, curve.conf_high], ends, rtol=1e-8)


def test_what_is_not_verified_is_searched_in_a_bracket(monkeypatch):
    """An objective with a kink in its curvature, at which joint steps are of no use."""

    def kinked(coef):
        x = float(coef[0])
        steep = 400.0 if abs(x) > 1.5 else 1.0
        over = max(abs(x) - 1.5, 0.0)
        value = -x * x / 2 - 200.0 * over**2
        slope = -x - 400.0 * over * np.sign(x)
        return Evaluation(value, np.array([slope]), np.array([[steep]]), 1.0)

    peak = peak_at(kinked, np.zeros(1))
    low, high = profile_interval(peak, np.ones(1), 0.95)
    assert 2 * -kinked(np.array([high])).log_likelihood == pytest.approx(WANTED**2, rel=1e-9)
    monkeypatch.setattr(profile, "joint_end", lambda *args: None)
    assert profile_interval(peak, np.ones(1), 0.95) == pytest.approx((low, high), rel=1e-9)


def test_a_search_that_never_settles_returns_nothing():
    def noisy(coef):
        rng = np.random.default_rng(abs(hash(coef.tobytes())) % 2**32)
        return Evaluation(
            float(-coef @ coef / 2 + rng.normal()), -coef + rng.normal(size=2), np.eye(2), 1.0
        )

    peak = peak_at(noisy, np.zeros(2))
    assert joint_end(peak, np.array([1.0, 0.0]), WANTED, 1.0) is None
