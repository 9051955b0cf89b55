"""Wald inference from its definition, and from tables in the back of every book."""

import numpy as np
import pytest

from logit_inference.covariance.covariance import Covariance
from logit_inference.errors import ArgumentError, HypothesisError
from logit_inference.inference.distribution import chi_square_tail, critical_value, two_sided
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.hypothesis import read_hypothesis
from logit_inference.inference.wald import coefficients, wald_test
from logit_inference.rows.basis import Basis

NAMES = ("a", "b", "c")


def estimate(seed=0, df=None, estimable=(True, True, True)):
    rng = np.random.default_rng(seed)
    basis = Basis(3, tuple(int(j) for j in np.flatnonzero(estimable)))
    q = len(basis.kept)
    covariance = Covariance(rng.normal(size=(q, q)), basis, "model", df=df)
    return Estimate(NAMES, rng.normal(size=q), covariance, {})


def test_tails_and_quantiles():
    assert two_sided(np.array(9.0), None) == pytest.approx(2.2571768119076845e-19, rel=1e-12)
    assert two_sided(np.array(2.0), 10.0) == pytest.approx(0.07338803477074037, rel=1e-12)
    assert critical_value(0.95, None) == pytest.approx(1.959963984540054, rel=1e-14)
    assert critical_value(0.99, 5.0) == pytest.approx(4.032142983557536, rel=1e-12)
    assert chi_square_tail(3.841458820694124, 1) == pytest.approx(0.05, rel=1e-12)
    assert chi_square_tail(2 * 5.786135, 2, 5) == pytest.approx(0.05, rel=1e-6)


@pytest.mark.parametrize("v", [2e7, 1e9, 1e15, 1e18, 1e30, np.inf])
def test_an_F_of_many_denominator_degrees_is_nearly_a_chi_square(v):
    """In closed form for two and four degrees of freedom, also with scipy 1.12."""
    for x in (1e-6, 0.7, 7.0, 60.0):
        two = np.exp(-x / 2 if v == np.inf else -v / 2 * np.log1p(x / v))
        assert chi_square_tail(x, 2, v) == pytest.approx(two, rel=1e-10)
        four = two * (1 + x / 2 / (1 + x / v))
        assert chi_square_tail(x, 4, v) == pytest.approx(four, rel=1e-10)
    assert chi_square_tail(0.0, 2, v) == 1.0
    assert chi_square_tail(1e5, 2, v) == pytest.approx(0.0, abs=1e-300)


def test_the_statistic_is_its_definition():
    at = estimate()
    matrix = np.array([[1.0, -1.0, 0.0], [0.0, 2.0, 1.0]])
    value = np.array([0.3, -0.2])
    got = wald_test(at, read_hypothesis((matrix, value), NAMES, {}))
    d = matrix @ at.coef - value
    want = d @ np.linalg.solve(matrix @ at.covariance.matrix @ matrix.T, d)
    assert got.statistic == pytest.approx(want, rel=1e-11)
    assert (got.df, got.df_denominator, got.method) == (2, None, "wald")
    assert got.p_value == pytest.approx(chi_square_tail(want, 2), rel=1e-11)


def test_one_restriction_is_the_square_of_z_and_invariant_to_scale():
    at = estimate()
    z = coefficients(at, 0.95).statistic[1]
    for text in ("b", "b = 0", "1e9*b = 0", "b/1e9 = 0"):
        got = wald_test(at, read_hypothesis(text, NAMES, {})).statistic
        assert got == pytest.approx(z**2, rel=1e-12)


def test_a_t_reference_makes_an_f_test():
    got = wald_test(estimate(df=7.0), read_hypothesis("a, b", NAMES, {}))
    assert (got.df, got.df_denominator) == (2, 7.0)
    assert str(got).startswith("Wald test of a = 0, b = 0: F(2, 7) = ")


@pytest.mark.parametrize("text", ["a = 0, a = 1", "a = b, b = c, a = c"])
def test_dependent_restrictions_are_refused(text):
    with pytest.raises(HypothesisError, match="not independent"):
        wald_test(estimate(), read_hypothesis(text, NAMES, {}))


def test_what_cannot_be_estimated_cannot_be_tested():
    at = estimate(estimable=(True, False, True))
    with pytest.raises(HypothesisError, match="'b' cannot be estimated"):
        wald_test(at, read_hypothesis("a = b", NAMES, {}))
    table = coefficients(at, 0.9)
    assert np.isnan(table.conf_low).tolist() == [False, True, False]
    assert np.isnan(table.p_value).tolist() == [False, True, False]


@pytest.mark.parametrize("level", [0, 1, 95, -0.1, np.nan])
def test_a_level_is_a_probability(level):
    with pytest.raises(ArgumentError, match="confidence level between 0 and 1"):
        coefficients(estimate(), level)
