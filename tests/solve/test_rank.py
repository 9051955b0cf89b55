"""Columns that are combinations of earlier ones are dropped in order, and the relation is known."""

import numpy as np
import pytest

import logit_inference as li
from logit_inference.covariance.model import model_covariance
from logit_inference.errors import RankError
from logit_inference.likelihood.logistic import LOGISTIC
from logit_inference.rows.block import Block
from logit_inference.rows.source import ArraySource
from logit_inference.solve.fit import fit_rows
from logit_inference.solve.rank import Relation, relation_text


def fit(X, y=None, **fields):
    rng = np.random.default_rng(1)
    y = (rng.random(len(X)) < 0.4).astype(float) if y is None else y
    names = [f"x{j}" for j in range(X.shape[1])]
    return fit_rows(ArraySource(Block(y, X, **fields), 17), LOGISTIC, names)


def columns(n=80, p=3, seed=0):
    rng = np.random.default_rng(seed)
    return np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])


def test_the_later_column_goes_and_its_relation_is_found():
    X = columns()
    wide = np.column_stack([X, X[:, 1] + 2 * X[:, 2], X[:, 0]])
    result = fit(wide)
    assert sorted(result.relations) == [3, 4]
    assert np.allclose(result.relations[3].weights, [0, 1, 2, 0, 0], atol=1e-12)
    assert np.allclose(result.relations[4].weights, [1, 0, 0, 0, 0], atol=1e-12)
    assert np.isnan(result.coef).tolist() == [False, False, False, True, True]
    assert np.allclose(result.coef[:3], fit(X).coef, rtol=1e-12)


def test_a_dependent_column_in_the_middle_does_not_disturb_the_later_ones():
    X = columns(p=4)
    wide = np.insert(X, 2, X[:, 1] - 3, axis=1)
    result = fit(wide)
    assert sorted(result.relations) == [2]
    assert np.allclose(np.delete(result.coef, 2), fit(X).coef, rtol=1e-11)


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 1.0, 1e8, 1e150])
def test_rank_does_not_depend_on_the_scale_of_a_column(scale):
    X = columns()
    X[:, 2] *= scale
    wide = np.column_stack([X, X[:, 2] * 3])
    assert sorted(fit(wide).relations) == [3]


@pytest.mark.parametrize(("gap", "dropped"), [(1e-8, []), (1e-10, []), (1e-13, [3])])
def test_the_tolerance_is_one_part_in_1e11(gap, dropped):
    X = columns()
    rng = np.random.default_rng(9)
    near = X[:, 1] * (1 + gap * rng.choice([-1, 1], len(X)))
    assert sorted(fit(np.column_stack([X, near])).relations) == dropped


@pytest.mark.parametrize("mean", [1e3, 3e4, 1e5, 3e5, 1e6, 1e7, 1e8])
@pytest.mark.parametrize("later", ["raw", "centred"])
def test_a_column_and_itself_centred_are_one_column(mean, later):
    rng = np.random.default_rng(3)
    t = rng.normal(mean, 1, 300)
    pair = [t, (t - t.mean()) / t.std()]
    X = np.column_stack([np.ones(300), *(pair if later == "centred" else pair[::-1])])
    result = fit(X)
    assert sorted(result.relations) == [2]
    assert (result.relations[2].weights[:2] != 0).all()


def test_powers_of_years_and_of_centred_years():
    year = np.tile(np.arange(1990.0, 2020.0), 8)
    powers = [year**0, year, year**2, year**3]
    X = np.column_stack([*powers, (year - 2005) ** 3])
    assert sorted(fit(X).relations) == [4]
    assert sorted(fit(X[:, :4]).relations) == []


def test_rounding_is_no_part_of_a_relation():
    stamp = 1.6e9 + np.random.default_rng(4).integers(0, 10**8, 200).astype(float)
    for column, text in ((3 * stamp, "c = 3*t"), (stamp - 1.65e9, "c = -1.65e+09 + t")):
        result = fit(np.column_stack([np.ones(200), stamp, column]))
        assert relation_text(["Intercept", "t", "c"], 2, result.relations[2], 0) == text


def test_more_columns_than_rows():
    # Five rows: at most five columns; both outcomes at equal rows, so that a maximum exists.
    X = np.repeat(columns(n=3, p=6, seed=4), 2, axis=0)
    result = fit(X, y=np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0]))
    assert len(result.relations) == 3
    assert np.isfinite(model_covariance(result).std_errors).sum() == 3


def test_rows_of_weight_zero_lend_no_rank():
    X = columns(n=40)
    X = np.column_stack([X, np.zeros(40)])
    X[:5, 3] = 1.0
    weights = np.ones(40)
    weights[:5] = 0.0
    assert sorted(fit(X, weights=weights).relations) == [3]


def test_a_design_of_zeros_is_refused():
    with pytest.raises(RankError, match="nothing can be estimated"):
        fit(np.zeros((20, 2)))


def test_relations_are_written_as_people_write_them():
    names = ["Intercept", "a", "b", "c"]
    assert relation_text(names, 3, Relation(np.array([0, 1, 2.0, 0]), 1.0), 0) == "c = a + 2*b"
    assert relation_text(names, 3, Relation(np.array([3.0, 0, 0, 0]), 1.0), 0) == "c = 3"
    assert relation_text(names, 3, Relation(np.array([0.0, -0.5, 0, 0]), 1.0), 0) == "c = -0.5*a"
    assert relation_text(names, 2, Relation(np.zeros(4), 1.0), 0) == "b = 0"


def test_an_ill_conditioned_design_gives_the_centred_answer():
    # Mean 1e6, standard deviation 1: the slope and its standard error are those of the centred
    # column, whose arithmetic is benign.
    rng = np.random.default_rng(2)
    x = rng.integers(-3, 4, 300).astype(float)
    y = (rng.random(300) < 1 / (1 + np.exp(-0.5 * x))).astype(float)
    ones = np.ones(300)
    near, far = fit(np.column_stack([ones, x]), y), fit(np.column_stack([ones, x + 1e6]), y)
    assert far.coef[1] == pytest.approx(near.coef[1], rel=1e-11)
    got, want = model_covariance(far).std_errors[1], model_covariance(near).std_errors[1]
    assert got == pytest.approx(want, rel=1e-10)


@pytest.mark.parametrize("shift", [30.0, 300.0, 4.9e3, 5e4])
@pytest.mark.parametrize("n", [3000, 29_999, 60_000])
def test_a_badly_centred_column_of_rows_that_stand_for_many(n, shift):
    # Weights over ten orders: as many trials as make the rounding of a score show.
    rng = np.random.default_rng(2)
    z = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(-1.2 * z))).astype(float)
    far = z + shift
    how = {"weights": 10 ** rng.uniform(-5, 5, n), "weights_kind": "precision"}
    near = li.logit_arrays(y, np.column_stack([np.ones(n), far - shift]), **how).estimate
    found = li.logit_arrays(y, np.column_stack([np.ones(n), far]), **how)
    assert abs(found.estimate.coef[1] - near.coef[1]) < 3e-10 * near.std_errors[1]
    assert found.solution.n_passes < 15  # what a sample shows is not tried on all rows first


def mixed(n, q, spread, seed):
    """A constant and a mixture of all columns in each, the rarest of them ``spread`` times less."""
    rng = np.random.default_rng(seed)
    rotations = [np.linalg.qr(rng.standard_normal((q - 1, q - 1)))[0] for _ in range(2)]
    Z = rng.standard_normal((n, q - 1)) @ (rotations[0] * np.geomspace(1, 1 / spread, q - 1))
    X = np.column_stack([np.ones(n), Z @ rotations[1]])
    eta = np.linalg.qr(X)[0] @ rng.standard_normal(q) * np.sqrt(n / q)
    return X, (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)


def left_over(X, y, coef):
    """The Newton step that is left, in standard errors, by a score in extended precision."""
    extended = np.longdouble
    mu = 1 / (1 + np.exp(-(X.astype(extended) @ coef.astype(extended))))
    root = np.sqrt((mu * (1 - mu)).astype(float))
    score = (X.T.astype(extended) @ (y - mu)).astype(float)
    inverse = np.linalg.inv(np.linalg.qr(X * root[:, np.newaxis], mode="r"))
    variances = np.square(inverse).sum(axis=1)
    return np.abs(inverse @ (inverse.T @ score) / np.sqrt(variances)).max()


@pytest.mark.parametrize("n", [900, 4000])
@pytest.mark.parametrize(
    ("spread", "stay"), [(1e2, True), (1e4, True), (1e5, True), (1e6, False), (1e8, False)]
)
def test_mixtures_of_columns_stay_as_they_are_while_their_score_is_right(n, spread, stay):
    # 1e5 has a condition of 1e10, and 2e-11 standard errors of rounding; 1e8 coefficients of 1e6
    # that cancel, of which the last digit alone is 1e-11.
    X, y = mixed(n, 60, spread, seed=6)
    found = fit(X, y)
    assert found.basis.is_identity is stay
    assert left_over(X, y, found.coef) < 1e-10


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("n", "q"), [(10_000, 5), (60_000, 3), (100_000, 6)])
def test_rows_in_the_order_of_their_outcome_do_not_round_more_often(n, q, order):
    # All residuals of one sign first, in columns of one sign: partial sums grow to a quarter of
    # their terms. Added up one after the other, a block rounded these to 2e-9.
    rng = np.random.default_rng(q)
    y = np.sort((rng.random(n) < 0.4).astype(float))
    near = np.column_stack([np.ones(n), rng.standard_normal((n, q - 1))])
    far = np.array(near + np.where(np.arange(q) > 0, 3000.0, 0.0), order=order)
    found = li.logit_arrays(y, far).estimate.coef
    inner = found.astype(np.longdouble)
    inner[0] += 3000 * inner[1:].sum()
    assert left_over(far - np.where(np.arange(q) > 0, 3000.0, 0.0), y, inner) < 5e-10
