"""First-order methods: the steps of the textbook, and the truth about where they stop."""

import numpy as np
import pytest

import logit_inference as li
from logit_inference import errors

FORMULA = "low ~ scale(age) + scale(lwt) + C(race) + smoke"


def sample(n=400, p=4, seed=0):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])
    return (rng.random(n) < 1 / (1 + np.exp(-X @ rng.normal(size=p)))).astype(float), X


def descent_by_hand(y, X, weights, offset, rate, steps):
    """Textbook gradient descent on J = -l/n, written out: coefficients and costs."""
    coef, costs = np.zeros(X.shape[1]), []
    for _ in range(steps + 1):
        mu = 1 / (1 + np.exp(-(X @ coef + offset)))
        costs.append(-np.average(y * np.log(mu) + (1 - y) * np.log(1 - mu), weights=weights))
        before, coef = (
            coef,
            coef - rate * np.average((mu - y)[:, None] * X, axis=0, weights=weights),
        )
    return before, np.array(costs)


@pytest.mark.parametrize("weighted", [False, True])
def test_gradient_descent_takes_the_steps_of_the_textbook(weighted):
    y, X = sample()
    rng = np.random.default_rng(5)
    weights = rng.integers(0, 4, len(y)).astype(float) if weighted else np.ones(len(y))
    offset = rng.normal(size=len(y)) if weighted else np.zeros(len(y))
    extra = {"weights": weights, "weights_kind": "frequency", "offset": offset} if weighted else {}
    fit = li.logit_arrays(
        y, X, solver="gradient-descent", learning_rate=1.5, max_iterations=7, start=np.zeros(4),
        require_convergence=False, **extra,
    )  # fmt: skip
    coef, costs = descent_by_hand(y, X, weights, offset, 1.5, 7)
    assert np.allclose(fit.params, coef, rtol=1e-12, atol=0)
    trace = fit.solution.to_frame()
    assert np.allclose(trace["cost"], costs, rtol=1e-13, atol=0)
    assert trace["step"].tolist() == [1.5] * 7 + [0.0]
    assert trace["kind"].tolist() == ["gradient"] * 7 + ["stop"]
    assert fit.mean_cross_entropy == pytest.approx(costs[-1], rel=1e-13)


@pytest.mark.parametrize("solver", ["gradient-descent", "lbfgs"])
@pytest.mark.parametrize("seed", range(4))
def test_every_solver_ends_at_the_same_maximum(solver, seed):
    y, X = sample(3000, 6, seed)
    newton = li.logit_arrays(y, X)
    fit = li.logit_arrays(y, X, solver=solver)
    moved = np.abs((fit.params - newton.params) / newton.bse).max()
    assert moved <= fit.certificate.distance + newton.certificate.distance < 2e-8
    assert np.allclose(fit.bse, newton.bse, rtol=1e-8, atol=0)
    distances = fit.solution.to_frame()["distance"]
    assert distances.iloc[-1] == fit.solution.decrement <= 1e-8


@pytest.mark.parametrize("solver", ["gradient-descent", "lbfgs"])
def test_with_formulas_aliased_columns_and_merged_rows(solver):
    births = li.datasets.load("birthwt").assign(double=lambda d: 2 * d["smoke"])
    with pytest.warns(errors.CollinearityWarning, match="double"):
        newton = li.logit(FORMULA + " + double", births)
    with pytest.warns(errors.CollinearityWarning, match="double"):
        fit = li.logit(FORMULA + " + double", births, solver=solver)
    assert np.isnan(fit.params["double"])
    assert np.nanmax(np.abs((fit.params - newton.params) / newton.bse)) < 1e-7
    assert fit.test("C(race)", method="lr").statistic == pytest.approx(
        newton.test("C(race)", method="lr").statistic, rel=1e-8
    )
    many = births.loc[np.tile(births.index, 60)]
    merged = li.logit("low ~ C(race) + smoke", many, solver=solver)
    assert merged.solution.n_distinct == 6
    plain = li.logit("low ~ C(race) + smoke", births)
    assert np.allclose(merged.params, plain.params, atol=1e-8)


@pytest.mark.parametrize("steps", [5, 20, 60])
def test_an_early_stop_says_how_far_it_is(steps):
    births = li.datasets.load("birthwt")
    exact = li.logit(FORMULA, births)
    early = li.logit(
        FORMULA, births, solver="gradient-descent", learning_rate=2.0, max_iterations=steps,
        require_convergence=False,
    )  # fmt: skip
    assert not early.converged
    gap = (early.params - exact.params).to_numpy()
    information = np.linalg.inv(early.cov_params().to_numpy())
    distance = np.sqrt(gap @ information @ gap)
    assert early.solution.decrement == pytest.approx(distance, rel=0.2)
    if early.certificate.exists:
        assert distance <= early.certificate.distance
    assert "NOT CONVERGED" in str(early)
    assert f"about {early.solution.decrement:.2g} standard errors" in " ".join(str(early).split())


def test_backtracking_never_raises_the_cost_and_fixed_rates_may():
    y, X = sample()
    found = li.logit_arrays(y, X * [1, 4, 1, 0.5], solver="gradient-descent", tolerance=1e-3)
    assert (np.diff(found.solution.to_frame()["cost"]) <= 1e-15).all()
    with pytest.raises(errors.ConvergenceError, match="no step overshoots") as caught:
        li.logit_arrays(y, X, solver="gradient-descent", learning_rate=100.0, max_iterations=50)
    assert "learning rate is too large" in str(caught.value)
    with pytest.raises(errors.ConvergenceError, match="standardise"):
        li.logit("low ~ lwt", li.datasets.load("birthwt"), solver="gradient-descent",
                 max_iterations=30)  # fmt: skip


def test_separated_data_have_their_limit_whoever_searches():
    data = {"y": [0, 0, 0, 1, 1, 1], "x": [1, 2, 3, 4, 5, 6.0]}
    with pytest.warns(errors.SeparationWarning):
        fit = li.logit("y ~ x", data, solver="gradient-descent", max_iterations=40)
    assert fit.params.tolist() == [-np.inf, np.inf]
    # As long as the caller likes: rates that grow for ever must not leave the doubles.
    with pytest.warns(errors.SeparationWarning):
        fit = li.logit("y ~ x", data, solver="gradient-descent", max_iterations=3000)
    assert np.isfinite(fit.asked.coef).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"solver": "sgd"}, "'lbfgs'"),
        ({"solver": "lbfgs", "learning_rate": 1.0}, "gradient-descent"),
        ({"solver": "gradient-descent", "learning_rate": 0.0}, "above 0"),
        ({"learning_rate": 1.0}, "gradient-descent"),
        ({"solver": "lbfgs", "estimator": "firth"}, "newton"),
    ],
)
def test_what_means_nothing_is_refused(options, said):
    with pytest.raises(errors.ArgumentError, match=said):
        li.logit("low ~ age", li.datasets.load("birthwt"), **options)


def test_a_trace_is_a_table_and_a_drawing():
    fit = li.logit("low ~ age + lwt", li.datasets.load("birthwt"))
    assert "The search for the maximum" in str(fit.solution.to_table())
    pytest.importorskip("matplotlib")
    figure = fit.plot_trace()
    assert [axes.get_ylabel()[:8] for axes in figure.axes] == ["cost of ", "distance"]


def test_a_rate_that_throws_the_search_out_of_sight_leaves_no_standard_errors():
    data = li.datasets.load("birthwt")
    options = {"solver": "gradient-descent", "learning_rate": 10, "max_iterations": 200}
    fit = li.logit("low ~ age + lwt", data, require_convergence=False, **options)
    assert fit.bse.isna().all()
    assert "standard errors are not available" in " ".join(str(fit).split())
    with pytest.raises(
        errors.ConvergenceError, match=r"errors are not available\. Write a smaller"
    ):
        li.logit("low ~ age + lwt", data, **options)


def test_a_solution_prints_its_trace():
    solution = li.logit("low ~ age + lwt", li.datasets.load("birthwt")).solution
    assert repr(solution) == str(solution.to_table())
    assert solution._repr_html_() == solution.to_table().to_html()
    assert f"{solution.n_passes:.2f} passes" in repr(solution)
